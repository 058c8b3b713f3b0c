//! Stored series: the patches and fork-owned files that fit a release and the
//! ones after it, until they no longer do.

mod choose;
mod conflict;
mod inputs;
mod rebase;
mod rebased;
mod resolution;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use choose::{Choice, choose, is_nearer};
pub use conflict::{ConflictKind, FileConflict, Texts, unparsable};
pub use inputs::{FILES, Inputs, Owned, PATCH};
pub use rebase::Rebase;
pub use rebased::{MergedFile, Rebased, RebasedFile};
pub use resolution::{ConflictKey, Decision, Resolution, Resolutions};
use semver::Version;
use serde::Serialize;

use super::manifest::Series;
use super::patch::{Applied, Delta, Difference, HunkFault, Patch};
use super::tree::{File, Tree, TreePath};
use crate::error::{Error, Fault, Kind, Location};

/// A series as it is stored.
#[derive(Debug, Clone)]
pub struct StoredSeries {
    /// The release that it was made against.
    pub base: Version,
    /// Its directory, from the project's root.
    pub dir: TreePath,
    /// How many lines its patches may change.
    pub limit: usize,
    /// The patches, by the file of the crate that they change.
    pub patches: BTreeMap<TreePath, StoredPatch>,
    /// The fork-owned files that depend on the release, by their path in the crate.
    pub files: Tree,
}

/// A patch and where it is stored.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct StoredPatch {
    /// The patch's file, from the project's root.
    pub file: TreePath,
    pub text: Arc<str>,
    pub patch: Patch,
}

/// A patch that does not apply exactly.
#[derive(Debug, Clone, Serialize)]
pub struct RejectedPatch {
    /// The file of the crate.
    pub path: TreePath,
    /// The patch's file, from the project's root.
    pub patch: TreePath,
    /// Which of the reasons.
    pub why: Rejection,
    #[serde(skip)]
    text: Arc<str>,
}

/// Why a patch does not apply.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Rejection {
    /// Upstream has no such file, or the rules do not take it.
    Missing,
    /// The file is not UTF-8.
    NotText,
    /// These hunks do not stand at exactly one place.
    Hunks {
        /// Each with its reason.
        hunks: Vec<HunkFault>,
    },
}

/// A series applied to a release.
#[derive(Debug, Clone, Default)]
pub struct AppliedSeries {
    /// The files with their patches.
    pub applied: BTreeMap<TreePath, Applied>,
    /// The patches that do not apply.
    pub rejected: Vec<RejectedPatch>,
}

impl StoredSeries {
    /// Counts the changed lines of all patches: the figure that the budget limits.
    pub fn delta(&self) -> Delta {
        self.patches
            .values()
            .map(|stored| stored.patch.delta())
            .sum()
    }

    /// Returns the intentional differences, by file.
    pub fn differences(&self) -> impl Iterator<Item = (&TreePath, &Difference)> {
        self.patches.iter().flat_map(|(path, stored)| {
            let differences = stored.patch.differences.iter();
            differences.map(move |one| (path, one))
        })
    }

    /// Applies each patch exactly to a release's prepared files.
    pub fn apply_to(&self, prepared: &Tree) -> AppliedSeries {
        let mut fit = AppliedSeries::default();
        for (path, stored) in &self.patches {
            match stored.on(prepared.get(path.as_str())) {
                Ok(applied) => {
                    fit.applied.insert(path.clone(), applied);
                }
                Err(why) => fit.rejected.push(RejectedPatch {
                    path: path.clone(),
                    patch: stored.file.clone(),
                    why,
                    text: Arc::clone(&stored.text),
                }),
            }
        }
        fit
    }

    /// Returns the remarks about a series, for people: how it was merged, and that nothing is
    /// left of it, which keeps its directory. Empty where there is nothing to say.
    pub fn remarks(&self, upstream: &str, merged: &str) -> (TreePath, String) {
        let path = self.dir.with_suffix("/").with_suffix(inputs::REMARKS);
        let mut text = String::new();
        if self.patches.is_empty() && self.files.is_empty() {
            text = format!(
                "From {upstream} {} on, upstream has all that the patches before changed.\n",
                self.base
            );
        }
        if !merged.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            text = format!("{text}{gap}{}\n", merged.trim_end());
        }
        (path, text)
    }

    /// Returns where the patch of a file is kept, from the project's root.
    pub fn patch_path(&self, path: &TreePath) -> TreePath {
        self.dir.join(path).with_suffix(PATCH)
    }

    /// Returns where a fork-owned file of the series is kept, from the project's root.
    pub fn owned_path(&self, path: &TreePath) -> TreePath {
        self.dir.with_suffix("/").with_suffix(FILES).join(path)
    }

    /// Returns the files of the series as they are stored, from the project's root.
    pub fn stored_files(&self) -> impl Iterator<Item = (TreePath, File)> + '_ {
        let patches = self.patches.values();
        let patches = patches.map(|s| (s.file.clone(), File::regular(s.text.as_bytes())));
        let files = self.files.iter();
        let files = files.map(|(path, file)| (self.owned_path(path), file.clone()));
        patches.chain(files)
    }
}

impl StoredPatch {
    fn on(&self, file: Option<&File>) -> Result<Applied, Rejection> {
        let text = file
            .ok_or(Rejection::Missing)?
            .text()
            .ok_or(Rejection::NotText)?;
        self.patch
            .apply(text)
            .map_err(|hunks| Rejection::Hunks { hunks })
    }
}

impl RejectedPatch {
    /// Returns what to show: one fault for each hunk, or one for the file.
    pub fn faults(&self) -> Vec<Fault> {
        let at = |line| Location::line(self.patch.as_str(), Arc::clone(&self.text), line);
        match &self.why {
            Rejection::Missing => vec![
                Fault::new(format!(
                    "upstream has no `{}` any more, or no rule takes it",
                    self.path
                ))
                .at(Location::file(self.patch.as_str()))
                .help("find where its code went, and move the patch's change there"),
            ],
            Rejection::NotText => vec![
                Fault::new(format!("`{}` is not UTF-8", self.path))
                    .at(Location::file(self.patch.as_str()))
                    .help("take another release, and report it upstream"),
            ],
            Rejection::Hunks { hunks } => {
                let fault = |h: &HunkFault| Fault::new(h.to_string()).at(at(h.at)).help(h.help());
                hunks.iter().map(fault).collect()
            }
        }
    }

    /// Groups rejected patches into the error that they are where nothing may be merged.
    pub fn error(rejected: &[RejectedPatch], version: &Version) -> Error {
        let message = format!("patches do not apply to {version}");
        let faults = rejected.iter().flat_map(RejectedPatch::faults).collect();
        Error::faults(Kind::Conflicts, message, faults).help(format!(
            "fix the patches, or let `wash-wasi-sync upgrade --to v{version}` merge them"
        ))
    }
}

impl From<&Series> for StoredSeries {
    /// Makes a series without patches.
    fn from(series: &Series) -> StoredSeries {
        StoredSeries {
            base: series.base.clone(),
            dir: series.patches.clone(),
            limit: series.limit,
            patches: BTreeMap::new(),
            files: Tree::new(),
        }
    }
}
