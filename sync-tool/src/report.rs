//! What commands report, as values; `render` shows them.

mod conflicts;
mod forecast;
mod merges;
mod radar;
mod upgrade;

use std::collections::BTreeMap;

pub use conflicts::{ConflictReport, ConflictsReport, MergedFileReport, ResolveReport};
pub use forecast::{
    BrokenPatch, FileCounts, ForecastReport, ForecastRow, PatchFit, PatchFitKind, by_layer,
};
use gates::gate::GateReport;
use host::status::StepTime;
pub use merges::{MergeReport, MergedReport, remarks};
pub use radar::{RadarFinding, RadarReport, RadarStep, StaleDecision};
use recipe::compare::{FileChange, FileDiff};
use recipe::drift::Drift;
use recipe::manifest::{HistoryRow, Versions};
use recipe::patch::{Delta, Difference};
use recipe::prepare::RuleCount;
use recipe::refresh::Edit;
use recipe::release::SourceKind;
use recipe::series::FileConflict;
use recipe::tree::{Digest, TreePath};
use semver::Version;
use serde::Serialize;
pub use upgrade::UpgradeReport;

/// How a run of `upgrade` or `vendor` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The tree was put in place.
    Committed,
    /// The tree was there already, byte for byte.
    Unchanged,
    /// Nothing was to be written: `--dry-run`.
    DryRun,
    /// Changes contradict each other; nothing was changed.
    Conflicts,
}

/// What `upgrade` and `vendor` did.
#[derive(Debug, Clone, Serialize)]
pub struct MadeReport {
    /// `upgrade`, `vendor` or `export`.
    pub command: &'static str,
    /// How it ended.
    pub ended: Ended,
    /// What was there before, where the lock tells.
    pub from: Option<Versions>,
    /// What was made.
    pub to: Versions,
    /// Where upstream was taken from.
    pub source: SourceKind,
    /// The commit of the release.
    pub commit: Option<String>,
    /// Where the tree is, from the project's root; of an export as it was given.
    pub path: String,
    /// The number of its files.
    pub files: usize,
    /// Its digest.
    pub digest: Option<Digest>,
    /// What changed against the tree before, protected files first.
    pub changes: Vec<FileChange>,
    /// What each rule did.
    pub rules: Vec<RuleCount>,
    /// The files that are not UTF-8, copied as they are.
    pub binary: Vec<TreePath>,
    /// What became of the patches.
    pub series: Option<SeriesReport>,
    /// Changes that contradict each other.
    pub conflicts: Vec<FileConflict>,
    /// The upgrade that is open since.
    pub open: Option<ConflictsReport>,
    /// What of upstream's manifest was left out.
    pub left_out: Vec<String>,
    /// What the verification gates said.
    pub gates: Vec<GateReport>,
    /// The project's files that were written.
    pub written: Vec<TreePath>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// Of an export, what a host adds to its `Cargo.toml`.
    pub patch: Option<String>,
    /// Time per step, in milliseconds.
    pub steps: Vec<StepTime>,
}

/// What became of a series.
#[derive(Debug, Clone, Serialize)]
pub struct SeriesReport {
    /// The base of the series that was used.
    pub base: Version,
    /// Its directory.
    pub dir: TreePath,
    /// The base of the series that was made anew by merging.
    pub stored_as: Option<TreePath>,
    /// The release that the merge took for its base; `None` where nothing was merged.
    pub merge_base: Option<Version>,
    /// Each patch.
    pub patches: Vec<PatchReport>,
    /// What upstream has of the patches by now.
    pub taken: Vec<TakenReport>,
    /// What was merged, for each release that the series was brought to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merges: Vec<MergeReport>,
    /// The changed lines of all patches.
    pub delta: Delta,
    /// The most that the delta may be.
    pub budget: usize,
}

/// What became of a patch.
#[derive(Debug, Clone, Serialize)]
pub struct PatchReport {
    /// The file it changes.
    pub path: TreePath,
    /// Whether it had to be merged.
    pub merged: bool,
    /// Hunks that stand elsewhere than written, in words.
    pub moved: Vec<String>,
    /// Its changed lines.
    pub delta: Delta,
}

/// Changes of a patch that upstream has made too.
#[derive(Debug, Clone, Serialize)]
pub struct TakenReport {
    /// The file of the crate.
    pub path: TreePath,
    /// The patch that had them, from the project's root.
    pub patch: TreePath,
    /// The patch that is stored in its place; `None` where nothing is left of it.
    pub left: Option<TreePath>,
    /// The fork's changed lines that upstream has now.
    pub lines: Delta,
}

/// What `check` found.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// What is locked.
    pub pinned: Versions,
    /// Where the tree is, from the project's root; of an export as it was given.
    pub path: String,
    /// Whether it is an export.
    pub exported: bool,
    /// The number of its files by the lock.
    pub files: usize,
    /// The locked digest.
    pub digest: Digest,
    /// Whether the tree was made again from upstream.
    pub deep: bool,
    /// What is not as it should be.
    pub drift: Vec<Drift>,
    /// Further findings: that a tag moved, that gates were skipped.
    pub notes: Vec<String>,
    /// The intentional differences, by file.
    pub differences: BTreeMap<TreePath, Vec<Difference>>,
}

