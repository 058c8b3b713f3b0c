//! A repository on this machine, read in place: a clone, a bare repository, a
//! worktree, or a checkout as cargo keeps them, which has no tags.

use std::path::PathBuf;

use git2::{ErrorCode, Oid, Reference, Repository};
use recipe::error::{Error, Result};
use recipe::release::{Listed, Release};
use recipe::tree::TreePath;
use semver::Version;

use super::commit::ReleaseCommit;
use super::lacking::{Lacking, commit_of};
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
        let place = format!("`{reference}` of `{}`", self.shown);
        // A clone has upstream's branches below the name of its remote.
        let found = repo
            .resolve_reference_from_short_name(reference)
            .or_else(|_| repo.resolve_reference_from_short_name(&format!("origin/{reference}")));
        let at = match found {
            Ok(found) => self.at(&repo, &found, place)?,
            Err(_) => match repo.revparse_single(reference) {
                Ok(found) => self.at_id(&repo, found.id(), place)?,
                Err(_) => {
                    return Err(Error::upstream(format!("{place} is not there"))
                        .help(Lacking::Reference(reference).next_step(&repo)));
                }
            },
        };
        let location = spec.located(&at.place);
        let version = list::list(&repo, at.commit, location, LIMITS)
            .and_then(|files| files.version(&repo, location))
            .map_err(|e| at.describe(e))?;
        at.read(&repo, spec, &version).map_err(|e| at.describe(e))
    }

    /// Returns the content of a file of the crate at a commit; `None` where it is not there.
    pub(super) fn file(
        &self,
        spec: &CrateSpec,
        commit: &str,
        path: &TreePath,
    ) -> Result<Option<Vec<u8>>> {
        let repo = self.open()?;
        let id = Oid::from_str(commit)
            .map_err(|_| Error::upstream(format!("`{commit}` is not the id of a commit")))?;
        let place = format!("commit {commit:.10} of `{}`", self.shown);
        let at = self.at_id(&repo, id, place)?;
        list::content(&repo, at.commit, &spec.path.join(path)).map_err(|e| at.describe(e))
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
            let at = self.at(repo, &reference, place)?;
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
                .help(Lacking::Tag(&tag).next_step(repo))),
        }
    }

    fn head(&self, repo: &Repository) -> Result<ReleaseCommit> {
        let place = format!("HEAD of `{}`", self.shown);
        match repo.head() {
            Ok(head) => self.at(repo, &head, place),
            Err(e) => Err(self.no_commit(repo, &place).caused_by(e)),
        }
    }

    fn at(&self, repo: &Repository, to: &Reference<'_>, place: String) -> Result<ReleaseCommit> {
        match to.resolve().ok().and_then(|to| to.target()) {
            Some(id) => self.at_id(repo, id, place),
            None => Err(self.no_commit(repo, &place)),
        }
    }

    fn at_id(&self, repo: &Repository, id: Oid, place: String) -> Result<ReleaseCommit> {
        let at = |commit| ReleaseCommit {
            repository: self.path.clone(),
            commit,
            place,
        };
        match commit_of(repo, id) {
            Ok(commit) => Ok(at(commit)),
            Err(e) => Err(at(id).describe(e)),
        }
    }

    fn no_commit(&self, repo: &Repository, place: &str) -> Error {
        Error::upstream(format!("{place} leads to no commit")).help(Lacking::Tags.next_step(repo))
    }

    /// Returns the next step where a release has no tag here; `None` where this is no
    /// repository.
    pub(super) fn fetch_tags(&self) -> Option<String> {
        Some(Lacking::Tags.next_step(&self.open().ok()?))
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
