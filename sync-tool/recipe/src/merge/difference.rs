//! The difference of two texts, as libgit2 sees it.

use std::ops::Range;

use git2::{DiffOptions, Patch};

use super::{Layer, MergeError, MergedHunk};
use crate::patch::LineChange;

/// Returns the edits that lead from `base` to `side`, in order; an unchanged
/// line is between any two.
///
/// These are the edits that a merge by libgit2 or git starts from: the same
/// algorithm with the same (that is, no) options.
pub(super) fn edits(base: &str, side: &str) -> Result<Vec<LineChange>, MergeError> {
    if base == side {
        return Ok(Vec::new());
    }
    let mut options = DiffOptions::new();
    options.context_lines(0).interhunk_lines(0).force_text(true);
    let (old, new) = (base.as_bytes(), side.as_bytes());
    let patch = Patch::from_buffers(old, None, new, None, Some(&mut options))?;
    let mut edits = Vec::with_capacity(patch.num_hunks());
    for at in 0..patch.num_hunks() {
        let (hunk, _) = patch.hunk(at)?;
        edits.push(LineChange {
            old: lines(hunk.old_start(), hunk.old_lines()),
            new: lines(hunk.new_start(), hunk.new_lines()),
        });
    }
    if edits.is_empty() {
        Err(MergeError::Unfinished)
    } else {
        Ok(edits)
    }
}

/// Makes a range counted from 0 of a hunk's: it starts at the line before where it has no lines.
fn lines(start: u32, count: u32) -> Range<usize> {
    let start = if count == 0 { start } else { start - 1 } as usize;
    start..start + count as usize
}

/// Returns the lines of a text that stand for lines of another, both counted from 1, the end
/// not included. What the other has more at either end is with them.
pub fn counterpart(from: &str, to: &str, lines: &Range<usize>) -> Range<usize> {
    let edits = edits(from, to).unwrap_or_default();
    let place = |at: usize, is_end: bool| {
        let mut shift = 0;
        for edit in &edits {
            if edit.old.end < at || edit.old.end == at && (is_end || !edit.old.is_empty()) {
                shift = edit.new.end.cast_signed() - edit.old.end.cast_signed();
            } else if edit.old.start < at {
                return if is_end { edit.new.end } else { edit.new.start };
            } else {
                break;
            }
        }
        at.saturating_add_signed(shift)
    };
    let index = |line: usize| line.saturating_sub(1).min(from.len());
    let (start, end) = (
        place(index(lines.start), false),
        place(index(lines.end), true),
    );
    start + 1..end.max(start) + 1
}

/// Returns the changes between two texts as hunks of one layer.
pub fn hunks_of(theirs: &str, merged: &str, layer: Layer) -> Vec<MergedHunk> {
    let edits = edits(theirs, merged).unwrap_or_default();
    let hunk = |edit: LineChange| MergedHunk {
        layer,
        item: None,
        lines: edit.new.start + 1..edit.new.end + 1,
    };
    edits.into_iter().map(hunk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_where_they_stand_in_another_text() {
        let (from, to) = ("a\nb\nc\nd\n", "new\na\nB\nB\nd\nend\n");
        for (lines, there) in [
            (1..2, 1..3),
            (2..3, 3..5),
            (2..4, 3..5),
            (4..5, 5..7),
            (1..5, 1..7),
            (5..5, 6..7),
        ] {
            assert_eq!(counterpart(from, to, &lines), there, "{lines:?}");
        }
        assert_eq!(counterpart("", "a\n", &(1..1)), 1..2);
        assert_eq!(counterpart("a\n", "", &(1..2)), 1..1);
        assert_eq!(counterpart(from, from, &(2..4)), 2..4);
        let layers = hunks_of(from, to, Layer::Decision);
        let lines: Vec<_> = layers.into_iter().map(|hunk| hunk.lines).collect();
        assert_eq!(lines, [1..2, 3..5, 6..7]);
    }
}
