//! The page for review: of an open upgrade, and of one that is made.

mod open;

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use gates::gate::GateReport;
pub(super) use open::of_open;
use page::{
    Before, Change, ChangeKind, Decision, DeltaChange, FileReview, FileState, Gate, GateResult,
    HunkReview, Review, State, Text, Versions,
};
use recipe::compare::Changed;
use recipe::error::{Error, Kind, Result};
use recipe::manifest::{FileKind, Manifest};
use recipe::merge::{MergedHunk, counterpart};
use recipe::patch::{Delta, Difference};
use recipe::series::{RebasedFile, Resolution};
use recipe::tree::TreePath;
use semver::Version;
use upstream::Upstream;

use super::context::Context;
use super::project::Project;
use crate::cli::ReviewArgs;
use crate::report::{Ended, MadeReport};

/// Fails where what is wanted for review has no place: before anything is changed.
///
/// # Errors
///
/// Names the directory that is missing.
pub(super) fn can_be_written(
    context: &Context<'_>,
    project: &Project,
    wanted: &ReviewArgs,
) -> Result<()> {
    if wanted.html.is_some() && wanted.html == wanted.markdown {
        let message = "the page and the Markdown cannot be one file";
        return Err(Error::new(Kind::Usage, message).help("name two"));
    }
    for file in [&wanted.html, &wanted.markdown].into_iter().flatten() {
        let place = context.host.env.dir().join(file);
        let below = place
            .strip_prefix(&context.root)
            .ok()
            .and_then(|below| below.to_str());
        if below.is_some_and(|below| project.owns(below)) {
            let message = format!("{} belongs to the project", file.display());
            return Err(Error::new(Kind::Usage, message).help("name another file for the review"));
        }
        let above = place.parent().filter(|above| !above.is_dir());
        if above.is_some() || place.is_dir() {
            return Err(
                Error::general(format!("{} cannot be written", place.display()))
                    .help("name a file in a directory that is there"),
            );
        }
    }
    Ok(())
}

/// Writes what is wanted for review.
///
/// # Errors
///
/// Where the disk fails.
pub(super) fn write(context: &Context<'_>, wanted: &ReviewArgs, review: &Review) -> Result<()> {
    let put = |file: &PathBuf, text: String| {
        let place = context.host.env.dir().join(file);
        fs::write(&place, text).map_err(|e| Error::io("write", &place, e))
    };
    if let Some(file) = &wanted.html {
        put(file, page::render(review))?;
    }
    if let Some(file) = &wanted.markdown {
        let page = wanted
            .html
            .as_ref()
            .and_then(|html| html.file_name()?.to_str());
        let page = page.map(|name| format!("{name}, attached"));
        put(file, page::markdown::text(review, page.as_deref()))?;
    }
    Ok(())
}

/// Adds upstream's commits to each file that did not merge exactly, where a repository with
/// its history is at hand.
///
/// # Errors
///
/// The interrupt alone: the page is worth having without them.
pub(super) fn add_commits(
    upstream: &Upstream<'_>,
    releases: [&Version; 2],
    review: &mut Review,
) -> Result<()> {
    let Some(history) = upstream.history() else {
        return Ok(());
    };
    let mut files = review.files.iter_mut();
    while let Some(file) = files.find(|file| file.state != FileState::Exact) {
        let Ok(path) = TreePath::new(&file.path) else {
            continue;
        };
        match history.commits(releases, &path, &(0..0)) {
            Ok(commits) => file.commits = commits.iter().map(commit).collect(),
            Err(e) if e.kind() == Kind::Interrupted => return Err(e),
            Err(_) => {}
        }
    }
    Ok(())
}

fn commit(commit: &upstream::git::Commit) -> page::Commit {
    page::Commit {
        id: commit.id.clone(),
        subject: commit.subject.clone(),
        date: Some(commit.date.clone()),
        pull_request: commit.pull_request,
    }
}

