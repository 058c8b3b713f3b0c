use proptest::prelude::*;

use super::super::DiffSide::{New, Old};
use super::super::{Delta, HeadKey, LineKind, PatchFaultKind as K};
use super::{Difference, Patch, parsed, with_head};

const HUNK: &str = "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";

/// Returns lines and kinds of all faults.
fn faults(text: impl AsRef<[u8]>) -> Vec<(usize, K)> {
    let faults = Patch::parse(text.as_ref()).expect_err("a bad patch");
    assert!(
        faults
            .iter()
            .all(|fault| !fault.help().is_empty() && !fault.to_string().is_empty())
    );
    faults
        .into_iter()
        .map(|fault| (fault.line, fault.kind))
        .collect()
}

/// Returns the faults of hunks below a good head, whose last line is line 5.
fn hunk_faults(hunks: &str) -> Vec<(usize, K)> {
    faults(with_head(hunks))
}

#[test]
fn a_whole_patch_is_read() {
    let patch = parsed(
        "# a remark\nChange: one thing\n  that takes two lines\nReason:\n\twhy\n\nChange: another\nReason: because\n\
         diff --git a/src/ctx.rs b/src/ctx.rs\nindex 1234567..89abcde 100644\n\
         --- a/src/ctx.rs\t2026-01-01\n+++ b/src/ctx.rs\n\
         @@ -1,2 +1,3 @@ fn heading()\n one\n+two\n three\n@@ -9 +10 @@\n-nine\n\\ No newline at end of file\n+NINE\n",
    );
    assert_eq!(patch.path, "src/ctx.rs");
    assert_eq!(patch.notes, [" a remark"]);
    let expected = [
        Difference::new("one thing\nthat takes two lines", "why"),
        Difference::new("another", "because"),
    ];
    assert_eq!(patch.differences, expected);
    assert_eq!(patch.hunks.len(), 2);
    assert_eq!(
        (
            patch.hunks[0].at,
            patch.hunks[0].old_start,
            patch.hunks[0].new_start
        ),
        (13, 1, 1)
    );
    assert_eq!(patch.hunks[0].heading, "fn heading()");
    assert_eq!(patch.hunks[0].lines[1].kind, LineKind::Added);
    assert_eq!(patch.hunks[1].old_lines().collect::<Vec<_>>(), ["nine"]);
    assert_eq!(patch.hunks[1].new_lines().collect::<Vec<_>>(), ["NINE\n"]);
    assert_eq!(
        patch.delta(),
        Delta {
            added: 2,
            removed: 1
        }
    );
    assert_eq!(patch.delta().total(), 3);
    assert_eq!(
        [patch.delta(), patch.delta()].iter().sum::<Delta>().total(),
        6
    );
    assert_eq!(parsed(&patch.render()), patch);
}

#[test]
fn an_empty_file_is_only_that() {
    assert_eq!(faults(""), [(1, K::Empty)]);
}

#[test]
fn a_head_must_pair_changes_with_reasons() {
    let diff = format!("--- a/f\n+++ b/f\n{HUNK}");
    let of = |head: &str| faults(format!("{head}{diff}"));
    assert_eq!(of(""), [(1, K::NoDifference)]);
    assert_eq!(of("# nothing\n\n"), [(1, K::NoDifference)]);
    assert_eq!(of("Change: a\n"), [(1, K::ChangeWithoutReason)]);
    assert_eq!(of("\nReason: a\n"), [(2, K::ReasonWithoutChange)]);
    assert_eq!(
        of("Reason: b\nChange: a\n"),
        [(1, K::ReasonWithoutChange), (2, K::ChangeWithoutReason)]
    );
    assert_eq!(
        of("Change: a\nChange: b\nReason: c\nReason: d\n"),
        [(1, K::ChangeWithoutReason), (4, K::ReasonWithoutChange)]
    );
    assert_eq!(
        of("Change:\nReason: c\n"),
        [(
            1,
            K::EmptyValue {
                key: HeadKey::Change
            }
        )]
    );
    assert_eq!(
        of("Change: c\nReason: \n"),
        [(
            2,
            K::EmptyValue {
                key: HeadKey::Reason
            }
        )]
    );
    assert_eq!(of("Change: a\nReason: b\nhm\n"), [(3, K::UnknownHeadLine)]);
    assert_eq!(
        of("Change: a\nReason: b\n\n  late\n"),
        [(4, K::UnknownHeadLine)]
    );
}

