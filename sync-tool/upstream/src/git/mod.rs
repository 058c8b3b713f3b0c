//! Upstream's releases from a git repository.
//!
//! A repository on this machine is read in place. One behind a URL is fetched by
//! the `git` program into a cache, as little of it as is read; objects are read
//! with git2, which fetches nothing by itself.

mod cache;
mod export;
mod fetch;
mod include;
mod links;
mod list;
mod local;
mod location;
mod package;
mod program;
mod read;
mod remote;
mod tags;

use std::path::{Path, PathBuf};

use git2::Oid;
use host::Host;
use recipe::address::Address;
use recipe::error::{Error, Kind, Result};
use recipe::release::{Listed, Release};
use recipe::tree::TreePath;
use semver::Version;

pub use self::export::{Blob, Export};
use self::list::{LIMITS, Trouble, Wanted};
use self::local::Local;
use self::location::RepositoryLocation;
use self::remote::Remote;
use self::tags::Template;
use super::Source;

/// Which crate of which repository is followed.
#[derive(Debug, Clone)]
pub struct Options {
    /// The crate's name.
    pub crate_name: String,
    /// The crate's directory in the repository.
    pub path: TreePath,
    /// The name of a release's tag, `{version}` standing for the version.
    pub tag: String,
    /// The repository: a URL, or a path that begins at the run's directory.
    pub upstream: Address,
    /// The tool's cache directory.
    pub cache: PathBuf,
    /// Whether the network is forbidden.
    pub offline: bool,
}

/// A git repository as a source of releases.
pub struct Git<'a> {
    subject: Subject,
    place: RepositoryKind<'a>,
}

/// The crate, and how its releases are named.
#[derive(Debug)]
struct Subject {
    name: String,
    path: TreePath,
    tags: Template,
}

enum RepositoryKind<'a> {
    Local(Local),
    Remote(Remote<'a>),
}

/// Why a repository gave nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The host cannot be reached.
    Unreachable(Error),
    /// There is no `git` program.
    NoProgram(Error),
    /// It is not in the cache, and the network is forbidden.
    Offline(Error),
    /// Anything that another source would not fix.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

impl Failure {
    /// Returns what is told of it.
    pub(super) fn into_error(self) -> Error {
        match self {
            Failure::Unreachable(e) | Failure::NoProgram(e) | Failure::Offline(e) => e.unreached(),
            Failure::Other(e) => e,
        }
    }
}

impl Subject {
    /// Reads a release at a commit.
    fn read(
        &self,
        repo: &git2::Repository,
        commit: Oid,
        version: &Version,
        place: &str,
    ) -> Result<Release, Trouble> {
        let wanted = self.wanted(place);
        list::list(repo, commit, wanted, LIMITS)?.read(repo, wanted, version, LIMITS)
    }

    fn wanted<'s>(&'s self, place: &'s str) -> Wanted<'s> {
        Wanted {
            name: &self.name,
            path: &self.path,
            place,
        }
    }
}

impl<'a> Git<'a> {
    /// Reads where the repository is. Nothing is reached yet.
    ///
    /// # Errors
    ///
    /// Fails where `upstream` names no repository or `tag` names no tags.
    pub fn new(host: &'a Host, options: Options) -> Result<Self> {
        let dir = host.env.dir().to_path_buf();
        Git::seen_from(&dir, host, options)
    }

    /// The same with `upstream` a path that begins at a directory.
    pub(super) fn seen_from(dir: &Path, host: &'a Host, options: Options) -> Result<Self> {
        let subject = Subject {
            name: options.crate_name,
            path: options.path,
            tags: Template::parse(&options.tag)?,
        };
        let place = match RepositoryLocation::parse(&options.upstream, &host.env, dir)? {
            RepositoryLocation::Local(path) => {
                RepositoryKind::Local(Local::new(path, options.upstream.to_string()))
            }
            RepositoryLocation::Remote(url) => {
                RepositoryKind::Remote(Remote::new(host, url, &options.cache, options.offline))
            }
        };
        Ok(Git { subject, place })
    }

