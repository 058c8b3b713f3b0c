//! `conflicts`, `resolve` and `abort`: what is between an upgrade that met conflicts and
//! its end.

mod editor;
mod resolve;
mod transfer;

use std::ops::Range;

use recipe::error::{Error, Kind, Result};
use recipe::manifest::Manifest;
use recipe::merge::counterpart;
use recipe::series::Inputs;
use recipe::tree::File;
use upstream::{Locked, Upstream};

use super::context::{Access, Context};
use super::project::Project;
use super::review;
use super::upgrade::{none_is_open, source_of};
pub(super) use resolve::resolve;

use crate::cli::{ConflictsAction, ConflictsArgs, ReviewArgs, SourceArgs};
use crate::open_upgrade::{self, Numbered, OpenConflict, OpenUpgrade};
use crate::report::{ConflictReport, ConflictsReport, MergedFileReport, by_layer};

/// What `conflicts` came to.
pub(super) enum Listed {
    /// All of them.
    All(Box<ConflictsReport>),
    /// One, with all sides.
    One(Box<ConflictsReport>),
    /// What was done, in a sentence.
    Done(String),
}

/// Runs `conflicts`.
///
/// # Errors
///
/// Where no upgrade is open, or there is no such number; those of the disk.
pub(super) fn run(context: &Context<'_>, args: &ConflictsArgs) -> Result<Listed> {
    match &args.action {
        Some(ConflictsAction::Import { dir }) => return transfer::import(context, dir),
        Some(ConflictsAction::Export { dir }) => return transfer::export(context, dir),
        _ => {}
    }
    let (lock, project) = context.open(Access::ReadBesideWriter)?;
    let open = opened(context, &project)?;
    // An editor stays open for long, and `resolve` may run beside it.
    drop(lock);
    let mut report = report(context, &open, &project.inputs);
    match &args.action {
        Some(ConflictsAction::Show { which }) => {
            let is_meant = |one: &ConflictReport| match which.parse::<usize>() {
                Ok(number) => one.number == number,
                Err(_) => one.path.as_str() == which,
            };
            if !report.conflicts.iter().any(is_meant) {
                if let Ok(number) = which.parse() {
                    one(&open, Some(number))?;
                }
                let error = Error::new(Kind::Usage, format!("`{which}` is not in conflict"));
                let all = open.state.all();
                let is_merged = all.iter().any(|one| one.conflict.path.as_str() == which);
                return Err(match is_merged {
                    true => error.help(format!(
                        "it merged: `wash-wasi-sync conflicts open {which}` shows it, `conflicts --html FILE` with all sides"
                    )),
                    false => error.help("`wash-wasi-sync conflicts` lists what is"),
                });
            }
            report.conflicts.retain(is_meant);
            if let Some(shown) = report.conflicts.first()
                && shown.resolution.is_none()
                && let Some(place) = open
                    .numbered()
                    .into_iter()
                    .find(|p| p.number == shown.number)
            {
                report.next = open.step_for(&place);
            }
            if let Some(upstream) = upstream_of(context, &project, &open) {
                add_commits(&upstream, &open, &mut report)?;
            }
            Ok(Listed::One(Box::new(report)))
        }
        Some(ConflictsAction::Open { which }) => {
            let (file, line) = to_edit(&open, which.as_deref())?;
            editor::edit(context, &open, &file, line)?;
            let path = &file.conflict.path;
            let text = open.staged_text(&file)?;
            let done = match file.conflict.markers_in(&text).len() {
                0 => format!("take it as it is: `wash-wasi-sync resolve {path}`\n"),
                left => format!(
                    "{path} still has {left} lines of conflict markers; open it again when you go on\n"
                ),
            };
            Ok(Listed::Done(done))
        }
        _ => {
            if args.review.is_wanted() {
                review::can_be_written(context, &project, &args.review)?;
                let upstream = upstream_of(context, &project, &open);
                let (manifest, wanted) = (project.manifest(), &args.review);
                write_page(
                    context,
                    manifest,
                    wanted,
                    &open,
                    upstream.as_ref(),
                    &mut report,
                )?;
            }
            Ok(Listed::All(Box::new(report)))
        }
    }
}

