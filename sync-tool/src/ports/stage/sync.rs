//! Makes sure that what was written is on the disk.

use std::fs::File;
use std::path::Path;

use crate::error::{Error, Result};

/// Syncs a directory with all that is in it.
///
/// # Errors
///
/// Fails where the disk does: it is full, or broken.
pub(super) fn below(dir: &Path) -> Result<()> {
    // One call for the file system: measured on ext4 with 110 files and 25
    // directories, 2 ms against 25 ms for a call each. But it writes what others
    // have left unwritten as well, so not after a build.
    #[cfg(target_os = "linux")]
    if little_unwritten() {
        let opened = File::open(dir).map_err(|e| Error::io("sync", dir, e))?;
        match rustix::fs::syncfs(&opened) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {}
            Err(e) => return Err(Error::io("sync", dir, e.into())),
        }
    }
    each(dir)
}

/// Tells whether the system has little that is not on a disk yet.
#[cfg(target_os = "linux")]
fn little_unwritten() -> bool {
    const LITTLE: u64 = 64 * 1024;
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let dirty = memory.lines().find_map(|line| line.strip_prefix("Dirty:"));
    let kilobytes = dirty.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.is_some_and(|k| k < LITTLE)
}

/// Syncs a directory with all that is in it, one by one.
fn each(dir: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(dir).contents_first(true) {
        let entry = entry.map_err(|e| Error::io("sync", dir, e.into()))?;
        if entry.file_type().is_dir() {
            directory(entry.path())?;
        } else if entry.file_type().is_file() {
            file(entry.path())?;
        }
    }
    Ok(())
}

/// Syncs a file's content.
///
/// # Errors
///
/// Fails where the disk does.
pub(super) fn file(path: &Path) -> Result<()> {
    // Some systems sync only what was opened for writing.
    let opened = File::options().read(true).write(cfg!(windows)).open(path);
    let synced = opened.and_then(|f| f.sync_all());
    synced.map_err(|e| Error::io("sync", path, e))
}

/// Syncs the names in a directory. Where that cannot be asked for, the system sees to it.
///
/// # Errors
///
/// Fails where the disk does.
pub(super) fn directory(dir: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let synced = File::open(dir).and_then(|d| d.sync_all());
    synced.map_err(|e| Error::io("sync", dir, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_sync_what_is_there_and_miss_what_is_not() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::write(dir.path().join("a/b"), "x").unwrap();
        below(dir.path()).unwrap();
        each(dir.path()).unwrap();
        let none = dir.path().join("none");
        assert!(below(&none).is_err());
        assert!(each(&none).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_what_is_unwritten() {
        let memory = std::fs::read_to_string("/proc/meminfo").unwrap();
        let line = memory.lines().find(|l| l.starts_with("Dirty:")).unwrap();
        assert!(line.ends_with(" kB"), "{line}");
    }
}
