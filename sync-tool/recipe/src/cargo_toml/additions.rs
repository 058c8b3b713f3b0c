//! What the fork's `Cargo.toml` gets beyond upstream's: `[cargo]` of `manifest.toml`.

use std::collections::BTreeMap;
use std::ops::Range;

use semver::{Version, VersionReq};
use serde::Serialize;
use toml_edit::Item;

use super::dependency::Spec;
use super::lints::{self, Lints};
use super::reader::{ParseError, Reader, Section, What};

/// The keys of `[cargo]`.
const KEYS: &[&str] = &[
    "omit-tests",
    "dev-dependencies",
    "lints",
    "test",
    "bench",
    "example",
];

/// The keys of an added dependency.
const DEPENDENCY_KEYS: &[&str] = &["version", "package", "default-features", "features"];

/// The keys of an added target.
const TARGET_KEYS: &[&str] = &[
    "name",
    "path",
    "harness",
    "required-features",
    "since",
    "until",
];

/// What is added to upstream's manifest, and what is left out of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Additions {
    /// Upstream's test targets that are left out.
    pub left_out_tests: Vec<String>,
    /// Dependencies of the fork's own tests, by name.
    pub dev_dependencies: BTreeMap<String, AddedDependency>,
    /// Lints over upstream's.
    pub lints: Lints,
    /// The fork's own targets, in the order of `manifest.toml`.
    pub targets: Vec<Target>,
}

/// A dependency of the fork's own tests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AddedDependency {
    /// The version requirement; `None` takes upstream's.
    pub version: Option<String>,
    /// The package's name, where it is called otherwise.
    pub package: Option<String>,
    /// Whether default features are on; `None` leaves it to upstream or cargo.
    pub default_features: Option<bool>,
    /// Features, beyond upstream's.
    pub features: Vec<String>,
}

/// What sort of target an addition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// An integration test.
    Test,
    /// A benchmark.
    Bench,
    /// An example.
    Example,
}

impl TargetKind {
    /// All kinds, in the order they are written.
    pub(super) const ALL: [TargetKind; 3] =
        [TargetKind::Test, TargetKind::Bench, TargetKind::Example];

    /// Returns the name of the kind's tables.
    pub(super) const fn table(self) -> &'static str {
        match self {
            TargetKind::Test => "test",
            TargetKind::Bench => "bench",
            TargetKind::Example => "example",
        }
    }

    /// Returns the directory where cargo looks for targets without a path.
    pub(super) const fn directory(self) -> &'static str {
        match self {
            TargetKind::Test => "tests",
            TargetKind::Bench => "benches",
            TargetKind::Example => "examples",
        }
    }
}

/// A target of the fork's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// What sort it is.
    pub kind: TargetKind,
    /// Its name.
    pub name: String,
    /// Its file; `None` leaves it to cargo to find by the name.
    pub path: Option<String>,
    /// Whether the test harness is built in, where said.
    pub harness: Option<bool>,
    /// The features without which it is not built.
    pub required_features: Vec<String>,
    /// The first upstream version that it fits.
    pub since: Option<Version>,
    /// The first upstream version that it no longer fits.
    pub until: Option<Version>,
}

impl Target {
    /// Tells whether the target fits an upstream version.
    pub fn fits(&self, upstream: &Version) -> bool {
        self.since.as_ref().is_none_or(|since| since <= upstream)
            && self.until.as_ref().is_none_or(|until| upstream < until)
    }

    /// Returns its file, or the one where cargo looks first.
    pub fn file(&self) -> String {
        let by_name = || format!("{}/{}.rs", self.kind.directory(), self.name);
        self.path.clone().unwrap_or_else(by_name)
    }
}

/// A fault of `[cargo]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// The key with the tables above it, from `cargo` on.
    pub key: String,
    /// The bytes of `manifest.toml` that are at fault, where known.
    pub span: Option<Range<usize>>,
    /// What is wrong; it names the key.
    pub message: String,
    /// The next step.
    pub help: String,
}

impl From<ParseError> for Fault {
    fn from(flaw: ParseError) -> Fault {
        let ParseError { key, span, what } = flaw;
        let (message, help) = match what {
            What::Type(expected) => (
                format!("`{key}` is not {expected}"),
                format!("write {expected}"),
            ),
            What::Unknown(known) => (
                format!("unknown key `{key}`"),
                format!("known here: {}", known.join(", ")),
            ),
            What::Missing => (format!("`{key}` is missing"), format!("add `{key}`")),
        };
        Fault {
            key,
            span,
            message,
            help,
        }
    }
}

