//! The line merge against `git merge-file`: the same texts, the same outcome.

#[path = "support/oracle.rs"]
mod oracle;

#[path = "merge_oracle/changes.rs"]
mod changes;
#[path = "merge_oracle/layers.rs"]
mod layers;

use std::fs;
use std::sync::{Arc, LazyLock};

use oracle::{Edit, TEXTS, cases, edited, edits, git, upstream};
use proptest::prelude::*;
use recipe::merge::{Labels, Merge, merge};
use recipe::tree::Tree;
use tempfile::TempDir;

/// What git makes of three texts.
struct ByGit {
    text: String,
    conflicts: usize,
}

/// A directory to run git in.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Bench(tempfile::tempdir().expect("a directory"))
    }

    /// Merges with git; fails with what git says where it refuses.
    fn git(&self, texts: [&str; 3], options: &[String]) -> Result<ByGit, String> {
        let [base, ours, theirs] = texts;
        let dir = self.0.path();
        for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
            fs::write(dir.join(name), text).expect("a file");
        }
        let mut args = vec!["merge-file".to_owned(), "-p".to_owned()];
        args.extend_from_slice(options);
        args.extend(["-L", "ours", "-L", "base", "-L", "theirs"].map(str::to_owned));
        args.extend(["ours", "base", "theirs"].map(str::to_owned));
        let output = git(dir, &args);
        match output.status.code() {
            Some(code @ 0..=127) => Ok(ByGit {
                text: String::from_utf8(output.stdout).expect("text"),
                conflicts: code as usize,
            }),
            _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Merges with both and compares everything; returns ours.
    fn compare(&self, base: &str, ours: &str, theirs: &str) -> Result<Merge, TestCaseError> {
        let merged = merge(base, ours, theirs).expect("texts that can be compared");
        let length = format!("--marker-size={}", merged.marker_length());
        let texts = [base, ours, theirs];
        let diff3 = self.git(texts, &["--diff3".to_owned(), length]);
        let diff3 = diff3.map_err(TestCaseError::fail)?;
        prop_assert_eq!(merged.conflicts().count().min(127), diff3.conflicts);
        let marked = merged.with_markers(&labels());
        if marked != diff3.text {
            prop_assert!(is_mixed(&texts), "{:?} {:?}", marked, diff3.text);
            let length = merged.marker_length();
            prop_assert_eq!(
                plain_markers(&marked, length),
                plain_markers(&diff3.text, length)
            );
        }
        // Without the base's lines git narrows conflicts, but never makes or solves one.
        let plain = self.git(texts, &[]).map_err(TestCaseError::fail)?;
        prop_assert_eq!(merged.is_clean(), plain.conflicts == 0);
        if let Some(text) = merged.text() {
            prop_assert_eq!(&text, &diff3.text);
            prop_assert_eq!(&text, &plain.text);
        }
        Ok(merged)
    }
}

/// Tells whether some lines end in CRLF, but not all of each text: [`MIXED_ENDS`].
fn is_mixed(texts: &[&str]) -> bool {
    let count = |text: &str, end: &str| text.matches(end).count();
    let is_crlf = |text: &&str| text.contains("\r\n") && count(text, "\r\n") == count(text, "\n");
    texts.concat().contains("\r\n") && !texts.iter().all(is_crlf)
}

/// Takes the CR from marker lines, and from those above them, which may have got their end there.
fn plain_markers(text: &str, length: usize) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let signs = ["<", "|", "=", ">"].map(|sign| sign.repeat(length));
    let is_marker = |at: usize| {
        let line = lines.get(at);
        line.is_some_and(|line| signs.iter().any(|sign| line.starts_with(sign)))
    };
    let plain = |at: usize| match lines[at].strip_suffix("\r\n") {
        Some(start) if is_marker(at) || is_marker(at + 1) => format!("{start}\n"),
        _ => lines[at].to_owned(),
    };
    (0..lines.len()).map(plain).collect()
}

fn labels() -> Labels {
    Labels {
        base: "base".into(),
        ours: "ours".into(),
        theirs: "theirs".into(),
    }
}

fn check(base: &str, ours: &str, theirs: &str) -> Merge {
    match Bench::new().compare(base, ours, theirs) {
        Ok(merge) => merge,
        Err(e) => panic!("{base:?} {ours:?} {theirs:?}: {e}"),
    }
}

#[test]
fn written_merges_are_gits() {
    for (base, ours, theirs, conflicts) in [
        ("", "", "", 0),
        ("", "a\n", "b\n", 1),
        ("", "a\n", "a\n", 0),
        ("a\n", "", "", 0),
        ("a\n", "", "b\n", 1),
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", 0),
        ("a\nb\n", "A\nb\n", "a\nB\n", 1),
        ("a\nb\nc\n", "A\nb\nC\n", "X\nb\nY\n", 2),
        ("a\nb\nc\nd\n", "a\nc\nd\n", "a\nb\nd\n", 1),
        ("a\nz\n", "a\nb\nz\n", "a\nc\nz\n", 1),
        ("a\nz\n", "a\nb\nz\n", "a\nb\nz\n", 0),
        ("a", "b", "c", 1),
        ("a", "b", "c\n", 1),
        ("a", "a\n", "a\nb", 1),
        ("a\nb", "a\nx", "a\ny\n", 1),
        ("a\nb", "A\nb", "a\nb\n", 1),
        ("a\r\nb\r\n", "a\r\nx\r\n", "a\r\ny\r\n", 1),
        ("a\r\nb\r\n", "a\nb\n", "a\r\nb\r\nc\r\n", 1),
        ("a\nb\n", "a\r\nb\r\n", "a\nB\n", 1),
        ("a\r\nb", "a\r\nx", "a\r\ny", 1),
        ("a\nb\r\nc\n", "a\nx\r\nc\n", "a\ny\r\nc\n", 1),
        ("=======\na\n", "=======\nb\n", "=======\nc\n", 1),
    ] {
        let merge = check(base, ours, theirs);
        let count = merge.conflicts().count();
        assert_eq!(count, conflicts, "{base:?} {ours:?} {theirs:?}");
    }
}

