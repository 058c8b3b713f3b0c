//! Whether a stored lock still is the crate's.

use std::collections::BTreeSet;

use semver::VersionReq;
use toml_edit::{DocumentMut, Item, TableLike};

use super::manifest::{each_dependency, package};
use super::{Fault, Lock, Package};
use crate::tree::{File, Tree};

/// Tells whether a lock has all that a manifest asks for, and nothing at its root
/// that it does not: cargo would take it with `--locked`, the version of the
/// crate itself apart.
///
/// # Errors
///
/// Fails where one of the texts cannot be read.
pub fn is_current(lock: &str, manifest: &str) -> Result<bool, Fault> {
    let manifest: DocumentMut = manifest
        .parse()
        .map_err(|e: toml_edit::TomlError| Fault::Unreadable(e.message().to_owned()))?;
    let lock = Lock::parse(lock)?;
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    let name = name.and_then(Item::as_str).unwrap_or_default();
    let Ok(root) = lock.own(name) else {
        return Ok(false);
    };
    let mut current = super::packages(&manifest) == root.dependencies;
    each_dependency(&manifest, &mut |key, item| {
        current &= requirement(item).is_none_or(|wanted| lock.has(package(key, item), &wanted));
    });
    Ok(current)
}

/// Names the packages of a lock that come neither from a registry nor from the tree.
///
/// # Errors
///
/// Fails where the lock cannot be read.
pub fn foreign(lock: &str, tree: &Tree) -> Result<Vec<String>, Fault> {
    let (packages, unused) = super::read(lock)?;
    let manifests = tree.iter().filter(|(path, _)| {
        let name = path.as_str().rsplit('/').next();
        name == Some("Cargo.toml")
    });
    let own: BTreeSet<String> = manifests.filter_map(|(_, file)| name_in(file)).collect();
    let foreign = packages.iter().filter_map(|package| {
        let Package { name, version, .. } = package;
        match &package.source {
            None if own.contains(name) => None,
            None => Some(format!("`{name} {version}` lies on this machine alone")),
            Some(source) if is_registry(source) => None,
            Some(source) => Some(format!("`{name} {version}` comes from {source}")),
        }
    });
    let unused = unused.iter().map(|package| {
        let Package { name, version, .. } = package;
        format!("`{name} {version}` is a patch that nothing asks for")
    });
    Ok(foreign.chain(unused).collect())
}

fn is_registry(source: &str) -> bool {
    source.starts_with("registry+") || source.starts_with("sparse+")
}

fn name_in(manifest: &File) -> Option<String> {
    let document = toml_edit::Document::parse(manifest.text()?).ok()?;
    let name = document.get("package")?.get("name")?.as_str()?;
    Some(name.to_owned())
}

/// Returns the version that a dependency asks for; `None` where it asks for none.
fn requirement(item: &Item) -> Option<VersionReq> {
    let table = item
        .as_table_like()
        .and_then(|table: &dyn TableLike| table.get("version"));
    VersionReq::parse(item.as_str().or_else(|| table.and_then(Item::as_str))?).ok()
}

impl Lock {
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
