//! The source that commands read upstream from: git, the registry, or whichever is available.

mod known;
mod notes;

use std::cell::{Cell, OnceCell};
use std::thread::JoinHandle;

use host::Host;
pub use known::Buildable;
use recipe::error::{Error, Fault, Kind, Result};
use recipe::release::{Listed, Release, SourceKind};
use recipe::tree::Digest;
use semver::Version;

use super::git::{Export, Git, GitError, History, parse_locked};
use super::options::{SourceChoice, SourceOptions};
use super::registry::Registry;

/// What the lock has of a release.
#[derive(Debug, Clone, Copy, Default)]
pub struct Locked<'l> {
    /// The commit.
    pub commit: Option<&'l str>,
    /// The registry's checksum.
    pub checksum: Option<&'l str>,
    /// The digest of its files.
    pub digest: Option<Digest>,
}

/// Upstream, from the source that the user chose.
pub struct Upstream<'a> {
    host: &'a Host,
    options: SourceOptions,
    git: Option<Git<'a>>,
    registry: OnceCell<Registry<'a>>,
    /// Whether git was left for the registry in this run.
    left_git: Cell<bool>,
    /// What the registry lists beside git.
    known: OnceCell<Vec<Listed>>,
    /// The question for it, where that was begun ahead.
    asked: Cell<Option<JoinHandle<Result<Vec<Listed>>>>>,
}

impl<'a> Upstream<'a> {
    /// Finds out where upstream is. Nothing is reached yet.
    ///
    /// # Errors
    ///
    /// [`Kind::Usage`] where a repository is given together with the registry;
    /// else as [`Git::new`] and [`Registry::new`].
    pub fn new(host: &'a Host, mut options: SourceOptions) -> Result<Self> {
        if options.upstream.is_some() {
            if options.choice == SourceChoice::Registry {
                return Err(Error::new(
                    Kind::Usage,
                    "`--upstream` gives a git repository, and `--source registry` reads none",
                )
                .help("leave one of the two out"));
            }
            options.choice = SourceChoice::Git;
        }
        let upstream = Upstream {
            host,
            git: match options.choice {
                SourceChoice::Registry => None,
                _ => Some(Git::new(host, &options)?),
            },
            options,
            registry: OnceCell::new(),
            left_git: Cell::new(false),
            known: OnceCell::new(),
            asked: Cell::new(None),
        };
        if upstream.git.is_none() {
            upstream.registry()?;
        }
        Ok(upstream)
    }

    /// Reads candidates for a release from the registry also where they were withdrawn.
    ///
    /// # Errors
    ///
    /// As [`Registry::new`].
    pub fn with_candidates(self) -> Result<Self> {
        let registry = Registry::new(self.host, &self.options)?.with_candidates();
        Ok(Upstream {
            registry: OnceCell::from(registry),
            ..self
        })
    }

    /// Returns the source that is asked next.
    pub fn source(&self) -> SourceKind {
        match self.git() {
            Some(_) => SourceKind::Git,
            None => SourceKind::Registry,
        }
    }

    /// Returns the next step where a repository on this machine lacks releases.
    pub fn fetch_tags(&self) -> Option<String> {
        self.git().and_then(Git::fetch_tags)
    }

    /// Lists the releases that upstream has, in ascending order.
    ///
    /// # Errors
    ///
    /// As [`Git::list`] and [`Registry::list`].
    pub fn list(&self) -> Result<Vec<Listed>> {
        if self.options.offline && !self.git().is_some_and(Git::is_local) {
            let note = "offline: only the releases that are in the cache are known";
            self.host.status.warn(note);
        }
        let of_registry = || self.registry()?.list();
        match self.git() {
            Some(git) => self.or_fallback("a list of releases", git.try_list(), of_registry),
            None => of_registry(),
        }
    }

    /// Reads a release, compared with what the lock has of it.
    ///
    /// Where the source is chosen automatically, a release that is as locked in
    /// the cache of either source is taken from there, without the network.
    ///
    /// # Errors
    ///
    /// As [`Git::release`] and [`Registry::release`], and [`Kind::Upstream`] where
    /// the release is not as locked.
    pub fn release(&self, version: &Version, locked: Locked<'_>) -> Result<Release> {
        let release = self.read(version, locked)?;
        if locked
            .digest
            .is_none_or(|digest| digest == release.tree.digest())
        {
            return Ok(release);
        }
        let message = format!("upstream {version} is not what was locked: its files differ");
        Err(Error::upstream(message)
            .help("find out from upstream why a release changed, before anything is taken from it")
            .help("or restore manifest.lock from version control, if it was edited"))
    }

    fn read(&self, version: &Version, locked: Locked<'_>) -> Result<Release> {
        let of_registry = || self.of_registry(version, locked);
        let Some(git) = self.git() else {
            return of_registry();
        };
        if self.options.choice == SourceChoice::Auto {
            if let Some(commit) = locked.commit
                && let Some(release) = git.cached(version, commit)?
            {
                return Ok(release);
            }
            if !git.is_local() && self.is_packaged(version, locked) {
                return of_registry();
            }
        }
        let read = git.try_release(version, parse_locked(locked.commit)?);
        let release = self
            .or_fallback(&self.called(version), read, of_registry)
            .map_err(|e| match locked.commit {
                // It was there: the tag moved or is gone.
                Some(_) => e,
                None => self.hint_at_registry(e, git, version),
            })?;
        if release.source == SourceKind::Git && locked.commit.is_none() && git.is_untagged()? {
            self.compare_with_package(&release, locked)?;
        }
        Ok(release)
    }