fn opened(context: &Context<'_>, project: &Project) -> Result<OpenUpgrade> {
    context.open_upgrade(project)?.ok_or_else(none_is_open)
}

/// Returns where an open upgrade takes upstream from, if it is still there: the conflicts are
/// what was asked for, the commits are beside them.
fn upstream_of<'c>(
    context: &'c Context<'_>,
    project: &Project,
    open: &OpenUpgrade,
) -> Option<Upstream<'c>> {
    let source = source_of(&open.state.request, &SourceArgs::default()).ok()?;
    context.upstream(project.manifest(), &source).ok()
}

/// Adds upstream's commits that touch the lines of each conflict, where a repository with
/// its history is at hand.
fn add_commits(
    upstream: &Upstream<'_>,
    open: &OpenUpgrade,
    report: &mut ConflictsReport,
) -> Result<()> {
    let Some(history) = upstream.history() else {
        let note = "upstream's commits are shown where the upgrade began with `--upstream` and the path of a clone";
        let conflicts = report.conflicts.iter_mut();
        conflicts.for_each(|conflict| conflict.notes.push(note.to_owned()));
        return Ok(());
    };
    let places = open.numbered();
    for conflict in &mut report.conflicts {
        let Some(place) = places.iter().find(|one| one.number == conflict.number) else {
            continue;
        };
        let releases = [&conflict.from, &conflict.to];
        let commits = lines_in_upstream(upstream, place)
            .and_then(|lines| history.commits(releases, &conflict.path, &lines));
        match commits {
            Ok(commits) => conflict.commits = commits,
            Err(e) if e.kind() == Kind::Interrupted => return Err(e),
            Err(e) => {
                conflict.notes.push(e.to_string());
                conflict.notes.extend(e.hints().first().cloned());
            }
        }
    }
    Ok(())
}

/// Writes the page of an open upgrade, with upstream's commits where they are at hand.
///
/// # Errors
///
/// Where the disk fails; the interrupt.
pub(super) fn write_page(
    context: &Context<'_>,
    manifest: &Manifest,
    wanted: &ReviewArgs,
    open: &OpenUpgrade,
    upstream: Option<&Upstream<'_>>,
    report: &mut ConflictsReport,
) -> Result<()> {
    if let Some(upstream) = upstream {
        add_commits(upstream, open, report)?;
    }
    let mut page = review::of_open(manifest, open, report);
    let first = open.state.conflicts.first();
    if let (Some(upstream), Some(one)) = (upstream, first) {
        review::add_commits(upstream, [&one.conflict.from, &one.conflict.to], &mut page)?;
    }
    review::write(context, wanted, &page)
}

/// Returns the lines of a place in upstream's own file: what is inserted and formatted on
/// the way to the fork has other numbers. None where there are no such lines.
fn lines_in_upstream(upstream: &Upstream<'_>, place: &Numbered<'_>) -> Result<Range<usize>> {
    let conflict = &place.open.conflict;
    let (Some(lines), Some(theirs)) = (place.lines, &place.open.texts.theirs) else {
        return Ok(0..0);
    };
    let release = upstream.release(&conflict.to, Locked::default())?;
    let own = release
        .tree
        .get(conflict.path.as_str())
        .and_then(File::text);
    Ok(own.map_or(0..0, |own| counterpart(theirs, own, &lines.theirs.lines)))
}

/// Returns the file that is to be edited, and the line: by a conflict's number, by the path of
/// a file in conflict or merged, or that of the first conflict that is not resolved.
fn to_edit(open: &OpenUpgrade, which: Option<&str>) -> Result<(OpenConflict, usize)> {
    let all = open.state.all();
    let by_path = |which: &str| {
        let mut all = all.iter();
        all.find(|one| one.conflict.path.as_str() == which).cloned()
    };
    let numbered = open.numbered();
    if let Some(file) = which.and_then(by_path) {
        let places = numbered.iter();
        let mut places = places.filter(|one| one.open.conflict.path == file.conflict.path);
        let hunk = file.conflict.hunks.first();
        let first = places.next().map(|one| open.marker_line(one));
        let line = first.or(hunk.map(|hunk| hunk.lines.start));
        return Ok((file, line.unwrap_or(1)));
    }
    let number = match which.map(str::parse) {
        Some(Err(_)) => {
            let which = which.unwrap_or_default();
            let message = format!("`{which}` is neither in conflict nor merged");
            return Err(
                Error::new(Kind::Usage, message).help("`wash-wasi-sync conflicts` lists what is")
            );
        }
        number => number.and_then(std::result::Result::ok),
    };
    let place = one(open, number)?;
    Ok((place.open.clone(), open.marker_line(&place)))
}

