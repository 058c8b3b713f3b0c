//! What every command gets: the surroundings, the project, the cache.

use std::path::{Path, PathBuf};
use std::time::Instant;

use host::Host;
use host::status::StepTime;
use recipe::error::{Error, Kind, Result};
use recipe::listing::joined;
use recipe::manifest::{FILE, Manifest};
use recipe::tree::TreePath;
use upstream::{SourceChoice, SourceOptions, Upstream};

use super::project::{Project, read_manifest};
use crate::cli::{Global, SourceArg, SourceArgs};
use crate::open_upgrade::OpenUpgrade;
use crate::rustfmt::Rustfmt;
use crate::stage::{Committed, ReadLock, WriteLock};

/// What every command gets.
pub(super) struct Context<'a> {
    /// The process's surroundings.
    pub host: &'a Host,
    /// The project's directory.
    pub root: PathBuf,
    /// The tool's cache directory.
    pub cache: PathBuf,
    /// Whether the network is forbidden.
    pub offline: bool,
    /// The command line, for who finds the project's lock held.
    pub line: String,
}

impl<'a> Context<'a> {
    /// Finds the project and the cache.
    ///
    /// # Errors
    ///
    /// Fails where there is no project upwards of the current directory.
    pub(super) fn new(host: &'a Host, global: &Global, line: String) -> Result<Self> {
        let root = match &global.project {
            Some(dir) => host.env.dir().join(dir),
            None => nearest(host.env.dir())?,
        };
        let cache = match &global.cache_dir {
            Some(dir) => host.env.dir().join(dir),
            None => host.env.cache_dir().ok_or_else(|| {
                Error::general(
                    "there is no cache directory: neither XDG_CACHE_HOME nor HOME is set",
                )
                .help("name one with `--cache-dir`")
            })?,
        };
        Ok(Context {
            host,
            root,
            cache,
            offline: global.offline,
            line,
        })
    }

