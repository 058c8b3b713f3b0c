//! Writes files for a person to review.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use host::{disk, failpoint};
use recipe::error::{Error, Result};
use recipe::tree::Entries;

/// The file by which a directory of conflicts is known.
const MARK: &str = "conflicts.json";
/// The file that has the digest of all others as they were written.
const WRITTEN: &str = ".written";

/// Writes files below a directory, in place of what another review left there.
/// They are written beside it, so that the directory is never half there. A review
/// that somebody has worked on since is moved aside: returns where to.
///
/// # Errors
///
/// Fails where the disk does, or the directory has something else in it; what
/// stood there stays then.
pub(crate) fn write_review(dir: &Path, files: Vec<(&str, Vec<u8>)>) -> Result<Option<PathBuf>> {
    let replaces = is_there(dir)?;
    let [draft, old] = ["new", "old"].map(|what| beside(dir, what));
    let mut kept = keep_if_edited(dir, &old)?;
    let written = remove(&draft).and_then(|()| write(&draft, files));
    if let Err(e) = written {
        // What cannot be removed either, the next review removes.
        let _ = remove(&draft);
        return Err(e);
    }
    failpoint::hit("review.written");
    if replaces {
        rename(dir, &old)?;
        failpoint::hit("review.moved");
    }
    rename(&draft, dir)?;
    failpoint::hit("review.placed");
    kept = keep_if_edited(dir, &old)?.or(kept);
    Ok(kept)
}

/// Removes a review, or moves it aside where it is not what was written.
fn keep_if_edited(dir: &Path, old: &Path) -> Result<Option<PathBuf>> {
    let Some(found) = disk::read_entries(old)? else {
        return Ok(None);
    };
    let record = fs::read_to_string(old.join(WRITTEN)).ok();
    if found.strays.is_empty() && record == Some(digest(found.entries)) {
        return remove(old).map(|()| None);
    }
    let places = (1_u64..).map(|number| beside_with(dir, "", &format!("-edited-{number}")));
    let mut free = places.filter(|place| fs::symlink_metadata(place).is_err());
    let place = free.next().unwrap_or_else(|| old.to_path_buf());
    rename(old, &place)?;
    Ok(Some(place))
}

fn digest(mut entries: Entries) -> String {
    entries.0.remove(WRITTEN);
    entries.digest().to_string()
}

/// Tells whether a directory stands there, and refuses one that holds something else.
fn is_there(dir: &Path) -> Result<bool> {
    if fs::symlink_metadata(dir).is_err() {
        return Ok(false);
    }
    let mut there = fs::read_dir(dir).map_err(|e| Error::io("read", dir, e))?;
    if there.next().is_none() || dir.join(MARK).is_file() {
        return Ok(true);
    }
    Err(Error::general(format!("{} is not empty", dir.display()))
        .help("name another directory with `--conflicts-dir`"))
}

fn beside(dir: &Path, what: &str) -> PathBuf {
    beside_with(dir, ".", &format!(".wash-wasi-sync-{what}"))
}

fn beside_with(dir: &Path, start: &str, end: &str) -> PathBuf {
    let mut name = OsString::from(start);
    name.push(dir.file_name().unwrap_or_default());
    name.push(end);
    dir.with_file_name(name)
}

fn write(dir: &Path, files: Vec<(&str, Vec<u8>)>) -> Result<()> {
    for (name, bytes) in files {
        let path = dir.join(name);
        let above = path.parent().unwrap_or(dir);
        fs::create_dir_all(above).map_err(|e| Error::io("make", above, e))?;
        fs::write(&path, bytes).map_err(|e| Error::io("write", &path, e))?;
        failpoint::hit("review.file");
    }
    let entries = disk::read_entries(dir)?.unwrap_or_default().entries;
    let record = dir.join(WRITTEN);
    fs::write(&record, digest(entries)).map_err(|e| Error::io("write", &record, e))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|e| Error::io("write", to, e))
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", dir, e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_replaces_another_and_nothing_else() {
        let room = tempfile::tempdir().unwrap();
        let dir = room.path().join("a/v1");
        for text in ["one", "two"] {
            let files = vec![("src/x.rs", text.into()), (MARK, b"[]".to_vec())];
            assert_eq!(write_review(&dir, files).unwrap(), None);
            assert_eq!(fs::read_to_string(dir.join("src/x.rs")).unwrap(), text);
        }
        let names = fs::read_dir(room.path().join("a")).unwrap().count();
        assert_eq!(names, 1);
        fs::remove_file(dir.join(MARK)).unwrap();
        let error = write_review(&dir, vec![(MARK, Vec::new())]).unwrap_err();
        assert!(error.message().contains("is not empty"), "{error}");
        assert!(dir.join("src/x.rs").exists());
    }
    #[test]
    fn a_review_that_somebody_has_worked_on_is_kept() {
        let room = tempfile::tempdir().unwrap();
        let dir = room.path().join("v1");
        let write = || write_review(&dir, vec![("x.rs", b"x".to_vec()), (MARK, b"[]".to_vec())]);
        for (number, name) in [(1, "x.rs"), (2, "more.rs")] {
            assert_eq!(write().unwrap(), None);
            fs::write(dir.join(name), "resolved").unwrap();
            let kept = room.path().join(format!("v1-edited-{number}"));
            assert_eq!(write().unwrap(), Some(kept.clone()));
            assert_eq!(fs::read_to_string(kept.join(name)).unwrap(), "resolved");
            assert_eq!(fs::read_to_string(dir.join("x.rs")).unwrap(), "x");
            assert!(!dir.join("more.rs").exists());
        }
    }
}
