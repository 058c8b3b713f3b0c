//! Formatted sources that are kept: one file an entry, each with a digest of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::{Host, failpoint};
use recipe::error::{Error, Result};
use recipe::tree::Digest;

/// A directory of entries.
pub(super) struct Cache(PathBuf);

impl Cache {
    pub(super) fn new(dir: PathBuf) -> Self {
        Cache(dir)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.0
    }

    /// Returns an entry; one that is not whole is none.
    pub(super) fn get(&self, key: Digest) -> Option<Arc<str>> {
        let whole = std::fs::read_to_string(self.0.join(key.to_string())).ok()?;
        let (digest, text) = whole.split_once('\n')?;
        (Digest::parse(digest)? == Digest::of(text)).then(|| Arc::from(text))
    }

    /// Keeps an entry. That a cache cannot be written costs time, nothing else.
    pub(super) fn put(&self, host: &Host, key: Digest, text: &str) {
        if let Err(e) = self.write(key, text) {
            host.status
                .detail(&format!("a formatted source is not kept: {e}"));
        }
    }

    fn write(&self, key: Digest, text: &str) -> Result<()> {
        let whole = format!("{}\n{text}", Digest::of(text));
        let path = self.0.join(key.to_string());
        std::fs::create_dir_all(&self.0).map_err(|e| Error::io("make", &self.0, e))?;
        let mut beside =
            tempfile::NamedTempFile::new_in(&self.0).map_err(|e| Error::io("write", &path, e))?;
        beside
            .write_all(whole.as_bytes())
            .map_err(|e| Error::io("write", &path, e))?;
        failpoint::hit("rustfmt-cache.written");
        beside
            .persist(&path)
            .map_err(|e| Error::io("write", &path, e.error))?;
        failpoint::hit("rustfmt-cache.placed");
        Ok(())
    }
}
