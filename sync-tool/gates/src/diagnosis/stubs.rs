//! Test functions that upstream's macros ask for, and stubs that can stand for them.

use super::case::{Case, Finding};
use super::index::Index;
use super::table::Entry;
use crate::output::{Diagnostic, Expansion};
use crate::stubs::{self, Missing};

/// Returns the call of the macro that asks for a test function by its name.
pub(super) fn asked_by(diagnostic: &Diagnostic) -> Option<&Expansion> {
    let mut calls = diagnostic.macros.iter().rev();
    calls.find(|call| call.name.starts_with("foreach_"))
}

/// Names what is missing by file, and makes the patches.
pub(super) fn look_up(entry: &Entry, cases: &[Case<'_>], index: &Index<'_>) -> Option<Finding> {
    let tree = index.trees.new;
    let mut lines: Vec<String> = Vec::new();
    let mut missing: Vec<Missing> = Vec::new();
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
        let file = tree.and_then(|tree| stubs::file_of(tree, file));
        missing.extend(file.map(|file| Missing {
            file,
            name: case.name().to_owned(),
            asked_by: asked_by.clone(),
        }));
    }
    let patches = tree.map(|tree| stubs::patches(&missing, tree));
    let patches = patches.unwrap_or_default();
    let steps: Vec<String> = patches.iter().map(|patch| patch.how("<series>")).collect();
    let next = match steps.is_empty() {
        true => entry.next.unknown.to_owned(),
        false => format!("take the stubs: {}", steps.join("; ")),
    };
    let title = match lines.len() {
        1 => "the test function {names} is missing",
        _ => "{count} test functions are missing: {names}",
    };
    Some(Finding {
        title: Some(title),
        next,
        values: vec![("count", lines.len().to_string())],
        lines,
        patches,
    })
}
