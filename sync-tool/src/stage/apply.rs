//! Puts a decided change in place. Each step can be repeated: what is done
//! already is seen and left alone, so whoever finds a sealed journal can finish it.
//!
//! People edit files at any moment, also between the last look at them and the
//! step that replaces them. So nothing is overwritten: what is replaced is moved
//! out, and looked at only then. What is not what the run has read is kept.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};

use host::disk::{TARGET, absent};
use host::{disk, failpoint};
use recipe::error::{Error, Result};
use recipe::tree::{Digest, TreePath};

use super::check::content;
use super::exchange::{beside, bring_over, out_of, put, take_out};
use super::journal::{self, Plan, Remove, Swap, Write};
use super::staged::fingerprint;
use super::work::{self, Work, look};
use super::{Committed, sync};

/// A change on its way into its place.
pub(super) struct Apply<'w> {
    work: &'w Work,
    plan: &'w Plan,
    /// Whether another run decided the change.
    is_resumed: bool,
    /// Directories whose names changed.
    touched: BTreeSet<PathBuf>,
    /// Edits that were moved aside, from the project's root.
    kept: Vec<String>,
}

impl<'w> Apply<'w> {
    pub(super) fn new(work: &'w Work, plan: &'w Plan, is_resumed: bool) -> Self {
        Apply {
            work,
            plan,
            is_resumed,
            touched: BTreeSet::new(),
            kept: Vec::new(),
        }
    }

    /// Puts the change in place and removes journal, stage and what was replaced.
    ///
    /// # Errors
    ///
    /// Fails where the disk does; the journal stays, and the next run goes on.
    pub(super) fn run(mut self) -> Result<Committed> {
        self.put_in_place().map_err(journal::unfinished)?;
        let waste = self.work.clear();
        failpoint::hit("old.removed");
        let kept = self.kept;
        Ok(Committed { kept, waste })
    }

    fn put_in_place(&mut self) -> Result<()> {
        let plan = self.plan;
        if let Some(swap) = &plan.tree {
            self.swap(swap)?;
        }
        for (number, remove) in plan.removes.iter().enumerate() {
            self.remove(number, remove)?;
        }
        for (number, write) in plan.writes.iter().enumerate() {
            self.write(number, write)?;
        }
        self.keep_edits()?;
        for dir in self.touched.iter().filter(|d| d.is_dir()) {
            sync::directory(dir)?;
        }
        if let Some(swap) = &plan.tree {
            self.work.record_placed(swap.new);
        }
        failpoint::hit("apply.synced");
        self.work.retire()?;
        journal::remove(self.work)
    }

    fn swap(&mut self, swap: &Swap) -> Result<()> {
        let place = self.work.place(&swap.destination)?;
        let tree = self.work.tree();
        self.touch(&place);
        // Where another run began, the staged tree is there, or in its place already.
        let is_staged = !self.is_resumed
            || look(&tree)?.is_some_and(|there| there.is_dir())
                && disk::read_entries(&tree)?.is_some_and(|found| fingerprint(&found) == swap.new);
        if !is_staged {
            let there = disk::read_entries(&place)?;
            let is_old = there.map(|found| fingerprint(&found)) == swap.old;
            if is_old && swap.old != Some(swap.new) {
                let message = format!(
                    "{} is not what was decided to be put in place any more",
                    tree.display()
                );
                return Err(Error::general(message).help(format!(
                    "see what wrote there; then remove {}, and run the same command again",
                    self.work.journal().display()
                )));
            }
            return Ok(());
        }
        carry_target(&place, &tree)?;
        self.make_above(&place)?;
        put(&tree, &place, &self.work.replaced(), "swap")
            .map_err(|e| Error::io("replace", &place, e))
    }

    fn remove(&mut self, number: usize, remove: &Remove) -> Result<()> {
        let place = self.work.place(&remove.path)?;
        self.touch(&place);
        // A directory is there where files have been written below the path since.
        if look(&place)?.is_some_and(|there| !there.is_dir()) {
            take_out(&place, &self.work.removed(number))?;
            failpoint::hit("file.removed");
        }
        // It would keep its directory from being removed.
        self.clear_beside(&remove.path, Some(remove.old))?;
        self.prune(remove.path.as_str());
        Ok(())
    }

