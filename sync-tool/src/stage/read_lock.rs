//! A look at the project by a run that changes nothing in it.

use std::path::Path;

use host::lock;
use recipe::error::{Error, Result};
use recipe::tree::TreePath;

use super::work::{Work, look as there};
use super::{Recovered, WriteLock, rights};

/// What a run holds that only reads. Dropped, it is released.
#[derive(Debug)]
pub struct ReadLock {
    /// Together with others who read; `None` where nothing is held.
    _shared: Option<lock::Shared>,
    recovered: Option<Recovered>,
    /// Who is at work.
    busy: Option<Error>,
}

impl ReadLock {
    /// Looks at the project at `root`: what a killed run decided is in place, unless
    /// another run is at work. Nothing is written unless there is something to end,
    /// so the project may be read-only. The parameters are those of [`WriteLock::take`].
    ///
    /// # Errors
    ///
    /// Fails where what a killed run decided cannot be finished.
    pub fn take(root: &Path, work: &TreePath, command: &str) -> Result<ReadLock> {
        let files = Work::new(root, work);
        files.place(work)?;
        let mut read_lock = ReadLock::share(&files)?;
        let decided = there(&files.journal())?.is_some();
        // Without a journal there is nothing but waste, which is in nobody's way.
        let waste = files.has_stage()? && rights::writable(files.dir()).is_ok();
        if read_lock.busy.is_some() || !(decided || waste) {
            return Ok(read_lock);
        }
        drop(read_lock);
        match recover(root, work, command) {
            Ok(Ok(recovered)) => {
                read_lock = ReadLock::share(&files)?;
                read_lock.recovered = recovered;
            }
            Ok(Err(busy)) if decided => return Ok(ReadLock::beside(busy)),
            Err(e) if decided => {
                return Err(e.context("what an earlier run decided has to be finished first"));
            }
            _ => read_lock = ReadLock::share(&files)?,
        }
        Ok(read_lock)
    }

    fn share(work: &Work) -> Result<ReadLock> {
        Ok(match lock::Shared::try_take(&work.lock())? {
            Ok(_shared) => ReadLock {
                _shared,
                recovered: None,
                busy: None,
            },
            Err(busy) => ReadLock::beside(busy),
        })
    }

    fn beside(busy: Error) -> ReadLock {
        ReadLock {
            _shared: None,
            recovered: None,
            busy: Some(busy),
        }
    }

    /// Returns what was found of a run that was killed, and is ended now.
    pub fn recovered(&self) -> Option<&Recovered> {
        self.recovered.as_ref()
    }

    /// Takes the error that names the run at work, if there is one: what is read now
    /// may be in between.
    pub fn take_busy(&mut self) -> Option<Error> {
        self.busy.take()
    }
}

/// Ends what a killed run left, unless another run is at work.
fn recover(root: &Path, work: &TreePath, command: &str) -> Result<Result<Option<Recovered>>> {
    match WriteLock::try_take(root, work, command)? {
        Ok(write_lock) => write_lock.recover().map(Ok),
        Err(busy) => Ok(Err(busy)),
    }
}
