//! `check --exported`: is an exported tree what upstream, manifest and patches give?

use std::path::Path;

use recipe::drift::Drift;
use recipe::manifest::Versions;

use super::super::check::{differences, together_with};
use super::*;
use crate::cli::CheckArgs;
use crate::report::CheckReport;

/// Runs the command on an exported tree.
///
/// # Errors
///
/// Where there is nothing to compare with, or, for `--deep`, upstream is not as locked.
pub(crate) fn run(context: &Context<'_>, args: &CheckArgs, dir: &Path) -> Result<CheckReport> {
    let (_look, project) = context.open(Access::Read)?;
    let lock = project.locked()?;
    let place = Destination::of(context, &project, dir)?;
    let _beside = context.read_lock_at(&place.above, &place.work)?;
    let export = Export::of(context, &project, &place)?;
    let again = format!("`wash-wasi-sync export --as-upstream {}`", place.shown);
    let Some(recorded) = &lock.exported else {
        let message = format!("{} records no export", lock::FILE);
        return Err(Error::new(Kind::Drift, message).help(format!("make one: {again}")));
    };
    if export.there.found.is_none() {
        let message = format!("there is no exported tree in {}", place.shown);
        return Err(Error::new(Kind::Drift, message).help(format!("make it: {again}")));
    }
    let mut drift = drift::of_inputs(lock, &project.inputs);
    let mut notes = Vec::new();
    if lock.current_export().is_none() {
        notes.push(format!(
            "the recorded export is {}, of an older tree than the locked one",
            recorded.version
        ));
        // What is not known as made by a run may have edits as well.
        if export.there.of_the_lock().is_ok() {
            drift.push(Drift {
                path: place.shown.clone(),
                what: DriftKind::Earlier,
                kind: None,
            });
        }
    } else if recorded.version != export.exported.manifest().fork.version {
        notes.push(format!(
            "the recorded version of the export is {}, which the manifest does not give",
            recorded.version
        ));
        drift.push(input(lock::FILE));
    }
    let mut edits = export.there.edits.clone();
    if args.deep {
        let forked = export.made(&args.source, &mut Steps::default())?;
        let found = export.there.entries().cloned().unwrap_or_default();
        let deep = export.exported.edits(&forked.made.tree.entries(), &found);
        together_with(&mut edits, deep);
    }
    drift.extend(edits);
    Ok(CheckReport {
        pinned: Versions {
            fork: recorded.version.clone(),
            upstream: lock.upstream.version.clone(),
        },
        path: place.shown.clone(),
        exported: true,
        files: recorded.files.0.len(),
        digest: recorded.digest,
        deep: args.deep,
        drift,
        notes,
        differences: differences(project.series_in_use()),
    })
}

fn input(path: &str) -> Drift {
    Drift {
        path: path.to_owned(),
        what: DriftKind::Input,
        kind: None,
    }
}
