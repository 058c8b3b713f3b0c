//! `upgrade`: the fork goes to another upstream release.

use std::path::{Path, PathBuf};

use semver::Version;

use super::context::{Context, Steps, work_dir};
use super::making::{Making, Outcome, Ready};
use super::place::Placing;
use super::project::{Project, read_manifest};
use super::verified::Verify;
use crate::cli::UpgradeArgs;
use crate::core::lock::Lock;
use crate::core::manifest::{HistoryRow, Manifest};
use crate::core::release::Wanted;
use crate::core::report::{Ended, MadeReport};
use crate::core::series::{Conflict, Inputs};
use crate::error::{Error, Result};
use crate::ports::review;
use crate::ports::upstream::{Locked, Upstream};

/// Runs the command.
///
/// # Errors
///
/// Those of every step; the pinned tree is untouched then. Conflicts are no
/// error here: the report has them.
pub fn run(context: &Context<'_>, args: &UpgradeArgs) -> Result<MadeReport> {
    let manifest = read_manifest(&context.root)?;
    let hold = context.hold(&manifest, args.dry_run)?;
    // A killed run may just have been finished: what it wrote counts.
    let project = Project::load(&context.root, read_manifest(&context.root)?)?;
    let vendored = project.vendored()?;
    vendored.no_edits(project.manifest(), args.edits.discard_edits)?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let formatter = context.formatter();
    let making = Making {
        upstream: &upstream,
        formatter: &formatter,
    };
    let mut steps = Steps::default();
    let version = steps.time("resolve", || resolve(&upstream, &args.to))?;
    let inputs = Inputs {
        manifest: pinned(project.manifest(), &version, args)?,
        ..project.inputs.clone()
    };
    let locked = locked(project.lock.as_ref(), &version);
    let ready = making.ready(&inputs.manifest, &version, locked, &mut steps)?;
    let placing = Placing {
        context,
        project: &project,
        vendored: &vendored,
        command: "upgrade",
        verify: if args.no_verify {
            Verify::Skip("--no-verify")
        } else {
            Verify::All
        },
        upstream: (!args.no_upstream_tests).then_some(&upstream),
        toolchain: args.toolchain.clone(),
        locked: false,
    };
    match making.merged(inputs, ready, &mut steps)? {
        Outcome::Made(forked) => placing.place(hold.turn(), *forked, steps),
        Outcome::Conflicts(ready, conflicts) => {
            let mut report = conflicting(context, &placing, &ready, conflicts, args)?;
            report.steps = steps.done();
            Ok(report)
        }
    }
}

/// Finds the release that is meant.
///
/// # Errors
///
/// Where upstream cannot be asked, or has none, with the nearest that it has.
pub fn resolve(upstream: &Upstream<'_>, wanted: &Wanted) -> Result<Version> {
    if let Wanted::Exact(version) = wanted {
        return Ok(version.clone());
    }
    let listed = upstream.list()?;
    let chosen = wanted.choose(&listed).map(|listed| listed.version.clone());
    chosen.ok_or_else(|| {
        let mut lines: Vec<u64> = listed.iter().map(|l| l.version.major).collect();
        lines.dedup();
        let last: Vec<String> = lines.iter().rev().take(5).map(u64::to_string).collect();
        Error::upstream(format!("upstream has no release of the line {wanted}"))
            .help(format!("the newest lines it has: {}", last.join(", ")))
    })
}

/// Returns what the lock has of a release; nothing for another one.
pub fn locked<'l>(lock: Option<&'l Lock>, version: &Version) -> Locked<'l> {
    let lock = lock.filter(|lock| lock.upstream.version == *version);
    Locked {
        commit: lock.and_then(|lock| lock.upstream.commit.as_deref()),
        checksum: lock.and_then(|lock| lock.upstream.checksum.as_deref()),
        digest: lock.map(|lock| lock.upstream.digest),
    }
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
            crate::Kind::Usage,
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
    placing: &Placing<'_, '_>,
    ready: &Ready,
    conflicts: Vec<Conflict>,
    args: &UpgradeArgs,
) -> Result<MadeReport> {
    let manifest = placing.project.manifest();
    let dir: PathBuf = match &args.conflicts_dir {
        Some(dir) => context.host.env.dir().join(dir),
        None => work_dir(manifest)?
            .below(&context.root)
            .join("conflicts")
            .join(format!("v{}", ready.release.version)),
    };
    let mut report = placing.bare_report(manifest, ready, Ended::Conflicts);
    report.to.upstream = ready.release.version.clone();
    if !args.dry_run {
        write_review(&dir, &conflicts)?;
        report.conflicts_dir = Some(shown(&dir, &context.root));
    }
    report.conflicts = conflicts;
    Ok(report)
}

fn write_review(dir: &Path, conflicts: &[Conflict]) -> Result<()> {
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
