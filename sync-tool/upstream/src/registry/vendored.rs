//! Reads a directory of unpacked packages, as `cargo vendor` makes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::release::{Listed, offer};
use recipe::tree::{Digest, File, Mode, Tree, TreePath};
use semver::Version;
use serde::Deserialize;
use toml_edit::DocumentMut;

/// What cargo says of an unpacked package in `.cargo-checksum.json`.
#[derive(Deserialize)]
struct Checksums {
    files: BTreeMap<String, Digest>,
    package: Option<Digest>,
}

/// Lists the versions of a crate in a directory, in ascending order.
///
/// # Errors
///
/// [`Kind::Upstream`] where the directory cannot be read.
pub(super) fn list(dir: &Path, name: &str) -> Result<Vec<Listed>> {
    let mut all: Vec<Listed> = packages(dir, name)?
        .into_iter()
        .map(|(listed, _)| listed)
        .collect();
    all.sort();
    Ok(all)
}

/// Reads the files of one version, and its package's checksum.
///
/// # Errors
///
/// [`Kind::Upstream`] where it is not there, or its files are not as cargo left them.
pub(super) fn read(dir: &Path, name: &str, version: &Version) -> Result<(Tree, Digest)> {
    let packages = packages(dir, name)?;
    let Some((_, package)) = packages
        .iter()
        .find(|(listed, _)| listed.version == *version)
    else {
        let listed: Vec<Listed> = packages.into_iter().map(|(listed, _)| listed).collect();
        return Err(not_vendored(dir, name, version, &listed));
    };
    let (sums, checksum) = checksums(package)?;
    Ok((files(package, &sums)?, checksum))
}

fn not_vendored(dir: &Path, name: &str, version: &Version, listed: &[Listed]) -> Error {
    let has = offer(listed, version, |v| format!("v{v}"));
    Error::upstream(format!(
        "{name} {version} is not vendored in {}",
        dir.display()
    ))
    .help(has.unwrap_or_else(|| format!("it has no version of {name}")))
    .help("vendor it with cargo, or take upstream from git: `--source git`")
}

/// Reads the checksums of a package's files and its own.
fn checksums(package: &Path) -> Result<(BTreeMap<String, Digest>, Digest)> {
    let path = package.join(".cargo-checksum.json");
    let text = fs::read_to_string(&path)
        .map_err(|e| Error::io("read", &path, e).of_kind(Kind::Upstream))?;
    let sums: Checksums = serde_json::from_str(&text).map_err(|e| {
        let fault = Fault::new(e.to_string()).at(Location::file(path.display().to_string()));
        Error::faults(
            Kind::Upstream,
            "a vendored package's checksums are malformed",
            vec![fault],
        )
        .help(ANEW)
    })?;
    match sums.package {
        Some(checksum) => Ok((sums.files, checksum)),
        None => Err(Error::upstream(format!(
            "{} gives no checksum of the package: it is not from a registry",
            path.display()
        ))
        .help("take upstream from git: `--source git`")),
    }
}

const ANEW: &str = "vendor the package anew with cargo";

fn packages(dir: &Path, name: &str) -> Result<Vec<(Listed, PathBuf)>> {
    let fails = |e| Error::io("read the vendored packages in", dir, e).of_kind(Kind::Upstream);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(fails)? {
        let path = entry.map_err(fails)?.path();
        let is_it = path
            .file_name()
            .and_then(|n| n.to_str())
            .is_some_and(|n| n.starts_with(name));
        if is_it && let Some(listed) = manifest_of(&path, name) {
            found.push((listed, path));
        }
    }
    Ok(found)
}

/// Reads what a package is. Other crates whose names begin alike are `None`.
fn manifest_of(package: &Path, name: &str) -> Option<Listed> {
    let text = fs::read_to_string(package.join("Cargo.toml")).ok()?;
    let manifest = text.parse::<DocumentMut>().ok()?;
    let said = |key| manifest.get("package")?.get(key)?.as_str();
    if said("name") != Some(name) {
        return None;
    }
    let version = Version::parse(said("version")?).ok()?;
    Some(Listed {
        version,
        yanked: false,
        rust_version: said("rust-version").map(str::to_owned),
    })
}

fn files(package: &Path, sums: &BTreeMap<String, Digest>) -> Result<Tree> {
    let mut tree = Tree::new();
    let mut faults = Vec::new();
    for (name, sum) in sums {
        match file(package, name) {
            Ok((path, file)) if file.digest() == *sum => {
                tree.insert(path, file);
            }
            Ok(_) => faults.push(Fault::new(format!(
                "`{name}` was changed since it was vendored"
            ))),
            Err(what) => faults.push(Fault::new(format!("`{name}`: {what}"))),
        }
    }
    if faults.is_empty() {
        return Ok(tree);
    }
    let faults = faults
        .into_iter()
        .map(|f| f.at(Location::file(package.display().to_string())))
        .collect();
    Err(Error::faults(
        Kind::Upstream,
        "a vendored package is not as cargo left it",
        faults,
    )
    .help(ANEW))
}

fn file(package: &Path, name: &str) -> Result<(TreePath, File), String> {
    let path = TreePath::new(name).map_err(|e| e.to_string())?;
    let place = path.below(package);
    let meta = fs::symlink_metadata(&place).map_err(|e| e.to_string())?;
    if !meta.is_file() {
        return Err("it is not a file".to_owned());
    }
    let bytes = fs::read(&place).map_err(|e| e.to_string())?;
    Ok((path, File::new(bytes, mode(&meta))))
}

#[cfg(unix)]
fn mode(meta: &fs::Metadata) -> Mode {
    use std::os::unix::fs::PermissionsExt as _;
    Mode::from_bits(meta.permissions().mode())
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Mode {
    Mode::Regular
}
