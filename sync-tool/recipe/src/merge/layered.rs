//! The merge of one file in layers: what one cannot decide, the next one may.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Merge, MergeError, merge};

/// What brought a change of ours into the merged text, the simplest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The patch applies as it is.
    Exact,
    /// By lines, as `git merge-file` does.
    Lines,
    /// By lines, where formatting, imports and renames were made alike before.
    Normalised,
    /// By the items of Rust.
    Items,
    /// By a person, now or before.
    Decision,
}

impl Layer {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Layer::Exact => "exact",
            Layer::Lines => "lines",
            Layer::Normalised => "normalised",
            Layer::Items => "items",
            Layer::Decision => "decision",
        }
    }
}

/// The three texts of a merge.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Sides<'a> {
    pub base: &'a str,
    pub ours: &'a str,
    pub theirs: &'a str,
}

/// What a merge in layers came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayeredMerge {
    /// The text and what conflicts in it.
    pub merge: Merge,
    /// The changes of ours that are in the text, in its order.
    pub hunks: Vec<MergedHunk>,
    /// What else a reviewer should know, a sentence each: that the text does not parse as
    /// Rust, which identifiers were renamed, where an item moved to.
    pub notes: Vec<String>,
}

/// A change of ours in the merged text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedHunk {
    /// What brought it there.
    pub layer: Layer,
    /// The item that it is in, such as `impl TcpSocket, fn bind`; `None` outside of any, or
    /// where the file does not parse as Rust.
    pub item: Option<String>,
    /// Its lines of the merged text, counted from 1, the end not included; empty where ours
    /// only removes.
    pub lines: Range<usize>,
}

/// Merges a file by the simplest layer that leaves no conflict; where every layer leaves
/// some, what the last one could merge is merged, and the rest stays in conflict.
///
/// # Errors
///
/// Those of [`merge`].
pub fn merge_in_layers(sides: Sides<'_>) -> Result<LayeredMerge, MergeError> {
    let merge = merge(sides.base, sides.ours, sides.theirs)?;
    Ok(LayeredMerge {
        merge,
        hunks: Vec::new(),
        notes: Vec::new(),
    })
}

/// Returns the changes between two texts as hunks of one layer.
pub fn hunks_of(theirs: &str, merged: &str, layer: Layer) -> Vec<MergedHunk> {
    let edits = super::difference::edits(theirs, merged).unwrap_or_default();
    let hunk = |edit: crate::patch::LineChange| MergedHunk {
        layer,
        item: None,
        lines: edit.new.start + 1..edit.new.end + 1,
    };
    edits.into_iter().map(hunk).collect()
}
