//! Puts a made tree in place: cargo lock, documents, stage, gates, commit.

use std::collections::BTreeMap;

use gates::diagnosis::Trees;
use gates::gate::GateReport;
use host::{disk, parallel};
use recipe::compare::FileChange;
use recipe::documents::{Block, difference_list, version_table};
use recipe::error::{Error, Kind, Result};
use recipe::lock::Lock;
use recipe::manifest::Versions;
use recipe::tree::{Entries, Tree, TreePath};
use recipe::{compare, lock, manifest};
use upstream::Upstream;

use super::context::{Context, Steps};
use super::documents::documents;
use super::pipeline::{ForkBuild, PreparedRelease};
use super::project::{Files, Project, project_path};
use super::recorded::made_again;
use super::upstream_tests::UpstreamTests;
use super::vendored::Vendored;
use super::verified::{self, Verified, Verify};
use crate::report::{Ended, MadeReport, remarks};
use crate::stage::{Change, WriteLock};

/// How a tree is put in place.
pub(super) struct Installer<'a, 'u> {
    /// What every command has.
    pub context: &'a Context<'a>,
    /// The project as it was read.
    pub project: &'a Project,
    /// What stands where the tree goes.
    pub vendored: &'a Vendored,
    /// The command's name.
    pub command: &'static str,
    /// Whether the gates run.
    pub verify: Verify<'a>,
    /// Whether cargo only checks the tree, which is not put in place.
    pub check_only: bool,
    /// Where upstream's own tests come from; `None` where they are not to be run.
    pub upstream: Option<&'a Upstream<'u>>,
    /// The toolchain that was asked for.
    pub toolchain: Option<String>,
    /// Whether the tree must be as locked.
    pub locked: bool,
}

/// What stands in the project's place of a made tree, and what is to be written.
struct Pending {
    /// The vendored tree, as far as the made one does not have it.
    old: Tree,
    /// The project's files that change, the lock apart.
    files: Files,
    tree_is_there: bool,
    lock_is_written: bool,
}

impl Pending {
    fn is_nothing(&self) -> bool {
        self.tree_is_there && self.files.is_empty() && self.lock_is_written
    }

    fn changes(&self, forked: &ForkBuild) -> Vec<FileChange> {
        compare::changes(&forked.inputs.manifest, &self.old, &forked.made.tree)
    }
}

