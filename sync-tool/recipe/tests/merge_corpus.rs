//! The merge in layers on small changes of the kinds that occur, against the result that a
//! person made of each, and against `git merge-file`.
//!
//! A case is a directory `merge_corpus/<kind>-<what>` with `base.rs`, and what `ours.diff` and
//! `theirs.diff` change in it. `expected.diff` leads to the right result; `expected-2.diff` and
//! so on are as right, where an order does not matter. `expected-conflict` says why a person
//! must decide. Where a case has both, either is right. `lay-out` makes the texts of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use recipe::merge::{LayerOptions, LayeredMerge, Sides, merge_in_layers};

/// The cases that still conflict and should not.
const ALLOWED: &str = include_str!("merge_corpus/conflicts.txt");

struct Case {
    dir: PathBuf,
    name: String,
    inputs: [String; 3],
    expected: Vec<String>,
    may_conflict: bool,
}

/// What a merge of a case came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Right,
    Conflict,
    Wrong,
}

impl Case {
    fn read(dir: PathBuf) -> Self {
        let text = |path: &Path| fs::read_to_string(path).expect("a text of a case");
        let files = fs::read_dir(&dir).expect("a directory of a case");
        let paths = files.map(|file| file.expect("a file of a case").path());
        let (expected, others): (Vec<_>, Vec<_>) =
            paths.partition(|path| path.extension().is_some() && name_of(path).starts_with("exp"));
        let case = Case {
            name: name_of(&dir),
            inputs: ["base.rs", "ours.rs", "theirs.rs"].map(|name| text(&dir.join(name))),
            expected: expected.iter().map(|path| text(path)).collect(),
            may_conflict: dir.join("expected-conflict").exists(),
            dir,
        };
        assert_eq!(
            others.len(),
            3 + usize::from(case.may_conflict),
            "{} has a file of another name",
            case.name
        );
        assert!(
            case.may_conflict || case.dir.join("expected.rs").exists(),
            "{} has no expected.rs and no expected-conflict",
            case.name
        );
        case
    }

    fn judge(&self, result: Option<&str>) -> Verdict {
        match result {
            None if self.may_conflict => Verdict::Right,
            None => Verdict::Conflict,
            Some(text) if self.expected.iter().any(|expected| expected == text) => Verdict::Right,
            Some(_) => Verdict::Wrong,
        }
    }

    /// Merges with git; `None` where it conflicts.
    fn by_git(&self) -> Option<String> {
        let output = Command::new("git")
            .current_dir(&self.dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.dir.join("no-such-file"))
            .args([
                "merge-file",
                "-p",
                "--diff3",
                "ours.rs",
                "base.rs",
                "theirs.rs",
            ])
            .output()
            .expect("this test needs git");
        match output.status.code() {
            Some(0) => Some(String::from_utf8(output.stdout).expect("UTF-8 stays UTF-8")),
            Some(1..=127) => None,
            _ => panic!("git: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().expect("a name");
    name.to_string_lossy().into_owned()
}

fn merged(inputs: &[String; 3]) -> LayeredMerge {
    let [base, ours, theirs] = inputs;
    let options = LayerOptions {
        is_rust: true,
        renames: &[],
        formatter: None,
    };
    merge_in_layers(Sides { base, ours, theirs }, &options).expect("texts that can be compared")
}

/// Writes the texts of a case to a directory of its own.
fn laid_out(corpus: &Path, case: &Path) -> Case {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("merge-corpus")
        .join(name_of(case));
    // There is none before the first run.
    let _ = fs::remove_dir_all(&dir);
    let mut lay_out = Command::new(corpus.join("lay-out"));
    let status = lay_out
        .args([case, &dir])
        .status()
        .expect("this test needs sh and git");
    assert!(status.success(), "{}", case.display());
    Case::read(dir)
}

fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(read_all)
}

fn read_all() -> Vec<Case> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/merge_corpus");
    let entries = fs::read_dir(&corpus).expect("the corpus");
    let paths = entries.map(|entry| entry.expect("a case").path());
    let paths = paths.filter(|path| path.is_dir());
    let mut cases: Vec<Case> = paths.map(|case| laid_out(&corpus, &case)).collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(cases.len() >= 80, "only {} cases were found", cases.len());
    cases
}

/// Returns a line with a case's name and what came instead of the expected text.
fn difference(case: &Case, text: &str) -> String {
    let Some(expected) = case.expected.first() else {
        return format!("{}: merged, where a person must decide", case.name);
    };
    let differs = |(one, other): &(&str, &str)| one != other;
    let lines = text.split('\n').zip(expected.split('\n')).enumerate();
    let at = lines.into_iter().find(|(_, pair)| differs(pair));
    match at {
        Some((at, (found, expected))) => format!(
            "{}: line {} is {found:?}, and expected.rs has {expected:?}",
            case.name,
            at + 1
        ),
        None => format!("{}: longer or shorter than expected.rs", case.name),
    }
}

#[test]
fn no_case_is_merged_wrongly() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let text = merged(&case.inputs).merge.text()?;
            (case.judge(Some(&text)) == Verdict::Wrong).then(|| difference(case, &text))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_cases_that_conflict_are_those_that_are_listed() {
    let conflicting: Vec<String> = cases()
        .iter()
        .filter(|case| {
            case.judge(merged(&case.inputs).merge.text().as_deref()) == Verdict::Conflict
        })
        .map(|case| case.name.clone())
        .collect();
    let allowed: Vec<&str> = ALLOWED.lines().collect();
    assert_eq!(
        conflicting, allowed,
        "the first is what merge_corpus/conflicts.txt should list, if it lists fewer than before"
    );
}

#[test]
fn what_git_merges_rightly_does_not_conflict() {
    let mut clean = 0;
    for case in cases() {
        if case.may_conflict || case.judge(case.by_git().as_deref()) != Verdict::Right {
            continue;
        }
        clean += 1;
        assert!(merged(&case.inputs).merge.is_clean(), "{}", case.name);
    }
    assert!(clean >= 3, "git merges only {clean} cases");
}

/// The corpus itself: each side changes something, and each result has the lines of both.
#[test]
fn each_case_has_two_sides() {
    let mut seen = BTreeSet::new();
    for Case {
        name,
        inputs,
        expected,
        ..
    } in cases()
    {
        let [base, ours, theirs] = inputs;
        assert!(base != ours && base != theirs && ours != theirs, "{name}");
        assert!(!expected.contains(base), "{name}");
        assert!(seen.insert(inputs), "{name} has the texts of another case");
    }
}
