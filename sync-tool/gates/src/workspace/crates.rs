//! The crates of a workspace, and which of them are built or loaded with which.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobBuilder;
use recipe::cargo_toml::{DependencyTable, Purpose};
use toml_edit::{Document, Item, Table, TableLike};

use super::{Manifests, within};

/// Why a workspace's crates are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CrateError {
    /// A manifest is not TOML.
    #[error("`{file}` is not TOML: {message}")]
    NotToml {
        /// The manifest.
        file: String,
        /// What the parser says.
        message: String,
    },
    /// A crate is named that is not there.
    #[error("`{by}` names the crate `{dir}`, which has no Cargo.toml")]
    NoCrate {
        /// The manifest that names it.
        by: String,
        /// Its directory.
        dir: String,
    },
    /// A path leads out of the repository.
    #[error("`{by}` names `{path}`, which is outside of the repository")]
    Outside {
        /// The manifest that names it.
        by: String,
        /// The path, as it is written.
        path: String,
    },
    /// A crate takes a dependency from the workspace that the workspace has not.
    #[error("`{by}` takes `{name}` from the workspace, which has none of that name")]
    NotShared {
        /// The manifest.
        by: String,
        /// The dependency.
        name: String,
    },
}

/// The crates of a repository.
pub(super) struct Crates<'m> {
    /// What is not TOML counts only where it is read: there are fixtures.
    parsed: BTreeMap<&'m str, Result<Document<&'m str>, CrateError>>,
}

impl<'m> Crates<'m> {
    /// Reads manifests.
    pub(super) fn of(manifests: &'m Manifests) -> Self {
        let parsed = manifests.iter().map(|(dir, text)| {
            let document = Document::parse(text.as_str()).map_err(|e| CrateError::NotToml {
                file: within(dir, "Cargo.toml"),
                message: e.message().to_owned(),
            });
            (dir.as_str(), document)
        });
        Crates {
            parsed: parsed.collect(),
        }
    }

