//! How two trees differ.

use std::cell::LazyCell;

use serde::Serialize;
use similar::{Algorithm, ChangeTag, TextDiff};

use super::manifest::{FileKind, Manifest};
use super::now_in::{AddedLines, MovedTo};
use super::patch::Delta;
use super::tree::{File, Tree, TreePath};
use crate::files::CARGO_LOCK;

/// How a file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
    /// It was not there before.
    New,
    /// It is no longer there.
    Gone,
    /// It is another.
    Changed,
}

/// A file that differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// The path in the crate.
    pub path: TreePath,
    /// How the file is taken.
    pub kind: FileKind,
    /// New, gone or changed.
    pub what: Changed,
    /// How many lines differ, where both are texts.
    pub lines: Delta,
    /// Where its content went, if it is gone and that is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now_in: Option<MovedTo>,
}

/// A file that differs.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FileDiff {
    pub path: TreePath,
    pub what: Changed,
    pub lines: Delta,
    /// Where its content went, if it is gone and that is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now_in: Option<MovedTo>,
    /// The unified diff; empty where one side is not UTF-8.
    pub text: String,
}

/// Lines of context in a diff.
const CONTEXT: usize = 3;

/// Lists the files that differ between two trees, protected ones first.
pub fn changes(manifest: &Manifest, old: &Tree, new: &Tree) -> Vec<FileChange> {
    let gained = LazyCell::new(|| AddedLines::between(old, new));
    let mut changes: Vec<FileChange> = differing(old, new)
        .map(|(path, what, old, new)| FileChange {
            path: path.clone(),
            kind: kind(manifest, path),
            what,
            lines: lines(text(old), text(new)),
            now_in: (what == Changed::Gone)
                .then(|| gained.most_of(text(old)))
                .flatten(),
        })
        .collect();
    changes.sort_by_key(|change| change.kind != FileKind::Patched);
    changes
}

/// Returns the kind of a file of the fork's tree.
fn kind(manifest: &Manifest, path: &TreePath) -> FileKind {
    if path.as_str() == CARGO_LOCK {
        return FileKind::Generated;
    }
    manifest.kind_of(path).unwrap_or(FileKind::Owned)
}

/// Makes the diffs of the files that differ and that `wanted` takes.
pub fn diffs(old: &Tree, new: &Tree, wanted: impl Fn(&TreePath) -> bool) -> Vec<FileDiff> {
    let gained = LazyCell::new(|| AddedLines::between(old, new));
    let differing = differing(old, new).filter(|(path, ..)| wanted(path));
    differing
        .map(|(path, what, old, new)| {
            let is_text = |file: Option<&File>| file.is_none_or(|file| file.text().is_some());
            let both = is_text(old) && is_text(new);
            let (old_text, new_text) = (text(old), text(new));
            FileDiff {
                path: path.clone(),
                what,
                lines: lines(old_text, new_text),
                now_in: (what == Changed::Gone)
                    .then(|| gained.most_of(text(old)))
                    .flatten(),
                text: if both {
                    unified(path, what, old_text, new_text)
                } else {
                    String::new()
                },
            }
        })
        .collect()
}

type Pair<'t> = (&'t TreePath, Changed, Option<&'t File>, Option<&'t File>);

fn differing<'t>(old: &'t Tree, new: &'t Tree) -> impl Iterator<Item = Pair<'t>> {
    let mut paths: Vec<&TreePath> = old.paths().chain(new.paths()).collect();
    paths.sort();
    paths.dedup();
    paths.into_iter().filter_map(|path| {
        let pair = (old.get(path.as_str()), new.get(path.as_str()));
        let what = match pair {
            (None, Some(_)) => Changed::New,
            (Some(_), None) => Changed::Gone,
            (old, new) if old != new => Changed::Changed,
            _ => return None,
        };
        Some((path, what, pair.0, pair.1))
    })
}

fn text(file: Option<&File>) -> &str {
    file.and_then(File::text).unwrap_or_default()
}

fn diff<'t>(old: &'t str, new: &'t str) -> TextDiff<'t, 't, str> {
    let mut diff = TextDiff::configure();
    diff.algorithm(Algorithm::Myers).diff_lines(old, new)
}

fn lines(old: &str, new: &str) -> Delta {
    let diff = diff(old, new);
    let count = |tag| diff.iter_all_changes().filter(|c| c.tag() == tag).count();
    Delta {
        added: count(ChangeTag::Insert),
        removed: count(ChangeTag::Delete),
    }
}

fn unified(path: &TreePath, what: Changed, old: &str, new: &str) -> String {
    let name = |side: &str, absent: bool| {
        if absent {
            "/dev/null".to_owned()
        } else {
            format!("{side}/{path}")
        }
    };
    let (before, after) = (
        name("a", what == Changed::New),
        name("b", what == Changed::Gone),
    );
    diff(old, new)
        .unified_diff()
        .context_radius(CONTEXT)
        .header(&before, &after)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{manifest_with, tree};

    const RULES: &str = "[[files]]\npaths = [\"**\"]\nkind = \"direct\"\n\
                         [[files]]\npaths = [\"z.rs\"]\nkind = \"patched\"\n";

    #[test]
    fn protected_files_come_first() {
        let old = tree(&[
            ("a", "1\n2\n"),
            ("gone", "x\n"),
            ("same", "s"),
            ("z.rs", "1\n"),
        ]);
        let new = tree(&[
            ("a", "1\n3\n"),
            ("new", "y\n"),
            ("same", "s"),
            ("z.rs", "2\n"),
        ]);
        let changes = changes(&manifest_with(RULES), &old, &new);
        let seen: Vec<(&str, Changed)> =
            changes.iter().map(|c| (c.path.as_str(), c.what)).collect();
        let expected = [
            ("z.rs", Changed::Changed),
            ("a", Changed::Changed),
            ("gone", Changed::Gone),
            ("new", Changed::New),
        ];
        assert_eq!(seen, expected);
        assert_eq!((changes[1].lines.added, changes[1].lines.removed), (1, 1));
    }

    #[test]
    fn a_diff_is_unified() {
        let diffs = diffs(
            &tree(&[("a", "1\n2\n")]),
            &tree(&[("a", "1\n3\n"), ("b", "x")]),
            |_| true,
        );
        insta::assert_snapshot!(diffs[0].text, @r"
        --- a/a
        +++ b/a
        @@ -1,2 +1,2 @@
         1
        -2
        +3
        ");
        assert!(
            diffs[1].text.starts_with("--- /dev/null\n+++ b/b\n"),
            "{}",
            diffs[1].text
        );
    }
}
