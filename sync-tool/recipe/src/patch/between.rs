//! Patches made from two texts.

use std::ops::Range;

use serde::Serialize;
use similar::{Algorithm, DiffTag};

use super::index::Index;
use super::{Difference, Hunk, HunkLine, LineChange, LineKind, Patch};

/// The context that a hunk has at least, where the file has it.
const CONTEXT: usize = 3;

/// Why no patch can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "fault")]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BetweenError {
    #[error("`{path}` is empty upstream, so no hunk could say where it belongs")]
    EmptyBase { path: String },
    #[error("a patch cannot name `{path}`")]
    BadPath { path: String },
}

impl BetweenError {
    /// Returns the next step, as a sentence without a full stop.
    pub fn help(&self) -> String {
        match self {
            BetweenError::EmptyBase { .. } => {
                "omit upstream's file by a rule and keep yours as a fork-owned file"
            }
            BetweenError::BadPath { .. } => {
                "rename the file: no control characters, and no quote at its start"
            }
        }
        .to_owned()
    }
}

/// Tells whether a header line can name a path without quoting it.
pub(super) fn is_nameable(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('"') && !path.contains(char::is_control)
}

impl Patch {
    /// Makes the patch that leads from one text to another; none if they are equal.
    ///
    /// Each hunk has three lines of context, and more where its old text would
    /// stand at several places; so the patch always applies to `base`, and gives
    /// `new`. Hunks that touch are one.
    ///
    /// # Errors
    ///
    /// Where `base` is empty or a header line cannot hold the path.
    pub fn between(
        path: impl Into<String>,
        base: &str,
        new: &str,
        differences: Vec<Difference>,
    ) -> Result<Option<Patch>, BetweenError> {
        let path = path.into();
        if !is_nameable(&path) {
            return Err(BetweenError::BadPath { path });
        }
        if base == new {
            return Ok(None);
        }
        if base.is_empty() {
            return Err(BetweenError::EmptyBase { path });
        }
        let index = Index::new(base);
        let new: Vec<&str> = new.split_inclusive('\n').collect();
        let changes = changes(&index.lines, &new);
        let hunks = regions(&index, &changes);
        let hunks = hunks.into_iter().map(|region| {
            let changes = &changes[region.changes];
            hunk(&index.lines, &new, region.old, changes)
        });
        let tidy = |d: Difference| Difference::new(d.change, d.reason);
        let mut patch = Patch {
            path,
            differences: differences.into_iter().map(tidy).collect(),
            notes: Vec::new(),
            hunks: hunks.collect(),
        };
        patch.number_hunks();
        Ok(Some(patch))
    }
}

/// Returns the changes between two texts, in order, never touching each other.
fn changes(old: &[&str], new: &[&str]) -> Vec<LineChange> {
    let mut changes: Vec<LineChange> = Vec::new();
    for op in similar::capture_diff_slices(Algorithm::Myers, old, new) {
        let (tag, old, new) = op.as_tag_tuple();
        match changes.last_mut() {
            _ if tag == DiffTag::Equal => {}
            Some(last) if last.old.end == old.start => {
                last.old.end = old.end;
                last.new.end = new.end;
            }
            _ => changes.push(LineChange { old, new }),
        }
    }
    changes
}

/// Old lines that become one hunk, and which changes are in them.
struct HunkRegion {
    old: Range<usize>,
    changes: Range<usize>,
}

/// Groups changes into regions whose old text stands once, in order and apart.
fn regions(index: &Index<'_>, changes: &[LineChange]) -> Vec<HunkRegion> {
    let len = index.lines.len();
    let single = (0..).zip(changes).map(|(at, change)| HunkRegion {
        old: widened(&change.old, CONTEXT, len),
        changes: at..at + 1,
    });
    let close = joined(single);
    // What takes in a text that stands once stands once itself: no need to look again.
    joined(close.into_iter().map(|region| HunkRegion {
        old: grown(index, &region.old),
        changes: region.changes,
    }))
}

/// Joins regions that overlap or touch.
fn joined(regions: impl Iterator<Item = HunkRegion>) -> Vec<HunkRegion> {
    let mut joined: Vec<HunkRegion> = Vec::new();
    for mut region in regions {
        while let Some(last) = joined.pop_if(|last| last.old.end >= region.old.start) {
            region.old = last.old.start.min(region.old.start)..last.old.end.max(region.old.end);
            region.changes.start = last.changes.start;
        }
        joined.push(region);
    }
    joined
}

/// Widens lines by the fewest lines of context that make their text stand once.
///
/// Wider text never stands at more places, so the width is found by bisection;
/// at the latest the whole file is unique.
fn grown(index: &Index<'_>, lines: &Range<usize>) -> Range<usize> {
    let len = index.lines.len();
    let enough = |by: usize| index.is_unique(widened(lines, by, len));
    if enough(0) {
        return lines.clone();
    }
    let (mut few, mut many) = (0, 1);
    while many < len && !enough(many) {
        few = many;
        many *= 2;
    }
    while many - few > 1 {
        let middle = few + (many - few) / 2;
        if enough(middle) {
            many = middle
        } else {
            few = middle
        }
    }
    widened(lines, many, len)
}

fn widened(lines: &Range<usize>, by: usize, len: usize) -> Range<usize> {
    lines.start.saturating_sub(by)..lines.end.saturating_add(by).min(len)
}

/// Writes a region as a hunk.
fn hunk(base: &[&str], new: &[&str], region: Range<usize>, changes: &[LineChange]) -> Hunk {
    let mut lines = Vec::new();
    let mut push = |kind, texts: &[&str]| {
        lines.extend(texts.iter().map(|text| HunkLine {
            kind,
            text: (*text).to_owned(),
        }));
    };
    let mut done = region.start;
    for change in changes {
        push(LineKind::Context, &base[done..change.old.start]);
        push(LineKind::Removed, &base[change.old.clone()]);
        push(LineKind::Added, &new[change.new.clone()]);
        done = change.old.end;
    }
    push(LineKind::Context, &base[done..region.end]);
    let none_left = lines.iter().all(|line| line.kind == LineKind::Removed);
    // Both texts are the same up to the first change.
    let before = changes
        .first()
        .map_or(0, |change| change.old.start - region.start);
    let new_start = changes
        .first()
        .map_or(0, |change| change.new.start - before);
    Hunk {
        at: 0,
        old_start: region.start + 1,
        new_start: if none_left { new_start } else { new_start + 1 },
        heading: String::new(),
        lines,
    }
}