impl<'u> Installer<'_, 'u> {
    /// Makes what is still missing, verifies, commits, and reports. Without the lock
    /// for writing nothing is written.
    ///
    /// # Errors
    ///
    /// [`Kind::Verification`] where a gate fails, [`Kind::Drift`] where the tree
    /// is not as locked; those of the disk. Nothing is changed then.
    pub(super) fn install(
        &self,
        lock: Option<&WriteLock>,
        mut forked: ForkBuild,
        mut steps: Steps,
    ) -> Result<MadeReport> {
        steps.time("cargo lock", || self.cargo_lock(&mut forked))?;
        self.as_locked(&forked)?;
        let pending = self.pending(&forked)?;
        match lock {
            Some(lock) if !self.check_only => {
                if !pending.is_nothing() || self.verify == Verify::All {
                    return self.commit(lock, forked, pending, steps);
                }
                lock.record_placed(&forked.made.tree.entries());
                let (changes, files) = (pending.changes(&forked), pending.files);
                Ok(self.report(forked, Ended::Unchanged, changes, Vec::new(), files, steps))
            }
            lock => {
                made_again(self.project, &forked, &pending.files)?;
                let check = |lock| self.check(lock, &forked, &pending.old, &mut steps);
                let gates = lock.map(check).transpose()?.into_iter().collect();
                let changes = pending.changes(&forked);
                let mut files = pending.files;
                if !(pending.tree_is_there && pending.lock_is_written) {
                    files.insert(project_path(lock::FILE)?, None);
                }
                Ok(self.report(forked, Ended::DryRun, changes, gates, files, steps))
            }
        }
    }

    /// Finds out what a made tree changes.
    fn pending(&self, forked: &ForkBuild) -> Result<Pending> {
        let documents = self.documents(forked)?;
        let nothing = Entries::default();
        let there = self.vendored.entries().unwrap_or(&nothing);
        let old = disk::read_found(&self.project.tree_dir(), there, &forked.made.tree);
        let lock = self.lock(forked, &BTreeMap::new());
        let files = self.files(forked, documents)?;
        Ok(Pending {
            old,
            files,
            tree_is_there: self.vendored.entries() == Some(&forked.made.tree.entries())
                && self.vendored.edits.is_empty(),
            lock_is_written: self.is_written(&lock)?,
        })
    }

    /// Stages, verifies and commits a tree.
    fn commit(
        &self,
        write_lock: &WriteLock,
        forked: ForkBuild,
        mut pending: Pending,
        mut steps: Steps,
    ) -> Result<MadeReport> {
        let stage = || {
            steps.time("stage", || {
                write_lock.stage(&forked.made.tree, self.context.host.interrupt())
            })
        };
        let again = || made_again(self.project, &forked, &pending.files);
        let (again, stage) = parallel::both(again, stage);
        again?;
        let stage = stage?;
        let verified = steps.time("verify", || {
            Verified::of(
                stage,
                &forked,
                trees(&forked, &pending.old),
                self.verify,
                &self.upstream_tests(&forked),
                &self.cargo()?,
                self.context,
            )
        })?;
        let lock = self.lock(&forked, &verified.said());
        if !self.is_written(&lock)? {
            self.refuse_if_locked(lock::FILE)?;
            let text = lock.render()?.into_bytes();
            pending.files.insert(project_path(lock::FILE)?, Some(text));
        }
        let gates = verified.gates.clone();
        let change = Change {
            destination: Some(self.project.manifest().fork.path.clone()),
            expected: self.vendored.found.clone().unwrap_or_default(),
            ..self.project.change(pending.files.clone())
        };
        // Committing waits for the disk most of the time.
        let commit = || steps.time("commit", || verified.commit(change));
        let (changes, committed) = parallel::both(|| pending.changes(&forked), commit);
        self.context.warn_of(committed?);
        let files = pending.files;
        Ok(self.report(forked, Ended::Committed, changes, gates, files, steps))
    }

    /// Lets cargo check a tree that is not put in place.
    fn check(
        &self,
        write_lock: &WriteLock,
        forked: &ForkBuild,
        old: &Tree,
        steps: &mut Steps,
    ) -> Result<GateReport> {
        let tree = &forked.made.tree;
        let stage = steps.time("stage", || {
            write_lock.stage(tree, self.context.host.interrupt())
        })?;
        steps.time("check", || {
            verified::checked(
                &stage,
                tree,
                trees(forked, old),
                &self.cargo()?,
                self.context,
            )
        })
    }

    /// Returns how upstream's own tests are run, if gates are.
    fn upstream_tests<'f>(&'f self, forked: &'f ForkBuild) -> UpstreamTests<'f, 'u> {
        match self.upstream {
            None => UpstreamTests::Skip("--no-upstream-tests"),
            Some(upstream) => UpstreamTests::Of {
                upstream,
                release: &forked.ready.release,
                manifest: &forked.inputs.manifest,
                toolchain: self.toolchain.clone(),
            },
        }
    }

    /// Returns the texts that follow from a tree that stands in place already:
    /// manifest, lock and documents.
    ///
    /// # Errors
    ///
    /// Those of the documents.
    pub(super) fn texts(&self, forked: &ForkBuild) -> Result<Files> {
        let documents = self.documents(forked)?;
        let mut files = self.files(forked, documents)?;
        let said = Verified::skipped(&forked.made.tree, self.verify)?;
        let lock = self.lock(forked, &said);
        if !self.is_written(&lock)? {
            files.insert(project_path(lock::FILE)?, Some(lock.render()?.into_bytes()));
        }
        Ok(files)
    }

    /// Fails where the tree must be as locked.
    pub(super) fn refuse_if_locked(&self, what: &str) -> Result<()> {
        if !self.locked {
            return Ok(());
        }
        let message = format!("{what} would have to be written, and `--locked` forbids it");
        Err(Error::new(Kind::Drift, message)
            .help("run the command without `--locked`, and commit what it writes"))
    }

    /// Tells whether the lock stays as it is; where `--locked` lets none be written,
    /// one that says the same of the tree does.
    fn is_written(&self, lock: &Lock) -> Result<bool> {
        let old = self.project.lock.as_ref().filter(|_| self.locked);
        Ok(old.is_some_and(|old| old.agrees_with(lock))
            || self.project.text(lock::FILE)? == Some(lock.render()?.as_str()))
    }

    /// Returns the project's files that differ from what they should be, the lock apart.
    fn files(&self, forked: &ForkBuild, documents: Files) -> Result<Files> {
        let mut files = documents;
        let manifest = &forked.inputs.manifest;
        if manifest.text != self.project.manifest().text {
            files.insert(
                project_path(manifest::FILE)?,
                Some(manifest.text.as_bytes().to_vec()),
            );
        }
        for stored in &forked.inputs.series {
            if self.project.inputs.series_of(&stored.base).is_none() {
                self.is_free(&stored.dir)?;
                let new = stored.stored_files();
                files.extend(new.map(|(path, file)| (path, Some(file.bytes().to_vec()))));
                let merges = forked.report.as_ref().map(|report| &report.merges[..]);
                let merges = merges.filter(|_| forked.series.as_ref() == Some(&stored.base));
                let (path, text) = stored.remarks(
                    &manifest.upstream.name,
                    &remarks(merges.unwrap_or_default()),
                );
                if !text.is_empty() {
                    files.insert(path, Some(text.into_bytes()));
                }
            }
        }
        for (key, resolution) in &forked.inputs.resolutions {
            if self.project.inputs.resolutions.get(key) != Some(resolution) {
                let path = forked.inputs.resolution_path(resolution);
                files.insert(path, Some(resolution.render().into_bytes()));
            }
        }
        let version = &forked.ready.release.version;
        let stored = self.project.inputs.locks.get(version);
        let now = forked.inputs.locks.get(version);
        if let Some(text) = now.filter(|now| stored != Some(*now)) {
            let path = forked.inputs.lock_path(version);
            files.insert(path, Some(text.as_bytes().to_vec()));
        }
        if let Some(path) = files.keys().next() {
            self.refuse_if_locked(path.as_str())?;
        }
        Ok(files)
    }

    /// Fails where a new series would be mixed with files that no series has.
    fn is_free(&self, dir: &TreePath) -> Result<()> {
        if !dir.below(&self.project.root).exists() {
            return Ok(());
        }
        let message = format!(
            "a new series goes to `{dir}`, which is there and in no `[[series]]` of {}",
            manifest::FILE
        );
        Err(Error::general(message).help("move the directory away, or name it in a `[[series]]`"))
    }

    pub(super) fn documents(&self, forked: &ForkBuild) -> Result<Files> {
        let inputs = &forked.inputs;
        let series = forked
            .series
            .as_ref()
            .and_then(|base| inputs.series_of(base));
        let table = version_table(&inputs.manifest);
        let differences = difference_list(&inputs.manifest, series);
        documents(
            self.project,
            &[
                (Block::Versions, &table),
                (Block::Differences, &differences),
            ],
        )
    }

    /// Returns the report of a made tree.
    pub(super) fn report(
        &self,
        forked: ForkBuild,
        ended: Ended,
        changes: Vec<FileChange>,
        gates: Vec<GateReport>,
        files: Files,
        steps: Steps,
    ) -> MadeReport {
        let dropped = forked.made.cargo.dropped.iter();
        let left_out = dropped
            .map(|d| format!("{} {}: {}", d.table, d.name, d.why))
            .collect();
        MadeReport {
            rules: forked.ready.prepared.rules.clone(),
            binary: forked.ready.prepared.binary.clone(),
            series: forked.report.clone(),
            files: forked.made.tree.len(),
            digest: Some(forked.made.tree.digest()),
            changes,
            gates,
            left_out,
            written: files.into_keys().collect(),
            steps: steps.done(),
            ..self.bare_report(&forked.inputs.manifest, &forked.ready, ended)
        }
    }

    /// Returns a report that has only what is known before there is a tree.
    pub(super) fn bare_report(
        &self,
        manifest: &manifest::Manifest,
        ready: &PreparedRelease,
        ended: Ended,
    ) -> MadeReport {
        MadeReport {
            command: self.command,
            ended,
            from: self.project.lock.as_ref().map(|lock| Versions {
                fork: lock.tree.version.clone(),
                upstream: lock.upstream.version.clone(),
            }),
            to: Versions {
                fork: manifest.fork.version.clone(),
                upstream: ready.release.version.clone(),
            },
            source: ready.release.source,
            commit: ready.release.commit.clone(),
            path: manifest.fork.path.to_string(),
            files: 0,
            digest: None,
            changes: Vec::new(),
            rules: Vec::new(),
            binary: Vec::new(),
            series: None,
            conflicts: Vec::new(),
            open: None,
            left_out: Vec::new(),
            gates: Vec::new(),
            written: Vec::new(),
            notes: Vec::new(),
            patch: None,
            steps: Vec::new(),
        }
    }
}

fn trees<'t>(forked: &'t ForkBuild, old: &'t Tree) -> Trees<'t> {
    Trees {
        old: Some(old),
        new: Some(&forked.made.tree),
        upstream: Some(&forked.ready.release.tree),
    }
}
