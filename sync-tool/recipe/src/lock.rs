//! `manifest.lock`: what the vendored tree was made of, and what it is.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::manifest::Manifest;
use super::tree::{Digest, Entries, TreePath};
use crate::error::{Error, Fault, Kind, Location, Result};
pub use crate::files::LOCK as FILE;
use crate::files::MANIFEST;

/// The form of the file; another is refused.
const FORM: u32 = 1;

const HEAD: &str = "\
# Written by wash-wasi-sync: what the vendored tree was made of, and what it is.
# Commit it; do not edit it.

";

/// What the vendored tree was made of, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lock {
    form: u32,
    /// The upstream release.
    pub upstream: LockedRelease,
    /// The tree.
    pub tree: LockedTree,
    /// What the verification gates said, by gate.
    #[serde(default)]
    pub gates: BTreeMap<String, String>,
    /// The digest of each input file, from the project's root.
    pub inputs: BTreeMap<TreePath, Digest>,
    /// Mode and digest of each vendored file.
    pub files: Entries,
    /// The last export, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported: Option<LockedExport>,
}

/// The part of a lock that every form has.
#[derive(Deserialize)]
struct Form {
    form: u32,
}

/// The next step where a lock is of no use.
const RESTORE: &str = "restore it from version control, or remove it and run \
     `wash-wasi-sync vendor --discard-edits`";

fn refused(fault: Fault) -> Error {
    unusable(vec![fault])
}

fn unusable(faults: Vec<Fault>) -> Error {
    Error::faults(Kind::General, format!("{FILE} cannot be used"), faults)
}

/// The upstream release a tree was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LockedRelease {
    #[serde(rename = "crate")]
    pub name: String,
    pub version: Version,
    /// The commit of the release, where the source knew it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "commit"
    )]
    pub commit: Option<String>,
    /// The registry's checksum of the package, where it was seen.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "checksum"
    )]
    pub checksum: Option<String>,
    /// The tree digest of upstream's files.
    pub digest: Digest,
}

/// The vendored tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LockedTree {
    pub version: Version,
    pub digest: Digest,
    /// The digest of the manifest's rules.
    pub rules: Digest,
    /// The base of the series that it was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatter: Option<String>,
}

/// The fork as it was exported under upstream's own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LockedExport {
    pub version: Version,
    pub digest: Digest,
    /// The digest of the vendored tree that is made of the same inputs.
    pub vendored: Digest,
    /// Mode and digest of each of its files.
    pub files: Entries,
}

impl Lock {
    /// Makes a lock.
    pub fn new(
        upstream: LockedRelease,
        tree: LockedTree,
        gates: BTreeMap<String, String>,
        inputs: BTreeMap<TreePath, Digest>,
        files: Entries,
    ) -> Lock {
        Lock {
            form: FORM,
            upstream,
            tree,
            gates,
            inputs,
            files,
            exported: None,
        }
    }

    /// Returns a lock that says of the recorded export what this one says of the tree.
    pub fn of_export(&self) -> Option<Lock> {
        let export = self.exported.as_ref()?;
        let mut lock = self.clone();
        lock.exported = None;
        lock.upstream.version = Version {
            build: semver::BuildMetadata::EMPTY,
            ..export.version.clone()
        };
        lock.tree.version = export.version.clone();
        lock.tree.digest = export.digest;
        lock.files = export.files.clone();
        Some(lock)
    }

    /// Returns the recorded export, where it is of the tree that is locked.
    pub fn current_export(&self) -> Option<&LockedExport> {
        let export = self.exported.as_ref()?;
        (export.vendored == self.tree.digest).then_some(export)
    }