/// Makes the page of an upgrade without conflicts.
pub(super) fn of_made(
    manifest: &Manifest,
    before: Option<Delta>,
    rebased: &BTreeMap<TreePath, RebasedFile>,
    report: &MadeReport,
) -> Review {
    let stored = report.series.as_ref();
    let mut files: Vec<FileReview> = rebased
        .iter()
        .map(|(path, file)| merged(path, file))
        .collect();
    for taken in stored.into_iter().flat_map(|series| &series.taken) {
        let known = files
            .iter_mut()
            .find(|file| file.path == taken.path.as_str());
        if let (Some(file), None) = (known, &taken.left) {
            file.state = FileState::TakenByUpstream;
        }
    }
    let resolutions = stored.into_iter().flat_map(|series| &series.merges);
    for resolution in resolutions.flat_map(|merge| &merge.resolutions) {
        decided(&mut files, resolution);
    }
    let change = |change: &recipe::compare::FileChange| Change {
        path: change.path.to_string(),
        kind: match change.what {
            Changed::New => ChangeKind::Added,
            Changed::Gone => ChangeKind::Removed,
            Changed::Changed => ChangeKind::Changed,
        },
        is_patched: change.kind == FileKind::Patched,
    };
    let from = report.from.as_ref().unwrap_or(&report.to);
    let base = stored.and_then(|series| series.merge_base.as_ref());
    Review {
        from: Versions {
            fork: from.fork.to_string(),
            upstream: from.upstream.to_string(),
        },
        to: Versions {
            fork: report.to.fork.to_string(),
            upstream: report.to.upstream.to_string(),
        },
        base: base.unwrap_or(&from.upstream).to_string(),
        state: match report.ended {
            Ended::Committed | Ended::Unchanged => State::Done,
            Ended::DryRun | Ended::Conflicts => State::Ready,
        },
        next: (report.ended == Ended::DryRun)
            .then(|| format!("wash-wasi-sync upgrade --to v{}", report.to.upstream)),
        complete: "wash-wasi-sync diff".to_owned(),
        gates: report.gates.iter().map(gate).collect(),
        delta: stored.map(|series| DeltaChange {
            before: lines(before.unwrap_or_default()),
            after: lines(series.delta),
        }),
        budget: stored.map(|series| series.budget),
        files,
        changes: report.changes.iter().map(change).collect(),
        notes: report.notes.clone(),
        ..empty(manifest)
    }
}

