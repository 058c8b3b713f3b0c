//! The lock file: one run at a time, and the second says who holds it.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::Path;

use recipe::error::{Error, Result};

use crate::disk::absent;

/// What the lock of a project is called.
pub const PROJECT: &str = "this project";

/// The held lock; dropped, it is free. Whoever holds it may
/// remove the file as the last thing.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock of something (`what`) and writes into it who holds it.
    ///
    /// # Errors
    ///
    /// Fails where another process holds it.
    pub fn take(path: &Path, what: &str, command: &str) -> Result<Lock> {
        Lock::try_take(path, what, command)?
    }

    /// The same, but that another process holds it is no failure: the error says who.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub fn try_take(path: &Path, what: &str, command: &str) -> Result<Result<Lock>> {
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        let mut file = loop {
            let mut file = options
                .open(path)
                .map_err(|e| Error::io("write", path, e))?;
            match file.try_lock() {
                // The run before may have removed the file between the two calls: the next
                // run would make another and hold that.
                Ok(()) if !is_at(&file, path) => {}
                Ok(()) => break file,
                Err(TryLockError::WouldBlock) => return Ok(Err(held(&mut file, path, what))),
                Err(TryLockError::Error(e)) => {
                    let error = Error::io("lock", path, e);
                    return Err(error.help("the file system must know file locks; some that are shared over a network do not"));
                }
            }
        };
        let write = |file: &mut File| {
            file.set_len(0)?;
            write!(file, "process {}: {command}", std::process::id())
        };
        write(&mut file).map_err(|e| Error::io("write", path, e))?;
        Ok(Ok(Lock(file)))
    }
}

/// Tells whether a path leads to an open file still.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let (open, there) = (file.metadata(), std::fs::metadata(path));
    matches!((open.map(id), there.map(id)), (Ok(open), Ok(there)) if open == there)
}

/// Elsewhere a file that is open keeps its name.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nobody reads it while the lock is free; an empty one only misleads nobody.
        let _ = self.0.set_len(0);
        free(&self.0);
    }
}

/// Frees a lock. Closing the file is not enough: a program that is just being started
/// elsewhere in this process has the file too, until it is another program.
fn free(file: &File) {
    let _ = file.unlock();
}

/// The lock as those hold it who only read: together, but not beside one who writes.
#[derive(Debug)]
pub struct Shared(File);

impl Drop for Shared {
    fn drop(&mut self) {
        free(&self.0);
    }
}

impl Shared {
    /// Takes the lock without writing anything. Returns `None` where there is no
    /// lock file, so that no run has had its turn here yet, or no file locks; and an
    /// error within, saying who, where a process that writes holds it.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub fn try_take(path: &Path) -> Result<Result<Option<Shared>>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if absent(&e) => return Ok(Ok(None)),
            Err(e) => return Err(Error::io("read", path, e)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Ok(Some(Shared(file)))),
            Err(TryLockError::WouldBlock) => Ok(Err(held(&mut file, path, PROJECT))),
            Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => Ok(Ok(None)),
            Err(TryLockError::Error(e)) => Err(Error::io("lock", path, e)),
        }
    }
}

fn held(file: &mut File, path: &Path, what: &str) -> Error {
    let mut who = String::new();
    // Some systems let nobody read what another has locked.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut who));
    let who = who.trim();
    let message = if who.is_empty() {
        format!("another run reads {what}, or has just begun its work")
    } else {
        format!("another run is at work on {what}: {who}")
    };
    Error::general(message)
        .help(format!("wait until it ends, or end it, then run the same command again; {} is the lock, it needs no removing", path.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
    use std::thread;

    use super::*;

    #[test]
    fn one_holds_it_whoever_removes_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let (held, times) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        let Ok(lock) = Lock::try_take(&path, PROJECT, "test").unwrap() else {
                            continue;
                        };
                        assert!(!held.swap(true, SeqCst), "two hold it");
                        times.fetch_add(1, SeqCst);
                        // It is removed when the work is done.
                        held.store(false, SeqCst);
                        fs::remove_file(&path).unwrap();
                        drop(lock);
                    }
                });
            }
        });
        assert!(times.into_inner() > 1_000);
    }
}
