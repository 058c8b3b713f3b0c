//! Puts a decided change in place. Each step can be repeated: what is done
//! already is seen and left alone, so whoever finds a sealed journal can finish it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::journal::{self, Plan, Swap, Write};
use super::staged::fingerprint;
use super::work::{self, Work, absent, look};
use super::{check, sync};
use crate::core::tree::{Digest, TreePath};
use crate::error::{Error, Result};
use crate::ports::disk::{self, TARGET};
use crate::ports::failpoint;

/// Who decided the change that is put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// This run, which has just looked at everything.
    ByThisRun,
    /// A run that was killed: people may have edited since.
    ByKilledRun,
}

/// A change on its way into its place.
pub(super) struct Apply<'w> {
    work: &'w Work,
    plan: &'w Plan,
    left: Left,
    /// Directories whose names changed.
    touched: BTreeSet<PathBuf>,
}

impl<'w> Apply<'w> {
    pub(super) fn new(work: &'w Work, plan: &'w Plan, left: Left) -> Self {
        Apply {
            work,
            plan,
            left,
            touched: BTreeSet::new(),
        }
    }

    /// Puts the change in place and removes journal, stage and what was replaced.
    ///
    /// # Errors
    ///
    /// Fails where the disk does; the journal stays, and the next run goes on.
    pub(super) fn run(mut self) -> Result<()> {
        self.put_in_place().map_err(journal::unfinished)?;
        let removed = work::remove(&self.work.old());
        failpoint::hit("old.removed");
        match (removed, self.left) {
            // All is in place; what is left over the next run removes.
            (Err(_), Left::ByThisRun) | (Ok(_), _) => Ok(()),
            (Err(e), Left::ByKilledRun) => Err(e),
        }
    }

    fn put_in_place(&mut self) -> Result<()> {
        let plan = self.plan;
        if let Some(swap) = &plan.tree {
            self.swap(swap)?;
        }
        for remove in &plan.removes {
            self.remove(&remove.path, remove.old)?;
        }
        for (number, write) in plan.writes.iter().enumerate() {
            self.write(number, write)?;
        }
        for dir in self.touched.iter().filter(|d| d.is_dir()) {
            sync::directory(dir)?;
        }
        failpoint::hit("apply.synced");
        self.retire()
    }

    /// Renames the stage, so that without a journal it is known for what it is.
    fn retire(&self) -> Result<()> {
        let stage = self.work.stage();
        if look(&stage)?.is_some() {
            work::remove(&self.work.old())?;
            rename(&stage, &self.work.old())?;
            failpoint::hit("stage.retired");
            sync::directory(self.work.dir())?;
        }
        journal::remove(self.work)
    }

    fn swap(&mut self, swap: &Swap) -> Result<()> {
        let place = self.work.place(&swap.destination)?;
        let tree = self.work.tree();
        self.touch(&place);
        if self.left == Left::ByKilledRun {
            // The staged tree is either still there, or in its place already.
            match disk::read_entries(&tree)? {
                Some(found) if fingerprint(&found) == swap.new => {}
                _ => return Ok(()),
            }
        }
        carry_target(&place, &tree)?;
        if self.left == Left::ByKilledRun
            && let Some(found) = disk::read_entries(&place)?
            && !known(fingerprint(&found), swap.old, swap.new)
        {
            self.keep(&swap.destination, &place)?;
        }
        self.exchange(&tree, &place)
    }

    fn exchange(&mut self, tree: &Path, place: &Path) -> Result<()> {
        if look(place)?.is_some() {
            match exchange(tree, place) {
                Ok(true) => {
                    failpoint::hit("swap.exchanged");
                    return Ok(());
                }
                Ok(false) => {
                    rename(place, &self.work.replaced())?;
                    failpoint::hit("swap.replaced");
                }
                Err(e) => return Err(Error::io("put in place", place, e)),
            }
        }
        self.make_above(place)?;
        rename(tree, place)?;
        failpoint::hit("swap.placed");
        Ok(())
    }