pub(super) fn empty(manifest: &Manifest) -> Review {
    let none = || Versions {
        fork: String::new(),
        upstream: String::new(),
    };
    Review {
        fork: manifest.fork.name.clone(),
        upstream: manifest.upstream.name.clone(),
        repository: Some(manifest.upstream.repository.clone()),
        from: none(),
        to: none(),
        base: String::new(),
        state: State::Conflicts,
        next: None,
        complete: String::new(),
        gates: Vec::new(),
        delta: None,
        budget: None,
        files: Vec::new(),
        changes: Vec::new(),
        chapters: Vec::new(),
        notes: Vec::new(),
        tool: concat!("wash-wasi-sync ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

fn decided(files: &mut Vec<FileReview>, resolution: &Resolution) {
    let path = resolution.path.as_str();
    if let Some(file) = files.iter_mut().find(|file| file.path == path) {
        file.state = FileState::Resolved;
        file.notes.push(told(resolution));
        file.decision = Some(decision(resolution));
    } else {
        files.push(FileReview {
            path: path.to_owned(),
            patch: None,
            state: match resolution.decision {
                recipe::series::Decision::MovedTo { .. } => FileState::Resolved,
                _ => FileState::Dropped,
            },
            differences: Vec::new(),
            notes: vec![told(resolution)],
            hunks: Vec::new(),
            conflicts: Vec::new(),
            decision: Some(decision(resolution)),
            remembered: None,
            commits: Vec::new(),
        });
    }
}

/// Says what was decided, when, and by whom.
fn told(resolution: &Resolution) -> String {
    let by = resolution.by.as_ref().map(|by| format!(" by {by}"));
    let because = because(resolution).map(|why| format!(": {why}"));
    format!(
        "Decided{} at the upgrade from {} to {}: {}{}.",
        by.unwrap_or_default(),
        resolution.from,
        resolution.to,
        resolution.decision,
        because.unwrap_or_default(),
    )
}

fn decision(resolution: &Resolution) -> Decision {
    Decision {
        how: resolution.decision.to_string(),
        by: resolution.by.clone(),
        reason: because(resolution),
    }
}

fn because(resolution: &Resolution) -> Option<String> {
    match &resolution.decision {
        recipe::series::Decision::Drop { reason } => Some(reason.clone()),
        recipe::series::Decision::MovedTo { path } => Some(format!("to {path}")),
        _ => None,
    }
}

fn gate(gate: &GateReport) -> Gate {
    let result = match gate.said.split([',', ':']).next().unwrap_or_default() {
        "passed" => GateResult::Passed,
        "skipped" => GateResult::Skipped,
        "absent" => GateResult::NotRun,
        _ => GateResult::Failed,
    };
    Gate {
        title: gate.title.clone(),
        result,
        said: Some(gate.said.clone()),
    }
}

fn lines(delta: Delta) -> page::Delta {
    page::Delta {
        added: delta.added,
        removed: delta.removed,
    }
}

fn differences(all: &[Difference]) -> Vec<page::Difference> {
    let one = |one: &Difference| page::Difference {
        change: one.change.clone(),
        reason: one.reason.clone(),
    };
    all.iter().map(one).collect()
}

/// Makes the part of a file that has its changes.
pub(super) fn merged(path: &TreePath, file: &RebasedFile) -> FileReview {
    let theirs = file.texts.theirs.as_deref().unwrap_or_default();
    let exact = || recipe::merge::hunks_of(theirs, &file.text, recipe::merge::Layer::Exact);
    let hunks = file
        .merged
        .as_ref()
        .map_or_else(exact, |merged| merged.hunks.clone());
    let moved = file.sources.iter().filter(|source| *source != path);
    let mut notes: Vec<String> = moved
        .map(|source| format!("The patch of {source} was brought here."))
        .collect();
    notes.extend(file.merged.iter().flat_map(|merged| merged.notes.clone()));
    FileReview {
        path: path.to_string(),
        patch: Some(file.patch.to_string()),
        state: match file.merged {
            Some(_) => FileState::Merged,
            None => FileState::Exact,
        },
        differences: differences(&file.differences),
        notes,
        hunks: hunks.iter().map(|one| hunk(file, theirs, one)).collect(),
        conflicts: Vec::new(),
        decision: None,
        remembered: None,
        commits: Vec::new(),
    }
}

/// The unchanged lines that are shown around a change.
const CONTEXT: usize = 3;

fn hunk(file: &RebasedFile, theirs: &str, hunk: &MergedHunk) -> HunkReview {
    let count = file.text.lines().count();
    let around = hunk.lines.start.saturating_sub(CONTEXT).max(1)
        ..hunk.lines.end.saturating_add(CONTEXT).min(count + 1);
    let ours = counterpart(&file.text, &file.texts.ours, &around);
    let base = counterpart(&file.texts.ours, &file.texts.base, &ours);
    HunkReview {
        layer: hunk.layer,
        item: hunk.item.clone(),
        before: Some(Before {
            base: text(&file.texts.base, &base),
            ours: text(&file.texts.ours, &ours),
        }),
        theirs: text(theirs, &counterpart(&file.text, theirs, &around)),
        merged: text(&file.text, &around),
    }
}

fn text(all: &str, lines: &Range<usize>) -> Text {
    let taken = all
        .split_inclusive('\n')
        .skip(lines.start.saturating_sub(1));
    Text {
        first_line: lines.start,
        text: taken.take(lines.len()).collect(),
    }
}
