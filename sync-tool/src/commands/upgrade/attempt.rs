//! One attempt to bring the fork to a release, from what is asked to the end or to conflicts.

use std::collections::{BTreeMap, BTreeSet};

use recipe::error::{Error, Kind, Result};
use recipe::listing::joined;
use recipe::release::newest_of_lines;
use recipe::series::{Inputs, Rebased, RebasedFile, Resolutions, StoredSeries};
use recipe::tree::{Digest, TreePath};
use semver::Version;
use upstream::Upstream;

use super::target::{new_number, pinned};
use crate::cli::ReviewArgs;
use crate::commands::context::{Context, ProjectLock, Steps};
use crate::commands::install::Installer;
use crate::commands::pipeline::{ForkBuild, Merging, Outcome, Pipeline, PreparedRelease};
use crate::commands::project::Project;
use crate::commands::release::{builds_here, locked};
use crate::commands::vendored::Vendored;
use crate::commands::verified::{AGAIN, Verify};
use crate::commands::{conflicts, review};
use crate::open_upgrade::{OpenUpgrade, Request, State};
use crate::report::{ConflictsReport, Ended, MadeReport};
use crate::rustfmt::Rustfmt;

/// Returns the digests of the project's files.
fn digests(project: &Project) -> BTreeMap<TreePath, Digest> {
    let files = project.files.entries().0.into_iter();
    files.map(|(path, entry)| (path, entry.digest)).collect()
}

/// One attempt to bring the fork to a release.
pub(super) struct Attempt<'a> {
    pub context: &'a Context<'a>,
    pub lock: &'a ProjectLock,
    pub project: &'a Project,
    pub vendored: &'a Vendored,
    pub upstream: &'a Upstream<'a>,
    pub formatter: &'a Rustfmt<'a>,
    pub request: Request,
    /// Whether cargo only checks the tree.
    pub check_only: bool,
    /// What is to be written for review.
    pub review: &'a ReviewArgs,
    /// The upgrade that is open, if one is.
    pub open: Option<&'a OpenUpgrade>,
}

impl<'a> Attempt<'a> {
    pub(super) fn run(&self, mut steps: Steps) -> Result<MadeReport> {
        review::can_be_written(self.context, self.project, self.review)?;
        self.project.inputs.check_resolutions()?;
        let (project, to) = (self.project, &self.request.to);
        let pipeline = Pipeline {
            upstream: self.upstream,
            formatter: self.formatter,
            patched: project.inputs.patched(),
        };
        let inputs = Inputs {
            manifest: pinned(project.manifest(), &self.request)?,
            ..project.inputs.clone()
        };
        let note = match self.request.fork_version {
            Some(_) => None,
            None => new_number(project.manifest(), &inputs.manifest),
        };
        let locked = |version| locked(project.lock.as_ref(), version);
        self.upstream.ask_ahead();
        let ready = pipeline.ready(&inputs.manifest, to, locked(to), &mut steps)?;
        self.upstream.warn_of_yanked(to)?;
        let installer = self.installer();
        if !self.request.no_verify && (self.lock.write_lock().is_some() || self.check_only) {
            let again = "run the same command with `--to";
            builds_here(
                &installer.cargo()?,
                self.upstream,
                project.manifest(),
                &ready,
                again,
            )?;
        }
        let pin = &project.manifest().fork.pin;
        let through = self.through()?;
        let merging = Merging {
            pin: (pin, locked(pin)),
            through: &through,
            resolutions: &self.resolutions(),
        };
        let changed = self.open.and_then(|open| self.changed_since(open));
        let mut report = match pipeline.merged(inputs, ready, &merging, &mut steps)? {
            Outcome::Made(forked) => {
                self.all_are_used(&forked)?;
                if let Some(open) = self.open {
                    open.finishing(&forked.inputs.manifest.text)?;
                }
                let made = self.made(&installer, *forked, steps);
                if let (Err(e), Some(open)) = (&made, self.open)
                    && e.kind() != Kind::Unfinished
                {
                    open.not_finishing();
                }
                made?
            }
            Outcome::Conflicts(ready, rebased) => {
                let mut report = self.conflicting(&installer, &ready, through, *rebased)?;
                report.steps = steps.done();
                report
            }
        };
        report.notes.extend(note);
        report.notes.extend(changed);
        if let Some(open) = self.open
            && matches!(report.ended, Ended::Committed | Ended::Unchanged)
        {
            self.context.finish(open)?;
        }
        Ok(report)
    }

