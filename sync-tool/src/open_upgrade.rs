//! An upgrade that met conflicts: what is to be decided, and what was, on disk.
//!
//! Below the work directory:
//!
//! ```text
//! conflicts/state.json   what was asked for, and the conflicts as values
//! conflicts/files/       the files as merged, with markers, to be edited; `files-2` and so
//!                        on where the same upgrade met others later
//! conflicts/decisions/   what was decided, a file each, as it is stored in the project
//! conflicts/finishing    the digest of the manifest that ends it, while it is committed
//! aborted/               one that was given up; `aborted-2` and so on
//! ```
//!
//! What counts is `state.json`, which is replaced by a rename, and each decision likewise:
//! a run that is killed leaves what was before or what comes after. No decision is taken
//! on trust: the merge is made again from upstream, and a decision holds where the same
//! three texts meet.

mod decisions;
mod files;
mod state;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use files::{make_dir, put, remove};
use host::{disk, failpoint};
use recipe::error::{Error, Result};
use recipe::merge::Conflict;
use recipe::series::{ConflictKind, Resolutions};
use recipe::tree::{Digest, TreePath};
pub(crate) use state::{OpenConflict, Request, State};

/// The form of `state.json`.
const SCHEMA: u32 = 1;
const STATE: &str = "state.json";
const FILES: &str = "files";
const DECISIONS: &str = "decisions";
const FINISHING: &str = "finishing";

/// One place of a file that a person decides on.
pub(crate) struct Numbered<'a> {
    /// Its number among all, from 1.
    pub number: usize,
    /// The file.
    pub open: &'a OpenConflict,
    /// The lines; `None` where the whole file is in conflict.
    pub lines: Option<&'a Conflict>,
}

/// An upgrade that is open.
#[derive(Debug, Clone)]
pub(crate) struct OpenUpgrade {
    /// Where it is kept.
    dir: PathBuf,
    /// What it is about.
    pub state: State,
    /// What was decided.
    pub decisions: Resolutions,
}

impl OpenUpgrade {
    /// Returns where an open upgrade is kept.
    pub(crate) fn dir_of(root: &Path, work: &TreePath) -> PathBuf {
        work.below(root).join("conflicts")
    }

    /// Reads the upgrade that is open, if one is.
    ///
    /// # Errors
    ///
    /// Where what is there was not written by this program, or is damaged.
    pub(crate) fn load(dir: &Path) -> Result<Option<OpenUpgrade>> {
        let place = dir.join(STATE);
        let bytes = match fs::read(&place) {
            Err(e) if disk::absent(&e) => return Ok(None),
            other => other.map_err(|e| Error::io("read", &place, e))?,
        };
        let damaged = |what: String| {
            Error::general(format!("{} cannot be used: {what}", place.display()))
                .help("give the upgrade up with `wash-wasi-sync abort`, and begin it again")
        };
        let mut state: State = serde_json::from_slice(&bytes).map_err(|e| {
            damaged(format!(
                "it is damaged, or of another version of the tool ({e})"
            ))
        })?;
        if state.schema != SCHEMA {
            return Err(damaged(format!(
                "its form is {}, and {SCHEMA} is known",
                state.schema
            )));
        }
        for open in &mut state.conflicts {
            open.conflict.texts = open.texts.clone();
        }
        let decisions = decisions::read(&dir.join(DECISIONS))?;
        Ok(Some(OpenUpgrade {
            dir: dir.to_owned(),
            state,
            decisions,
        }))
    }

    /// Opens an upgrade, or brings one that is open to other conflicts: decisions stay, and
    /// files that are edited.
    ///
    /// # Errors
    ///
    /// Where the disk fails; what was open before is as it was then.
    pub(crate) fn open(dir: &Path, mut state: State) -> Result<OpenUpgrade> {
        OpenUpgrade::clear_leftover(dir)?;
        let before = OpenUpgrade::load(dir)?;
        if let Some(mut before) = before
            .as_ref()
            .filter(|b| b.state.is_about(&state))
            .cloned()
        {
            // Whoever edits a file goes on with it.
            state.round = before.state.round;
            before.state = state;
            before.write_state()?;
            return Ok(before);
        }
        if let Some(before) = &before {
            state.round = before.state.round + 1;
        }
        let decisions = before.as_ref().map(|before| before.decisions.clone());
        let mut open = OpenUpgrade {
            dir: dir.to_owned(),
            state,
            decisions: decisions.unwrap_or_default(),
        };
        let mut files = BTreeMap::new();
        for one in open.state.all() {
            let kept = before.as_ref().and_then(|before| before.edited(&one));
            let text = kept.or_else(|| Some(open.decided_text(&one)?.into_bytes()));
            let text = text.unwrap_or_else(|| one.conflict.with_markers().into_bytes());
            files.insert(one.conflict.path.clone(), text);
        }
        open.write(&files)?;
        if let Some(before) = before {
            before.leave(&mut open)?;
        }
        Ok(open)
    }

