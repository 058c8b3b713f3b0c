//! The lock file: one run at a time, and the second says who holds it.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use crate::error::{Error, Result};

/// The held lock; dropped, it is free. The file stays, for removing it would let
/// two runs hold one lock each.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock and writes into it who holds it.
    ///
    /// # Errors
    ///
    /// Fails where another process holds it.
    pub(super) fn take(path: &Path, command: &str) -> Result<Lock> {
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        let mut file = options
            .open(path)
            .map_err(|e| Error::io("write", path, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&mut file, path)),
            Err(TryLockError::Error(e)) => {
                let error = Error::io("lock", path, e);
                return Err(error.help("the file system must know file locks; some that are shared over a network do not"));
            }
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            write!(file, "process {}: {command}", std::process::id())
        };
        write(&mut file).map_err(|e| Error::io("write", path, e))?;
        Ok(Lock(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nobody reads it while the lock is free; an empty one only misleads nobody.
        let _ = self.0.set_len(0);
    }
}

fn held(file: &mut File, path: &Path) -> Error {
    let mut who = String::new();
    // Some systems let nobody read what another has locked.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut who));
    let who = who.trim();
    let message = if who.is_empty() {
        "another run is at work on this project".to_owned()
    } else {
        format!("another run is at work on this project: {who}")
    };
    Error::general(message)
        .help(format!("wait until it ends, or end it, then run the same command again; {} is the lock, it needs no removing", path.display()))
}
