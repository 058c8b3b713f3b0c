//! `upgrade`: the fork goes to another upstream release; `continue`: it goes on after
//! conflicts were decided.

use clap::ValueEnum;
use recipe::address::Address;
use recipe::error::{Error, Kind, Result};
use recipe::manifest::{HistoryRow, Manifest};
use recipe::release::newest_of_lines;
use recipe::series::{FileConflict, Inputs, Resolutions};
use semver::Version;
use upstream::Upstream;

use super::context::{Access, Context, ProjectLock, Steps};
use super::install::Installer;
use super::pipeline::{Merging, Outcome, Pipeline, PreparedRelease};
use super::project::Project;
use super::release::{builds_here, locked, resolve};
use super::vendored::Vendored;
use super::verified::Verify;
use crate::cli::{ContinueArgs, SourceArg, SourceArgs, UpgradeArgs};
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
            discard_edits: args.edits.discard_edits,
            no_verify: args.no_verify,
            no_upstream_tests: args.no_upstream_tests,
            toolchain: args.toolchain.clone(),
            source: args.source.source.name(),
            upstream: plain.map(ToString::to_string),
            upstream_has_secrets: address.is_some() && plain.is_none(),
        },
        check_only: args.check,
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
    request.no_verify |= args.no_verify;
    request.no_upstream_tests |= args.no_upstream_tests;
    let vendored = project.vendored()?;
    project.not_converted()?;
    vendored.no_edits(project.manifest(), request.discard_edits)?;
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
        open: Some(&open),
    };
    attempt.run(Steps::default())
}

/// Returns where an open upgrade takes upstream from: as now named, else as it began.
fn source_of(request: &Request, now: &SourceArgs) -> Result<SourceArgs> {
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
    let conflicts = open.state.conflicts.iter();
    let edited: Vec<&str> = conflicts
        .filter(|one| open.is_edited_since(one))
        .map(|one| one.conflict.path.as_str())
        .collect();
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
    /// The upgrade that is open, if one is.
    open: Option<&'a OpenUpgrade>,
}

impl<'a> Attempt<'a> {
    fn run(&self, mut steps: Steps) -> Result<MadeReport> {
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
        let merging = Merging {
            pin: (pin, locked(pin)),
            through: &self.through()?,
            resolutions: &self.resolutions(),
        };
        let mut report = match pipeline.merged(inputs, ready, &merging, &mut steps)? {
            Outcome::Made(forked) => {
                if let Some(open) = self.open {
                    open.finishing(&forked.inputs.manifest.text)?;
                }
                installer.install(self.lock.write_lock(), *forked, steps)?
            }
            Outcome::Conflicts(ready, conflicts) => {
                let mut report = self.conflicting(&installer, &ready, conflicts)?;
                report.steps = steps.done();
                report
            }
        };
        report.notes.extend(note);
        if report.ended == Ended::Committed || report.ended == Ended::Unchanged {
            self.context.finish(self.open)?;
        }
        Ok(report)
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
        conflicts: Vec<FileConflict>,
    ) -> Result<MadeReport> {
        let manifest = self.project.manifest();
        let mut report = installer.bare_report(manifest, ready, Ended::Conflicts);
        report.conflicts.clone_from(&conflicts);
        if self.lock.write_lock().is_some() && !self.check_only {
            let state = State::new(
                &manifest.fork.name,
                &manifest.fork.pin,
                self.request.clone(),
                self.project
                    .files
                    .entries()
                    .0
                    .into_iter()
                    .map(|(p, e)| (p, e.digest))
                    .collect(),
                conflicts,
            );
            let dir = self.context.open_upgrade_dir(manifest)?;
            let open = OpenUpgrade::open(&dir, state)?;
            report
                .notes
                .extend(super::conflicts::remembered(&open, &self.project.inputs));
            report.open = Some(super::conflicts::report(
                self.context,
                &open,
                &self.project.inputs,
            ));
        }
        Ok(report)
    }
}

/// Says why going down to an older line gives the fork a new version: one version stands
/// for one tree, so that of another release of the line cannot be taken.
fn new_number(before: &Manifest, after: &Manifest) -> Option<String> {
    let (upstream, fork) = (&after.fork.pin, &after.fork.version);
    let is_new = before.history.iter().all(|row| row.fork != *fork);
    if *upstream >= before.fork.pin || !is_new {
        return None;
    }
    let line = upstream.major;
    let of_line = |row: &&HistoryRow| row.upstream.major == line;
    let row = before
        .history
        .iter()
        .filter(of_line)
        .max_by_key(|row| &row.upstream);
    Some(match row {
        Some(row) => format!(
            "{fork} is a new version of the fork, although {} is of line {line} too: that is upstream {}, and a version \
             stands for one tree. To go there instead: `wash-wasi-sync upgrade --to v{}`",
            row.fork, row.upstream, row.upstream
        ),
        None => format!("{fork} is a new version of the fork: the history has none of line {line}"),
    })
}

/// Fails where a release is of a line below all that the series are for: nobody has made
/// patches for it, and those of a later line are not carried down by guessing.
fn served(manifest: &Manifest, version: &Version) -> Result<()> {
    let bases = manifest.series.iter().map(|series| &series.base);
    let Some(lowest) = bases.clone().min().filter(|low| version.major < low.major) else {
        return Ok(());
    };
    let bases: Vec<String> = bases.map(Version::to_string).collect();
    Err(Error::general(format!(
        "no series serves upstream {version}: lines from {} on are served, by the series {}",
        lowest.major,
        bases.join(", ")
    ))
    .help("take a release of such a line, or write a `[[series]]` with a base of that line (docs/upgrade-guide.md)"))
}

/// Returns the manifest with the pin and the row of history that an upgrade gives.
fn pinned(manifest: &Manifest, request: &Request) -> Result<Manifest> {
    let upstream = &request.to;
    let known = manifest.fork_version_of(upstream);
    let fork = match (&request.fork_version, known) {
        (Some(version), _) => version.clone(),
        (None, Some(version)) => version.clone(),
        (None, None) => manifest.next_fork_version(),
    };
    let row = manifest.history.iter().find(|row| row.fork == fork);
    if let Some(row) = row
        && row.upstream != *upstream
    {
        return Err(Error::new(
            Kind::Usage,
            format!("{fork} is upstream {} by the history", row.upstream),
        )
        .help("choose another with `--fork-version`, or leave it out for the next one"));
    }
    let notes = match (&request.notes, row) {
        (Some(notes), _) => notes.clone(),
        (None, Some(row)) => row.notes.clone(),
        (None, None) => format!("wasmtime {upstream}"),
    };
    let unchanged = row.is_some_and(|row| row.notes == notes);
    let with_row = if unchanged {
        manifest.clone()
    } else {
        manifest.with_history(&HistoryRow {
            fork: fork.clone(),
            upstream: upstream.clone(),
            notes,
        })?
    };
    if with_row.fork.pin == *upstream && with_row.fork.version == fork {
        return Ok(with_row);
    }
    with_row.with_pin(upstream, &fork)
}
