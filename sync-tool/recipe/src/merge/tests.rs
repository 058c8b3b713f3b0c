//! What a merge promises; `tests/merge_oracle.rs` holds it to git's.

use proptest::prelude::*;

use super::{Chunk, Conflict, Labels, Merge, Side, merge};

fn merged(base: &str, ours: &str, theirs: &str) -> Merge {
    let merge = merge(base, ours, theirs).expect("texts that can be compared");
    check(&merge, [base, ours, theirs]);
    merge
}

/// Checks what holds for every merge: the ranges name the texts, in order, and
/// resolved text stands in one piece.
fn check(merge: &Merge, inputs: [&str; 3]) {
    let inputs = inputs.map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let mut ends = [1; 3];
    for Conflict {
        base, ours, theirs, ..
    } in merge.conflicts()
    {
        for ((side, lines), end) in [base, ours, theirs].into_iter().zip(&inputs).zip(&mut ends) {
            assert!(side.lines.start >= *end, "in order");
            assert_eq!(
                side.text,
                lines[side.lines.start - 1..side.lines.end - 1].concat()
            );
            *end = side.lines.end;
        }
        assert_ne!(ours.text, theirs.text);
        assert_ne!(ours.text, base.text);
        assert_ne!(theirs.text, base.text);
    }
    let is_resolved = |chunk: &Chunk| matches!(chunk, Chunk::Resolved(_));
    assert!(
        !merge
            .chunks
            .windows(2)
            .any(|pair| pair.iter().all(is_resolved))
    );
    assert!(!merge.chunks.contains(&Chunk::Resolved(String::new())));
    assert_eq!(merge.text().is_some(), merge.is_clean());
}

fn clean(base: &str, ours: &str, theirs: &str) -> String {
    merged(base, ours, theirs).text().expect("a clean merge")
}

fn labels() -> Labels {
    Labels {
        base: "base".into(),
        ours: "ours".into(),
        theirs: "theirs".into(),
    }
}

fn side(lines: std::ops::Range<usize>, text: &str) -> Side {
    Side {
        lines,
        text: text.into(),
    }
}

#[test]
fn changes_apart_are_brought_together() {
    assert_eq!(clean("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"), "A\nb\nC\n");
    assert_eq!(clean("a\nb\nc\n", "a\nb\nc\n", "a\nc\n"), "a\nc\n");
    assert_eq!(
        clean("a\nb\nc\n", "x\na\nb\nc\n", "a\nb\nc\nz"),
        "x\na\nb\nc\nz"
    );
}

#[test]
fn the_same_change_on_both_sides_is_none() {
    assert_eq!(clean("a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\n"), "a\nB\nc\n");
    assert_eq!(clean("", "a\n", "a\n"), "a\n");
    assert_eq!(clean("a\n", "", ""), "");
}

#[test]
fn changes_that_touch_conflict_with_all_three_sides() {
    let merge = merged("a\nb\nc\nd\n", "new\na\nB\nc\nd\n", "a\nb\nC\nd\n");
    let conflict = Conflict {
        base: side(2..4, "b\nc\n"),
        ours: side(3..5, "B\nc\n"),
        theirs: side(2..4, "b\nC\n"),
        item: None,
    };
    let expected = [
        Chunk::Resolved("new\na\n".into()),
        Chunk::Conflict(conflict),
        Chunk::Resolved("d\n".into()),
    ];
    assert_eq!(merge.chunks, expected);
    assert_eq!(merge.text(), None);
    assert_eq!(
        merge.resolved_by(|conflict| &conflict.ours),
        "new\na\nB\nc\nd\n"
    );
    assert_eq!(
        merge.resolved_by(|conflict| &conflict.theirs),
        "new\na\nb\nC\nd\n"
    );
}

#[test]
fn a_side_with_nothing_says_where_it_would_stand() {
    let merge = merged("a\n", "", "b\n");
    let conflict = Conflict {
        base: side(1..2, "a\n"),
        ours: side(1..1, ""),
        theirs: side(1..2, "b\n"),
        item: None,
    };
    assert_eq!(merge.chunks, [Chunk::Conflict(conflict)]);
    let merge = merged("a\nz\n", "a\nb\nz\n", "a\nc\nz\n");
    assert_eq!(
        merge.conflicts().next().map(|conflict| &conflict.base),
        Some(&side(2..2, ""))
    );
}

#[test]
fn empty_inputs_merge() {
    assert_eq!(merged("", "", "").chunks, []);
    assert_eq!(clean("", "a", ""), "a");
    assert_eq!(clean("a", "", "a"), "");
    assert!(!merged("", "a\n", "b\n").is_clean());
}

