//! The work directory, and the ways to a place that no link leads astray.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use host::{disk, failpoint, parallel};
use recipe::error::{Error, Result};
use recipe::tree::{Digest, TreePath};

use super::sync;

/// How many trees are remembered as put in place, exports among them.
const MAX_PLACED: usize = 100;

/// The names of what is in the work directory of a project.
#[derive(Debug)]
pub(super) struct Work {
    root: PathBuf,
    path: TreePath,
    dir: PathBuf,
}

impl Work {
    /// Names a project's work directory.
    pub(super) fn new(root: &Path, path: &TreePath) -> Self {
        Work {
            root: root.to_path_buf(),
            path: path.clone(),
            dir: path.below(root),
        }
    }

    /// Makes the directory.
    ///
    /// # Errors
    ///
    /// Fails where it cannot be made, or a link leads to it.
    pub(super) fn make(&self) -> Result<()> {
        let dir = self.place(&self.path)?;
        fs::create_dir_all(&dir).map_err(|e| Error::io("make", &dir, e))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn path(&self) -> &TreePath {
        &self.path
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.dir.join("journal.json")
    }

    pub(super) fn journal_draft(&self) -> PathBuf {
        self.dir.join("journal.json.new")
    }

    pub(super) fn times(&self) -> PathBuf {
        self.dir.join("times.json")
    }

    pub(super) fn placed(&self) -> PathBuf {
        self.dir.join("placed")
    }

    fn all_placed(&self) -> Vec<String> {
        let text = fs::read_to_string(self.placed()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Tells whether a tree is among those that were recorded as put in place.
    pub(super) fn is_placed(&self, tree: Digest) -> bool {
        self.all_placed().contains(&tree.to_string())
    }

    /// Tells whether trees were recorded, and this one is none of them, edited or not.
    pub(super) fn is_unknown(&self, tree: Digest) -> bool {
        let placed = self.all_placed();
        !placed.is_empty() && !placed.iter().any(|line| is_of(line, tree))
    }

    /// Records a tree as put in place; the oldest of too many is forgotten. One that holds
    /// edits stays recorded as such.
    pub(super) fn record_placed(&self, tree: Digest) {
        let line = format!("{tree} edited");
        if !self.all_placed().contains(&line) {
            // Without the record a tree that is not locked counts as edited, and nothing is lost.
            let _ = self.record(tree, tree.to_string());
        }
    }

    /// Records a tree that holds edits, which the files that they are stored in may lose.
    ///
    /// # Errors
    ///
    /// Fails where an earlier record cannot be removed.
    pub(super) fn record_edited(&self, tree: Digest) -> Result<()> {
        self.record(tree, format!("{tree} edited"))
    }

    fn record(&self, tree: Digest, line: String) -> Result<()> {
        let mut placed = self.all_placed();
        placed.retain(|line| !is_of(line, tree));
        placed.push(line);
        self.write_placed(&placed[placed.len().saturating_sub(MAX_PLACED)..])
    }

    fn write_placed(&self, placed: &[String]) -> Result<()> {
        let path = self.placed();
        // Nothing is written through a link.
        remove(&path)?;
        let _ = fs::write(&path, placed.join("\n"));
        Ok(())
    }

    pub(super) fn stage(&self) -> PathBuf {
        self.dir.join("stage")
    }

    pub(super) fn tree(&self) -> PathBuf {
        self.dir.join("stage").join("tree")
    }

    pub(super) fn file(&self, number: usize) -> PathBuf {
        self.dir
            .join("stage")
            .join("files")
            .join(number.to_string())
    }

    /// Returns the directory for the replaced tree where two cannot be exchanged.
    pub(super) fn replaced(&self) -> PathBuf {
        self.dir.join("stage").join("replaced")
    }

    /// Returns the directory for a removed file.
    pub(super) fn removed(&self, number: usize) -> PathBuf {
        let removed = self.dir.join("stage").join("removed");
        removed.join(number.to_string())
    }

    fn old(&self) -> PathBuf {
        self.dir.join("old")
    }

    /// Tells whether there is what a killed run leaves when it has decided nothing.
    ///
    /// # Errors
    ///
    /// Fails where that cannot be seen.
    pub(super) fn has_stage(&self) -> Result<bool> {
        Ok(look(&self.stage())?.is_some() || look(&self.journal_draft())?.is_some())
    }

    /// Makes the stage, if there is one, what is only to be removed: without a journal
    /// it is known for what it is. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub(super) fn retire(&self) -> Result<bool> {
        let stage = self.stage();
        if look(&stage)?.is_none() {
            return Ok(false);
        }
        let (old, dir) = (free(&self.old(), ""), self.old());
        fs::create_dir_all(&dir).map_err(|e| Error::io("make", &dir, e))?;
        fs::rename(&stage, &old).map_err(|e| Error::io("move", &stage, e))?;
        failpoint::hit("stage.retired");
        sync::directory(&dir)?;
        sync::directory(self.dir())?;
        Ok(true)
    }

    /// Removes what was retired. Returns why some of it stays; it is in nobody's way.
    pub(super) fn clear(&self) -> Option<Error> {
        let dir = self.old();
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        let failed = entries
            .filter_map(|entry| remove(&entry.path()).err())
            .last();
        // It stays as long as something in it does.
        let _ = fs::remove_dir(&dir);
        failed.map(|e| {
            let dir = self.shown(&dir);
            Error::general(format!(
                "what was replaced is not needed any more, but stays: {e}"
            ))
            .help(format!(
                "remove {dir} with the rights that it needs; runs that write try again"
            ))
        })
    }

    /// Returns where edits go that were made while a change was put in place.
    pub(super) fn kept(&self) -> PathBuf {
        self.dir.join("kept")
    }

    /// Returns a place for an edit of a path that is still free.
    pub(super) fn free_kept(&self, path: &str) -> PathBuf {
        free(&self.kept(), &format!("-{}", path.replace('/', "-")))
    }

    /// Returns a place as users know it: from the project's root.
    pub(super) fn shown(&self, place: &Path) -> String {
        let below = place.strip_prefix(&self.root).unwrap_or(place);
        below.to_string_lossy().replace('\\', "/")
    }

    /// Returns the kept edits, from the project's root, in order.
    ///
    /// # Errors
    ///
    /// Fails where they cannot be listed.
    pub(super) fn all_kept(&self) -> Result<Vec<String>> {
        let dir = self.kept();
        let listed = match fs::read_dir(&dir) {
            Err(e) if disk::absent(&e) => return Ok(Vec::new()),
            other => other.and_then(Iterator::collect::<io::Result<Vec<_>>>),
        };
        let mut names: Vec<String> = listed
            .map_err(|e| Error::io("read", &dir, e))?
            .iter()
            .map(|e| format!("{}/kept/{}", self.path, e.file_name().to_string_lossy()))
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Returns a path of the project on disk.
    ///
    /// # Errors
    ///
    /// Fails where a part of it is a symbolic link: what is written there would
    /// end up elsewhere.
    pub(super) fn place(&self, path: &TreePath) -> Result<PathBuf> {
        let mut place = self.root.clone();
        for part in path.as_str().split('/') {
            place.push(part);
            match fs::symlink_metadata(&place) {
                Ok(found) if found.is_symlink() => {
                    let shown = self.shown(&place);
                    let message =
                        format!("{shown} is a symbolic link; nothing is written through links");
                    let help =
                        format!("put a directory or file of its own in the place of {shown}");
                    return Err(Error::general(message).help(help));
                }
                Ok(_) => {}
                Err(e) if disk::absent(&e) => {}
                Err(e) => return Err(Error::io("look at", &place, e)),
            }
        }
        Ok(place)
    }
}

/// Tells whether a line of the record is of a tree.
fn is_of(line: &str, tree: Digest) -> bool {
    line.split(' ').next() == Some(tree.to_string().as_str())
}

/// Returns a path in a directory, a number and how its name ends, that nothing has yet.
pub(super) fn free(dir: &Path, end: &str) -> PathBuf {
    let paths = (1_u64..).map(|number| dir.join(format!("{number}{end}")));
    let mut free = paths.filter(|path| fs::symlink_metadata(path).is_err());
    free.next().unwrap_or_else(|| dir.join(end))
}

/// Returns what stands at a path, not following links, or `None`.
///
/// # Errors
///
/// Fails where that cannot be seen.
pub(super) fn look(path: &Path) -> Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(e) if disk::absent(&e) => Ok(None),
        Err(e) => Err(Error::io("look at", path, e)),
    }
}

/// Removes a file or a directory with all that is in it. Returns whether it was there.
///
/// # Errors
///
/// Fails where it cannot be removed.
pub(super) fn remove(path: &Path) -> Result<bool> {
    let removed = match look(path)? {
        None => return Ok(false),
        Some(found) if found.is_dir() => {
            remove_files(path);
            match fs::remove_dir_all(path) {
                Err(e) if e.kind() == ErrorKind::PermissionDenied => {
                    make_writable(path);
                    fs::remove_dir_all(path)
                }
                other => other,
            }
        }
        Some(_) => fs::remove_file(path),
    };
    removed.map_err(|e| Error::io("remove", path, e))?;
    Ok(true)
}

/// Removes the files below a directory, several at a time.
fn remove_files(dir: &Path) {
    let entries = walkdir::WalkDir::new(dir).into_iter().flatten();
    let files: Vec<_> = entries.filter(|e| !e.file_type().is_dir()).collect();
    let threads = parallel::processors(files.len());
    // Whoever removes the directory says why a file stays.
    let _ = parallel::each(&files, threads, |file| fs::remove_file(file.path()));
}

/// Gives this user the directories below one as far as they are the user's own.
fn make_writable(dir: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Whoever removes the directory says what stays, and why.
        let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
    }
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    for entry in entries.filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())) {
        make_writable(&entry.path());
    }
}
