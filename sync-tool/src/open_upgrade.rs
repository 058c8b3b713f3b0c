//! An upgrade that met conflicts: what is to be decided, and what was, on disk.
//!
//! Below the work directory:
//!
//! ```text
//! conflicts/state.json   what was asked for, and the conflicts as values
//! conflicts/files/       the files as merged, with markers, to be edited
//! conflicts/decisions/   what was decided, a file each, as it is stored in the project
//! conflicts/finishing    the digest of the manifest that ends it, while it is committed
//! aborted/               the last one that was given up
//! ```
//!
//! What counts is `state.json`, which is replaced by a rename, and each decision likewise:
//! a run that is killed leaves what was before or what comes after. No decision is taken
//! on trust: the merge is made again from upstream, and a decision holds where the same
//! three texts meet.

mod foreign;
mod state;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(crate) use foreign::{check_foreign, copy};
use host::{disk, failpoint};
use recipe::error::{Error, Result};
use recipe::merge::Conflict;
use recipe::series::{ConflictKind, Resolution, Resolutions};
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

    /// Opens an upgrade, or brings one that is open to other conflicts; decisions stay, and
    /// so do files that are edited.
    ///
    /// # Errors
    ///
    /// Where the disk fails; what was open before is as it was then.
    pub(crate) fn open(dir: &Path, state: State) -> Result<OpenUpgrade> {
        clear_unless_open(dir)?;
        for open in &state.all() {
            let place = staged(dir, &open.conflict.path);
            if let Ok(there) = fs::read(&place) {
                if Digest::of(&there) == open.written || is_about(dir, open)? {
                    continue;
                }
                set_aside(&place)?;
            }
            put(&place, open.conflict.with_markers().as_bytes())?;
            failpoint::hit("conflicts.file");
        }
        let text = serde_json::to_vec_pretty(&state)
            .map_err(|e| Error::general(format!("the conflicts cannot be written: {e}")))?;
        put(&dir.join(STATE), &text)?;
        failpoint::hit("conflicts.open");
        Ok(OpenUpgrade {
            dir: dir.to_owned(),
            state,
            decisions: read_decisions(&dir.join(DECISIONS))?,
        })
    }

    /// Returns where it is kept.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns where the files to edit are.
    pub(crate) fn staged_dir(&self) -> PathBuf {
        self.dir.join(FILES)
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
        staged(&self.dir, path)
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

    /// Returns the text of the file to edit, as it is now.
    ///
    /// # Errors
    ///
    /// Where it is gone, or not UTF-8.
    pub(crate) fn staged_text(&self, open: &OpenConflict) -> Result<String> {
        let place = self.staged(&open.conflict.path);
        fs::read_to_string(&place).map_err(|e| match e.kind() {
            ErrorKind::InvalidData => {
                Error::general(format!("{} is not UTF-8", place.display())).help("save it as UTF-8")
            }
            _ => Error::io("read", &place, e)
                .help("take a side with `--ours` or `--theirs`, or drop the change with `--drop`"),
        })
    }

    /// Stores a decision, in place of one about the same texts.
    ///
    /// # Errors
    ///
    /// Where the disk fails; what was decided before holds then.
    pub(crate) fn decide(&mut self, resolution: Resolution) -> Result<()> {
        let place = resolution.file_name().below(&self.dir.join(DECISIONS));
        put(&place, resolution.render().as_bytes())?;
        failpoint::hit("conflicts.decided");
        self.decisions.insert(resolution.key, resolution);
        Ok(())
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
    pub(crate) fn finish(self) -> Result<Option<PathBuf>> {
        if self
            .state
            .all()
            .iter()
            .any(|open| self.is_edited_since(open))
        {
            return self.abort().map(Some);
        }
        let state = self.dir.join(STATE);
        fs::remove_file(&state).map_err(|e| Error::io("remove", &state, e))?;
        failpoint::hit("conflicts.finished");
        remove(&self.dir)?;
        Ok(None)
    }

    /// Tells whether the file to edit is neither as written nor as decided.
    pub(crate) fn is_edited_since(&self, open: &OpenConflict) -> bool {
        let Ok(text) = fs::read(self.staged(&open.conflict.path)) else {
            return false;
        };
        let theirs = open.texts.theirs.as_deref();
        let decided = self
            .decision(open)
            .zip(theirs)
            .and_then(|(r, theirs)| r.text(theirs));
        let is_decided = decided.is_some_and(|decided| decided.as_bytes() == text);
        Digest::of(&text) != open.written && !is_decided
    }

    /// Gives the upgrade up; the last one that was given up stays beside it. Returns where.
    ///
    /// # Errors
    ///
    /// Where the disk fails; the upgrade is still open then.
    pub(crate) fn abort(self) -> Result<PathBuf> {
        abort(&self.dir)
    }
}

/// Gives up what is open in a directory, readable or not.
///
/// # Errors
///
/// As [`OpenUpgrade::abort`].
pub(crate) fn abort(dir: &Path) -> Result<PathBuf> {
    let aborted = dir.with_file_name("aborted");
    remove(&aborted)?;
    failpoint::hit("conflicts.abort");
    fs::rename(dir, &aborted).map_err(|e| Error::io("move", dir, e))?;
    Ok(aborted)
}

/// Removes what a killed run left of an upgrade that was never open, or is finished.
///
/// # Errors
///
/// Where the disk fails.
pub(crate) fn clear_unless_open(dir: &Path) -> Result<()> {
    match fs::symlink_metadata(dir.join(STATE)) {
        Ok(_) => Ok(()),
        Err(_) => remove(dir),
    }
}

fn staged(dir: &Path, path: &TreePath) -> PathBuf {
    path.below(&dir.join(FILES))
}

/// Tells whether the file that is there was written for the same conflict.
fn is_about(dir: &Path, open: &OpenConflict) -> Result<bool> {
    let before = OpenUpgrade::load(dir)?;
    let before = before.map(|before| before.state.all()).unwrap_or_default();
    Ok(before.iter().any(|one| one == open))
}

/// Gives a file that somebody edited another name.
fn set_aside(place: &Path) -> Result<()> {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let names = (1_u64..).map(|number| place.with_file_name(format!("{name}.edited-{number}")));
    let mut free = names.filter(|name| fs::symlink_metadata(name).is_err());
    let aside = free.next().unwrap_or_else(|| place.to_owned());
    fs::rename(place, &aside).map_err(|e| Error::io("move", place, e))
}

fn read_decisions(dir: &Path) -> Result<Resolutions> {
    let mut decisions = Resolutions::new();
    let mut faults = Vec::new();
    let files = disk::read_entries(dir)?.unwrap_or_default().entries.0;
    for path in files.keys().filter(|path| !path.as_str().ends_with(DRAFT)) {
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

/// How the name of a file ends while it is written.
const DRAFT: &str = ".wash-wasi-sync-draft";

/// Writes a file whole, or not at all.
fn put(place: &Path, bytes: &[u8]) -> Result<()> {
    let above = place.parent().unwrap_or(place);
    make_dir(above)?;
    let mut draft = place.as_os_str().to_owned();
    draft.push(DRAFT);
    let draft = PathBuf::from(draft);
    let written = fs::File::create(&draft).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    let placed = written
        .map_err(|e| Error::io("write", place, e))
        .and_then(|()| {
            failpoint::hit("conflicts.written");
            fs::rename(&draft, place).map_err(|e| Error::io("write", place, e))
        });
    if placed.is_err() {
        // What is left of it is in nobody's way.
        let _ = fs::remove_file(&draft);
    }
    placed
}

fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|e| Error::io("make", dir, e))
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(e) if !disk::absent(&e) => Err(Error::io("remove", dir, e)),
        _ => Ok(()),
    }
}
