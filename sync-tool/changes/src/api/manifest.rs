//! Changes of what a crate's `Cargo.toml` offers and needs.

use std::collections::{BTreeMap, BTreeSet};

use recipe::cargo_toml::{DependencyTable, Inherited};
use serde::Serialize;
use toml_edit::{Document, Item, Table, TableLike};

use super::{ChangeKind, Unread};

/// What a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestSubject {
    /// The oldest Rust that builds the crate.
    RustVersion,
    /// A feature, with what it turns on.
    Feature,
    /// A feature that is on by default.
    DefaultFeature,
    /// A dependency, with its version requirement and whether it is optional.
    Dependency,
}

/// A change of one feature or dependency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ManifestChange {
    /// What it is of.
    pub subject: ManifestSubject,
    /// Its name; of a dependency of some targets or of tests, with its table in front.
    pub name: String,
    /// What happened to it.
    pub change: ChangeKind,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

type Rows = BTreeMap<(ManifestSubject, String), String>;

/// What one `Cargo.toml` says.
#[derive(Debug, Default)]
pub(super) struct CargoManifest {
    rows: Rows,
    pub(super) unread: Option<Unread>,
}

impl CargoManifest {
    pub(super) fn of(text: &str) -> Self {
        let mut manifest = CargoManifest::default();
        match text.parse::<Document<String>>() {
            Ok(document) => manifest.read(document.as_table()),
            Err(error) => {
                let reason = format!("does not parse as TOML: {}", error.message());
                let path = "Cargo.toml".to_owned();
                manifest.unread = Some(Unread { path, reason });
            }
        }
        manifest
    }

    fn read(&mut self, document: &Table) {
        let package = table(document, "package");
        let rust = package.and_then(|package| package.get("rust-version")?.as_str());
        if let Some(rust) = rust {
            self.rust_version(rust);
        }
        let features = table(document, "features").into_iter();
        for (name, item) in features.flat_map(|features| features.iter()) {
            let parts = item.as_array().into_iter().flat_map(|array| array.iter());
            let parts: BTreeSet<&str> = parts.filter_map(|part| part.as_str()).collect();
            let parts: Vec<&str> = parts.into_iter().collect();
            if name == "default" {
                for part in parts {
                    let key = (ManifestSubject::DefaultFeature, part.to_owned());
                    self.rows.insert(key, "on".to_owned());
                }
            } else {
                let key = (ManifestSubject::Feature, name.to_owned());
                self.rows.insert(key, format!("[{}]", parts.join(", ")));
            }
        }
        for table in DependencyTable::all(document) {
            if let Some(dependencies) = table.get(document).and_then(Item::as_table_like) {
                self.dependencies(&table, dependencies);
            }
        }
    }

    fn dependencies(&mut self, table: &DependencyTable, dependencies: &dyn TableLike) {
        for (name, item) in dependencies.iter() {
            let of = |key: &str| item.as_table_like().and_then(|table| table.get(key));
            let version = item.as_str().or_else(|| of("version")?.as_str());
            let version = version.unwrap_or("of the workspace");
            let optional = of("optional").and_then(Item::as_bool) == Some(true);
            self.dependency(table, name, version, optional);
        }
    }

    fn dependency(&mut self, table: &DependencyTable, name: &str, version: &str, optional: bool) {
        let name = match table.to_string().as_str() {
            "dependencies" => name.to_owned(),
            table => format!("{table}.{name}"),
        };
        let optional = if optional { ", optional" } else { "" };
        let key = (ManifestSubject::Dependency, name);
        self.rows.insert(key, format!("{version}{optional}"));
    }

    /// Fills in what the crate leaves to its workspace.
    pub(super) fn complete(&mut self, inherited: &Inherited) {
        if let Some(rust) = &inherited.rust_version {
            self.rust_version(rust);
        }
        for (table, dependencies) in &inherited.dependencies {
            for (name, dependency) in dependencies {
                if let Some(of) = dependency {
                    self.dependency(table, name, &of.version, of.optional);
                }
            }
        }
    }

    fn rust_version(&mut self, rust: &str) {
        let key = (ManifestSubject::RustVersion, "rust-version".to_owned());
        self.rows.insert(key, rust.to_owned());
    }
}

fn table<'a>(parent: &'a Table, key: &str) -> Option<&'a dyn TableLike> {
    parent.get(key)?.as_table_like()
}

pub(super) fn compare(old: &CargoManifest, new: &CargoManifest) -> Vec<ManifestChange> {
    let names: BTreeSet<_> = old.rows.keys().chain(new.rows.keys()).collect();
    let rows = names.into_iter().filter_map(|key| {
        let (old, new) = (old.rows.get(key), new.rows.get(key));
        let change = match (old, new) {
            (old, new) if old == new => return None,
            (_, None) => ChangeKind::Gone,
            (None, _) => ChangeKind::Added,
            _ => ChangeKind::Changed,
        };
        Some(ManifestChange {
            subject: key.0,
            name: key.1.clone(),
            change,
            old: old.cloned(),
            new: new.cloned(),
        })
    });
    rows.collect()
}
