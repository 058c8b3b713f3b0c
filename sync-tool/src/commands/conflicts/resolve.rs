//! `resolve`: decides about files in conflict.

use std::path::Path;

use recipe::error::{Error, Fault, Kind, Result};
use recipe::series::{ConflictKind, Decision, FileConflict, Resolution, unparsable};

use super::opened;
use crate::cli::ResolveArgs;
use crate::commands::context::{Access, Context};
use crate::commands::project::{Project, project_path};
use crate::open_upgrade::{OpenConflict, OpenUpgrade};
use crate::report::ResolveReport;

/// Runs `resolve`.
///
/// # Errors
///
/// All files that cannot be decided so, together; nothing is decided then.
pub(in crate::commands) fn resolve(
    context: &Context<'_>,
    args: &ResolveArgs,
) -> Result<ResolveReport> {
    let (_lock, project) = context.open(Access::Decide)?;
    let mut open = opened(context, &project)?;
    let files = chosen(context, &project, &open, &args.files)?;
    let mut resolutions = Vec::new();
    let mut faults = Vec::new();
    for file in files {
        match decision(context, &project, &open, &file, args) {
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
        let fault = Fault::new(e.message());
        e.hints()
            .iter()
            .fold(fault, |fault, hint| fault.help(hint.clone()))
    });
    let message = "files cannot be resolved so";
    Some(Error::faults(Kind::General, message, faults.collect()))
}

/// Returns the files that a command line means.
fn chosen(
    context: &Context<'_>,
    project: &Project,
    open: &OpenUpgrade,
    files: &[String],
) -> Result<Vec<OpenConflict>> {
    let mut all = open.state.all();
    if files.is_empty() {
        all.retain(|one| open.is_edited_since(one));
        let edited = all;
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
        let bare = [tree.as_str(), &staged]
            .iter()
            .find_map(|above| file.strip_prefix(above)?.strip_prefix('/'));
        let bare = bare.unwrap_or(file);
        let found = all.iter().find(|one| one.conflict.path.as_str() == bare);
        found.cloned().ok_or_else(|| {
            let conflicts = open.state.conflicts.iter();
            let names: Vec<&str> = conflicts.map(|one| one.conflict.path.as_str()).collect();
            Error::new(
                Kind::Usage,
                format!("`{file}` is neither in conflict nor merged"),
            )
            .help(format!("in conflict are: {}", names.join(", ")))
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
