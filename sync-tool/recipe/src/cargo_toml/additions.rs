//! What the fork's `Cargo.toml` gets beyond upstream's: `[cargo]` of `manifest.toml`.

use std::collections::{BTreeMap, BTreeSet};

use semver::{Version, VersionReq};
use serde::Serialize;

use super::dependency::DependencySpec;
use super::lints::{self, Lints};
use crate::reader::{Reader, Section};

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

/// The keys of an added target, besides its name.
const TARGET_KEYS: &[&str] = &["path", "harness", "required-features", "since", "until"];

/// What is added to upstream's manifest, and what is left out of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Additions {
    /// Upstream's test targets that are left out.
    pub left_out_tests: Vec<String>,
    /// Dependencies of the fork's own tests, by name.
    pub dev_dependencies: BTreeMap<String, DependencySpec>,
    /// Lints over upstream's.
    pub lints: Lints,
    /// The fork's own targets, in the order of `manifest.toml`.
    pub targets: Vec<AddedTarget>,
}

/// What sort of target an addition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum AddedTargetKind {
    Test,
    Bench,
    Example,
}

impl AddedTargetKind {
    /// All kinds, in the order they are written.
    pub(super) const ALL: [AddedTargetKind; 3] = [
        AddedTargetKind::Test,
        AddedTargetKind::Bench,
        AddedTargetKind::Example,
    ];

    /// Returns the name of the kind's tables.
    pub(super) const fn table(self) -> &'static str {
        match self {
            AddedTargetKind::Test => "test",
            AddedTargetKind::Bench => "bench",
            AddedTargetKind::Example => "example",
        }
    }

    /// Returns the directory where cargo looks for targets without a path.
    pub(super) const fn directory(self) -> &'static str {
        match self {
            AddedTargetKind::Test => "tests",
            AddedTargetKind::Bench => "benches",
            AddedTargetKind::Example => "examples",
        }
    }
}

/// A target of the fork's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AddedTarget {
    pub kind: AddedTargetKind,
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

impl AddedTarget {
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

impl Additions {
    /// Reads `[cargo]` of `manifest.toml`.
    pub(crate) fn read(r: &mut Reader, section: &Section<'_>) -> Additions {
        r.keys(section, &[], KEYS);
        let lints = r.below(section, "lints");
        let targets = AddedTargetKind::ALL.map(|kind| targets(r, section, kind));
        Additions {
            left_out_tests: r.strings(section, "omit-tests"),
            dev_dependencies: dev_dependencies(r, section),
            lints: lints
                .map(|lints| lints::read(r, &lints))
                .unwrap_or_default(),
            targets: targets.concat(),
        }
    }
}

fn dev_dependencies(r: &mut Reader, section: &Section<'_>) -> BTreeMap<String, DependencySpec> {
    let Some(section) = r.below(section, "dev-dependencies") else {
        return BTreeMap::new();
    };
    let mut all = BTreeMap::new();
    for (name, item) in section.table.iter() {
        let key = section.key(name);
        let spec = DependencySpec::read_with(r, item, &key, DEPENDENCY_KEYS);
        if let Some(version) = &spec.version
            && let Err(e) = VersionReq::parse(version)
        {
            let span = item.get("version").unwrap_or(item).span();
            let message = format!("`{key}`: `{version}` is not a version requirement: {e}");
            let help = "write one such as \"1.2\", or leave it out to follow upstream";
            r.fault(span.unwrap_or_default(), message, help);
        }
        all.insert(name.to_owned(), spec);
    }
    all
}

fn targets(r: &mut Reader, section: &Section<'_>, kind: AddedTargetKind) -> Vec<AddedTarget> {
    let mut seen = BTreeSet::new();
    r.each(section, kind.table(), |r, s| {
        r.keys(s, &["name"], TARGET_KEYS);
        let target = AddedTarget {
            kind,
            since: r.version(s, "since"),
            until: r.version(s, "until"),
            path: r.path(s, "path").map(String::from),
            harness: r.bool(s, "harness"),
            required_features: r.strings(s, "required-features"),
            name: r.string(s, "name")?,
        };
        if !seen.insert(target.name.clone()) {
            let message = format!("`{}` names `{}` twice", s.name, target.name);
            r.fault(s.span.clone(), message, "give one of them another name");
        }
        Some(target)
    })
}
