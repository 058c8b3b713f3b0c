//! From the command line to the exit code.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, Parser as _};

use super::context::Context;
use super::{check, diff, refresh, show, status, test, upgrade, vendor, versions};
use crate::cli::{Cli, Color, Command, Format, Global};
use crate::core::address::{masked, masked_in};
use crate::core::report::{CheckReport, Ended};
use crate::core::suite::SuiteReport;
use crate::error::{Error, Kind, Result};
use crate::ports::{Environment, Host};
use crate::render::{self, Human, Level, Styles, Terminal};

/// What a command prints, and how the process ends.
struct Told {
    text: String,
    kind: Option<Kind>,
    /// Whether the project is another now.
    changed: bool,
}

/// Runs the tool and returns its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        // Help and version are printed to stdout, and succeed.
        Err(e) => return code_of(&e),
    };
    let global = cli.global.clone();
    let out = styles(global.color, std::io::stdout().is_terminal());
    let err = styles(global.color, std::io::stderr().is_terminal());
    let line: Vec<String> = args.iter().map(|a| masked(&a.to_string_lossy())).collect();
    let told = run(cli, out, err, line.join(" "));
    let ended = told.and_then(|told| match print(&told.text) {
        // The code says what happened, not what became of its report.
        Err(error) if told.changed || told.kind.is_some() => {
            let what = match told.changed {
                true => "the change is in place, but its report is lost",
                false => "the report is lost",
            };
            write_error(&error.context(what), err);
            Ok(told.kind)
        }
        printed => printed.map(|()| told.kind),
    });
    match ended {
        Ok(kind) => ExitCode::from(kind.map_or(0, Kind::exit_code)),
        Err(error) => {
            tell(&error, global.format, err);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// Prints what clap says, which may quote a URL, and returns the exit code.
fn code_of(e: &clap::Error) -> ExitCode {
    let text = masked_in(&e.render().ansi().to_string());
    if e.use_stderr() {
        // Nobody is left to tell where stderr is closed.
        let _ = anstream::stderr().write_all(text.as_bytes());
        return ExitCode::from(Kind::Usage.exit_code());
    }
    let printed = anstream::stdout().write_all(text.as_bytes());
    printed.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// Decides on colours: what was asked for, then NO_COLOR and its kin, then the terminal.
fn styles(color: Color, terminal: bool) -> Styles {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    Styles::new(match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            !set("NO_COLOR")
                && (set("CLICOLOR_FORCE")
                    || terminal && std::env::var_os("TERM").is_none_or(|t| t != "dumb"))
        }
    })
}

/// Writes to stdout. Nobody reading any more, as with `| head`, is no error.
fn print(text: &str) -> Result<()> {
    let mut out = anstream::AutoStream::new(std::io::stdout(), anstream::ColorChoice::AlwaysAnsi);
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::general(format!("cannot write to stdout: {e}")).caused_by(e))
        }
        _ => Ok(()),
    }
}

/// Writes an error to stderr; where results are JSON, its document to stdout too:
/// programs read one document there whatever happens, and people the text.
fn tell(error: &Error, format: Format, styles: Styles) {
    if format == Format::Json {
        // What cannot be printed is still told on stderr.
        let _ = print(&render::error_json(error));
    }
    write_error(error, styles);
}

fn write_error(error: &Error, styles: Styles) {
    // Nobody is left to tell where stderr is closed.
    let _ = std::io::stderr().write_all(render::error_text(error, styles).as_bytes());
}

fn run(cli: Cli, out: Styles, err: Styles, line: String) -> Result<Told> {
    let format = allowed(&cli)?;
    match &cli.command {
        Command::Completions(args) => return Ok(told(completions(args.shell))),
        Command::Man => return manual().map(told),
        _ => {}
    }
    let level = level(&cli.global);
    let host = Host::new(
        Environment::of_process()?,
        Arc::new(Terminal::new(level, err)),
    )?;
    host.listen_to_signals();
    let context = Context::new(&host, &cli.global, line)?;
    let result = command(&context, &cli.command, format, Human::new(out));
    // What was interrupted may fail in its own words.
    match result {
        Err(e)
            if host.interrupt().check().is_err()
                && !matches!(e.kind(), Kind::Interrupted | Kind::Unfinished) =>
        {
            Err(e.of_kind(Kind::Interrupted))
        }
        other => other,
    }
}

