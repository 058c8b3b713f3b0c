//! Patches written by hand, and every way in which git and ours part.

use recipe::patch::HunkFaultKind;

use crate::{Bench, parsed, with_head};

/// Where ours and git part ways, each on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Declared {
    /// The old text stands at several places. git takes the one nearest to the
    /// line that the header gives; ours guesses nothing.
    Ambiguous,
    /// A hunk's old text stands above the hunk before it. git takes hunks in
    /// any order; ours refuses, as a text that moved past another means
    /// something else now.
    OutOfOrder,
    /// The old or the new text ends the file without a line end, and other
    /// lines follow. git overlooks that and joins two lines into one.
    OpenEnd,
    /// A hunk that was written for line 1 or has no context below. git wants it
    /// at the start or the end of the file; for ours, its text is enough.
    Anchored,
}

/// What a case comes to.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// Both give this text.
    Both(&'static str),
    /// Both refuse.
    Neither,
    /// git gives this text, ours refuses.
    OnlyGit(Declared, &'static str),
    /// Ours gives this text, git refuses.
    OnlyOurs(Declared, &'static str),
}

use Declared::{Ambiguous, Anchored, OpenEnd, OutOfOrder};
use Outcome::{Both, Neither, OnlyGit, OnlyOurs};

const MARK: &str = "\\ No newline at end of file\n";

/// A name, hunks, a text, and what comes of them.
const CASES: &[(&str, &str, &str, Outcome)] = &[
    (
        "as written",
        "@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n",
        "a\nb\nc\nd\n",
        Both("a\nb\nC\nd\n"),
    ),
    (
        "lower than written",
        "@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n",
        "a\nx\ny\nz\nb\nc\nd\n",
        Both("a\nx\ny\nz\nb\nC\nd\n"),
    ),
    (
        "higher than written",
        "@@ -20,3 +20,3 @@\n b\n-c\n+C\n d\n",
        "b\nc\nd\ne\n",
        Both("b\nC\nd\ne\n"),
    ),
    (
        "two hunks, each with its own offset",
        "@@ -2,3 +2,3 @@\n a\n-b\n+B\n c\n@@ -6,3 +6,2 @@\n d\n-e\n f\n",
        "x\nx\nx\na\nb\nc\nd\ne\nf\n",
        Both("x\nx\nx\na\nB\nc\nd\nf\n"),
    ),
    (
        "a line added below one",
        "@@ -2,2 +2,3 @@\n a\n+new\n b\n",
        "a\nb\n",
        Both("a\nnew\nb\n"),
    ),
    (
        "everything removed",
        "@@ -1,2 +0,0 @@\n-a\n-b\n",
        "a\nb\n",
        Both(""),
    ),
    (
        "CRLF",
        "@@ -1,2 +1,2 @@\n-a\r\n+b\r\n c\r\n",
        "a\r\nc\r\n",
        Both("b\r\nc\r\n"),
    ),
    (
        "CRLF against LF",
        "@@ -1,2 +1,2 @@\n-a\r\n+b\r\n c\r\n",
        "a\nc\n",
        Neither,
    ),
    (
        "LF against CRLF",
        "@@ -1,2 +1,2 @@\n-a\n+b\n c\n",
        "a\r\nc\r\n",
        Neither,
    ),
    (
        "a context line that differs",
        "@@ -1,2 +1,2 @@\n a\n-b\n+B\n",
        "x\nb\n",
        Neither,
    ),
    (
        "a removed line that differs",
        "@@ -1,2 +1,2 @@\n a\n-b\n+B\n",
        "a\nc\n",
        Neither,
    ),
    (
        "white space that differs",
        "@@ -1,2 +1,2 @@\n a\n-b\n+B\n",
        "a\n b\n",
        Neither,
    ),
    (
        "an empty file",
        "@@ -1,2 +1,2 @@\n a\n-b\n+B\n",
        "",
        Neither,
    ),
    (
        "applied already",
        "@@ -1,2 +1,2 @@\n a\n-b\n+B\n",
        "a\nB\n",
        Neither,
    ),
    (
        "more context than the file has",
        "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
        "a\nb\n",
        Neither,
    ),
    (
        "one hunk that stands and one that does not",
        "@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -5,2 +5,2 @@\n-x\n+X\n y\n",
        "a\nb\nc\n",
        Neither,
    ),
    (
        "hunks that share a line",
        "@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -5,2 +5,2 @@\n b\n-c\n+C\n",
        "a\nb\nc\n",
        Neither,
    ),
    (
        "two places, one nearer",
        "@@ -5,3 +5,3 @@\n a\n-b\n+B\n c\n",
        "a\nb\nc\nx\na\nb\nc\n",
        OnlyGit(Ambiguous, "a\nb\nc\nx\na\nB\nc\n"),
    ),
    (
        "two places, as written",
        "@@ -2,2 +2,3 @@\n a\n+new\n a\n",
        "a\na\na\n",
        OnlyGit(Ambiguous, "a\na\nnew\na\n"),
    ),
    (
        "a text that moved above another",
        "@@ -2,3 +2,3 @@\n a\n-b\n+B\n c\n@@ -6,3 +6,3 @@\n d\n-e\n+E\n f\n",
        "x\nd\ne\nf\ny\na\nb\nc\nz\n",
        OnlyGit(OutOfOrder, "x\nd\nE\nf\ny\na\nB\nc\nz\n"),
    ),
];

/// Those with the mark for a missing line end.
fn marked() -> Vec<(&'static str, String, &'static str, Outcome)> {
    vec![
        (
            "no line end before, one after",
            format!("@@ -1,2 +1,2 @@\n a\n-b\n{MARK}+b\n"),
            "a\nb",
            Both("a\nb\n"),
        ),
        (
            "a line end before, none after",
            format!("@@ -1,2 +1,2 @@\n a\n-b\n+b\n{MARK}"),
            "a\nb\n",
            Both("a\nb"),
        ),
        (
            "no line end, but the file has one",
            format!("@@ -1,2 +1,2 @@\n a\n-b\n{MARK}+c\n{MARK}"),
            "a\nb\n",
            Neither,
        ),
        (
            "a last line with no end that is not the last",
            format!("@@ -1,2 +1,2 @@\n-a\n+A\n b\n{MARK}"),
            "a\nb\nc\n",
            OnlyGit(OpenEnd, "A\nbc\n"),
        ),
        (
            "written for line 1",
            "@@ -1,2 +1,2 @@\n-a\n+A\n b\n".to_owned(),
            "x\na\nb\n",
            OnlyOurs(Anchored, "x\nA\nb\n"),
        ),
        (
            "no context below",
            "@@ -2,2 +2,2 @@\n a\n-b\n+B\n".to_owned(),
            "x\na\nb\nc\n",
            OnlyOurs(Anchored, "x\na\nB\nc\n"),
        ),
    ]
}

/// Tells whether ours refuses for the reason that is declared.
fn is_told(declared: Declared, kind: &HunkFaultKind) -> bool {
    use HunkFaultKind as K;
    match declared {
        Ambiguous => matches!(kind, K::Ambiguous { .. }),
        OutOfOrder => matches!(kind, K::OutOfOrder { .. }),
        OpenEnd => matches!(kind, K::NotAtEnd { .. } | K::Nowhere { .. }),
        Anchored => false,
    }
}

#[test]
fn patches_written_by_hand_do_as_declared() {
    let plain = CASES
        .iter()
        .map(|(name, hunks, base, outcome)| (*name, (*hunks).to_owned(), *base, *outcome));
    let mut seen = Vec::new();
    for (name, hunks, base, outcome) in plain.chain(marked()) {
        let text = with_head(&hunks);
        let ours = parsed(&text).apply(base);
        let by_git = Bench::new().git(base, text.as_bytes());
        let found = (
            ours.as_ref().ok().map(|applied| applied.text.as_str()),
            by_git.as_deref().ok(),
        );
        let expected = match outcome {
            Both(text) => (Some(text), Some(text)),
            Neither => (None, None),
            OnlyGit(_, text) => (None, Some(text)),
            OnlyOurs(_, text) => (Some(text), None),
        };
        assert_eq!(found, expected, "{name}: ours {ours:?}, git {by_git:?}");
        if let OnlyGit(declared, _) = outcome {
            let faults = ours.expect_err("ours refuses");
            assert!(is_told(declared, &faults[0].kind), "{name}: {faults:?}");
        }
        if let OnlyGit(declared, _) | OnlyOurs(declared, _) = outcome {
            seen.push(declared);
        }
    }
    for declared in [Ambiguous, OutOfOrder, OpenEnd, Anchored] {
        assert!(seen.contains(&declared), "nothing shows {declared:?}");
    }
}
