use proptest::prelude::*;

use super::super::{BetweenError, Delta};
use super::{Difference, Patch, differences, parsed};

/// Makes a patch, checks all that is promised of any, and returns it.
fn between(base: &str, new: &str) -> Patch {
    let patch = Patch::between("src/ctx.rs", base, new, differences());
    let patch = patch.expect("a base with text").expect("texts that differ");
    let applied = patch
        .apply(base)
        .expect("a patch applies to what it was made from");
    assert_eq!(applied.text, new);
    assert!(
        applied.places.iter().all(|place| place.offset() == 0),
        "numbers are true"
    );
    let text = patch.render();
    let again = parsed(&text);
    assert_eq!(again, patch);
    assert_eq!(again.render(), text);
    let lines = |patch: &Patch| patch.hunks.iter().map(|hunk| hunk.at).collect::<Vec<_>>();
    assert_eq!(
        lines(&again),
        lines(&patch),
        "hunks know their line in the patch"
    );
    patch
}

fn numbered(count: usize) -> String {
    (1..=count).map(|line| format!("line {line}\n")).collect()
}

#[test]
fn equal_texts_need_no_patch() {
    assert_eq!(Patch::between("f", "a\n", "a\n", differences()), Ok(None));
    assert_eq!(Patch::between("f", "", "", differences()), Ok(None));
}

#[test]
fn an_empty_base_and_an_unnameable_file_are_refused() {
    let empty = Patch::between("f", "", "a\n", differences());
    assert_eq!(empty, Err(BetweenError::EmptyBase { path: "f".into() }));
    for path in ["", "a\nb", "\"a"] {
        let bad = Patch::between(path, "a\n", "b\n", differences());
        assert_eq!(bad, Err(BetweenError::BadPath { path: path.into() }));
    }
}

#[test]
fn three_lines_of_context_and_canonical_text() {
    let base = numbered(20);
    let new = base.replace("line 10\n", "line ten\nand a half\n");
    assert_eq!(
        between(&base, &new).render(),
        "Change: a seam\nReason: the loopback network\n\n--- a/src/ctx.rs\n+++ b/src/ctx.rs\n\
         @@ -7,7 +7,8 @@\n line 7\n line 8\n line 9\n-line 10\n+line ten\n+and a half\n line 11\n line 12\n line 13\n"
    );
}

#[test]
fn hunks_that_touch_are_one() {
    let base = numbered(30);
    let change = |at: &[usize]| {
        let line = |line| {
            if at.contains(&line) {
                format!("new {line}\n")
            } else {
                format!("line {line}\n")
            }
        };
        between(&base, &(1..=30).map(line).collect::<String>())
            .hunks
            .len()
    };
    assert_eq!(
        change(&[5, 11]),
        1,
        "six lines between: their contexts touch"
    );
    assert_eq!(change(&[5, 12]), 1, "the same");
    assert_eq!(change(&[5, 13]), 2);
    assert_eq!(
        between(&base, &base.replace("line 5\n", "new\n")).delta(),
        Delta {
            added: 1,
            removed: 1
        }
    );
}

#[test]
fn context_grows_until_the_text_stands_once() {
    let block = "start\na\nb\nc\nd\ne\nf\nend\n";
    let base = block.repeat(3) + "last\n";
    let (before, after) = (
        block.len() + block.find('d').unwrap(),
        block.len() + block.find('e').unwrap(),
    );
    let new = format!("{}D\n{}", &base[..before], &base[after..]);
    let patch = between(&base, &new);
    assert_eq!(patch.hunks.len(), 1);
    assert!(patch.hunks[0].old_lines().count() > 7);
}