    /// Returns an upgrade that is nowhere on disk, for its report.
    pub(crate) fn unsaved(dir: &Path, state: State) -> OpenUpgrade {
        OpenUpgrade {
            dir: dir.to_owned(),
            state,
            decisions: Resolutions::new(),
        }
    }

    /// Removes what a killed run left of an upgrade that was never open, or is finished.
    ///
    /// # Errors
    ///
    /// Where the disk fails.
    pub(crate) fn clear_leftover(dir: &Path) -> Result<()> {
        match fs::symlink_metadata(dir.join(STATE)) {
            Ok(_) => Ok(()),
            Err(_) => remove(dir),
        }
    }

    /// Writes the upgrade to another directory, for another machine: what it is about, what
    /// was decided, and the files as they are edited.
    ///
    /// # Errors
    ///
    /// Where the disk fails, or something is there already.
    pub(crate) fn copy_to(&self, dir: &Path) -> Result<OpenUpgrade> {
        if let Ok(mut there) = fs::read_dir(dir)
            && there.next().is_some()
        {
            return Err(Error::general(format!("{} is not empty", dir.display()))
                .help("name a new directory"));
        }
        let mut copy = OpenUpgrade {
            dir: dir.to_owned(),
            ..self.clone()
        };
        copy.state.round = 1;
        let mut files = BTreeMap::new();
        for one in self.state.all() {
            let place = self.staged(&one.conflict.path);
            // A link would lead out of what was sent.
            let is_file = fs::symlink_metadata(&place).is_ok_and(|there| there.is_file());
            let bytes = is_file.then(|| fs::read(&place)).transpose();
            let bytes = bytes.map_err(|e| Error::io("read", &place, e))?;
            let bytes = bytes.unwrap_or_else(|| one.conflict.with_markers().into_bytes());
            files.insert(one.conflict.path.clone(), bytes);
        }
        copy.write(&files)?;
        Ok(copy)
    }

    /// Writes everything; the state, which makes it count, as the last.
    fn write(&self, files: &BTreeMap<TreePath, Vec<u8>>) -> Result<()> {
        make_dir(&self.dir)?;
        remove(&self.staged_dir())?;
        for (path, bytes) in files {
            put(&self.staged(path), bytes)?;
            failpoint::hit("conflicts.file");
        }
        for resolution in self.decisions.values() {
            put(
                &self.decision_place(resolution),
                resolution.render().as_bytes(),
            )?;
        }
        self.write_state()
    }

    fn write_state(&self) -> Result<()> {
        let text = serde_json::to_vec_pretty(&self.state)
            .map_err(|e| Error::general(format!("the conflicts cannot be written: {e}")))?;
        put(&self.dir.join(STATE), &text)?;
        failpoint::hit("conflicts.open");
        Ok(())
    }

    /// Removes the files to edit, now that others are in their place, unless one of them is
    /// edited and was not taken over.
    fn leave(&self, next: &mut OpenUpgrade) -> Result<()> {
        let all = self.state.all();
        let mut lost = all.iter().filter_map(|one| Some((one, self.edited(one)?)));
        let is_kept = |(one, bytes): (&OpenConflict, Vec<u8>)| {
            fs::read(next.staged(&one.conflict.path)).is_ok_and(|there| there == bytes)
        };
        match lost.all(is_kept) {
            true => remove(&self.staged_dir()),
            false => Ok(()),
        }
    }

    /// Returns the bytes of the file to edit, if it was edited since for the same conflict.
    fn edited(&self, one: &OpenConflict) -> Option<Vec<u8>> {
        let all = self.state.all();
        let own = all
            .iter()
            .find(|own| own.texts == one.texts && own.conflict.path == one.conflict.path);
        let own = own.filter(|own| self.is_edited_since(own))?;
        fs::read(self.staged(&own.conflict.path)).ok()
    }

    /// Returns where the files to edit are.
    pub(crate) fn staged_dir(&self) -> PathBuf {
        self.dir.join(match self.state.round {
            0 | 1 => FILES.to_owned(),
            round => format!("{FILES}-{round}"),
        })
    }

