//! `Cargo.lock` as a seed: what of upstream's lock decides the fork's.
//!
//! Upstream's workspace locks its members without a source, and much that the
//! crate never sees; the lock in the package has only what the crate needs. Both
//! must lead to the same lock of the fork. So what upstream asks for is resolved
//! first, its own crates held at the versions of that release ([`Pins`]), and what
//! the fork adds afterwards ([`upstream_only`]).

mod current;
mod gained;
mod manifest;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use current::{foreign, is_current, with_own_name, with_own_version};
pub use gained::UnexplainedChange;
pub use manifest::{packages, upstream_only};
use semver::Version;
use serde::{Deserialize, Deserializer};

/// The format that a fork's lock has; older ones say the same in another way.
const FORMAT: i64 = 4;

/// A text that is no lock, or not the lock of the crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CargoLockError {
    #[error("it is not a `Cargo.lock`: {0}")]
    Unreadable(String),
    #[error("it has no entry for the crate `{0}`")]
    NotOf(String),
}

/// An entry of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LockedPackage {
    pub name: String,
    pub version: Version,
    /// Where it comes from; `None` for a package on disk.
    pub source: Option<String>,
    /// The names of the packages it depends on.
    #[serde(default, deserialize_with = "names")]
    pub dependencies: BTreeSet<String>,
}

/// What a `Cargo.lock` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CargoLock(pub Vec<LockedPackage>);

/// Packages held at exactly one version, by name.
pub type Pins = BTreeMap<String, Version>;

impl CargoLock {
    /// Reads the text of a lock.
    ///
    /// # Errors
    ///
    /// Fails where the text is not TOML or an entry has no name or version.
    pub fn parse(text: &str) -> Result<Self, CargoLockError> {
        Ok(CargoLock(read(text)?.package))
    }

    /// Returns a package that lies on disk.
    ///
    /// # Errors
    ///
    /// Fails where there is none of that name.
    pub fn own(&self, name: &str) -> Result<&LockedPackage, CargoLockError> {
        self.0
            .iter()
            .find(|package| package.name == name && package.source.is_none())
            .ok_or_else(|| CargoLockError::NotOf(name.to_owned()))
    }

    /// Returns what the crate itself asks for and the workspace has on disk: the
    /// fork must take exactly those versions from the registry.
    pub fn first_pins(&self, root: &LockedPackage, wanted: &BTreeSet<String>) -> Pins {
        let asked = |package: &&LockedPackage| {
            package.source.is_none()
                && package.name != root.name
                && root.dependencies.contains(&package.name)
                && wanted.contains(&package.name)
        };
        let pins = self.0.iter().filter(asked);
        pins.map(|package| (package.name.clone(), package.version.clone()))
            .collect()
    }

    /// Returns what a lock made from this one took in another version than the
    /// workspace has on disk, with the workspace's version.
    pub fn strayed(&self, made: &CargoLock) -> Pins {
        let known: BTreeSet<(&str, &Version)> = self
            .0
            .iter()
            .map(|package| (package.name.as_str(), &package.version))
            .collect();
        let mut pins = Pins::new();
        for package in &made.0 {
            if package.source.is_none() || known.contains(&(&package.name, &package.version)) {
                continue;
            }
            let own = self.own(&package.name).ok();
            if let Some(own) = own.filter(|own| compatible(&own.version, &package.version)) {
                pins.insert(own.name.clone(), own.version.clone());
            }
        }
        pins
    }
}

/// A package that has another version in a lock than in the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct VersionChange {
    pub name: String,
    pub from: Version,
    pub to: Version,
}

impl CargoLock {
    /// Returns which packages of this lock have another version in a later one.
    pub fn moved(&self, later: &CargoLock) -> Vec<VersionChange> {
        let moved = self.0.iter().filter_map(|before| {
            before.source.as_ref()?;
            // Of versions that are compatible a lock holds one.
            let now = later
                .0
                .iter()
                .find(|now| now.name == before.name && compatible(&now.version, &before.version))?;
            (now.version != before.version).then(|| VersionChange {
                name: before.name.clone(),
                from: before.version.clone(),
                to: now.version.clone(),
            })
        });
        moved.collect()
    }
}

/// Returns the lock in the format that the fork's has.
pub fn in_our_format(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let head = lines
        .iter()
        .position(|line| line.starts_with("[["))
        .unwrap_or(lines.len());
    let older = format!("version = {FORMAT}");
    for line in &mut lines[..head] {
        let number = line.strip_prefix("version = ");
        let number = number.and_then(|number| number.trim().parse::<i64>().ok());
        if number.is_some_and(|number| number < FORMAT) {
            *line = &older;
        }
    }
    lines.join("\n") + "\n"
}

/// The text of a lock, as far as it is read.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    package: Vec<LockedPackage>,
    #[serde(default)]
    patch: PatchTable,
}

/// Packages that a `[patch]` gives and nothing asks for.
#[derive(Default, Deserialize)]
struct PatchTable {
    #[serde(default)]
    unused: Vec<LockedPackage>,
}

fn read(text: &str) -> Result<Document, CargoLockError> {
    toml_edit::de::from_str(text).map_err(|e| CargoLockError::Unreadable(e.message().to_owned()))
}

/// Reads the names of `name`, `name version` or `name version (source)`.
fn names<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeSet<String>, D::Error> {
    let texts = Vec::<String>::deserialize(d)?;
    let names = texts.iter().filter_map(|text| text.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

/// Tells whether cargo takes only one of two versions.
fn compatible(a: &Version, b: &Version) -> bool {
    let class = |v: &Version| match (v.major, v.minor) {
        (0, 0) => (0, 0, v.patch),
        (0, minor) => (0, minor, 0),
        (major, _) => (major, 0, 0),
    };
    class(a) == class(b)
}
