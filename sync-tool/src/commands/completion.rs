//! Completion of command lines: the shell's script asks this program what fits.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use clap::{CommandFactory as _, Parser as _, ValueEnum as _};
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use host::{Environment, Host, Silent};
use recipe::error::{Error, Result};
use semver::Version;

use super::context::Context;
use super::project::{Project, read_manifest};
use crate::cli::{Cli, Command, Format};

const NAME: &str = "wash-wasi-sync";
/// The variable by which a shell's script asks.
const VAR: &str = "WASH_WASI_SYNC_COMPLETE";

/// The arguments that name a release of upstream.
const RELEASES: [(&str, &str); 4] = [
    ("upgrade", "to"),
    ("diff", "from"),
    ("diff", "to"),
    ("show", "at"),
];
/// The arguments that name a file of the crate.
const FILES: [(&str, &str); 4] = [
    ("show", "file"),
    ("diff", "files"),
    ("refresh", "as_patch"),
    ("refresh", "difference"),
];

/// Answers a shell that asks for completions; tells whether one did.
///
/// # Errors
///
/// Where the shell is not known, or does not listen.
pub(super) fn answered() -> clap::error::Result<bool> {
    let dir = std::env::current_dir().ok();
    CompleteEnv::with_factory(command)
        .var(VAR)
        .try_complete(std::env::args_os(), dir.as_deref())
}

/// Makes the script of a shell.
///
/// # Errors
///
/// Never for a shell that clap knows.
pub(super) fn script(shell: Shell) -> Result<String> {
    let mut script = Vec::new();
    let name = shell.to_string();
    let completer = Shells::builtins();
    let completer = completer.completer(&name);
    let written = completer.map(|c| c.write_registration(VAR, NAME, NAME, NAME, &mut script));
    match written {
        Some(Ok(())) => Ok(String::from_utf8_lossy(&script).into_owned()),
        _ => Err(Error::general(format!("there is no script for {name}"))),
    }
}

fn command() -> clap::Command {
    let mut command = Cli::command();
    for (verb, argument) in RELEASES {
        let offered = ArgValueCandidates::new(|| offered(releases()));
        command = command.mut_subcommand(verb, |c| c.mut_arg(argument, |a| a.add(offered)));
    }
    for (verb, argument) in FILES {
        let offered = ArgValueCompleter::new(|typed: &OsStr| offered(files(typed)));
        command = command.mut_subcommand(verb, |c| c.mut_arg(argument, |a| a.add(offered)));
    }
    formats_of_each(command)
}

/// Lets each command offer the formats that it takes: the option is one for all.
fn formats_of_each(command: clap::Command) -> clap::Command {
    let Some(format) = command
        .get_arguments()
        .find(|arg| arg.get_id() == "format")
        .cloned()
    else {
        return command;
    };
    command.mut_subcommands(|verb| {
        let takes_all = verb.get_name() == "check";
        let values = Format::value_variants()
            .iter()
            .filter(|f| takes_all || !f.is_of_check());
        let values = values.filter_map(Format::to_possible_value);
        verb.arg(
            format
                .clone()
                .value_parser(PossibleValuesParser::new(values)),
        )
    })
}

/// Makes candidates. Where nothing can be read, there are none: a shell has no place
/// for an error.
fn offered(values: Result<impl IntoIterator<Item = String>>) -> Vec<CompletionCandidate> {
    let values = values.into_iter().flatten();
    values.map(CompletionCandidate::new).collect()
}

/// Returns the releases that are known without the network: those of the manifest
/// and of the caches.
fn releases() -> Result<Vec<String>> {
    let host = Host::new(Environment::of_process()?, Arc::new(Silent))?;
    // What was typed may be no command line yet.
    let cli = Cli::try_parse_from([NAME, "--offline", "status"]);
    let cli = cli.map_err(|e| Error::general(e.to_string()))?;
    let context = Context::new(&host, &cli.global, String::new())?;
    let manifest = read_manifest(&context.root)?;
    let mut known: BTreeSet<Version> = manifest.releases().cloned().collect();
    if let Command::Status(args) = &cli.command
        && let Ok(listed) = context.upstream(&manifest, &args.source)?.list()
    {
        known.extend(listed.into_iter().map(|listed| listed.version));
    }
    let newest_first = known.iter().rev().map(ToString::to_string);
    Ok(["latest".to_owned()]
        .into_iter()
        .chain(newest_first)
        .collect())
}

/// Returns the files of the vendored tree that begin as typed, or the directories that
/// lead to them.
fn files(typed: &OsStr) -> Result<BTreeSet<String>> {
    let typed = typed.to_string_lossy();
    let root = super::context::nearest(Environment::of_process()?.dir())?;
    let project = Project::load(&root, read_manifest(&root)?)?;
    let paths = project.locked()?.files.0.keys();
    let paths = paths.filter_map(|path| {
        let rest = path.as_str().strip_prefix(&*typed)?;
        let end = rest.find('/').map_or(rest.len(), |slash| slash + 1);
        Some(format!("{typed}{}", &rest[..end]))
    });
    Ok(paths.collect())
}
