//! A repository behind a URL: what it has, and what the cache has of it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, Repository};
use host::Host;
use recipe::address::Address;
use recipe::error::{Error, Result};
use recipe::release::{Listed, Release};
use semver::Version;

use super::cache::{Cache, CloneMode};
use super::fetch::{Fetch, Setback};
use super::list::{Missing, Trouble};
use super::local::moved;
use super::tags::Template;
use super::{Failure, Subject, program};

/// A repository behind a URL.
pub(super) struct Remote<'a> {
    /// The run's surroundings.
    pub(super) host: &'a Host,
    /// Where it is.
    pub(super) url: Address,
    /// What it is fetched into.
    pub(super) cache: Cache,
    offline: bool,
    /// The tags that it has, asked for once.
    tags: OnceCell<BTreeMap<String, Oid>>,
}

/// Why the cache does not give a release.
pub(super) enum Lack {
    /// It has it not.
    Absent,
    /// It has it at another commit.
    Elsewhere(Oid),
    /// What it has is not whole.
    Damaged(String),
    /// What it has is nothing to take.
    Refused(Error),
}

impl<'a> Remote<'a> {
    /// Names a repository and its cache. Nothing is reached yet.
    pub(super) fn new(host: &'a Host, url: Address, cache: &Path, offline: bool) -> Self {
        Remote {
            host,
            cache: Cache::new(&host.env.dir().join(cache), &url),
            url,
            offline,
            tags: OnceCell::new(),
        }
    }

