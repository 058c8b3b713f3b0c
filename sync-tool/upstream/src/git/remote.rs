//! A repository behind a URL: what it has, and what the cache has of it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;

use git2::{ObjectType, Oid, Repository};
use host::Host;
use recipe::address::Address;
use recipe::error::{Error, Result};
use recipe::release::{Listed, Release};
use semver::Version;

use super::cache::{CloneMode, GitCache};
use super::commit::ReleaseCommit;
use super::fetch::Fetch;
use super::tags::{self, TagTemplate};
use super::{CrateSpec, GitError, program};
use crate::options::RUN_ONLINE;

pub(super) struct RemoteRepository<'a> {
    pub(super) host: &'a Host,
    pub(super) url: Address,
    pub(super) cache: GitCache,
    pub(super) offline: bool,
    /// The tags that it has, asked for once.
    tags: OnceCell<BTreeMap<String, Oid>>,
}

impl<'a> RemoteRepository<'a> {
    /// Names a repository and its cache. Nothing is reached yet.
    pub(super) fn new(host: &'a Host, url: Address, cache: &Path, offline: bool) -> Self {
        RemoteRepository {
            host,
            cache: GitCache::new(&host.env.dir().join(cache), &url),
            url,
            offline,
            tags: OnceCell::new(),
        }
    }

    /// Lists the releases that have tags; those of the cache where the network is forbidden.
    pub(super) fn list(&self, template: &TagTemplate) -> Result<Vec<Listed>, GitError> {
        if self.offline {
            let listed = match self.cache.open(&self.url) {
                Some((repo, _)) => template.tagged(&repo).unwrap_or_default(),
                None => Vec::new(),
            };
            return match &listed[..] {
                [] => Err(self.not_cached("the list of releases")),
                _ => Ok(listed),
            };
        }
        Ok(template.list(self.tags()?.keys().map(String::as_str)))
    }

    /// Returns the commit that a release's tag points at.
    pub(super) fn commit(
        &self,
        template: &TagTemplate,
        version: &Version,
    ) -> Result<Oid, GitError> {
        if self.offline {
            let commit = self.cache.open(&self.url);
            let commit = commit.and_then(|(repo, _)| tagged(&repo, template, version));
            return commit.ok_or_else(|| self.not_cached(&template.tag(version)));
        }
        let commit = self.tags()?.get(&template.reference(version)).copied();
        commit.map_or_else(|| Err(self.no_tag(template, version)), Ok)
    }

