//! A repository on this machine, read in place: a clone, a bare repository, a
//! worktree, or a checkout as cargo keeps them, which has no tags.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Oid, Repository};
use recipe::error::{Error, Result};
use recipe::release::{Listed, Release};
use recipe::tree::TreePath;
use semver::Version;

use super::commit::ReleaseCommit;
use super::list::{self, LIMITS};
use super::{CrateSpec, tags};

#[derive(Debug)]
pub(super) struct LocalRepository {
    path: PathBuf,
    /// What the user calls it.
    shown: String,
}

impl LocalRepository {
    pub(super) fn new(path: PathBuf, shown: String) -> Self {
        LocalRepository { path, shown }
    }

    /// Lists the releases that have tags; without any, the one that is checked out.
    pub(super) fn list(&self, spec: &CrateSpec) -> Result<Vec<Listed>> {
        let repo = self.open()?;
        let listed = self.tagged(&repo, spec)?;
        if !listed.is_empty() {
            return Ok(listed);
        }
        let head = self.head(&repo)?;
        let location = spec.located(&head.place);
        let version = list::list(&repo, head.commit, location, LIMITS)
            .and_then(|files| files.version(&repo, location))
            .map_err(|e| head.describe(e))?;
        Ok(vec![Listed {
            version,
            yanked: false,
            rust_version: None,
        }])
    }

    pub(super) fn is_untagged(&self, spec: &CrateSpec) -> Result<bool> {
        Ok(self.tagged(&self.open()?, spec)?.is_empty())
    }

    pub(super) fn commit(&self, spec: &CrateSpec, version: &Version) -> Result<Oid> {
        let repo = self.open()?;
        let at = self.find(&repo, spec, version, None)?;
        if repo.find_reference(&spec.tags.reference(version)).is_err() {
            // Only what stands there tells whether it is the release.
            at.read(&repo, spec, version).map_err(|e| at.describe(e))?;
        }
        Ok(at.commit)
    }