    /// Removes the directories that a removed file leaves empty, but no top one.
    fn prune(&mut self, path: &str) {
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/') {
            above = parent;
            if !above.contains('/') {
                return;
            }
            let dir = self.work.root().join(above);
            match fs::remove_dir(&dir) {
                Ok(()) => {
                    self.touch(&dir);
                    failpoint::hit("directory.removed");
                }
                Err(e) if absent(&e) => {}
                // It is not empty, or it has to stay for a reason of its own.
                Err(_) => return,
            }
        }
    }

    fn write(&mut self, number: usize, write: &Write) -> Result<()> {
        let place = self.work.place(&write.path)?;
        let (staged, beside) = (self.work.file(number), beside(&place));
        self.touch(&place);
        let is_new = |path: &Path| Ok::<_, Error>(content(path)? == Some(write.new));
        let put_new = |new: &Path| put(new, &place, &out_of(new), "file");
        let done = if is_new(&staged)? {
            self.make_above(&place)?;
            match put_new(&staged) {
                Err(e) if e.kind() == ErrorKind::CrossesDevices => {
                    bring_over(&staged, &beside)?;
                    put_new(&beside)
                }
                other => other,
            }
        } else if is_new(&beside)? {
            put_new(&beside)
        } else {
            Ok(())
        };
        done.map_err(|e| Error::io("replace", &place, e))
    }

    /// Looks at all that came out of its place, as late as can be: an editor may have
    /// had a file open.
    fn keep_edits(&mut self) -> Result<()> {
        let plan = self.plan;
        if let Some(swap) = &plan.tree {
            let path = &swap.destination;
            self.keep_edit(path, &self.work.tree(), swap.old)?;
            self.keep_edits_in(path, &self.work.replaced(), swap.old)?;
        }
        for (number, remove) in plan.removes.iter().enumerate() {
            let out = self.work.removed(number);
            self.keep_edits_in(&remove.path, &out, Some(remove.old))?;
        }
        for (number, write) in plan.writes.iter().enumerate() {
            let (path, staged) = (&write.path, self.work.file(number));
            self.keep_edit(path, &staged, write.old)?;
            self.keep_edits_in(path, &out_of(&staged), write.old)?;
            self.clear_beside(path, write.old)?;
        }
        Ok(())
    }

    /// The same for what is on another file system than the stage, and not removed
    /// with it.
    fn clear_beside(&mut self, path: &TreePath, old: Option<Digest>) -> Result<()> {
        let beside = beside(&path.below(self.work.root()));
        let out = out_of(&beside);
        self.keep_edit(path, &beside, old)?;
        self.keep_edits_in(path, &out, old)?;
        work::remove(&beside)?;
        work::remove(&out).map(drop)
    }

    fn keep_edits_in(&mut self, path: &TreePath, dir: &Path, old: Option<Digest>) -> Result<()> {
        let listed = match fs::read_dir(dir) {
            Err(e) if absent(&e) => return Ok(()),
            other => other.and_then(Iterator::collect::<IoResult<Vec<_>>>),
        };
        for entry in listed.map_err(|e| Error::io("read", dir, e))? {
            self.keep_edit(path, &entry.path(), old)?;
        }
        Ok(())
    }

    /// Moves aside what came out of a place and is not what the run has read there.
    fn keep_edit(&mut self, path: &TreePath, out: &Path, old: Option<Digest>) -> Result<()> {
        // What cannot be read was changed too: before it was decided, it could.
        let is_old = content(out).is_ok_and(|found| found.is_none() || found == old);
        if is_old {
            return Ok(());
        }
        self.keep(path.as_str(), out)
    }

    fn keep(&mut self, path: &str, from: &Path) -> Result<()> {
        let aside = self.work.free_kept(path);
        let kept = self.work.kept();
        fs::create_dir_all(&kept).map_err(|e| Error::io("make", &kept, e))?;
        match fs::rename(from, &aside) {
            Err(e) if e.kind() == ErrorKind::CrossesDevices => bring_over(from, &aside)?,
            other => other.map_err(|e| Error::io("move", from, e))?,
        }
        self.touch(&aside);
        self.touch(&kept);
        failpoint::hit("edit.kept");
        self.kept.push(self.work.shown(&aside));
        Ok(())
    }

    /// Makes the directories above a place. A file where one of them belongs was made
    /// since the change was decided.
    fn make_above(&mut self, place: &Path) -> Result<()> {
        let missing: Vec<&Path> = place
            .ancestors()
            .skip(1)
            .take_while(|dir| !dir.is_dir())
            .collect();
        for dir in missing.into_iter().rev() {
            if look(dir)?.is_some() {
                self.keep(&self.work.shown(dir), dir)?;
            }
            fs::create_dir(dir).map_err(|e| Error::io("make", dir, e))?;
            self.touch(dir);
            failpoint::hit("directory.made");
        }
        Ok(())
    }

    fn touch(&mut self, place: &Path) {
        self.touched.extend(place.parent().map(Path::to_path_buf));
    }
}

/// Carries what cargo built in the old tree over into the new one.
fn carry_target(place: &Path, tree: &Path) -> Result<()> {
    let (from, to) = (place.join(TARGET), tree.join(TARGET));
    let Some(there) = look(&from)? else {
        return Ok(());
    };
    // A file of this name belongs to the tree.
    let outside = there.is_dir() || there.is_symlink() && from.is_dir();
    if outside && look(&to)?.is_none() {
        fs::rename(&from, &to).map_err(|e| Error::io("move", &from, e))?;
        failpoint::hit("swap.carried");
    }
    Ok(())
}
