//! `conflicts`, `resolve` and `abort`: what is between an upgrade that met conflicts and
//! its end.

mod resolve;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use recipe::error::{Error, Kind, Result};
use recipe::series::Inputs;

use super::context::{Access, Context};
use super::project::Project;
use super::review;
use super::upgrade::{none_is_open, source_of};
pub(super) use resolve::resolve;

use crate::cli::{ConflictsAction, ConflictsArgs, SourceArgs};
use crate::open_upgrade::{self, Numbered, OpenUpgrade};
use crate::report::{ConflictReport, ConflictsReport, MergedFileReport};

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
        Some(ConflictsAction::Import { dir }) => return import(context, dir),
        Some(ConflictsAction::Export { dir }) => return export(context, dir),
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
                one(&open, which.parse().ok())?;
                return Err(
                    Error::new(Kind::Usage, format!("`{which}` is not in conflict"))
                        .help("`wash-wasi-sync conflicts` lists what is"),
                );
            }
            report.conflicts.retain(is_meant);
            add_commits(context, &project, &open, &mut report)?;
            Ok(Listed::One(Box::new(report)))
        }
        Some(ConflictsAction::Open { number }) => {
            let one = one(&open, *number)?;
            edit(context, &open, &one)?;
            let path = &one.open.conflict.path;
            let text = open.staged_text(one.open)?;
            let done = match one.open.conflict.markers_in(&text).len() {
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
                add_commits(context, &project, &open, &mut report)?;
                let page = review::of_open(project.manifest(), &open, &report);
                review::write(context, &args.review, &page)?;
            }
            Ok(Listed::All(Box::new(report)))
        }
    }
}

fn opened(context: &Context<'_>, project: &Project) -> Result<OpenUpgrade> {
    context.open_upgrade(project)?.ok_or_else(none_is_open)
}

/// Adds upstream's commits that touch the lines of each conflict, where a repository with
/// its history is at hand.
pub(super) fn add_commits(
    context: &Context<'_>,
    project: &Project,
    open: &OpenUpgrade,
    report: &mut ConflictsReport,
) -> Result<()> {
    let source = source_of(&open.state.request, &SourceArgs::default());
    let upstream = source.and_then(|source| context.upstream(project.manifest(), &source));
    // The conflicts are what was asked for.
    let Ok(upstream) = upstream else {
        return Ok(());
    };
    for conflict in &mut report.conflicts {
        let lines = conflict
            .lines
            .as_ref()
            .map(|lines| lines.theirs.lines.clone());
        let releases = [&conflict.from, &conflict.to];
        match upstream.history(releases, &conflict.path, &lines.unwrap_or_default()) {
            Ok(Some(commits)) => conflict.commits = commits,
            Ok(None) => {
                let note = "upstream's commits are shown where the upgrade began with `--upstream` and the path of a clone";
                conflict.notes.push(note.to_owned());
            }
            Err(e) if e.kind() == Kind::Interrupted => return Err(e),
            Err(e) => conflict.notes.push(e.to_string()),
        }
    }
    Ok(())
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

/// Opens a file in the user's editor, at the conflict.
fn edit(context: &Context<'_>, open: &OpenUpgrade, one: &Numbered<'_>) -> Result<()> {
    let place = open.staged(&one.open.conflict.path);
    open.restore_missing(one.open)?;
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| context.host.env.text(name));
    let editor = editor
        .filter(|editor| !editor.trim().is_empty())
        .ok_or_else(|| {
            Error::general("neither VISUAL nor EDITOR names an editor").help(format!(
                "edit {} by other means, then `wash-wasi-sync resolve {}`",
                context.shown(&place),
                one.open.conflict.path
            ))
        })?;
    let line = open.marker_line(one);
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let mut command = Command::new(program);
    command
        .args(words)
        .args(at_line(program, &place, line))
        .current_dir(&context.root);
    // The terminal is the editor's as long as it runs.
    let status = command.status().map_err(|e| {
        Error::general(format!("the editor `{editor}` cannot be started: {e}"))
            .help("set EDITOR to a program that is here")
    })?;
    match status.success() {
        true => Ok(()),
        false => Err(
            Error::general(format!("the editor `{editor}` failed ({status})"))
                .help("nothing was decided; open it again, or take a side with `resolve`"),
        ),
    }
}

