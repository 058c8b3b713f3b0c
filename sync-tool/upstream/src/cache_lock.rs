//! The lock of a cache: one run fetches into it, the others wait.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use host::Host;
use recipe::error::{Error, Result};

/// The pause between two attempts to take a lock that another run holds.
const PAUSE: Duration = Duration::from_millis(100);
/// After how many attempts the wait is reported: a moment is not worth a line.
const SILENT_ATTEMPTS: u32 = 5;

/// Waits until no other run holds the lock at `path`. Dropping the file frees it.
pub(crate) fn acquire(host: &Host, path: &Path, waiting: &str) -> Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(|e| Error::io("make", dir, e))?;
    }
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).open(path);
    let file = file.map_err(|e| Error::io("write", path, e))?;
    host.run(async {
        let mut attempts = 0;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => attempts += 1,
                // Some network file systems have no locks. Nothing breaks without one:
                // git locks each file that it writes, and a package is proven by its checksum.
                Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => return Ok(()),
                Err(TryLockError::Error(e)) => return Err(Error::io("lock", path, e)),
            }
            if attempts == SILENT_ATTEMPTS {
                host.status.note(waiting);
            }
            tokio::time::sleep(PAUSE).await;
        }
    })?;
    Ok(file)
}
