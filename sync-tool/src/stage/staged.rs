//! A staged tree: written beside the vendored one, gone unless it is committed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use host::disk::{Found, TARGET};
use host::{Interrupt, disk, failpoint, parallel};
use recipe::error::{Error, Kind, Result};
use recipe::listing::joined;
use recipe::tree;
use recipe::tree::{Digest, Entries, Tree, TreePath};

use super::times::Times;
use super::work::{self, Work};
use super::{Change, Committed, WriteLock, check, journal};

/// A staged tree. Dropped without a commit, it is removed.
#[derive(Debug)]
pub struct Stage<'t> {
    write_lock: &'t WriteLock,
    dir: PathBuf,
    /// What was staged, `None` where only files of the project change.
    entries: Option<Entries>,
    times: Times,
    interrupt: Interrupt,
}

impl<'t> Stage<'t> {
    pub(super) fn empty(write_lock: &'t WriteLock) -> Result<Stage<'t>> {
        let work = &write_lock.work;
        if work::look(&work.journal())?.is_some() {
            let message = "a change that an earlier run decided is not finished yet";
            return Err(journal::unfinished(Error::general(message)));
        }
        // From here on dropping the stage removes what is half there.
        let stage = Stage {
            write_lock,
            dir: work.tree(),
            entries: None,
            times: Times::default(),
            interrupt: Interrupt::fixed(false),
        };
        work.retire()?;
        work.clear();
        let dir = work.stage();
        fs::create_dir(&dir).map_err(|e| Error::io("make", &dir, e))?;
        failpoint::hit("stage.made");
        Ok(stage)
    }

    pub(super) fn write(
        write_lock: &'t WriteLock,
        tree: &Tree,
        interrupt: &Interrupt,
    ) -> Result<Stage<'t>> {
        refuse_target(tree)?;
        let mut stage = Stage::empty(write_lock)?;
        stage.interrupt = interrupt.clone();
        stage.fill(tree)?;
        stage.entries = Some(tree.entries());
        failpoint::hit("stage.written");
        Ok(stage)
    }

    fn fill(&mut self, tree: &Tree) -> Result<()> {
        fs::create_dir(&self.dir).map_err(|e| Error::io("make", &self.dir, e))?;
        let files: Vec<(&TreePath, &tree::File)> = tree.iter().collect();
        let mut made = self.dir.clone();
        for (path, _) in &files {
            let place = path.below(&self.dir);
            let above = place.parent().unwrap_or(&self.dir);
            if above != made {
                fs::create_dir_all(above).map_err(|e| Error::io("make", above, e))?;
                made = above.to_path_buf();
            }
        }
        let before = Times::read(&self.write_lock.work);
        let settled = parallel::each(&files, parallel::processors(files.len()), |(path, file)| {
            self.interrupt.check()?;
            let place = path.below(&self.dir);
            let written = create(&place, file).and_then(|f| before.settle(&f, path, file.digest()));
            let known = written.map_err(|e| Error::io("write", &place, e))?;
            failpoint::hit("stage.file");
            Ok(((*path).clone(), known))
        })?;
        self.times = settled.into_iter().collect();
        self.times.write(&self.write_lock.work)
    }

    /// Returns the directory of the staged tree.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns what was staged.
    pub fn entries(&self) -> Option<&Entries> {
        self.entries.as_ref()
    }

    /// Compares the staged files with what was staged, and returns each
    /// difference in words: what ran in the stage may have written into it.
    ///
    /// # Errors
    ///
    /// Fails where the stage cannot be read.
    pub fn unchanged(&self) -> Result<Vec<String>> {
        let Some(entries) = &self.entries else {
            return Ok(Vec::new());
        };
        let found = disk::read_entries(&self.dir)?.unwrap_or_default();
        let expected = Found {
            entries: entries.clone(),
            strays: Vec::new(),
        };
        let differences = differences(&expected, &found);
        if !differences.is_empty() {
            Times::forget(&self.write_lock.work)?;
        }
        let words = differences.into_iter();
        Ok(words.map(|(path, what)| format!("{path} {what}")).collect())
    }

