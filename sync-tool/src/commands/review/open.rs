//! The page of an upgrade that is open.

use page::{ConflictReview, FileReview, FileState, Review, Sides, State, Text, Versions};
use recipe::manifest::Manifest;
use recipe::merge::{Layer, Side, counterpart, hunks_of};
use recipe::series::{ConflictKind, Decision, MergedFile, RebasedFile, Resolution};
use recipe::tree::TreePath;

use super::{decision, differences, empty, hunk, merged, text};
use crate::open_upgrade::{Numbered, OpenConflict, OpenUpgrade};
use crate::report::{ConflictReport, ConflictsReport};

/// Makes the page of an open upgrade.
pub(in crate::commands) fn of_open(
    manifest: &Manifest,
    open: &OpenUpgrade,
    report: &ConflictsReport,
) -> Review {
    let state = match report.left {
        0 => State::Ready,
        _ => State::Conflicts,
    };
    let next = match state {
        State::Ready => "wash-wasi-sync continue".to_owned(),
        _ => report
            .conflicts
            .iter()
            .find(|one| one.resolution.is_none())
            .map_or_else(
                || "wash-wasi-sync conflicts".to_owned(),
                |one| format!("wash-wasi-sync conflicts open {}", one.number),
            ),
    };
    let conflicts = open
        .state
        .conflicts
        .iter()
        .map(|one| in_conflict(open, one, report));
    let merged = open
        .state
        .merged
        .iter()
        .map(|(path, file)| merged_or_decided(open, path, file));
    let base = open
        .state
        .conflicts
        .first()
        .map(|one| one.conflict.from.to_string());
    let asked = open.state.request.fork_version.as_ref();
    let known = asked.or(manifest.fork_version_of(&report.to));
    let next_fork = known
        .cloned()
        .unwrap_or_else(|| manifest.next_fork_version());
    Review {
        from: Versions {
            fork: manifest.fork.version.to_string(),
            upstream: report.from.to_string(),
        },
        to: Versions {
            fork: next_fork.to_string(),
            upstream: report.to.to_string(),
        },
        base: base.unwrap_or_default(),
        state,
        next: Some(next),
        complete: "wash-wasi-sync conflicts --format json".to_owned(),
        files: conflicts.chain(merged).collect(),
        ..empty(manifest)
    }
}

/// Makes the part of a file that merged, as it was decided where a person did.
fn merged_or_decided(open: &OpenUpgrade, path: &TreePath, file: &RebasedFile) -> FileReview {
    let Some(resolution) = open.decisions.get(&file.texts.key()) else {
        return merged(path, file);
    };
    let theirs = file.texts.theirs.as_deref().unwrap_or_default();
    let text = resolution.text(theirs).unwrap_or_else(|| theirs.to_owned());
    let hunks = hunks_of(theirs, &text, Layer::Decision);
    let decided = RebasedFile {
        text,
        merged: Some(MergedFile {
            hunks,
            ..MergedFile::default()
        }),
        ..file.clone()
    };
    FileReview {
        state: match resolution.decision {
            Decision::Drop { .. } => FileState::Dropped,
            _ => FileState::Resolved,
        },
        decision: Some(decision(resolution)),
        ..merged(path, &decided)
    }
}

fn side(side: &Side) -> Text {
    Text {
        first_line: side.lines.start,
        text: side.text.clone(),
    }
}

/// Makes the part of a file in conflict.
fn in_conflict(open: &OpenUpgrade, one: &OpenConflict, report: &ConflictsReport) -> FileReview {
    let conflict = &one.conflict;
    let resolution = open.decision(one);
    let numbered = open.numbered();
    let places = numbered
        .iter()
        .filter(|place| place.open.conflict.path == conflict.path);
    let conflicts = places.filter_map(|place| {
        let told = report
            .conflicts
            .iter()
            .find(|told| told.number == place.number)?;
        Some(in_place(place, told, resolution))
    });
    let mut of_file = report
        .conflicts
        .iter()
        .filter(|told| told.path == conflict.path);
    let remembered = of_file.find_map(|told| told.remembered.as_ref());
    let theirs = one.texts.theirs.clone().unwrap_or_default();
    let text = match &conflict.kind {
        ConflictKind::Lines { merge } => merge.resolved_by(|conflict| &conflict.theirs),
        _ => theirs.clone(),
    };
    let file = RebasedFile {
        sources: Vec::new(),
        text,
        merged: None,
        texts: one.texts.clone(),
        patch: conflict.patch.clone(),
        differences: Vec::new(),
    };
    let hunks = conflict.hunks.iter().map(|one| hunk(&file, &theirs, one));
    FileReview {
        path: conflict.path.to_string(),
        patch: Some(conflict.patch.to_string()),
        state: match (resolution, &conflict.kind) {
            (Some(_), _) => FileState::Resolved,
            (None, ConflictKind::Deleted { .. }) => FileState::DeletedUpstream,
            (None, _) => FileState::Conflict,
        },
        differences: differences(&conflict.differences),
        notes: conflict.notes.clone(),
        hunks: hunks.collect(),
        conflicts: conflicts.collect(),
        decision: resolution.map(decision),
        remembered: remembered.map(ToString::to_string),
        commits: Vec::new(),
    }
}

fn in_place(
    place: &Numbered<'_>,
    told: &ConflictReport,
    resolution: Option<&Resolution>,
) -> ConflictReview {
    let theirs = place.open.texts.theirs.as_deref().unwrap_or_default();
    let decided = resolution.and_then(|resolution| {
        let text = resolution.text(theirs).filter(|_| !theirs.is_empty())?;
        let lines = counterpart(theirs, &text, &place.lines?.theirs.lines);
        Some(self::text(&text, &lines))
    });
    ConflictReview {
        number: place.number,
        item: told.item.clone(),
        cause: place.lines.is_none().then(|| told.kind.to_string()),
        sides: place.lines.map(|lines| Sides {
            base: side(&lines.base),
            ours: side(&lines.ours),
            theirs: side(&lines.theirs),
        }),
        merged: decided,
        next: resolution.is_none().then(|| match place.lines {
            Some(_) => format!("wash-wasi-sync conflicts open {}", place.number),
            None => format!("wash-wasi-sync resolve {}", place.open.conflict.path),
        }),
        commits: told.commits.iter().map(super::commit).collect(),
    }
}