    /// Opens the source of upstream's releases. Nothing is reached yet.
    ///
    /// # Errors
    ///
    /// Fails where the options contradict each other or cargo's configuration is malformed.
    pub(super) fn upstream(&self, manifest: &Manifest, args: &SourceArgs) -> Result<Upstream<'a>> {
        let choice = match args.source {
            SourceArg::Auto => SourceChoice::Auto,
            SourceArg::Git => SourceChoice::Git,
            SourceArg::Registry => SourceChoice::Registry,
        };
        let options = SourceOptions {
            choice,
            upstream: args.upstream.clone(),
            cache: self.cache.clone(),
            offline: self.offline,
            project_dir: self.root.clone(),
            name: manifest.upstream.name.clone(),
            repository: manifest.upstream.repository.clone().into(),
            path: manifest.upstream.path.clone(),
            tag: manifest.upstream.tag.clone(),
        };
        Upstream::new(self.host, options)
    }

    /// Returns the formatter, with its cache.
    pub(super) fn formatter(&self) -> Rustfmt<'a> {
        Rustfmt::new(self.host, self.cache.clone())
    }

    /// Takes the project for this run and ends what a killed run left.
    ///
    /// # Errors
    ///
    /// Fails where another run holds it, naming that run.
    fn write_lock(&self, manifest: &Manifest) -> Result<WriteLock> {
        self.write_lock_at(&self.root, &work_dir(manifest)?)
    }

    /// The same for another directory and its work directory.
    ///
    /// # Errors
    ///
    /// As [`Context::write_lock`].
    pub(super) fn write_lock_at(&self, root: &Path, work: &TreePath) -> Result<WriteLock> {
        let write_lock = WriteLock::take(root, work, &self.line)?;
        if let Some(recovered) = write_lock.recover()? {
            self.host.status.warn(&recovered.to_string());
        }
        self.warn_of_waste(write_lock.clear());
        Ok(write_lock)
    }

    /// Tells what there is to say of a change that is in place.
    pub(super) fn warn_of(&self, committed: Committed) {
        if !committed.kept.is_empty() {
            self.host.status.warn(&format!(
                "files were edited while the change was put in place; the edits are kept: {}",
                committed.kept.join(", ")
            ));
        }
        self.warn_of_waste(committed.waste);
    }

    fn warn_of_waste(&self, waste: Option<Error>) {
        if let Some(e) = waste {
            let hints = e.hints().iter().map(|hint| format!("\nhelp: {hint}"));
            let hints: String = hints.collect();
            self.host.status.warn(&format!("{}{hints}", e.message()));
        }
    }

    /// Looks at the project in a run that changes nothing in it: no run that
    /// writes is at work, and what a killed run decided is in place.
    ///
    /// # Errors
    ///
    /// Fails where another run holds the project, naming that run.
    fn read_lock(&self, manifest: &Manifest) -> Result<ReadLock> {
        self.read_lock_at(&self.root, &work_dir(manifest)?)
    }

    /// The same for another directory and its work directory.
    ///
    /// # Errors
    ///
    /// As [`Context::read_lock`].
    pub(super) fn read_lock_at(&self, root: &Path, work: &TreePath) -> Result<ReadLock> {
        let mut read_lock = self.read_lock_beside(root, work)?;
        read_lock.take_busy().map_or(Ok(read_lock), Err)
    }

    /// Looks at the project as it stands, whoever else is at work on it.
    ///
    /// # Errors
    ///
    /// Fails where what a killed run decided cannot be finished.
    fn read_lock_beside_writer(&self, manifest: &Manifest) -> Result<ReadLock> {
        let mut read_lock = self.read_lock_beside(&self.root, &work_dir(manifest)?)?;
        if let Some(busy) = read_lock.take_busy() {
            let line = format!("{}; what stands now is read", busy.message());
            self.host.status.warn(&line);
        }
        Ok(read_lock)
    }

    fn read_lock_beside(&self, root: &Path, work: &TreePath) -> Result<ReadLock> {
        let read_lock = ReadLock::take(root, work, &self.line)?;
        if let Some(recovered) = read_lock.recovered() {
            self.host.status.warn(&recovered.to_string());
        }
        Ok(read_lock)
    }

    /// Locks the project, and reads it. What a killed run decided is finished by that, so
    /// the manifest, which names the lock's directory, is read once more.
    ///
    /// # Errors
    ///
    /// As [`Context::write_lock`] and [`Context::read_lock`]; those of [`Project::load`].
    pub(super) fn open(&self, access: Access) -> Result<(ProjectLock, Project)> {
        let manifest = read_manifest(&self.root)?;
        let lock = match access {
            Access::Write | Access::Decide => ProjectLock::WriteLock(self.write_lock(&manifest)?),
            Access::Read => ProjectLock::ReadLock(self.read_lock(&manifest)?),
            Access::ReadBesideWriter => {
                ProjectLock::ReadLock(self.read_lock_beside_writer(&manifest)?)
            }
        };
        let project = Project::load(&self.root, read_manifest(&self.root)?)?;
        let open = match access {
            Access::Write => self.load_open_upgrade(&project)?,
            // One that cannot be read can be given up.
            Access::Decide => self.load_open_upgrade(&project).ok().flatten(),
            Access::Read | Access::ReadBesideWriter => None,
        };
        if let Some(open) = open {
            if open.is_finished(&project.manifest().text) {
                self.finish(&open)?;
            } else if access == Access::Write {
                return Err(is_open(&open));
            }
        }
        Ok((lock, project))
    }

    /// Returns where an upgrade is kept that met conflicts.
    ///
    /// # Errors
    ///
    /// As [`work_dir`].
    pub(super) fn open_upgrade_dir(&self, manifest: &Manifest) -> Result<PathBuf> {
        Ok(OpenUpgrade::dir_of(&self.root, &work_dir(manifest)?))
    }

    fn load_open_upgrade(&self, project: &Project) -> Result<Option<OpenUpgrade>> {
        OpenUpgrade::load(&self.open_upgrade_dir(project.manifest())?)
    }

    /// Returns the upgrade that is open, if one is. One whose change is in place is none any
    /// more; the next run that writes removes it.
    ///
    /// # Errors
    ///
    /// Those of [`OpenUpgrade::load`].
    pub(super) fn open_upgrade(&self, project: &Project) -> Result<Option<OpenUpgrade>> {
        let open = self.load_open_upgrade(project)?;
        Ok(open.filter(|open| !open.is_finished(&project.manifest().text)))
    }

    /// Ends an upgrade whose change is in place.
    ///
    /// # Errors
    ///
    /// Where the disk fails.
    pub(super) fn finish(&self, open: &OpenUpgrade) -> Result<()> {
        if let Some(kept) = open.finish()? {
            self.host.status.warn(&format!(
                "files were edited after they were resolved; they are kept below {}",
                self.shown(&kept)
            ));
        }
        Ok(())
    }

    /// Returns a path as it is reported: from the project's root, where it is below it.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

