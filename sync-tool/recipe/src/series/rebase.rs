//! Rebases a series onto another release, by three-way merge.

use std::collections::BTreeMap;
use std::fmt;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{
    ConflictKey, Decision, RejectedPatch, Resolution, Resolutions, StoredPatch, StoredSeries,
};
use crate::error::{Error, Result};
use crate::format::Formatter;
use crate::merge::{
    Candidate, Conflict, Labels, Layer, LayerOptions, LayeredMerge, Merge, MergedHunk, Rename,
    Side, Sides, check_rust, follow, hunks_of, merge_in_layers,
};
use crate::now_in::{AddedLines, MovedTo};
use crate::patch::{Applied, Delta, Difference, Patch};
use crate::tree::{File, Tree, TreePath};

/// What a series is rebased from, and onto. Both trees are prepared.
#[derive(Clone, Copy)]
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
    /// What upstream is declared to have renamed in between.
    pub renames: &'a [Rename],
    /// What formats, and the edition of the style.
    pub formatter: Option<(&'a dyn Formatter, &'a str)>,
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
        let (mut moved, mut unmerged) = (Vec::new(), Vec::new());
        for (path, patch) in &stored.patches {
            let (Some(base), Some(ours)) = (text(self.base, path), own.applied.get(path)) else {
                continue;
            };
            let change = Change {
                source: path,
                path: path.clone(),
                patch,
                texts: Texts {
                    base: base.to_owned(),
                    ours: ours.text.clone(),
                    theirs: text(self.theirs, path).map(str::to_owned),
                },
            };
            if let Some(applied) = self.exact.get(path) {
                rebased.add(change, applied.text.clone(), None);
                continue;
            }
            match self.bring(&change, &mut rebased)? {
                Brought::Text(text, merged) => rebased.add(change, text, Some(merged)),
                Brought::Dropped => {}
                Brought::MovedTo(to) => moved.push(Change { path: to, ..change }),
                Brought::Not(why) => unmerged.push((change, why)),
            }
        }
        // The file that code went to may have a patch of its own, which goes first.
        for mut change in moved {
            let there = rebased
                .text(&change.path)
                .or_else(|| text(self.theirs, &change.path));
            change.texts.theirs = there.map(str::to_owned);
            match self.bring(&change, &mut rebased)? {
                Brought::Text(text, merged) => rebased.add(change, text, Some(merged)),
                Brought::Dropped => {}
                Brought::Not(why) => unmerged.push((change, why)),
                Brought::MovedTo(to) => {
                    let (source, path) = (change.source, &change.path);
                    return Err(Error::general(format!(
                        "the change of `{source}` was moved to `{path}`, and from there to `{to}`"
                    ))
                    .help(format!("say it in one step: `--moved-to {to}`")));
                }
            }
        }
        for (change, why) in unmerged {
            if !self.follow(&change, &mut rebased)? {
                rebased.conflicts.push(self.conflict(change, why));
            }
        }
        Ok(rebased)
    }

    /// Brings a change to its file: by what was decided, for a person may know better than
    /// a merge, else by the layers of the merge.
    fn bring(&self, change: &Change<'_>, rebased: &mut Rebased) -> Result<Brought> {
        let resolution = self.resolutions.get(&change.texts.key());
        let decided = resolution.map(|one| decided(one, &change.path, &change.texts));
        if let (Some(Ok(_)), Some(resolution)) = (&decided, resolution) {
            rebased.used.push(resolution.clone());
        }
        let note = match decided {
            Some(Ok(brought)) => return Ok(brought),
            Some(Err(note)) => Some(note),
            None => None,
        };
        Ok(match self.merged(&change.path, &change.texts)? {
            Ok((text, mut merged)) => {
                merged.notes.extend(note);
                Brought::Text(text, merged)
            }
            Err(mut why) => {
                why.notes.extend(note);
                Brought::Not(why)
            }
        })
    }

    /// Follows the code of a change to other files, where that is certain: to the one that
    /// a person named, or as items of which each stands in one file alone.
    fn follow(&self, change: &Change<'_>, rebased: &mut Rebased) -> Result<bool> {
        let is_moved = change.path != *change.source;
        let Some(own) = change.texts.theirs.as_deref() else {
            return Ok(false);
        };
        let is_candidate = |path: &TreePath, file: &File| match is_moved {
            true => *path == change.path,
            false => {
                let is_rust = path.as_str().ends_with(".rs") && *path != change.path;
                is_rust && self.base.get(path.as_str()) != Some(file)
            }
        };
        let texts: Vec<(&TreePath, String)> = self
            .theirs
            .iter()
            .filter(|(path, file)| is_candidate(path, file))
            .filter_map(|(path, file)| {
                let there = rebased.text(path).or_else(|| file.text());
                Some((path, there?.to_owned()))
            })
            .collect();
        let candidates = texts.iter().map(|(path, theirs)| Candidate {
            path,
            base: text(self.base, path),
            theirs,
        });
        let sides = Sides {
            base: &change.texts.base,
            ours: &change.texts.ours,
            // What a person named has the code; the file itself is gone.
            theirs: if is_moved { "" } else { own },
        };
        let options = self.options(&change.path);
        let cannot = |e| Error::general(format!("cannot follow `{}`: {e}", change.path));
        let followed = follow(sides, &candidates.collect::<Vec<_>>(), &options).map_err(cannot)?;
        let Some(followed) = followed else {
            return Ok(false);
        };
        let left = Texts {
            ours: followed.ours,
            ..change.texts.clone()
        };
        let rest = match is_moved {
            true if left.ours == left.base => None,
            true => return Ok(false),
            false => match self.merged(&change.path, &left)? {
                Ok(rest) => Some(rest),
                Err(_) => return Ok(false),
            },
        };
        for (path, file) in followed.files {
            let Some(text) = file.merge.text() else {
                return Ok(false);
            };
            let merged = MergedFile {
                agreed: file.merge.agreed,
                hunks: file.hunks,
                notes: followed.notes.iter().chain(&file.notes).cloned().collect(),
            };
            let theirs = texts.iter().find(|(known, _)| **known == path);
            let to = Change {
                texts: Texts {
                    theirs: theirs.map(|(_, text)| text.clone()),
                    ..change.texts.clone()
                },
                path,
                ..*change
            };
            rebased.add(to, text, Some(merged));
        }
        if let Some((text, merged)) = rest {
            let change = Change {
                path: change.path.clone(),
                texts: change.texts.clone(),
                ..*change
            };
            rebased.add(change, text, Some(merged));
        }
        Ok(true)
    }

    fn conflict(&self, change: Change<'_>, mut why: Unmerged) -> FileConflict {
        if let ConflictKind::Deleted { now_in } = &mut why.kind {
            *now_in = AddedLines::between(self.base, self.theirs).most_of(&change.texts.base);
        }
        if *change.source != change.path {
            let source = change.source;
            let note = format!("The patch is of `{source}`, whose code is decided to be here now.");
            why.notes.insert(0, note);
        }
        FileConflict {
            path: change.path,
            patch: change.patch.file.clone(),
            differences: change.patch.patch.differences.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            texts: change.texts,
            kind: why.kind,
            hunks: why.hunks,
            notes: why.notes,
        }
    }

    fn options(&self, path: &TreePath) -> LayerOptions<'_> {
        LayerOptions {
            is_rust: path.as_str().ends_with(".rs"),
            renames: self.renames,
            formatter: self.formatter,
        }
    }

    fn merged(
        &self,
        path: &TreePath,
        texts: &Texts,
    ) -> Result<Result<(String, MergedFile), Unmerged>> {
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
        let options = self.options(path);
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
}