#[test]
fn every_text_against_every_other_is_merged_as_git_does() {
    for base in TEXTS {
        for ours in TEXTS {
            check(base, ours, "other\n");
            check(base, ours, base);
            check("", ours, base);
        }
    }
}

/// Where ours and git's part ways, each on purpose: why, what shows it, and what
/// git says. All other tests of this file hold the two to the same.
const DECLARED: [(&str, [&str; 3], Result<&str, &str>); 3] = [
    (
        "git takes a text with a NUL in its first 8000 bytes for binary and does not \
         merge it; ours is given texts only, and who has bytes does not ask",
        ["a\0\nb\nc\n", "a\0\nb\nX\n", "a\0\nb\nY\n"],
        Err("Cannot merge binary files"),
    ),
    (
        MIXED_ENDS,
        ["a\r\nb\r\n", "new\na\r\nb\r\n", "b\r\n"],
        Ok("<<<<<<< ours\nnew\na\r\n||||||| base\na\r\n=======\n>>>>>>> theirs\nb\r\n"),
    ),
    (
        MIXED_ENDS,
        ["", "a\r\n", "b"],
        Ok("<<<<<<< ours\na\r\n||||||| base\n=======\nb\n>>>>>>> theirs\n"),
    ),
];

/// See [`is_mixed`].
const MIXED_ENDS: &str = "where the texts do not all end their lines in the same way, git and \
     ours may end a conflict's marker lines differently, and the last line above one if it has \
     no end; what these end is no part of a text, and the lines of all sides are the same";

#[test]
fn each_declared_difference_is_one() {
    for (why, texts, by_git) in DECLARED {
        let [base, ours, theirs] = texts;
        let ours = merge(base, ours, theirs)
            .expect("ours is given texts")
            .with_markers(&labels());
        let found = Bench::new().git(texts, &["--diff3".to_owned()]);
        match (by_git, found) {
            (Ok(expected), Ok(found)) => {
                assert_eq!(found.text, expected, "{why}");
                assert_ne!(found.text, ours, "{why}");
            }
            (Err(expected), Err(found)) => assert!(found.contains(expected), "{why}: {found}"),
            (_, found) => panic!("{why}: {:?}", found.map(|found| found.text)),
        }
    }
}

fn base() -> impl Strategy<Value = String> {
    let written = prop::sample::select(TEXTS).prop_map(str::to_owned);
    (written, edits(3)).prop_map(|(text, edits)| edited(&text, &edits))
}

fn sides() -> impl Strategy<Value = (Vec<Edit>, Vec<Edit>)> {
    (edits(4), edits(4))
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn random_edits_of_written_texts_are_merged_as_git_does(
        base in base(),
        (ours, theirs) in sides(),
    ) {
        Bench::new().compare(&base, &edited(&base, &ours), &edited(&base, &theirs))?;
    }
}

/// Successive releases, all with the files of sockets.
static RELEASES: LazyLock<Vec<Arc<Tree>>> = LazyLock::new(|| {
    ["38.0.4", "39.0.1", "40.0.0", "41.0.0"]
        .map(upstream)
        .into()
});

/// Returns a file's text in a release.
fn text<'t>(tree: &'t Tree, path: &str) -> &'t str {
    tree.get(path)
        .and_then(|file| file.text())
        .unwrap_or_default()
}

/// Returns the source files below a directory that a release has.
fn sources<'t>(tree: &'t Tree, below: &'static str) -> impl Iterator<Item = &'t str> {
    let paths = tree.paths().map(|path| path.as_str());
    paths.filter(move |path| path.starts_with(below) && path.ends_with(".rs"))
}

#[test]
fn releases_are_merged_as_git_does() {
    let mut clean = 0;
    let mut conflicting = 0;
    for triple in RELEASES.windows(3) {
        for path in sources(&triple[0], "src/") {
            let [first, second, third] = [0, 1, 2].map(|at| text(&triple[at], path));
            if first == second || second == third {
                continue;
            }
            // Forwards, and the odd one: from the middle to both ends.
            for [base, ours, theirs] in [[first, second, third], [second, first, third]] {
                let is_clean = check(base, ours, theirs).is_clean();
                *(if is_clean {
                    &mut clean
                } else {
                    &mut conflicting
                }) += 1;
            }
        }
    }
    assert!(
        clean >= 3 && conflicting >= 3,
        "{clean} clean, {conflicting} not"
    );
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn random_edits_are_brought_to_the_next_release_as_git_does(
        pick in any::<prop::sample::Index>(),
        from in 0..3_usize,
        ours in edits(4),
        theirs in edits(1),
    ) {
        let [before, after] = [&RELEASES[from], &RELEASES[from + 1]];
        let changed: Vec<&str> = sources(before, "src/")
            .filter(|path| after.get(path).is_some_and(|f| f.text() != Some(text(before, path))))
            .collect();
        let path = changed[pick.index(changed.len())];
        let base = text(before, path);
        let theirs = edited(text(after, path), &theirs);
        Bench::new().compare(base, &edited(base, &ours), &theirs)?;
    }
}
