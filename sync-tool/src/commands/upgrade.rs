//! `upgrade`: the fork goes to another upstream release.

use std::path::{Path, PathBuf};

use recipe::error::{Error, Kind, Result};
use recipe::manifest::{HistoryRow, Manifest};
use recipe::series::{FileConflict, Inputs};
use semver::Version;

use super::context::{Access, Context, Steps, work_dir};
use super::install::Installer;
use super::pipeline::{Outcome, Pipeline, PreparedRelease};
use super::release::{builds_here, locked, resolve};
use super::verified::Verify;
use crate::cli::UpgradeArgs;
use crate::report::{Ended, MadeReport};
use crate::review;

/// Runs the command.
///
/// # Errors
///
/// Those of every step; the pinned tree is untouched then. Conflicts are no
/// error here: the report has them.
pub(super) fn run(context: &Context<'_>, args: &UpgradeArgs) -> Result<MadeReport> {
    let (lock, project) = context.open(Access::unless_dry(args.dry_run && !args.check))?;
    let vendored = project.vendored()?;
    project.not_converted()?;
    vendored.no_edits(project.manifest(), args.edits.discard_edits)?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let formatter = context.formatter();
    let pipeline = Pipeline {
        upstream: &upstream,
        formatter: &formatter,
    };
    let mut steps = Steps::default();
    let version = steps.time("resolve", || resolve(&upstream, &args.to))?;
    served(project.manifest(), &version)?;
    upstream.warn_of_yanked(&version)?;
    let inputs = Inputs {
        manifest: pinned(project.manifest(), &version, args)?,
        ..project.inputs.clone()
    };
    let note = match args.fork_version {
        Some(_) => None,
        None => new_number(project.manifest(), &inputs.manifest),
    };
    let locked = |version| locked(project.lock.as_ref(), version);
    let ready = pipeline.ready(&inputs.manifest, &version, locked(&version), &mut steps)?;
    let installer = Installer {
        context,
        project: &project,
        vendored: &vendored,
        command: "upgrade",
        verify: match args.no_verify {
            true => Verify::Skip("--no-verify"),
            false => Verify::All,
        },
        check_only: args.check,
        upstream: (!args.no_upstream_tests).then_some(&upstream),
        toolchain: args.toolchain.clone(),
        locked: false,
    };
    if !args.no_verify && (!args.dry_run || args.check) {
        let (cargo, manifest) = (installer.cargo()?, project.manifest());
        let again = "run the same command with `--to";
        builds_here(&cargo, &upstream, manifest, &ready, again)?;
    }
    let pin = &project.manifest().fork.pin;
    let mut report = match pipeline.merged(inputs, ready, (pin, locked(pin)), &mut steps)? {
        Outcome::Made(forked) => installer.install(lock.write_lock(), *forked, steps)?,
        Outcome::Conflicts(ready, conflicts) => {
            let mut report = conflicting(context, &installer, &ready, conflicts, args)?;
            report.steps = steps.done();
            report
        }
    };
    report.notes.extend(note);
    Ok(report)
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
fn pinned(manifest: &Manifest, upstream: &Version, args: &UpgradeArgs) -> Result<Manifest> {
    let known = manifest.fork_version_of(upstream);
    let fork = match (&args.fork_version, known) {
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
    let notes = match (&args.notes, row) {
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

/// Writes conflicts for review, and reports them.
fn conflicting(
    context: &Context<'_>,
    installer: &Installer<'_, '_>,
    ready: &PreparedRelease,
    conflicts: Vec<FileConflict>,
    args: &UpgradeArgs,
) -> Result<MadeReport> {
    let manifest = installer.project.manifest();
    let dir: PathBuf = match &args.conflicts_dir {
        Some(dir) => context.host.env.dir().join(dir),
        None => work_dir(manifest)?
            .below(&context.root)
            .join("conflicts")
            .join(format!("v{}", ready.release.version)),
    };
    let mut report = installer.bare_report(manifest, ready, Ended::Conflicts);
    report.to.upstream = ready.release.version.clone();
    // A directory that is asked for is outside of what a dry run must not write.
    if !args.dry_run || args.conflicts_dir.is_some() {
        if let Some(kept) = write_review(&dir, &conflicts)? {
            context.host.status.warn(&format!(
                "{} was edited since it was written; it is kept as {}",
                shown(&dir, &context.root),
                shown(&kept, &context.root)
            ));
        }
        report.conflicts_dir = Some(shown(&dir, &context.root));
    }
    report.conflicts = conflicts;
    Ok(report)
}

fn write_review(dir: &Path, conflicts: &[FileConflict]) -> Result<Option<PathBuf>> {
    let json = serde_json::to_vec_pretty(conflicts)
        .map_err(|e| Error::general(format!("conflicts cannot be written: {e}")).caused_by(e))?;
    let marked = conflicts
        .iter()
        .map(|c| (c.path.as_str(), c.with_markers().into_bytes()));
    let files = marked.chain([("conflicts.json", json)]);
    review::write_review(dir, files.collect())
}

fn shown(dir: &Path, root: &Path) -> String {
    dir.strip_prefix(root).unwrap_or(dir).display().to_string()
}
