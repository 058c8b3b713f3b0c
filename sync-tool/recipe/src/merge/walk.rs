//! Walks two lists of edits side by side and brings them together.

use std::ops::Range;

use super::{Chunk, Conflict, Merge, Side};
use crate::patch::{Delta, LineChange};

/// The lines of the three texts, with their ends.
pub(super) struct Texts<'a> {
    pub base: Vec<&'a str>,
    pub ours: Vec<&'a str>,
    pub theirs: Vec<&'a str>,
}

/// Edits of both sides that overlap or touch, chained; at least one in all.
struct Cluster<'e> {
    base: Range<usize>,
    ours: &'e [LineChange],
    theirs: &'e [LineChange],
}

/// Merges by the edits of both sides.
pub(super) fn merged<'e>(
    inputs: &Texts<'_>,
    mut ours: &'e [LineChange],
    mut theirs: &'e [LineChange],
) -> Merge {
    let mut chunks = Chunks::default();
    // By how many lines a side is ahead of the base, behind the clusters so far.
    let (mut our_shift, mut their_shift) = (0, 0);
    let mut done = 0;
    let mut agreed = Delta::default();
    while let Some(cluster) = next_cluster(&mut ours, &mut theirs) {
        chunks.resolve(&inputs.base[done..cluster.base.start]);
        done = cluster.base.end;
        let our_lines = side_lines(&cluster.base, cluster.ours, &mut our_shift);
        let their_lines = side_lines(&cluster.base, cluster.theirs, &mut their_shift);
        let (our_text, their_text) = (
            &inputs.ours[our_lines.clone()],
            &inputs.theirs[their_lines.clone()],
        );
        if cluster.theirs.is_empty() || our_text == their_text {
            if !cluster.theirs.is_empty() {
                agreed += cluster.ours.iter().map(LineChange::delta).sum();
            }
            chunks.resolve(our_text);
        } else if cluster.ours.is_empty() {
            chunks.resolve(their_text);
        } else {
            chunks.0.push(Chunk::Conflict(Conflict {
                base: side(&inputs.base, cluster.base),
                ours: side(&inputs.ours, our_lines),
                theirs: side(&inputs.theirs, their_lines),
                item: None,
            }));
        }
    }
    chunks.resolve(&inputs.base[done..]);
    Merge {
        chunks: chunks.0,
        agreed,
    }
}

/// Makes one edit of all that a side has, from the first of both sides to the last.
pub(super) fn join(sides: [&mut Vec<LineChange>; 2]) {
    let all = || sides.iter().flat_map(|edits| edits.iter());
    let start = all().map(|edit| edit.old.start).min();
    let end = all().map(|edit| edit.old.end).max();
    let Some(old) = start.zip(end).map(|(start, end)| start..end) else {
        return;
    };
    for edits in sides {
        if let Some(last) = edits.last() {
            let new = old.start..last.new.end + (old.end - last.old.end);
            *edits = vec![LineChange {
                old: old.clone(),
                new,
            }];
        }
    }
}

/// Takes the next edit, and all of both sides that it touches, off the lists.
fn next_cluster<'e>(
    ours: &mut &'e [LineChange],
    theirs: &mut &'e [LineChange],
) -> Option<Cluster<'e>> {
    let first = [ours.first(), theirs.first()].into_iter().flatten();
    let mut base = first
        .map(|edit| &edit.old)
        .min_by_key(|base| base.start)?
        .clone();
    let touching = |edits: &[LineChange], taken: usize, base: &Range<usize>| {
        edits
            .get(taken)
            .filter(|edit| edit.old.start <= base.end)
            .map(|edit| edit.old.end)
    };
    let (mut our_count, mut their_count) = (0, 0);
    loop {
        let end = if let Some(end) = touching(ours, our_count, &base) {
            our_count += 1;
            end
        } else if let Some(end) = touching(theirs, their_count, &base) {
            their_count += 1;
            end
        } else {
            break;
        };
        base.end = base.end.max(end);
    }
    let (our_taken, our_rest) = ours.split_at(our_count);
    let (their_taken, their_rest) = theirs.split_at(their_count);
    (*ours, *theirs) = (our_rest, their_rest);
    Some(Cluster {
        base,
        ours: our_taken,
        theirs: their_taken,
    })
}

/// Returns a side's lines for a cluster's base lines, and carries its shift past them.
fn side_lines(base: &Range<usize>, edits: &[LineChange], shift: &mut isize) -> Range<usize> {
    let start = base.start.strict_add_signed(*shift);
    if let Some(last) = edits.last() {
        *shift = last.new.end.cast_signed() - last.old.end.cast_signed();
    }
    start..base.end.strict_add_signed(*shift)
}

fn side(lines: &[&str], range: Range<usize>) -> Side {
    Side {
        text: lines[range.clone()].concat(),
        lines: range.start + 1..range.end + 1,
    }
}

/// Chunks with resolved text kept in one piece.
#[derive(Default)]
struct Chunks(Vec<Chunk>);

impl Chunks {
    fn resolve(&mut self, lines: &[&str]) {
        if lines.is_empty() {
            return;
        }
        if let Some(Chunk::Resolved(text)) = self.0.last_mut() {
            text.extend(lines.iter().copied());
        } else {
            self.0.push(Chunk::Resolved(lines.concat()));
        }
    }
}
