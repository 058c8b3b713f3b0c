//! The tool's own cache of a registry: packages under their checksums, the index entry.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use host::{Host, failpoint};
use recipe::error::{Error, Result};
use recipe::tree::Digest;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::index;
use super::packages::VerifiedPackage;
use crate::cache_lock;

#[derive(Debug)]
pub(super) struct RegistryCache {
    dir: PathBuf,
}

#[derive(Debug, Default)]
pub(super) struct CachedPackage {
    pub(super) valid: Option<VerifiedPackage>,
    /// Files that are not what their names say.
    pub(super) damaged: Vec<PathBuf>,
}

/// What the server said of an index entry when it came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Validators {
    pub(super) etag: Option<String>,
    /// As the server wrote it.
    pub(super) last_modified: Option<String>,
}

/// The line before a cached index entry.
#[derive(Serialize, Deserialize)]
struct IndexHeader {
    #[serde(flatten)]
    validators: Validators,
    digest: Digest,
}

impl RegistryCache {
    /// Names the cache of the registry with an index URL.
    pub(super) fn new(cache: &Path, url: &str) -> Self {
        let parsed = reqwest::Url::parse(url).ok();
        let host = parsed.and_then(|u| u.host_str().map(str::to_owned));
        let safe = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        let host = host.unwrap_or_default().replace(|c| !safe(c), "_");
        let hash = Digest::of(url).to_string();
        let name = format!("{host}-{}", &hash[..16]);
        RegistryCache {
            dir: cache.join("registry").join(name),
        }
    }

    fn dir_of(&self, name: &str, version: &Version) -> PathBuf {
        self.dir.join("crates").join(format!("{name}-{version}"))
    }

    /// Looks for a package: one with a checksum, or the only one.
    pub(super) fn find(
        &self,
        name: &str,
        version: &Version,
        wanted: Option<Digest>,
    ) -> Result<CachedPackage> {
        let dir = self.dir_of(name, version);
        let names = match fs::read_dir(&dir) {
            Ok(names) => names,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(CachedPackage::default()),
            Err(e) => return Err(Error::io("read", &dir, e)),
        };
        let mut found = CachedPackage::default();
        let mut several = false;
        for file in names {
            let path = file.map_err(|e| Error::io("read", &dir, e))?.path();
            let Some(checksum) = checksum_of(&path).filter(|c| wanted.is_none_or(|w| w == *c))
            else {
                continue;
            };
            let bytes = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
            match VerifiedPackage::new(bytes, checksum, path.display().to_string()) {
                Ok(package) => several |= found.valid.replace(package).is_some(),
                Err(_) => found.damaged.push(path),
            }
        }
        if several {
            // Which of them is meant only the index can say.
            found.valid = None;
        }
        Ok(found)
    }

    pub(super) fn add(
        &self,
        name: &str,
        version: &Version,
        package: VerifiedPackage,
    ) -> Result<VerifiedPackage> {
        let file = format!("{}.crate", package.checksum);
        let path = self.dir_of(name, version).join(file);
        write(&path, &[&package.bytes])?;
        Ok(VerifiedPackage {
            place: path.display().to_string(),
            ..package
        })
    }

    /// Waits until no other run downloads into this cache. Dropping the file frees it.
    pub(super) fn lock(&self, host: &Host) -> Result<File> {
        let waiting = "waiting for another run that downloads from the same registry";
        cache_lock::acquire(host, &self.dir.join("lock"), waiting)
    }

    fn index_path(&self, name: &str) -> PathBuf {
        self.dir.join("index").join(index::path(name))
    }

    /// Returns the index entry that came last. One that is damaged is as good as none.
    pub(super) fn index(&self, name: &str) -> Option<(Validators, Vec<u8>)> {
        let mut bytes = fs::read(self.index_path(name)).ok()?;
        let end = bytes.iter().position(|b| *b == b'\n')?;
        let header: IndexHeader = serde_json::from_slice(&bytes[..end]).ok()?;
        let body = bytes.split_off(end + 1);
        (Digest::of(&body) == header.digest).then_some((header.validators, body))
    }

    pub(super) fn keep_index(&self, name: &str, validators: Validators, body: &[u8]) -> Result<()> {
        let path = self.index_path(name);
        let header = serde_json::to_vec(&IndexHeader {
            validators,
            digest: Digest::of(body),
        });
        let header = header.map_err(|e| Error::io("write", &path, e.into()))?;
        write(&path, &[&header, b"\n", body])
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