    /// Returns the line of the file to edit at which a conflict begins, from 1.
    pub(crate) fn marker_line(&self, one: &Numbered<'_>) -> usize {
        let ConflictKind::Lines { merge } = &one.open.conflict.kind else {
            return 1;
        };
        let nth = merge.conflicts().position(|lines| Some(lines) == one.lines);
        let marker = "<".repeat(merge.marker_length());
        let text = one.open.conflict.with_markers();
        let mut lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.starts_with(&marker));
        lines
            .nth(nth.unwrap_or_default())
            .map_or(1, |(at, _)| at + 1)
    }

    /// Returns where the file to edit is.
    pub(crate) fn staged(&self, path: &TreePath) -> PathBuf {
        path.below(&self.staged_dir())
    }

    /// Returns every place that is decided on, numbered in the order of the files.
    pub(crate) fn numbered(&self) -> Vec<Numbered<'_>> {
        let places = self.state.conflicts.iter().flat_map(|open| {
            let lines: Vec<Option<&Conflict>> = match &open.conflict.kind {
                ConflictKind::Lines { merge } => merge.conflicts().map(Some).collect(),
                _ => vec![None],
            };
            lines.into_iter().map(move |lines| (open, lines))
        });
        let numbered = places.enumerate().map(|(at, (open, lines))| Numbered {
            number: at + 1,
            open,
            lines,
        });
        numbered.collect()
    }

    /// Returns the one command to run next, and what it does.
    pub(crate) fn next_step(&self) -> String {
        let open = |one: &Numbered<'_>| self.decision(one.open).is_none();
        let Some(one) = self.numbered().into_iter().find(open) else {
            let gates = match self.state.request.no_verify {
                true => "",
                false => ", after building and testing it",
            };
            return format!("`wash-wasi-sync continue` puts the fork in place{gates}");
        };
        self.step_for(&one)
    }

    /// Returns the command that decides about a place, and what it does.
    pub(crate) fn step_for(&self, one: &Numbered<'_>) -> String {
        let path = &one.open.conflict.path;
        match &one.open.conflict.kind {
            ConflictKind::Lines { .. } => format!(
                "`wash-wasi-sync conflicts open {}` edits the file, then `wash-wasi-sync resolve {path}` takes it",
                one.number
            ),
            ConflictKind::Deleted { now_in } => {
                let to = now_in
                    .as_ref()
                    .map_or("FILE".to_owned(), |now| now.path.to_string());
                format!(
                    "`wash-wasi-sync resolve {path} --moved-to {to}`, and `continue` merges its change there; \
                     or `wash-wasi-sync resolve {path} --drop --reason TEXT`"
                )
            }
            ConflictKind::Unparsable { .. } => format!(
                "edit {path} below {}, then `wash-wasi-sync resolve {path}` takes it",
                self.staged_dir().display()
            ),
        }
    }

    /// Notes that a change is about to be committed that ends the upgrade.
    ///
    /// # Errors
    ///
    /// Where the disk fails.
    pub(crate) fn finishing(&self, manifest: &str) -> Result<()> {
        let text = Digest::of(manifest).to_string();
        put(&self.dir.join(FINISHING), text.as_bytes())
    }

    /// Notes that nothing was committed.
    pub(crate) fn not_finishing(&self) {
        // What stays would have to meet the very same manifest to count.
        let _ = fs::remove_file(self.dir.join(FINISHING));
    }

    /// Tells whether the change that ends the upgrade is in place.
    pub(crate) fn is_finished(&self, manifest: &str) -> bool {
        let noted = fs::read_to_string(self.dir.join(FINISHING)).unwrap_or_default();
        Digest::parse(&noted) == Some(Digest::of(manifest))
    }

    /// Ends the upgrade. Files that were edited after they were decided are kept: returns
    /// where.
    ///
    /// # Errors
    ///
    /// Where the disk fails.
    pub(crate) fn finish(&self) -> Result<Option<PathBuf>> {
        if self
            .state
            .all()
            .iter()
            .any(|open| self.is_edited_since(open))
        {
            return abort(&self.dir).map(Some);
        }
        let state = self.dir.join(STATE);
        match fs::remove_file(&state) {
            Err(e) if !disk::absent(&e) => return Err(Error::io("remove", &state, e)),
            _ => {}
        }
        failpoint::hit("conflicts.finished");
        remove(&self.dir)?;
        Ok(None)
    }
}

/// Gives up what is open in a directory, readable or not; it stays beside it. Returns where.
///
/// # Errors
///
/// Where the disk fails; the upgrade is still open then.
pub(crate) fn abort(dir: &Path) -> Result<PathBuf> {
    let mut names = (1_u64..).map(|number| match number {
        1 => dir.with_file_name("aborted"),
        _ => dir.with_file_name(format!("aborted-{number}")),
    });
    let free = names.find(|name| fs::symlink_metadata(name).is_err());
    let aborted = free.unwrap_or_else(|| dir.with_file_name("aborted"));
    failpoint::hit("conflicts.abort");
    fs::rename(dir, &aborted).map_err(|e| Error::io("move", dir, e))?;
    Ok(aborted)
}
