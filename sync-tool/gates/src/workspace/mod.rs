//! Upstream's workspace in the tool's cache, with the fork as one more member:
//! where `cargo test -p <fork>` runs upstream's own tests.
//!
//! Below the cache, for each release and what is exported of it:
//!
//! ```text
//! workspaces/<release>-<digest>/        upstream's files, the fork among them
//! workspaces/<release>-<digest>.lock    held while a run uses it; says who
//! workspaces/<release>-<digest>.draft-… one that is being made; nobody's when the lock is free
//! ```

mod crates;
mod files;
mod fork_files;
mod install;
mod plan;
mod root;
mod select;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use host::Host;
use host::lock::Lock;
use recipe::cargo_lock::{CargoLock, CargoLockError, UnexplainedChange};
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::make;
use recipe::manifest::Manifest;
use recipe::release::Release;
use recipe::tree::{Tree, TreePath};
use semver::Version;
use upstream::Upstream;

use self::fork_files::ForkFiles;
use self::plan::WorkspaceFiles;
use self::root::with_member;

/// The manifest and the lock of a workspace.
const MANIFEST: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";

/// What a workspace is laid out from.
#[derive(Clone, Copy)]
pub struct WorkspaceInputs<'a, 'u> {
    /// The run's surroundings.
    pub host: &'a Host,
    /// The tool's cache directory.
    pub cache: &'a Path,
    /// Where upstream's files come from.
    pub upstream: &'a Upstream<'u>,
    /// The release, as it was read from there.
    pub release: &'a Release,
    /// The fork's tree at that release, vendored or staged.
    pub tree: &'a Tree,
    /// The manifest, with the fork's version for that release.
    pub manifest: &'a Manifest,
    /// The command line, for who finds the workspace held.
    pub line: &'a str,
}

/// A directory in which `cargo test -p <fork>` can run. No other run touches it
/// until this is dropped.
pub struct Workspace {
    /// Its directory. Cargo's target directory belongs elsewhere.
    pub dir: PathBuf,
    /// The fork's directory in it.
    pub member: PathBuf,
    /// The files of the fork that upstream's crate does not have.
    pub added: Vec<TreePath>,
    /// The fork's package name.
    pub fork: String,
    /// Upstream's package name: its own crate is there too, unmodified.
    pub upstream: String,
    /// The release.
    pub release: Version,
    /// The commit it was read at.
    pub commit: Option<String>,
    /// Whether all of upstream's files were there already, as they have to be.
    pub reused: bool,
    /// How many files of upstream's there are.
    pub files: usize,
    /// The text of upstream's `Cargo.lock`.
    lock: String,
    _lock: Lock,
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the lock's text, which is long.
        f.debug_struct("Workspace")
            .field("dir", &self.dir)
            .field("release", &self.release)
            .field("reused", &self.reused)
            .finish_non_exhaustive()
    }
}

impl Workspace {
    /// Lays the workspace out in the cache, or what is not as it should be of it.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where upstream is the registry, which does not have the
    /// test programs, or lacks a file that is needed; where another run uses the
    /// workspace; those of the disk. What is not whole is never taken for whole.
    pub fn lay_out(inputs: WorkspaceInputs<'_, '_>) -> Result<Workspace> {
        let WorkspaceInputs {
            host,
            release,
            manifest,
            ..
        } = inputs;
        let step = host.status.step("laying out upstream's workspace");
        let upstreams = WorkspaceFiles::plan(inputs, &*step)?;
        let (root, lock) = (upstreams.text(MANIFEST)?, upstreams.text(LOCK)?);
        let root = with_member(&root, &upstreams.member)?;
        let fork = ForkFiles::of(inputs.tree, &make::workspace_form(release, manifest)?)?;
        let workspaces = std::path::absolute(host.env.dir().join(inputs.cache).join("workspaces"))
            .map_err(|e| Error::io("find", inputs.cache, e))?;
        fs::create_dir_all(&workspaces).map_err(|e| Error::io("make", &workspaces, e))?;
        let dir = workspaces.join(&upstreams.name);
        let lock_file = workspaces.join(format!("{}.lock", upstreams.name));
        let what = format!(
            "the workspace of {} {}",
            manifest.upstream.name, release.version
        );
        let held = Lock::take(&lock_file, &what, inputs.line)?;
        install::remove_old(&workspaces, &upstreams.name, &release.version, inputs.line);
        let reused = upstreams.install(&workspaces, &*step)?;
        files::write_if_other(&dir.join(MANIFEST), root.as_bytes())?;
        put_lock(&dir.join(LOCK), &lock, &manifest.fork.name)?;
        let place = upstreams.member.below(&dir);
        fork.install(&place)?;
        let files = inputs.tree.paths();
        let added = files.filter(|path| release.tree.get(path.as_str()).is_none());
        Ok(Workspace {
            member: place,
            added: added.cloned().collect(),
            fork: manifest.fork.name.clone(),
            upstream: manifest.upstream.name.clone(),
            release: release.version.clone(),
            commit: release.commit.clone(),
            reused,
            files: upstreams.count(),
            lock,
            dir,
            _lock: held,
        })
    }

    /// Compares the `Cargo.lock` that cargo has written with upstream's.
    ///
    /// # Errors
    ///
    /// [`Kind::Verification`] with the packages that are gone, in another version,
    /// or there without the fork needing them: upstream's tests would be built from
    /// something else than upstream builds them from.
    pub fn check_lock(&self) -> Result<()> {
        let path = self.dir.join(LOCK);
        let now = fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
        let strays = strays(&self.lock, &now, &self.fork).map_err(|e| {
            let message = format!("{} cannot be read: {e}", path.display());
            Error::general(message)
        })?;
        if strays.is_empty() {
            return Ok(());
        }
        let place = path.display().to_string();
        let fault =
            |stray: &UnexplainedChange| Fault::new(stray.to_string()).at(Location::file(&place));
        let message = format!(
            "cargo has changed more of upstream's lock than adding `{}` explains",
            self.fork
        );
        Err(Error::faults(
            Kind::Verification,
            message,
            strays.iter().map(fault).collect(),
        )
        .help("let the fork's development dependencies in manifest.toml ask for what upstream has"))
    }
}

/// Puts upstream's lock in place, unless there is one that cargo made of it.
fn put_lock(path: &Path, lock: &str, fork: &str) -> Result<()> {
    let is_made_of_it = fs::read_to_string(path)
        .ok()
        .and_then(|now| strays(lock, &now, fork).ok())
        .is_some_and(|strays| strays.is_empty());
    match is_made_of_it {
        true => Ok(()),
        false => files::write_if_other(path, lock.as_bytes()),
    }
}

fn strays(
    lock: &str,
    now: &str,
    fork: &str,
) -> std::result::Result<Vec<UnexplainedChange>, CargoLockError> {
    let parse = CargoLock::parse;
    Ok(parse(lock)?.strays(&parse(now)?, fork))
}

/// The manifests of a repository, by their directory; the root's is empty.
type Manifests = BTreeMap<String, String>;

/// Returns the directory of a file, without a slash at its end; the root's is empty.
fn dir_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Tells whether a path lies in a directory.
fn is_below(path: &str, dir: &str) -> bool {
    dir.is_empty()
        || path
            .strip_prefix(dir)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Returns the path of a file in a directory.
fn within(dir: &str, name: &str) -> String {
    match dir {
        "" => name.to_owned(),
        dir => format!("{dir}/{name}"),
    }
}

/// Makes a text a path of a tree, to be matched.
fn tree_path(text: &str) -> Option<TreePath> {
    TreePath::new(text).ok()
}
