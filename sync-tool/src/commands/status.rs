//! `status`: where the fork stands.

mod releases;

use std::collections::BTreeMap;

use recipe::drift;
use recipe::error::Result;
use recipe::manifest::{Manifest, Versions};
use recipe::release::{Listed, VersionRequest};
use recipe::series::StoredSeries;
use semver::Version;
use upstream::Upstream;

pub(super) use releases::{or_error, or_reason};

use super::check::differences;
use super::conflicts;
use super::context::{Access, Context};
use super::pipeline::Pipeline;
use super::project::Project;
use crate::cli::StatusArgs;
use crate::report::{Newest, SeriesStatus, StatusReport, SupportStatus, TreeState};

/// Runs the command.
///
/// # Errors
///
/// Where the project cannot be read, or the options contradict each other. Upstream that
/// cannot be asked is told, and no error.
pub(super) fn run(context: &Context<'_>, args: &StatusArgs) -> Result<StatusReport> {
    let (read_lock, project) = context.open(Access::ReadBesideWriter)?;
    let tree = tree_state(&project)?;
    // Upstream may take its time.
    drop(read_lock);
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let (listed, newest_unknown) = match upstream.list() {
        Ok(listed) => (Some(listed), None),
        Err(e) if e.kind() == recipe::Kind::Interrupted => return Err(e),
        Err(e) => (None, Some(e.to_string())),
    };
    let newest = listed
        .as_ref()
        .map(|listed| newest(&upstream, listed, &project));
    let newest = newest.transpose()?;
    let listed = listed
        .as_deref()
        .ok_or(newest_unknown.as_deref().unwrap_or_default());
    let pipeline = Pipeline {
        upstream: &upstream,
        formatter: &context.formatter(),
        patched: project.inputs.patched(),
    };
    let releases = args
        .series
        .then(|| releases::releases(context, &pipeline, &project, listed))
        .transpose()?;
    let overall = newest.as_ref().and_then(|newest| newest.overall.as_ref());
    let support = overall.and_then(|overall| support(project.manifest(), overall));
    let lock = project.lock.as_ref();
    let in_use = lock.and_then(|lock| lock.tree.series.as_ref());
    let series = project.inputs.series.iter();
    let shown = args
        .differences
        .then(|| differences(project.series_in_use()));
    let open = context.open_upgrade(&project).unwrap_or_else(|e| {
        context
            .host
            .status
            .warn(&format!("{e}; {}", e.hints().join("; ")));
        None
    });
    let open = open.map(|open| conflicts::report(context, &open, &project.inputs));
    Ok(StatusReport {
        open,
        pinned: Versions {
            fork: project.manifest().fork.version.clone(),
            upstream: project.manifest().fork.pin.clone(),
        },
        commit: lock.and_then(|lock| lock.upstream.commit.clone()),
        newest,
        newest_unknown,
        support,
        series: series
            .map(|stored| series_status(stored, in_use == Some(&stored.base)))
            .collect(),
        path: project.manifest().fork.path.clone(),
        tree,
        gates: lock.map(|lock| lock.gates.clone()).unwrap_or_default(),
        differences: shown,
        releases,
    })
}

fn newest(upstream: &Upstream<'_>, listed: &[Listed], project: &Project) -> Result<Newest> {
    let line = VersionRequest::Line {
        major: project.manifest().fork.pin.major,
        minor: None,
    };
    let newest =
        |wanted: &VersionRequest| wanted.choose(listed).map(|listed| listed.version.clone());
    let [of_line, overall] = [&line, &VersionRequest::Latest].map(newest);
    let newer = upstream.newer_in_registry(&[line, VersionRequest::Latest], listed)?;
    if !newer.is_empty() {
        upstream.warn(&upstream.from_registry(&newer));
    }
    Ok(Newest {
        of_line,
        overall,
        newer_in_registry: newer,
    })
}

fn support(manifest: &Manifest, newest: &Version) -> Option<SupportStatus> {
    let policy = manifest.upstream.support.as_ref()?;
    let line = manifest.fork.pin.major;
    let mut lines = policy.lines(newest.major.max(line));
    let lowest = manifest.series.iter().map(|series| series.base.major).min();
    // The fork cannot go to a line below its lowest series.
    lines.retain(|line| lowest.is_none_or(|lowest| *line >= lowest));
    let mut long_term = lines.iter().filter(|line| policy.is_long_term(**line));
    Some(SupportStatus {
        supported: lines.contains(&line),
        long_term: policy.is_long_term(line),
        newest_long_term: long_term.next_back().copied(),
        lines,
    })
}

fn series_status(stored: &StoredSeries, in_use: bool) -> SeriesStatus {
    let patches = stored.patches.iter();
    let patches: BTreeMap<_, _> = patches
        .map(|(path, patch)| (path.clone(), patch.patch.delta()))
        .collect();
    SeriesStatus {
        base: stored.base.clone(),
        dir: stored.dir.clone(),
        in_use,
        patches,
        delta: stored.delta(),
        budget: stored.limit,
        files: stored.files.len(),
    }
}

fn tree_state(project: &Project) -> Result<TreeState> {
    let vendored = project.vendored()?;
    let state = match (vendored.entries(), &project.lock) {
        (None, _) => TreeState::Absent,
        (Some(_), None) => TreeState::Unlocked,
        (Some(_), Some(lock)) => {
            let inputs = drift::of_inputs(lock, &project.inputs);
            let (mut drift, _) = drift::group_converted(project.manifest(), inputs);
            drift.extend(vendored.edits);
            if drift.is_empty() {
                TreeState::Clean {
                    files: lock.files.0.len(),
                    digest: lock.tree.digest,
                }
            } else {
                TreeState::Drifted { drift }
            }
        }
    };
    Ok(state)
}
