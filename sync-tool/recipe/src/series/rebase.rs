//! Rebases a series onto another release, by three-way merge.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{
    ConflictKey, Decision, RejectedPatch, Resolution, Resolutions, StoredPatch, StoredSeries,
};
use crate::error::{Error, Result};
use crate::merge::{
    Conflict, Labels, Layer, LayerOptions, LayeredMerge, Merge, MergedHunk, Side, Sides,
    check_rust, hunks_of, merge_in_layers,
};
use crate::now_in::{AddedLines, MovedTo};
use crate::patch::{Applied, Delta, Difference, Patch};
use crate::tree::{File, Tree, TreePath};

/// What a series is rebased from, and onto. Both trees are prepared.
#[derive(Debug, Clone, Copy)]
pub struct Rebase<'a> {
    /// The release that every patch applies to exactly.
    pub from: &'a Version,
    /// Its files.
    pub base: &'a Tree,
    /// The release that the patches are brought to.
    pub to: &'a Version,
    /// Its files.
    pub theirs: &'a Tree,
    /// The patches that apply there too.
    pub exact: &'a BTreeMap<TreePath, Applied>,
    /// What was decided about conflicts.
    pub resolutions: &'a Resolutions,
}

/// A series brought to another release.
#[derive(Debug, Clone, Default)]
pub struct Rebased {
    /// The files with their changes, by their path in the release.
    pub files: BTreeMap<TreePath, RebasedFile>,
    /// What could not be merged.
    pub conflicts: Vec<FileConflict>,
    /// The resolutions that were used, in the order of the patches.
    pub used: Vec<Resolution>,
}

/// A file with the changes of the series.
#[derive(Debug, Clone)]
pub struct RebasedFile {
    /// The files that the changes come from: this one, and those whose code went here.
    pub sources: Vec<TreePath>,
    /// The text with the changes.
    pub text: String,
    /// How they came there; `None` where the patch applies as it is.
    pub merged: Option<MergedFile>,
}

/// How changes came into a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergedFile {
    /// The fork's changed lines that upstream has too.
    pub agreed: Delta,
    /// The changes, with the layer that merged each.
    pub hunks: Vec<MergedHunk>,
    /// What else a reviewer should know.
    pub notes: Vec<String>,
}

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
    /// The lines merged, but what came out does not parse as Rust.
    Unparsable {
        /// What the parser says, with line and column.
        error: String,
        /// What came out.
        text: String,
    },
}

impl Rebase<'_> {
    /// Brings the patches of a series to the other release: those that apply there are
    /// taken, the others are merged, and where that conflicts, a resolution of the same
    /// three texts decides.
    ///
    /// # Errors
    ///
    /// Where a patch does not apply to the first release, or texts cannot be compared.
    pub fn rebase(&self, stored: &StoredSeries) -> Result<Rebased> {
        let own = stored.apply_to(self.base);
        if !own.rejected.is_empty() {
            return Err(RejectedPatch::error(&own.rejected, self.from)
                .context(format!("the series {} is broken", stored.base)));
        }
        let mut rebased = Rebased::default();
        let mut moved = Vec::new();
        for (path, patch) in &stored.patches {
            let (Some(base), Some(ours)) = (text(self.base, path), own.applied.get(path)) else {
                continue;
            };
            if let Some(applied) = self.exact.get(path) {
                let file = RebasedFile {
                    sources: vec![path.clone()],
                    text: applied.text.clone(),
                    merged: None,
                };
                rebased.files.insert(path.clone(), file);
                continue;
            }
            let texts = Texts {
                base: base.to_owned(),
                ours: ours.text.clone(),
                theirs: text(self.theirs, path).map(str::to_owned),
            };
            if let Some(to) = self.one(path, path, patch, texts.clone(), &mut rebased)? {
                moved.push((path, to, patch, texts));
            }
        }
        // The file that the code went to may have a patch of its own, which goes first.
        for (path, to, patch, texts) in moved {
            let there = rebased.files.get(&to).map(|file| file.text.as_str());
            let theirs = there.or_else(|| text(self.theirs, &to)).map(str::to_owned);
            let texts = Texts { theirs, ..texts };
            if self.one(path, &to, patch, texts, &mut rebased)?.is_some() {
                return Err(Error::general(format!(
                    "the change of `{path}` was moved to `{to}`, and that was moved again"
                ))
                .help("name the last of the files in one step"));
            }
        }
        Ok(rebased)
    }

    /// Brings one patch to a file. Returns the file that it is decided to belong to now,
    /// where that is another one.
    fn one(
        &self,
        source: &TreePath,
        path: &TreePath,
        patch: &StoredPatch,
        texts: Texts,
        rebased: &mut Rebased,
    ) -> Result<Option<TreePath>> {
        let mut result = merged(path, &texts)?;
        if let Err(conflict) = &mut result
            && let Some(resolution) = self.resolutions.get(&texts.key())
        {
            match decided(resolution, path, &texts) {
                Decided::Nothing(note) => conflict.notes.push(note),
                decided => {
                    rebased.used.push(resolution.clone());
                    match decided {
                        Decided::MovedTo(to) => return Ok(Some(to)),
                        Decided::Text(text, hunks) => {
                            let notes = Vec::new();
                            let agreed = Delta::default();
                            let merged = MergedFile {
                                agreed,
                                hunks,
                                notes,
                            };
                            result = Ok((text, merged));
                        }
                        Decided::Dropped | Decided::Nothing(_) => return Ok(None),
                    }
                }
            }
        }
        match result {
            Ok((text, merged)) => {
                let there = rebased.files.remove(path);
                let mut file = RebasedFile {
                    sources: there.map(|there| there.sources).unwrap_or_default(),
                    text,
                    merged: Some(merged),
                };
                file.sources.push(source.clone());
                rebased.files.insert(path.clone(), file);
            }
            Err(Unmerged {
                kind,
                hunks,
                mut notes,
            }) => {
                let kind = match kind {
                    ConflictKind::Deleted { .. } => ConflictKind::Deleted {
                        now_in: AddedLines::between(self.base, self.theirs).most_of(&texts.base),
                    },
                    kind => kind,
                };
                if source != path {
                    notes.insert(
                        0,
                        format!("the patch is of `{source}`, whose code is decided to be here now"),
                    );
                }
                rebased.conflicts.push(FileConflict {
                    path: path.clone(),
                    patch: patch.file.clone(),
                    differences: patch.patch.differences.clone(),
                    from: self.from.clone(),
                    to: self.to.clone(),
                    texts,
                    kind,
                    hunks,
                    notes,
                });
            }
        }
        Ok(None)
    }
}

