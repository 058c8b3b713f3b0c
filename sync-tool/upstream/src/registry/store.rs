//! The tool's own cache of a registry: packages under their checksums, the index entry.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use host::{Host, failpoint};
use recipe::error::{Error, Result};
use recipe::tree::Digest;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::index;

/// How often a lock that another run holds is looked at.
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// The cache of one registry.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
}

/// What the cache has of a package.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The package, its checksum proven.
    pub(super) valid: Option<(Digest, Vec<u8>)>,
    /// Files that are not what their names say.
    pub(super) damaged: Vec<PathBuf>,
}

/// What was said of an index entry when it came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Validators {
    /// The entity tag.
    pub(super) etag: Option<String>,
    /// When it was last changed, in the server's words.
    pub(super) last_modified: Option<String>,
}

/// The line before a cached index entry.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(flatten)]
    validators: Validators,
    digest: Digest,
}

impl Store {
    /// Names the cache of the registry with an index URL.
    pub(super) fn new(cache: &Path, url: &str) -> Self {
        let host = reqwest::Url::parse(url)
            .ok()
            .and_then(|u| u.host_str().map(str::to_owned))
            .unwrap_or_default();
        let host: String = host
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "-.".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let hash = Digest::of(url).to_string();
        Store {
            dir: cache
                .join("registry")
                .join(format!("{host}-{}", &hash[..16])),
        }
    }

    fn dir_of(&self, name: &str, version: &Version) -> PathBuf {
        self.dir.join("crates").join(format!("{name}-{version}"))
    }

    /// Returns the path that a package has once it is there and proven.
    pub(super) fn path(&self, name: &str, version: &Version, checksum: Digest) -> PathBuf {
        self.dir_of(name, version).join(format!("{checksum}.crate"))
    }

    /// Looks for a package: one with a checksum, or the only one.
    ///
    /// # Errors
    ///
    /// Fails where the cache cannot be read.
    pub(super) fn find(
        &self,
        name: &str,
        version: &Version,
        wanted: Option<Digest>,
    ) -> Result<Found> {
        let dir = self.dir_of(name, version);
        let names = match fs::read_dir(&dir) {
            Ok(names) => names,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Found::default()),
            Err(e) => return Err(Error::io("read", &dir, e)),
        };
        let mut found = Found::default();
        let mut several = false;
        for file in names {
            let path = file.map_err(|e| Error::io("read", &dir, e))?.path();
            let Some(checksum) = checksum_of(&path).filter(|c| wanted.is_none_or(|w| w == *c))
            else {
                continue;
            };
            let bytes = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
            if Digest::of(&bytes) == checksum {
                several |= found.valid.replace((checksum, bytes)).is_some();
            } else {
                found.damaged.push(path);
            }
        }
        if several {
            // Which of them is meant only the index can say.
            found.valid = None;
        }
        Ok(found)
    }

    /// Puts a proven package in its place.
    ///
    /// # Errors
    ///
    /// Fails where the cache cannot be written.
    pub(super) fn add(
        &self,
        name: &str,
        version: &Version,
        checksum: Digest,
        bytes: &[u8],
    ) -> Result<()> {
        write(&self.path(name, version, checksum), &[bytes])
    }

    /// Returns the path that a package has while it is downloaded.
    ///
    /// # Errors
    ///
    /// Fails where its directory cannot be made.
    pub(super) fn part(&self, name: &str, version: &Version, checksum: Digest) -> Result<PathBuf> {
        let dir = self.dir_of(name, version);
        fs::create_dir_all(&dir).map_err(|e| Error::io("make", &dir, e))?;
        Ok(dir.join(format!("{checksum}.part")))
    }

    /// Waits until no other run downloads into this cache. Dropping the file ends the turn.
    ///
    /// # Errors
    ///
    /// Fails where the cache cannot be written, or at an interrupt.
    pub(super) fn lock(&self, host: &Host) -> Result<File> {
        fs::create_dir_all(&self.dir).map_err(|e| Error::io("make", &self.dir, e))?;
        let path = self.dir.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = file.map_err(|e| Error::io("write", &path, e))?;
        host.run(async {
            let mut told = false;
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(TryLockError::WouldBlock) if !told => {
                        host.status
                            .note("waiting for another run that downloads from the same registry");
                        told = true;
                    }
                    Err(TryLockError::WouldBlock) => {}
                    // Some network file systems have no locks; what is written is proven anyway.
                    Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {
                        return Ok(());
                    }
                    Err(TryLockError::Error(e)) => return Err(Error::io("lock", &path, e)),
                }
                tokio::time::sleep(LOCK_PAUSE).await;
            }
        })?;
        Ok(file)
    }

    fn index_path(&self, name: &str) -> PathBuf {
        index::path(name)
            .split('/')
            .fold(self.dir.join("index"), |path, part| path.join(part))
    }

    /// Returns the index entry that came last. One that is damaged is as good as none.
    pub(super) fn index(&self, name: &str) -> Option<(Validators, Vec<u8>)> {
        let mut bytes = fs::read(self.index_path(name)).ok()?;
        let end = bytes.iter().position(|b| *b == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let body = bytes.split_off(end + 1);
        (Digest::of(&body) == head.digest).then_some((head.validators, body))
    }

    /// Keeps an index entry.
    ///
    /// # Errors
    ///
    /// Fails where the cache cannot be written.
    pub(super) fn keep_index(&self, name: &str, validators: Validators, body: &[u8]) -> Result<()> {
        let path = self.index_path(name);
        let head = serde_json::to_vec(&Head {
            validators,
            digest: Digest::of(body),
        });
        let head = head.map_err(|e| Error::io("write", &path, e.into()))?;
        write(&path, &[&head, b"\n", body])
    }
}

/// Returns the checksum that a package's file name gives.
fn checksum_of(path: &Path) -> Option<Digest> {
    Digest::parse(path.file_name()?.to_str()?.strip_suffix(".crate")?)
}

/// Writes a file beside its place, syncs it and renames it.
fn write(path: &Path, parts: &[&[u8]]) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(|e| Error::io("make", dir, e))?;
    let written = tempfile::NamedTempFile::new_in(dir).and_then(|mut file| {
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.as_file().sync_all()?;
        failpoint::hit("registry-cache.written");
        file.persist(path).map_err(|e| e.error)
    });
    written.map_err(|e| Error::io("write", path, e))?;
    failpoint::hit("registry-cache.placed");
    Ok(())
}