fn command(context: &Context<'_>, command: &Command, format: Format, human: Human) -> Result<Told> {
    match command {
        Command::Upgrade(args) => made(upgrade::run(context, args)?, format, human),
        Command::Vendor(args) => made(vendor::run(context, args)?, format, human),
        Command::Check(args) => checked(&check::run(context, args)?, format, human),
        Command::Test(args) => {
            let (report, kept) = test::run(context, args)?;
            let mut told = tested(&report, format, human)?;
            // The results are told all the same: they took long.
            if let Err(error) = kept {
                context.host.status.warn(&error.to_string());
                told.kind = told.kind.or(Some(error.kind()));
            }
            Ok(told)
        }
        Command::Status(args) => shown(&status::run(context, args)?, format, |r| human.status(r)),
        Command::Refresh(args) => {
            let report = refresh::run(context, args)?;
            let changed = !report.dry_run && !report.written.is_empty();
            let told = shown(&report, format, |r| human.refresh(r))?;
            Ok(Told { changed, ..told })
        }
        Command::Diff(args) => shown(&diff::run(context, args)?, format, |r| human.diff(r)),
        Command::Show(args) => shown(&show::run(context, args)?, format, |r| human.show(r)),
        Command::Versions(args) => {
            let report = versions::run(context, args)?;
            let changed = !report.written.is_empty();
            let told = shown(&report, format, |r| human.versions(r))?;
            Ok(Told { changed, ..told })
        }
        Command::Completions(args) => Ok(told(completions(args.shell))),
        Command::Man => manual().map(told),
    }
}

fn told(text: String) -> Told {
    Told {
        text,
        kind: None,
        changed: false,
    }
}

fn shown<R: serde::Serialize>(
    report: &R,
    format: Format,
    human: impl FnOnce(&R) -> String,
) -> Result<Told> {
    Ok(told(match format {
        Format::Json => render::json(report)?,
        _ => human(report),
    }))
}

fn made(report: crate::core::report::MadeReport, format: Format, human: Human) -> Result<Told> {
    let kind = (report.ended == Ended::Conflicts).then_some(Kind::Conflicts);
    Ok(Told {
        kind,
        changed: report.ended == Ended::Committed,
        ..shown(&report, format, |r| human.made(r))?
    })
}

fn tested(report: &SuiteReport, format: Format, human: Human) -> Result<Told> {
    let kind = (!report.passed()).then_some(Kind::Verification);
    Ok(Told {
        kind,
        ..shown(report, format, |r| human.suite(r))?
    })
}

fn checked(report: &CheckReport, format: Format, human: Human) -> Result<Told> {
    let text = match format {
        Format::Human => human.check(report),
        Format::Json => render::json(report)?,
        Format::Sarif => render::check_sarif(report)?,
        Format::Github => render::check_annotations(report),
    };
    let kind = (!report.drift.is_empty()).then_some(Kind::Drift);
    Ok(Told { kind, ..told(text) })
}

/// Returns the format, which not every command has.
fn allowed(cli: &Cli) -> Result<Format> {
    let format = cli.global.format;
    let special = matches!(format, Format::Sarif | Format::Github);
    if special && !matches!(cli.command, Command::Check(_)) {
        let message = "only `check` has the formats sarif and github";
        return Err(
            Error::new(Kind::Usage, message).help("choose `--format human` or `--format json`")
        );
    }
    Ok(format)
}

fn level(global: &Global) -> Level {
    match (global.quiet, global.verbose) {
        (true, _) => Level::Quiet,
        (_, true) => Level::Verbose,
        _ => Level::Normal,
    }
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wash-wasi-sync", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn manual() -> Result<String> {
    let mut page = Vec::new();
    let written = clap_mangen::Man::new(Cli::command()).render(&mut page);
    written.map_err(|e| Error::general(format!("no manual page can be made: {e}")).caused_by(e))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