/// Returns how an editor is told the file and the line, where that is known.
fn at_line(program: &str, place: &Path, line: usize) -> Vec<OsString> {
    let name = Path::new(program).file_name().and_then(OsStr::to_str);
    let with_line = || {
        let mut place = place.as_os_str().to_owned();
        place.push(format!(":{line}"));
        place
    };
    match name.unwrap_or_default() {
        "vi" | "vim" | "nvim" | "nano" | "emacs" | "emacsclient" | "kak" | "micro" | "ed" => {
            vec![format!("+{line}").into(), place.into()]
        }
        "code" | "codium" => vec!["--wait".into(), "--goto".into(), with_line()],
        "hx" | "helix" | "subl" | "zed" => vec![with_line()],
        _ => vec![place.into()],
    }
}

fn export(context: &Context<'_>, dir: &Path) -> Result<Listed> {
    let (_lock, project) = context.open(Access::Read)?;
    let open = opened(context, &project)?;
    let to = context.host.env.dir().join(dir);
    let below = to
        .strip_prefix(&context.root)
        .ok()
        .and_then(|below| below.to_str());
    if below.is_some_and(|below| project.owns(below)) {
        let message = format!(
            "{} is a directory that the project reads or writes",
            dir.display()
        );
        return Err(Error::new(Kind::Usage, message).help("name one outside of it"));
    }
    open.copy_to(&to)?;
    Ok(Listed::Done(format!(
        "exported to {}; on another machine `wash-wasi-sync conflicts import` goes on with it\n",
        dir.display()
    )))
}

fn import(context: &Context<'_>, dir: &Path) -> Result<Listed> {
    let (_lock, project) = context.open(Access::Write)?;
    let from = context.host.env.dir().join(dir);
    let mut foreign = OpenUpgrade::load(&from)?.ok_or_else(|| {
        Error::general(format!("{} holds no exported upgrade", dir.display()))
            .help("export one where it is open: `wash-wasi-sync conflicts export DIR`")
    })?;
    let manifest = project.manifest();
    if foreign.state.fork != manifest.fork.name {
        return Err(Error::general(format!(
            "the exported upgrade is of `{}`, and this project is `{}`",
            foreign.state.fork, manifest.fork.name
        )));
    }
    if foreign.state.pin != manifest.fork.pin {
        return Err(Error::general(format!(
            "the exported upgrade begins at upstream {}, and this project is at {}",
            foreign.state.pin, manifest.fork.pin
        ))
        .help("check out the commit that it was begun from"));
    }
    // What is run, and from where, is for whoever runs it to say.
    let dropped = foreign.state.request.keep_what_is_asked();
    if !dropped.is_empty() {
        context.host.status.warn(&format!(
            "not taken from the export, give it to `continue` where it is wanted: {}",
            dropped.join(", ")
        ));
    }
    let to = context.open_upgrade_dir(manifest)?;
    OpenUpgrade::clear_leftover(&to)?;
    let open = foreign.copy_to(&to)?;
    Ok(Listed::All(Box::new(report(
        context,
        &open,
        &project.inputs,
    ))))
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
            let mut layers = BTreeMap::new();
            for hunk in &one.conflict.hunks {
                *layers.entry(hunk.layer).or_default() += 1;
            }
            let resolution = open.decision(one).cloned();
            let stored = inputs.resolutions.get(&one.texts.key());
            MergedFileReport {
                path: one.conflict.path.clone(),
                layers,
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