#[test]
fn the_file_is_named_once_and_the_same_on_both_sides() {
    let of = |names: &str| faults(format!("Change: a\nReason: b\n{names}{HUNK}"));
    let missing = |side| K::MissingHeader { side };
    assert_eq!(of(""), [(3, missing(Old)), (3, missing(New))]);
    assert_eq!(of("--- a/f\n"), [(3, missing(New))]);
    assert_eq!(of("+++ b/f\n"), [(3, missing(Old))]);
    let twice = of("--- a/f\n+++ b/f\n--- a/f\n");
    assert_eq!(twice, [(5, K::DuplicateHeader { side: Old })]);
    let differ = K::PathsDiffer {
        old: "f".into(),
        new: "g".into(),
    };
    assert_eq!(of("--- a/f\n+++ b/g\n"), [(3, differ)]);
    let bad = |side, path: &str| K::BadPath {
        side,
        path: path.into(),
    };
    assert_eq!(of("--- f\n+++ b/f\n"), [(3, bad(Old, "f"))]);
    assert_eq!(
        of("--- a/f\n+++ \"b/f\\303\"\n"),
        [(4, bad(New, "\"b/f\\303\""))]
    );
    assert_eq!(of("--- a/\n+++ b/f\n"), [(3, bad(Old, "a/"))]);
    let null = |side| K::CreatesOrDeletes { side };
    assert_eq!(of("--- /dev/null\n+++ b/f\n"), [(3, null(Old))]);
    assert_eq!(
        of("deleted file mode 100644\n--- a/f\n+++ /dev/null\n"),
        [(3, null(New)), (5, null(New))]
    );
    assert_eq!(
        of("old mode 100644\nnew mode 100755\n--- a/f\n+++ b/f\n").len(),
        2
    );
}

#[test]
fn creating_a_file_leads_to_fork_owned_files() {
    let text = "Change: a\nReason: b\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+new\n";
    let faults = Patch::parse(text.as_bytes()).expect_err("a bad patch");
    assert_eq!(faults[0].to_string(), "the patch creates a file");
    assert!(faults[0].help().contains("fork-owned"));
    assert_eq!((faults[1].line, &faults[1].kind), (5, &K::NoOldText));
}

#[test]
fn a_second_file_is_named_where_it_begins() {
    let second = format!("{HUNK}--- a/g\n+++ b/g\n{HUNK}");
    assert_eq!(hunk_faults(&second), [(11, K::SecondFile)]);
    let by_git = format!("{HUNK}diff --git a/g b/g\n--- a/g\n+++ b/g\n{HUNK}");
    assert_eq!(hunk_faults(&by_git), [(11, K::SecondFile)]);
}

#[test]
fn content_that_looks_like_header_lines_is_content() {
    let patch = parsed(&with_head(
        "@@ -1,2 +1,2 @@\n one\n--- a/g\n+++ b/g\n@@ -9 +9 @@\n-x\n+y\n",
    ));
    assert_eq!(patch.hunks[0].lines[1].text, "-- a/g\n");
    assert_eq!(patch.hunks[0].lines[2].text, "++ b/g\n");
    assert_eq!(patch.hunks.len(), 2);
}

#[test]
fn binary_patches_are_refused() {
    let text = "Change: a\nReason: b\nGIT binary patch\nliteral 3\nKcmZQzU|?Vb\n";
    assert_eq!(faults(text), [(3, K::Binary)]);
    assert_eq!(
        faults("Change: a\nReason: b\nBinary files a/f and b/f differ\n"),
        [(3, K::Binary)]
    );
}

