//! The names of release tags, and what is said where one is missing.

use std::fmt;

use git2::Repository;
use recipe::error::{Error, Result};
use recipe::release::{Listed, offer};
use semver::Version;

/// What stands for the version in a tag's name.
const PLACEHOLDER: &str = "{version}";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TagTemplate {
    before: String,
    after: String,
}

impl TagTemplate {
    /// Reads a template that has `{version}` once.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let refused = |why: &str| {
            Error::general(format!("the tag template `{text}` {why}"))
                .help("write `tag = \"v{version}\"` below `[upstream]` in manifest.toml")
        };
        let (before, after) = text
            .split_once(PLACEHOLDER)
            .filter(|(_, after)| !after.contains(PLACEHOLDER))
            .ok_or_else(|| refused("does not have `{version}` exactly once"))?;
        let template = TagTemplate {
            before: before.to_owned(),
            after: after.to_owned(),
        };
        if !git2::Reference::is_valid_name(&template.reference(&Version::new(1, 0, 0))) {
            return Err(refused("gives names that git does not allow"));
        }
        Ok(template)
    }

    pub(super) fn tag(&self, version: &Version) -> String {
        format!("{}{version}{}", self.before, self.after)
    }

    /// Returns the full name of a version's tag.
    pub(super) fn reference(&self, version: &Version) -> String {
        format!("refs/tags/{}", self.tag(version))
    }

    /// Returns the version that a tag stands for, by its full name.
    pub(super) fn version(&self, reference: &str) -> Option<Version> {
        let tag = reference.strip_prefix("refs/tags/")?;
        let version = tag
            .strip_prefix(&*self.before)?
            .strip_suffix(&*self.after)?;
        Version::parse(version).ok()
    }

    /// Lists the versions among full names, in ascending order.
    pub(super) fn list<'n>(&self, references: impl IntoIterator<Item = &'n str>) -> Vec<Listed> {
        let versions = references.into_iter().filter_map(|r| self.version(r));
        let mut listed: Vec<Listed> = versions
            .map(|version| Listed {
                version,
                yanked: false,
                rust_version: None,
            })
            .collect();
        listed.sort();
        listed.dedup();
        listed
    }

    /// Lists the versions that have tags in a repository, in ascending order.
    pub(super) fn tagged(&self, repo: &Repository) -> Result<Vec<Listed>, git2::Error> {
        let mut names = Vec::new();
        for reference in repo.references_glob("refs/tags/*")? {
            // A name that is not UTF-8 is not a release's.
            if let Ok(name) = reference?.name() {
                names.push(name.to_owned());
            }
        }
        Ok(self.list(names.iter().map(String::as_str)))
    }

    /// Returns the error for a tag that a repository lacks, with the nearest that it has.
    pub(super) fn lacking(
        &self,
        place: impl fmt::Display,
        version: &Version,
        listed: &[Listed],
    ) -> Error {
        let error = Error::upstream(format!("{place} has no tag {}", self.tag(version)));
        match offer(listed, version, |v| self.tag(v)) {
            Some(text) => error.help(format!("of those that it has, {text}")),
            None => error.help(format!(
                "none of its tags is named as `{}{PLACEHOLDER}{}` says: correct `tag` below `[upstream]` in manifest.toml",
                self.before, self.after
            )),
        }
    }
}

/// Returns the error for a tag that points elsewhere than where it was locked.
pub(super) fn moved(tag: &str, was: impl fmt::Display, is: impl fmt::Display) -> Error {
    Error::upstream(format!(
        "tag {tag} moved since it was locked: was {was}, is {is}"
    ))
    .help("find out from upstream why a released tag was moved, before anything is taken from it")
    .help(format!(
        "read the locked commit from a clone that still has it: `git tag -f {tag} {was}` there, then `--upstream <path of the clone>`"
    ))
}

#[cfg(test)]
#[path = "tags_tests.rs"]
mod tests;
