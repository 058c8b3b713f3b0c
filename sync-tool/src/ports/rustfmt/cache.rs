//! Formatted sources that are kept: one file an entry, each with a digest of its own.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::core::tree::Digest;
use crate::error::{Error, Result};
use crate::ports::failpoint;
use crate::ports::host::Host;

/// What was formatted once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The formatter that made it.
    pub(super) version: String,
    /// What it made.
    pub(super) text: Arc<str>,
}

/// A directory of entries.
pub(super) struct Cache(PathBuf);

/// Returns the key of a source.
pub(super) fn key(edition: &str, text: &str) -> Digest {
    Digest::of(format!("{edition}\n{text}"))
}

impl Cache {
    pub(super) fn new(dir: PathBuf) -> Self {
        Cache(dir)
    }

    /// Returns an entry; one that is not whole is none.
    pub(super) fn get(&self, key: Digest) -> Option<Entry> {
        let whole = std::fs::read_to_string(self.0.join(key.to_string())).ok()?;
        let (digest, rest) = whole.split_once('\n')?;
        if Digest::parse(digest)? != Digest::of(rest) {
            return None;
        }
        let (version, text) = rest.split_once('\n')?;
        Some(Entry {
            version: version.to_owned(),
            text: Arc::from(text),
        })
    }

    /// Keeps an entry. That a cache cannot be written costs time, nothing else.
    pub(super) fn put(&self, host: &Host, key: Digest, entry: &Entry) {
        if let Err(e) = self.write(key, entry) {
            host.status
                .detail(&format!("a formatted source is not kept: {e}"));
        }
    }

    fn write(&self, key: Digest, entry: &Entry) -> Result<()> {
        let rest = format!("{}\n{}", entry.version, entry.text);
        let whole = format!("{}\n{rest}", Digest::of(&rest));
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