#[test]
fn counts_are_those_of_the_lines() {
    let wrong = K::WrongCounts {
        written_old: 4,
        written_new: 3,
        counted_old: 3,
        counted_new: 3,
    };
    assert_eq!(
        hunk_faults("@@ -1,4 +1,3 @@\n one\n-two\n+TWO\n three\n"),
        [(6, wrong.clone())]
    );
    assert!(wrong.help().contains("`-…,3 +…,3`"));
    let more = K::WrongCounts {
        written_old: 1,
        written_new: 1,
        counted_old: 3,
        counted_new: 3,
    };
    assert_eq!(
        hunk_faults("@@ -1 +1 @@\n one\n-two\n+TWO\n three\n"),
        [(6, more)]
    );
    let none = K::WrongCounts {
        written_old: 1,
        written_new: 1,
        counted_old: 0,
        counted_new: 0,
    };
    assert_eq!(hunk_faults("@@ -1 +1 @@\n"), [(6, none)]);
}

#[test]
fn hunk_headers_are_checked() {
    let bad = [
        "@@ -1,3 +1,3",
        "@@ -0,3 +1,3 @@",
        "@@ -1,3 +1,3 @@x",
        "@@ -1,+3 +1,3 @@",
        "@@ -1,3 +99999999999,3 @@",
        "@@@ -1,3 -1,3 +1,3 @@@",
    ];
    for header in bad {
        let hunk = HUNK.replace("@@ -1,3 +1,3 @@", header);
        assert_eq!(hunk_faults(&hunk), [(6, K::BadHunkHeader)], "{header}");
    }
    assert_eq!(hunk_faults(""), [(5, K::NoHunk)]);
}

#[test]
fn lines_must_belong_to_a_hunk() {
    let wrong = K::WrongCounts {
        written_old: 3,
        written_new: 3,
        counted_old: 2,
        counted_new: 2,
    };
    let lost = HUNK.replace(" three", "three");
    assert_eq!(hunk_faults(&lost), [(6, wrong), (10, K::UnknownPrefix)]);
    // An editor took the space from a blank context line.
    assert_eq!(
        hunk_faults("@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n\n"),
        [(10, K::UnknownPrefix)]
    );
    assert_eq!(
        hunk_faults(&format!("{HUNK}\n\nhm\n")),
        [(11, K::StrayLine)]
    );
    assert_eq!(
        hunk_faults(&format!("{HUNK}-- \n2.47.3\n")),
        [(11, K::StrayLine)]
    );
    assert_eq!(hunk_faults(&format!("hm\n{HUNK}")), [(6, K::StrayLine)]);
}

#[test]
fn a_hunk_says_where_and_what() {
    assert_eq!(hunk_faults("@@ -3,0 +4 @@\n+new\n"), [(6, K::NoOldText)]);
    assert_eq!(
        hunk_faults("@@ -3 +3 @@\n same\n"),
        [(6, K::ChangesNothing)]
    );
    assert_eq!(
        hunk_faults("@@ -3 +3 @@\n-same\n+same\n"),
        [(6, K::ChangesNothing)]
    );
    // The line end alone is a change.
    parsed(&with_head(
        "@@ -3 +3 @@\n-same\n\\ No newline at end of file\n+same\n",
    ));
}

#[test]
fn hunks_are_in_order_and_apart() {
    let two =
        |start: usize| format!("@@ -5,2 +5,2 @@\n a\n-b\n+c\n@@ -{start},2 +9,2 @@\n a\n-b\n+c\n");
    let out = |start| [(10, K::OutOfOrder { start, end: 6 })];
    assert_eq!(hunk_faults(&two(6)), out(6));
    assert_eq!(hunk_faults(&two(2)), out(2));
    parsed(&with_head(&two(7)));
}

