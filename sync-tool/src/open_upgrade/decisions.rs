//! What is decided about an open upgrade's files, and what a person edited.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use host::{disk, failpoint};
use recipe::error::{Error, Result};
use recipe::series::{Decision, Resolution, Resolutions};
use recipe::tree::{Digest, File};

use super::files::{put, put_aside};
use super::{DECISIONS, OpenConflict, OpenUpgrade};

impl OpenUpgrade {
    /// Returns what was decided about a file.
    pub(crate) fn decision(&self, open: &OpenConflict) -> Option<&Resolution> {
        self.decisions.get(&open.texts.key())
    }

    /// Returns the files that nothing is decided about.
    pub(crate) fn undecided(&self) -> impl Iterator<Item = &OpenConflict> {
        let conflicts = self.state.conflicts.iter();
        conflicts.filter(|open| self.decision(open).is_none())
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
    pub(super) fn decided_text(&self, open: &OpenConflict) -> Option<String> {
        let resolution = self.decision(open)?;
        match resolution.decision {
            Decision::Drop { .. } | Decision::MovedTo { .. } => None,
            _ => resolution.text(open.texts.theirs.as_deref()?),
        }
    }

    pub(super) fn decision_place(&self, resolution: &Resolution) -> PathBuf {
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

/// Reads the decisions in a directory.
///
/// # Errors
///
/// All files that are none, together.
pub(super) fn read(dir: &Path) -> Result<Resolutions> {
    let mut decisions = Resolutions::new();
    let mut faults = Vec::new();
    let files = disk::read_entries(dir)?.unwrap_or_default().entries.0;
    for path in files
        .keys()
        .filter(|path| !path.as_str().ends_with(super::files::DRAFT))
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