    /// Returns the directories of crates.
    pub(super) fn dirs(&self) -> impl Iterator<Item = &'m str> {
        self.parsed.keys().copied()
    }

    /// Returns the directories of crates and of all on disk that they are built
    /// from, development dependencies of the crates themselves included.
    pub(super) fn built_from(&self, starts: &[&str]) -> Result<BTreeSet<String>, Vec<CrateError>> {
        self.closure(starts, |dir, purpose| {
            purpose != Purpose::Development || starts.contains(&dir)
        })
    }

    /// Returns the directories of all crates whose manifests cargo reads to load
    /// the workspace: its members and all that those name.
    pub(super) fn loaded(&self) -> Result<BTreeSet<String>, Vec<CrateError>> {
        let mut faults = Vec::new();
        let mut starts = vec![String::new()];
        for text in self.strings("members") {
            let dir = match joined("", text) {
                Some(dir) => dir,
                None => {
                    faults.push(outside("", text));
                    continue;
                }
            };
            if dir.contains(['*', '?', '[']) {
                starts.extend(self.matching(&dir));
            } else if self.parsed.contains_key(dir.as_str()) {
                starts.push(dir);
            } else {
                faults.push(no_crate("", &dir));
            }
        }
        starts.extend(self.patches(&mut faults));
        let starts: Vec<&str> = starts.iter().map(String::as_str).collect();
        match self.closure(&starts, |_, _| true) {
            Ok(all) if faults.is_empty() => Ok(all),
            Ok(_) => Err(faults),
            Err(more) => Err([faults, more].concat()),
        }
    }

    /// Returns the strings of a list of the table `[workspace]`.
    pub(super) fn strings(&self, key: &str) -> Vec<&str> {
        let list = self.root().and_then(|root| root.get("workspace")?.get(key));
        let list = list.and_then(Item::as_array);
        list.into_iter()
            .flat_map(|list| list.iter())
            .filter_map(|value| value.as_str())
            .collect()
    }

    fn root(&self) -> Option<&Table> {
        let root = self.parsed.get("")?.as_ref().ok()?;
        Some(root.as_table())
    }

    fn matching(&self, glob: &str) -> Vec<String> {
        let glob = GlobBuilder::new(glob).literal_separator(true).build();
        let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else {
            return Vec::new();
        };
        let dirs = self.parsed.keys().filter(|dir| glob.is_match(dir));
        dirs.map(|dir| (*dir).to_owned()).collect()
    }

    /// Returns the crates of `[patch]` and `[replace]` that are on disk.
    fn patches(&self, faults: &mut Vec<CrateError>) -> Vec<String> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        let patched = items(root.get("patch")).flat_map(|(_, source)| items(Some(source)));
        let replaced = items(root.get("replace"));
        let paths = patched
            .chain(replaced)
            .filter_map(|(_, item)| item.as_table_like()?.get("path")?.as_str());
        let dirs = paths.filter_map(|path| self.named("", "", path, faults));
        dirs.collect()
    }

    fn closure(
        &self,
        starts: &[&str],
        follow: impl Fn(&str, Purpose) -> bool,
    ) -> Result<BTreeSet<String>, Vec<CrateError>> {
        let mut faults = Vec::new();
        let mut found: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<String> = starts.iter().map(|dir| (*dir).to_owned()).collect();
        while let Some(dir) = open.pop() {
            if !found.insert(dir.clone()) {
                continue;
            }
            let document = match self.parsed.get(dir.as_str()) {
                Some(Ok(document)) => document,
                Some(Err(fault)) => {
                    faults.push(fault.clone());
                    continue;
                }
                None => {
                    faults.push(no_crate("", &dir));
                    continue;
                }
            };
            for table in DependencyTable::all(document) {
                if !follow(&dir, table.purpose) {
                    continue;
                }
                for (name, item) in items(table.get(document)) {
                    open.extend(self.dependency(&dir, name, item, &mut faults));
                }
            }
        }
        match faults.is_empty() {
            true => Ok(found),
            false => Err(faults),
        }
    }

    /// Returns the directory of a dependency that is on disk.
    fn dependency(
        &self,
        dir: &str,
        name: &str,
        item: &Item,
        faults: &mut Vec<CrateError>,
    ) -> Option<String> {
        let table = item.as_table_like()?;
        if table.get("workspace").and_then(Item::as_bool) != Some(true) {
            let path = table.get("path")?.as_str()?;
            return self.named(dir, dir, path, faults);
        }
        let shared = self.root()?.get("workspace")?.get("dependencies");
        match shared.and_then(|shared| shared.get(name)) {
            Some(shared) => {
                let path = shared.as_table_like()?.get("path")?.as_str()?;
                self.named("", dir, path, faults)
            }
            None => {
                let by = within(dir, "Cargo.toml");
                faults.push(CrateError::NotShared {
                    by,
                    name: name.to_owned(),
                });
                None
            }
        }
    }

    /// Returns the directory that a path leads to from another.
    fn named(
        &self,
        from: &str,
        by: &str,
        path: &str,
        faults: &mut Vec<CrateError>,
    ) -> Option<String> {
        let dir = joined(from, path);
        let fault = match &dir {
            None => outside(by, path),
            Some(dir) if !self.parsed.contains_key(dir.as_str()) => no_crate(by, dir),
            Some(_) => return dir,
        };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
        None
    }
}

/// Returns the items of a table; none where it is absent.
fn items(item: Option<&Item>) -> impl Iterator<Item = (&str, &Item)> {
    let table = item.and_then(Item::as_table_like);
    table.into_iter().flat_map(TableLike::iter)
}

fn no_crate(by: &str, dir: &str) -> CrateError {
    CrateError::NoCrate {
        by: within(by, "Cargo.toml"),
        dir: dir.to_owned(),
    }
}

fn outside(by: &str, path: &str) -> CrateError {
    CrateError::Outside {
        by: within(by, "Cargo.toml"),
        path: path.to_owned(),
    }
}

/// Follows a path from a directory; `None` where it leaves the root.
fn joined(from: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