    /// Reads a lock.
    ///
    /// # Errors
    ///
    /// Fails where the text is none of this tool's, or its digest is not that of its files.
    pub fn parse(text: &str) -> Result<Lock> {
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
            let place = Location::line(FILE, Arc::from(text), line + 1);
            let fault = Fault::new("a merge left its markers here").at(place);
            return Err(refused(fault).help(
                "take the lock that your tree was made with, `git checkout --ours manifest.lock`, \
                 and run `wash-wasi-sync vendor`: it makes the one that fits the merged inputs",
            ));
        }
        let malformed = |e: toml_edit::de::Error| {
            let place = e.span().map_or_else(
                || Location::file(FILE),
                |span| Location::span(FILE, Arc::from(text), span),
            );
            let fault = Fault::new(e.message().to_owned()).at(place);
            refused(fault).help(RESTORE).caused_by(e)
        };
        // Another form may have what this one does not know.
        let found: Form = toml_edit::de::from_str(text).map_err(malformed)?;
        if found.form != FORM {
            let message = format!("it has the form {}, this tool reads {FORM}", found.form);
            return Err(refused(Fault::new(message).at(Location::file(FILE)))
                .help("use the version of wash-wasi-sync that wrote it")
                .help(RESTORE));
        }
        let lock: Lock = toml_edit::de::from_str(text).map_err(malformed)?;
        let is_export = |export: &LockedExport| export.files.digest() == export.digest;
        if lock.files.digest() != lock.tree.digest || !lock.exported.iter().all(is_export) {
            let message = "its digest is not that of its files: it was edited";
            return Err(refused(Fault::new(message).at(Location::file(FILE))).help(RESTORE));
        }
        Ok(lock)
    }

    /// Returns what another lock says otherwise of the tree and of what it was made
    /// of. The gates say what was done with the tree, and commit and checksum may be
    /// known to one alone: git has no checksum.
    pub fn disagreements(&self, other: &Lock) -> Vec<&'static str> {
        let known_differ = |one: &Option<String>, another: &Option<String>| matches!((one, another), (Some(one), Some(another)) if one != another);
        let (upstream, tree) = (&self.upstream, &self.tree);
        let (theirs, their_tree) = (&other.upstream, &other.tree);
        let differ = [
            ("upstream crate", upstream.name != theirs.name),
            ("upstream version", upstream.version != theirs.version),
            ("commit", known_differ(&upstream.commit, &theirs.commit)),
            (
                "checksum",
                known_differ(&upstream.checksum, &theirs.checksum),
            ),
            ("upstream digest", upstream.digest != theirs.digest),
            ("fork version", tree.version != their_tree.version),
            ("tree digest", tree.digest != their_tree.digest),
            ("digest of the rules", tree.rules != their_tree.rules),
            ("series", tree.series != their_tree.series),
            ("formatter", tree.formatter != their_tree.formatter),
            ("list of inputs", self.inputs != other.inputs),
            ("list of files", self.files != other.files),
        ];
        let named = differ.into_iter().filter(|(_, differs)| *differs);
        named.map(|(what, _)| what).collect()
    }

    /// Tells whether another lock says the same of the tree and of what it was made of.
    pub fn agrees_with(&self, other: &Lock) -> bool {
        self.disagreements(other).is_empty()
    }

    /// Compares the lock with the manifest whose rules it was written by.
    ///
    /// # Errors
    ///
    /// Fails where these are the rules of that manifest, and what the lock says apart
    /// from them is not in it: somebody edited the lock.
    pub fn is_of(&self, manifest: &Manifest) -> Result<()> {
        if self.tree.rules != manifest.rules_digest() {
            // Another manifest: that is drift, and named as such.
            return Ok(());
        }
        let fork = &manifest.fork;
        let recorded = [
            (
                "upstream crate",
                self.upstream.name.clone(),
                manifest.upstream.name.clone(),
            ),
            (
                "pin",
                self.upstream.version.to_string(),
                fork.pin.to_string(),
            ),
            (
                "fork version",
                self.tree.version.to_string(),
                fork.version.to_string(),
            ),
        ];
        let wrong = recorded
            .into_iter()
            .filter(|(_, here, there)| here != there);
        let faults: Vec<Fault> = wrong
            .map(|(what, here, there)| {
                let message = format!("its {what} is {here}, and that of {MANIFEST} is {there}");
                Fault::new(message).at(Location::file(FILE))
            })
            .collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(unusable(faults).help(RESTORE)),
        }
    }

    /// Returns what of the gates is known once they said something of the very same
    /// tree: one that is skipped now passed before. Of two reasons to skip it the later holds.
    pub fn gates_after(&self, said: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let is_skipped = |said: &String| said.starts_with("skipped");
        // Nothing ran: what is absent or skipped was so before.
        if !said.values().any(|said| said.starts_with("passed")) {
            return self.gates.clone();
        }
        let known = |(gate, now): (&String, &String)| {
            let passed = self.gates.get(gate).filter(|before| !is_skipped(before));
            let before = passed.filter(|_| is_skipped(now));
            (gate.clone(), before.unwrap_or(now).clone())
        };
        said.iter().map(known).collect()
    }

    /// Writes the lock.
    ///
    /// # Errors
    ///
    /// Fails only where TOML cannot hold a value, which none of ours is.
    pub fn render(&self) -> Result<String> {
        let body = toml_edit::ser::to_string_pretty(self)
            .map_err(|e| Error::general(format!("{FILE} cannot be written: {e}")).caused_by(e))?;
        Ok(format!("{HEAD}{body}"))
    }
}

/// Reads a commit id of git: SHA-1 or SHA-256, in hexadecimal digits.
fn commit<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    hexadecimal(d, &[40, 64], "a commit id")
}

/// Reads a checksum as the registry writes it.
fn checksum<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    hexadecimal(d, &[64], "a SHA-256 checksum")
}

fn hexadecimal<'de, D: serde::Deserializer<'de>>(
    d: D,
    lengths: &[usize],
    what: &str,
) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(d)?;
    let is_digit = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    if lengths.contains(&text.len()) && text.bytes().all(is_digit) {
        return Ok(Some(text));
    }
    Err(serde::de::Error::custom(format!("`{text}` is not {what}")))
}