fn text<'t>(tree: &'t Tree, path: &TreePath) -> Option<&'t str> {
    tree.get(path.as_str()).and_then(File::text)
}

/// What could not be merged.
struct Unmerged {
    kind: ConflictKind,
    hunks: Vec<MergedHunk>,
    notes: Vec<String>,
}

fn merged(path: &TreePath, texts: &Texts) -> Result<Result<(String, MergedFile), Unmerged>> {
    let Some(theirs) = &texts.theirs else {
        return Ok(Err(Unmerged {
            kind: ConflictKind::Deleted { now_in: None },
            hunks: Vec::new(),
            notes: Vec::new(),
        }));
    };
    let sides = Sides {
        base: &texts.base,
        ours: &texts.ours,
        theirs,
    };
    let options = LayerOptions {
        is_rust: path.as_str().ends_with(".rs"),
        renames: &[],
        formatter: None,
    };
    let LayeredMerge {
        merge,
        hunks,
        notes,
    } = merge_in_layers(sides, &options)
        .map_err(|e| Error::general(format!("cannot merge `{path}`: {e}")).caused_by(e))?;
    let Some(text) = merge.text() else {
        let kind = ConflictKind::Lines { merge };
        return Ok(Err(Unmerged { kind, hunks, notes }));
    };
    if let Some(error) = unparsable(path, &text) {
        let kind = ConflictKind::Unparsable { error, text };
        return Ok(Err(Unmerged { kind, hunks, notes }));
    }
    let agreed = merge.agreed;
    Ok(Ok((
        text,
        MergedFile {
            agreed,
            hunks,
            notes,
        },
    )))
}

/// Says where a file does not parse as Rust, if it should.
pub fn unparsable(path: &TreePath, text: &str) -> Option<String> {
    if !path.as_str().ends_with(".rs") {
        return None;
    }
    check_rust(text).err()
}

/// What a resolution says of a conflict.
enum Decided {
    Text(String, Vec<MergedHunk>),
    Dropped,
    MovedTo(TreePath),
    /// Nothing, for that reason.
    Nothing(String),
}

fn decided(resolution: &Resolution, path: &TreePath, texts: &Texts) -> Decided {
    match (&resolution.decision, &texts.theirs) {
        (Decision::Drop { .. }, _) => Decided::Dropped,
        (Decision::MovedTo { path }, _) => Decided::MovedTo(path.clone()),
        (_, None) => {
            Decided::Nothing("a remembered text belongs to a file that is gone".to_owned())
        }
        (_, Some(theirs)) => match resolution.text(theirs) {
            None => Decided::Nothing(format!(
                "the resolution {} is not used: its patch does not apply to the texts that it names",
                resolution.key
            )),
            Some(text) => match unparsable(path, &text) {
                Some(error) => Decided::Nothing(format!(
                    "the resolution {} is not used: what it gives does not parse as Rust ({error})",
                    resolution.key
                )),
                None => {
                    let hunks = hunks_of(theirs, &text, Layer::Decision);
                    Decided::Text(text, hunks)
                }
            },
        },
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
                "upstream {} has no `{}`, so there is no side to take",
                self.to, self.path
            ))),
            (None, Some(_)) => Err(Error::general(format!(
                "`{}` has no two sides to choose from: what merges by lines does not parse as Rust",
                self.path
            ))),
        }
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
