//! Random changes of Rust code, such as patches make, most of them where upstream changed it too.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::Index;

/// What is done to a text, and at which of the places where that can be done.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    kind: Kind,
    at: Index,
    /// Whether only places near a line that upstream changed are taken.
    is_near: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    AddStatement,
    ChangeStatement,
    RemoveStatement,
    AddImport,
    ExtendImport,
    AddArm,
    AddFieldOrVariant,
    CopyFunction,
}

/// Makes up to `most` changes, at least one.
pub(crate) fn changes(most: usize) -> impl Strategy<Value = Vec<Change>> {
    let kinds = vec![
        Kind::AddStatement,
        Kind::ChangeStatement,
        Kind::RemoveStatement,
        Kind::AddImport,
        Kind::ExtendImport,
        Kind::AddArm,
        Kind::AddFieldOrVariant,
        Kind::CopyFunction,
    ];
    let change = (
        prop::sample::select(kinds),
        any::<Index>(),
        prop::bool::weighted(0.7),
    );
    let change = change.prop_map(|(kind, at, is_near)| Change { kind, at, is_near });
    prop::collection::vec(change, 1..=most)
}

/// Makes changes of a text; a change for which there is no place is left out.
pub(crate) fn changed(base: &str, theirs: &str, changes: &[Change]) -> String {
    let known: HashSet<&str> = theirs.lines().collect();
    let mut lines: Vec<String> = base.lines().map(str::to_owned).collect();
    for (number, Change { kind, at, is_near }) in changes.iter().enumerate() {
        let is_changed = |line: &String| !known.contains(line.as_str());
        let near = |at: usize| {
            let around = at.saturating_sub(3)..(at + 4).min(lines.len());
            !is_near || lines[around].iter().any(is_changed)
        };
        let fits = |at: &usize| near(*at) && fits(*kind, &lines, *at);
        let places: Vec<usize> = (0..lines.len()).filter(fits).collect();
        if !places.is_empty() {
            change(*kind, &mut lines, places[at.index(places.len())], number);
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Tells whether a line is the head of a function whose end is found.
fn end_of_function(lines: &[String], at: usize) -> Option<usize> {
    let is_head = lines[at].contains("fn ") && lines[at].ends_with('{');
    let end = format!("{}}}", " ".repeat(indent(&lines[at])));
    let rest = || lines[at..].iter().position(|line| *line == end);
    is_head.then(rest).flatten().map(|length| at + length)
}

/// Tells whether a change of a kind can be made at, or behind, a line.
fn fits(kind: Kind, lines: &[String], at: usize) -> bool {
    let line = &lines[at];
    let is_comment = line.trim_start().starts_with("//");
    let is_import = line.starts_with("use ") && line.ends_with(';');
    match kind {
        Kind::AddStatement | Kind::ChangeStatement | Kind::RemoveStatement => {
            let is_whole = line.trim_start().starts_with(char::is_alphabetic);
            indent(line) >= 8 && line.ends_with(';') && is_whole
        }
        Kind::AddImport => is_import,
        Kind::ExtendImport => is_import && line.contains('{'),
        Kind::AddArm => !is_comment && line.contains(" => ") && line.ends_with(','),
        Kind::AddFieldOrVariant => indent(line) == 4 && !is_comment && line.ends_with(','),
        Kind::CopyFunction => end_of_function(lines, at).is_some(),
    }
}

/// Makes a change, with lines that are nowhere else.
fn change(kind: Kind, lines: &mut Vec<String>, at: usize, number: usize) {
    let line = lines[at].clone();
    let margin = " ".repeat(indent(&line));
    match kind {
        Kind::AddStatement => lines.insert(at + 1, format!("{margin}fork_{number}();")),
        Kind::ChangeStatement if line.contains("let ") && !line.contains("let mut ") => {
            lines[at] = line.replacen("let ", "let mut ", 1);
        }
        Kind::ChangeStatement => lines[at] = format!("{line} // fork {number}"),
        Kind::RemoveStatement => drop(lines.remove(at)),
        Kind::AddImport => lines.insert(at + 1, format!("use crate::fork_{number}::Fork;")),
        Kind::ExtendImport => lines[at] = line.replacen('{', &format!("{{Fork{number}, "), 1),
        Kind::AddArm => lines.insert(at + 1, format!("{margin}Fork::A{number} => fork(),")),
        Kind::AddFieldOrVariant if line.contains(": ") => {
            lines.insert(at + 1, format!("{margin}fork_{number}: u8,"));
        }
        Kind::AddFieldOrVariant => lines.insert(at + 1, format!("{margin}Fork{number},")),
        Kind::CopyFunction => {
            let end = end_of_function(lines, at).expect("a place where it fits");
            let mut copy = vec![String::new()];
            copy.extend_from_slice(&lines[at..=end]);
            copy[1] = line.replacen("fn ", &format!("fn fork_{number}_"), 1);
            lines.splice(end + 1..end + 1, copy);
        }
    }
}
