//! A release in a repository on disk: a clone of the user's, or the tool's cache.

use std::path::PathBuf;

use git2::{Oid, Repository};
use recipe::error::Error;
use recipe::release::Release;
use semver::Version;

use super::lacking::with_next_steps;
use super::list::{self, LIMITS};
use super::{CrateSpec, GitError, error};

/// The commit of a release, and the repository that has it.
#[derive(Debug, Clone)]
pub(super) struct ReleaseCommit {
    pub(super) repository: PathBuf,
    pub(super) commit: Oid,
    /// What messages call it, such as `tag v41.0.0 of ../wasmtime`.
    pub(super) place: String,
}

impl ReleaseCommit {
    pub(super) fn open(&self) -> Result<Repository, GitError> {
        Repository::open(&self.repository).map_err(|e| GitError::Damaged(e.message().to_owned()))
    }

    /// Reads the release from a handle of the repository.
    pub(super) fn read(
        &self,
        repo: &Repository,
        spec: &CrateSpec,
        version: &Version,
    ) -> Result<Release, GitError> {
        let location = spec.located(&self.place);
        list::list(repo, self.commit, location, LIMITS)?.read(repo, location, version, LIMITS)
    }

    /// Says what is wrong with the repository, and how it is repaired.
    pub(super) fn describe(&self, error: GitError) -> Error {
        let ReleaseCommit {
            repository,
            commit,
            place,
        } = self;
        let path = repository.display();
        match error {
            GitError::Damaged(what) => Error::upstream(format!("{place} is damaged: {what}")).help(
                format!("see what is wrong with `git -C {path} fsck`, or give another repository"),
            ),
            GitError::Missing(missing) => {
                let what = error::files(&missing);
                let error = Error::upstream(format!("{place} lacks objects that are read: {what}"));
                match self.open() {
                    Ok(repo) => with_next_steps(error, &repo, *commit),
                    Err(_) => error,
                }
            }
            other => other.into_error(),
        }
    }
}
