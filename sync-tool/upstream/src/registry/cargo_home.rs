//! What cargo has downloaded already: packages and index entries in cargo's home.

use std::fs;
use std::path::{Path, PathBuf};

use recipe::tree::Digest;
use semver::Version;

use super::index;

/// Looks for a package with a checksum; `passed_over` is told of each that has another.
pub(super) fn package(
    home: &Path,
    name: &str,
    version: &Version,
    wanted: Digest,
    mut passed_over: impl FnMut(&Path),
) -> Option<Vec<u8>> {
    for dir in dirs(&home.join("registry").join("cache")) {
        let path = dir.join(format!("{name}-{version}.crate"));
        let Ok(bytes) = fs::read(&path) else {
            continue;
        };
        if Digest::of(&bytes) == wanted {
            return Some(bytes);
        }
        passed_over(&path);
    }
    None
}

/// Looks for the index entry of a crate in what cargo keeps of a registry.
///
/// The form of that file is cargo's own affair and may change: what looks
/// otherwise than expected counts as absent.
pub(super) fn index(home: &Path, host: &str, name: &str) -> Option<Vec<u8>> {
    let of_host = |dir: &PathBuf| {
        dir.file_name()
            .and_then(|n| n.to_str())
            .is_some_and(|n| n.starts_with(&format!("{host}-")))
    };
    let below = index::path(name);
    let mut files = dirs(&home.join("registry").join("index"))
        .into_iter()
        .filter(of_host);
    files.find_map(|dir| lines_of_cache(&fs::read(dir.join(".cache").join(&below)).ok()?))
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
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_between_the_nuls_of_cargos_file() {
        let file = b"\x03\x02\0\0\0etag: \"x\"\x001.0.0\0{\"a\":1}\x002.0.0\0{\"b\":2}\0";
        assert_eq!(
            lines_of_cache(file).as_deref(),
            Some(&b"{\"a\":1}\n{\"b\":2}"[..])
        );
        assert_eq!(lines_of_cache(b"something else"), None);
    }
}
