//! What came of rebasing a series, and the series that it makes.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::rebase::{Change, text};
use super::{FileConflict, Resolution, StoredPatch, StoredSeries, Texts};
use crate::error::{Error, Result};
use crate::merge::{Layer, MergedHunk, counterpart, hunks_of};
use crate::patch::{Delta, Difference, Patch};
use crate::tree::{Tree, TreePath};

/// A series brought to another release.
#[derive(Debug, Clone, Default)]
pub struct Rebased {
    /// The files with their changes, by their path in the release.
    pub files: BTreeMap<TreePath, RebasedFile>,
    /// What could not be merged.
    pub conflicts: Vec<FileConflict>,
    /// The resolutions that were used, in the order of the patches.
    pub used: Vec<Resolution>,
    /// The files of the other release.
    pub paths: Vec<TreePath>,
}

/// A file with the changes of the series.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RebasedFile {
    /// The files that the changes come from: this one, and those whose code went here.
    pub sources: Vec<TreePath>,
    /// The text with the changes.
    pub text: String,
    /// How they came there; `None` where the patch applies as it is.
    pub merged: Option<MergedFile>,
    /// The texts that met, of the last source.
    pub texts: Texts,
    /// Its patch's file, from the project's root.
    pub patch: TreePath,
    /// What the patches do, and why.
    pub differences: Vec<Difference>,
}

/// How changes came into a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedFile {
    /// The fork's changed lines that upstream has too.
    pub agreed: Delta,
    /// The changes, with the layer that merged each.
    pub hunks: Vec<MergedHunk>,
    /// What else a reviewer should know.
    pub notes: Vec<String>,
}

impl Rebased {
    pub(super) fn text(&self, path: &TreePath) -> Option<&str> {
        self.files.get(path).map(|file| file.text.as_str())
    }

    /// Adds the changes of a patch to a file, behind those that are there.
    pub(super) fn add(&mut self, change: Change<'_>, text: String, merged: Option<MergedFile>) {
        let Some(there) = self.files.get_mut(&change.path) else {
            let file = RebasedFile {
                sources: vec![change.source.clone()],
                text,
                merged,
                texts: change.texts,
                patch: change.patch.file.clone(),
                differences: change.patch.patch.differences.clone(),
            };
            self.files.insert(change.path, file);
            return;
        };
        let theirs = there.texts.theirs.as_deref().unwrap_or_default();
        let exact = || MergedFile {
            hunks: hunks_of(theirs, &there.text, Layer::Exact),
            ..MergedFile::default()
        };
        let mut both = there.merged.clone().unwrap_or_else(exact);
        for hunk in &mut both.hunks {
            hunk.lines = counterpart(&there.text, &text, &hunk.lines);
        }
        let added = merged.unwrap_or_default();
        both.hunks.extend(added.hunks);
        both.hunks.sort_by_key(|hunk| hunk.lines.start);
        both.notes.extend(added.notes);
        both.agreed += added.agreed;
        there.merged = Some(both);
        there.text = text;
        there.sources.push(change.source.clone());
        there
            .differences
            .extend(change.patch.patch.differences.clone());
    }

    /// Makes the series for a release out of what was rebased onto it. A patch that
    /// leaves nothing to change is not in it.
    ///
    /// # Errors
    ///
    /// Fails where a patch cannot be written.
    pub fn stored(
        &self,
        from: &StoredSeries,
        base: &Version,
        dir: &TreePath,
        prepared: &Tree,
    ) -> Result<StoredSeries> {
        let mut stored = StoredSeries {
            base: base.clone(),
            dir: dir.clone(),
            limit: from.limit,
            patches: BTreeMap::new(),
            files: from.files.clone(),
        };
        for (path, file) in &self.files {
            let sources = file
                .sources
                .iter()
                .filter_map(|source| from.patches.get(source));
            let sources: Vec<&StoredPatch> = sources.collect();
            let upstream = text(prepared, path).unwrap_or_default();
            if let Some(patch) = patch_for(&sources, path, upstream, &file.text)? {
                let file = stored.patch_path(path);
                let text = patch.render().into();
                stored
                    .patches
                    .insert(path.clone(), StoredPatch { file, text, patch });
            }
        }
        Ok(stored)
    }
}

/// Makes a patch with the heads of old ones. A patch that still applies and gives
/// the same stays as it is written.
fn patch_for(
    old: &[&StoredPatch],
    path: &TreePath,
    base: &str,
    new: &str,
) -> Result<Option<Patch>> {
    if let [only] = old
        && only.patch.path == path.as_str()
        && only
            .patch
            .apply(base)
            .is_ok_and(|applied| applied.text == new)
    {
        return Ok(Some(only.patch.clone()));
    }
    let differences = old.iter().flat_map(|old| old.patch.differences.clone());
    let patch = Patch::between(path.as_str(), base, new, differences.collect()).map_err(|e| {
        let help = e.help();
        Error::general(e.to_string()).help(help)
    })?;
    let notes = old.iter().flat_map(|old| old.patch.notes.clone()).collect();
    Ok(patch.map(|patch| Patch { notes, ..patch }))
}