    fn remove(&mut self, path: &TreePath, old: Digest) -> Result<()> {
        let place = self.work.place(path)?;
        self.touch(&place);
        // A directory is there where files have been written below the path since.
        if look(&place)?.is_some_and(|there| !there.is_dir()) {
            if self.left == Left::ByKilledRun && check::digest(&place)? != old {
                self.keep(path, &place)?;
            } else {
                fs::remove_file(&place).map_err(|e| Error::io("remove", &place, e))?;
            }
            failpoint::hit("file.removed");
        }
        self.prune(path);
        Ok(())
    }

    /// Removes the directories that a removed file leaves empty, but no top one.
    fn prune(&mut self, path: &TreePath) {
        let mut above = path.as_str();
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
        let staged = self.work.file(number);
        let place = self.work.place(&write.path)?;
        self.touch(&place);
        if look(&staged)?.is_none() {
            return Ok(());
        }
        if let Some(there) = look(&place)? {
            if there.is_dir() {
                remove_empties(&place)?;
            } else if self.left == Left::ByKilledRun
                && !known(check::digest(&place)?, write.old, write.new)
            {
                self.keep(&write.path, &place)?;
            }
        }
        self.make_above(&place)?;
        move_file(&staged, &place)?;
        failpoint::hit("file.placed");
        Ok(())
    }

    /// Makes the directories above a place.
    fn make_above(&mut self, place: &Path) -> Result<()> {
        let missing: Vec<&Path> = place
            .ancestors()
            .skip(1)
            .take_while(|dir| !dir.is_dir())
            .collect();
        for dir in missing.into_iter().rev() {
            fs::create_dir(dir).map_err(|e| Error::io("make", dir, e))?;
            self.touch(dir);
            failpoint::hit("directory.made");
        }
        Ok(())
    }

    /// Moves an edit aside that was made since the change was decided.
    fn keep(&mut self, path: &TreePath, place: &Path) -> Result<()> {
        let aside = self.work.free_kept(path);
        self.make_above(&aside)?;
        move_file(place, &aside)?;
        self.touch(&aside);
        failpoint::hit("edit.kept");
        Ok(())
    }

    fn touch(&mut self, place: &Path) {
        self.touched.extend(place.parent().map(Path::to_path_buf));
    }
}

fn known(there: Digest, old: Option<Digest>, new: Digest) -> bool {
    there == new || Some(there) == old
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|e| Error::io("put in place", to, e))
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
        rename(&from, &to)?;
        failpoint::hit("swap.carried");
    }
    Ok(())
}

/// Exchanges two directories in one step. Returns `false` where the system cannot.
fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
    if failpoint::without("exchange") {
        return Ok(false);
    }
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    {
        let _ = (a, b);
        Ok(false)
    }
}

/// Moves a file, or a directory on the same file system, to a place whose old
/// file goes in the same step.
fn move_file(from: &Path, to: &Path) -> Result<()> {
    match fs::rename(from, to) {
        Err(e) if e.kind() == ErrorKind::CrossesDevices && from.is_file() => {
            move_over(from, to).map_err(|e| Error::io("write", to, e))
        }
        other => other.map_err(|e| Error::io("put in place", to, e)),
    }
}

/// Moves a file to another file system: written beside its place, synced, renamed.
fn move_over(from: &Path, to: &Path) -> io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(to.file_name().unwrap_or_default());
    name.push(".wash-wasi-sync");
    let beside = to.with_file_name(name);
    fs::copy(from, &beside)?;
    fs::File::open(&beside)?.sync_all()?;
    failpoint::hit("file.copied");
    fs::rename(&beside, to)?;
    fs::remove_file(from)
}

/// Removes a directory that holds nothing but directories.
fn remove_empties(dir: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(dir).contents_first(true) {
        let removed = entry
            .map_err(io::Error::from)
            .and_then(|e| fs::remove_dir(e.path()));
        removed.map_err(|e| Error::io("remove", dir, e))?;
    }
    Ok(())
}
