//! From the command line to the exit code.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _, ValueEnum as _};
use gates::suite::SuiteReport;
use host::{Environment, Host};
use recipe::address::{masked, masked_in};
use recipe::error::{Error, Kind, Result};

use super::conflicts::{self, Listed};
use super::context::Context;
use super::{
    check, completion, diff, export, forecast, radar, refresh, report, show, status, test, upgrade,
    vendor, versions,
};
use crate::cli::{Cli, Color, Command, Format, Global};
use crate::render::{self, Findings, Human, Level, Styles, Terminal};
use crate::report::{CheckReport, Ended};

/// What a command prints, and how the process ends.
struct Output {
    text: String,
    kind: Option<Kind>,
    /// Whether the project is another now.
    changed: bool,
    /// Whether it is content that other programs take as it is.
    exact: bool,
}

/// Runs the tool and returns its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match completion::answered() {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(e) => return failed(&usage(&e), Format::Human, Color::Auto),
    }
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        // Help and version are printed to stdout, and succeed.
        Err(e) if !e.use_stderr() => {
            return e.print().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
        }
        Err(e) => return failed(&usage(&e), asked(&args), Color::Auto),
    };
    let Global { format, color, .. } = cli.global;
    let out = styles(color, std::io::stdout().is_terminal());
    let line: Vec<String> = args.iter().map(|a| masked(&a.to_string_lossy())).collect();
    let ended = run(cli, out, line.join(" ")).and_then(|output| {
        let is_read = std::io::stdout().is_terminal();
        let text = match output.exact && !is_read {
            true => render::exact(&output.text),
            false => render::printable(&output.text),
        };
        match print(&text) {
            // The code says what happened, not what became of its report.
            Err(error) if output.changed || output.kind.is_some() => {
                let what = match output.changed {
                    true => "the change is in place, but its report is lost",
                    false => "the report is lost",
                };
                write_error(&error.context(what), color);
                Ok(output.kind)
            }
            printed => printed.map(|()| output.kind),
        }
    });
    match ended {
        Ok(kind) => ExitCode::from(kind.map_or(0, Kind::exit_code)),
        Err(error) => failed(&error, format, color),
    }
}

/// Makes an error of what clap says of the command line: its first paragraph is the
/// message, the others are hints.
fn usage(e: &clap::Error) -> Error {
    if e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Error::new(Kind::Usage, "no command is given").help(e.render().to_string());
    }
    let text = masked_in(&e.render().to_string());
    let text = text.trim_start_matches("error: ").trim_end();
    let mut parts = text.split("\n\n").map(str::trim);
    let error = Error::new(Kind::Usage, parts.next().unwrap_or_default());
    let hint = |part: &str| part.trim_start_matches("tip: ").to_owned();
    parts.fold(error, |error, part| error.help(hint(part)))
}