#[test]
fn growing_takes_in_hunks_on_both_sides() {
    let base = "same\n".repeat(100);
    let new = format!("x\n{}y\n{}z\n", "same\n".repeat(50), "same\n".repeat(50));
    assert_eq!(between(&base, &new).hunks.len(), 1);
    let apart = format!("first\n{base}middle\n{base}last\n");
    let edited = apart
        .replace("middle", "MIDDLE")
        .replace("first", "FIRST")
        .replace("last", "LAST");
    assert_eq!(between(&apart, &edited).hunks.len(), 3);
}

#[test]
fn line_ends_and_ends_of_files_are_kept() {
    for (base, new) in [
        ("a", "a\n"),
        ("a\n", "a"),
        ("a", "b"),
        ("a\nb", "a\nb\nc"),
        ("a\nb\n", ""),
        ("a\nb\nc", "a"),
        ("a\r\nb\r\n", "a\r\nB\r\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("\n", "\n\n"),
        ("a\n", "a\n\r"),
        ("@@ -1 +1 @@\n--- a/f\n", "+++ b/f\n\\ No newline\n"),
        ("x\u{2028}\0y\n", "x\n"),
    ] {
        between(base, new);
    }
}

#[test]
fn what_a_head_cannot_hold_is_brought_into_form() {
    let odd = Difference {
        change: "  one \n\n\n\ttwo\r\n".into(),
        reason: "# three".into(),
    };
    let patch = Patch::between("f", "a\n", "b\n", vec![odd])
        .unwrap()
        .unwrap();
    assert_eq!(patch.differences, [Difference::new("one\ntwo", "# three")]);
    assert_eq!(parsed(&patch.render()), patch);
    let text = "#  a remark\n#\nChange: a\nReason: b\n\n--- a/f\n+++ b/f\n@@ -1 +1 @@ h\n-a\n+b\n";
    assert_eq!(parsed(text).render(), text);
}

/// Few different lines, so that runs repeat.
fn text() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "a\n",
        "b\n",
        "\n",
        "}\n",
        "c\r\n",
        "@@ -1 +1 @@\n",
        "--- a/f\n",
        "\\ x\n",
    ]);
    let end = prop::sample::select(vec!["", "", "z", "a"]);
    (prop::collection::vec(line, 0..60), end).prop_map(|(lines, end)| lines.concat() + end)
}

/// Edits of a text: at a line, so many removed, these added.
fn edited() -> impl Strategy<Value = (String, String)> {
    let edit = (
        any::<prop::sample::Index>(),
        0..4_usize,
        prop::collection::vec(prop::sample::select(vec!["a\n", "n\n", "}\n", ""]), 0..4),
    );
    (text(), prop::collection::vec(edit, 1..5)).prop_map(|(base, edits)| {
        let mut lines: Vec<&str> = base.split_inclusive('\n').collect();
        for (at, removed, added) in edits {
            let at = at.index(lines.len() + 1);
            lines.splice(at..(at + removed).min(lines.len()), added);
        }
        let new = lines.concat();
        (base, new)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_patch_between_two_texts_leads_from_one_to_the_other((base, new) in edited()) {
        if !base.is_empty() && base != new {
            between(&base, &new);
        }
    }

    #[test]
    fn texts_that_have_little_in_common_too(base in text(), new in text()) {
        if !base.is_empty() && base != new {
            between(&base, &new);
        }
    }

    #[test]
    fn any_text_at_all(base in "\\PC{0,3}[\\n\\r a-c]{0,30}", new in "[\\n\\r a-c]{0,30}\\PC{0,3}") {
        if !base.is_empty() && base != new {
            between(&base, &new);
        }
    }

    #[test]
    fn any_difference_is_stored_as_it_is_made(change in any::<String>(), reason in any::<String>()) {
        let difference = Difference::new(&change, &reason);
        let can_be = !difference.change.is_empty() && !difference.reason.is_empty();
        let patch = Patch::between("f", "a\n", "b\n", vec![difference]).unwrap().unwrap();
        if can_be {
            prop_assert_eq!(parsed(&patch.render()), patch);
        }
    }
}
