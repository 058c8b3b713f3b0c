//! An upgrade that met conflicts, as it is reported.

use std::collections::BTreeMap;

use recipe::merge::{Conflict, Layer};
use recipe::patch::Difference;
use recipe::series::{ConflictKind, Resolution};
use recipe::tree::TreePath;
use semver::Version;
use serde::Serialize;
use upstream::git::Commit;

/// An upgrade that met conflicts, and what was decided.
#[derive(Debug, Clone, Serialize)]
pub struct ConflictsReport {
    /// The release that the fork is at.
    pub from: Version,
    /// The release that it is to go to.
    pub to: Version,
    /// The number of files in conflict.
    pub files: usize,
    /// How many of them are not resolved.
    pub left: usize,
    /// Each place to decide on.
    pub conflicts: Vec<ConflictReport>,
    /// The files that merged by themselves, to be reviewed.
    pub merged: Vec<MergedFileReport>,
    /// What to do next.
    pub next: String,
}

/// A file that merged by itself.
#[derive(Debug, Clone, Serialize)]
pub struct MergedFileReport {
    /// The file of the crate.
    pub path: TreePath,
    /// Its changes by the layer that merged them.
    pub layers: BTreeMap<Layer, usize>,
    /// The file, which may be edited and decided about as well.
    pub file: String,
    /// What was decided about it.
    pub resolution: Option<Resolution>,
    /// Where a decision about the same texts is stored.
    pub remembered: Option<TreePath>,
}

/// A place that a person decides on.
#[derive(Debug, Clone, Serialize)]
pub struct ConflictReport {
    /// Its number among all, from 1.
    pub number: usize,
    /// The file of the crate.
    pub path: TreePath,
    /// The item that it is in, where that is known.
    pub item: Option<String>,
    /// The patch's file, from the project's root.
    pub patch: TreePath,
    /// What the patch does, and why.
    pub differences: Vec<Difference>,
    /// The release that the merge took for its base.
    pub from: Version,
    /// The release that the patch is to be brought to.
    pub to: Version,
    /// The lines with all sides; `None` where the whole file is in conflict.
    pub lines: Option<Conflict>,
    /// What is in the way.
    #[serde(serialize_with = "as_sentence")]
    pub kind: ConflictKind,
    /// What else a reviewer should know.
    pub notes: Vec<String>,
    /// What was decided about the file.
    pub resolution: Option<Resolution>,
    /// Where a decision about the same texts is stored.
    pub remembered: Option<TreePath>,
    /// The file to edit.
    pub file: String,
    /// The line at which the conflict begins there, from 1.
    pub line: usize,
    /// Upstream's commits that touch the lines; empty where they were not asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<Commit>,
}

/// The lines are told apart.
fn as_sentence<S: serde::Serializer>(kind: &ConflictKind, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(kind)
}

/// What `resolve` decided.
#[derive(Debug, Clone, Serialize)]
pub struct ResolveReport {
    /// The decisions.
    pub resolved: Vec<Resolution>,
    /// The files whose decision was taken back.
    pub undone: Vec<TreePath>,
    /// The files that are not resolved yet.
    pub left: Vec<TreePath>,
    /// What to do next.
    pub next: String,
}
