//! Targets: upstream's that are left out, the fork's own.

use toml_edit::{ArrayOfTables, Item, Table, Value};

use super::Draft;
use crate::core::cargo_toml::additions::{Additions, Target, TargetKind};
use crate::core::cargo_toml::edit::{append, end, replace};
use crate::core::cargo_toml::error::{Error, Text};
use crate::core::cargo_toml::include;
use crate::core::cargo_toml::inherited::parse;
use crate::core::cargo_toml::plain::{Plain, Style, array};

/// What makes cargo build files that no target names.
const DISCOVERY: [&str; 3] = ["autotests", "autobenches", "autoexamples"];

impl Draft {
    /// Returns the added targets that fit an upstream version.
    pub(super) fn targets_for<'a>(
        &mut self,
        upstream: &str,
        additions: &'a Additions,
    ) -> Vec<&'a Target> {
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
    pub(super) fn add_targets(&mut self, targets: &[&Target]) {
        for kind in TargetKind::ALL {
            let ours: Vec<&Target> = targets.iter().copied().filter(|t| t.kind == kind).collect();
            if ours.is_empty() {
                continue;
            }
            let positions = end(&self.document)..;
            let item = self.document.entry(kind.table());
            let item = item.or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
            let Some(tables) = item.as_array_of_tables_mut() else {
                let (key, expected) = (kind.table().to_owned(), "a list of tables");
                self.errors.push(Error::WrongType {
                    text: Text::Member,
                    key,
                    expected,
                });
                continue;
            };
            for (position, target) in positions.zip(ours) {
                if tables
                    .iter()
                    .any(|table| name_of(table) == Some(&target.name))
                {
                    let (kind, name) = (kind.table(), target.name.clone());
                    self.errors.push(Error::TargetTaken { kind, name });
                }
                let mut table = target_table(target);
                table.set_position(Some(position));
                tables.push(table);
            }
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
    pub(super) fn include(&mut self, targets: &[&Target]) {
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
            append(array, include::lacking(&present, &files));
        }
    }
}

/// Returns upstream's test targets that would vanish unnoticed: cargo finds them
/// by their files, upstream does not list them, and the additions do not say that
/// they are left out. `paths` are the crate's files.
///
/// # Errors
///
/// [`Error::NotToml`] if the crate's manifest cannot be read.
pub fn unlisted_tests<'a>(
    member: &str,
    paths: impl IntoIterator<Item = &'a str>,
    additions: &Additions,
) -> Result<Vec<String>, Error> {
    let document = parse(Text::Member, member)?;
    let listed = document.get("test").and_then(Item::as_array_of_tables);
    let listed: Vec<&Table> = listed.into_iter().flatten().collect();
    let is_listed = |name: &str, path: &str| {
        let path_of = |table: &Table| table.get("path").and_then(Item::as_str) == Some(path);
        listed
            .iter()
            .any(|table| name_of(table) == Some(name) || path_of(table))
    };
    let found = paths
        .into_iter()
        .filter_map(|path| Some((discovered(path)?, path)));
    let left_out = |name: &str| additions.left_out_tests.iter().any(|out| out == name);
    let unlisted = found.filter(|(name, path)| !left_out(name) && !is_listed(name, path));
    let mut names: Vec<String> = unlisted.map(|(name, _)| name.to_owned()).collect();
    names.sort();
    Ok(names)
}

/// Returns the name of the test target that cargo makes of a file: `tests/a.rs`
/// and `tests/a/main.rs` are both `a`.
fn discovered(path: &str) -> Option<&str> {
    let below = path.strip_prefix("tests/")?;
    let name = below
        .strip_suffix("/main.rs")
        .or_else(|| below.strip_suffix(".rs"))?;
    (!name.contains('/')).then_some(name)
}

fn name_of(target: &Table) -> Option<&str> {
    target.get("name").and_then(Item::as_str)
}

fn target_table(target: &Target) -> Table {
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
