//! The difference of two texts, as libgit2 sees it.

use std::ops::Range;

use git2::{DiffOptions, Patch};

use super::MergeError;
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
