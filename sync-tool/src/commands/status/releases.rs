//! `status --series`: which series serves each release line, and how.

use std::collections::BTreeSet;

use recipe::error::{Error, Kind, Result};
use recipe::release::{Listed, newest_of_lines};
use recipe::rust_version;
use semver::Version;

use crate::commands::context::{Context, Steps};
use crate::commands::forecast::fit;
use crate::commands::pipeline::Pipeline;
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
    let mut steps = Steps::default();
    let locked = locked(project.lock.as_ref(), version);
    let fit = pipeline
        .ready(project.manifest(), version, locked, &mut steps)
        .and_then(|ready| {
            row.rust_version = ready.inherited.rust_version.clone();
            Ok(fit::at(pipeline, project, ready, &mut steps)?.series)
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

/// Returns a failure as a value; the interrupt stays one.
pub(in crate::commands) fn or_error<T>(result: Result<T>) -> Result<Result<T, Error>> {
    match result {
        Err(e) if e.kind() == Kind::Interrupted => Err(e),
        other => Ok(other),
    }
}

/// Returns the reason of a failure as a text; the interrupt stays one.
pub(in crate::commands) fn or_reason<T>(result: Result<T>) -> Result<Result<T, String>> {
    Ok(or_error(result)?.map_err(|e| e.to_string()))
}
