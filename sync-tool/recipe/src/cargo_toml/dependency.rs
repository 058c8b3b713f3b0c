//! Dependencies in one canonical form, however they are written.

use std::fmt;

use serde::Serialize;
use toml_edit::{InlineTable, Item, Table, TableLike, Value};

use super::plain::{Style, array, broken_if_long};
use crate::reader::{Reader, Section};

/// The keys that a dependency of upstream's may have.
const KEYS: &[&str] = &[
    "workspace",
    "version",
    "package",
    "default-features",
    "features",
    "optional",
    "path",
    "git",
    "branch",
    "tag",
    "rev",
];

/// A dependency of a published crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependency {
    /// The version requirement, as upstream writes it.
    pub version: String,
    /// The package's name, where the crate calls it otherwise.
    pub package: Option<String>,
    /// Whether the package's default features are on.
    pub default_features: bool,
    /// The features, each once, the workspace's first.
    pub features: Vec<String>,
    /// Whether the dependency is there only when a feature asks for it.
    pub optional: bool,
}

impl Dependency {
    /// Adds the features that are not there yet.
    pub(super) fn unite(&mut self, features: &[String]) {
        for feature in features {
            if !self.features.contains(feature) {
                self.features.push(feature.clone());
            }
        }
    }

    /// Returns the value to write after `key =`.
    pub(super) fn to_value(&self, key: &str) -> Value {
        let pairs = self.pairs(Style::Flat);
        if let [(_, version)] = &pairs[..] {
            return version.clone();
        }
        broken_if_long(key, |style| {
            Value::InlineTable(InlineTable::from_iter(self.pairs(style)))
        })
    }

    /// Writes the dependency into a table of its own.
    pub(super) fn write(&self, table: &mut Table) {
        table.clear();
        for (key, value) in self.pairs(Style::Flat) {
            let value = match key {
                "features" => broken_if_long(key, |style| array(&self.features, style).into()),
                _ => value,
            };
            table.insert(key, Item::Value(value));
        }
    }

    fn pairs(&self, style: Style) -> Vec<(&'static str, Value)> {
        let mut pairs = vec![("version", Value::from(&self.version))];
        if let Some(package) = &self.package {
            pairs.push(("package", package.into()));
        }
        if !self.default_features {
            pairs.push(("default-features", false.into()));
        }
        if !self.features.is_empty() {
            pairs.push(("features", array(&self.features, style).into()));
        }
        if self.optional {
            pairs.push(("optional", true.into()));
        }
        pairs
    }
}

/// What a table says about a dependency, before inheritance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DependencySpec {
    /// Whether the rest is found in the workspace.
    #[serde(skip)]
    pub workspace: bool,
    /// The version requirement; an addition without one takes upstream's.
    pub version: Option<String>,
    /// The package's name, where it is called otherwise.
    pub package: Option<String>,
    /// Whether default features are on; `None` leaves it to the workspace or cargo.
    pub default_features: Option<bool>,
    /// Features, beyond those that come from elsewhere.
    pub features: Vec<String>,
    /// Whether the dependency is there only when a feature asks for it.
    #[serde(skip)]
    pub optional: bool,
}

impl DependencySpec {
    /// Reads one of upstream's dependencies.
    pub(super) fn read(reader: &mut Reader, item: &Item, key: &str) -> DependencySpec {
        DependencySpec::read_with(reader, item, key, KEYS)
    }

    /// Reads a dependency that may have certain keys only.
    pub(super) fn read_with(
        reader: &mut Reader,
        item: &Item,
        key: &str,
        known: &[&str],
    ) -> DependencySpec {
        if let Some(version) = item.as_str() {
            let version = Some(version.to_owned());
            return DependencySpec {
                version,
                ..DependencySpec::default()
            };
        }
        let Some(table) = item.as_table_like() else {
            let span = item.span().unwrap_or_default();
            reader.mistyped(key, span, "a version or a table");
            return DependencySpec::default();
        };
        let section = Section {
            table,
            name: key.to_owned(),
            span: item.span().unwrap_or_default(),
        };
        reader.keys(&section, &[], known);
        DependencySpec {
            workspace: workspace(reader, &section),
            version: reader.string(&section, "version"),
            package: reader.string(&section, "package"),
            default_features: reader.bool(&section, "default-features"),
            features: reader.strings(&section, "features"),
            optional: reader.bool(&section, "optional").unwrap_or(false),
        }
    }