/// What `status` tells.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// The upgrade that is open, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<ConflictsReport>,
    /// The pin by the manifest.
    pub pinned: Versions,
    /// The commit of the pin, where the lock has it.
    pub commit: Option<String>,
    /// The newest release of the pin's line and over all; `None` where upstream was not asked.
    pub newest: Option<Newest>,
    /// Why upstream's releases are not known.
    pub newest_unknown: Option<String>,
    /// Whether upstream still fixes the pin's line; `None` where the manifest or
    /// upstream does not say.
    pub support: Option<SupportStatus>,
    /// The series there are.
    pub series: Vec<SeriesStatus>,
    /// Where the tree is, from the project's root.
    pub path: TreePath,
    /// The state of the vendored tree, in words.
    pub tree: TreeState,
    /// What the gates said, by the lock.
    pub gates: BTreeMap<String, String>,
    /// The intentional differences, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences: Option<BTreeMap<TreePath, Vec<Difference>>>,
    /// Which series serves each release line, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases: Option<ReleasesStatus>,
}

/// Which series serves each release line.
#[derive(Debug, Clone, Serialize)]
pub struct ReleasesStatus {
    /// The version of the compiler here.
    pub rustc: Option<Version>,
    /// Why that is not known.
    pub rustc_unknown: Option<String>,
    /// The newest release of each line that is known, ascending.
    pub rows: Vec<ReleaseStatus>,
}

/// Which series serves a release, and which Rust it needs.
#[derive(Debug, Clone, Serialize)]
pub struct ReleaseStatus {
    /// The release.
    pub upstream: Version,
    /// The oldest Rust that builds it, where upstream tells.
    pub rust_version: Option<String>,
    /// Whether the compiler here is that new; `None` where one of the two is not known.
    pub rust_is_new_enough: Option<bool>,
    /// What an upgrade to it would come to.
    #[serde(flatten)]
    pub fit: SeriesFit,
}

/// How a series fits a release.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "fit")]
pub enum SeriesFit {
    /// There is no series: the fork is upstream renamed.
    None,
    /// Every patch applies.
    Exact {
        /// The base of the series.
        series: Version,
        /// Its changed lines.
        delta: Delta,
    },
    /// What does not apply merges.
    Merged {
        /// The base of the series that the merge starts from.
        series: Version,
        /// The changed lines of what comes out.
        delta: Delta,
        /// The files that are merged.
        files: Vec<TreePath>,
    },
    /// Changes contradict each other.
    Conflicts {
        /// The base of the series that the merge starts from.
        series: Option<Version>,
        /// The files with conflicts.
        files: Vec<TreePath>,
    },
    /// It could not be found out.
    Unknown {
        /// Why.
        why: String,
    },
}

/// The newest upstream releases.
#[derive(Debug, Clone, Serialize)]
pub struct Newest {
    /// Of the pin's line.
    pub of_line: Option<Version>,
    /// Over all.
    pub overall: Option<Version>,
    /// Those that the registry has, where they are newer than the git repository's.
    pub newer_in_registry: Vec<Version>,
}

/// Whether a line of upstream's releases is supported, by `[upstream.support]`.
#[derive(Debug, Clone, Serialize)]
pub struct SupportStatus {
    /// Whether the pin's line is.
    pub supported: bool,
    /// Whether the pin's line is a long-term one.
    pub long_term: bool,
    /// The newest long-term line that is supported and that a series serves.
    pub newest_long_term: Option<u64>,
    /// The lines that are supported and that a series serves, ascending.
    pub lines: Vec<u64>,
}

/// A series, as `status` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct SeriesStatus {
    /// Its base.
    pub base: Version,
    /// Its directory.
    pub dir: TreePath,
    /// Whether the vendored tree was made with it.
    pub in_use: bool,
    /// Its changed lines by file.
    pub patches: BTreeMap<TreePath, Delta>,
    /// All of them.
    pub delta: Delta,
    /// The most that the delta may be.
    pub budget: usize,
    /// The number of fork-owned files that it has.
    pub files: usize,
}

/// The state of the vendored tree.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum TreeState {
    /// It is not there.
    Absent,
    /// It is there, and there is no lock to compare it with.
    Unlocked,
    /// It is as locked.
    Clean {
        /// The number of its files.
        files: usize,
        /// Its digest.
        digest: Digest,
    },
    /// It is not as locked, or inputs changed since.
    Drifted {
        /// What is not as it should be.
        drift: Vec<Drift>,
    },
}

/// What `refresh` did.
#[derive(Debug, Clone, Serialize)]
pub struct RefreshReport {
    /// Each edit, and where it went.
    pub edits: Vec<Edit>,
    /// The project's files that were written or removed.
    pub written: Vec<TreePath>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// The changed lines of all patches of the series, where an edit changed one.
    pub delta: Option<Delta>,
    /// How many there may be.
    pub budget: usize,
}

/// What `diff` shows.
#[derive(Debug, Clone, Serialize)]
pub struct DiffReport {
    /// The side that is compared.
    pub old: String,
    /// The side that it is compared with.
    pub new: String,
    /// The files that differ.
    pub files: Vec<FileDiff>,
    /// Whether only the figures are wanted.
    pub stat: bool,
}

/// What `versions` shows.
#[derive(Debug, Clone, Serialize)]
pub struct VersionsReport {
    /// The pin.
    pub pinned: Versions,
    /// The rows, ascending.
    pub rows: Vec<HistoryRow>,
    /// The documents that were written.
    pub written: Vec<TreePath>,
}

/// A pristine file.
#[derive(Debug, Clone, Serialize)]
pub struct ShowReport {
    /// The release.
    pub upstream: Version,
    /// Its path in the crate.
    pub path: TreePath,
    /// Its mode.
    pub mode: String,
    /// Its digest.
    pub digest: Digest,
    /// Its text; `None` for a binary file.
    pub text: Option<String>,
}
