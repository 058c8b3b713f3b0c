//! `upgrade`: the fork goes to another upstream release; `continue`: it goes on after
//! conflicts were decided.

mod target;

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use recipe::address::Address;
use recipe::error::{Error, Kind, Result};
use recipe::listing::joined;
use recipe::release::newest_of_lines;
use recipe::series::{Inputs, Rebased, RebasedFile, Resolutions, StoredSeries};
use recipe::tree::{Digest, TreePath};
use semver::Version;
use target::{new_number, pinned, served};
use upstream::Upstream;

use super::conflicts;
use super::context::{Access, Context, ProjectLock, Steps};
use super::install::Installer;
use super::pipeline::{ForkBuild, Merging, Outcome, Pipeline, PreparedRelease};
use super::project::Project;
use super::release::{builds_here, locked, resolve};
use super::review;
use super::vendored::Vendored;
use super::verified::{AGAIN, Verify};
use crate::cli::{ContinueArgs, ReviewArgs, SourceArg, SourceArgs, UpgradeArgs};
use crate::open_upgrade::{OpenUpgrade, Request, State};
use crate::report::{Ended, MadeReport};
use crate::rustfmt::Rustfmt;

/// Runs `upgrade`.
///
/// # Errors
///
/// Those of every step; the pinned tree is untouched then. Conflicts are no
/// error here: the report has them, and the upgrade is open from then on.
pub(super) fn run(context: &Context<'_>, args: &UpgradeArgs) -> Result<MadeReport> {
    let (lock, project) = context.open(Access::unless_dry(args.dry_run && !args.check))?;
    let vendored = project.vendored()?;
    project.not_converted()?;
    vendored.no_edits(project.manifest(), args.edits.discard_edits)?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let mut steps = Steps::default();
    let to = steps.time("resolve", || resolve(&upstream, &args.to))?;
    served(project.manifest(), &to)?;
    upstream.warn_of_yanked(&to)?;
    let address = args.source.upstream.as_ref();
    let plain = address.filter(|address| address.secret() == address.to_string());
    let formatter = context.formatter();
    let attempt = Attempt {
        context,
        lock: &lock,
        project: &project,
        vendored: &vendored,
        upstream: &upstream,
        formatter: &formatter,
        request: Request {
            to,
            fork_version: args.fork_version.clone(),
            notes: args.notes.clone(),
            step: args.step,
            no_verify: args.no_verify,
            no_upstream_tests: args.no_upstream_tests,
            toolchain: args.toolchain.clone(),
            source: args.source.source.name(),
            upstream: plain.map(ToString::to_string),
            upstream_has_secrets: address.is_some() && plain.is_none(),
        },
        check_only: args.check,
        review: &args.review,
        open: None,
    };
    attempt.run(steps)
}

/// Runs `continue`.
///
/// # Errors
///
/// Where no upgrade is open, or a file is edited and not decided; those of `upgrade`.
pub(super) fn resume(context: &Context<'_>, args: &ContinueArgs) -> Result<MadeReport> {
    let (lock, project) = context.open(Access::Decide)?;
    let open = context.open_upgrade(&project)?.ok_or_else(none_is_open)?;
    ready_to_go_on(&open)?;
    let mut request = open.state.request.clone();
    request.no_verify = args.no_verify || request.no_verify && !args.verify;
    request.no_upstream_tests |= args.no_upstream_tests;
    if args.toolchain.is_some() {
        request.toolchain.clone_from(&args.toolchain);
    }
    let vendored = project.vendored()?;
    project.not_converted()?;
    vendored.no_edits(project.manifest(), args.edits.discard_edits)?;
    let source = source_of(&request, &args.source)?;
    let upstream = context.upstream(project.manifest(), &source)?;
    let formatter = context.formatter();
    let attempt = Attempt {
        context,
        lock: &lock,
        project: &project,
        vendored: &vendored,
        upstream: &upstream,
        formatter: &formatter,
        request,
        check_only: false,
        review: &args.review,
        open: Some(&open),
    };
    attempt.run(Steps::default())
}