    /// Puts the staged tree and the files of the project in place: all of it or,
    /// on an error that says nothing else, nothing.
    ///
    /// # Errors
    ///
    /// Fails before anything is changed where the stage or the tree to be replaced
    /// is not what it should be ([`Kind::Drift`]), a file or link is in the way, something
    /// cannot be written, or at an interrupt. An error after the change is decided
    /// says so: the next run finishes it.
    pub fn commit(mut self, change: Change) -> Result<Committed> {
        self.interrupt.check()?;
        let changed = self.unchanged()?;
        if !changed.is_empty() {
            let message = format!(
                "the staged tree was changed: {}",
                joined(&changed, changed.len())
            );
            return Err(Error::new(Kind::Verification, message)
                .help("what runs in the stage must leave its files alone; look at the tests that write files"));
        }
        let work = &self.write_lock.work;
        let plan = check::plan(work, &change, self.entries.as_ref())?;
        if let Some(swap) = &plan.tree {
            let old = swap.destination.below(work.root());
            self.times
                .renew(&self.dir, &old, &change.expected.entries)?;
            self.times.write(work)?;
        }
        // Cargo may have run in the stage; what it left is of the stage's path.
        work::remove(&self.dir.join(TARGET))?;
        stage_files(work, &plan, &change)?;
        self.write_lock.commit(&plan, &self.interrupt)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        let work = &self.write_lock.work;
        // Once sealed, the stage is what the next run finishes the change from.
        if matches!(work::look(&work.journal()), Ok(None)) {
            // What cannot be removed now, the next run removes.
            let _ = work::remove(&work.stage());
            let _ = work::remove(&work.journal_draft());
        }
    }
}

/// A tree that has files where cargo builds could not be read back.
fn refuse_target(tree: &Tree) -> Result<()> {
    let inside = format!("{TARGET}/");
    match tree.paths().find(|p| p.as_str().starts_with(&inside)) {
        None => Ok(()),
        Some(path) => Err(Error::general(format!(
            "the tree has `{path}`, but `{TARGET}` at its top is where cargo builds"
        ))
        .help("omit the file in manifest.toml")),
    }
}

pub(super) fn stage_files(work: &Work, plan: &journal::Plan, change: &Change) -> Result<()> {
    for (number, write) in plan.writes.iter().enumerate() {
        let place = work.file(number);
        if number == 0 {
            let above = place.parent().unwrap_or(work.dir());
            fs::create_dir(above).map_err(|e| Error::io("make", above, e))?;
        }
        let bytes = change.files.get(&write.path).and_then(Option::as_deref);
        let there = fs::metadata(write.path.below(work.root()));
        let written = fs::write(&place, bytes.unwrap_or_default()).and_then(|()| match there {
            Ok(there) if there.is_file() => fs::set_permissions(&place, there.permissions()),
            _ => Ok(()),
        });
        written.map_err(|e| Error::io("write", &place, e))?;
        failpoint::hit("commit.file");
    }
    Ok(())
}

fn create(place: &Path, file: &tree::File) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // What the user's mask takes away stays away, as with any file the user makes.
        options.mode(file.mode().bits() | 0o022);
    }
    let mut made = options.open(place)?;
    made.write_all(file.bytes())?;
    Ok(made)
}

/// Returns what was found and is not as it should be: paths, and in words what happened.
pub(super) fn differences(expected: &Found, found: &Found) -> Vec<(String, String)> {
    let mut differences = Vec::new();
    let mut differs = |path: &dyn ToString, what: &str| {
        differences.push((path.to_string(), what.to_owned()));
    };
    for (path, entry) in &expected.entries.0 {
        match found.entries.0.get(path) {
            None => differs(path, "was removed"),
            Some(there) if there.digest != entry.digest => differs(path, "was edited"),
            Some(there) if there.mode != entry.mode => differs(path, "has another mode"),
            Some(_) => {}
        }
    }
    for path in found.entries.0.keys() {
        if !expected.entries.0.contains_key(path) {
            differs(path, "was added");
        }
    }
    for stray in &found.strays {
        if !expected.strays.contains(stray) {
            differs(&stray.0, &format!("was added: {}", stray.1));
        }
    }
    differences
}

/// The same over files alone.
pub(super) fn fingerprint_of(entries: &Entries) -> Digest {
    fingerprint(&Found {
        entries: entries.clone(),
        strays: Vec::new(),
    })
}

/// Returns a digest over all that was found.
pub(super) fn fingerprint(found: &Found) -> Digest {
    let strays = found
        .strays
        .iter()
        .map(|(name, why)| format!("{why} {name}\n"));
    Digest::of(strays.fold(found.entries.digest().to_string(), |all, one| all + &one))
}
