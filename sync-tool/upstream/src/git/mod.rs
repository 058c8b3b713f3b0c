//! Upstream's releases from a git repository.
//!
//! A repository on this machine is read in place. One behind a URL is fetched by
//! the `git` program into a cache, as little of it as is read; objects are read
//! with git2, which fetches nothing by itself.

mod cache;
mod commit;
mod error;
mod export;
mod fetch;
mod history;
mod lacking;
mod links;
mod list;
mod local;
mod location;
mod manifest;
mod program;
mod read;
mod remote;
mod tags;

use git2::Oid;
use host::Host;
use recipe::error::{Error, Kind, Result};
use recipe::release::{Listed, Release};
use recipe::tree::TreePath;
use semver::Version;

pub(crate) use self::error::GitError;
pub use self::export::{Blob, Export};
pub use self::history::{Commit, History};
use self::list::CrateLocation;
use self::local::LocalRepository;
use self::location::RepositoryLocation;
use self::remote::RemoteRepository;
use self::tags::TagTemplate;
use super::SourceOptions;

/// A git repository as a source of releases.
pub struct Git<'a> {
    spec: CrateSpec,
    repository: RepositoryKind<'a>,
}

/// The crate, and how its releases are named.
#[derive(Debug)]
struct CrateSpec {
    name: String,
    path: TreePath,
    tags: TagTemplate,
}

impl CrateSpec {
    fn located<'s>(&'s self, place: &'s str) -> CrateLocation<'s> {
        CrateLocation {
            name: &self.name,
            path: &self.path,
            place,
        }
    }
}

enum RepositoryKind<'a> {
    Local(LocalRepository),
    Remote(RemoteRepository<'a>),
}

impl<'a> Git<'a> {
    /// Reads where the repository is. Nothing is reached yet.
    ///
    /// # Errors
    ///
    /// Fails where the options name no repository or no tags.
    pub fn new(host: &'a Host, options: &SourceOptions) -> Result<Self> {
        let run_dir = host.env.dir();
        let (address, dir) = match &options.upstream {
            Some(given) => (given, run_dir.to_owned()),
            None => (&options.repository, run_dir.join(&options.project_dir)),
        };
        let spec = CrateSpec {
            name: options.name.clone(),
            path: options.path.clone(),
            tags: TagTemplate::parse(&options.tag)?,
        };
        let repository = match RepositoryLocation::parse(address, &host.env, &dir)? {
            RepositoryLocation::Local(path) => {
                RepositoryKind::Local(LocalRepository::new(path, address.to_string()))
            }
            RepositoryLocation::Remote(url) => RepositoryKind::Remote(RemoteRepository::new(
                host,
                url,
                &options.cache,
                options.offline,
            )),
        };
        Ok(Git { spec, repository })
    }

    /// Tells whether the repository is on this machine and read in place.
    pub fn is_local(&self) -> bool {
        matches!(self.repository, RepositoryKind::Local(_))
    }

    /// Returns git's command that fetches releases into a repository on this machine.
    pub fn fetch_tags(&self) -> Option<String> {
        match &self.repository {
            RepositoryKind::Local(local) => local.fetch_tags(),
            RepositoryKind::Remote(_) => None,
        }
    }

    /// Tells whether a release would be read from the `HEAD` of a checkout that
    /// has no tags, so that only the commit can say whether it is the release.
    ///
    /// # Errors
    ///
    /// Fails where the repository cannot be read.
    pub fn is_untagged(&self) -> Result<bool> {
        match &self.repository {
            RepositoryKind::Local(local) => local.is_untagged(&self.spec),
            RepositoryKind::Remote(_) => Ok(false),
        }
    }

    /// Lists the releases in ascending order.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the repository cannot be reached.
    pub fn list(&self) -> Result<Vec<Listed>> {
        self.try_list().map_err(GitError::into_error)
    }

    /// Reads one release.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the repository cannot be reached, has no such
    /// release (with the nearest it has), or what came is not what was promised.
    pub fn release(&self, version: &Version) -> Result<Release> {
        self.release_locked(version, None)
    }

    /// Returns the commit that the tag of a release points at.
    ///
    /// # Errors
    ///
    /// As [`Git::release`].
    pub fn commit(&self, version: &Version) -> Result<Option<String>> {
        let commit = self.try_commit(version);
        commit.map(Some).map_err(GitError::into_error)
    }

    /// Returns the repository with its history; `None` where it is not on this machine, since
    /// what is fetched has none.
    pub fn history<'h>(&'h self, host: &'h Host) -> Option<History<'h>> {
        match &self.repository {
            RepositoryKind::Remote(_) => None,
            RepositoryKind::Local(local) => Some(History::new(host, &self.spec, local)),
        }
    }

    /// Reads one release whose tag must point at a commit, such as the lock's.
    ///
    /// # Errors
    ///
    /// As [`Git::release`], and [`recipe::Kind::Upstream`] where the tag points elsewhere.
    pub fn release_locked(&self, version: &Version, locked: Option<&str>) -> Result<Release> {
        let release = self.try_release(version, parse_locked(locked)?);
        release.map_err(GitError::into_error)
    }

    /// Reads a release that the cache has at the locked commit, without the
    /// network; `None` where it has not.
    pub(super) fn cached(&self, version: &Version, locked: &str) -> Result<Option<Release>> {
        let locked = parse_locked(Some(locked))?;
        match &self.repository {
            RepositoryKind::Local(_) => Ok(None),
            RepositoryKind::Remote(remote) => Ok(remote
                .cached(&self.spec, version, locked)
                .unwrap_or_default()),
        }
    }

    pub(super) fn try_release(
        &self,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Release, GitError> {
        match &self.repository {
            RepositoryKind::Local(local) => Ok(local.release(&self.spec, version, locked)?),
            RepositoryKind::Remote(remote) => remote.release(&self.spec, version, locked),
        }
    }

    pub(super) fn try_list(&self) -> Result<Vec<Listed>, GitError> {
        match &self.repository {
            RepositoryKind::Local(local) => Ok(local.list(&self.spec)?),
            RepositoryKind::Remote(remote) => remote.list(&self.spec.tags),
        }
    }

    pub(super) fn try_commit(&self, version: &Version) -> Result<String, GitError> {
        match &self.repository {
            RepositoryKind::Local(local) => Ok(local.commit(&self.spec, version)?),
            RepositoryKind::Remote(remote) => remote.commit(&self.spec.tags, version),
        }
        .map(|commit| commit.to_string())
    }

    /// Compares where a release's tag is now with where it was locked. Returns why
    /// that is not known, and `None` where it did not move.
    pub(super) fn compare(&self, version: &Version, locked: &str) -> Result<Option<String>> {
        match self.try_commit(version).map_err(GitError::into_error) {
            Ok(now) if now == locked => Ok(None),
            Ok(now) => Err(tags::moved(&self.spec.tags.tag(version), locked, now)),
            Err(e) if e.kind() == Kind::Interrupted => Err(e),
            Err(e) => Ok(Some(e.to_string())),
        }
    }
}

/// Reads a commit as the lock has it.
pub(super) fn parse_locked(commit: Option<&str>) -> Result<Option<Oid>> {
    let Some(text) = commit else {
        return Ok(None);
    };
    let whole = text.len() == 40 && !text.bytes().any(|b| b.is_ascii_uppercase());
    match Oid::from_str(text) {
        Ok(commit) if whole => Ok(Some(commit)),
        _ => Err(Error::general(format!("`{text}` is not a commit"))
            .help("restore the lock from version control")),
    }
}