/// Returns a place by its number, or the first that is not resolved.
fn one(open: &OpenUpgrade, number: Option<usize>) -> Result<Numbered<'_>> {
    let all = open.numbered();
    let count = all.len();
    let wanted = |one: &Numbered<'_>| match number {
        Some(number) => one.number == number,
        None => open.decision(one.open).is_none(),
    };
    all.into_iter().find(wanted).ok_or_else(|| match number {
        Some(number) => Error::new(
            Kind::Usage,
            format!("there is no conflict {number}: they are numbered from 1 to {count}"),
        ),
        None => {
            Error::general("all conflicts are resolved").help("go on: `wash-wasi-sync continue`")
        }
    })
}

/// Runs `abort`.
///
/// # Errors
///
/// Where no upgrade is open; those of the disk.
pub(super) fn abort(context: &Context<'_>) -> Result<String> {
    let (_lock, project) = context.open(Access::Decide)?;
    let dir = context.open_upgrade_dir(project.manifest())?;
    // One that cannot be read can be given up too.
    if matches!(context.open_upgrade(&project), Ok(None)) {
        return Err(none_is_open());
    }
    let kept = open_upgrade::abort(&dir)?;
    let kept = context.shown(&kept);
    Ok(format!(
        "given up; the project is as it was. What was decided and edited is in {kept}:\n\
         `wash-wasi-sync conflicts import {kept}` goes on with it\n"
    ))
}

/// Reports an open upgrade.
pub(super) fn report(
    context: &Context<'_>,
    open: &OpenUpgrade,
    inputs: &Inputs,
) -> ConflictsReport {
    let conflict = |one: Numbered<'_>| {
        let conflict = &one.open.conflict;
        let key = one.open.texts.key();
        ConflictReport {
            number: one.number,
            path: conflict.path.clone(),
            item: one.lines.and_then(|lines| lines.item.clone()),
            patch: conflict.patch.clone(),
            differences: conflict.differences.clone(),
            from: conflict.from.clone(),
            to: conflict.to.clone(),
            lines: one.lines.cloned(),
            kind: conflict.kind.clone(),
            notes: conflict.notes.clone(),
            resolution: open.decision(one.open).cloned(),
            remembered: inputs
                .resolutions
                .get(&key)
                .map(|r| inputs.resolution_path(r)),
            file: context.shown(&open.staged(&conflict.path)),
            line: open.marker_line(&one),
            commits: Vec::new(),
        }
    };
    let conflicts: Vec<ConflictReport> = open.numbered().into_iter().map(conflict).collect();
    let all = open.state.all();
    let merged = all
        .iter()
        .filter(|one| open.state.merged.contains_key(&one.conflict.path));
    let merged = merged
        .filter(|one| one.conflict.kind.is_clean())
        .map(|one| {
            let resolution = open.decision(one).cloned();
            let stored = inputs.resolutions.get(&one.texts.key());
            MergedFileReport {
                path: one.conflict.path.clone(),
                layers: by_layer(&one.conflict.hunks),
                file: context.shown(&open.staged(&one.conflict.path)),
                resolution,
                remembered: stored.map(|one| inputs.resolution_path(one)),
            }
        });
    ConflictsReport {
        from: open.state.pin.clone(),
        to: open.state.request.to.clone(),
        files: open.state.conflicts.len(),
        left: open.undecided().count(),
        conflicts,
        merged: merged.collect(),
        next: open.next_step(),
    }
}
