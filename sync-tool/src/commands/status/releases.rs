//! `status --series`: which series serves each release line, and how.

use std::collections::BTreeSet;

use recipe::error::{Error, Kind, Result};
use recipe::release::{Listed, newest_of_lines};
use recipe::series::FileConflict;
use recipe::{rust_version, series};
use semver::Version;

use crate::commands::context::{Context, Steps};
use crate::commands::pipeline::{Merging, Outcome, Pipeline, PreparedRelease};
use crate::commands::project::Project;
use crate::commands::release::locked;
use crate::commands::upstream_tests;
use crate::report::{ReleaseStatus, ReleasesStatus, SeriesFit};

/// Brings the series to the newest known release of each line from the lowest base on,
/// up to where `upgrade --dry-run` would make the tree. Nothing is written.
///
/// # Errors
///
/// The interrupt alone: what else fails is the reason in that release's row.
pub(super) fn releases(
    context: &Context<'_>,
    pipeline: &Pipeline<'_>,
    project: &Project,
    listed: std::result::Result<&[Listed], &str>,
) -> Result<ReleasesStatus> {
    let rustc = or_reason(upstream_tests::cargo(context, None, None).rustc_version())?;
    let lowest = project.manifest().series.iter().map(|s| s.base.major).min();
    let known = known(project, listed.unwrap_or_default());
    let lines = newest_of_lines(&known, lowest.unwrap_or_default());
    let rows = lines.iter().map(|version| {
        let mut row = match listed {
            // Each would wait as long for the same answer.
            Err(why) if !context.offline => unknown(
                version,
                format!("{why}; to see what the caches have: `--offline`"),
            ),
            _ => row(pipeline, project, version)?,
        };
        let wanted = row.rust_version.as_deref().and_then(rust_version::parse);
        row.rust_is_new_enough = rustc
            .as_ref()
            .ok()
            .zip(wanted)
            .map(|(rustc, wanted)| rust_version::is_new_enough(rustc, &wanted));
        Ok(row)
    });
    let rows = rows.collect::<Result<_>>()?;
    let (rustc, rustc_unknown) = match rustc {
        Ok(rustc) => (Some(rustc), None),
        Err(why) => (None, Some(why)),
    };
    Ok(ReleasesStatus {
        rustc,
        rustc_unknown,
        rows,
    })
}

/// Returns the releases that upstream lists and those that the manifest names: a source
/// that lacks one of these is to be seen.
fn known(project: &Project, listed: &[Listed]) -> Vec<Listed> {
    let named: BTreeSet<&Version> = project.manifest().releases().collect();
    let named = named.into_iter().map(|version| Listed {
        version: version.clone(),
        yanked: false,
        rust_version: None,
    });
    let is_listed = |one: &Listed| listed.iter().any(|l| l.version == one.version);
    let unlisted = named.filter(|one| !is_listed(one));
    listed.iter().cloned().chain(unlisted).collect()
}

fn row(pipeline: &Pipeline<'_>, project: &Project, version: &Version) -> Result<ReleaseStatus> {
    let mut row = unknown(version, String::new());
    let manifest = project.manifest();
    let locked = |version| locked(project.lock.as_ref(), version);
    let pin = &manifest.fork.pin;
    let mut steps = Steps::default();
    let fit = pipeline
        .ready(manifest, version, locked(version), &mut steps)
        .and_then(|ready| {
            row.rust_version = ready.inherited.rust_version.clone();
            let merging = Merging {
                pin: (pin, locked(pin)),
                through: &[],
                resolutions: &project.inputs.resolutions,
            };
            let inputs = project.inputs.clone();
            let outcome = pipeline.merged(inputs, ready, &merging, &mut steps)?;
            Ok(fit(project, outcome))
        });
    row.fit = or_reason(fit)?.unwrap_or_else(|why| SeriesFit::Unknown { why });
    Ok(row)
}

fn unknown(version: &Version, why: String) -> ReleaseStatus {
    ReleaseStatus {
        upstream: version.clone(),
        rust_version: None,
        rust_is_new_enough: None,
        fit: SeriesFit::Unknown { why },
    }
}

fn fit(project: &Project, outcome: Outcome) -> SeriesFit {
    let forked = match outcome {
        Outcome::Conflicts(ready, conflicts) => return conflicting(project, &ready, &conflicts),
        Outcome::Made(forked) => forked,
    };
    let Some(report) = forked.report else {
        return SeriesFit::None;
    };
    let merged = report.patches.iter().filter(|patch| patch.merged);
    let merged = merged.map(|patch| patch.path.clone());
    let taken = report.taken.iter().map(|taken| taken.path.clone());
    let files: BTreeSet<_> = merged.chain(taken).collect();
    match report.stored_as {
        None => SeriesFit::Exact {
            series: report.base,
            delta: report.delta,
        },
        Some(_) => SeriesFit::Merged {
            series: report.base,
            delta: report.delta,
            files: files.into_iter().collect(),
        },
    }
}

fn conflicting(
    project: &Project,
    ready: &PreparedRelease,
    conflicts: &[FileConflict],
) -> SeriesFit {
    let all = &project.inputs.series;
    let choice = series::choose(all, &ready.release.version, &ready.prepared.tree);
    SeriesFit::Conflicts {
        series: choice.series.map(|stored| stored.base.clone()),
        files: conflicts.iter().map(|one| one.path.clone()).collect(),
    }
}

/// Returns the reason of a failure as a text; the interrupt stays one.
fn or_reason<T>(result: Result<T>) -> Result<Result<T, String>> {
    match result {
        Err(e) if e.kind() == Kind::Interrupted => Err(e),
        other => Ok(other.map_err(|e: Error| e.to_string())),
    }
}
