//! The crash-safe transaction: what a run makes is put in place whole or not at all.
//!
//! A run takes its [`WriteLock`], recovers what a killed run left, stages a tree and
//! commits it together with files of the project. Below the work directory:
//!
//! ```text
//! lock            held while a run writes; says who
//! stage/tree/     the staged tree; a stable path, so that builds can be reused
//! stage/files/    the staged files of the project, by number
//! journal.json    sealed: the change is decided, and whoever comes next finishes it
//! times.json      when the bytes of each file of a stage last changed
//! old/            finished stages with what was replaced, about to be removed
//! placed          digests of trees that runs made and put in place, the last ones
//! kept/           edits that were made while a change was put in place
//! ```
//!
//! The journal's rename into place is the commit point. Until then nothing but
//! the work directory has changed; from then on each step can be repeated.
//!
//! What is replaced must be what the run has read. That is looked at before the
//! change is decided, and again when it came out of its place; what differs then is
//! moved to `kept/`, by a run that goes on as by one that finishes what was killed.

mod apply;
mod check;
mod exchange;
mod journal;
mod read_lock;
mod rights;
mod staged;
mod sync;
mod times;
mod work;

use std::collections::BTreeMap;
use std::path::Path;
use std::{fmt, fs};

use apply::Apply;
use host::disk::Found;
use host::{Interrupt, failpoint, lock};
use journal::Plan;
pub use read_lock::ReadLock;
use recipe::error::{Error, Result};
use recipe::listing::joined;
use recipe::tree::{Entries, Tree, TreePath};
pub use staged::Stage;
use work::Work;

/// What one commit changes.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Where the staged tree goes, from the project's root; `None` where no tree is staged.
    pub destination: Option<TreePath>,
    /// What this run has read at the destination; nothing is changed if something else
    /// stands there. No files at all stand for an absent directory too.
    pub expected: Found,
    /// Files of the project to write, or to remove (`None`). Directories below a
    /// top one that become empty are removed too.
    pub files: BTreeMap<TreePath, Option<Vec<u8>>>,
    /// The files of the project as this run has read them, at least those of `files`;
    /// one that is not here was not there. Nothing is changed if one of `files` is
    /// another now.
    pub read: Entries,
}

/// What there is to say of a change that is in place.
#[derive(Debug, Default)]
#[must_use]
pub struct Committed {
    /// Edits that were made while it was put in place, where they lie now, from the
    /// project's root.
    pub kept: Vec<String>,
    /// Why some of what was replaced could not be removed.
    pub waste: Option<Error>,
}

/// What was found of a run that was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// It had decided nothing yet: the project is as it was before it.
    OldKept,
    /// It had decided its change: that is in place now.
    NewFinished {
        /// Edits that were made before it was finished, where they lie now, from
        /// the project's root.
        kept: Vec<String>,
    },
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recovered::OldKept => f.write_str(
                "an earlier run was stopped before it changed anything; \
                 what it had staged is removed, the project is as it was before that run",
            ),
            Recovered::NewFinished { kept } => {
                f.write_str(
                    "an earlier run was stopped while it put its result in place; \
                     that is finished now, the project is as that run made it",
                )?;
                if kept.is_empty() {
                    return Ok(());
                }
                write!(
                    f,
                    "; edits made in between are kept: {}",
                    joined(kept, kept.len())
                )
            }
        }
    }
}

/// Tells whether a tree is, with all that was found there, one that a run made and put in
/// place. The record is a help only: without it a tree that is not locked counts as edited.
pub fn is_as_placed(root: &Path, work: &TreePath, found: &Found) -> bool {
    Work::new(root, work).is_placed(staged::fingerprint(found))
}

/// Tells whether a tree is none that a run made or stored here, although there were such: the
/// lock that names it came from elsewhere.
pub fn is_from_elsewhere(root: &Path, work: &TreePath, tree: &Entries) -> bool {
    Work::new(root, work).is_unknown(staged::fingerprint_of(tree))
}

/// One run's exclusive hold of the project. Dropped, it is released.
#[derive(Debug)]
pub struct WriteLock {
    work: Work,
    _lock: lock::Lock,
}

