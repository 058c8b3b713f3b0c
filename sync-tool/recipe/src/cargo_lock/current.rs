//! Whether a stored lock still is the crate's.

use std::collections::BTreeSet;

use semver::VersionReq;
use toml_edit::{Document, Item};

use super::manifest::{dependencies, package};
use super::{CargoLock, CargoLockError, LockedPackage};
use crate::cargo_toml::package_name;
use crate::tree::{File, Tree};

/// Tells whether a lock has all that a manifest asks for, and nothing at its root
/// that it does not: cargo would take it with `--locked`, the version of the
/// crate itself apart.
///
/// # Errors
///
/// Fails where one of the texts cannot be read.
pub fn is_current(lock: &str, manifest: &str) -> Result<bool, CargoLockError> {
    let manifest = Document::parse(manifest)
        .map_err(|e| CargoLockError::Unreadable(e.message().to_owned()))?;
    let lock = CargoLock::parse(lock)?;
    let Ok(root) = lock.own(package_name(&manifest).unwrap_or_default()) else {
        return Ok(false);
    };
    let is_locked = |(key, item): (&str, &Item)| {
        requirement(item).is_none_or(|wanted| lock.has(package(key, item), &wanted))
    };
    let has_all = dependencies(&manifest).all(is_locked);
    Ok(has_all && super::packages(&manifest) == root.dependencies)
}

/// Names the packages of a lock that come neither from a registry nor from the tree.
///
/// # Errors
///
/// Fails where the lock cannot be read.
pub fn foreign(lock: &str, tree: &Tree) -> Result<Vec<String>, CargoLockError> {
    let lock = super::read(lock)?;
    let manifests = tree.iter().filter(|(path, _)| {
        let name = path.as_str().rsplit('/').next();
        name == Some("Cargo.toml")
    });
    let own: BTreeSet<String> = manifests.filter_map(|(_, file)| name_in(file)).collect();
    let foreign = lock.package.iter().filter_map(|package| {
        let LockedPackage { name, version, .. } = package;
        match &package.source {
            None if own.contains(name) => None,
            None => Some(format!("`{name} {version}` lies on this machine alone")),
            Some(source) if is_registry(source) => None,
            Some(source) => Some(format!("`{name} {version}` comes from {source}")),
        }
    });
    let unused = lock.patch.unused.iter().map(|package| {
        let LockedPackage { name, version, .. } = package;
        format!("`{name} {version}` is a patch that nothing asks for")
    });
    Ok(foreign.chain(unused).collect())
}

fn is_registry(source: &str) -> bool {
    source.starts_with("registry+") || source.starts_with("sparse+")
}

fn name_in(manifest: &File) -> Option<String> {
    let document = Document::parse(manifest.text()?).ok()?;
    package_name(&document).map(str::to_owned)
}

/// Returns the version that a dependency asks for; `None` where it asks for none.
fn requirement(item: &Item) -> Option<VersionReq> {
    let version = || item.as_table_like()?.get("version")?.as_str();
    VersionReq::parse(item.as_str().or_else(version)?).ok()
}

impl CargoLock {
    fn has(&self, name: &str, wanted: &VersionReq) -> bool {
        let named = self.0.iter().filter(|package| package.name == name);
        named
            .into_iter()
            .any(|package| wanted.matches(&package.version))
    }
}

/// Returns a lock with another version of the crate itself.
pub fn with_own_version(lock: &str, name: &str, version: &semver::Version) -> String {
    let head = format!("[[package]]\nname = \"{name}\"\nversion = \"");
    let Some((before, rest)) = lock.split_once(&head) else {
        return lock.to_owned();
    };
    match rest.split_once('"') {
        Some((_, after)) => format!("{before}{head}{version}\"{after}"),
        None => lock.to_owned(),
    }
}

/// Returns a lock with another name of the crate itself, its packages in cargo's order.
pub fn with_own_name(lock: &str, old: &str, new: &str) -> String {
    const ENTRY: &str = "[[package]]\n";
    let mut parts = lock.split(ENTRY);
    let head = parts.next().unwrap_or_default();
    let own = format!("name = \"{old}\"\n");
    let renamed = |entry: &str| match entry.strip_prefix(&own) {
        Some(rest) if !entry.contains("\nsource = ") => format!("name = \"{new}\"\n{rest}"),
        _ => entry.to_owned(),
    };
    let mut packages: Vec<String> = parts.map(|entry| renamed(entry.trim_end())).collect();
    // Entries of one name are in the order of their versions already.
    packages.sort_by(|a, b| a.lines().next().cmp(&b.lines().next()));
    let packages: Vec<String> = packages.iter().map(|p| format!("{ENTRY}{p}\n")).collect();
    format!("{head}{}", packages.join("\n"))
}
