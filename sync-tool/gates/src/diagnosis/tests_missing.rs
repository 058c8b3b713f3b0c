//! Test functions that upstream's macros ask for.

use super::entry::{Case, Found, Known};
use crate::stubs;
use crate::stubs::Missing;

/// All missing names are reported together.
pub(super) fn subjects(_: &Case<'_>) -> Vec<String> {
    vec!["tests".to_owned()]
}

/// Names what is missing by file, and makes the patches.
pub(super) fn look(_: &str, cases: &[Case<'_>], known: &Known<'_>) -> Option<Found> {
    let tree = known.trees.new;
    let mut upstream: Vec<String> = Vec::new();
    let mut missing = Vec::new();
    let mut seen: Vec<(String, String)> = Vec::new();
    for case in cases {
        let call = case.diagnostic.macros.iter();
        let Some(call) = call.rev().find(|call| call.name.starts_with("foreach_")) else {
            continue;
        };
        let name = case.value("name").to_owned();
        let entry = (call.file.clone(), name.clone());
        if seen.contains(&entry) {
            continue;
        }
        seen.push(entry);
        upstream.push(format!(
            "{}:{}: `{}` asks for `{name}`",
            call.file, call.line, call.name
        ));
        let file = tree.and_then(|tree| stubs::file_of(tree, &call.file));
        missing.extend(file.map(|file| Missing {
            file,
            name,
            asked_by: call.name.clone(),
        }));
    }
    let patches = tree.map(|tree| stubs::patches(&missing, tree));
    let patches = patches.unwrap_or_default();
    let mut names: Vec<&str> = seen.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let what = match names[..] {
        [] => return None,
        [one] => format!("the test function `{one}` is missing"),
        _ => format!(
            "{} test functions are missing: {}",
            names.len(),
            quoted(&names)
        ),
    };
    Some(Found {
        values: vec![("what", what), ("step", step(&patches))],
        upstream,
        patches,
        ..Found::default()
    })
}

fn step(patches: &[stubs::Offered]) -> String {
    if patches.is_empty() {
        return "write a test for each, or a stub with `#[expect(dead_code, reason = …)]` where \
                another crate of upstream's has the test"
            .to_owned();
    }
    let each: Vec<String> = patches.iter().map(|p| p.how("<series>")).collect();
    format!("take the stubs: {}", each.join("; "))
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