impl Additions {
    /// Reads the item `cargo` of `manifest.toml`.
    ///
    /// # Errors
    ///
    /// All faults together: unknown keys, wrong types, versions and paths that
    /// are none, targets named twice.
    pub fn from_item(item: &Item) -> Result<Additions, Vec<Fault>> {
        let mut parser = Parser::default();
        let additions = match parser.reader.section(item, "cargo".to_owned()) {
            Some(section) => parser.additions(&section),
            None => Additions::default(),
        };
        let mut faults: Vec<Fault> = parser.reader.flaws.into_iter().map(Fault::from).collect();
        faults.extend(parser.faults);
        if faults.is_empty() {
            Ok(additions)
        } else {
            Err(faults)
        }
    }
}

#[derive(Default)]
struct Parser {
    reader: Reader,
    faults: Vec<Fault>,
}

impl Parser {
    fn additions(&mut self, section: &Section<'_>) -> Additions {
        self.reader.only(section, KEYS);
        let lints = self.reader.below(section, "lints");
        let mut targets = Vec::new();
        for kind in TargetKind::ALL {
            self.targets(section, kind, &mut targets);
        }
        Additions {
            left_out_tests: self.reader.strings(section, "omit-tests"),
            dev_dependencies: self.dev_dependencies(section),
            lints: lints
                .map(|lints| lints::read(&mut self.reader, &lints))
                .unwrap_or_default(),
            targets,
        }
    }

    fn dev_dependencies(&mut self, section: &Section<'_>) -> BTreeMap<String, AddedDependency> {
        let Some(section) = self.reader.below(section, "dev-dependencies") else {
            return BTreeMap::new();
        };
        let mut all = BTreeMap::new();
        for (name, item) in section.table.iter() {
            let key = section.path(name);
            let spec = Spec::read_with(&mut self.reader, item, &key, DEPENDENCY_KEYS);
            if let Some(version) = &spec.version {
                self.requirement(&key, item, version);
            }
            let Spec {
                version,
                package,
                default_features,
                features,
                ..
            } = spec;
            let added = AddedDependency {
                version,
                package,
                default_features,
                features,
            };
            all.insert(name.to_owned(), added);
        }
        all
    }

    fn requirement(&mut self, key: &str, item: &Item, version: &str) {
        if let Err(e) = VersionReq::parse(version) {
            let version_item = item.get("version").unwrap_or(item);
            self.faults.push(Fault {
                key: key.to_owned(),
                span: version_item.span(),
                message: format!("`{key}`: `{version}` is not a version requirement: {e}"),
                help: "write one such as \"1.2\", or leave it out to follow upstream".to_owned(),
            });
        }
    }

    fn targets(&mut self, section: &Section<'_>, kind: TargetKind, targets: &mut Vec<Target>) {
        let Some(item) = section.table.get(kind.table()) else {
            return;
        };
        let name = section.path(kind.table());
        let Some(tables) = item.as_array_of_tables() else {
            self.reader.flaw(
                name,
                item.span(),
                What::Type("a list of tables, each `[[…]]`"),
            );
            return;
        };
        for table in tables {
            let section = Section::new(table, name.clone()).at(table.span());
            let Some(target) = self.target(&section, kind) else {
                continue;
            };
            if targets
                .iter()
                .any(|t| t.kind == kind && t.name == target.name)
            {
                self.faults.push(Fault {
                    key: name.clone(),
                    span: table.span(),
                    message: format!("`{name}` names `{}` twice", target.name),
                    help: "give one of them another name".to_owned(),
                });
            }
            targets.push(target);
        }
    }

    fn target(&mut self, section: &Section<'_>, kind: TargetKind) -> Option<Target> {
        self.reader.only(section, TARGET_KEYS);
        let since = self.version(section, "since");
        let until = self.version(section, "until");
        let path = self.path(section);
        let harness = self.reader.bool(section, "harness");
        let required_features = self.reader.strings(section, "required-features");
        let name = self.reader.needed(section, "name")?;
        Some(Target {
            kind,
            name,
            path,
            harness,
            required_features,
            since,
            until,
        })
    }

    fn version(&mut self, section: &Section<'_>, key: &str) -> Option<Version> {
        let text = self.reader.string(section, key)?;
        let version = Version::parse(&text);
        if let Err(e) = &version {
            self.faults.push(Fault {
                key: section.path(key),
                span: section.table.get(key).and_then(Item::span),
                message: format!("`{}`: `{text}` is not a version: {e}", section.path(key)),
                help: "write an upstream version such as \"41.0.0\"".to_owned(),
            });
        }
        version.ok()
    }

    fn path(&mut self, section: &Section<'_>) -> Option<String> {
        let path = self.reader.string(section, "path")?;
        let leaves = path.split('/').any(|part| matches!(part, "" | "." | ".."));
        if leaves || path.contains(['\\', ':']) {
            self.faults.push(Fault {
                key: section.path("path"),
                span: section.table.get("path").and_then(Item::span),
                message: format!(
                    "`{}`: `{path}` is not a path within the crate",
                    section.path("path")
                ),
                help: "name a file below the crate's root, with `/` between its parts".to_owned(),
            });
        }
        Some(path)
    }
}
