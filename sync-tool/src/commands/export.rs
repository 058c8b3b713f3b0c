//! `export`: the fork under upstream's own name, in a directory of the user's.

use std::fs;
use std::io::ErrorKind;

use destination::Destination;
use host::disk;
use recipe::drift::DriftKind;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::export::is_export;
use recipe::lock::{Lock, LockedExport};
use recipe::make::CARGO_TOML;
use recipe::tree::Tree;
use recipe::{compare, drift, lock};

use super::context::{Access, Context, ProjectLock, Steps, work_dir};
use super::install::Installer;
use super::pipeline::{ForkBuild, Pipeline};
use super::project::{Project, project_path};
use super::recorded::differing;
use super::release::locked;
use super::vendored::Vendored;
use super::verified::Verify;
use crate::cli::{ExportArgs, SourceArgs};
use crate::report::{Ended, MadeReport};
use crate::stage;
use crate::stage::{Change, Committed, WriteLock};

mod check;
mod destination;

pub(super) use check::run as check;

/// Runs the command.
///
/// # Errors
///
/// Those of every step; the directory and the lock are untouched then.
pub(super) fn run(context: &Context<'_>, args: &ExportArgs) -> Result<MadeReport> {
    let (lock, project) = context.open(Access::unless_dry(args.dry_run))?;
    as_vendored(&project, project.locked()?)?;
    let place = Destination::of(context, &project, &args.as_upstream)?;
    let ProjectLock::WriteLock(write_lock) = &lock else {
        let _look = context.read_lock_at(&place.above, &place.work)?;
        return Export::of(context, &project, &place)?.run(args, None);
    };
    let beside = context.write_lock_at(&place.above, &place.work)?;
    let export = Export::of(context, &project, &place);
    let report = export.and_then(|export| export.run(args, Some((write_lock, &beside))));
    beside.leave();
    report
}

/// Fails where the inputs are not those that the locked tree was made of: that tree was
/// verified, or its gates were skipped on purpose.
fn as_vendored(project: &Project, lock: &Lock) -> Result<()> {
    project.is_of_the_pin()?;
    project.not_converted()?;
    let inputs = drift::of_inputs(lock, &project.inputs);
    if inputs.is_empty() {
        return Ok(());
    }
    let fault = |one: drift::Drift| Fault::new(one.what.description()).at(Location::file(one.path));
    let faults = inputs.into_iter().map(fault).collect();
    let message = "the inputs are not those of the locked tree";
    Err(Error::faults(Kind::Drift, message, faults)
        .help("make the tree of them: `wash-wasi-sync vendor`, then run the same command again"))
}

/// An export and what it is made from.
struct Export<'a> {
    context: &'a Context<'a>,
    project: &'a Project,
    lock: &'a Lock,
    place: &'a Destination,
    /// The project as if the exported tree were its vendored one.
    exported: Project,
    /// What stands where the tree goes.
    there: Vendored,
}

impl<'a> Export<'a> {
    fn of(context: &'a Context<'a>, project: &'a Project, place: &'a Destination) -> Result<Self> {
        let exported = place.project(project)?;
        let mut there = exported.vendored()?;
        let work = work_dir(project.manifest())?;
        let is_made = |found: &&disk::Found| stage::is_as_placed(&project.root, &work, found);
        // The lock records one export alone: those in other directories, and earlier ones.
        if there.is_edited()
            && let Some(found) = there.found.as_ref().filter(is_made)
        {
            there = Vendored::of_another_lock(found.clone(), &place.shown);
        }
        Ok(Export {
            context,
            project,
            lock: project.locked()?,
            place,
            exported,
            there,
        })
    }

    /// Makes the tree, puts it in place, and records it. Without holds nothing is written.
    fn run(self, args: &ExportArgs, holds: Option<(&WriteLock, &WriteLock)>) -> Result<MadeReport> {
        self.is_ours()?;
        if self.project.vendored()?.is_edited() {
            self.context.host.status.warn(&format!(
                "{} has edits that the export does not have: `wash-wasi-sync refresh` stores them",
                self.project.manifest().fork.path
            ));
        }
        let mut steps = Steps::default();
        let forked = self.made(&args.source, &mut steps)?;
        let tree = &forked.made.tree;
        let export = self.recorded(&forked)?;
        let found = self.there.found.clone().unwrap_or_default();
        let is_there = found.entries == export.files && found.strays.is_empty();
        if !is_there {
            self.no_edits(args.edits.discard_edits)?;
        }
        let old = disk::read_found(&self.exported.tree_dir(), &found.entries, tree);
        let changes = compare::changes(self.exported.manifest(), &old, tree);
        let mut lock = self.lock.clone();
        lock.exported = Some(export);
        let mut files = super::project::Files::new();
        let text = lock.render()?;
        if self.project.text(lock::FILE)? != Some(text.as_str()) {
            files.insert(project_path(lock::FILE)?, Some(text.into_bytes()));
        }
        let mut ended = Ended::DryRun;
        if let Some((write_lock, beside)) = holds {
            ended = Ended::Unchanged;
            if !is_there {
                steps.time("commit", || self.put(beside, tree, found))?;
                write_lock.record_placed(&tree.entries());
                ended = Ended::Committed;
            }
            // After the tree: killed in between, the next run finds that as it would make it.
            if !files.is_empty() {
                let change = self.project.change(files.clone());
                self.context.warn_of(write_lock.commit_files(change)?);
            }
        }
        let report = self
            .installer()
            .report(forked, ended, changes, Vec::new(), files, steps);
        Ok(MadeReport {
            path: self.place.shown.clone(),
            patch: Some(self.place.patch(&self.exported.manifest().upstream.name)),
            ..report
        })
    }