#[test]
fn the_mark_of_a_missing_line_end_stands_last() {
    let mark = "\\ No newline at end of file\n";
    let misplaced = |line| [(line, K::MisplacedEnd)];
    assert_eq!(
        hunk_faults(&format!("@@ -1,2 +1,2 @@\n-a\n{mark}+b\n c\n")),
        misplaced(8)
    );
    assert_eq!(
        hunk_faults(&format!("@@ -1,2 +1,2 @@\n-a\n+b\n{mark} c\n")),
        misplaced(9)
    );
    assert_eq!(
        hunk_faults(&format!("@@ -1 +1 @@\n{mark}-a\n+b\n")),
        misplaced(7)
    );
    assert_eq!(
        hunk_faults(&format!("@@ -1 +1 @@\n-a\n+b\n{mark}{mark}")),
        misplaced(10)
    );
    assert_eq!(
        hunk_faults(&format!("@@ -1 +1 @@\n-a\n+b\n{mark}@@ -5 +5 @@\n-x\n+y\n")),
        misplaced(6)
    );
    parsed(&with_head(&format!("@@ -1 +1 @@\n-a\n{mark}+b\n{mark}")));
}

#[test]
fn a_converted_patch_is_told_once_and_its_content_is_let_be() {
    let good = with_head(HUNK);
    assert_eq!(faults(good.replace('\n', "\r\n")), [(1, K::Converted)]);
    let both = with_head("@@ -1,3 +1,3 @@\n one\n").replace('\n', "\r\n");
    let kinds: Vec<usize> = faults(both).iter().map(|(line, _)| *line).collect();
    assert_eq!(
        kinds,
        [1, 6, 6],
        "conversion, counts, and that nothing changes"
    );
    let content = parsed(&with_head("@@ -1,2 +1,2 @@\n one\r\n-two\r\n+TWO\r\n"));
    assert_eq!(content.hunks[0].lines[0].text, "one\r\n");
    let fault = Patch::parse(good.replace('\n', "\r\n").as_bytes()).expect_err("a bad patch");
    assert!(fault[0].help().contains("-text"));
}

#[test]
fn a_cut_or_garbled_patch_is_told_with_the_rest() {
    let text = with_head(HUNK);
    assert_eq!(faults(text.trim_end()), [(10, K::Truncated)]);
    let mut bytes = with_head("@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n").into_bytes();
    bytes[9] = 0xff;
    let wrong = K::WrongCounts {
        written_old: 3,
        written_new: 3,
        counted_old: 2,
        counted_new: 2,
    };
    assert_eq!(faults(bytes), [(1, K::NotUtf8), (6, wrong)]);
}

#[test]
fn faults_serialise_with_their_line_and_name() {
    let fault = Patch::parse(b"").expect_err("a bad patch").remove(0);
    let json = serde_json::to_value(&fault).expect("a fault is a value");
    assert_eq!(
        json,
        serde_json::json!({ "line": 1, "kind": { "fault": "empty" } })
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Patch::parse(&bytes);
    }

    #[test]
    fn any_lines_that_look_like_a_patch_are_read_or_refused_with_lines_that_exist(
        lines in prop::collection::vec(prop::sample::select(vec![
            "Change: x", "Reason: y", "  more", "# note", "", "--- a/f", "+++ b/f", "--- /dev/null",
            "@@ -1,2 +1,2 @@", "@@ -1 +1 @@ h", "@@ -9,9 +1 @@", " a", "-a", "+a", "-- ", "\\ No newline",
            "diff --git a/f b/f", "GIT binary patch", "junk", " a\r", "@@ -1 +1 @@\r",
        ]), 0..24),
        ending in prop::sample::select(vec!["", "\n", "\n\n"]),
    ) {
        let text = lines.join("\n") + ending;
        match Patch::parse(text.as_bytes()) {
            Ok(patch) => {
                let again = Patch::parse(patch.render().as_bytes());
                prop_assert_eq!(again.as_ref(), Ok(&patch));
                prop_assert_eq!(parsed(&patch.render()).render(), patch.render());
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                let count = text.lines().count().max(1);
                prop_assert!(faults.iter().all(|fault| (1..=count).contains(&fault.line)), "{:?}", faults);
                prop_assert!(faults.is_sorted_by_key(|fault| fault.line));
            }
        }
    }
}
