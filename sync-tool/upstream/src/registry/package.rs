//! Makes a release from a package's files.

use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::release::{Release, SourceKind, Workspace};
use recipe::tree::{Digest, File, Tree, TreePath};
use semver::Version;
use serde::Deserialize;
use toml_edit::DocumentMut;

#[derive(Debug, Clone, Copy)]
pub(super) struct ExpectedPackage<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a Version,
    /// The crate's directory in upstream's repository.
    pub(super) path_in_vcs: &'a str,
    pub(super) checksum: Digest,
}

/// What cargo adds to a package, apart from `Cargo.toml.orig`.
const METADATA: [&str; 5] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo_vcs_info.json",
    ".cargo-ok",
    ".cargo-checksum.json",
];

#[derive(Deserialize)]
struct VcsInfo {
    git: VcsGit,
    #[serde(default)]
    path_in_vcs: String,
}

#[derive(Deserialize)]
struct VcsGit {
    sha1: String,
}

/// Makes a release from all files of a package; `place` is what messages call it.
pub(super) fn release(
    mut files: Tree,
    expected: ExpectedPackage<'_>,
    place: &str,
) -> Result<Release> {
    let mut reader = PackageReader {
        place,
        faults: Vec::new(),
    };
    let [normalised, cargo_lock, vcs, ..] = METADATA.map(|path| files.remove(path));
    let manifest = reader.manifest(normalised.as_ref(), expected);
    let commit = reader
        .text(vcs.as_ref(), ".cargo_vcs_info.json")
        .and_then(|text| reader.commit(text, expected));
    let lock = reader.text(cargo_lock.as_ref(), "Cargo.lock");
    match (files.remove("Cargo.toml.orig"), TreePath::new("Cargo.toml")) {
        (Some(original), Ok(path)) => {
            reader.text(Some(&original), "Cargo.toml.orig");
            files.insert(path, original);
        }
        _ => reader.fault(
            "Cargo.toml.orig",
            "it is missing: the manifest as upstream wrote it is not in the package",
        ),
    }
    let (Some(manifest), []) = (manifest, &reader.faults[..]) else {
        let message = format!(
            "the package {}-{} is not what was asked for",
            expected.name, expected.version
        );
        return Err(Error::faults(Kind::Upstream, message, reader.faults)
            .help("take upstream from git: `--source git`"));
    };
    Ok(Release {
        version: expected.version.clone(),
        commit,
        checksum: Some(expected.checksum.to_string()),
        source: SourceKind::Registry,
        workspace: Workspace::Published(manifest.to_owned()),
        cargo_lock: lock.map(str::to_owned),
        tree: files,
    })
}

struct PackageReader<'a> {
    place: &'a str,
    faults: Vec<Fault>,
}

impl PackageReader<'_> {
    fn fault(&mut self, path: &str, message: impl Into<String>) {
        let place = Location::file(format!("{}: {path}", self.place));
        self.faults.push(Fault::new(message).at(place));
    }

    fn text<'f>(&mut self, file: Option<&'f File>, path: &str) -> Option<&'f str> {
        let text = file?.text();
        if text.is_none() {
            self.fault(path, "it is not UTF-8");
        }
        text
    }

    /// Reads the manifest that cargo normalised, and compares it with what is expected.
    fn manifest<'f>(
        &mut self,
        file: Option<&'f File>,
        expected: ExpectedPackage<'_>,
    ) -> Option<&'f str> {
        if file.is_none() {
            self.fault("Cargo.toml", "it is missing");
        }
        let text = self.text(file, "Cargo.toml")?;
        self.compare(text, expected);
        Some(text)
    }

    fn compare(&mut self, text: &str, expected: ExpectedPackage<'_>) {
        let manifest = match text.parse::<DocumentMut>() {
            Ok(manifest) => manifest,
            Err(e) => return self.fault("Cargo.toml", format!("it is not TOML: {}", e.message())),
        };
        let said = |key| {
            manifest
                .get("package")?
                .get(key)?
                .as_str()
                .map(str::to_owned)
        };
        for (key, wanted) in [
            ("name", expected.name.to_owned()),
            ("version", expected.version.to_string()),
        ] {
            match said(key) {
                Some(it) if it == wanted => {}
                Some(it) => {
                    self.fault("Cargo.toml", format!("its {key} is `{it}`, not `{wanted}`"))
                }
                None => self.fault("Cargo.toml", format!("it has no {key}")),
            }
        }
    }

    fn commit(&mut self, text: &str, expected: ExpectedPackage<'_>) -> Option<String> {
        const PATH: &str = ".cargo_vcs_info.json";
        let vcs: VcsInfo = match serde_json::from_str(text) {
            Ok(vcs) => vcs,
            Err(e) => {
                self.fault(PATH, format!("it is malformed: {e}"));
                return None;
            }
        };
        if vcs.path_in_vcs != expected.path_in_vcs {
            let message = format!(
                "the package was made from `{}`, not from `{}`",
                vcs.path_in_vcs, expected.path_in_vcs
            );
            self.fault(PATH, message);
        }
        let commit = vcs.git.sha1;
        if commit.len() == 40
            && commit
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Some(commit);
        }
        self.fault(PATH, format!("`{commit}` is not a commit"));
        None
    }
}

#[cfg(test)]
#[path = "package_tests.rs"]
mod tests;
