//! Rebases a series onto another release, by three-way merge.

use std::collections::BTreeMap;

use semver::Version;
use serde::Serialize;

use super::{RejectedPatch, StoredPatch, StoredSeries};
use crate::error::{Error, Result};
use crate::merge::{Labels, LayerOptions, LayeredMerge, Merge, Sides, merge_in_layers};
use crate::now_in::{AddedLines, MovedTo};
use crate::patch::{Applied, Delta, Patch};
use crate::tree::{File, Tree, TreePath};

/// A series brought to another release.
#[derive(Debug, Clone, Default)]
pub struct Rebased {
    /// The files with their changes: exact ones and merged ones.
    pub texts: BTreeMap<TreePath, String>,
    /// The files that had to be merged, with the fork's changed lines that upstream has too.
    pub merged: BTreeMap<TreePath, Delta>,
    /// What could not be merged.
    pub conflicts: Vec<FileConflict>,
}

/// A file whose change and upstream's contradict each other.
#[derive(Debug, Clone, Serialize)]
pub struct FileConflict {
    /// The file of the crate.
    pub path: TreePath,
    /// The patch's file, from the project's root.
    pub patch: TreePath,
    /// The release that the merge took for its base: the patch applies there exactly.
    pub from: Version,
    /// The release that it was rebased onto.
    pub to: Version,
    /// What is in the way.
    #[serde(flatten)]
    pub kind: ConflictKind,
}

/// What is in the way of a merge.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ConflictKind {
    /// Both changed the same lines.
    Lines {
        /// The merge with its conflicts.
        merge: Merge,
    },
    /// Upstream deleted the file, or the rules no longer take it.
    Deleted {
        /// Upstream's text at the series' base, prepared.
        base: String,
        /// The same with the patch.
        ours: String,
        /// Where its content went, if that is found.
        #[serde(skip_serializing_if = "Option::is_none")]
        now_in: Option<MovedTo>,
    },
    /// The lines merged, but what came out does not parse as Rust.
    Unparsable {
        /// What the parser says, with line and column.
        error: String,
        /// What came out.
        text: String,
    },
}

/// Brings the patches of a series from a release that they apply to exactly to another:
/// those that apply there too are given as `exact`, the others are merged. Both trees are
/// prepared.
///
/// # Errors
///
/// Where a patch does not apply to the first release, or texts cannot be compared.
pub fn rebase(
    stored: &StoredSeries,
    from: &Version,
    base: &Tree,
    to: &Version,
    theirs: &Tree,
    exact: &BTreeMap<TreePath, Applied>,
) -> Result<Rebased> {
    let own = stored.apply_to(base);
    if !own.rejected.is_empty() {
        return Err(RejectedPatch::error(&own.rejected, from)
            .context(format!("the series {} is broken", stored.base)));
    }
    let mut rebased = Rebased::default();
    for (path, patch) in &stored.patches {
        let text = |tree: &Tree| Some(tree.get(path.as_str())?.text()?.to_owned());
        let (Some(text), Some(ours)) = (text(base), own.applied.get(path)) else {
            continue;
        };
        if let Some(applied) = exact.get(path) {
            rebased.texts.insert(path.clone(), applied.text.clone());
            continue;
        }
        let kind = match theirs.get(path.as_str()).and_then(File::text) {
            None => Err(ConflictKind::Deleted {
                now_in: AddedLines::between(base, theirs).most_of(&text),
                base: text,
                ours: ours.text.clone(),
            }),
            Some(theirs) => merged(path, &text, &ours.text, theirs)?,
        };
        match kind {
            Ok((text, agreed)) => {
                rebased.texts.insert(path.clone(), text);
                rebased.merged.insert(path.clone(), agreed);
            }
            Err(kind) => rebased.conflicts.push(FileConflict {
                path: path.clone(),
                patch: patch.file.clone(),
                from: from.clone(),
                to: to.clone(),
                kind,
            }),
        }
    }
    Ok(rebased)
}

fn merged(
    path: &TreePath,
    base: &str,
    ours: &str,
    theirs: &str,
) -> Result<Result<(String, Delta), ConflictKind>> {
    let sides = Sides { base, ours, theirs };
    let options = LayerOptions {
        is_rust: path.as_str().ends_with(".rs"),
        renames: &[],
        formatter: None,
    };
    let LayeredMerge { merge, .. } = merge_in_layers(sides, &options)
        .map_err(|e| Error::general(format!("cannot merge `{path}`: {e}")).caused_by(e))?;
    let Some(text) = merge.text() else {
        return Ok(Err(ConflictKind::Lines { merge }));
    };
    if path.as_str().ends_with(".rs")
        && let Err(e) = syn::parse_file(&text)
    {
        let at = e.span().start();
        let error = format!("{}:{}: {e}", at.line, at.column + 1);
        return Ok(Err(ConflictKind::Unparsable { error, text }));
    }
    Ok(Ok((text, merge.agreed)))
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

    /// Returns the file for review: all of its text, conflicts between diff3 markers.
    pub fn with_markers(&self) -> String {
        match &self.kind {
            ConflictKind::Lines { merge } => merge.with_markers(&self.labels()),
            ConflictKind::Deleted { ours, .. } => ours.clone(),
            ConflictKind::Unparsable { text, .. } => text.clone(),
        }
    }
}

impl Rebased {
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
        for (path, text) in &self.texts {
            let Some(old) = from.patches.get(path) else {
                continue;
            };
            let upstream = prepared.get(path.as_str()).and_then(File::text);
            if let Some(patch) = patch_for(old, path, upstream.unwrap_or_default(), text)? {
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

/// Makes a patch with an old one's head. A patch that still applies and gives
/// the same stays as it is written.
fn patch_for(old: &StoredPatch, path: &TreePath, base: &str, new: &str) -> Result<Option<Patch>> {
    if old
        .patch
        .apply(base)
        .is_ok_and(|applied| applied.text == new)
    {
        return Ok(Some(old.patch.clone()));
    }
    let differences = old.patch.differences.clone();
    let patch = Patch::between(path.as_str(), base, new, differences).map_err(|e| {
        let help = e.help();
        Error::general(e.to_string()).help(help)
    })?;
    Ok(patch.map(|patch| Patch {
        notes: old.patch.notes.clone(),
        ..patch
    }))
}
