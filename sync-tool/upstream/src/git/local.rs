//! A repository on this machine, read in place: a clone, a bare repository, a
//! worktree, or a checkout as cargo keeps them, which has no tags.

use std::path::PathBuf;

use git2::{ErrorCode, ObjectType, Oid, Repository};
use recipe::error::{Error, Result};
use recipe::release::{Listed, Release};
use semver::Version;

use super::list::{self, LIMITS, Trouble};
use super::{Subject, tags};

/// A repository on this machine.
#[derive(Debug)]
pub(super) struct Local {
    path: PathBuf,
    /// What the user calls it.
    shown: String,
}

/// Where a release stands.
struct Found {
    commit: Oid,
    place: String,
}

impl Local {
    /// Names a repository.
    pub(super) fn new(path: PathBuf, shown: String) -> Self {
        Local { path, shown }
    }

    /// Lists the releases that have tags; without any, the one that is checked out.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the repository cannot be read.
    pub(super) fn list(&self, subject: &Subject) -> Result<Vec<Listed>> {
        let repo = self.open()?;
        let listed = self.tagged(&repo, subject)?;
        if !listed.is_empty() {
            return Ok(listed);
        }
        let found = self.head(&repo)?;
        let wanted = subject.wanted(&found.place);
        let read = list::list(&repo, found.commit, wanted, LIMITS);
        let read = read.and_then(|listing| listing.version(&repo, wanted));
        let version = read.map_err(|trouble| self.error(trouble, &found))?;
        Ok(vec![Listed {
            version,
            yanked: false,
            rust_version: None,
        }])
    }

    /// Tells whether no release has a tag.
    ///
    /// # Errors
    ///
    /// As [`Local::list`].
    pub(super) fn is_untagged(&self, subject: &Subject) -> Result<bool> {
        Ok(self.tagged(&self.open()?, subject)?.is_empty())
    }

    /// Returns a release's commit.
    ///
    /// # Errors
    ///
    /// As [`Local::release`].
    pub(super) fn commit(&self, subject: &Subject, version: &Version) -> Result<Oid> {
        let repo = self.open()?;
        let found = self.find(&repo, subject, version, None)?;
        let tag = subject.tags.reference(version);
        if repo.find_reference(&tag).is_err() {
            // Only what stands there tells whether it is the release.
            let read = subject.read(&repo, found.commit, version, &found.place);
            read.map_err(|trouble| self.error(trouble, &found))?;
        }
        Ok(found.commit)
    }

    /// Reads a release: where its tag points, or what is checked out where
    /// there are no tags.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the repository has no such release, has
    /// it at another commit than the locked one, or lacks some of its content.
    pub(super) fn release(
        &self,
        subject: &Subject,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Release> {
        let repo = self.open()?;
        let found = self.find(&repo, subject, version, locked)?;
        let read = subject.read(&repo, found.commit, version, &found.place);
        read.map_err(|trouble| self.error(trouble, &found))
    }

    /// Returns where a release is: the repository, the commit, and what messages call it.
    ///
    /// # Errors
    ///
    /// As [`Local::release`].
    pub(super) fn located(
        &self,
        subject: &Subject,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<(PathBuf, Oid, String)> {
        let repo = self.open()?;
        let Found { commit, place } = self.find(&repo, subject, version, locked)?;
        Ok((self.path.clone(), commit, place))
    }

    fn open(&self) -> Result<Repository> {
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

    fn tagged(&self, repo: &Repository, subject: &Subject) -> Result<Vec<Listed>> {
        let unreadable = |e: git2::Error| {
            let message = format!(
                "the tags of `{}` cannot be read: {}",
                self.shown,
                e.message()
            );
            Error::upstream(message).caused_by(e)
        };
        let references = repo.references_glob("refs/tags/*").map_err(unreadable)?;
        let mut names = Vec::new();
        for reference in references {
            // A name that is not UTF-8 is not a release's.
            if let Ok(name) = reference.map_err(unreadable)?.name() {
                names.push(name.to_owned());
            }
        }
        Ok(subject.tags.list(names.iter().map(String::as_str)))
    }

    fn find(
        &self,
        repo: &Repository,
        subject: &Subject,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Found> {
        let tag = subject.tags.tag(version);
        if let Ok(reference) = repo.find_reference(&subject.tags.reference(version)) {
            let place = format!("tag {tag} of `{}`", self.shown);
            let peeled = reference.peel(ObjectType::Commit);
            let commit = peeled.map_err(|e| self.no_commit(&place, e))?.id();
            return match locked {
                Some(locked) if locked != commit => Err(moved(&tag, locked, commit)),
                _ => Ok(Found { commit, place }),
            };
        }
        let listed = self.tagged(repo, subject)?;
        let head = self.head(repo);
        // Among tags, `HEAD` counts only as what was locked: it may be anything.
        let counts = |found: &Found| listed.is_empty() || Some(found.commit) == locked;
        match (head, locked) {
            (Ok(found), Some(locked)) if counts(&found) && found.commit != locked => {
                Err(self.elsewhere(&found, version, locked))
            }
            (Ok(found), _) if counts(&found) => Ok(found),
            (Err(e), _) if listed.is_empty() => Err(e),
            _ => Err(subject
                .tags
                .lacking(format_args!("`{}`", self.shown), version, &listed)
                .help(format!(
                    "if upstream has it, fetch it there: `git -C {} fetch --tags`",
                    self.path.display()
                ))),
        }
    }

    fn head(&self, repo: &Repository) -> Result<Found> {
        let place = format!("HEAD of `{}`", self.shown);
        let head = repo.head().and_then(|h| h.peel(ObjectType::Commit));
        Ok(Found {
            commit: head.map_err(|e| self.no_commit(&place, e))?.id(),
            place,
        })
    }

    fn no_commit(&self, place: &str, e: git2::Error) -> Error {
        Error::upstream(format!("{place} leads to no commit: {}", e.message()))
            .help(format!(
                "fetch the release there: `git -C {} fetch --tags`",
                self.path.display()
            ))
            .caused_by(e)
    }

    fn elsewhere(&self, found: &Found, version: &Version, locked: Oid) -> Error {
        let Found { commit, place } = found;
        Error::upstream(format!(
            "{place} is at commit {commit}, the lock has {locked} for {version}"
        ))
        .help(format!(
            "check out the locked commit: `git -C {} checkout --detach {locked}`",
            self.path.display()
        ))
    }

    fn error(&self, trouble: Trouble, found: &Found) -> Error {
        let (place, path) = (&found.place, self.path.display());
        match trouble {
            Trouble::Refused(error) => error,
            Trouble::Damaged(what) => Error::upstream(format!("{place} is damaged: {what}")).help(
                format!("see what is wrong with `git -C {path} fsck`, or give another repository"),
            ),
            Trouble::Missing(missing) => {
                let first = missing.first().map_or("", |m| m.path.as_str());
                let count = missing.len();
                Error::upstream(format!(
                    "{place} lacks {count} of the files that are read, as `{first}`"
                ))
                .help(format!(
                    "if it is a partial clone, complete it: `git -C {path} archive {} >/dev/null`",
                    found.commit
                ))
                .help("or give the URL of a repository that has them")
            }
        }
    }
}

/// Returns the error for a tag that is not where it was locked.
pub(super) fn moved(tag: &str, locked: Oid, commit: Oid) -> Error {
    tags::moved(tag, &locked.to_string(), &commit.to_string())
}
