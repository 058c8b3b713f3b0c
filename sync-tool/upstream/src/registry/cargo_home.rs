//! What cargo has downloaded already: packages and index entries in cargo's home.

use std::fs;
use std::path::{Path, PathBuf};

use recipe::tree::Digest;
use semver::Version;

use super::index;
use super::packages::VerifiedPackage;

/// Looks for a package with a checksum; `passed_over` is told of each that has another.
pub(super) fn package(
    home: &Path,
    name: &str,
    version: &Version,
    checksum: Digest,
    passed_over: impl Fn(&Path),
) -> Option<VerifiedPackage> {
    dirs(&home.join("registry/cache")).iter().find_map(|dir| {
        let path = dir.join(format!("{name}-{version}.crate"));
        let bytes = fs::read(&path).ok()?;
        let package = VerifiedPackage::new(bytes, checksum, path.display().to_string());
        package.map_err(|_| passed_over(&path)).ok()
    })
}

/// Looks for the index entry of a crate in what cargo keeps of a registry.
///
/// The form of that file is cargo's own affair and may change: what looks
/// otherwise than expected counts as absent.
pub(super) fn index(home: &Path, host: &str, name: &str) -> Option<Vec<u8>> {
    let below = Path::new(".cache").join(index::path(name));
    let prefix = format!("{host}-");
    dirs(&home.join("registry/index")).iter().find_map(|dir| {
        let is_of_host = dir.file_name()?.to_str()?.starts_with(&prefix);
        is_of_host.then(|| lines_of_cache(&fs::read(dir.join(&below)).ok()?))?
    })
}

/// Takes the index lines out of cargo's file: after each version and a NUL, up to the next NUL.
fn lines_of_cache(bytes: &[u8]) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = bytes
        .split(|b| *b == 0)
        .filter(|part| part.starts_with(b"{"))
        .collect();
    (!lines.is_empty()).then(|| lines.join(&b'\n'))
}

/// Returns the directories in a directory, in order, so that what is found does not vary.
fn dirs(dir: &Path) -> Vec<PathBuf> {
    let Ok(names) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut dirs: Vec<PathBuf> = names
        .filter_map(|n| Some(n.ok()?.path()))
        .filter(|p| p.is_dir())
        .collect();
    dirs.sort();
    dirs
}

#[cfg(test)]
#[path = "cargo_home_tests.rs"]
mod tests;
