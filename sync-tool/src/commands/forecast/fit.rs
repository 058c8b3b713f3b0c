//! How the fork's series fits a release, up to where an upgrade would make the tree.

use std::collections::{BTreeMap, BTreeSet};

use recipe::error::Result;
use recipe::merge::MergedHunk;
use recipe::series;
use recipe::series::{ConflictKind, FileConflict, Rebased};
use recipe::tree::TreePath;

use crate::commands::context::Steps;
use crate::commands::pipeline::{ForkBuild, Merging, Outcome, Pipeline, PreparedRelease};
use crate::commands::project::Project;
use crate::commands::release::locked;
use crate::report::{PatchFit, PatchFitKind, SeriesFit, SeriesReport, TakenReport, by_layer};

/// What an upgrade to a release would come to.
pub(in crate::commands) struct Fit {
    /// Which series serves it, and how.
    pub series: SeriesFit,
    /// What would become of each patch, in the order of the files.
    pub patches: Vec<PatchFit>,
    /// What upstream has taken.
    pub taken: Vec<TakenReport>,
}

/// Brings the nearest series to a release, as `upgrade` does. Nothing is written.
///
/// # Errors
///
/// Those of the merge.
pub(in crate::commands) fn at(
    pipeline: &Pipeline<'_>,
    project: &Project,
    ready: PreparedRelease,
    steps: &mut Steps,
) -> Result<Fit> {
    let pin = &project.manifest().fork.pin;
    let merging = Merging {
        pin: (pin, locked(project.lock.as_ref(), pin)),
        through: &[],
        resolutions: &project.inputs.resolutions,
    };
    let inputs = project.inputs.clone();
    Ok(match pipeline.merged(inputs, ready, &merging, steps)? {
        Outcome::Made(forked) => made(*forked),
        Outcome::Conflicts(ready, rebased) => conflicting(project, &ready, &rebased),
    })
}

fn made(forked: ForkBuild) -> Fit {
    let Some(report) = forked.report else {
        return Fit {
            series: SeriesFit::None,
            patches: Vec::new(),
            taken: Vec::new(),
        };
    };
    Fit {
        series: of_report(&report),
        patches: patches(&report),
        taken: report.taken,
    }
}

fn of_report(report: &SeriesReport) -> SeriesFit {
    let merged = report.patches.iter().filter(|patch| patch.merged);
    let merged = merged.map(|patch| patch.path.clone());
    let taken = report.taken.iter().map(|taken| taken.path.clone());
    let files: BTreeSet<_> = merged.chain(taken).collect();
    match report.stored_as {
        None => SeriesFit::Exact {
            series: report.base.clone(),
            delta: report.delta,
        },
        Some(_) => SeriesFit::Merged {
            series: report.base.clone(),
            delta: report.delta,
            files: files.into_iter().collect(),
        },
    }
}

fn patches(report: &SeriesReport) -> Vec<PatchFit> {
    let hunks = |path: &TreePath| {
        let files = report.merges.iter().flat_map(|merge| &merge.files);
        let files = files.filter(|file| file.path == *path);
        by_layer(files.flat_map(|file| &file.hunks))
    };
    let kept = report.patches.iter().map(|patch| PatchFit {
        path: patch.path.clone(),
        fit: match patch.merged {
            true => PatchFitKind::Merged,
            false => PatchFitKind::Exact,
        },
        layers: hunks(&patch.path),
        items: Vec::new(),
    });
    let gone = report.taken.iter().filter(|taken| taken.left.is_none());
    let gone = gone.map(|taken| PatchFit {
        path: taken.path.clone(),
        fit: PatchFitKind::Taken,
        layers: BTreeMap::new(),
        items: Vec::new(),
    });
    let mut all: Vec<PatchFit> = kept.chain(gone).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

fn conflicting(project: &Project, ready: &PreparedRelease, rebased: &Rebased) -> Fit {
    let all = &project.inputs.series;
    let choice = series::choose(all, &ready.release.version, &ready.prepared.tree);
    let conflict = |one: &FileConflict| PatchFit {
        path: one.path.clone(),
        fit: PatchFitKind::Conflict,
        layers: by_layer(&one.hunks),
        items: match &one.kind {
            ConflictKind::Lines { merge } => {
                let items = merge.conflicts().filter_map(|lines| lines.item.clone());
                items.collect()
            }
            other => vec![other.to_string()],
        },
    };
    let merged = rebased.files.iter().map(|(path, file)| {
        let hunks: &[MergedHunk] = file.merged.as_ref().map_or(&[], |merged| &merged.hunks);
        PatchFit {
            path: path.clone(),
            fit: match file.merged {
                Some(_) => PatchFitKind::Merged,
                None => PatchFitKind::Exact,
            },
            layers: by_layer(hunks),
            items: Vec::new(),
        }
    });
    let mut patches: Vec<PatchFit> = rebased.conflicts.iter().map(conflict).collect();
    patches.extend(merged);
    patches.sort_by(|a, b| a.path.cmp(&b.path));
    let conflicts = rebased.conflicts.iter();
    Fit {
        series: SeriesFit::Conflicts {
            series: choice.series.map(|stored| stored.base.clone()),
            files: conflicts.map(|one| one.path.clone()).collect(),
        },
        patches,
        taken: Vec::new(),
    }
}
