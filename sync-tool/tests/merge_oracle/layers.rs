//! The merge in layers on upstream's real files: what holds for every result, whichever layer
//! made it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::env;
use std::sync::Arc;

use host::{Environment, Host, Silent};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use recipe::format::Formatter as _;
use recipe::merge::{LayerOptions, LayeredMerge, Sides, merge_in_layers};
use recipe::tree::{Tree, TreePath};
use wash_wasi_sync::rustfmt::Rustfmt;

use super::changes::{Change, changed, changes};
use super::oracle::{Edit, cases, edited, edits, upstream};
use super::{Bench, labels, sources, text};

/// Neighbouring releases between which upstream changed much in the files of sockets.
const NEIGHBOURS: [[&str; 2]; 2] = [["41.0.4", "42.0.2"], ["47.0.4", "48.0.8"]];

/// How many results are formatted, each by a process.
const FORMATTED: usize = 25;

/// Runs of a test, or those that `WASH_WASI_MERGE_CASES` asks for.
fn count(default: u32) -> u32 {
    let asked = env::var("WASH_WASI_MERGE_CASES").ok();
    asked.map_or(default, |asked| asked.parse().expect("a number of cases"))
}

/// A file that upstream changed from one release to the next.
struct Changed {
    base: String,
    theirs: String,
}

/// Returns the files of moderate size that upstream changed.
fn files() -> Vec<Changed> {
    let of = |[before, after]: [Arc<Tree>; 2]| {
        let both = sources(&before, "src/").map(|path| Changed {
            base: text(&before, path).to_owned(),
            theirs: text(&after, path).to_owned(),
        });
        let differing = both.filter(|file| !file.theirs.is_empty() && file.base != file.theirs);
        differing
            .filter(|file| file.base.lines().count() < 700)
            .collect::<Vec<_>>()
    };
    let files = NEIGHBOURS
        .into_iter()
        .flat_map(|pair| of(pair.map(upstream)));
    let files: Vec<Changed> = files.collect();
    assert!(files.len() > 20, "only {} files changed", files.len());
    files
}

fn parses(text: &str) -> bool {
    syn::parse_file(text).is_ok()
}

fn layered(base: &str, ours: &str, theirs: &str) -> LayeredMerge {
    let options = LayerOptions {
        is_rust: true,
        renames: &[],
        formatter: None,
    };
    merge_in_layers(Sides { base, ours, theirs }, &options).expect("texts that can be compared")
}

/// Counts the lines that have more than punctuation, by their text without indentation.
/// Imports are left out: as sets, they are not kept by lines.
fn lines_of(text: &str) -> HashMap<&str, isize> {
    let mut counts = HashMap::new();
    let mut is_import = false;
    for line in text.lines().map(str::trim) {
        let begins = ["use ", "pub use ", "pub(crate) use "];
        is_import |= begins.iter().any(|begin| line.starts_with(begin));
        if !is_import && line.contains(char::is_alphanumeric) {
            *counts.entry(line).or_default() += 1;
        }
        is_import &= !line.ends_with(';');
    }
    counts
}

/// Checks that no line that a side added is missing in a result, nor one that both kept.
fn keeps_lines([base, ours, theirs]: [&str; 3], merged: &str) -> Result<(), TestCaseError> {
    let [base, ours, theirs, merged] = [base, ours, theirs, merged].map(lines_of);
    let of = |counts: &HashMap<&str, isize>, line| counts.get(line).copied().unwrap_or_default();
    for line in ours.keys().chain(theirs.keys()) {
        let before = of(&base, line);
        let (by_ours, by_theirs) = (of(&ours, line) - before, of(&theirs, line) - before);
        // What both sides add may be one change.
        let in_both = by_ours.min(by_theirs).max(0);
        let least = before + by_ours + by_theirs - in_both;
        prop_assert!(
            of(&merged, line) >= least,
            "{line:?} is there {} times, and should be {least} times",
            of(&merged, line)
        );
    }
    Ok(())
}

