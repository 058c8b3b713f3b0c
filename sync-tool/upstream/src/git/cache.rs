//! The repository in the tool's cache that an upstream URL is fetched into.
//!
//! It stands in `git/<name>/`, with `git/<name>.lock` beside it, which a run
//! holds while it fetches. It is only ever put in place whole.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use git2::{ConfigLevel, Repository, RepositoryInitOptions};
use host::{Host, failpoint};
use recipe::address::Address;
use recipe::error::{Error, Result};
use recipe::tree::Digest;
use tempfile::TempDir;

use super::location::readable;
use crate::cache_lock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloneMode {
    /// Trees first, then the contents that are needed.
    Filtered,
    /// Everything that the tag has: the server does not filter.
    Plain,
}

#[derive(Debug)]
pub(super) struct GitCache {
    above: PathBuf,
    name: String,
    url: Address,
}

impl GitCache {
    /// Names the cache of a URL below the tool's cache directory.
    pub(super) fn new(cache: &Path, url: &Address) -> Self {
        // Of what may be seen: a digest of a password would let it be guessed.
        let digest = Digest::of(url.to_string()).to_string();
        GitCache {
            above: cache.join("git"),
            name: format!("{}-{}", readable(url), &digest[..16]),
            url: url.clone(),
        }
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.above.join(&self.name)
    }

    /// Opens the repository, or returns `None` where there is none that can be used for a URL.
    pub(super) fn open(&self, url: &Address) -> Option<(Repository, CloneMode)> {
        let dir = self.dir();
        // Ours is bare at the very top; what lies above it is none of our concern.
        let repository = Repository::open_bare(dir).ok()?;
        let config = repository
            .config()
            .ok()?
            .open_level(ConfigLevel::Local)
            .ok()?;
        let stored = Address::from(config.get_string("remote.origin.url").ok()?);
        if !stored.leads_to(url) {
            return None;
        }
        let mode = match config.get_bool("remote.origin.promisor") {
            Ok(true) => CloneMode::Filtered,
            _ => CloneMode::Plain,
        };
        Some((repository, mode))
    }

    /// Waits until no other run fetches into this cache. Dropping the file frees it.
    pub(super) fn lock(&self, host: &Host) -> Result<File> {
        let path = self.above.join(format!("{}.lock", self.name));
        let waiting = "waiting for another run that fetches from the same repository";
        let file = cache_lock::acquire(host, &path, waiting)?;
        if let Some((repository, _)) = self.open(&self.url) {
            // The password may be another one than the last time.
            keep_url(&repository, &self.url).map_err(|e| not_made(repository.path(), e))?;
        }
        Ok(file)
    }

    /// Removes what a run that was killed has left: git's lock files, half-received
    /// packs, drafts. Only while the lock is held are they nobody's.
    pub(super) fn sweep(&self) -> Result<()> {
        let draft = format!("{}.draft-", self.name);
        for entry in fs::read_dir(&self.above).map_err(|e| Error::io("read", &self.above, e))? {
            let path = entry.map_err(|e| Error::io("read", &self.above, e))?.path();
            let name = path.file_name().unwrap_or_default();
            if name.to_string_lossy().starts_with(&draft) {
                remove(&path).map_err(|e| Error::io("remove", &path, e))?;
            }
        }
        // What cannot be read shows itself when git uses it.
        for entry in walkdir::WalkDir::new(self.dir()).into_iter().flatten() {
            let name = entry.file_name().to_string_lossy();
            let left = name.ends_with(".lock") || name.starts_with("tmp_");
            if left && entry.file_type().is_file() {
                let path = entry.path();
                fs::remove_file(path).map_err(|e| Error::io("remove", path, e))?;
            }
        }
        Ok(())
    }

    /// Makes an empty repository beside the one in use. It is gone when it is dropped.
    pub(super) fn draft(&self, url: &Address, mode: CloneMode) -> Result<TempDir> {
        fs::create_dir_all(&self.above).map_err(|e| Error::io("make", &self.above, e))?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(fs::Permissions::from_mode(0o700));
        let draft = builder
            .prefix(&format!("{}.draft-", self.name))
            .tempdir_in(&self.above)
            .map_err(|e| Error::io("write", &self.above, e))?;
        init(draft.path(), url, mode).map_err(|e| not_made(draft.path(), e))?;
        failpoint::hit("git-cache.drafted");
        Ok(draft)
    }

    /// Puts a draft in the place of the repository.
    pub(super) fn replace(&self, draft: TempDir) -> Result<()> {
        let dir = self.dir();
        remove(&dir).map_err(|e| Error::io("remove", &dir, e))?;
        failpoint::hit("git-cache.removed");
        fs::rename(draft.path(), &dir).map_err(|e| Error::io("write", &dir, e))?;
        // Nothing is left there to clean up.
        let _ = draft.keep();
        failpoint::hit("git-cache.placed");
        Ok(())
    }
}

fn init(dir: &Path, url: &Address, mode: CloneMode) -> Result<(), git2::Error> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false).no_reinit(true);
    let repository = Repository::init_opts(dir, &options)?;
    if mode == CloneMode::Filtered {
        let mut config = repository.config()?.open_level(ConfigLevel::Local)?;
        config.set_bool("remote.origin.promisor", true)?;
        config.set_str("remote.origin.partialclonefilter", "blob:none")?;
    }
    keep_url(&repository, url)
}

/// Puts the URL into the configuration of a repository, which nobody else can read;
/// command lines can be read by every user of a machine.
fn keep_url(repository: &Repository, url: &Address) -> Result<(), git2::Error> {
    let mut config = repository.config()?.open_level(ConfigLevel::Local)?;
    if config.get_string("remote.origin.url").ok().as_deref() != Some(url.secret()) {
        config.set_str("remote.origin.url", url.secret())?;
    }
    #[cfg(unix)]
    fs::set_permissions(
        repository.path().join("config"),
        fs::Permissions::from_mode(0o600),
    )
    .map_err(|e| git2::Error::from_str(&e.to_string()))?;
    Ok(())
}

fn not_made(dir: &Path, e: git2::Error) -> Error {
    let (path, said) = (dir.display(), e.message());
    Error::general(format!("cannot write the repository {path}: {said}"))
        .help_by(said)
        .caused_by(e)
}

/// Removes a file or a directory with all that is in it, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
