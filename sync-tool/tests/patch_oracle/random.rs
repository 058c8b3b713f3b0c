//! Random edits of written texts and of upstream's files.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use recipe::patch::{HunkFault, HunkFaultKind, Patch};

use crate::declared::Declared;
use crate::oracle::{TEXTS, cases, edited, edits, upstream};
use crate::{Bench, between, parsed};

/// Checks that the patch between two texts leads from one to the other, in
/// git's hands and in ours, and that reading and writing it loses nothing.
fn leads(base: &str, new: &str) -> Result<Patch, TestCaseError> {
    let text = between(base, new);
    let patch = parsed(&text);
    prop_assert_eq!(&patch.render(), &text);
    let ours = patch.apply(base).map(|applied| applied.text);
    prop_assert_eq!(ours.as_deref(), Ok(new));
    let by_git = Bench::new().git(base, text.as_bytes());
    prop_assert_eq!(by_git.as_deref(), Ok(new), "{}", text);
    Ok(patch)
}

/// What a patch came to on another text than it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Both give the same bytes.
    Same,
    /// Both refuse.
    Neither,
    /// One of them refuses, for a reason that is declared.
    Declared(Declared),
}

/// Applies a patch to another text than it was made for; both refuse it, or
/// both give the same bytes, or the difference is declared.
fn drifts(patch: &Patch, target: &str) -> Result<Outcome, TestCaseError> {
    let ours = patch.apply(target);
    let by_git = Bench::new().git(target, patch.render().as_bytes());
    match (ours, by_git) {
        (Err(_), Err(_)) => Ok(Outcome::Neither),
        (Ok(ours), Ok(by_git)) => {
            prop_assert_eq!(ours.text, by_git);
            Ok(Outcome::Same)
        }
        (Ok(_), Err(refused)) => {
            prop_assert!(
                anchored(patch, target),
                "git: {}\n{}",
                refused,
                patch.render()
            );
            Ok(Outcome::Declared(Declared::Anchored))
        }
        (Err(faults), Ok(_)) => match faults.iter().find_map(|fault| of_fault(patch, fault)) {
            Some(declared) => Ok(Outcome::Declared(declared)),
            None => {
                let message = format!("git applies it: {faults:?}\n{}", patch.render());
                Err(TestCaseError::fail(message))
            }
        },
    }
}

/// Tells whether git wants a hunk at the start or the end of the text, and it stands elsewhere.
fn anchored(patch: &Patch, target: &str) -> bool {
    let applied = patch.apply(target).expect("it applies");
    let count = target.split_inclusive('\n').count();
    applied
        .places
        .iter()
        .zip(&patch.hunks)
        .any(|(place, hunk)| {
            let end = place.line + hunk.old_lines().count() - 1;
            let has_trail = hunk
                .lines
                .last()
                .is_some_and(|line| line.kind.sign() == ' ');
            (place.written <= 1 && place.line != 1) || (!has_trail && end != count)
        })
}

/// Returns the declared difference that explains why git applies what ours refuses.
fn of_fault(patch: &Patch, fault: &HunkFault) -> Option<Declared> {
    let hunk = &patch.hunks[fault.hunk - 1];
    let is_open = hunk
        .old_lines()
        .last()
        .is_some_and(|line| !line.ends_with('\n'));
    match &fault.kind {
        HunkFaultKind::Ambiguous { .. } => Some(Declared::Ambiguous),
        HunkFaultKind::OutOfOrder { .. } => Some(Declared::OutOfOrder),
        HunkFaultKind::NotAtEnd { .. } => Some(Declared::OpenEnd),
        HunkFaultKind::Nowhere { .. } => is_open.then_some(Declared::OpenEnd),
    }
}

fn base() -> impl Strategy<Value = String> {
    let written = prop::sample::select(TEXTS).prop_map(str::to_owned);
    let base = (written, edits(3)).prop_map(|(text, edits)| edited(&text, &edits));
    base.prop_filter("a patch needs a text to stand in", |base| !base.is_empty())
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn a_patch_of_a_written_text_leads_to_the_new_one(base in base(), new in edits(4)) {
        let new = edited(&base, &new);
        if base != new {
            leads(&base, &new)?;
        }
    }
}

#[test]
fn a_patch_on_a_written_text_that_moved_on_does_as_gits_or_is_declared() {
    let mut runner = TestRunner::new(cases(768));
    let seen: RefCell<BTreeMap<Outcome, usize>> = RefCell::default();
    let tested = runner.run(&(base(), edits(3), edits(3)), |(base, new, moved)| {
        let new = edited(&base, &new);
        if base != new {
            let patch = parsed(&between(&base, &new));
            let outcome = drifts(&patch, &edited(&base, &moved))?;
            *seen.borrow_mut().entry(outcome).or_default() += 1;
        }
        Ok(())
    });
    tested.unwrap_or_else(|e| panic!("{e}"));
    // The cases are not all of one sort.
    let seen = seen.into_inner();
    for (outcome, least) in [
        (Outcome::Same, 100),
        (Outcome::Neither, 100),
        (Outcome::Declared(Declared::Anchored), 10),
        (Outcome::Declared(Declared::Ambiguous), 1),
    ] {
        assert!(seen.get(&outcome) >= Some(&least), "{seen:?}");
    }
}

#[test]
fn a_patch_between_any_two_written_texts_leads_from_one_to_the_other() {
    for base in TEXTS {
        for new in TEXTS.iter().filter(|new| *new != base).chain(&[""]) {
            leads(base, new).unwrap_or_else(|e| panic!("{base:?} {new:?}: {e}"));
        }
    }
}

/// The texts of wasmtime-wasi 41.0.0.
static REAL: LazyLock<Vec<String>> = LazyLock::new(|| {
    let tree = upstream("41.0.0");
    let texts = tree.iter().filter_map(|(_, file)| file.text());
    texts
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
});

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_patch_of_a_real_file_leads_to_the_new_one(
        pick in any::<prop::sample::Index>(),
        new in edits(6),
        moved in edits(6),
    ) {
        let base = &REAL[pick.index(REAL.len())];
        let new = edited(base, &new);
        if *base != new {
            let patch = leads(base, &new)?;
            drifts(&patch, &edited(base, &moved))?;
        }
    }
}

#[test]
fn patches_between_releases_lead_from_one_to_the_other() {
    let [old, new] = ["40.0.0", "41.0.0"].map(upstream);
    let mut seen = BTreeSet::new();
    for (path, file) in old.iter() {
        let (Some(base), Some(after)) = (file.text(), new.get(path.as_str())) else {
            continue;
        };
        let after = after.text().expect("still a text");
        if base == after || base.is_empty() {
            continue;
        }
        leads(base, after).unwrap_or_else(|e| panic!("{path}: {e}"));
        seen.insert(path.as_str());
    }
    assert!(seen.len() >= 5, "{seen:?}");
}