/// What a command does with the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Changes it; no other run may be at work on it, and no upgrade may be open.
    Write,
    /// Decides about the conflicts of an upgrade that is open.
    Decide,
    /// Reads it; no run that writes may be at work, for what it is about to replace says nothing.
    Read,
    /// Reads it as it stands, whoever is at work.
    ReadBesideWriter,
}

impl Access {
    /// Returns the access of a command that writes, unless it only tries.
    pub(super) fn unless_dry(dry_run: bool) -> Access {
        match dry_run {
            false => Access::Write,
            true => Access::Read,
        }
    }
}

/// How a run holds the project. Dropped, it is released.
pub(super) enum ProjectLock {
    /// To write.
    WriteLock(WriteLock),
    /// To read only.
    ReadLock(#[allow(dead_code, reason = "held until it is dropped")] ReadLock),
}

impl ProjectLock {
    /// Returns the lock of a run that writes.
    pub(super) fn write_lock(&self) -> Option<&WriteLock> {
        match self {
            ProjectLock::WriteLock(write_lock) => Some(write_lock),
            ProjectLock::ReadLock(_) => None,
        }
    }
}

/// Says that an upgrade is open, and what to do about it.
fn is_open(open: &OpenUpgrade) -> Error {
    let left: Vec<&TreePath> = open.undecided().map(|one| &one.conflict.path).collect();
    let state = match left.is_empty() {
        true => "all conflicts are resolved".to_owned(),
        false => format!("not resolved: {}", joined(&left, left.len())),
    };
    let message = format!("an upgrade to {} is open; {state}", open.state.request.to);
    Error::new(Kind::Conflicts, message)
        .help(format!("go on with it: {}", open.next_step()))
        .help("or give it up: `wash-wasi-sync abort`")
}

/// Returns the directory for what is between old and new, from the project's root.
///
/// # Errors
///
/// Never for a path that the manifest allows.
pub(super) fn work_dir(manifest: &Manifest) -> Result<TreePath> {
    let dir = manifest.fork.work_dir();
    dir.ok_or_else(|| Error::general("the vendored tree has no directory beside it"))
}

/// Returns the project's directory: the nearest one upwards that has a manifest.
pub(super) fn nearest(dir: &Path) -> Result<PathBuf> {
    let found = dir.ancestors().find(|dir| dir.join(FILE).is_file());
    found.map(Path::to_path_buf).ok_or_else(|| {
        Error::general(format!(
            "there is no {FILE} in {} or above it",
            dir.display()
        ))
        .help("go into the project, or name its directory with `--project`")
    })
}

/// Times the steps of a run.
#[derive(Debug, Default)]
pub(super) struct Steps(Vec<StepTime>);

impl Steps {
    /// Does a step and keeps its time.
    ///
    /// # Errors
    ///
    /// The step's own.
    pub(super) fn time<T>(
        &mut self,
        step: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let start = Instant::now();
        let result = work();
        self.0.push(StepTime {
            step,
            milliseconds: millis(start),
        });
        result
    }

    /// Returns the times.
    pub(super) fn done(self) -> Vec<StepTime> {
        self.0
    }
}

pub(super) fn millis(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}
