//! What `forecast` tells.

use std::collections::BTreeMap;

use changes::api::UsedChange;
use changes::watch::Finding;
use recipe::compare::FileChange;
use recipe::manifest::FileKind;
use recipe::merge::{Layer, MergedHunk};
use recipe::tree::TreePath;
use semver::Version;
use serde::Serialize;
use upstream::git::Commit;

use super::{ReleaseStatus, SeriesFit, TakenReport};

/// What upgrades would come to.
#[derive(Debug, Clone, Serialize)]
pub struct ForecastReport {
    /// The release that they would begin at.
    pub from: Version,
    /// The version of the compiler here.
    pub rustc: Option<Version>,
    /// Why that is not known.
    pub rustc_unknown: Option<String>,
    /// A row for each release, ascending.
    pub rows: Vec<ForecastRow>,
    /// The first commit that breaks each patch, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<Vec<BrokenPatch>>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

impl ForecastReport {
    /// Tells whether an upgrade to the last release would conflict.
    pub fn newest_conflicts(&self) -> bool {
        let last = self.rows.last();
        last.is_some_and(|row| matches!(row.release.fit, SeriesFit::Conflicts { .. }))
    }
}

/// What an upgrade to a release would come to, and what changed since the row before.
#[derive(Debug, Clone, Serialize)]
pub struct ForecastRow {
    /// The release, and which series serves it.
    #[serde(flatten)]
    pub release: ReleaseStatus,
    /// The branch, tag or commit that it stands at, where it is no release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its commit, where the source tells.
    pub commit: Option<String>,
    /// Whether the registry withdrew it.
    pub yanked: bool,
    /// How many of upstream's files changed, by how they are taken.
    pub files: BTreeMap<FileKind, FileCounts>,
    /// The protected files that are new or gone.
    pub protected: Vec<FileChange>,
    /// What would become of each patch.
    pub patches: Vec<PatchFit>,
    /// What upstream has of the patches by then.
    pub taken: Vec<TakenReport>,
    /// The changed interfaces that the fork's own code uses.
    pub api: Vec<UsedChange>,
    /// The entries of the watch list that apply.
    pub watch: Vec<Finding>,
    /// The open items of the radar, vulnerabilities first.
    pub radar: Vec<String>,
}

/// How many files changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FileCounts {
    pub new: usize,
    pub gone: usize,
    pub changed: usize,
}

/// What would become of a patch.
#[derive(Debug, Clone, Serialize)]
pub struct PatchFit {
    /// The file that it changes.
    pub path: TreePath,
    /// Whether it applies.
    pub fit: PatchFitKind,
    /// Its merged changes by layer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub layers: BTreeMap<Layer, usize>,
    /// The items with conflicts, or what else is in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
}

/// Whether a patch applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PatchFitKind {
    Exact,
    Merged,
    Conflict,
    /// Upstream has all of it.
    Taken,
}

/// A patch that upstream broke.
#[derive(Debug, Clone, Serialize)]
pub struct BrokenPatch {
    /// The file that the patch changes.
    pub path: TreePath,
    /// The base of its series.
    pub series: Version,
    /// The first release at which it no longer applies as it is.
    pub release: Version,
    /// Whether it conflicts there.
    pub conflicts: bool,
    /// The first commit at which that is so; `None` where it is not known.
    pub commit: Option<Commit>,
    /// Why the commit is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// Counts changes by the layer that merged them, the simplest first.
pub fn by_layer<'h>(hunks: impl IntoIterator<Item = &'h MergedHunk>) -> BTreeMap<Layer, usize> {
    let mut counts = BTreeMap::new();
    for hunk in hunks {
        *counts.entry(hunk.layer).or_default() += 1;
    }
    counts
}