fn text<'t>(tree: &'t Tree, path: &TreePath) -> Option<&'t str> {
    tree.get(path.as_str()).and_then(File::text)
}

/// A patch that is to be brought to a file of the other release.
struct Change<'a> {
    /// The file that the patch is of.
    source: &'a TreePath,
    /// The file that it is to be brought to.
    path: TreePath,
    patch: &'a StoredPatch,
    texts: Texts,
}

/// What came of bringing a change to a file.
enum Brought {
    Text(String, MergedFile),
    Dropped,
    MovedTo(TreePath),
    Not(Unmerged),
}

/// What could not be merged.
struct Unmerged {
    kind: ConflictKind,
    hunks: Vec<MergedHunk>,
    notes: Vec<String>,
}

/// Says where a file does not parse as Rust, if it should.
pub fn unparsable(path: &TreePath, text: &str) -> Option<String> {
    if !path.as_str().ends_with(".rs") {
        return None;
    }
    check_rust(text).err()
}

/// Returns what a resolution says of a conflict, or why it says nothing.
fn decided(resolution: &Resolution, path: &TreePath, texts: &Texts) -> Result<Brought, String> {
    let theirs = match (&resolution.decision, &texts.theirs) {
        (Decision::Drop { .. }, _) => return Ok(Brought::Dropped),
        (Decision::MovedTo { path }, _) => return Ok(Brought::MovedTo(path.clone())),
        (_, None) => return Err("A remembered text belongs to a file that is gone.".to_owned()),
        (_, Some(theirs)) => theirs,
    };
    let key = resolution.key;
    let text = resolution.text(theirs).ok_or_else(|| {
        format!(
            "The resolution {key} is not used: its patch does not apply to the texts that it names."
        )
    })?;
    if let Some(error) = unparsable(path, &text) {
        return Err(format!(
            "The resolution {key} is not used: what it gives does not parse as Rust ({error})."
        ));
    }
    let merged = MergedFile {
        hunks: hunks_of(theirs, &text, Layer::Decision),
        ..MergedFile::default()
    };
    Ok(Brought::Text(text, merged))
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
    fn text(&self, path: &TreePath) -> Option<&str> {
        self.files.get(path).map(|file| file.text.as_str())
    }

    /// Adds the changes of a patch to a file.
    fn add(&mut self, change: Change<'_>, text: String, merged: Option<MergedFile>) {
        let there = self.files.remove(&change.path);
        let (mut sources, mut differences) = there
            .map(|there| (there.sources, there.differences))
            .unwrap_or_default();
        sources.push(change.source.clone());
        differences.extend(change.patch.patch.differences.clone());
        let file = RebasedFile {
            sources,
            text,
            merged,
            texts: change.texts,
            patch: change.patch.file.clone(),
            differences,
        };
        self.files.insert(change.path, file);
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
