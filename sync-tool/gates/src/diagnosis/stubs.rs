//! Test functions that upstream's macros ask for, and patches that add stubs for them.
//!
//! Upstream has one guest program for a test function, and `foreach_p2!` and the like
//! assert that a function of each program's name exists in the file that calls them.

use std::collections::{BTreeMap, BTreeSet};

use recipe::patch::{Difference, Patch};
use recipe::tree::{File, Tree, TreePath};
use serde::Serialize;

use super::identify::{Finding, Identifier};
use super::index::Index;
use super::table::Entry;
use crate::output::{Diagnostic, Expansion};

/// Where upstream's tests are, in the crate.
const TESTS: &str = "tests/all/";

/// The head of the patches that are offered.
const CHANGE: &str = "Stubs stand for tests of guests that are run elsewhere.";
const REASON: &str = "A macro of upstream's asks for a function of each guest's name.";

/// A patch that adds what is missing from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StubPatch {
    /// The file.
    pub file: TreePath,
    /// The names that it adds.
    pub names: Vec<String>,
    /// The patch, as a series stores it.
    pub patch: String,
}

impl StubPatch {
    /// Returns how to take it, into a series whose directory is given.
    pub(super) fn how(&self, series: &str) -> String {
        let StubPatch { file, .. } = self;
        format!(
            "save it as `{series}/{file}.patch` and give {file} a `[[files]]` rule with \
             `kind = \"patched\"`; or write the stubs into the vendored file and run \
             `wash-wasi-sync refresh --as-patch {file} --change \"{CHANGE}\" --reason \"{REASON}\"`"
        )
    }
}

/// Returns the call of the macro that asks for a test function by its name.
pub(super) fn asked_by(diagnostic: &Diagnostic) -> Option<&Expansion> {
    let mut calls = diagnostic.macros.iter().rev();
    calls.find(|call| call.name.starts_with("foreach_"))
}

/// Names what is missing by file, and makes the patches.
pub(super) fn look_up(
    entry: &Entry,
    cases: &[Identifier<'_>],
    index: &Index<'_>,
) -> Option<Finding> {
    let tree = index.trees.new;
    let mut lines: Vec<String> = Vec::new();
    let mut missing: BTreeMap<TreePath, BTreeSet<String>> = BTreeMap::new();
    for case in cases {
        let call = asked_by(case.diagnostic)?;
        let Expansion {
            name: asked_by,
            file,
            line,
        } = call;
        let text = format!("{file}:{line}: `{asked_by}` asks for `{}`", case.name());
        if lines.contains(&text) {
            continue;
        }
        lines.push(text);
        if let Some(file) = tree.and_then(|tree| file_of(tree, file)) {
            missing
                .entry(file)
                .or_default()
                .insert(case.name().to_owned());
        }
    }
    let patches = tree.map(|tree| patches(&missing, tree));
    let patches = patches.unwrap_or_default();
    let steps: Vec<String> = patches.iter().map(|patch| patch.how("<series>")).collect();
    let next = match steps.is_empty() {
        true => entry.next.unknown.to_owned(),
        false => format!("take the stubs: {}", steps.join("; ")),
    };
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name()).collect();
    let title = match names.len() {
        1 => "the test function {names} is missing",
        _ => "{count} test functions are missing: {names}",
    };
    Some(Finding {
        title: Some(title),
        next,
        values: vec![("count", names.len().to_string())],
        lines,
        patches,
    })
}

/// Returns the file of tests that a path ends in, as a compiler names it from
/// whatever directory it runs in.
pub(super) fn file_of(tree: &Tree, named: &str) -> Option<TreePath> {
    let named = format!("/{named}");
    let ends = |path: &&TreePath| named.ends_with(&format!("/{path}"));
    let tests = tree.iter().map(|(path, _)| path);
    let mut tests = tests.filter(|path| path.as_str().starts_with(TESTS));
    tests.find(ends).cloned()
}

/// Makes the patches that add stubs to files, by their names; they apply to the tree's
/// files as they are.
pub(super) fn patches(
    missing: &BTreeMap<TreePath, BTreeSet<String>>,
    tree: &Tree,
) -> Vec<StubPatch> {
    let offered = missing.iter().filter_map(|(file, names)| {
        let base = tree.get(file.as_str()).and_then(File::text)?;
        let new = with_stubs(base, names);
        let differences = vec![Difference::new(CHANGE, REASON)];
        let patch = Patch::between(file.as_str(), base, &new, differences).ok()??;
        Some(StubPatch {
            file: file.clone(),
            names: names.iter().cloned().collect(),
            patch: patch.render(),
        })
    });
    offered.collect()
}

/// Adds stubs at the end of a file, in the form that upstream's own have.
fn with_stubs(base: &str, names: &BTreeSet<String>) -> String {
    let mut text = base.trim_end_matches('\n').to_owned();
    text.push('\n');
    for name in names {
        let tested_in = tested_in(name);
        text.push_str(&format!(
            "\n#[expect(\n    dead_code,\n    \
             reason = \"tested in the {tested_in} crate, satisfying foreach_api! macro\"\n)]\n\
             fn {name}() {{}}\n"
        ));
    }
    text
}

/// Returns the crate of upstream's that runs a guest which is no test of ours.
fn tested_in(program: &str) -> &'static str {
    let has = |words: &[&str]| program.split('_').any(|part| words.contains(&part));
    if has(&["http", "proxy"]) {
        "wasi-http"
    } else if has(&["tls"]) {
        "wasi-tls"
    } else {
        "wasi-cli"
    }
}