/// Returns the format that a command line asks for which clap cannot read.
fn asked(args: &[OsString]) -> Format {
    let args: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let pairs = args.windows(2).filter(|pair| pair[0] == "--format");
    let values = pairs.map(|pair| pair[1]);
    let values = values.chain(args.iter().filter_map(|arg| arg.strip_prefix("--format=")));
    let mut formats = values.filter_map(|value| Format::from_str(value, false).ok());
    formats.next().unwrap_or(Format::Human)
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

/// Writes an error to stderr, and to stdout as the format has it: programs read one
/// document there whatever happens. Returns the error's exit code.
fn failed(error: &Error, format: Format, color: Color) -> ExitCode {
    let document = match format {
        Format::Human => None,
        Format::Json => Some(render::error_json(error)),
        Format::Sarif => render::sarif(&Findings::from(error)).ok(),
        Format::Github => Some(render::annotations(&Findings::from(error))),
    };
    // What cannot be printed is still output on stderr.
    let _ = document.map(|document| print(&document));
    write_error(error, color);
    ExitCode::from(error.kind().exit_code())
}

fn write_error(error: &Error, color: Color) {
    let styles = styles(color, std::io::stderr().is_terminal());
    let text = render::printable(&render::error_text(error, styles));
    // Nobody is left to tell where stderr is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn run(cli: Cli, out: Styles, line: String) -> Result<Output> {
    let format = allowed(&cli)?;
    match &cli.command {
        Command::Completions(args) => return completion::script(args.shell).map(output_of),
        Command::Man => return manual().map(output_of),
        _ => {}
    }
    let level = level(&cli.global);
    let host = Host::new(
        Environment::of_process()?,
        Arc::new(Terminal::new(
            level,
            styles(cli.global.color, std::io::stderr().is_terminal()),
        )),
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

fn command(
    context: &Context<'_>,
    command: &Command,
    format: Format,
    human: Human,
) -> Result<Output> {
    match command {
        Command::Upgrade(args) => made(upgrade::run(context, args)?, format, human),
        Command::Conflicts(args) => listed(conflicts::run(context, args)?, format, human),
        Command::Resolve(args) => shown(&conflicts::resolve(context, args)?, format, |r| {
            human.resolved(r)
        }),
        Command::Continue(args) => made(upgrade::resume(context, args)?, format, human),
        Command::Abort => listed(Listed::Done(conflicts::abort(context)?), format, human),
        Command::Vendor(args) => made(vendor::run(context, args)?, format, human),
        Command::Export(args) => made(export::run(context, args)?, format, human),
        Command::Check(args) if args.radar => {
            let report = radar::check(context, args)?;
            let findings = || Findings::from(&report);
            let text = match format {
                Format::Human => human.radar(&report),
                Format::Json => render::json(&report)?,
                Format::Sarif => render::sarif(&findings())?,
                Format::Github => render::annotations(&findings()),
            };
            let kind = (report.open_security() > 0).then_some(Kind::Verification);
            Ok(Output {
                kind,
                ..output_of(text)
            })
        }
        Command::Check(args) => checked(&check::run(context, args)?, format, human),
        Command::Test(args) => {
            let (report, kept) = test::run(context, args)?;
            let mut output = tested(&report, format, human)?;
            // The results are output all the same: they took long.
            if let Err(error) = kept {
                context.host.status.warn(&error.to_string());
                output.kind = output.kind.or(Some(error.kind()));
            }
            Ok(output)
        }
        Command::Forecast(args) => {
            let report = forecast::run(context, args)?;
            let kind = report.newest_conflicts().then_some(Kind::Conflicts);
            let output = shown(&report, format, |r| human.forecast(r))?;
            Ok(Output { kind, ..output })
        }
        Command::Report(args) => shown(&report::run(context, args)?, format, |r| human.report(r)),
        Command::Status(args) => shown(&status::run(context, args)?, format, |r| human.status(r)),
        Command::Refresh(args) => {
            let report = refresh::run(context, args)?;
            let changed = !report.dry_run && !report.written.is_empty();
            let output = shown(&report, format, |r| human.refresh(r))?;
            Ok(Output { changed, ..output })
        }
        Command::Diff(args) => Ok(Output {
            exact: !args.stat,
            ..shown(&diff::run(context, args)?, format, |r| human.diff(r))?
        }),
        Command::Show(args) => Ok(Output {
            exact: true,
            ..shown(&show::run(context, args)?, format, |r| human.show(r))?
        }),
        Command::Versions(args) => {
            let report = versions::run(context, args)?;
            let changed = !report.written.is_empty();
            let output = shown(&report, format, |r| human.versions(r))?;
            Ok(Output { changed, ..output })
        }
        Command::Completions(args) => completion::script(args.shell).map(output_of),
        Command::Man => manual().map(output_of),
    }
}

fn output_of(text: String) -> Output {
    Output {
        text,
        kind: None,
        changed: false,
        exact: false,
    }
}

fn shown<R: serde::Serialize>(
    report: &R,
    format: Format,
    human: impl FnOnce(&R) -> String,
) -> Result<Output> {
    Ok(output_of(match format {
        Format::Json => render::json(report)?,
        _ => human(report),
    }))
}

fn made(report: crate::report::MadeReport, format: Format, human: Human) -> Result<Output> {
    let kind = (report.ended == Ended::Conflicts).then_some(Kind::Conflicts);
    Ok(Output {
        kind,
        changed: report.ended == Ended::Committed,
        ..shown(&report, format, |r| human.made(r))?
    })
}

fn listed(listed: Listed, format: Format, human: Human) -> Result<Output> {
    let text = match (&listed, format) {
        (Listed::Done(text), Format::Json) => {
            render::json(&serde_json::json!({ "done": text.trim_end() }))?
        }
        (Listed::Done(text), _) => text.clone(),
        (Listed::All(report) | Listed::One(report), Format::Json) => render::json(report)?,
        (Listed::All(report) | Listed::One(report), Format::Sarif) => {
            render::sarif(&Findings::from(&**report))?
        }
        (Listed::All(report) | Listed::One(report), Format::Github) => {
            render::annotations(&Findings::from(&**report))
        }
        (Listed::All(report), Format::Human) => human.conflicts(report),
        (Listed::One(report), Format::Human) => human.conflict(report),
    };
    Ok(output_of(text))
}

fn tested(report: &SuiteReport, format: Format, human: Human) -> Result<Output> {
    let kind = (!report.passed()).then_some(Kind::Verification);
    Ok(Output {
        kind,
        ..shown(report, format, |r| human.suite(r))?
    })
}

fn checked(report: &CheckReport, format: Format, human: Human) -> Result<Output> {
    let text = match format {
        Format::Human => human.check(report),
        Format::Json => render::json(report)?,
        Format::Sarif => render::sarif(&Findings::from(report))?,
        Format::Github => render::annotations(&Findings::from(report)),
    };
    let kind = (!report.drift.is_empty()).then_some(Kind::Drift);
    Ok(Output {
        kind,
        ..output_of(text)
    })
}

/// Returns the format, which not every command has.
fn allowed(cli: &Cli) -> Result<Format> {
    let format = cli.global.format;
    if format.is_of_check() && !matches!(cli.command, Command::Check(_) | Command::Conflicts(_)) {
        let message = "only `check` and `conflicts` have the formats sarif and github";
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

fn manual() -> Result<String> {
    let mut page = Vec::new();
    let written = clap_mangen::Man::new(Cli::command()).render(&mut page);
    written.map_err(|e| Error::general(format!("no manual page can be made: {e}")).caused_by(e))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