/// Checks what holds for the merge of any three texts; returns it.
fn check_laws(texts: [&str; 3]) -> Result<LayeredMerge, TestCaseError> {
    let [base, ours, theirs] = texts;
    for (sides, whole) in [([base, ours, base], ours), ([base, base, theirs], theirs)] {
        let [base, ours, theirs] = sides;
        let merged = layered(base, ours, theirs).merge.text();
        prop_assert_eq!(merged.as_deref(), Some(whole), "one side alone changed");
    }
    let by_lines = Bench::new().compare(base, ours, theirs)?.text();
    let merged = layered(base, ours, theirs);
    for conflict in merged.merge.conflicts() {
        prop_assert!(ours.contains(&conflict.ours.text));
        prop_assert!(theirs.contains(&conflict.theirs.text));
    }
    let all_parse = texts.into_iter().all(parses);
    match merged.merge.text() {
        None if all_parse => {
            let is_good = by_lines.is_some_and(|text| parses(&text));
            prop_assert!(!is_good, "the lines merge to what parses, and it conflicts");
        }
        Some(text) if all_parse => prop_assert!(parses(&text), "the result does not parse"),
        text => prop_assert_eq!(by_lines, text, "lines are all there is"),
    }
    // A line of ours with a name that theirs changed is there with the new name.
    if !merged.notes.iter().any(|note| note.contains("renam")) {
        keeps_lines(texts, &merged.merge.with_markers(&labels()))?;
    }
    Ok(merged)
}

/// Checks that what is merged of formatted texts is formatted.
fn check_formatted(results: &[[String; 2]]) {
    let of = |side: usize| {
        let path = TreePath::new("src/lib.rs").expect("a path");
        let texts = results
            .iter()
            .map(move |texts| (path.clone(), Arc::from(texts[side].as_str())));
        let files: Vec<(TreePath, Arc<str>)> = texts.collect();
        let environment = Environment::of_process().expect("an environment");
        let host = Host::new(environment, Arc::new(Silent)).expect("a host");
        let cache = tempfile::tempdir().expect("a directory");
        let rustfmt = Rustfmt::new(&host, cache.path().to_owned());
        let formatted = rustfmt.format("2024", &files).expect("rustfmt");
        let pairs = formatted.texts.into_iter().zip(files);
        pairs
            .map(|(after, (_, before))| after == before)
            .collect::<Vec<_>>()
    };
    for ([_, merged], (ours, is_formatted)) in results.iter().zip(of(0).into_iter().zip(of(1))) {
        assert!(!ours || is_formatted, "rustfmt changes this:\n{merged}");
    }
}

fn picked() -> impl Strategy<Value = (Index, Vec<Change>)> {
    (any::<Index>(), changes(4))
}

#[test]
fn changes_of_code_keep_the_laws() {
    let files = files();
    let (clean, parsing) = (Cell::new(0), Cell::new(0));
    let results = RefCell::new(Vec::new());
    let cases = cases(count(200));
    let total = cases.cases;
    let law = |(pick, changes): (Index, Vec<Change>)| {
        let Changed { base, theirs } = &files[pick.index(files.len())];
        let ours = changed(base, theirs, &changes);
        parsing.set(parsing.get() + u32::from(parses(&ours)));
        let merged = check_laws([base, &ours, theirs])?;
        if let Some(text) = merged.merge.text() {
            clean.set(clean.get() + 1);
            if parses(&text) && results.borrow().len() < FORMATTED {
                results.borrow_mut().push([ours, text]);
            }
        }
        Ok(())
    };
    if let Err(failure) = TestRunner::new(cases).run(&picked(), law) {
        panic!("{failure}");
    }
    check_formatted(&results.borrow());
    let (clean, parsing) = (clean.get(), parsing.get());
    assert!(parsing > total / 2, "only {parsing} of {total} parse");
    assert!(
        clean > total / 4 && clean < total,
        "{clean} of {total} merge"
    );
}

#[test]
fn changes_of_lines_keep_the_laws() {
    let files = files();
    let law = |(pick, ours, theirs): (Index, Vec<Edit>, Vec<Edit>)| {
        let file = &files[pick.index(files.len())];
        let ours = edited(&file.base, &ours);
        check_laws([&file.base, &ours, &edited(&file.theirs, &theirs)]).map(|_| ())
    };
    let strategy = (any::<Index>(), edits(3), edits(1));
    if let Err(failure) = TestRunner::new(cases(count(100))).run(&strategy, law) {
        panic!("{failure}");
    }
}
