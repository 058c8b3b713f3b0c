//! What a crate's `Cargo.toml` says of the crate and of its package.

use std::collections::BTreeSet;

use recipe::cargo_toml::PackagePatterns;
use recipe::error::{Error, Result};
use recipe::tree::joined;
use semver::Version;
use serde::Deserialize;

/// The names under which cargo takes a readme that the manifest does not name.
const READMES: [&str; 3] = ["README.md", "README.txt", "README"];

/// A crate's manifest, as far as it decides what is in the package.
#[derive(Debug)]
pub(super) struct PackageManifest {
    pub(super) name: String,
    pub(super) version: Version,
    include: PackagePatterns,
    exclude: PackagePatterns,
    /// Files that are in the package whatever the patterns say.
    always: Vec<String>,
    /// Files of the workspace that cargo copies to the crate's root: the names that
    /// they get there, and where they are in the repository.
    pub(super) outside: Vec<(String, String)>,
    /// Whether cargo looks for a readme by its usual names.
    finds_readme: bool,
}

#[derive(Deserialize)]
struct CargoToml {
    package: Option<PackageTable>,
    workspace: Option<WorkspaceTable>,
}

#[derive(Default, Deserialize)]
struct WorkspaceTable {
    #[serde(default)]
    package: PackageTable,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PackageTable {
    name: Option<String>,
    version: Option<Inheritable<String>>,
    include: Option<Inheritable<Vec<String>>>,
    exclude: Option<Inheritable<Vec<String>>>,
    readme: Option<Inheritable<Readme>>,
    license_file: Option<Inheritable<String>>,
}

/// A value, or the word that the workspace has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Inheritable<T> {
    Own(T),
    Shared {
        #[serde(rename = "workspace")]
        _workspace: bool,
    },
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Readme {
    Enabled(bool),
    Path(String),
}

impl<T> Inheritable<T> {
    /// Returns the value and whether it is the workspace's.
    fn resolve<'v>(this: &'v Option<Self>, shared: &'v Option<Self>) -> Option<(&'v T, bool)> {
        match (this.as_ref()?, shared) {
            (Inheritable::Own(value), _) => Some((value, false)),
            (Inheritable::Shared { .. }, Some(Inheritable::Own(value))) => Some((value, true)),
            (Inheritable::Shared { .. }, _) => None,
        }
    }
}

impl PackageManifest {
    /// Reads the manifest of the crate at `path`, and what it inherits from the workspace's.
    pub(super) fn parse(manifest: &str, workspace: &str, path: &str) -> Result<Self> {
        let fields = parse(manifest, &format!("{path}/Cargo.toml"))?.package;
        let fields = fields.ok_or_else(|| {
            Error::upstream(format!(
                "`{path}/Cargo.toml` does not describe a crate: it has no `[package]`"
            ))
        })?;
        let shared = parse(workspace, "Cargo.toml")?.workspace;
        let shared = shared.unwrap_or_default().package;
        let name = fields.name.clone().unwrap_or_default();
        let version = match Inheritable::resolve(&fields.version, &shared.version) {
            Some((text, _)) => Version::parse(text).map_err(|e| {
                Error::upstream(format!(
                    "`{path}/Cargo.toml`: `{text}` is not a version: {e}"
                ))
            })?,
            None => {
                return Err(Error::upstream(format!(
                    "`{path}/Cargo.toml` has no version"
                )));
            }
        };
        let (always, outside) = named(&fields, &shared, path);
        type PatternList = Option<Inheritable<Vec<String>>>;
        let patterns = |own: &PatternList, shared: &PatternList| {
            let lines = Inheritable::resolve(own, shared).map_or(&[][..], |(lines, _)| lines);
            PackagePatterns::parse(lines).map_err(|e| Error::upstream(e.to_string()).caused_by(e))
        };
        Ok(PackageManifest {
            name,
            version,
            include: patterns(&fields.include, &shared.include)?,
            exclude: patterns(&fields.exclude, &shared.exclude)?,
            always,
            outside,
            finds_readme: matches!(
                Inheritable::resolve(&fields.readme, &shared.readme),
                None | Some((Readme::Enabled(true), _))
            ),
        })
    }

    /// Tells whether cargo finds the crate's files on disk, and not in git's index.
    pub(super) fn is_walked(&self) -> bool {
        !self.include.is_empty()
    }

    /// Tells which of the crate's files are in its package; cargo's metadata is not.
    pub(super) fn selection<'p>(
        &self,
        files: impl Iterator<Item = &'p str> + Clone,
    ) -> PackageFiles<'_> {
        // A directory with a manifest of its own is another crate.
        let inner = files
            .clone()
            .filter_map(|f| f.strip_suffix("Cargo.toml")?.strip_suffix('/'))
            .map(str::to_owned)
            .collect();
        let found: BTreeSet<&str> = files.filter(|f| READMES.contains(f)).collect();
        let readme = READMES.into_iter().find(|r| found.contains(r));
        PackageFiles {
            package: self,
            inner,
            readme: readme.filter(|_| self.finds_readme),
        }
    }
}

pub(super) struct PackageFiles<'p> {
    package: &'p PackageManifest,
    inner: BTreeSet<String>,
    readme: Option<&'static str>,
}

impl PackageFiles<'_> {
    /// Tells whether a file of the crate is in the package.
    pub(super) fn has(&self, file: &str) -> bool {
        let package = self.package;
        let named = self.readme == Some(file) || package.always.iter().any(|a| a == file);
        if named || file == "Cargo.toml" {
            return true;
        }
        let mut above = file.match_indices('/').map(|(end, _)| &file[..end]);
        if file == "Cargo.lock" || above.any(|directory| self.inner.contains(directory)) {
            return false;
        }
        if package.include.is_empty() {
            return !package.exclude.matches(file);
        }
        package.include.matches(file)
    }
}

fn parse(text: &str, file: &str) -> Result<CargoToml> {
    toml_edit::de::from_str(text).map_err(|e| {
        let message = format!("upstream's `{file}` cannot be read: {}", e.message());
        Error::upstream(message).caused_by(e)
    })
}

/// Returns the readme and the license file by the names that they have in the package,
/// and, of those that the workspace has outside of the crate, where they are.
fn named(
    fields: &PackageTable,
    shared: &PackageTable,
    path: &str,
) -> (Vec<String>, Vec<(String, String)>) {
    let readme = match Inheritable::resolve(&fields.readme, &shared.readme) {
        Some((Readme::Path(file), is_shared)) => Some((file, is_shared)),
        Some((Readme::Enabled(_), _)) | None => None,
    };
    let license = Inheritable::resolve(&fields.license_file, &shared.license_file);
    let (mut always, mut outside) = (Vec::new(), Vec::new());
    for (file, is_shared) in readme.into_iter().chain(license) {
        let Some(file) = joined("", file) else {
            continue;
        };
        let below = file
            .strip_prefix(path)
            .and_then(|file| file.strip_prefix('/'));
        always.push(match below.filter(|_| is_shared) {
            Some(below) => below.to_owned(),
            None if is_shared => {
                let name = file.rsplit('/').next().unwrap_or(&file).to_owned();
                outside.push((name.clone(), file));
                name
            }
            None => file,
        });
    }
    (always, outside)
}
