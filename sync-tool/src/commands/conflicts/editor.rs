//! The user's editor, at a conflict.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;
use std::process::Command;

use recipe::error::{Error, Result};

use crate::commands::context::Context;
use crate::open_upgrade::{OpenConflict, OpenUpgrade};

/// Opens a file in the user's editor, at a line.
pub(super) fn edit(
    context: &Context<'_>,
    open: &OpenUpgrade,
    file: &OpenConflict,
    line: usize,
) -> Result<()> {
    let place = open.staged(&file.conflict.path);
    open.restore_missing(file)?;
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| context.host.env.text(name));
    let editor = editor
        .filter(|editor| !editor.trim().is_empty())
        .ok_or_else(|| {
            Error::general("neither VISUAL nor EDITOR names an editor").help(format!(
                "edit {} by other means, then `wash-wasi-sync resolve {}`",
                context.shown(&place),
                file.conflict.path
            ))
        })?;
    let mut command = shell(editor, &at_line(editor, &place, line));
    command.current_dir(&context.root);
    // The terminal is the editor's as long as it runs.
    let not_here = |why: &dyn Display| {
        Error::general(format!("the editor `{editor}` cannot be started: {why}"))
            .help("set EDITOR to a program that is here")
    };
    let status = command.status().map_err(|e| not_here(&e))?;
    // So shells say that there is no such program, or that it is none.
    if matches!(status.code(), Some(126 | 127)) {
        return Err(not_here(&status));
    }
    match status.success() {
        true => Ok(()),
        false => Err(
            Error::general(format!("the editor `{editor}` failed ({status})"))
                .help("nothing was decided; open it again, or take a side with `resolve`"),
        ),
    }
}

/// Returns the command that runs an editor, whose own arguments the shell takes apart, as git
/// has it.
fn shell(editor: &str, arguments: &[OsString]) -> Command {
    if cfg!(windows) {
        let mut words = editor.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).args(arguments);
        return command;
    }
    let mut command = Command::new("sh");
    let script = format!("{editor} \"$@\"");
    command.args(["-c", &script, editor]).args(arguments);
    command
}

/// Returns how an editor is told the file and the line, where that is known.
fn at_line(editor: &str, place: &Path, line: usize) -> Vec<OsString> {
    let quote = editor
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    let program = match quote {
        Some(quote) => editor[1..].split(quote).next(),
        None => editor.split_whitespace().next(),
    };
    let name = program.and_then(|program| Path::new(program).file_name()?.to_str());
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
