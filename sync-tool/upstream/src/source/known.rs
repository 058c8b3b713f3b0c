//! What is known of releases beside the source that is read: what the registry has that
//! a git repository lacks or does not know, and which Rust a release wants.

use std::thread::{self, JoinHandle};

use recipe::error::{Error, Kind, Result};
use recipe::release::{Listed, VersionRequest, offer};
use recipe::{make, rust_version};
use semver::Version;

use super::Upstream;
use crate::git::Git;
use crate::registry::Registry;

/// The newest release that a Rust builds.
#[derive(Debug, Default)]
pub struct Buildable {
    /// The release, if there is one.
    pub newest: Option<Version>,
    /// A newer release of which it is not known, and why.
    pub unknown: Option<String>,
}

impl Upstream<'_> {
    /// Returns, for what is wanted of upstream, the releases that are newer in the
    /// registry than in the list of the git repository: a mirror may have ended.
    ///
    /// # Errors
    ///
    /// The interrupt alone: a registry that cannot be reached tells nothing.
    pub fn newer_in_registry(
        &self,
        wanted: &[VersionRequest],
        listed: &[Listed],
    ) -> Result<Vec<Version>> {
        let known = self.known()?;
        let mut newer: Vec<Version> = wanted
            .iter()
            .filter_map(|wanted| {
                let there = &wanted.choose(known)?.version;
                let here = wanted.choose(listed).map(|listed| &listed.version);
                (here < Some(there)).then(|| there.clone())
            })
            .collect();
        newer.dedup();
        Ok(newer)
    }

    /// Warns of a release that is read from git and that the registry has withdrawn.
    ///
    /// # Errors
    ///
    /// As [`Upstream::newer_in_registry`].
    pub fn warn_of_yanked(&self, version: &Version) -> Result<()> {
        let known = self.known()?;
        if known.iter().any(|l| l.version == *version && l.yanked) {
            let instead = offer(known, version, |v| format!("v{v}"));
            self.host.status.warn(&format!(
                "{} was yanked from the registry{}",
                self.called(version),
                instead.map(|text| format!(": {text}")).unwrap_or_default()
            ));
        }
        Ok(())
    }

    /// Warns of what is known of upstream and is no failure.
    pub fn warn(&self, line: &str) {
        self.host.status.warn(line);
    }

    /// Says how to take releases that the registry has and the git repository lacks.
    pub fn from_registry(&self, newer: &[Version]) -> String {
        let newer: Vec<String> = newer.iter().map(|v| format!("v{v}")).collect();
        format!(
            "the registry has {}, which the git repository lacks: {}",
            newer.join(" and "),
            self.run_with_registry()
        )
    }

    /// Begins to ask what is known, beside other work.
    pub fn ask_ahead(&self) {
        if self.asks_registry() {
            self.asked.set(Some(self.ask()));
        }
    }

    fn asks_registry(&self) -> bool {
        !self.options.offline && self.git().is_some() && self.known.get().is_none()
    }

    fn ask(&self) -> JoinHandle<Result<Vec<Listed>>> {
        let (host, options) = (self.host.silent(), self.options.clone());
        thread::spawn(move || Registry::new(&host, &options)?.brief().list())
    }

    /// Returns what the registry lists, where upstream is read from git and the network
    /// may be used. Nothing depends on it: it is asked once, silently and not for long.
    fn known(&self) -> Result<&[Listed]> {
        if self.asks_registry() {
            let asked = self.asked.take().unwrap_or_else(|| self.ask());
            let listed = match asked.join() {
                Ok(Err(e)) if e.kind() == Kind::Interrupted => return Err(e),
                Ok(listed) => listed.unwrap_or_default(),
                Err(panic) => std::panic::resume_unwind(panic),
            };
            let _ = self.known.set(listed);
        }
        Ok(self.known.get().map_or(&[], Vec::as_slice))
    }

    /// Says of a release that has no tag whether the registry has it.
    pub(super) fn hint_at_registry(&self, error: Error, git: &Git<'_>, version: &Version) -> Error {
        let is_of = |listed: &[Listed]| listed.iter().any(|l| l.version == *version && !l.yanked);
        let is_lacking = error.kind() == Kind::Upstream
            && !error.is_unreached()
            && !self.left_git.get()
            && !self.options.offline
            && git.try_list().is_ok_and(|listed| !is_of(&listed));
        let registry = || self.registry().and_then(Registry::list);
        if !is_lacking || !registry().is_ok_and(|listed| is_of(&listed)) {
            return error;
        }
        error.help(format!(
            "the registry has {version}: {}",
            self.run_with_registry()
        ))
    }

    fn run_with_registry(&self) -> String {
        let instead = match &self.options.upstream {
            Some(_) => " in the place of `--upstream`",
            None => "",
        };
        format!("run the same command with `--source registry`{instead}")
    }

    /// Returns the newest release that a Rust builds, as far as upstream tells what its
    /// releases want: a repository on this machine does, else the registry's index.
    ///
    /// # Errors
    ///
    /// As [`Upstream::list`], and the interrupt.
    pub fn newest_for(&self, rustc: &Version) -> Result<Buildable> {
        let mut listed = self.list()?;
        listed.retain(|l| !l.yanked && l.version.pre.is_empty());
        let local = self.git().filter(|git| git.is_local());
        let index = match local {
            Some(_) => Vec::new(),
            None => self.registry()?.list()?,
        };
        let mut found = Buildable::default();
        for Listed { version, .. } in listed.iter().rev() {
            self.host.interrupt().check()?;
            let builds = match local {
                Some(git) => builds(git, version, rustc),
                None => {
                    let known = index.iter().find(|i| i.version == *version && !i.yanked);
                    let wanted =
                        known.and_then(|i| rust_version::parse(i.rust_version.as_deref()?));
                    Ok(wanted.is_some_and(|wanted| rust_version::is_new_enough(rustc, &wanted)))
                }
            };
            match builds {
                Ok(true) => {
                    found.newest = Some(version.clone());
                    break;
                }
                Ok(false) => {}
                Err(e) if e.kind() == Kind::Interrupted => return Err(e),
                Err(e) => {
                    let unknown = || format!("whether it builds v{version} is not known: {e}");
                    found.unknown.get_or_insert_with(unknown);
                }
            }
        }
        Ok(found)
    }
}

/// Tells whether a Rust is as new as a release of a repository on this machine wants.
fn builds(git: &Git<'_>, version: &Version, rustc: &Version) -> Result<bool> {
    let wanted = make::rust_version(&git.release_locked(version, None)?)?;
    Ok(wanted.is_none_or(|wanted| rust_version::is_new_enough(rustc, &wanted)))
}
