//! The hunks of a merged file with the lines around them.

use std::ops::Range;

use recipe::merge::MergedHunk;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::model::{HunkReview, Text};

/// How many lines are shown around a hunk.
const CONTEXT: usize = 3;

/// Returns the hunks of a merge as they are reviewed: upstream's new lines and those that came
/// out, with some lines around them.
pub fn hunks_between(theirs: &str, merged: &str, hunks: &[MergedHunk]) -> Vec<HunkReview> {
    let [old, new] = [theirs, merged].map(|text| {
        let lines = text.split_inclusive('\n');
        lines.collect::<Vec<_>>()
    });
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let review = |hunk: &MergedHunk| {
        let start = hunk.lines.start.saturating_sub(1 + CONTEXT).min(new.len());
        let end = hunk.lines.end.saturating_sub(1).saturating_add(CONTEXT);
        let lines = start..end.clamp(start, new.len());
        let theirs_start = old_start(&ops, lines.start).unwrap_or(old.len());
        let theirs_end = old_end(&ops, lines.end).max(theirs_start);
        HunkReview {
            layer: hunk.layer,
            item: hunk.item.clone(),
            before: None,
            theirs: text(&old, theirs_start..theirs_end),
            merged: text(&new, lines),
        }
    };
    hunks.iter().map(review).collect()
}

fn text(lines: &[&str], range: Range<usize>) -> Text {
    Text {
        first_line: range.start + 1,
        text: lines[range].concat(),
    }
}

/// Returns where in the old lines the part begins that begins at a new line.
fn old_start(ops: &[DiffOp], at: usize) -> Option<usize> {
    let op = ops.iter().find(|op| {
        let new = op.new_range();
        new.end > at || new.is_empty() && new.start == at
    })?;
    Some(match op {
        DiffOp::Equal { .. } => op.old_range().start + (at - op.new_range().start),
        _ => op.old_range().start,
    })
}

/// Returns where in the old lines the part ends that ends before a new line.
fn old_end(ops: &[DiffOp], at: usize) -> usize {
    let op = ops.iter().rev().find(|op| {
        let new = op.new_range();
        new.start < at || new.is_empty() && new.start == at
    });
    op.map_or(0, |op| match op {
        DiffOp::Equal { .. } => op.old_range().start + (at - op.new_range().start),
        _ => op.old_range().end,
    })
}

#[cfg(test)]
mod tests {
    use recipe::merge::Layer;

    use super::*;

    fn hunk(lines: Range<usize>) -> MergedHunk {
        MergedHunk {
            layer: Layer::Lines,
            item: None,
            lines,
        }
    }

    fn shown(theirs: &str, merged: &str, lines: Range<usize>) -> [(usize, String); 2] {
        let review = hunks_between(theirs, merged, &[hunk(lines)]).remove(0);
        [review.theirs, review.merged].map(|text| (text.first_line, text.text.replace('\n', "")))
    }

    #[test]
    fn hunks_have_lines_around_them() {
        let theirs = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
        let added = "a\nb\nc\nd\ne\nX\nf\ng\nh\ni\n";
        assert_eq!(
            shown(theirs, added, 6..7),
            [(3, "cdefgh".to_owned()), (3, "cdeXfgh".to_owned())]
        );
        let removed = "a\nb\nc\nd\nf\ng\nh\ni\n";
        assert_eq!(
            shown(theirs, removed, 5..5),
            [(2, "bcdefgh".to_owned()), (2, "bcdfgh".to_owned())]
        );
        let first = "X\nb\nc\nd\ne\nf\ng\nh\ni\n";
        assert_eq!(
            shown(theirs, first, 1..2),
            [(1, "abcd".to_owned()), (1, "Xbcd".to_owned())]
        );
        let last = "a\nb\nc\nd\ne\nf\ng\nh\ni\nX";
        assert_eq!(
            shown(theirs, last, 10..11),
            [(7, "ghi".to_owned()), (7, "ghiX".to_owned())]
        );
    }

    #[test]
    fn lines_that_are_not_there_do_no_harm() {
        assert_eq!(
            shown("", "", 7..9),
            [(1, String::new()), (1, String::new())]
        );
        assert_eq!(shown("a\n", "", 0..0)[0], (1, "a".to_owned()));
        assert_eq!(shown("", "a\n", 1..usize::MAX)[1], (1, "a".to_owned()));
    }
}