    /// Puts a made tree in place, and writes the page where one is wanted.
    fn made(
        &self,
        installer: &Installer<'_, '_>,
        mut forked: ForkBuild,
        steps: Steps,
    ) -> Result<MadeReport> {
        let rebased = match forked.rebased.is_empty() {
            true => forked.exact_files(),
            false => std::mem::take(&mut forked.rebased),
        };
        let manifest = forked.inputs.manifest.clone();
        let is_merged = rebased.values().any(|file| file.merged.is_some());
        let report = match installer.install(self.lock.write_lock(), forked, steps) {
            Err(e) if e.kind() == Kind::Verification && is_merged => {
                return Err(self.open_to_correct(e, rebased)?);
            }
            other => other?,
        };
        if self.review.is_wanted() {
            let before = self.project.series_in_use().map(StoredSeries::delta);
            let mut page = review::of_made(&manifest, before, &rebased, &report);
            let base = report
                .series
                .as_ref()
                .and_then(|series| series.merge_base.as_ref());
            let pin = &self.project.manifest().fork.pin;
            let releases = [base.unwrap_or(pin), &self.request.to];
            let written = review::add_commits(self.upstream, releases, &mut page)
                .and_then(|()| review::write(self.context, self.review, &page));
            match report.ended {
                // What is in place is told of, whatever became of its page.
                Ended::Committed => {
                    written.unwrap_or_else(|e| self.context.host.status.warn(&e.to_string()))
                }
                _ => written?,
            }
        }
        Ok(report)
    }

    /// Opens an upgrade whose gates failed, so that what a merge made can be corrected.
    fn open_to_correct(
        &self,
        error: Error,
        files: BTreeMap<TreePath, RebasedFile>,
    ) -> Result<Error> {
        if self.open.is_none() && self.is_kept() {
            let rebased = Rebased {
                files,
                ..Rebased::default()
            };
            self.opened(self.through()?, rebased)?;
        }
        let open = "the pinned tree is untouched, and the upgrade is open: correct what was merged \
                    (`wash-wasi-sync conflicts` lists it), `wash-wasi-sync resolve`, then `wash-wasi-sync continue`";
        Ok(error
            .replace_help(AGAIN, open)
            .help("or give it up: `wash-wasi-sync abort`"))
    }

    fn installer(&self) -> Installer<'_, 'a> {
        Installer {
            context: self.context,
            project: self.project,
            vendored: self.vendored,
            command: "upgrade",
            verify: match self.request.no_verify {
                true => Verify::Skip("--no-verify"),
                false => Verify::All,
            },
            check_only: self.check_only,
            upstream: (!self.request.no_upstream_tests).then_some(self.upstream),
            toolchain: self.request.toolchain.clone(),
            locked: false,
        }
    }