    /// Returns the commit of a release; the registry knows it only of what was published from git.
    ///
    /// # Errors
    ///
    /// As [`Git::commit`] and [`Registry::commit`].
    pub fn commit(&self, version: &Version) -> Result<Option<String>> {
        let of_registry = || self.registry()?.commit(version);
        match self.git() {
            Some(git) => {
                let commit = git.try_commit(version).map(Some);
                self.or_fallback(&self.called(version), commit, of_registry)
            }
            None => of_registry(),
        }
    }

    /// Returns why this source has no test programs of upstream's, if it has none:
    /// they are in git only.
    pub fn without_programs(&self) -> Option<String> {
        let why = match &self.git {
            Some(_) if self.left_git.get() => "the git repository cannot be reached",
            None => "upstream is taken from the registry",
            Some(_) => return None,
        };
        Some(format!(
            "upstream's test programs are not published, and {why}"
        ))
    }

    /// Lists all of upstream's files at a release, the test programs among them.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where the source has none, or git is unavailable.
    pub fn export(&self, version: &Version, commit: Option<&str>) -> Result<Export<'_>> {
        let instead = "give a git repository: `--upstream PATH|URL`, or `--source git`";
        let git = match (&self.git, self.without_programs()) {
            (Some(git), None) => git,
            (_, why) => {
                let why = why.unwrap_or_default();
                return Err(Error::upstream(why).help(instead));
            }
        };
        git.export(version, commit)
    }

    /// Returns the repository with its history, where one is at hand: a clone on this machine.
    pub fn history(&self) -> Option<History<'_>> {
        self.git()?.history(self.host)
    }

    /// Compares where the tag of a release is now with where it was locked, even if
    /// a cache has the release. Returns why that is not known, and `None` where it
    /// did not move, or the registry was chosen, where nothing moves.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where it moved; the interrupt.
    pub fn compare_tag(&self, version: &Version, locked: Locked<'_>) -> Result<Option<String>> {
        match (&self.git, locked.commit) {
            (Some(_), Some(_)) if self.left_git.get() => {
                Ok(Some("the repository's host cannot be reached".to_owned()))
            }
            (Some(git), Some(commit)) => git.compare(version, commit),
            _ => Ok(None),
        }
    }

    fn called(&self, version: &Version) -> String {
        format!("{} {version}", self.options.name)
    }

    /// Returns the git source, unless the registry was chosen or fallen back to.
    fn git(&self) -> Option<&Git<'a>> {
        self.git.as_ref().filter(|_| !self.left_git.get())
    }

    fn registry(&self) -> Result<&Registry<'a>> {
        if let Some(registry) = self.registry.get() {
            return Ok(registry);
        }
        let registry = Registry::new(self.host, &self.options)?;
        Ok(self.registry.get_or_init(|| registry))
    }

    /// Tells whether the registry's cache or cargo's has a release as it is locked.
    fn is_packaged(&self, version: &Version, locked: Locked<'_>) -> bool {
        let registry = self.registry();
        locked
            .checksum
            .is_some_and(|sum| registry.is_ok_and(|r| r.is_cached_as(version, sum)))
    }

    fn of_registry(&self, version: &Version, locked: Locked<'_>) -> Result<Release> {
        let registry = self.registry()?;
        let release = registry.release_checked(version, locked.checksum)?;
        match (release.commit.as_deref(), locked.commit) {
            (Some(named), Some(locked)) if named != locked => Err(Error::upstream(format!(
                "the package {} names commit {named}, the lock has {locked}",
                self.called(version)
            ))
            .help("find out from upstream which of the two is the release, before anything is taken from it")),
            _ => Ok(release),
        }
    }

    /// Takes the registry where git is unavailable and the user left the choice to the tool.
    fn or_fallback<T>(
        &self,
        what: &str,
        git: Result<T, GitError>,
        registry: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let is_auto = self.options.choice == SourceChoice::Auto;
        let of_git = match git {
            Ok(value) => return Ok(value),
            Err(e) if !is_auto || !e.allows_fallback() => return Err(e.into_error()),
            Err(e) => e,
        };
        // What is not cached may be there in the next call; a host or a program is not.
        if !matches!(of_git, GitError::Offline(_)) {
            let note = format!("{of_git}; upstream is taken from the registry instead");
            self.host.status.note(&note);
            self.left_git.set(true);
        }
        let of_git = of_git.into_error();
        registry().map_err(|e| match e.kind() {
            Kind::Upstream => {
                let faults = [("git", of_git), ("registry", e)].map(|(name, e)| {
                    let fault = Fault::new(format!("{name}: {e}"));
                    match e.hints() {
                        [] => fault,
                        hints => fault.help(hints.join("; ")),
                    }
                });
                let message = format!("no source gives {what}");
                Error::faults(Kind::Upstream, message, faults.into())
            }
            _ => e,
        })
    }

    /// Compares what a checkout without tags has with the commit that the published package names.
    fn compare_with_package(&self, release: &Release, locked: Locked<'_>) -> Result<()> {
        let version = &release.version;
        let package = self
            .registry()
            .and_then(|r| r.release_checked(version, locked.checksum));
        let why = match package.map(|package| package.commit) {
            Ok(named) if named.is_some() && named == release.commit => return Ok(()),
            Ok(Some(named)) => {
                let (name, has) = (self.called(version), release.commit.as_deref());
                return Err(Error::upstream(format!(
                    "the checkout is at commit {}, the package {name} was made from {named}",
                    has.unwrap_or_default()
                ))
                .help(format!(
                    "check out that commit: `git checkout --detach {named}`"
                )));
            }
            Ok(None) => "the package names none".to_owned(),
            Err(e) if e.kind() == Kind::Interrupted => return Err(e),
            Err(e) => e.to_string(),
        };
        self.host.status.warn(&format!(
            "the checkout has no tags, and whether its commit is that of {} is not known: {why}",
            self.called(version)
        ));
        Ok(())
    }
}
