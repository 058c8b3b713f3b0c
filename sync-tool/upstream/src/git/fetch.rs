//! Fetches a release by the `git` program: shallow and without contents, then
//! the contents that are read, in one request; or plainly, where a server
//! refuses that.

use std::path::Path;

use git2::{Oid, Repository};
use host::failpoint;
use host::process::Call;
use recipe::release::Release;
use semver::Version;

use super::cache::CloneMode;
use super::commit::ReleaseCommit;
use super::error::{GitError, MissingObject};
use super::list::{self, LIMITS};
use super::remote::{RemoteRepository, tagged};
use super::{CrateSpec, program, tags};

/// What every fetch says: only what is asked for, and nothing besides.
const FETCH: [&str; 7] = [
    "fetch",
    "--progress",
    "--no-tags",
    "--no-prune",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-gc",
];
/// Contents are asked for by their ids: what is there already is of no concern.
const NO_NEGOTIATION: [&str; 2] = ["-c", "fetch.negotiationAlgorithm=noop"];
const FILTER: &str = "--filter=blob:none";

/// A release that is to be fetched.
#[derive(Clone, Copy)]
pub(super) struct Fetch<'r> {
    pub(super) remote: &'r RemoteRepository<'r>,
    pub(super) spec: &'r CrateSpec,
    pub(super) version: &'r Version,
    /// The commit that its tag has to point at.
    pub(super) locked: Option<Oid>,
}

impl Fetch<'_> {
    /// Fetches the release into the cache and reads it. A cache that is not
    /// whole is made anew; one that is put in place is whole.
    pub(super) fn run(self) -> Result<Release, GitError> {
        let RemoteRepository {
            host, url, cache, ..
        } = self.remote;
        let _lock = cache.lock(host)?;
        cache.sweep()?;
        // Another run may have fetched it while this one waited.
        if self.locked.is_some()
            && let Ok(Some(release)) = self.remote.cached(self.spec, self.version, self.locked)
        {
            return Ok(release);
        }
        let why = match cache.open(url) {
            Some((_, mode)) => match self.fetch_into(&cache.dir(), mode) {
                Err(e) if e.is_retryable() => e.to_string(),
                other => return other,
            },
            None if cache.dir().exists() => "it is not a repository of this tool".to_owned(),
            None => return self.fetch_anew(),
        };
        let dir = cache.dir();
        let line = format!("the cache {} is made anew: {why}", dir.display());
        host.status.note(&line);
        self.fetch_anew()
    }

    /// Fetches into a new repository, and puts it in place once it is whole.
    fn fetch_anew(self) -> Result<Release, GitError> {
        let RemoteRepository {
            host, url, cache, ..
        } = self.remote;
        let draft = cache.draft(url, CloneMode::Filtered)?;
        let (draft, release) = match self.fetch_into(draft.path(), CloneMode::Filtered) {
            Err(e) if e.is_retryable() => {
                let line = format!("fetching all of it, because parts of it are unavailable: {e}");
                host.status.detail(&line);
                drop(draft);
                let draft = cache.draft(url, CloneMode::Plain)?;
                let release = self.fetch_into(draft.path(), CloneMode::Plain)?;
                (draft, release)
            }
            other => (draft, other?),
        };
        cache.replace(draft)?;
        Ok(release)
    }

    fn fetch_into(self, dir: &Path, mode: CloneMode) -> Result<Release, GitError> {
        let Fetch { spec, version, .. } = self;
        self.fetch_tag(dir, mode)?;
        let repo = open(dir)?;
        let commit = tagged(&repo, &spec.tags, version)
            .ok_or_else(|| GitError::Damaged("the tag leads to no commit".to_owned()))?;
        if let Some(locked) = self.locked.filter(|locked| *locked != commit) {
            return Err(tags::moved(&spec.tags.tag(version), locked, commit).into());
        }
        let at = ReleaseCommit {
            repository: dir.to_owned(),
            commit,
            place: self.remote.place(spec, version),
        };
        let listed = list::list(&repo, commit, spec.located(&at.place), LIMITS)?;
        let mut missing = listed.missing(&repo)?;
        loop {
            if !missing.is_empty() && mode == CloneMode::Filtered {
                self.fetch_contents(dir, &missing)?;
            }
            match at.read(&open(dir)?, spec, version) {
                // Where links lead is known once the links are here.
                Err(GitError::Missing(more)) if mode == CloneMode::Filtered && more != missing => {
                    missing = more;
                }
                read => return read,
            }
        }
    }

    /// Fetches the tag: the commit and its directories, and the contents where
    /// the mode is the plain one or the server does not filter.
    fn fetch_tag(self, dir: &Path, mode: CloneMode) -> Result<(), GitError> {
        let reference = self.spec.tags.reference(self.version);
        let refspec = format!("+{reference}:{reference}");
        let mut args = FETCH.to_vec();
        args.push("--depth=1");
        if mode == CloneMode::Filtered {
            args.push(FILTER);
        }
        args.extend(["origin", refspec.as_str()]);
        let tag = self.spec.tags.tag(self.version);
        let act = format!("fetching {tag} of {}", self.remote.url);
        self.run_git(program::command(self.remote.host, dir, &args), &act)
    }

    /// Fetches contents by their ids, all in one request; into the cache only while
    /// its lock is held.
    pub(super) fn fetch_contents(
        self,
        dir: &Path,
        missing: &[MissingObject],
    ) -> Result<(), GitError> {
        let args = [&NO_NEGOTIATION[..], &FETCH, &[FILTER, "--stdin", "origin"]].concat();
        let ids: String = missing.iter().map(|m| format!("{}\n", m.id)).collect();
        let call = program::command(self.remote.host, dir, &args).stdin(ids);
        let act = format!("fetching {} files of {}", missing.len(), self.remote.url);
        self.run_git(call, &act)
    }

    fn run_git(self, call: Call, act: &str) -> Result<(), GitError> {
        let RemoteRepository {
            host, url, cache, ..
        } = self.remote;
        program::run(host, call, url, &cache.dir(), act)?;
        failpoint::hit("git-cache.fetched");
        Ok(())
    }
}

fn open(dir: &Path) -> Result<Repository, GitError> {
    Repository::open_bare(dir).map_err(|e| {
        GitError::Damaged(format!(
            "{} cannot be opened: {}",
            dir.display(),
            e.message()
        ))
    })
}