#[test]
fn line_ends_are_content() {
    assert_eq!(
        clean("a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "a\r\nb\r\nC\r\n"),
        "A\r\nb\r\nC\r\n"
    );
    assert!(!merged("a\n", "a", "a\r\n").is_clean());
    assert_eq!(clean("a\nb\nc", "A\nb\nc", "a\nb\nc\n"), "A\nb\nc\n");
}

#[test]
fn bytes_that_look_binary_are_text() {
    assert_eq!(
        clean("a\0\nb\nc\n", "a\0\nb\nC\n", "\0\nb\nc\n"),
        "\0\nb\nC\n"
    );
}

#[test]
fn markers_tell_the_three_sides() {
    let merge = merged("a\nb\nc\n", "a\nours\nc\n", "a\ntheirs\nc\n");
    assert_eq!(
        merge.with_markers(&labels()),
        "a\n<<<<<<< ours\nours\n||||||| base\nb\n=======\ntheirs\n>>>>>>> theirs\nc\n"
    );
    let unnamed = Labels {
        base: String::new(),
        ours: "two\nlines".into(),
        theirs: String::new(),
    };
    assert_eq!(
        merge.with_markers(&unnamed),
        "a\n<<<<<<< two\nours\n|||||||\nb\n=======\ntheirs\n>>>>>>>\nc\n"
    );
}

#[test]
fn markers_are_longer_than_what_looks_like_one() {
    let eight = "========\n";
    let text = merged(
        &format!("{eight}b\n"),
        &format!("{eight}x\n"),
        &format!("{eight}y\n"),
    )
    .with_markers(&labels());
    assert!(text.contains("\n<<<<<<<<< ours\n"), "{text}");
    assert!(text.contains("\n=========\n"), "{text}");
    assert_eq!(merged("", "<<<<<<< a\n", "x\n").marker_length(), 8);
    assert_eq!(merged("", "a <<<<<<<<<\n", "x\n").marker_length(), 7);
}

#[test]
fn markers_have_lines_of_their_own_with_the_ends_of_the_text() {
    let text = merged("a\nb", "a\nx", "a\ny").with_markers(&labels());
    assert_eq!(
        text,
        "a\n<<<<<<< ours\nx\n||||||| base\nb\n=======\ny\n>>>>>>> theirs\n"
    );
    let text = merged("a\r\nb\r\n", "a\r\nx\r\n", "a\r\ny\r\n").with_markers(&labels());
    assert_eq!(
        text.matches('\n').count(),
        text.matches("\r\n").count(),
        "{text:?}"
    );
}

#[test]
fn a_large_merge_is_no_matter() {
    let base: String = (0..200_000).map(|line| format!("line {line}\n")).collect();
    let ours = base
        .replace("line 777\n", "ours\n")
        .replace("line 90000\n", "x\n");
    let theirs = base
        .replace("line 150000\n", "")
        .replace("line 90000\n", "y\n");
    assert_eq!(merged(&base, &ours, &theirs).conflicts().count(), 1);
}

/// A first line for all three texts: `git2` 0.21 makes a slice of a null pointer of an empty result.
const FIRST: &str = "first\n";

/// Merges by libgit2's own merge; `None` for conflicts.
fn by_libgit2(base: &str, ours: &str, theirs: &str) -> Option<String> {
    // `git2::merge_file` does not set libgit2 up, and fails where nothing else did.
    git2::Oid::hash_object(git2::ObjectType::Blob, b"").expect("a digest");
    let [mut b, mut o, mut t] = [(); 3].map(|()| git2::MergeFileInput::new());
    b.content(base.as_bytes());
    o.content(ours.as_bytes());
    t.content(theirs.as_bytes());
    let result = git2::merge_file(&b, &o, &t, None).expect("libgit2 merges");
    let text = || String::from_utf8(result.content().to_vec()).expect("UTF-8 stays UTF-8");
    result.is_automergeable().then(text)
}

fn text() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec!["a\n", "b\n", "c\n", "d\r\n", "}\n", "\n"]);
    (
        prop::collection::vec(line, 0..24),
        prop::sample::select(vec!["", "", "z"]),
    )
        .prop_map(|(lines, end)| lines.concat() + end)
}

fn edited(base: &str, edits: &[(prop::sample::Index, usize, &'static str)]) -> String {
    let mut lines: Vec<&str> = base.split_inclusive('\n').collect();
    for (at, removed, added) in edits {
        let at = at.index(lines.len() + 1);
        let added = added.split_inclusive('\n');
        lines.splice(at..(at + removed).min(lines.len()), added);
    }
    lines.concat()
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, &'static str)>> {
    let added = prop::sample::select(vec!["", "a\n", "n\n", "b\n}\n", "m\nn\na\n"]);
    prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, added), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn a_merge_is_that_of_libgit2(base in text(), ours in edits(), theirs in edits()) {
        let [base, ours, theirs] = [base.clone(), edited(&base, &ours), edited(&base, &theirs)]
            .map(|text| FIRST.to_owned() + &text);
        prop_assert_eq!(merged(&base, &ours, &theirs).text(), by_libgit2(&base, &ours, &theirs));
    }

    #[test]
    fn unrelated_texts_too(base in text(), ours in text(), theirs in text()) {
        let [base, ours, theirs] = [base, ours, theirs].map(|text| FIRST.to_owned() + &text);
        prop_assert_eq!(merged(&base, &ours, &theirs).text(), by_libgit2(&base, &ours, &theirs));
    }

    #[test]
    fn one_sided_changes_are_taken_whole(base in text(), theirs in text()) {
        prop_assert_eq!(clean(&base, &base, &theirs), theirs.clone());
        prop_assert_eq!(clean(&base, &theirs, &base), theirs);
    }

    #[test]
    fn sides_change_places(base in text(), ours in edits(), theirs in edits()) {
        let (ours, theirs) = (edited(&base, &ours), edited(&base, &theirs));
        let (one, other) = (merged(&base, &ours, &theirs), merged(&base, &theirs, &ours));
        prop_assert_eq!(one.text(), other.text());
        prop_assert_eq!(one.resolved_by(|c| &c.ours), other.resolved_by(|c| &c.theirs));
    }
}