    /// Fails where a decision would be without effect: whoever made it would not know.
    fn all_are_used(&self, forked: &ForkBuild) -> Result<()> {
        let Some(open) = self.open else {
            return Ok(());
        };
        let series = forked.report.iter().flat_map(|series| &series.merges);
        let used: BTreeSet<_> = series
            .flat_map(|merge| &merge.resolutions)
            .map(|one| one.key)
            .collect();
        let mut unused = open.state.all();
        unused.retain(|one| {
            open.decision(one)
                .is_some_and(|decision| !used.contains(&decision.key))
        });
        let unused: Vec<&str> = unused
            .iter()
            .map(|one| one.conflict.path.as_str())
            .collect();
        if unused.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Conflicts,
            format!(
                "what was decided has no effect now, since other texts meet: {}",
                unused.join(", ")
            ),
        )
        .help(format!(
            "take it back: `wash-wasi-sync resolve {} --undo`",
            unused.join(" ")
        )))
    }

    /// Says what changed in the project since the conflicts were found. Decisions hold where
    /// the same texts meet, so only what that concerns is to be decided anew.
    fn changed_since(&self, open: &OpenUpgrade) -> Option<String> {
        let before = &open.state.inputs;
        let now = digests(self.project);
        let paths: BTreeSet<&TreePath> = before.keys().chain(now.keys()).collect();
        let mut changed: Vec<String> = paths
            .into_iter()
            .filter(|path| before.get(*path) != now.get(*path))
            .map(ToString::to_string)
            .collect();
        let pin = &self.project.manifest().fork.pin;
        if *pin != open.state.pin {
            changed.insert(0, format!("the pin, from {} to {pin}", open.state.pin));
        }
        (!changed.is_empty()).then(|| {
            let what = joined(&changed, changed.len());
            format!("changed since the conflicts were found: {what}; decisions hold where the same texts meet")
        })
    }

    /// Returns what was decided: now, and behind the gates what is remembered.
    fn resolutions(&self) -> Resolutions {
        let mut all = match self.request.no_verify {
            true => Resolutions::new(),
            false => self.project.inputs.resolutions.clone(),
        };
        let now = self.open.map(|open| open.decisions.clone());
        all.extend(now.into_iter().flatten());
        all
    }

    /// Returns the releases on the way, where the series is to climb by lines.
    fn through(&self) -> Result<Vec<Version>> {
        if let Some(open) = self.open {
            // The way stays, whatever upstream releases meanwhile.
            return Ok(open.state.through.clone());
        }
        if !self.request.step {
            return Ok(Vec::new());
        }
        let lowest = self
            .project
            .manifest()
            .series
            .iter()
            .map(|s| s.base.major)
            .min();
        let mut newest = newest_of_lines(&self.upstream.list()?, lowest.unwrap_or_default());
        newest.retain(|version| version.major < self.request.to.major);
        Ok(newest)
    }

    /// Opens the upgrade, so that its conflicts can be decided, and reports them.
    fn conflicting(
        &self,
        installer: &Installer<'_, '_>,
        ready: &PreparedRelease,
        through: Vec<Version>,
        rebased: Rebased,
    ) -> Result<MadeReport> {
        let manifest = self.project.manifest();
        let mut report = installer.bare_report(manifest, ready, Ended::Conflicts);
        report.conflicts.clone_from(&rebased.conflicts);
        let told = self.opened(through, rebased)?;
        report.open = self.is_kept().then_some(told);
        Ok(report)
    }

    /// Tells whether an upgrade that cannot end is kept open.
    fn is_kept(&self) -> bool {
        self.lock.write_lock().is_some() && !self.check_only
    }

    /// Opens the upgrade, where it is to be kept, and reports what is to be decided, with the
    /// page where one is wanted.
    fn opened(&self, through: Vec<Version>, rebased: Rebased) -> Result<ConflictsReport> {
        let (context, project) = (self.context, self.project);
        let manifest = project.manifest();
        let state = State::new(
            &manifest.fork.name,
            &manifest.fork.pin,
            self.request.clone(),
            digests(project),
            through,
            rebased,
        );
        let dir = context.open_upgrade_dir(manifest)?;
        let open = match self.is_kept() {
            true => OpenUpgrade::open(&dir, state)?,
            false => OpenUpgrade::unsaved(&dir, state),
        };
        let mut told = conflicts::report(context, &open, &project.inputs);
        if self.review.is_wanted() {
            let upstream = Some(self.upstream);
            conflicts::write_page(context, manifest, self.review, &open, upstream, &mut told)?;
        }
        Ok(told)
    }
}
