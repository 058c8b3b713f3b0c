//! Texts that are no stored patch: ours says what is wrong, and git is asked
//! whether it would take them.

use recipe::patch::{DiffSide, HunkFaultKind, Patch, PatchFaultKind as K};

use crate::{Bench, FILE, parsed, with_head};

const HUNK: &str = "@@ -1,2 +1,2 @@\n a\n-b\n+B\n";
const BASE: &str = "a\nb\n";
const AFTER: &str = "a\nB\n";

/// Returns the faults of a text, each with a line of it and a next step.
fn faults(text: &str) -> Vec<K> {
    let faults = Patch::parse(text.as_bytes()).expect_err("it is no stored patch");
    let count = text.lines().count().max(1);
    for fault in &faults {
        assert!((1..=count).contains(&fault.line), "{fault:?}");
        assert!(!fault.help().is_empty() && !fault.to_string().is_empty());
    }
    faults.into_iter().map(|fault| fault.kind).collect()
}

fn by_git(text: &str) -> Option<String> {
    Bench::new().git(BASE, text.as_bytes()).ok()
}

#[test]
fn what_both_refuse() {
    let counts = with_head(&HUNK.replace("-1,2", "-1,3"));
    let wrong = K::WrongCounts {
        written_old: 3,
        written_new: 2,
        counted_old: 2,
        counted_new: 2,
    };
    assert_eq!(faults(&counts), [wrong]);
    assert_eq!(by_git(&counts), None);

    assert_eq!(faults(""), [K::Empty]);
    assert_eq!(by_git(""), None);

    let no_hunk = with_head("");
    assert_eq!(faults(&no_hunk), [K::NoHunk]);
    assert_eq!(by_git(&no_hunk), None);

    let converted = with_head(HUNK).replace('\n', "\r\n");
    assert_eq!(faults(&converted), [K::Converted]);
    assert_eq!(by_git(&converted), None);

    let headless = with_head(HUNK).replace(&format!("+++ b/{FILE}\n"), "");
    assert_eq!(
        faults(&headless),
        [K::MissingHeader {
            side: DiffSide::New
        }]
    );
    assert_eq!(by_git(&headless), None);

    let cut = with_head("@@ -1,2 +1,2 @@\n a\n-b\n");
    assert!(matches!(faults(&cut)[..], [K::WrongCounts { .. }]));
    assert_eq!(by_git(&cut), None);

    let creates = with_head("@@ -0,0 +1 @@\n+a\n").replace(&format!("a/{FILE}"), "/dev/null");
    assert!(faults(&creates).contains(&K::CreatesOrDeletes {
        side: DiffSide::Old
    }));
    assert_eq!(by_git(&creates), None, "the file is there");

    let start = format!(
        "Change: a\nReason: b\n\ndiff --git a/{FILE} b/{FILE}\nindex 422c2b7..e69de29 100644\n"
    );
    let literal =
        "GIT binary patch\nliteral 1\nIcmZPo000310RR91\n\nliteral 4\nLcmYdfU|;|M0Du5T\n\n";
    let differ = format!("Binary files a/{FILE} and b/{FILE} differ\n");
    for rest in [literal, &differ] {
        let binary = format!("{start}{rest}");
        assert_eq!(faults(&binary), [K::Binary]);
        assert_eq!(by_git(&binary), None);
    }
}

#[test]
fn what_only_ours_refuses() {
    // Without its last line end a patch may have been cut off.
    let open = with_head(HUNK).trim_end().to_owned();
    assert_eq!(faults(&open), [K::Truncated]);

    // A stored patch says what it is for.
    let silent = format!("--- a/{FILE}\n+++ b/{FILE}\n{HUNK}");
    assert_eq!(faults(&silent), [K::NoDifference]);
    assert_eq!(by_git(&silent).as_deref(), Some(AFTER));

    // One patch, one file: git would apply both.
    let second = "--- a/patch\n+++ b/patch\n@@ -1,2 +1,2 @@\n-Change: a seam\n+x\n Reason: the loopback network\n";
    let two = with_head(HUNK) + second;
    assert_eq!(faults(&two), [K::SecondFile]);
    assert_eq!(by_git(&two).as_deref(), Some(AFTER));
    let two = with_head(HUNK) + "diff --git a/patch b/patch\n" + second;
    assert_eq!(faults(&two), [K::SecondFile]);
    assert_eq!(by_git(&two).as_deref(), Some(AFTER));

    // A patch changes a file's text, not whether it is there, nor its name or mode.
    let deletes = with_head("@@ -1,2 +0,0 @@\n-a\n-b\n").replace(&format!("b/{FILE}"), "/dev/null");
    assert_eq!(
        faults(&deletes),
        [K::CreatesOrDeletes {
            side: DiffSide::New
        }]
    );
    let git_head = format!("diff --git a/{FILE} b/{FILE}\nold mode 100644\nnew mode 100755\n---");
    let mode = with_head(HUNK).replacen("---", &git_head, 1);
    assert!(faults(&mode).contains(&K::RenamesOrChangesMode));
    assert_eq!(by_git(&mode).as_deref(), Some(AFTER));
}

#[test]
fn all_faults_of_a_text_are_told_together() {
    let text = format!(
        "Change: a\njunk\n--- a/{FILE}\n+++ b/other\n@@ -1,9 +1,2 @@\n a\n-b\n+B\n@@ broken @@\n a\n"
    );
    let faults = faults(&text);
    for expected in [
        K::ChangeWithoutReason,
        K::UnknownHeadLine,
        K::PathsDiffer {
            old: FILE.into(),
            new: "other".into(),
        },
        K::BadHunkHeader,
    ] {
        assert!(
            faults.contains(&expected),
            "{expected:?} is not in {faults:?}"
        );
    }
    assert!(
        faults
            .iter()
            .any(|fault| matches!(fault, K::WrongCounts { .. }))
    );
}

#[test]
fn a_patch_of_another_file_is_told_by_what_it_looks_for() {
    let text = with_head(HUNK).replace(FILE, "src/other.rs");
    let patch = parsed(&text);
    assert_eq!(patch.path, "src/other.rs");
    assert_eq!(by_git(&text), None);
    let faults = patch.apply("fn main() {}\n").expect_err("another file");
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].kind, HunkFaultKind::Nowhere { nearest: None });
    assert!(faults[0].help().contains("nothing of it is there"));
}