    /// Lists the releases that have tags; those of the cache where the network is forbidden.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub(super) fn list(&self, template: &Template) -> Result<Vec<Listed>, Failure> {
        if self.offline {
            let listed = self.cached_list(template);
            return match &listed[..] {
                [] => Err(self.absent("the list of releases")),
                _ => Ok(listed),
            };
        }
        Ok(template.list(self.tags()?.keys().map(String::as_str)))
    }

    /// Returns the commit that a release's tag points at.
    ///
    /// # Errors
    ///
    /// [`Failure`]; where there is no such tag, with the nearest.
    pub(super) fn commit(&self, template: &Template, version: &Version) -> Result<Oid, Failure> {
        if self.offline {
            let commit = self.cache.open(&self.url);
            let commit = commit.and_then(|(repo, _)| tagged(&repo, template, version));
            return commit.ok_or_else(|| self.absent(&template.tag(version)));
        }
        let commit = self.tags()?.get(&template.reference(version)).copied();
        match commit {
            Some(commit) => Ok(commit),
            None => Err(self.lacking(template, version)),
        }
    }

    /// Reads a release.
    ///
    /// The network is not used where the locked commit is known and in the cache.
    ///
    /// # Errors
    ///
    /// [`Failure`]; where there is no such tag, with the nearest.
    pub(super) fn release(
        &self,
        subject: &Subject,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Release, Failure> {
        // Without a locked commit only the host can tell whether the tag is where it was.
        if self.offline || locked.is_some() {
            match self.cached(subject, version, locked) {
                Ok(release) => return Ok(release),
                Err(Lack::Refused(e)) => return Err(e.into()),
                Err(lack) if self.offline => {
                    return Err(self.only_fetched(subject, version, locked, &lack));
                }
                Err(_) => {}
            }
        }
        let fetch = Fetch {
            remote: self,
            subject,
            version,
            locked,
        };
        match fetch.run() {
            Ok(release) => Ok(release),
            Err(Setback::NoTag) => Err(self.lacking(&subject.tags, version)),
            Err(Setback::Doubtful(e)) => Err(e.into()),
            Err(Setback::Final(Failure::Unreachable(e))) if locked.is_none() => {
                let cached = self.cached(subject, version, None);
                let release = cached.map_err(|_| Failure::Unreachable(e))?;
                self.host.status.note(&format!(
                    "{} cannot be reached: {} is taken from the cache, without seeing whether it moved",
                    self.url,
                    subject.tags.tag(version)
                ));
                Ok(release)
            }
            Err(Setback::Final(failure)) => Err(failure),
        }
    }

    /// Reads a release from the cache alone.
    ///
    /// # Errors
    ///
    /// [`Lack`].
    pub(super) fn cached(
        &self,
        subject: &Subject,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Release, Lack> {
        let (repo, _) = self.cache.open(&self.url).ok_or(Lack::Absent)?;
        let commit = tagged(&repo, &subject.tags, version).ok_or(Lack::Absent)?;
        if locked.is_some_and(|locked| locked != commit) {
            return Err(Lack::Elsewhere(commit));
        }
        let read = subject.read(&repo, commit, version, &self.place(subject, version));
        read.map_err(|trouble| match trouble {
            Trouble::Refused(error) => Lack::Refused(error),
            Trouble::Damaged(what) => Lack::Damaged(what),
            Trouble::Missing(missing) => Lack::Damaged(lacked(&missing)),
        })
    }

    /// Returns the cache's repository and the commit of a release in it, if it has that.
    pub(super) fn located(
        &self,
        subject: &Subject,
        version: &Version,
        locked: Option<Oid>,
    ) -> Option<(PathBuf, Oid)> {
        let (repo, _) = self.cache.open(&self.url)?;
        let commit = tagged(&repo, &subject.tags, version)?;
        let as_locked = locked.is_none_or(|locked| locked == commit);
        as_locked.then(|| (self.cache.dir(), commit))
    }

    /// Tells whether the network is forbidden.
    pub(super) fn is_offline(&self) -> bool {
        self.offline
    }

    /// Returns the error for files that are not in the cache, and nobody may fetch.
    pub(super) fn not_fetched(&self, files: usize, place: &str) -> Error {
        Error::upstream(format!(
            "{files} files of {place} are not in the cache, and cannot be fetched because `--offline` is given"
        ))
        .help("run the same command once with the network")
        .unreached()
    }

    fn cached_list(&self, template: &Template) -> Vec<Listed> {
        let Some((repo, _)) = self.cache.open(&self.url) else {
            return Vec::new();
        };
        let names = repo.references_glob("refs/tags/*").map(|references| {
            let names = references.filter_map(|r| Some(r.ok()?.name().ok()?.to_owned()));
            names.collect::<Vec<_>>()
        });
        template.list(names.unwrap_or_default().iter().map(String::as_str))
    }

    /// Returns what messages call a release's place.
    pub(super) fn place(&self, subject: &Subject, version: &Version) -> String {
        format!("tag {} of {}", subject.tags.tag(version), self.url)
    }

    fn absent(&self, what: &str) -> Failure {
        Failure::Offline(
            Error::upstream(format!(
                "{what} of {} is in no cache, and cannot be fetched because `--offline` is given",
                self.url
            ))
            .help("run the same command once with the network"),
        )
    }

    /// Returns the error for a release that the cache does not give, and nobody may fetch.
    fn only_fetched(
        &self,
        subject: &Subject,
        version: &Version,
        locked: Option<Oid>,
        lack: &Lack,
    ) -> Failure {
        let tag = subject.tags.tag(version);
        match (lack, locked) {
            (Lack::Elsewhere(commit), Some(locked)) => moved(&tag, locked, *commit).into(),
            (Lack::Damaged(what), _) => Failure::Offline(
                Error::upstream(format!(
                    "{tag} in the cache {} is damaged ({what}), and cannot be fetched again because `--offline` is given",
                    self.cache.dir().display()
                ))
                .help("run the same command once with the network"),
            ),
            _ => self.absent(&tag),
        }
    }

    fn lacking(&self, template: &Template, version: &Version) -> Failure {
        match self.tags() {
            Ok(tags) => {
                let listed = template.list(tags.keys().map(String::as_str));
                template.lacking(&self.url, version, &listed).into()
            }
            Err(failure) => failure,
        }
    }

    /// Returns the tags that the host has, with the commits they point at.
    fn tags(&self) -> Result<&BTreeMap<String, Oid>, Failure> {
        if let Some(tags) = self.tags.get() {
            return Ok(tags);
        }
        let tags = self.ask()?;
        Ok(self.tags.get_or_init(|| tags))
    }

    fn ask(&self) -> Result<BTreeMap<String, Oid>, Failure> {
        let _turn = self.cache.lock(self.host)?;
        let dir = self.cache.dir();
        // The URL stands in a repository's configuration, where nobody else can read it.
        let draft = match self.cache.open(&self.url) {
            Some(_) => None,
            None => Some(self.cache.draft(&self.url, CloneMode::Filtered)?),
        };
        let dir = draft.as_ref().map_or(dir.as_path(), |draft| draft.path());
        let call = program::command(self.host, dir, &["ls-remote", "--tags", "origin"]);
        let act = format!("listing the tags of {}", self.url);
        let said = program::talk(self.host, call, &self.url, &self.cache.dir(), &act)?;
        Ok(references(&String::from_utf8_lossy(&said.stdout)))
    }
}

/// Returns the commit that a release's tag points at in a repository.
pub(super) fn tagged(repo: &Repository, template: &Template, version: &Version) -> Option<Oid> {
    let reference = repo.find_reference(&template.reference(version)).ok()?;
    Some(reference.peel(ObjectType::Commit).ok()?.id())
}

/// Says what a repository lacks.
pub(super) fn lacked(missing: &[Missing]) -> String {
    match missing {
        [] => "it lacks nothing".to_owned(),
        [only] => format!("it lacks `{}`", only.path),
        [first, ..] => format!("it lacks {} files, as `{}`", missing.len(), first.path),
    }
}

/// Reads what `git ls-remote` lists: a tag that is an object of its own stands
/// there twice, the second time, with `^{}`, as what it points at.
fn references(listing: &str) -> BTreeMap<String, Oid> {
    let mut references = BTreeMap::new();
    for (id, name) in listing.lines().filter_map(|line| line.split_once('\t')) {
        let Ok(id) = Oid::from_str(id) else { continue };
        match name.strip_suffix("^{}") {
            Some(name) => references.insert(name.to_owned(), id),
            None => references.insert(name.to_owned(), id),
        };
    }
    references
}
