//! `conflicts`, `resolve` and `abort`: what is between an upgrade that met conflicts and
//! its end.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use recipe::error::{Error, Kind, Result};
use recipe::series::{ConflictKind, Decision, FileConflict, Inputs, Resolution, unparsable};

use super::context::{Access, Context};
use super::project::{Project, project_path};
use super::upgrade::none_is_open;
use crate::cli::{ConflictsAction, ConflictsArgs, ResolveArgs};
use crate::open_upgrade::{self, Numbered, OpenConflict, OpenUpgrade};
use crate::report::{ConflictReport, ConflictsReport, ResolveReport};

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
    let (_lock, project) = context.open(Access::ReadBesideWriter)?;
    let open = opened(context, &project)?;
    let mut report = report(context, &open, &project.inputs);
    match &args.action {
        Some(ConflictsAction::Show { number }) => {
            one(&open, Some(*number))?;
            report
                .conflicts
                .retain(|conflict| conflict.number == *number);
            Ok(Listed::One(Box::new(report)))
        }
        Some(ConflictsAction::Open { number }) => {
            let one = one(&open, *number)?;
            edit(context, &open, &one)?;
            let path = &one.open.conflict.path;
            Ok(Listed::Done(format!(
                "edited; take it as it is: `wash-wasi-sync resolve {path}`\n"
            )))
        }
        _ => Ok(Listed::All(Box::new(report))),
    }
}

fn opened(context: &Context<'_>, project: &Project) -> Result<OpenUpgrade> {
    context.open_upgrade(project)?.ok_or_else(none_is_open)
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
        .args(at_line(program, line))
        .arg(&place)
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

/// Returns how an editor is told the line, where that is known.
fn at_line(program: &str, line: usize) -> Option<OsString> {
    let name = Path::new(program).file_name()?.to_str()?;
    let knows = [
        "vi",
        "vim",
        "nvim",
        "nano",
        "emacs",
        "emacsclient",
        "kak",
        "micro",
        "ed",
    ];
    knows.contains(&name).then(|| format!("+{line}").into())
}

fn export(context: &Context<'_>, dir: &Path) -> Result<Listed> {
    let (_lock, project) = context.open(Access::Read)?;
    let open = opened(context, &project)?;
    let to = context.host.env.dir().join(dir);
    open_upgrade::copy(open.dir(), &to)?;
    Ok(Listed::Done(format!(
        "exported to {}; take it up elsewhere with `wash-wasi-sync conflicts import`\n",
        dir.display()
    )))
}

fn import(context: &Context<'_>, dir: &Path) -> Result<Listed> {
    let (_lock, project) = context.open(Access::Write)?;
    let from = context.host.env.dir().join(dir);
    let foreign = OpenUpgrade::load(&from)?.ok_or_else(|| {
        Error::general(format!("{} holds no exported upgrade", dir.display()))
            .help("export one where it is open: `wash-wasi-sync conflicts export DIR`")
    })?;
    open_upgrade::check_foreign(&foreign)?;
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
    let dir = context.open_upgrade_dir(manifest)?;
    open_upgrade::clear_unless_open(&dir)?;
    open_upgrade::copy(&from, &dir)?;
    let open = opened(context, &project)?;
    Ok(Listed::All(Box::new(report(
        context,
        &open,
        &project.inputs,
    ))))
}

/// Runs `resolve`.
///
/// # Errors
///
/// All files that cannot be decided so, together; nothing is decided then.
pub(super) fn resolve(context: &Context<'_>, args: &ResolveArgs) -> Result<ResolveReport> {
    let (_lock, project) = context.open(Access::Decide)?;
    let mut open = opened(context, &project)?;
    let files = chosen(context, &project, &open, &args.files)?;
    let mut resolutions = Vec::new();
    let mut faults = Vec::new();
    for file in files {
        match decision(context, &project, &open, file, args) {
            Ok(resolution) => resolutions.push(resolution),
            Err(e) => faults.push(e),
        }
    }
    if let Some(error) = together(faults) {
        return Err(error.help("nothing was decided"));
    }
    for resolution in &resolutions {
        open.decide(resolution.clone())?;
    }
    Ok(ResolveReport {
        resolved: resolutions,
        left: open
            .undecided()
            .map(|one| one.conflict.path.clone())
            .collect(),
    })
}

fn together(mut errors: Vec<Error>) -> Option<Error> {
    if errors.len() <= 1 {
        return errors.pop();
    }
    let faults = errors.iter().map(|e| {
        let fault = recipe::error::Fault::new(e.message());
        e.hints()
            .iter()
            .fold(fault, |fault, hint| fault.help(hint.clone()))
    });
    let message = "files cannot be resolved so";
    Some(Error::faults(Kind::General, message, faults.collect()))
}

/// Returns the files that a command line means.
fn chosen<'o>(
    context: &Context<'_>,
    project: &Project,
    open: &'o OpenUpgrade,
    files: &[String],
) -> Result<Vec<&'o OpenConflict>> {
    if files.is_empty() {
        let conflicts = open.state.conflicts.iter();
        let edited: Vec<_> = conflicts.filter(|one| open.is_edited_since(one)).collect();
        return match edited.is_empty() {
            false => Ok(edited),
            true => Err(
                Error::new(Kind::Usage, "no file in conflict was edited").help(format!(
                    "edit them below {}, or name one and how: `wash-wasi-sync resolve FILE --ours`",
                    context.shown(&open.staged_dir())
                )),
            ),
        };
    }
    let tree = &project.manifest().fork.path;
    let staged = context.shown(&open.staged_dir());
    let named = |file: &String| {
        let bare = [tree.as_str(), &staged].iter().find_map(|above| {
            file.strip_prefix(above)
                .and_then(|rest| rest.strip_prefix('/'))
        });
        let bare = bare.unwrap_or(file);
        let found = open
            .state
            .conflicts
            .iter()
            .find(|one| one.conflict.path.as_str() == bare);
        found.ok_or_else(|| {
            let all = open
                .state
                .conflicts
                .iter()
                .map(|one| one.conflict.path.as_str());
            let all: Vec<&str> = all.collect();
            Error::new(Kind::Usage, format!("`{file}` is not in conflict"))
                .help(format!("in conflict are: {}", all.join(", ")))
        })
    };
    files.iter().map(named).collect()
}

