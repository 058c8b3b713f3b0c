//! `[tests]`: how upstream's own tests are run on the fork, and what is known of them.

use std::collections::BTreeSet;
use std::ops::Range;

use semver::Version;
use toml_edit::{Item, TableLike};

use super::Pattern;
use super::reader::{Reader, Section, span};

/// The directories that upstream's guests are built from, where the manifest
/// does not say: the guests, and the adapter that makes components of them.
pub const PROGRAMS: [&str; 2] = [
    "crates/test-programs/**",
    "crates/wasi-preview1-component-adapter/**",
];

/// `[tests]`.
#[derive(Debug, Clone)]
pub struct Tests {
    /// The tests of upstream's that are known to fail on the fork.
    pub expected_failures: Vec<ExpectedFailure>,
    /// The directories of upstream's workspace that the guests are built from,
    /// besides the crates that the fork's crate is built from.
    pub programs: Vec<Pattern>,
}

/// A test of upstream's that is known to fail on the fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFailure {
    /// Its name, as the test harness gives it: `p2::async_::p2_tcp_bind`.
    pub name: String,
    /// Why it fails, and why that is accepted.
    pub reason: String,
    /// The first upstream release that it passes at again, where known.
    pub until: Option<Version>,
    /// The entry's place in the manifest.
    pub span: Range<usize>,
}

impl Default for Tests {
    fn default() -> Self {
        // They are globs, so none is left out.
        let programs = PROGRAMS.iter().filter_map(|p| Pattern::new(p, 0..0).ok());
        Tests {
            expected_failures: Vec::new(),
            programs: programs.collect(),
        }
    }
}

/// Reads the table; its absence means that nothing is expected to fail.
pub(super) fn read(r: &mut Reader, root: &dyn TableLike) -> Tests {
    let mut tests = Tests::default();
    let Some(s) = r.section_if_any(root, "tests") else {
        return tests;
    };
    r.only(s.table, &s.name, &["expected-failures", "programs"]);
    if let Some(item) = s.table.get("expected-failures") {
        tests.expected_failures = expected_failures(r, item);
    }
    if let Some(programs) = r.patterns_if_any(&s, "programs", "repository") {
        tests.programs = programs;
    }
    tests
}

fn expected_failures(r: &mut Reader, item: &Item) -> Vec<ExpectedFailure> {
    let mut entries = Vec::new();
    for section in tables(r, item) {
        entries.extend(expected_failure(r, &section));
    }
    let mut names = BTreeSet::new();
    for entry in &entries {
        if !names.insert(entry.name.as_str()) {
            r.fault(
                entry.span.clone(),
                format!("`{}` is expected to fail twice", entry.name),
                "keep one of the entries",
            );
        }
    }
    entries
}

/// Returns the entries, written in a list or as tables of their own.
fn tables<'a>(r: &mut Reader, item: &'a Item) -> Vec<Section<'a>> {
    let name = "an entry of `expected-failures`";
    let section = |table: &'a dyn TableLike, span: Option<Range<usize>>| Section {
        table,
        name: name.to_owned(),
        span: span.unwrap_or(0..0),
    };
    if let Some(tables) = item.as_array_of_tables() {
        return tables.iter().map(|t| section(t, t.span())).collect();
    }
    let Some(array) = item.as_array() else {
        r.fault(
            span(item),
            "`expected-failures` is not a list",
            "write it as [{ name = \"…\", reason = \"…\" }]",
        );
        return Vec::new();
    };
    let mut sections = Vec::new();
    for value in array {
        match value.as_inline_table() {
            Some(table) => sections.push(section(table, value.span())),
            None => r.fault(
                value.span().unwrap_or_else(|| span(item)),
                "`expected-failures` holds something that is not a table",
                "write it as { name = \"…\", reason = \"…\" }",
            ),
        }
    }
    sections
}

fn expected_failure(r: &mut Reader, s: &Section<'_>) -> Option<ExpectedFailure> {
    r.only(s.table, &s.name, &["name", "reason", "until"]);
    let name = said(
        r,
        s,
        "name",
        "write the name that the test harness gives it",
    );
    let reason = said(r, s, "reason", "say why it fails, and why that is accepted");
    let until = s.table.get("until").and_then(|_| r.version(s, "until"));
    Some(ExpectedFailure {
        name: name?,
        reason: reason?,
        until,
        span: s.span.clone(),
    })
}

/// Returns a text that says something.
fn said(r: &mut Reader, s: &Section<'_>, key: &str, help: &str) -> Option<String> {
    let (text, at) = r.string(s, key)?;
    if text.trim().is_empty() {
        r.fault(at, format!("`{key}` is empty"), help);
        return None;
    }
    Some(text.trim().to_owned())
}