    /// Tells whether the repository is on this machine and read in place.
    pub fn is_local(&self) -> bool {
        matches!(self.place, RepositoryKind::Local(_))
    }

    /// Tells whether a release would be read from the `HEAD` of a checkout that
    /// has no tags, so that only the commit can say whether it is the release.
    ///
    /// # Errors
    ///
    /// Fails where the repository cannot be read.
    pub fn is_untagged(&self) -> Result<bool> {
        match &self.place {
            RepositoryKind::Local(local) => local.is_untagged(&self.subject),
            RepositoryKind::Remote(_) => Ok(false),
        }
    }

    /// Reads a release, its commit compared with the locked one where given.
    ///
    /// With a locked commit that is in the cache, nothing is fetched.
    ///
    /// # Errors
    ///
    /// As [`Source::release`], and [`recipe::Kind::Upstream`] where the tag
    /// points elsewhere than it did when it was locked.
    pub fn release_locked(
        &self,
        version: &Version,
        locked_commit: Option<&str>,
    ) -> Result<Release> {
        self.attempt(version, locked(locked_commit)?)
            .map_err(Failure::into_error)
    }

    /// Reads a release that the cache has at the locked commit, without the
    /// network; `None` where it has not.
    pub(super) fn cached(&self, version: &Version, locked_commit: &str) -> Result<Option<Release>> {
        let commit = locked(Some(locked_commit))?;
        match (&self.place, commit) {
            (RepositoryKind::Remote(remote), Some(commit)) => {
                Ok(remote.cached(&self.subject, version, Some(commit)).ok())
            }
            _ => Ok(None),
        }
    }

    /// Reads a release, and tells why where it cannot.
    pub(super) fn attempt(
        &self,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Release, Failure> {
        match &self.place {
            RepositoryKind::Local(local) => Ok(local.release(&self.subject, version, locked)?),
            RepositoryKind::Remote(remote) => remote.release(&self.subject, version, locked),
        }
    }

    /// Lists the releases, and tells why where it cannot.
    pub(super) fn attempt_list(&self) -> Result<Vec<Listed>, Failure> {
        match &self.place {
            RepositoryKind::Local(local) => Ok(local.list(&self.subject)?),
            RepositoryKind::Remote(remote) => remote.list(&self.subject.tags),
        }
    }

    /// Returns a release's commit, and tells why where it cannot.
    pub(super) fn attempt_commit(&self, version: &Version) -> Result<String, Failure> {
        match &self.place {
            RepositoryKind::Local(local) => Ok(local.commit(&self.subject, version)?),
            RepositoryKind::Remote(remote) => remote.commit(&self.subject.tags, version),
        }
        .map(|commit| commit.to_string())
    }
}

impl Git<'_> {
    /// Compares where a release's tag is now with where it was locked. Returns why
    /// that is not known, and `None` where it did not move.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where it moved; the interrupt.
    pub(super) fn compare(&self, version: &Version, locked: &str) -> Result<Option<String>> {
        match self.attempt_commit(version) {
            Ok(now) if now == locked => Ok(None),
            Ok(now) => Err(tags::moved(&self.subject.tags.tag(version), locked, &now)),
            Err(Failure::Other(e)) if e.kind() == Kind::Interrupted => Err(e),
            Err(failure) => Ok(Some(failure.into_error().to_string())),
        }
    }
}

impl Source for Git<'_> {
    fn list(&self) -> Result<Vec<Listed>> {
        self.attempt_list().map_err(Failure::into_error)
    }

    fn release(&self, version: &Version) -> Result<Release> {
        self.release_locked(version, None)
    }

    fn commit(&self, version: &Version) -> Result<Option<String>> {
        let commit = self.attempt_commit(version);
        commit.map(Some).map_err(Failure::into_error)
    }
}

/// Reads a commit as the lock has it.
pub(super) fn locked(commit: Option<&str>) -> Result<Option<Oid>> {
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
