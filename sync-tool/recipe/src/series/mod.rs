//! Stored series: the patches and fork-owned files that fit a release and the
//! ones after it, until they no longer do.

mod carry;
mod choose;
mod inputs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use carry::{Carried, Conflict, ConflictKind, carry};
pub use choose::{Choice, choose, is_nearer};
pub use inputs::{FILES, Inputs, Owned, PATCH};
use semver::Version;
use serde::Serialize;

use super::manifest::Series;
use super::patch::{Delta, Difference, HunkFault, HunkPosition, Patch};
use super::tree::{File, Tree, TreePath};
use crate::error::{Error, Fault, Kind, Location, Result};

/// A series as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
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
pub struct StoredPatch {
    /// The patch's file, from the project's root.
    pub file: TreePath,
    /// Its text.
    pub text: Arc<str>,
    /// What it says.
    pub patch: Patch,
}

/// What became of a patch on a release's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The file's text with the patch.
    pub text: String,
    /// Where its hunks stood.
    pub places: Vec<HunkPosition>,
}

/// A patch that does not apply exactly.
#[derive(Debug, Clone, Serialize)]
pub struct RejectedPatch {
    /// The file of the crate.
    pub path: TreePath,
    /// The patch's file, from the project's root.
    pub patch: TreePath,
    /// Why.
    pub why: Why,
    #[serde(skip)]
    text: Arc<str>,
}

/// Why a patch does not apply.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Why {
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
pub struct Fit {
    /// The files with their patches.
    pub applied: BTreeMap<TreePath, Applied>,
    /// The patches that do not apply.
    pub misfits: Vec<RejectedPatch>,
}

impl Stored {
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
    pub fn fit(&self, prepared: &Tree) -> Fit {
        let mut fit = Fit::default();
        for (path, stored) in &self.patches {
            match stored.on(prepared.get(path.as_str())) {
                Ok(applied) => {
                    fit.applied.insert(path.clone(), applied);
                }
                Err(why) => fit.misfits.push(RejectedPatch {
                    path: path.clone(),
                    patch: stored.file.clone(),
                    why,
                    text: Arc::clone(&stored.text),
                }),
            }
        }
        fit
    }

    /// Returns the remarks that keep the directory of a series with nothing in it.
    ///
    /// # Errors
    ///
    /// Never for a directory that the manifest allows.
    pub fn remarks(&self, upstream: &str) -> Result<(TreePath, String)> {
        let path = TreePath::new(&format!("{}/{}", self.dir, inputs::REMARKS));
        let text = format!(
            "From {upstream} {} on, upstream has all that the patches before changed.\n",
            self.base
        );
        Ok((path.map_err(|e| Error::general(e.to_string()))?, text))
    }

    /// Returns the files of the series as they are stored, from the project's root.
    pub fn stored_files(&self) -> impl Iterator<Item = (TreePath, File)> + '_ {
        let patches = self.patches.values();
        let patches = patches.map(|s| (s.file.clone(), File::regular(s.text.as_bytes())));
        let files = self.files.iter().filter_map(|(path, file)| {
            let stored = format!("{}/{FILES}/{path}", self.dir);
            Some((TreePath::new(&stored).ok()?, file.clone()))
        });
        patches.chain(files)
    }
}

impl StoredPatch {
    fn on(&self, file: Option<&File>) -> Result<Applied, Why> {
        let text = file.ok_or(Why::Missing)?.text().ok_or(Why::NotText)?;
        let applied = self
            .patch
            .apply(text)
            .map_err(|hunks| Why::Hunks { hunks })?;
        Ok(Applied {
            text: applied.text,
            places: applied.places,
        })
    }
}

impl RejectedPatch {
    /// Returns what to show: one fault for each hunk, or one for the file.
    pub fn faults(&self) -> Vec<Fault> {
        let at = |line| Location::line(self.patch.as_str(), Arc::clone(&self.text), line);
        match &self.why {
            Why::Missing => vec![
                Fault::new(format!(
                    "upstream has no `{}` any more, or no rule takes it",
                    self.path
                ))
                .at(Location::file(self.patch.as_str()))
                .help("find where its code went, and move the patch's change there"),
            ],
            Why::NotText => vec![
                Fault::new(format!("`{}` is not UTF-8", self.path))
                    .at(Location::file(self.patch.as_str()))
                    .help("take another release, and report it upstream"),
            ],
            Why::Hunks { hunks } => {
                let fault = |h: &HunkFault| Fault::new(h.to_string()).at(at(h.at)).help(h.help());
                hunks.iter().map(fault).collect()
            }
        }
    }

    /// Groups misfits into the error that they are where nothing may be merged.
    pub fn error(misfits: &[RejectedPatch], version: &Version) -> Error {
        let message = format!("patches do not apply to {version}");
        let faults = misfits.iter().flat_map(RejectedPatch::faults).collect();
        Error::faults(Kind::Conflicts, message, faults).help(format!(
            "fix the patches, or let `wash-wasi-sync upgrade --to v{version}` merge them"
        ))
    }
}

impl From<&Series> for Stored {
    /// Makes a series without patches.
    fn from(series: &Series) -> Stored {
        Stored {
            base: series.base.clone(),
            dir: series.patches.clone(),
            limit: series.limit,
            patches: BTreeMap::new(),
            files: Tree::new(),
        }
    }
}