    /// Makes the tree by the one pipeline.
    fn made(&self, source: &SourceArgs, steps: &mut Steps) -> Result<ForkBuild> {
        let inputs = self.exported.inputs.clone();
        let upstream = self.context.upstream(&inputs.manifest, source)?;
        let formatter = self.context.formatter();
        let pipeline = Pipeline {
            upstream: &upstream,
            formatter: &formatter,
            patched: self.project.inputs.patched(),
        };
        let pin = inputs.manifest.fork.pin.clone();
        let locked = locked(Some(self.lock), &pin);
        let ready = pipeline.ready(&inputs.manifest, &pin, locked, steps)?;
        pipeline.exact(inputs, ready, steps)
    }

    /// Returns what the lock records of the export.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`] where the same inputs once gave another.
    fn recorded(&self, forked: &ForkBuild) -> Result<LockedExport> {
        let files = forked.made.tree.entries();
        let export = LockedExport {
            version: self.exported.manifest().fork.version.clone(),
            digest: files.digest(),
            vendored: self.lock.tree.digest,
            files,
        };
        let before = self.lock.current_export().filter(|old| **old != export);
        let Some(before) = before else {
            return Ok(export);
        };
        let mut faults = differing(&before.files, &export.files);
        if faults.is_empty() {
            let message = "another version of the export is recorded than the same inputs give";
            faults.push(Fault::new(message).at(Location::file(lock::FILE)));
        }
        let message = "the exported tree is not as locked";
        Err(Error::faults(Kind::Drift, message, faults)
            .help("if the lock was edited: restore it from version control")
            .help(format!(
                "if another version of the tool made that export: remove `[exported]` and `[exported.files]` from {}",
                lock::FILE
            )))
    }

    fn put(&self, beside: &WriteLock, tree: &Tree, expected: disk::Found) -> Result<()> {
        let stage = beside.stage(tree, self.context.host.interrupt())?;
        let change = Change {
            destination: Some(self.exported.manifest().fork.path.clone()),
            expected,
            ..Change::default()
        };
        let committed = stage.commit(change).map_err(|e| match e.kind() {
            Kind::Drift => self.edited(e.all_faults().to_vec()),
            _ => e,
        })?;
        let above = |path: &String| self.place.above.join(path).display().to_string();
        self.context.warn_of(Committed {
            kept: committed.kept.iter().map(above).collect(),
            ..committed
        });
        Ok(())
    }

    /// Fails where what stands there was made by no export.
    fn is_ours(&self) -> Result<()> {
        let nothing = disk::Found::default();
        let found = self.there.found.as_ref().unwrap_or(&nothing);
        if *found == nothing {
            return Ok(());
        }
        let path = self.exported.tree_dir().join(CARGO_TOML);
        let text = match fs::read_to_string(&path) {
            Err(e) if !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => {
                return Err(Error::io("read", &path, e));
            }
            read => read.unwrap_or_default(),
        };
        if is_export(&text, &self.exported.manifest().upstream.name) {
            return Ok(());
        }
        let message = format!("{} holds files that no export made", self.place.shown);
        Err(Error::general(message).help("name a new or empty directory, or move the files away"))
    }

    /// Fails where edits would be lost.
    fn no_edits(&self, discard: bool) -> Result<()> {
        // In an empty directory nothing can be lost, whatever was recorded of another.
        let is_empty = self.there.found == Some(disk::Found::default());
        if !self.there.is_edited() || is_empty || discard {
            return Ok(());
        }
        if self.there.unlocked {
            let message = format!(
                "{} records no export, so it is not known whether {} has edits that would be lost",
                lock::FILE,
                self.place.shown
            );
            return Err(Error::new(Kind::Drift, message)
                .help("name a new directory, and compare the two")
                .help("or, to replace the tree: the same command with `--discard-edits`"));
        }
        let fault = |edit: &drift::Drift| {
            let path = match edit.what {
                DriftKind::LineEnds => self.place.shown.clone(),
                _ => format!("{}/{}", self.place.shown, edit.path),
            };
            Fault::new(edit.what.description()).at(Location::file(path))
        };
        Err(self.edited(self.there.edits.iter().map(fault).collect()))
    }

    fn edited(&self, faults: Vec<Fault>) -> Error {
        let message = "the exported tree has edits that would be lost";
        Error::faults(Kind::Drift, message, faults)
            .help(format!(
                "to keep them: make them in {}, `wash-wasi-sync refresh`, then export again",
                self.project.manifest().fork.path
            ))
            .help("to drop them: the same command with `--discard-edits`")
    }

    fn installer(&self) -> Installer<'_, 'a> {
        Installer {
            context: self.context,
            project: &self.exported,
            vendored: &self.there,
            command: "export",
            verify: Verify::Skip("export"),
            check_only: false,
            upstream: None,
            toolchain: None,
            locked: false,
        }
    }
}
