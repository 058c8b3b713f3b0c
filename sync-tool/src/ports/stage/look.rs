//! A look at the project by a run that changes nothing in it.

use std::path::Path;

use super::work::{Work, look};
use super::{Recovered, Turn, check, lock};
use crate::core::tree::TreePath;
use crate::error::Result;

/// What a run holds that only reads. Dropped, it is released.
#[derive(Debug)]
pub struct Look {
    _hold: Hold,
    recovered: Option<Recovered>,
}

#[derive(Debug)]
#[allow(dead_code, reason = "held until it is dropped")]
enum Hold {
    /// Together with others who read.
    Shared(Option<lock::Shared>),
    /// Alone: a killed run had left something.
    Turn(Turn),
}

impl Look {
    /// Looks at the project at `root`: no run that writes is at work, and what a
    /// killed run decided is in place. Nothing is written unless there is
    /// something to end, so the project may be read-only. The parameters are
    /// those of [`Turn::take`].
    ///
    /// # Errors
    ///
    /// Fails where a run that writes has its turn, or what a killed run decided
    /// cannot be finished.
    pub fn take(root: &Path, work: &TreePath, command: &str) -> Result<Look> {
        let files = Work::new(root, work);
        files.place(work)?;
        let shared = lock::Shared::take(&files.lock())?;
        let decided = look(&files.journal())?.is_some();
        // Without a journal there is nothing but waste, which stays where nobody can write.
        let waste = files.has_waste()? && check::writable(files.dir()).is_ok();
        if !decided && !waste {
            return Ok(Look {
                _hold: Hold::Shared(shared),
                recovered: None,
            });
        }
        drop(shared);
        let ended = Turn::take(root, work, command).and_then(|turn| {
            let recovered = turn.recover()?;
            Ok((turn, recovered))
        });
        let (turn, recovered) = ended.map_err(|e| match decided {
            true => e.context("what an earlier run decided has to be finished first"),
            false => e,
        })?;
        Ok(Look {
            _hold: Hold::Turn(turn),
            recovered,
        })
    }

    /// Returns what was found of a run that was killed, and is ended now.
    pub fn recovered(&self) -> Option<&Recovered> {
        self.recovered.as_ref()
    }
}
