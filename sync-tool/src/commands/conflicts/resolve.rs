//! `resolve`: decides about files in conflict.

use std::path::Path;

use recipe::error::{Error, Fault, Kind, Result};
use recipe::series::{ConflictKind, Decision, FileConflict, Resolution, unparsable};
use recipe::tree::TreePath;

use super::opened;
use crate::cli::{ResolveArgs, ResolveHow};
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
    let files = chosen(context, &project, &open, &args.how, &args.files)?;
    let mut resolutions = Vec::new();
    let mut faults = Vec::new();
    for file in files.iter().filter(|_| !args.how.undo) {
        match decision(context, &project, &open, file, args) {
            Ok(resolution) => resolutions.push((file, resolution)),
            Err(e) => faults.push(e),
        }
    }
    if let Some(error) = together(faults) {
        return Err(error.help("nothing was decided"));
    }
    for (file, resolution) in &resolutions {
        open.decide(file, resolution.clone())?;
    }
    let undone = files.iter().filter(|_| args.how.undo);
    let undone: Vec<_> = undone.collect();
    for file in &undone {
        open.undo(file)?;
    }
    Ok(ResolveReport {
        resolved: resolutions
            .into_iter()
            .map(|(_, resolution)| resolution)
            .collect(),
        undone: undone
            .iter()
            .map(|file| file.conflict.path.clone())
            .collect(),
        left: open
            .undecided()
            .map(|one| one.conflict.path.clone())
            .collect(),
        next: open.next_step(),
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
    how: &ResolveHow,
    files: &[String],
) -> Result<Vec<OpenConflict>> {
    let mut all = open.state.all();
    if files.is_empty() {
        let stored = &project.inputs.resolutions;
        match how.remembered {
            true => all.retain(|one| {
                stored.contains_key(&one.texts.key()) && open.decision(one).is_none()
            }),
            false => all.retain(|one| open.is_edited_since(one)),
        }
        let edited = all;
        return match edited.is_empty() {
            false => Ok(edited),
            true => Err(Error::new(
                Kind::Usage,
                match how.remembered {
                    true => "nothing is remembered about the files that are left",
                    false => "no file was edited",
                },
            )
            .help(format!(
                "edit them below {}, or name one and how: `wash-wasi-sync resolve FILE --ours`",
                context.shown(&open.staged_dir())
            ))),
        };
    }
    let tree = &project.manifest().fork.path;
    let staged = context.shown(&open.staged_dir());
    let named = |file: &String| {
        let staged_dir = open.staged_dir().display().to_string();
        let bare = [tree.as_str(), &staged, &staged_dir]
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
    let mut chosen = files.iter().map(named).collect::<Result<Vec<_>>>()?;
    chosen.sort_by(|a, b| a.conflict.path.cmp(&b.conflict.path));
    chosen.dedup_by(|a, b| a.conflict.path == b.conflict.path);
    Ok(chosen)
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
        stored.cloned().ok_or_else(|| {
            Error::general(format!(
                "nothing is remembered about the conflict of `{}`",
                conflict.path
            ))
            .help("decide it: `wash-wasi-sync conflicts` shows how")
        })
    } else if how.ours {
        conflict.resolution(Decision::Ours, None)
    } else if how.theirs {
        conflict.resolution(Decision::Theirs, None)
    } else if how.drop {
        let reason = args.reason.clone().unwrap_or_default();
        conflict.resolution(Decision::Drop { reason }, None)
    } else if let Some(to) = &how.moved_to {
        let path = project_path(to)?;
        is_there(open, conflict, &path)?;
        conflict.resolution(Decision::MovedTo { path }, None)
    } else {
        let text = open.staged_text(file)?;
        edited(context, open, conflict, &text)?;
        conflict.resolution(Decision::Edited, Some(&text))
    };
    let mut resolution = resolution?;
    if !how.remembered {
        resolution.by = git_user(&context.root);
    }
    gives_rust(file, &resolution)?;
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
    let left = conflict.markers_in(text);
    if let Some(first) = left.first() {
        return Err(Error::general(format!(
            "{place} still has {} lines of conflict markers, from line {first} on",
            left.len()
        ))
        .help(format!(
            "edit it, then `wash-wasi-sync resolve {}` again",
            conflict.path
        )));
    }
    let theirs = conflict.texts.theirs.as_deref().unwrap_or_default();
    let added = |what: &str| text.contains(what) && !theirs.contains(what);
    let wrong = match () {
        () if text.trim().is_empty() => Some("is empty"),
        () if added("\r\n") => Some("has line ends of Windows, and upstream's has not"),
        () if added("\u{feff}") => Some("has a byte order mark, and upstream's has not"),
        () => None,
    };
    if let Some(wrong) = wrong {
        return Err(Error::general(format!("{place} {wrong}")).help(format!(
            "save it as it should be; to leave the change out: `wash-wasi-sync resolve {} --drop --reason TEXT`",
            conflict.path
        )));
    }
    if let Some(error) = unparsable(&conflict.path, text) {
        return Err(
            Error::general(format!("{place} does not parse as Rust: {error}"))
                .help("correct it and resolve it again"),
        );
    }
    Ok(())
}

/// Fails where upstream has no file to which code is said to have moved.
fn is_there(open: &OpenUpgrade, conflict: &FileConflict, path: &TreePath) -> Result<()> {
    if open.state.tree.contains(path) {
        return Ok(());
    }
    let error = Error::new(
        Kind::Usage,
        format!("upstream {} has no `{path}`", conflict.to),
    );
    Err(match &conflict.kind {
        ConflictKind::Deleted {
            now_in: Some(now_in),
        } => error.help(format!("most of the lines are in {}", now_in.path)),
        _ => error.help("name the file of the crate that has the code now"),
    })
}

/// Fails where a decision does not follow from upstream's text, or gives no Rust: it would
/// be refused later, where nothing can be done about it.
fn gives_rust(file: &OpenConflict, resolution: &Resolution) -> Result<()> {
    let is_text = !matches!(
        resolution.decision,
        Decision::Drop { .. } | Decision::MovedTo { .. }
    );
    let Some(theirs) = file.texts.theirs.as_deref().filter(|_| is_text) else {
        return Ok(());
    };
    let path = &file.conflict.path;
    let edit = format!("edit the file, then `wash-wasi-sync resolve {path}`");
    let text = resolution.text(theirs).ok_or_else(|| {
        Error::general(format!(
            "what is remembered of `{path}` does not apply to its texts"
        ))
        .help(edit.clone())
    })?;
    match unparsable(path, &text) {
        None => Ok(()),
        Some(error) => {
            Err(Error::general(format!("`{path}` would not parse as Rust: {error}")).help(edit))
        }
    }
}

/// Returns the name of the person who works here, as git has it.
fn git_user(root: &Path) -> Option<String> {
    let config = match git2::Repository::discover(root) {
        Ok(repository) => repository.config(),
        Err(_) => git2::Config::open_default(),
    };
    let name = config.ok()?.get_string("user.name").ok()?;
    Some(name).filter(|name| !name.trim().is_empty())
}
