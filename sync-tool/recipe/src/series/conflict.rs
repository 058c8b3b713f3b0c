//! A change of the fork's and one of upstream's that contradict each other, as a value.

use std::fmt;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{ConflictKey, Decision, Resolution};
use crate::error::{Error, Result};
use crate::merge::{Conflict, Labels, Merge, MergedHunk, Side, check_rust};
use crate::now_in::MovedTo;
use crate::patch::Difference;
use crate::tree::TreePath;

/// A file whose change and upstream's contradict each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileConflict {
    /// The file of the crate.
    pub path: TreePath,
    /// The patch's file, from the project's root.
    pub patch: TreePath,
    /// What the patch does, and why.
    pub differences: Vec<Difference>,
    /// The release that the merge took for its base: the patch applies there exactly.
    pub from: Version,
    /// The release that it was rebased onto.
    pub to: Version,
    /// The three texts that meet.
    #[serde(skip)]
    pub texts: Texts,
    /// What is in the way.
    #[serde(flatten)]
    pub kind: ConflictKind,
    /// The changes that merged all the same.
    pub hunks: Vec<MergedHunk>,
    /// What else a reviewer should know.
    pub notes: Vec<String>,
}

/// The texts that meet in a conflict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// Upstream's at the release that the merge took for its base.
    pub base: String,
    /// That with the patch.
    pub ours: String,
    /// Upstream's at the other release; `None` where it has no such file.
    pub theirs: Option<String>,
}

impl Texts {
    /// Returns what a conflict of these texts is known by.
    pub fn key(&self) -> ConflictKey {
        ConflictKey::of(&self.base, &self.ours, self.theirs.as_deref())
    }
}

/// What is in the way of a merge.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ConflictKind {
    /// Both changed the same lines.
    Lines {
        /// The merge with its conflicts.
        merge: Merge,
    },
    /// Upstream deleted the file, or the rules no longer take it.
    Deleted {
        /// Where its content went, if that is found.
        #[serde(skip_serializing_if = "Option::is_none")]
        now_in: Option<MovedTo>,
    },
    /// The lines merged, but what came out does not parse as Rust, as one of the inputs does not.
    Unparsable {
        /// What the parser says, with line and column.
        error: String,
        /// What came out.
        text: String,
    },
}

impl ConflictKind {
    /// Tells whether it is none: a merge with no conflict left.
    pub fn is_clean(&self) -> bool {
        matches!(self, ConflictKind::Lines { merge } if merge.is_clean())
    }
}

/// Says in one sentence what is in the way.
impl fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConflictKind::Lines { merge } => {
                let count = merge.conflicts().count();
                let s = if count == 1 { "" } else { "s" };
                write!(f, "{count} conflict{s} in its lines")
            }
            ConflictKind::Deleted { now_in } => {
                f.write_str("upstream has no such file any more")?;
                match now_in {
                    Some(now_in) => write!(f, "; its content is {now_in}"),
                    None => Ok(()),
                }
            }
            ConflictKind::Unparsable { error, .. } => write!(
                f,
                "the lines merge, but the result does not parse as Rust: {error}"
            ),
        }
    }
}

impl FileConflict {
    /// Returns what the sides of a conflict are called.
    pub fn labels(&self) -> Labels {
        Labels {
            base: format!("base: upstream {}", self.from),
            ours: format!("ours: upstream {} with {}", self.from, self.patch),
            theirs: format!("theirs: upstream {}", self.to),
        }
    }

    /// Makes the resolution that a decision is; `edited` is the text that was written by
    /// hand.
    ///
    /// # Errors
    ///
    /// Where the decision has no meaning for such a conflict, or no patch can hold it.
    pub fn resolution(&self, decision: Decision, edited: Option<&str>) -> Result<Resolution> {
        let resolution = Resolution {
            path: self.path.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            key: self.texts.key(),
            decision,
            by: None,
            patch: None,
        };
        if self.kind.is_clean() && matches!(resolution.decision, Decision::Ours | Decision::Theirs)
        {
            return Err(Error::general(format!(
                "`{}` merged, so there is no side to take",
                self.path
            ))
            .help("edit the file and take it as edited, or leave the change out with `--drop`"));
        }
        let side = |choose: fn(&Conflict) -> &Side| match &self.kind {
            ConflictKind::Lines { merge } => Some(merge.resolved_by(choose)),
            _ => None,
        };
        let text = match &resolution.decision {
            Decision::Drop { .. } | Decision::MovedTo { .. } => return Ok(resolution),
            Decision::Ours => side(|conflict| &conflict.ours),
            Decision::Theirs => side(|conflict| &conflict.theirs),
            Decision::Edited => edited.map(str::to_owned),
        };
        match (text, &self.texts.theirs) {
            (Some(text), Some(theirs)) => resolution.with_text(theirs, &text, &self.differences),
            (_, None) => Err(Error::general(format!(
                "upstream {} has no `{}`, so nothing can be edited or taken there",
                self.to, self.path
            ))
            .help("say where its code went with `--moved-to FILE`, or leave the change out with `--drop`")),
            (None, Some(_)) => Err(Error::general(format!(
                "`{}` has no two sides to choose from: what merges by lines does not parse as Rust",
                self.path
            ))),
        }
    }

    /// Returns the lines of an edited file that are conflict markers still, from 1.
    pub fn markers_in(&self, text: &str) -> Vec<usize> {
        let ConflictKind::Lines { merge } = &self.kind else {
            return Vec::new();
        };
        let length = merge.marker_length();
        let is_marker = |line: &str| {
            "<|=>"
                .chars()
                .any(|sign| line.chars().take_while(|c| *c == sign).count() == length)
        };
        let lines = text.lines().enumerate();
        lines
            .filter(|(_, line)| is_marker(line))
            .map(|(at, _)| at + 1)
            .collect()
    }

    /// Returns the file for review: all of its text, conflicts between diff3 markers.
    pub fn with_markers(&self) -> String {
        match &self.kind {
            ConflictKind::Lines { merge } => merge.with_markers(&self.labels()),
            ConflictKind::Deleted { .. } => self.texts.ours.clone(),
            ConflictKind::Unparsable { text, .. } => text.clone(),
        }
    }
}

/// Says where a file does not parse as Rust, if it should.
pub fn unparsable(path: &TreePath, text: &str) -> Option<String> {
    if !path.as_str().ends_with(".rs") {
        return None;
    }
    check_rust(text).err()
}
