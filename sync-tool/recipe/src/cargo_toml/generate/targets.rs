//! Targets: upstream's that are left out, the fork's own.

use toml_edit::{ArrayOfTables, Item, Table, Value};

use super::Generator;
use crate::cargo_toml::additions::{AddedTarget, AddedTargetKind, Additions};
use crate::cargo_toml::edit::{append, end, replace};
use crate::cargo_toml::plain::{Plain, Style, array};
use crate::cargo_toml::{fault, include, parse};
use crate::error::{Fault, Result};
use crate::reader::{TABLES, TomlFile};

/// What makes cargo build files that no target names, in the order of [`AddedTargetKind::ALL`].
const DISCOVERY: [&str; 3] = ["autotests", "autobenches", "autoexamples"];

impl Generator {
    /// Returns the added targets that fit an upstream version.
    pub(super) fn targets_for<'a>(
        &mut self,
        upstream: &str,
        additions: &'a Additions,
    ) -> Vec<&'a AddedTarget> {
        let Some(upstream) = self.version("package.version", upstream) else {
            return Vec::new();
        };
        additions
            .targets
            .iter()
            .filter(|target| target.fits(&upstream))
            .collect()
    }

    /// Leaves out test targets by name, listed by upstream or found by cargo.
    pub(super) fn leave_out_tests(&mut self, names: &[String]) {
        if let Some(tests) = self
            .document
            .get_mut("test")
            .and_then(Item::as_array_of_tables_mut)
        {
            tests.retain(|test| {
                !names
                    .iter()
                    .any(|name| Some(name.as_str()) == name_of(test))
            });
            if tests.is_empty() {
                self.document.remove("test");
            }
        }
        for name in names {
            self.drop("test", name, "it needs a package that is not published");
        }
    }

    /// Adds the fork's own targets behind upstream's.
    pub(super) fn add_targets(&mut self, targets: &[&AddedTarget]) {
        for kind in AddedTargetKind::ALL {
            let ours: Vec<&AddedTarget> =
                targets.iter().copied().filter(|t| t.kind == kind).collect();
            if ours.is_empty() {
                continue;
            }
            let positions = end(&self.document)..;
            let item = self.document.entry(kind.table());
            let item = item.or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
            let Some(tables) = item.as_array_of_tables_mut() else {
                self.reader.mistyped(kind.table(), 0..0, TABLES);
                continue;
            };
            for (position, target) in positions.zip(ours) {
                if tables
                    .iter()
                    .any(|table| name_of(table) == Some(&target.name))
                {
                    self.reader.faults.push(name_taken(kind, &target.name));
                }
                let mut table = target_table(target);
                table.set_position(Some(position));
                tables.push(table);
            }
        }
    }

    /// Lists upstream's targets that cargo finds by their files: beside the fork's
    /// own files, which are not all for each release, nothing may be left to find.
    pub(super) fn list_discovered(&mut self, paths: &[&str]) {
        for (kind, switch) in AddedTargetKind::ALL.into_iter().zip(DISCOVERY) {
            let package = self.document.get("package").and_then(|p| p.get(switch));
            if package.and_then(Item::as_bool) == Some(false) {
                continue;
            }
            let found = unlisted(&self.document, kind, paths.iter().copied());
            let found = found.into_iter().map(|(name, path)| AddedTarget {
                kind,
                name,
                path: Some(path),
                harness: None,
                required_features: Vec::new(),
                since: None,
                until: None,
            });
            let found: Vec<AddedTarget> = found.collect();
            self.add_targets(&found.iter().collect::<Vec<_>>());
        }
    }

    /// Keeps cargo from building the files of targets that were left out.
    pub(super) fn only_listed_targets(&mut self) {
        let Some(package) = self.package() else {
            return;
        };
        for key in DISCOVERY {
            replace(package, key, false.into());
        }
    }

    /// Lets the files of added targets into the package.
    pub(super) fn include(&mut self, targets: &[&AddedTarget]) {
        let files: Vec<String> = targets.iter().map(|target| target.file()).collect();
        let Some(package) = self.package() else {
            return;
        };
        let Some(item) = package.get_mut("include") else {
            return;
        };
        let Some(Plain::List(present)) = Plain::of(item) else {
            return;
        };
        if let Some(array) = item.as_array_mut() {
            let lacking = include::lacking(&present, &files);
            append(array, lacking.iter().map(String::as_str));
        }
    }
}

/// Returns upstream's test targets that would vanish unnoticed: cargo finds them
/// by their files, upstream does not list them, and the additions do not say that
/// they are left out. `paths` are the crate's files.
///
/// # Errors
///
/// Fails where the crate's manifest is not TOML.
pub fn unlisted_tests<'a>(
    member: &str,
    paths: impl IntoIterator<Item = &'a str>,
    additions: &Additions,
) -> Result<Vec<String>> {
    let document = parse(TomlFile::Member, member)?;
    let mut names = unlisted(document.as_table(), AddedTargetKind::Test, paths);
    names.retain(|(name, _)| !additions.left_out_tests.contains(name));
    Ok(names.into_iter().map(|(name, _)| name).collect())
}

/// Returns the targets of a kind that cargo finds by their files and a manifest
/// does not list, with those files, in the order of the names.
fn unlisted<'a>(
    root: &Table,
    kind: AddedTargetKind,
    paths: impl IntoIterator<Item = &'a str>,
) -> Vec<(String, String)> {
    let listed = root.get(kind.table()).and_then(Item::as_array_of_tables);
    let listed: Vec<&Table> = listed.into_iter().flatten().collect();
    let is_listed = |name: &str, path: &str| {
        let path_of = |table: &Table| table.get("path").and_then(Item::as_str) == Some(path);
        listed
            .iter()
            .any(|table| name_of(table) == Some(name) || path_of(table))
    };
    let found = paths
        .into_iter()
        .filter_map(|path| Some((discovered(kind, path)?, path)));
    let mut found: Vec<(String, String)> = found
        .filter(|(name, path)| !is_listed(name, path))
        .map(|(name, path)| (name.to_owned(), path.to_owned()))
        .collect();
    found.sort();
    found
}

/// Returns the name of the target that cargo makes of a file: `tests/a.rs` and
/// `tests/a/main.rs` are both the test `a`.
fn discovered(kind: AddedTargetKind, path: &str) -> Option<&str> {
    let below = path.strip_prefix(kind.directory())?.strip_prefix('/')?;
    let name = below
        .strip_suffix("/main.rs")
        .or_else(|| below.strip_suffix(".rs"))?;
    (!name.contains('/')).then_some(name)
}

fn name_taken(kind: AddedTargetKind, name: &str) -> Fault {
    let table = kind.table();
    let or_omit = match kind {
        AddedTargetKind::Test => format!(", or add `{name}` to `cargo.omit-tests`"),
        _ => String::new(),
    };
    fault(
        format!("`cargo.{table}` adds `{name}`, which upstream has already"),
        format!("give it another name in manifest.toml{or_omit}"),
    )
}

fn name_of(target: &Table) -> Option<&str> {
    target.get("name").and_then(Item::as_str)
}

fn target_table(target: &AddedTarget) -> Table {
    let mut table = Table::new();
    table.insert("name", Item::Value(Value::from(&target.name)));
    if let Some(path) = &target.path {
        table.insert("path", Item::Value(Value::from(path)));
    }
    if let Some(harness) = target.harness {
        table.insert("harness", Item::Value(harness.into()));
    }
    if !target.required_features.is_empty() {
        let features = array(&target.required_features, Style::Flat);
        table.insert("required-features", Item::Value(features.into()));
    }
    table
}