    /// Reads a release: where its tag points, or what is checked out where
    /// there are no tags.
    pub(super) fn release(
        &self,
        spec: &CrateSpec,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Release> {
        let repo = self.open()?;
        let at = self.find(&repo, spec, version, locked)?;
        at.read(&repo, spec, version).map_err(|e| at.describe(e))
    }

    pub(super) fn located(
        &self,
        spec: &CrateSpec,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<ReleaseCommit> {
        self.find(&self.open()?, spec, version, locked)
    }

    /// Reads the crate as it is at a branch, tag or commit.
    pub(super) fn at_reference(&self, spec: &CrateSpec, reference: &str) -> Result<Release> {
        let repo = self.open()?;
        // A clone has upstream's branches below the name of its remote.
        let found = repo
            .revparse_single(reference)
            .or_else(|_| repo.revparse_single(&format!("origin/{reference}")));
        let place = format!("`{reference}` of `{}`", self.shown);
        let at = self.at(
            found.and_then(|found| found.peel(ObjectType::Commit)),
            place,
        )?;
        let location = spec.located(&at.place);
        let version = list::list(&repo, at.commit, location, LIMITS)
            .and_then(|files| files.version(&repo, location))
            .map_err(|e| at.describe(e))?;
        at.read(&repo, spec, &version).map_err(|e| at.describe(e))
    }

    /// Returns the id of a file of the crate at a commit, and its content where the
    /// repository has it; `None` where there is no such file.
    pub(super) fn file(
        &self,
        spec: &CrateSpec,
        commit: &str,
        path: &TreePath,
    ) -> Result<Option<(Oid, Option<Vec<u8>>)>> {
        let repo = self.open()?;
        let path = spec.path.join(path);
        let tree = repo.revparse_single(commit).and_then(|c| c.peel_to_tree());
        let tree = tree.map_err(|e| {
            let shown = &self.shown;
            let message = format!(
                "commit {commit} of `{shown}` cannot be read: {}",
                e.message()
            );
            Error::upstream(message).caused_by(e)
        })?;
        let Ok(entry) = tree.get_path(Path::new(path.as_str())) else {
            return Ok(None);
        };
        let content = repo.find_blob(entry.id());
        let content = content.ok().map(|blob| blob.content().to_vec());
        Ok(Some((entry.id(), content)))
    }

    pub(super) fn open(&self) -> Result<Repository> {
        Repository::open(&self.path).map_err(|e| {
            let shown = &self.shown;
            let error = match e.code() {
                ErrorCode::NotFound => {
                    Error::upstream(format!("`{shown}` is not a git repository"))
                        .help("give the path of a clone, a bare repository or a checkout, or a URL")
                }
                ErrorCode::Owner => Error::upstream(format!("`{shown}` belongs to another user"))
                    .help(format!(
                        "if you trust it: `git config --global --add safe.directory {}`",
                        self.path.display()
                    )),
                _ => Error::upstream(format!("`{shown}` cannot be opened: {}", e.message())).help(
                    "give its URL (`file://` and the path), so that the `git` program reads it",
                ),
            };
            error.caused_by(e)
        })
    }

    fn tagged(&self, repo: &Repository, spec: &CrateSpec) -> Result<Vec<Listed>> {
        spec.tags.tagged(repo).map_err(|e| {
            let (shown, why) = (&self.shown, e.message());
            Error::upstream(format!("the tags of `{shown}` cannot be read: {why}")).caused_by(e)
        })
    }

    fn find(
        &self,
        repo: &Repository,
        spec: &CrateSpec,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<ReleaseCommit> {
        let tag = spec.tags.tag(version);
        if let Ok(reference) = repo.find_reference(&spec.tags.reference(version)) {
            let place = format!("tag {tag} of `{}`", self.shown);
            let at = self.at(reference.peel(ObjectType::Commit), place)?;
            return match locked {
                Some(locked) if locked != at.commit => Err(tags::moved(&tag, locked, at.commit)),
                _ => Ok(at),
            };
        }
        let listed = self.tagged(repo, spec)?;
        let head = self.head(repo);
        // Among tags, `HEAD` counts only as what was locked: it may be anything.
        let counts = |at: &ReleaseCommit| listed.is_empty() || Some(at.commit) == locked;
        match (head, locked) {
            (Ok(at), Some(locked)) if counts(&at) && at.commit != locked => {
                Err(self.not_as_locked(&at, version, locked))
            }
            (Ok(at), _) if counts(&at) => Ok(at),
            (Err(e), _) if listed.is_empty() => Err(e),
            _ => Err(spec
                .tags
                .lacking(format_args!("`{}`", self.shown), version, &listed)
                .help(format!(
                    "if upstream has it, fetch it there: `git -C {} fetch --tags`",
                    self.path.display()
                ))),
        }
    }

    fn head(&self, repo: &Repository) -> Result<ReleaseCommit> {
        let head = repo.head().and_then(|h| h.peel(ObjectType::Commit));
        self.at(head, format!("HEAD of `{}`", self.shown))
    }

    fn at(
        &self,
        commit: Result<git2::Object<'_>, git2::Error>,
        place: String,
    ) -> Result<ReleaseCommit> {
        let commit = commit.map_err(|e| {
            Error::upstream(format!("{place} leads to no commit: {}", e.message()))
                .help(format!(
                    "fetch the release there: `git -C {} fetch --tags`",
                    self.path.display()
                ))
                .caused_by(e)
        })?;
        Ok(ReleaseCommit {
            repository: self.path.clone(),
            commit: commit.id(),
            place,
        })
    }

    fn not_as_locked(&self, at: &ReleaseCommit, version: &Version, locked: Oid) -> Error {
        let ReleaseCommit { commit, place, .. } = at;
        Error::upstream(format!(
            "{place} is at commit {commit}, the lock has {locked} for {version}"
        ))
        .help(format!(
            "check out the locked commit: `git -C {} checkout --detach {locked}`",
            self.path.display()
        ))
    }
}