/// Makes the resolution that a command line asks for.
fn decision(
    context: &Context<'_>,
    project: &Project,
    open: &OpenUpgrade,
    file: &OpenConflict,
    args: &ResolveArgs,
) -> Result<Resolution> {
    let how = &args.how;
    let conflict = &file.conflict;
    let resolution = if how.remembered {
        let stored = project.inputs.resolutions.get(&file.texts.key());
        return stored.cloned().ok_or_else(|| {
            Error::general(format!(
                "nothing is remembered about the conflict of `{}`",
                conflict.path
            ))
            .help("decide it: `wash-wasi-sync conflicts` shows how")
        });
    } else if how.ours {
        conflict.resolution(Decision::Ours, None)
    } else if how.theirs {
        conflict.resolution(Decision::Theirs, None)
    } else if how.drop {
        let reason = args.reason.clone().unwrap_or_default();
        conflict.resolution(Decision::Drop { reason }, None)
    } else if let Some(to) = &how.moved_to {
        let path = project_path(to)?;
        conflict.resolution(Decision::MovedTo { path }, None)
    } else {
        let text = open.staged_text(file)?;
        edited(context, open, conflict, &text)?;
        conflict.resolution(Decision::Edited, Some(&text))
    };
    let mut resolution = resolution?;
    resolution.by = whoever(&context.root);
    Ok(resolution)
}

/// Fails where an edited file still has a conflict in it, or does not parse.
fn edited(
    context: &Context<'_>,
    open: &OpenUpgrade,
    conflict: &FileConflict,
    text: &str,
) -> Result<()> {
    let place = context.shown(&open.staged(&conflict.path));
    if let ConflictKind::Lines { merge } = &conflict.kind {
        let length = merge.marker_length();
        let is_marker = |line: &str| {
            "<|=>"
                .chars()
                .any(|sign| line.chars().take_while(|c| *c == sign).count() == length)
        };
        let left: Vec<String> = text
            .lines()
            .enumerate()
            .filter(|(_, line)| is_marker(line))
            .map(|(at, _)| (at + 1).to_string())
            .collect();
        if let Some(first) = left.first() {
            return Err(Error::general(format!(
                "{place} still has conflict markers, in {} lines from line {first} on",
                left.len()
            ))
            .help(format!(
                "edit it, then `wash-wasi-sync resolve {}` again",
                conflict.path
            )));
        }
    }
    if let Some(error) = unparsable(&conflict.path, text) {
        return Err(
            Error::general(format!("{place} does not parse as Rust: {error}"))
                .help("correct it and resolve it again"),
        );
    }
    Ok(())
}

/// Returns the name of whoever works here, as git has it.
fn whoever(root: &Path) -> Option<String> {
    let config = match git2::Repository::discover(root) {
        Ok(repository) => repository.config(),
        Err(_) => git2::Config::open_default(),
    };
    let name = config.ok()?.get_string("user.name").ok()?;
    Some(name).filter(|name| !name.trim().is_empty())
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
    if matches!(OpenUpgrade::load(&dir), Ok(None)) {
        return Err(none_is_open());
    }
    let kept = open_upgrade::abort(&dir)?;
    let kept = context.shown(&kept);
    Ok(format!(
        "given up; the project is as it was. What was decided and edited is in {kept}\n\
         until the next is given up: `wash-wasi-sync conflicts import {kept}` takes it up again\n"
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
    ConflictsReport {
        from: open.state.pin.clone(),
        to: open.state.request.to.clone(),
        files: open.state.conflicts.len(),
        left: open.undecided().count(),
        conflicts,
    }
}

/// Says what is remembered about the conflicts of an upgrade without gates.
pub(super) fn remembered(open: &OpenUpgrade, inputs: &Inputs) -> Vec<String> {
    let known = open.undecided().filter_map(|one| {
        let resolution = inputs.resolutions.get(&one.texts.key())?;
        Some(format!(
            "{} was resolved before ({}, {} to {}): `wash-wasi-sync resolve {} --remembered` takes it",
            one.conflict.path,
            inputs.resolution_path(resolution),
            resolution.from,
            resolution.to,
            one.conflict.path,
        ))
    });
    known.collect()
}