/// Returns where an open upgrade takes upstream from: as now named, else as it began.
pub(super) fn source_of(request: &Request, now: &SourceArgs) -> Result<SourceArgs> {
    if now.upstream.is_some() || now.source != SourceArg::Auto {
        return Ok(now.clone());
    }
    let upstream = request.upstream.clone().map(Address::from);
    if upstream.is_none() && request.upstream_has_secrets {
        return Err(Error::new(
            Kind::Usage,
            "the upgrade began with a repository whose address has a password or token, which is not stored",
        )
        .help("name it again: `wash-wasi-sync continue --upstream URL`"));
    }
    let source = SourceArg::from_str(&request.source, false).unwrap_or(SourceArg::Auto);
    Ok(SourceArgs { source, upstream })
}

/// Says that there is nothing to decide on.
pub(super) fn none_is_open() -> Error {
    Error::general("no upgrade is open").help("begin one: `wash-wasi-sync upgrade --to VERSION`")
}

/// Fails where a decision is missing that a person has begun to make.
fn ready_to_go_on(open: &OpenUpgrade) -> Result<()> {
    let mut all = open.state.all();
    all.retain(|one| open.is_edited_since(one));
    let edited: Vec<&str> = all.iter().map(|one| one.conflict.path.as_str()).collect();
    if edited.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Conflicts,
        format!(
            "files were edited and not resolved since: {}",
            edited.join(", ")
        ),
    )
    .help("take them as they are: `wash-wasi-sync resolve`"))
}

/// Returns the digests of the project's files.
fn digests(project: &Project) -> BTreeMap<TreePath, Digest> {
    let files = project.files.entries().0.into_iter();
    files.map(|(path, entry)| (path, entry.digest)).collect()
}

/// One attempt to bring the fork to a release.
struct Attempt<'a> {
    context: &'a Context<'a>,
    lock: &'a ProjectLock,
    project: &'a Project,
    vendored: &'a Vendored,
    upstream: &'a Upstream<'a>,
    formatter: &'a Rustfmt<'a>,
    request: Request,
    /// Whether cargo only checks the tree.
    check_only: bool,
    /// What is to be written for review.
    review: &'a ReviewArgs,
    /// The upgrade that is open, if one is.
    open: Option<&'a OpenUpgrade>,
}

impl<'a> Attempt<'a> {
    fn run(&self, mut steps: Steps) -> Result<MadeReport> {
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
        let ready = pipeline.ready(&inputs.manifest, to, locked(to), &mut steps)?;
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
            let page = review::of_made(&manifest, before, &rebased, &report);
            let written = review::write(self.context, self.review, &page);
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
        let manifest = self.project.manifest();
        let dir = self.context.open_upgrade_dir(manifest)?;
        if self.open.is_none() && self.lock.write_lock().is_some() && !self.check_only {
            let rebased = Rebased {
                files,
                ..Rebased::default()
            };
            let state = State::new(
                &manifest.fork.name,
                &manifest.fork.pin,
                self.request.clone(),
                digests(self.project),
                self.through()?,
                rebased,
            );
            OpenUpgrade::open(&dir, state)?;
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
        let state = State::new(
            &manifest.fork.name,
            &manifest.fork.pin,
            self.request.clone(),
            digests(self.project),
            through,
            rebased,
        );
        let dir = self.context.open_upgrade_dir(manifest)?;
        let is_kept = self.lock.write_lock().is_some() && !self.check_only;
        let open = match is_kept {
            true => OpenUpgrade::open(&dir, state)?,
            false => OpenUpgrade::unsaved(&dir, state),
        };
        let mut told = conflicts::report(self.context, &open, &self.project.inputs);
        if self.review.is_wanted() {
            conflicts::add_commits(self.context, self.project, &open, &mut told)?;
            let page = review::of_open(manifest, &open, &told);
            review::write(self.context, self.review, &page)?;
        }
        report.open = is_kept.then_some(told);
        Ok(report)
    }
}
