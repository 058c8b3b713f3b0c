//! Stored patches: what they say, where they apply, how they are made and written.
//!
//! A patch is a head of `Change:` and `Reason:` lines, then a unified diff of
//! one file. Its hunks are found by their old text alone, which must stand at
//! exactly one place; the line numbers they carry tell people where that was.

mod apply;
mod between;
mod fault;
mod index;
mod nearest;
mod parse;
mod render;
#[cfg(test)]
mod tests;

use std::iter::Sum;
use std::ops::{Add, AddAssign, Range};

pub use apply::{Applied, HunkFault, HunkFaultKind, HunkPosition};
pub use between::BetweenError;
pub use fault::{DiffSide, HeadKey, PatchFault, PatchFaultKind};
pub use nearest::Nearest;
use serde::{Deserialize, Serialize};

/// One intentional difference from upstream, as the head of a patch tells it.
///
/// Both texts may have several lines; [`Difference::new`] gives them the form
/// in which a patch stores them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Difference {
    pub change: String,
    pub reason: String,
}

impl Difference {
    /// Makes a difference; white space around lines and blank lines are dropped.
    pub fn new(change: impl AsRef<str>, reason: impl AsRef<str>) -> Self {
        Difference {
            change: tidy(change.as_ref()),
            reason: tidy(reason.as_ref()),
        }
    }
}

/// Brings a value of the head into its stored form: trimmed lines, none blank.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// A stored patch of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Patch {
    /// The file, relative to the crate's root, `/` between parts.
    pub path: String,
    /// What the patch does and why, in the order of the head.
    pub differences: Vec<Difference>,
    /// The comment lines of the head, without their `#`.
    pub notes: Vec<String>,
    /// The hunks, in the order of the file.
    pub hunks: Vec<Hunk>,
}

impl Patch {
    /// Counts the changed lines.
    pub fn delta(&self) -> Delta {
        self.hunks.iter().map(Hunk::delta).sum()
    }
}

/// A run of changed lines with the unchanged ones around them.
#[derive(Debug, Clone, Serialize)]
pub struct Hunk {
    /// The line of the patch file that holds the `@@` header, counted from 1.
    /// It is no part of what a hunk says: equality leaves it out.
    pub at: usize,
    /// The old line number that the header gives, counted from 1.
    pub old_start: usize,
    /// The new line number that the header gives; the line before where no new line is left.
    pub new_start: usize,
    /// What follows the second `@@`; empty where nothing does.
    pub heading: String,
    /// The lines, in order.
    pub lines: Vec<HunkLine>,
}

impl PartialEq for Hunk {
    fn eq(&self, other: &Self) -> bool {
        (self.old_start, self.new_start) == (other.old_start, other.new_start)
            && self.heading == other.heading
            && self.lines == other.lines
    }
}

impl Eq for Hunk {}

impl Hunk {
    /// Returns the context and removed lines: what must stand in the file.
    pub fn old_lines(&self) -> impl Iterator<Item = &str> {
        self.lines_without(LineKind::Added)
    }

    /// Returns the context and added lines: what stands there afterwards.
    pub fn new_lines(&self) -> impl Iterator<Item = &str> {
        self.lines_without(LineKind::Removed)
    }

    fn lines_without(&self, kind: LineKind) -> impl Iterator<Item = &str> {
        let kept = self.lines.iter().filter(move |line| line.kind != kind);
        kept.map(|line| line.text.as_str())
    }

    /// Counts the changed lines.
    pub fn delta(&self) -> Delta {
        let count = |kind| self.lines.iter().filter(|line| line.kind == kind).count();
        Delta {
            added: count(LineKind::Added),
            removed: count(LineKind::Removed),
        }
    }
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HunkLine {
    /// What the line is to the change.
    pub kind: LineKind,
    /// The text with its line end; none where the file ends without one.
    pub text: String,
}

/// What a line is to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// Stands before and after.
    Context,
    /// Stands before only.
    Removed,
    /// Stands after only.
    Added,
}

impl LineKind {
    /// Returns the character that starts such a line in a patch.
    pub const fn sign(self) -> char {
        match self {
            LineKind::Context => ' ',
            LineKind::Removed => '-',
            LineKind::Added => '+',
        }
    }
}

/// Lines that differ: counted from 0, in the old text and in the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineChange {
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
}

impl LineChange {
    pub(crate) fn delta(&self) -> Delta {
        Delta {
            added: self.new.len(),
            removed: self.old.len(),
        }
    }
}

/// How many lines differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Lines that the fork has and upstream lacks.
    pub added: usize,
    /// Lines that upstream has and the fork lacks.
    pub removed: usize,
}

impl Delta {
    /// Returns added and removed lines together: the figure that the budget limits.
    pub const fn total(self) -> usize {
        self.added + self.removed
    }
}

impl Add for Delta {
    type Output = Delta;

    fn add(self, other: Delta) -> Delta {
        Delta {
            added: self.added + other.added,
            removed: self.removed + other.removed,
        }
    }
}

impl AddAssign for Delta {
    fn add_assign(&mut self, other: Delta) {
        *self = *self + other;
    }
}

impl Sum for Delta {
    fn sum<I: Iterator<Item = Delta>>(deltas: I) -> Delta {
        deltas.fold(Delta::default(), Add::add)
    }
}

impl<'a> Sum<&'a Delta> for Delta {
    fn sum<I: Iterator<Item = &'a Delta>>(deltas: I) -> Delta {
        deltas.copied().sum()
    }
}
