//! The fork under upstream's own name, for hosts whose other crates depend on upstream's:
//! the same inputs with the renaming taken back. From these the one pipeline makes the tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::{NoExpand, Regex};
use semver::{BuildMetadata, Version};

use super::cargo_lock;
use super::cargo_toml::package_name;
use super::make::EXPORTED;
use super::manifest::{FILE, Manifest, Rewrite};
use super::patch::Patch;
use super::prepare::word;
use super::series::{Inputs, StoredPatch, StoredSeries};
use super::tree::{File, Tree};
use crate::error::{Error, Fault, Location, Result, no_faults};

/// Tells whether the text of a `Cargo.toml` is that of an export of a crate.
pub fn is_export(cargo_toml: &str, name: &str) -> bool {
    let document = toml_edit::Document::parse(cargo_toml);
    let is_named = document.is_ok_and(|manifest| package_name(&manifest) == Some(name));
    is_named && cargo_toml.starts_with(&format!("# {EXPORTED}"))
}

impl Manifest {
    /// Returns the manifest of the fork under upstream's own name: with upstream's version,
    /// to which the fork's is added as build metadata, and without the rewriting.
    ///
    /// # Errors
    ///
    /// All together: more than one rewrite, one that renames something else than the crate,
    /// and a dependency on upstream's crate, which the fork cannot have under that name.
    pub fn as_upstream(&self) -> Result<Manifest> {
        let name = &self.upstream.name;
        let message = format!("the fork cannot stand under the name `{name}`");
        no_faults(self.irreversible(), message)?;
        let reverse = self.rewrites.first().map(ReverseRewrite::of).transpose()?;
        let mut derived = self.clone();
        derived.fork.version = exported_version(self)?;
        derived.fork.name.clone_from(&self.upstream.name);
        derived.fork.exported = true;
        derived.rewrites.clear();
        if let Some(reverse) = reverse {
            for insert in &mut derived.inserts {
                insert.text = reverse.text(&insert.text);
            }
        }
        Ok(derived)
    }

    fn irreversible(&self) -> Vec<Fault> {
        let (fork, upstream) = (&self.fork.name, &self.upstream.name);
        let mut faults = Vec::new();
        if fork == upstream {
            let fault = Fault::new("the fork has upstream's name already").at(Location::file(FILE));
            faults.push(fault.help("depend on the vendored tree itself"));
        }
        let library = |name: &str| name.replace('-', "_");
        for (number, rule) in self.rewrites.iter().enumerate() {
            let message = if number > 0 {
                "an export takes back one rewrite, and this is another"
            } else if (&rule.from, &rule.to) != (&library(upstream), &library(fork)) {
                "an export takes back the renaming of the crate, and this rewrites something else"
            } else {
                continue;
            };
            let help = format!(
                "keep one rewrite, of `{}` to `{}`",
                library(upstream),
                library(fork)
            );
            faults.push(Fault::new(message).at(self.place(&rule.span)).help(help));
        }
        let added = self.cargo.dev_dependencies.iter();
        let upstreams = added.filter(|(name, d)| d.package.as_ref().unwrap_or(name) == upstream);
        faults.extend(upstreams.map(|(name, _)| {
            Fault::new(format!("the fork's tests depend on upstream's crate, as `{name}`"))
                .at(Location::file(FILE))
                .help("remove it from `[cargo.dev-dependencies]`: a crate cannot depend on another of its name and version")
        }));
        faults
    }
}

/// Returns upstream's version at the pin with the fork's as build metadata, which has
/// letters, digits, `-` and `.` alone.
fn exported_version(manifest: &Manifest) -> Result<Version> {
    let fork = &manifest.fork;
    let allowed = |c: char| match c {
        '+' => '.',
        c if c.is_ascii_alphanumeric() || c == '.' => c,
        _ => '-',
    };
    let own = format!("{}.{}", fork.name, fork.version);
    let own: String = own.chars().map(allowed).collect();
    let mut version = fork.pin.clone();
    let build = match version.build.is_empty() {
        true => own,
        false => format!("{}.{own}", version.build),
    };
    version.build = BuildMetadata::new(&build).map_err(|e| {
        Error::general(format!("`{build}` cannot be build metadata: {e}")).caused_by(e)
    })?;
    Ok(version)
}

/// The rewriting taken back: word by word, as it was done.
struct ReverseRewrite<'a> {
    rule: &'a Rewrite,
    pattern: Regex,
}

impl<'a> ReverseRewrite<'a> {
    fn of(rule: &'a Rewrite) -> Result<Self> {
        let pattern = word(&rule.to)?;
        Ok(ReverseRewrite { rule, pattern })
    }

    fn text(&self, text: &str) -> String {
        let from = NoExpand(&self.rule.from);
        self.pattern.replace_all(text, from).into_owned()
    }

    fn tree(&self, tree: &Tree) -> Tree {
        let file = |file: &File| match file.text() {
            Some(text) => file.with_bytes(self.text(text).into_bytes()),
            None => file.clone(),
        };
        let files = tree.iter();
        files.map(|(path, f)| (path.clone(), file(f))).collect()
    }

    /// Patches were taken against rewritten text, so their lines have the fork's name.
    fn patch(&self, stored: &StoredPatch) -> StoredPatch {
        let mut patch: Patch = stored.patch.clone();
        for line in patch.hunks.iter_mut().flat_map(|hunk| &mut hunk.lines) {
            line.text = self.text(&line.text);
        }
        // The text is that of the project's file: what does not apply is shown there.
        StoredPatch {
            patch,
            ..stored.clone()
        }
    }

    fn series(&self, stored: &StoredSeries) -> StoredSeries {
        let patches = stored.patches.iter();
        StoredSeries {
            patches: patches
                .map(|(path, patch)| (path.clone(), self.patch(patch)))
                .collect(),
            files: self.tree(&stored.files),
            ..stored.clone()
        }
    }
}

impl Inputs {
    /// Returns the inputs of the fork under upstream's own name.
    ///
    /// # Errors
    ///
    /// As [`Manifest::as_upstream`].
    pub fn as_upstream(&self) -> Result<Inputs> {
        let manifest = self.manifest.as_upstream()?;
        let named = |text: &Arc<str>| {
            let (old, new) = (&self.manifest.fork.name, &manifest.fork.name);
            Arc::from(cargo_lock::with_own_name(text, old, new))
        };
        let locks = self.locks.iter();
        let locks: BTreeMap<_, _> = locks.map(|(v, text)| (v.clone(), named(text))).collect();
        let (series, owned) = match self.manifest.rewrites.first() {
            None => (self.series.clone(), self.owned.clone()),
            Some(rule) => {
                let reverse = ReverseRewrite::of(rule)?;
                let series = self.series.iter().map(|stored| reverse.series(stored));
                (series.collect(), reverse.tree(&self.owned))
            }
        };
        Ok(Inputs {
            manifest,
            series,
            owned,
            locks,
            resolutions: self.resolutions.clone(),
            resolution_faults: self.resolution_faults.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
