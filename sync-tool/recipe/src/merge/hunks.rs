//! Which lines of a merged text are ours', and what brought them there.

use std::collections::HashSet;
use std::ops::Range;

use super::items::Outcome;
use super::{Layer, Merge, MergeError, MergedHunk, difference};

/// A change of a text: the lines that are replaced, those that replace them, and their text.
type Change = (Range<usize>, Range<usize>, String);

/// Returns the changes of theirs in a merged text, where conflicts have theirs' lines. Those
/// that a merge by lines has too are the lines', the others that of `layer`; of imports that
/// of [`Layer::Normalised`]. `outcome` is that text parsed, if it does.
pub(super) fn hunks(
    merge: &Merge,
    theirs: &str,
    by_lines: &Merge,
    layer: Layer,
    outcome: Option<&Outcome<'_>>,
) -> Result<Vec<MergedHunk>, MergeError> {
    let text = merge.resolved_by(|conflict| &conflict.theirs);
    let of_lines: HashSet<(Range<usize>, String)> = match layer {
        Layer::Lines => HashSet::new(),
        _ => {
            let text = by_lines.resolved_by(|conflict| &conflict.theirs);
            let changes = changes(theirs, &text)?.into_iter();
            changes.map(|(old, _, text)| (old, text)).collect()
        }
    };
    let hunks = changes(theirs, &text)?.into_iter().map(|(old, new, text)| {
        let layer = match outcome {
            _ if of_lines.contains(&(old, text)) => Layer::Lines,
            Some(outcome) if layer == Layer::Items && outcome.is_import(&new) => Layer::Normalised,
            _ => layer,
        };
        MergedHunk {
            layer,
            item: outcome.and_then(|outcome| outcome.item(&new)),
            lines: new.start + 1..new.end + 1,
        }
    });
    Ok(hunks.collect())
}

/// Returns the changes that lead from one text to another.
fn changes(old: &str, new: &str) -> Result<Vec<Change>, MergeError> {
    let lines: Vec<&str> = new.split_inclusive('\n').collect();
    let edits = difference::edits(old, new)?.into_iter();
    let changes = edits.map(|edit| {
        let text = lines[edit.new.clone()].concat();
        (edit.old, edit.new, text)
    });
    Ok(changes.collect())
}
