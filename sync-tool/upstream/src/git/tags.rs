//! The names of release tags, and what is said where one is missing.

use std::fmt;

use recipe::error::{Error, Result};
use recipe::release::{Listed, offer};
use semver::Version;

/// What stands for the version in a tag's name.
const PLACEHOLDER: &str = "{version}";

/// How a release's tag is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    before: String,
    after: String,
}

impl Template {
    /// Reads a template that has `{version}` once.
    ///
    /// # Errors
    ///
    /// Fails where it has not, or gives names that git does not allow.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let refused = |why: &str| {
            Error::general(format!("the tag template `{text}` {why}"))
                .help("write `tag = \"v{version}\"` below `[upstream]` in manifest.toml")
        };
        let (before, after) = text
            .split_once(PLACEHOLDER)
            .filter(|(_, after)| !after.contains(PLACEHOLDER))
            .ok_or_else(|| refused("does not have `{version}` exactly once"))?;
        let template = Template {
            before: before.to_owned(),
            after: after.to_owned(),
        };
        if !git2::Reference::is_valid_name(&template.reference(&Version::new(1, 0, 0))) {
            return Err(refused("gives names that git does not allow"));
        }
        Ok(template)
    }

    /// Returns the name of a version's tag.
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
pub(super) fn moved(tag: &str, was: &str, is: &str) -> Error {
    Error::upstream(format!(
        "tag {tag} moved since it was locked: was {was}, is {is}"
    ))
    .help("find out from upstream why a released tag was moved, before anything is taken from it")
    .help(format!(
        "read the locked commit from a clone that still has it: `git tag -f {tag} {was}` there, then `--upstream <path of the clone>`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_reads_what_it_writes() {
        for text in [
            "v{version}",
            "{version}",
            "wasi-{version}-final",
            "a/{version}",
        ] {
            let template = Template::parse(text).unwrap();
            for version in ["41.0.0", "42.0.0-rc.1", "1.2.3+build"] {
                let version: Version = version.parse().unwrap();
                let reference = template.reference(&version);
                assert_eq!(template.version(&reference), Some(version));
            }
        }
    }

    #[test]
    fn templates_that_name_nothing_are_refused() {
        for bad in [
            "",
            "v",
            "v{version}{version}",
            "v {version}",
            "v..{version}",
            "{version}.lock",
            "a:{version}",
        ] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn other_tags_are_passed_over() {
        let template = Template::parse("v{version}").unwrap();
        let names = [
            "refs/tags/v2.0.0",
            "refs/tags/v10.0.0",
            "refs/tags/v2.0.0-rc.1",
            "refs/tags/dev",
            "refs/tags/v1",
            "refs/tags/wasi-v1.0.0",
            "refs/heads/v9.0.0",
            "refs/tags/v2.0.0",
        ];
        let listed = template.list(names);
        let versions: Vec<String> = listed.iter().map(|l| l.version.to_string()).collect();
        assert_eq!(versions, ["2.0.0-rc.1", "2.0.0", "10.0.0"]);
    }

    #[test]
    fn the_nearest_tags_are_offered() {
        let template = Template::parse("v{version}").unwrap();
        let listed = template.list(["refs/tags/v38.0.1", "refs/tags/v40.0.0"]);
        let error = template.lacking("here", &Version::new(38, 0, 0), &listed);
        assert_eq!(error.to_string(), "here has no tag v38.0.0");
        assert_eq!(
            error.hints(),
            [
                "of those that it has, the newest of the line 38 is v38.0.1; nearest are v38.0.1, v40.0.0"
            ]
        );
        let error = template.lacking("here", &Version::new(38, 0, 0), &[]);
        assert!(
            error.hints()[0].contains("`v{version}`"),
            "{:?}",
            error.hints()
        );
    }
}
