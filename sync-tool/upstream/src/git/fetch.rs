//! Fetches a release by the `git` program: shallow and without contents, then
//! the contents that are read, in one request; or plainly, where a server
//! refuses that.

use std::path::Path;

use git2::{Oid, Repository};
use host::failpoint;
use host::process::Call;
use recipe::error::{Error, Result};
use recipe::release::Release;
use semver::Version;

use super::cache::CloneMode;
use super::list::{self, LIMITS, Missing, Trouble};
use super::local::moved;
use super::program::{self, Complaint};
use super::remote::{Remote, lacked, tagged};
use super::{Failure, Subject};

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
/// Without contents.
const FILTER: &str = "--filter=blob:none";

/// A release that is to be fetched.
#[derive(Clone, Copy)]
pub(super) struct Fetch<'r> {
    /// From where, and into which cache.
    pub(super) remote: &'r Remote<'r>,
    /// The crate.
    pub(super) subject: &'r Subject,
    /// Its release.
    pub(super) version: &'r Version,
    /// The commit that its tag has to point at.
    pub(super) locked: Option<Oid>,
}

/// Why nothing came of it.
#[derive(Debug)]
pub(super) enum Setback {
    /// The host answers, and has no such tag.
    NoTag,
    /// Another try, in a new repository or in another way, may fix it.
    Doubtful(Error),
    /// It would not.
    Final(Failure),
}

impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Setback::Final(Failure::Other(error))
    }
}

impl From<Complaint> for Setback {
    fn from(complaint: Complaint) -> Self {
        match complaint {
            Complaint::NoReference(_) => Setback::NoTag,
            Complaint::Doubtful(e) => Setback::Doubtful(e),
            other => Setback::Final(other.into()),
        }
    }
}

impl Fetch<'_> {
    /// Fetches the release into the cache and reads it. A cache that is not
    /// whole is made anew; one that is put in place is whole.
    ///
    /// # Errors
    ///
    /// [`Setback`].
    pub(super) fn run(self) -> Result<Release, Setback> {
        let Remote {
            host, url, cache, ..
        } = self.remote;
        let _turn = cache.lock(host)?;
        cache.sweep()?;
        // Another run may have fetched it while this one waited.
        if self.locked.is_some()
            && let Ok(release) = self.remote.cached(self.subject, self.version, self.locked)
        {
            return Ok(release);
        }
        let why = match cache.open(url) {
            Some((_, way)) => match self.into_repository(&cache.dir(), way) {
                Err(Setback::Doubtful(e)) => e.to_string(),
                other => return other,
            },
            None if cache.dir().exists() => "it is not a repository of this tool".to_owned(),
            None => return self.anew(),
        };
        let dir = cache.dir();
        let line = format!("the cache {} is made anew: {why}", dir.display());
        host.status.note(&line);
        self.anew()
    }

    /// Fetches into a new repository, and puts it in place once it is whole.
    fn anew(self) -> Result<Release, Setback> {
        let Remote {
            host, url, cache, ..
        } = self.remote;
        let draft = cache.draft(url, CloneMode::Filtered)?;
        let (draft, release) = match self.into_repository(draft.path(), CloneMode::Filtered) {
            Err(Setback::Doubtful(e)) => {
                let line = format!("fetching all of it, because parts of it are unavailable: {e}");
                host.status.detail(&line);
                drop(draft);
                let draft = cache.draft(url, CloneMode::Plain)?;
                let release = self.into_repository(draft.path(), CloneMode::Plain)?;
                (draft, release)
            }
            other => (draft, other?),
        };
        cache.replace(draft)?;
        Ok(release)
    }

    /// Fetches more contents of a release that the cache has; only while its lock is held.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub(super) fn more(self, missing: &[Missing]) -> Result<(), Failure> {
        let fetched = self.contents(&self.remote.cache.dir(), missing);
        fetched.map_err(|setback| match setback {
            Setback::NoTag => {
                let (url, lacks) = (&self.remote.url, lacked(missing));
                Error::upstream(format!("{url}: {lacks}")).into()
            }
            Setback::Doubtful(e) => e.into(),
            Setback::Final(failure) => failure,
        })
    }

    fn into_repository(self, dir: &Path, way: CloneMode) -> Result<Release, Setback> {
        let Fetch {
            remote,
            subject,
            version,
            locked,
        } = self;
        let place = remote.place(subject, version);
        self.tag(dir, way)?;
        let repo = open(dir)?;
        let commit = tagged(&repo, &subject.tags, version)
            .ok_or_else(|| doubtful(&place, "it leads to no commit"))?;
        if let Some(locked) = locked.filter(|locked| *locked != commit) {
            return Err(moved(&subject.tags.tag(version), locked, commit).into());
        }
        let wanted = subject.wanted(&place);
        let setback = |trouble| setback(&place, trouble);
        let listing = list::list(&repo, commit, wanted, LIMITS).map_err(setback)?;
        let missing = listing.missing(&repo).map_err(setback)?;
        if !missing.is_empty() && way == CloneMode::Filtered {
            self.contents(dir, &missing)?;
        }
        let mut last = Vec::new();
        loop {
            // Where links lead is known once they are here.
            match subject.read(&open(dir)?, commit, version, &place) {
                Err(Trouble::Missing(missing)) if way == CloneMode::Filtered && missing != last => {
                    self.contents(dir, &missing)?;
                    last = missing;
                }
                read => return read.map_err(setback),
            }
        }
    }

    /// Fetches the tag: the commit and its directories, and the contents where
    /// the way is the plain one or the server does not filter.
    fn tag(self, dir: &Path, way: CloneMode) -> Result<(), Setback> {
        let reference = self.subject.tags.reference(self.version);
        let refspec = format!("+{reference}:{reference}");
        let mut args = FETCH.to_vec();
        args.push("--depth=1");
        if way == CloneMode::Filtered {
            args.push(FILTER);
        }
        args.extend(["origin", refspec.as_str()]);
        let tag = self.subject.tags.tag(self.version);
        let act = format!("fetching {tag} of {}", self.remote.url);
        self.talk(program::command(self.remote.host, dir, &args), &act)
    }

    /// Fetches contents by their ids, all in one request.
    fn contents(self, dir: &Path, missing: &[Missing]) -> Result<(), Setback> {
        let args = [&NO_NEGOTIATION[..], &FETCH, &[FILTER, "--stdin", "origin"]].concat();
        let ids: String = missing.iter().map(|m| format!("{}\n", m.id)).collect();
        let call = program::command(self.remote.host, dir, &args).stdin(ids);
        let act = format!("fetching {} files of {}", missing.len(), self.remote.url);
        self.talk(call, &act)
    }

    fn talk(self, call: Call, act: &str) -> Result<(), Setback> {
        let Remote {
            host, url, cache, ..
        } = self.remote;
        program::talk(host, call, url, &cache.dir(), act)?;
        failpoint::hit("git-cache.fetched");
        Ok(())
    }
}

fn open(dir: &Path) -> Result<Repository, Setback> {
    Repository::open_bare(dir).map_err(|e| {
        let message = format!("{} cannot be opened: {}", dir.display(), e.message());
        Setback::Doubtful(Error::upstream(message).caused_by(e))
    })
}

fn doubtful(place: &str, why: &str) -> Setback {
    Setback::Doubtful(Error::upstream(format!("{place}: {why}")))
}

fn setback(place: &str, trouble: Trouble) -> Setback {
    match trouble {
        Trouble::Refused(error) => error.into(),
        Trouble::Damaged(what) => doubtful(place, &what),
        Trouble::Missing(missing) => doubtful(place, &lacked(&missing)),
    }
}
