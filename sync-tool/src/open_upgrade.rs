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

mod files;
mod state;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use files::{make_dir, put, put_aside, remove};
use host::{disk, failpoint};
use recipe::error::{Error, Result};
use recipe::merge::Conflict;
use recipe::series::{ConflictKind, Decision, Resolution, Resolutions};
use recipe::tree::{Digest, File, TreePath};
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
        let decisions = read_decisions(&dir.join(DECISIONS))?;
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

    /// Returns what was decided about a file.
    pub(crate) fn decision(&self, open: &OpenConflict) -> Option<&Resolution> {
        self.decisions.get(&open.texts.key())
    }

    /// Returns the files that nothing is decided about.
    pub(crate) fn undecided(&self) -> impl Iterator<Item = &OpenConflict> {
        let conflicts = self.state.conflicts.iter();
        conflicts.filter(|open| self.decision(open).is_none())
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

    /// Writes the file to edit again, where somebody removed it.
    ///
    /// # Errors
    ///
    /// Where the disk fails.
    pub(crate) fn restore_missing(&self, open: &OpenConflict) -> Result<()> {
        let place = self.staged(&open.conflict.path);
        match fs::symlink_metadata(&place) {
            Err(_) => put(&place, open.conflict.with_markers().as_bytes()),
            Ok(_) => Ok(()),
        }
    }

    /// Returns the text of the file to edit, as it is now.
    ///
    /// # Errors
    ///
    /// Where it is gone, or not UTF-8.
    pub(crate) fn staged_text(&self, open: &OpenConflict) -> Result<String> {
        let place = self.staged(&open.conflict.path);
        if fs::symlink_metadata(&place).is_ok_and(|there| !there.is_file()) {
            return Err(
                Error::general(format!("{} is not a plain file", place.display()))
                    .help("remove it; `wash-wasi-sync conflicts open` writes it again"),
            );
        }
        fs::read_to_string(&place).map_err(|e| match e.kind() {
            ErrorKind::InvalidData => {
                Error::general(format!("{} is not UTF-8", place.display())).help("save it as UTF-8")
            }
            _ => Error::io("read", &place, e)
                .help("take a side with `--ours` or `--theirs`, or drop the change with `--drop`"),
        })
    }

    /// Returns the text that was decided on for a file, where that is a text.
    fn decided_text(&self, open: &OpenConflict) -> Option<String> {
        let resolution = self.decision(open)?;
        match resolution.decision {
            Decision::Drop { .. } | Decision::MovedTo { .. } => None,
            _ => resolution.text(open.texts.theirs.as_deref()?),
        }
    }

    fn decision_place(&self, resolution: &Resolution) -> PathBuf {
        resolution.file_name().below(&self.dir.join(DECISIONS))
    }

    /// Stores a decision, in place of one about the same texts. The file to edit is as
    /// decided from then on; an edit that it does not take stays beside it.
    ///
    /// # Errors
    ///
    /// Where the disk fails; what was decided before holds then.
    pub(crate) fn decide(&mut self, open: &OpenConflict, resolution: Resolution) -> Result<()> {
        let is_edited = self.is_edited_since(open);
        let place = self.decision_place(&resolution);
        let text = resolution.render();
        let before = self.decisions.insert(resolution.key, resolution);
        let staged = self.staged(&open.conflict.path);
        let decided = self.decided_text(open);
        let now = decided.unwrap_or_else(|| open.conflict.with_markers());
        let written = fs::read(&staged).ok();
        let result = if written.as_deref() == Some(now.as_bytes()) {
            Ok(())
        } else if is_edited {
            put_aside(&staged).and_then(|()| put(&staged, now.as_bytes()))
        } else {
            put(&staged, now.as_bytes())
        };
        let result = result.and_then(|()| put(&place, text.as_bytes()));
        if let (Err(_), Some(before)) = (&result, before) {
            self.decisions.insert(before.key, before);
        }
        failpoint::hit("conflicts.decided");
        result
    }

    /// Takes a decision back: the file is to be decided again.
    ///
    /// # Errors
    ///
    /// Where the disk fails.
    pub(crate) fn undo(&mut self, open: &OpenConflict) -> Result<()> {
        let Some(resolution) = self.decisions.remove(&open.texts.key()) else {
            return Ok(());
        };
        let place = self.decision_place(&resolution);
        fs::remove_file(&place).map_err(|e| Error::io("remove", &place, e))
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

    /// Tells whether the file to edit is neither as written nor as decided.
    pub(crate) fn is_edited_since(&self, open: &OpenConflict) -> bool {
        let place = self.staged(&open.conflict.path);
        // What is not a file was not written here, and reading may never end.
        let is_file = fs::symlink_metadata(&place).is_ok_and(|there| there.is_file());
        let Some(text) = is_file.then(|| fs::read(&place).ok()).flatten() else {
            return false;
        };
        let is_decided = || {
            self.decided_text(open)
                .is_some_and(|text_| text_.as_bytes() == text)
        };
        Digest::of(&text) != open.written && !is_decided()
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

fn read_decisions(dir: &Path) -> Result<Resolutions> {
    let mut decisions = Resolutions::new();
    let mut faults = Vec::new();
    let files = disk::read_entries(dir)?.unwrap_or_default().entries.0;
    for path in files
        .keys()
        .filter(|path| !path.as_str().ends_with(files::DRAFT))
    {
        let place = path.below(dir);
        let bytes = fs::read(&place).map_err(|e| Error::io("read", &place, e))?;
        match Resolution::parse(&place.display().to_string(), &File::regular(bytes)) {
            Ok(resolution) => {
                decisions.insert(resolution.key, resolution);
            }
            Err(found) => faults.extend(found),
        }
    }
    match faults.is_empty() {
        true => Ok(decisions),
        false => Err(Error::faults(
            recipe::Kind::General,
            "decisions about conflicts cannot be read",
            faults,
        )),
    }
}