impl WriteLock {
    /// Takes the project at `root` for this run. `work` is the directory for what
    /// is between old and new, on the same file system as the vendored tree;
    /// `command` tells a second run who holds the project (command line and start).
    ///
    /// # Errors
    ///
    /// Fails where another run holds the lock, naming it, or the directory cannot be written.
    pub fn take(root: &Path, work: &TreePath, command: &str) -> Result<WriteLock> {
        WriteLock::try_take(root, work, command)?
    }

    /// The same, but that another run holds it is the error within.
    fn try_take(root: &Path, work: &TreePath, command: &str) -> Result<Result<WriteLock>> {
        let work = Work::new(root, work);
        work.make()?;
        failpoint::hit("work.made");
        let lock = lock::Lock::try_take(&work.lock(), lock::PROJECT, command)?;
        failpoint::hit("lock.taken");
        Ok(lock.map(|lock| WriteLock { work, _lock: lock }))
    }

    /// Ends what a killed run left: finishes its change if that was decided, else
    /// removes its stage. Returns what was found, `None` where nothing was left.
    ///
    /// # Errors
    ///
    /// Fails where the disk does, or the journal is damaged or not of this tool;
    /// nothing is changed then.
    pub fn recover(&self) -> Result<Option<Recovered>> {
        if let Some(plan) = journal::read(&self.work)? {
            // What it could not remove, `clear` tells.
            let _ = Apply::new(&self.work, &plan, true).run()?;
            // That run may have kept some already.
            let kept = self.work.all_kept()?;
            return Ok(Some(Recovered::NewFinished { kept }));
        }
        let is_left = self.work.retire()?;
        work::remove(&self.work.journal_draft())?;
        failpoint::hit("recover.stage-retired");
        self.work.clear();
        failpoint::hit("recover.old-removed");
        Ok(is_left.then_some(Recovered::OldKept))
    }

    /// Removes what earlier runs replaced and could not remove. Returns why some of it
    /// still stays; it is in nobody's way.
    pub fn clear(&self) -> Option<Error> {
        self.work.clear()
    }

    /// Releases the hold, and removes the work directory, unless something in it is
    /// still needed: an unfinished change, or kept edits.
    pub fn leave(self) {
        let work = &self.work;
        if !matches!(work::look(&work.journal()), Ok(None)) {
            return;
        }
        // What stays is in nobody's way.
        let _ = work::remove(&work.times());
        let _ = work::remove(&work.placed());
        let _ = work::remove(&work.lock());
        let _ = fs::remove_dir(work.dir());
    }

    /// Writes a tree below the work directory, in place of what is staged there.
    ///
    /// # Errors
    ///
    /// Fails where the disk does, where no directory can hold the tree, or at an
    /// interrupt; nothing is left of the stage then.
    pub fn stage(&self, tree: &Tree, interrupt: &Interrupt) -> Result<Stage<'_>> {
        Stage::write(self, tree, interrupt)
    }

    /// Puts files of the project in place, all or nothing.
    ///
    /// # Errors
    ///
    /// As [`Stage::commit`]; a destination without a staged tree is refused.
    pub fn commit_files(&self, change: Change) -> Result<Committed> {
        Stage::empty(self)?.commit(change)
    }

    /// Records a tree that this run has made, and that stands in its place.
    pub fn record_placed(&self, entries: &Entries) {
        self.work.record_placed(staged::fingerprint_of(entries));
    }

    /// Records a tree with edits of somebody, which this run has stored.
    ///
    /// # Errors
    ///
    /// Fails where an earlier record cannot be removed.
    pub fn record_edited(&self, entries: &Entries) -> Result<()> {
        self.work.record_edited(staged::fingerprint_of(entries))
    }

    /// Decides a change whose tree, if any, is staged, and puts it in place.
    fn commit(&self, plan: &Plan, interrupt: &Interrupt) -> Result<Committed> {
        sync::below(&self.work.stage())?;
        failpoint::hit("commit.synced");
        interrupt.check()?;
        journal::seal(&self.work, plan)?;
        Apply::new(&self.work, plan, false).run()
    }
}

#[cfg(test)]
mod tests;
