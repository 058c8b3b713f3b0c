//! Three-way merge by lines.
//!
//! The two differences are libgit2's, made in memory; what is done with them is
//! what `git merge-file` does, and the tests hold it to that. A conflict is a
//! value with its three sides; markers are printed last.

mod difference;
mod hunks;
mod imports;
mod items;
mod keeps;
mod layered;
mod markers;
mod normalised;
mod renames;
#[cfg(test)]
mod tests;
mod walk;

use std::ops::Range;

pub use difference::{counterpart, hunks_of};
pub use items::{Candidate, Followed, check_rust, follow, read_rust};
pub use layered::{
    Layer, LayerOptions, LayeredMerge, MAX_SIZE, MergedHunk, Sides, merge_in_layers,
};
pub use markers::Labels;
pub use renames::Rename;
use serde::{Deserialize, Serialize};

use super::patch::Delta;

/// Why no merge could be made. Conflicts are no errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "fault")]
#[expect(missing_docs, reason = "the messages say it")]
pub enum MergeError {
    #[error("libgit2 cannot compare the texts: {message}")]
    Refused { message: String },
    #[error("libgit2 did not finish comparing the texts")]
    Unfinished,
}

impl From<git2::Error> for MergeError {
    fn from(error: git2::Error) -> Self {
        let message = error.message().to_owned();
        MergeError::Refused { message }
    }
}

/// What a merge came to: all of the text, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Resolved text and conflicts; two resolved chunks never follow each other.
    pub chunks: Vec<Chunk>,
    /// The lines of ours that they have changed to the very same.
    #[serde(skip)]
    pub agreed: Delta,
}

/// A part of a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chunk {
    /// Text that both sides agree on, or that only one of them changed.
    Resolved(String),
    /// Lines that both sides changed, differently.
    Conflict(Conflict),
}

/// Lines that both sides changed, or changed right next to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Conflict {
    pub base: Side,
    pub ours: Side,
    pub theirs: Side,
    /// The item that it is in, such as `impl TcpSocket, fn bind`; `None` outside of any, or
    /// where the file does not parse as Rust.
    pub item: Option<String>,
}

/// One input's part in a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The lines in that input, counted from 1, the end not included; empty
    /// where the side has nothing, and then it starts at the line that follows.
    pub lines: Range<usize>,
    /// The lines' text, with their ends.
    pub text: String,
}

/// Merges the changes from `base` to `ours` and from `base` to `theirs`.
///
/// Two changes conflict where they overlap or touch, unless both sides come to
/// the same text. A conflict spans all changes that touch, as in git's `diff3` style.
///
/// # Errors
///
/// Where libgit2 cannot compare two of the texts, such as texts over 1 GiB.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Result<Merge, MergeError> {
    merged(base, ours, theirs, false)
}

/// Merges to one conflict from the first change to the last.
fn merge_as_one(base: &str, ours: &str, theirs: &str) -> Result<Merge, MergeError> {
    merged(base, ours, theirs, true)
}

fn merged(base: &str, ours: &str, theirs: &str, as_one: bool) -> Result<Merge, MergeError> {
    let mut our_edits = difference::edits(base, ours)?;
    let mut their_edits = difference::edits(base, theirs)?;
    if as_one {
        walk::join([&mut our_edits, &mut their_edits]);
    }
    let cut = |text| str::split_inclusive(text, '\n').collect::<Vec<_>>();
    let inputs = walk::Texts {
        base: cut(base),
        ours: cut(ours),
        theirs: cut(theirs),
    };
    Ok(walk::merged(&inputs, &our_edits, &their_edits))
}

impl Merge {
    /// Tells whether there is no conflict.
    pub fn is_clean(&self) -> bool {
        self.conflicts().next().is_none()
    }

    /// Returns the merged text, if there is no conflict.
    pub fn text(&self) -> Option<String> {
        self.is_clean()
            .then(|| self.resolved_by(|conflict| &conflict.ours))
    }

    /// Returns the conflicts, in order.
    pub fn conflicts(&self) -> impl Iterator<Item = &Conflict> {
        self.chunks.iter().filter_map(|chunk| match chunk {
            Chunk::Resolved(_) => None,
            Chunk::Conflict(conflict) => Some(conflict),
        })
    }

    /// Returns the text with the side that `choose` picks in place of each conflict.
    pub fn resolved_by(&self, choose: impl Fn(&Conflict) -> &Side) -> String {
        let texts = self.chunks.iter().map(|chunk| match chunk {
            Chunk::Resolved(text) => text.as_str(),
            Chunk::Conflict(conflict) => choose(conflict).text.as_str(),
        });
        texts.collect()
    }
}