    /// Returns what the member's words over the workspace's come to.
    ///
    /// As cargo does it: the member adds features and may turn default features
    /// on, never off.
    pub(super) fn over(self, workspace: DependencySpec) -> DependencySpec {
        let default_features = match self.default_features {
            Some(true) => Some(true),
            _ => workspace.default_features,
        };
        let features = [workspace.features, self.features].concat();
        DependencySpec {
            workspace: false,
            default_features,
            features,
            optional: self.optional,
            ..workspace
        }
    }

    /// Returns the dependency, or `None` where it has no version: it is not published.
    pub(super) fn resolved(self) -> Option<Dependency> {
        let mut dependency = Dependency {
            version: self.version?,
            package: self.package,
            default_features: self.default_features.unwrap_or(true),
            features: Vec::new(),
            optional: self.optional,
        };
        dependency.unite(&self.features);
        Some(dependency)
    }
}

/// Tells whether a table inherits; cargo knows no `workspace = false`.
pub(super) fn workspace(reader: &mut Reader, section: &Section<'_>) -> bool {
    reader.read(section, "workspace", "true", |item| {
        item.as_bool().filter(|inherits| *inherits)
    });
    section.get("workspace").is_some()
}

/// What the dependencies of a table are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// To use the crate.
    Normal,
    /// To build it.
    Build,
    /// To test it.
    Development,
}

impl Purpose {
    const ALL: [Purpose; 3] = [Purpose::Normal, Purpose::Build, Purpose::Development];

    /// Returns the table's name.
    pub(super) const fn table(self) -> &'static str {
        match self {
            Purpose::Normal => "dependencies",
            Purpose::Build => "build-dependencies",
            Purpose::Development => "dev-dependencies",
        }
    }
}

/// One of the tables that hold dependencies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DependencyTable {
    /// The platform it is for, `cfg(unix)` for example; `None` for all.
    pub target: Option<String>,
    /// What it is for.
    pub purpose: Purpose,
}

impl DependencyTable {
    /// The table `[dependencies]`.
    pub(super) const NORMAL: DependencyTable = DependencyTable {
        target: None,
        purpose: Purpose::Normal,
    };
    /// The table `[dev-dependencies]`.
    pub(super) const DEVELOPMENT: DependencyTable = DependencyTable {
        target: None,
        purpose: Purpose::Development,
    };

    /// Returns the tables that a manifest has.
    pub fn all(root: &Table) -> Vec<DependencyTable> {
        let targets = root.get("target").and_then(Item::as_table_like);
        let targets = targets.into_iter().flat_map(|targets| targets.iter());
        let targets = targets.map(|(target, _)| Some(target.to_owned()));
        let tables = [None].into_iter().chain(targets).flat_map(|target| {
            Purpose::ALL.map(|purpose| DependencyTable {
                target: target.clone(),
                purpose,
            })
        });
        tables.filter(|table| table.get(root).is_some()).collect()
    }

    /// Returns the names of the dependencies in it, in their order.
    pub(super) fn names(&self, root: &Table) -> Vec<String> {
        let table = self.get(root).and_then(Item::as_table_like);
        let names = table
            .into_iter()
            .flat_map(|table| table.iter().map(|(name, _)| name));
        names.map(str::to_owned).collect()
    }

    /// Returns the table's item in a manifest.
    pub fn get<'a>(&self, root: &'a Table) -> Option<&'a Item> {
        match &self.target {
            None => root.get(self.purpose.table()),
            Some(target) => root
                .get("target")?
                .as_table_like()?
                .get(target)?
                .as_table_like()?
                .get(self.purpose.table()),
        }
    }

    /// Returns the table in a manifest, to change it.
    pub(crate) fn get_mut<'a>(&self, root: &'a mut Table) -> Option<&'a mut dyn TableLike> {
        let item = match &self.target {
            None => root.get_mut(self.purpose.table())?,
            Some(target) => root
                .get_mut("target")?
                .as_table_like_mut()?
                .get_mut(target)?
                .as_table_like_mut()?
                .get_mut(self.purpose.table())?,
        };
        item.as_table_like_mut()
    }
}

impl fmt::Display for DependencyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(target) = &self.target {
            write!(f, "target.'{target}'.")?;
        }
        f.write_str(self.purpose.table())
    }
}
