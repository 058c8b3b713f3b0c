//! The work directory, and the ways to a place that no link leads astray.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::core::tree::TreePath;
use crate::error::{Error, Result};
use crate::ports::parallel;

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

    /// Returns where the replaced tree goes where two directories cannot be exchanged.
    pub(super) fn replaced(&self) -> PathBuf {
        self.dir.join("stage").join("replaced")
    }

    pub(super) fn old(&self) -> PathBuf {
        self.dir.join("old")
    }

    /// Tells whether there is what a killed run leaves when it has decided nothing,
    /// or all is in place.
    ///
    /// # Errors
    ///
    /// Fails where that cannot be seen.
    pub(super) fn has_waste(&self) -> Result<bool> {
        for path in [self.stage(), self.old(), self.journal_draft()] {
            if look(&path)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns where edits go that were made while a decided change waited.
    pub(super) fn kept(&self) -> PathBuf {
        self.dir.join("kept")
    }

    /// Returns a place for an edit of a path that is still free.
    pub(super) fn free_kept(&self, path: &TreePath) -> PathBuf {
        let name = path.as_str().replace('/', "-");
        let mut number = 1_u64;
        loop {
            let place = self.kept().join(format!("{number}-{name}"));
            if fs::symlink_metadata(&place).is_err() {
                return place;
            }
            number += 1;
        }
    }

    /// Returns the kept edits, from the project's root, in order.
    ///
    /// # Errors
    ///
    /// Fails where they cannot be listed.
    pub(super) fn all_kept(&self) -> Result<Vec<String>> {
        let dir = self.kept();
        let listed = match fs::read_dir(&dir) {
            Err(e) if absent(&e) => return Ok(Vec::new()),
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
                    let shown = place.strip_prefix(&self.root).unwrap_or(&place).display();
                    let message =
                        format!("{shown} is a symbolic link; nothing is written through links");
                    let help =
                        format!("put a directory or file of its own in the place of {shown}");
                    return Err(Error::general(message).help(help));
                }
                Ok(_) => {}
                Err(e) if absent(&e) => {}
                Err(e) => return Err(Error::io("look at", &place, e)),
            }
        }
        Ok(place)
    }
}

/// Tells whether an error says that there is nothing at a path.
pub(super) fn absent(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Returns what stands at a path, not following links, or `None`.
///
/// # Errors
///
/// Fails where that cannot be seen.
pub(super) fn look(path: &Path) -> Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(e) if absent(&e) => Ok(None),
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
            fs::remove_dir_all(path)
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
