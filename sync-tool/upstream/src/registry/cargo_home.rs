//! The packages that cargo has downloaded already, in cargo's home.

use std::fs;
use std::path::{Path, PathBuf};

use recipe::tree::Digest;
use semver::Version;

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
