//! When the bytes of each staged file last changed.
//!
//! Cargo builds a crate again when a file's time is newer than its last build.
//! A stage is always written anew, so without this each run would build all of
//! it. A file gets an old time back only if the stage before held the same bytes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use host::failpoint;
use recipe::error::{Error, Result};
use recipe::tree::{Digest, Entries, TreePath};
use serde::{Deserialize, Serialize};

use super::work::{self, Work};

/// The times of the stage written last.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Times(BTreeMap<TreePath, Known>);

/// What is known of one file.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Known {
    digest: Digest,
    /// Since 1970.
    time: Duration,
}

impl Times {
    /// Reads what is known; a damaged file is as good as none.
    pub(super) fn read(work: &Work) -> Times {
        let bytes = fs::read(work.times()).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Gives a file that was just written its time, and returns what is to be known of it.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub(super) fn settle(
        &self,
        file: &File,
        path: &TreePath,
        digest: Digest,
    ) -> std::io::Result<Known> {
        let before = self.0.get(path).filter(|known| known.digest == digest);
        let time = match before {
            Some(known) => {
                file.set_modified(UNIX_EPOCH + known.time)?;
                known.time
            }
            None => since_epoch(file.metadata()?.modified()?),
        };
        Ok(Known { digest, time })
    }

    /// Gives files their time anew that differ from those of the tree to be
    /// replaced: who built that one must not take these for it.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub(super) fn renew(&mut self, staged: &Path, old: &Path, had: &Entries) -> Result<()> {
        let now = SystemTime::now();
        for (path, known) in &mut self.0 {
            let same = had.0.get(path).is_some_and(|e| e.digest == known.digest);
            let there = fs::metadata(path.below(old)).and_then(|m| m.modified());
            if same && there.is_ok_and(|t| since_epoch(t) == known.time) {
                continue;
            }
            let place = path.below(staged);
            let set = File::options().write(true).open(&place);
            set.and_then(|file| file.set_modified(now))
                .map_err(|e| Error::io("write", &place, e))?;
            known.time = since_epoch(now);
        }
        Ok(())
    }

    /// Keeps the times for the next stage.
    ///
    /// # Errors
    ///
    /// Fails where the disk does: with wrong times a build would be trusted that is stale.
    pub(super) fn write(&self, work: &Work) -> Result<()> {
        let path = work.times();
        let bytes = serde_json::to_vec(self).map_err(Into::into);
        bytes
            .and_then(|bytes| fs::write(&path, bytes))
            .map_err(|e| Error::io("write", &path, e))?;
        failpoint::hit("times.written");
        Ok(())
    }

    /// Forgets all times: something else has written into the stage.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub(super) fn forget(work: &Work) -> Result<()> {
        work::remove(&work.times()).map(drop)
    }
}

impl FromIterator<(TreePath, Known)> for Times {
    fn from_iter<I: IntoIterator<Item = (TreePath, Known)>>(iter: I) -> Self {
        Times(iter.into_iter().collect())
    }
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}
