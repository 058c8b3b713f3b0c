//! Rebases a series onto another release, by three-way merge.

use std::collections::BTreeMap;

use semver::Version;

use super::rebased::{MergedFile, Rebased};
use super::{
    ConflictKind, Decision, FileConflict, RejectedPatch, Resolution, Resolutions, StoredPatch,
    StoredSeries, Texts, unparsable,
};
use crate::error::{Error, Result};
use crate::format::Formatter;
use crate::merge::{
    Candidate, Layer, LayerOptions, LayeredMerge, MergedHunk, Rename, Sides, follow, hunks_of,
    merge_in_layers,
};
use crate::now_in::AddedLines;
use crate::patch::Applied;
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
            let open = unmerged
                .iter()
                .find(|(open, _): &&(Change<'_>, _)| open.path == change.path);
            if open.is_some() {
                let note = format!(
                    "Its change goes to `{}`, which is in conflict itself.",
                    change.path
                );
                let why = Unmerged::gone(note);
                change.path = change.source.clone();
                unmerged.push((change, why));
                continue;
            }
            let there = rebased
                .text(&change.path)
                .or_else(|| text(self.theirs, &change.path));
            let Some(there) = there.map(str::to_owned) else {
                let why = Unmerged::gone(format!("Upstream {} has no `{}`.", self.to, change.path));
                change.path = change.source.clone();
                unmerged.push((change, why));
                continue;
            };
            change.texts.theirs = Some(there);
            match self.bring(&change, &mut rebased)? {
                Brought::Text(text, merged) => rebased.add(change, text, Some(merged)),
                Brought::Not(why) => unmerged.push((change, why)),
                Brought::Dropped | Brought::MovedTo(_) => {}
            }
        }
        let open: Vec<TreePath> = unmerged
            .iter()
            .map(|(change, _)| change.path.clone())
            .collect();
        for (change, why) in unmerged {
            match self.follow(&change, &open, &mut rebased)? {
                Some(followed) => {
                    for (change, text, merged) in followed {
                        rebased.add(change, text, Some(merged));
                    }
                }
                None => rebased.conflicts.push(self.conflict(change, why)),
            }
        }
        rebased.paths = self.theirs.paths().cloned().collect();
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
    /// `open` are the files that are in conflict: nothing more can come into these.
    fn follow<'c>(
        &self,
        change: &Change<'c>,
        open: &[TreePath],
        rebased: &mut Rebased,
    ) -> Result<Option<Vec<(Change<'c>, String, MergedFile)>>> {
        let is_moved = change.path != *change.source;
        let Some(own) = change.texts.theirs.as_deref() else {
            return Ok(None);
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
            return Ok(None);
        };
        let left = Texts {
            ours: followed.ours,
            ..change.texts.clone()
        };
        let mut all = Vec::new();
        if is_moved {
            if left.ours != left.base {
                return Ok(None);
            }
        } else {
            let own = Change {
                path: change.path.clone(),
                texts: left,
                ..*change
            };
            match self.bring(&own, rebased)? {
                Brought::Text(text, merged) => all.push((own, text, merged)),
                Brought::Dropped => {}
                Brought::MovedTo(_) | Brought::Not(_) => return Ok(None),
            }
        }
        for (path, file) in followed.files {
            let text = file
                .merge
                .text()
                .filter(|_| is_moved || !open.contains(&path));
            let Some(mut text) = text else {
                return Ok(None);
            };
            let mut merged = MergedFile {
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
            if let Some(resolution) = self.resolutions.get(&to.texts.key())
                && let Ok(Brought::Text(decided, how)) = decided(resolution, &to.path, &to.texts)
            {
                rebased.used.push(resolution.clone());
                (text, merged) = (decided, how);
            }
            all.push((to, text, merged));
        }
        Ok(Some(all))
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

pub(super) fn text<'t>(tree: &'t Tree, path: &TreePath) -> Option<&'t str> {
    tree.get(path.as_str()).and_then(File::text)
}

/// A patch that is to be brought to a file of the other release.
pub(super) struct Change<'a> {
    /// The file that the patch is of.
    pub(super) source: &'a TreePath,
    /// The file that it is to be brought to.
    pub(super) path: TreePath,
    pub(super) patch: &'a StoredPatch,
    pub(super) texts: Texts,
}

/// What came of bringing a change to a file.
enum Brought {
    Text(String, MergedFile),
    Dropped,
    MovedTo(TreePath),
    Not(Unmerged),
}

impl Unmerged {
    /// Says that a file is gone, and why its change is not brought elsewhere.
    fn gone(note: String) -> Self {
        Unmerged {
            kind: ConflictKind::Deleted { now_in: None },
            hunks: Vec::new(),
            notes: vec![note],
        }
    }
}

/// What could not be merged.
struct Unmerged {
    kind: ConflictKind,
    hunks: Vec<MergedHunk>,
    notes: Vec<String>,
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