    /// Reads a release. The network is not used where the locked commit is known and
    /// in the cache.
    pub(super) fn release(
        &self,
        spec: &CrateSpec,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Release, GitError> {
        let tag = spec.tags.tag(version);
        // Without a locked commit only the host can tell whether the tag is where it was.
        if self.offline || locked.is_some() {
            match self.cached(spec, version, locked) {
                Ok(Some(release)) => return Ok(release),
                Ok(None) if self.offline => return Err(self.not_cached(&tag)),
                Err(e) if !e.is_retryable() => return Err(e),
                Err(e) if self.offline => return Err(self.damaged_offline(&tag, &e)),
                Ok(None) | Err(_) => {}
            }
        }
        let fetch = Fetch {
            remote: self,
            spec,
            version,
            locked,
        };
        match fetch.run() {
            Err(GitError::NoReference(_)) => Err(self.no_tag(&spec.tags, version)),
            Err(GitError::Unreachable(e)) if locked.is_none() => {
                let Ok(Some(release)) = self.cached(spec, version, None) else {
                    return Err(GitError::Unreachable(e));
                };
                self.host.status.note(&format!(
                    "{} cannot be reached: {tag} is taken from the cache, without seeing whether it moved",
                    self.url
                ));
                Ok(release)
            }
            other => other.map_err(|e| e.in_place(&self.place(spec, version))),
        }
    }

    /// Reads a release from the cache alone; `None` where the cache does not have it,
    /// or, if the host may be asked, not at the locked commit.
    pub(super) fn cached(
        &self,
        spec: &CrateSpec,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<Option<Release>, GitError> {
        let Some((repo, at)) = self.in_cache(spec, version) else {
            return Ok(None);
        };
        match locked {
            Some(locked) if locked != at.commit && self.offline => {
                Err(tags::moved(&spec.tags.tag(version), locked, at.commit).into())
            }
            Some(locked) if locked != at.commit => Ok(None),
            _ => at.read(&repo, spec, version).map(Some),
        }
    }

    fn in_cache(&self, spec: &CrateSpec, version: &Version) -> Option<(Repository, ReleaseCommit)> {
        let (repo, _) = self.cache.open(&self.url)?;
        let at = ReleaseCommit {
            commit: tagged(&repo, &spec.tags, version)?,
            repository: self.cache.dir(),
            place: self.place(spec, version),
        };
        Some((repo, at))
    }

    /// Returns where the cache has a release, which is fetched if need be.
    pub(super) fn located(
        &self,
        spec: &CrateSpec,
        version: &Version,
        locked: Option<Oid>,
    ) -> Result<ReleaseCommit, GitError> {
        let find = || {
            let (_, at) = self.in_cache(spec, version)?;
            locked
                .is_none_or(|locked| locked == at.commit)
                .then_some(at)
        };
        if let Some(at) = find() {
            return Ok(at);
        }
        self.release(spec, version, locked)?;
        find().ok_or_else(|| {
            let tag = spec.tags.tag(version);
            let message = format!("the cache of {tag} was removed by another run");
            Error::upstream(message)
                .help("run the same command again")
                .into()
        })
    }

    /// Returns what messages call a release's place.
    pub(super) fn place(&self, spec: &CrateSpec, version: &Version) -> String {
        format!("tag {} of {}", spec.tags.tag(version), self.url)
    }

    fn not_cached(&self, what: &str) -> GitError {
        GitError::Offline(
            Error::upstream(format!(
                "{what} of {} is in no cache, and cannot be fetched because `--offline` is given",
                self.url
            ))
            .help(RUN_ONLINE),
        )
    }

    /// Returns the error for files that are not in the cache, and nobody may fetch.
    pub(super) fn files_not_cached(&self, files: usize, place: &str) -> Error {
        let message = format!(
            "{files} files of {place} are not in the cache, and cannot be fetched because `--offline` is given"
        );
        Error::upstream(message).help(RUN_ONLINE).unreached()
    }

    fn damaged_offline(&self, tag: &str, why: &GitError) -> GitError {
        let dir = self.cache.dir();
        let message = format!(
            "{tag} in the cache {} is damaged ({why}), and cannot be fetched again because `--offline` is given",
            dir.display()
        );
        GitError::Offline(Error::upstream(message).help(RUN_ONLINE))
    }

    fn no_tag(&self, template: &TagTemplate, version: &Version) -> GitError {
        match self.tags() {
            Ok(tags) => {
                let listed = template.list(tags.keys().map(String::as_str));
                template.lacking(&self.url, version, &listed).into()
            }
            Err(e) => e,
        }
    }

    /// Returns the tags that the host has, with the commits they point at.
    fn tags(&self) -> Result<&BTreeMap<String, Oid>, GitError> {
        if let Some(tags) = self.tags.get() {
            return Ok(tags);
        }
        let tags = self.fetch_tags()?;
        Ok(self.tags.get_or_init(|| tags))
    }

    fn fetch_tags(&self) -> Result<BTreeMap<String, Oid>, GitError> {
        let _lock = self.cache.lock(self.host)?;
        let dir = self.cache.dir();
        // The URL stands in a repository's configuration, where nobody else can read it.
        let draft = match self.cache.open(&self.url) {
            Some(_) => None,
            None => Some(self.cache.draft(&self.url, CloneMode::Filtered)?),
        };
        let dir = draft.as_ref().map_or(dir.as_path(), |draft| draft.path());
        let call = program::command(self.host, dir, &["ls-remote", "--tags", "origin"]);
        let act = format!("listing the tags of {}", self.url);
        let output = program::run(self.host, call, &self.url, &self.cache.dir(), &act)?;
        Ok(references(&String::from_utf8_lossy(&output.stdout)))
    }
}

/// Returns the commit that a release's tag points at in a repository.
pub(super) fn tagged(repo: &Repository, template: &TagTemplate, version: &Version) -> Option<Oid> {
    let reference = repo.find_reference(&template.reference(version)).ok()?;
    Some(reference.peel(ObjectType::Commit).ok()?.id())
}

/// Reads what `git ls-remote` lists: a tag that is an object of its own stands
/// there twice, the second time, with `^{}`, as what it points at.
fn references(listing: &str) -> BTreeMap<String, Oid> {
    let lines = listing.lines().filter_map(|line| line.split_once('\t'));
    lines
        .filter_map(|(id, name)| {
            let name = name.strip_suffix("^{}").unwrap_or(name);
            Some((name.to_owned(), Oid::from_str(id).ok()?))
        })
        .collect()
}
