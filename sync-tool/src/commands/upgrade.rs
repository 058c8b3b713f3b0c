//! `upgrade`: the fork goes to another upstream release; `continue`: it goes on after
//! conflicts were decided.

mod attempt;
mod target;

use attempt::Attempt;
use clap::ValueEnum;
use recipe::address::Address;
use recipe::error::{Error, Kind, Result};
use target::served;

use super::context::{Access, Context, Steps};
use super::release::resolve;
use crate::cli::{ContinueArgs, SourceArg, SourceArgs, UpgradeArgs};
use crate::open_upgrade::{OpenUpgrade, Request};
use crate::report::MadeReport;

/// Runs `upgrade`.
///
/// # Errors
///
/// Those of every step; the pinned tree is untouched then. Conflicts are no
/// error here: the report has them, and the upgrade is open from then on.
pub(super) fn run(context: &Context<'_>, args: &UpgradeArgs) -> Result<MadeReport> {
    let (lock, project) = context.open(Access::unless_dry(args.dry_run && !args.check))?;
    let vendored = project.vendored()?;
    project.not_converted()?;
    vendored.no_edits(project.manifest(), args.edits.discard_edits)?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let mut steps = Steps::default();
    let to = steps.time("resolve", || resolve(&upstream, &args.to))?;
    served(project.manifest(), &to)?;
    let address = args.source.upstream.as_ref();
    let plain = address.filter(|address| address.secret() == address.to_string());
    let formatter = context.formatter();
    let attempt = Attempt {
        context,
        lock: &lock,
        project: &project,
        vendored: &vendored,
        upstream: &upstream,
        formatter: &formatter,
        request: Request {
            to,
            fork_version: args.fork_version.clone(),
            notes: args.notes.clone(),
            step: args.step,
            no_verify: args.no_verify,
            no_upstream_tests: args.no_upstream_tests,
            toolchain: args.toolchain.clone(),
            source: args.source.source.name(),
            upstream: plain.map(ToString::to_string),
            upstream_has_secrets: address.is_some() && plain.is_none(),
        },
        check_only: args.check,
        review: &args.review,
        open: None,
    };
    attempt.run(steps)
}

/// Runs `continue`.
///
/// # Errors
///
/// Where no upgrade is open, or a file is edited and not decided; those of `upgrade`.
pub(super) fn resume(context: &Context<'_>, args: &ContinueArgs) -> Result<MadeReport> {
    let (lock, project) = context.open(Access::Decide)?;
    let open = context.open_upgrade(&project)?.ok_or_else(none_is_open)?;
    ready_to_go_on(&open)?;
    let mut request = open.state.request.clone();
    request.no_verify = args.no_verify || request.no_verify && !args.verify;
    request.no_upstream_tests |= args.no_upstream_tests;
    if args.toolchain.is_some() {
        request.toolchain.clone_from(&args.toolchain);
    }
    let vendored = project.vendored()?;
    project.not_converted()?;
    vendored.no_edits(project.manifest(), args.edits.discard_edits)?;
    let source = source_of(&request, &args.source)?;
    let upstream = context.upstream(project.manifest(), &source)?;
    let formatter = context.formatter();
    let attempt = Attempt {
        context,
        lock: &lock,
        project: &project,
        vendored: &vendored,
        upstream: &upstream,
        formatter: &formatter,
        request,
        check_only: false,
        review: &args.review,
        open: Some(&open),
    };
    attempt.run(Steps::default())
}

/// Returns where an open upgrade takes upstream from: as now named, else as it began.
pub(super) fn source_of(request: &Request, now: &SourceArgs) -> Result<SourceArgs> {
    if now.upstream.is_some() || now.source != SourceArg::Auto {
        return Ok(now.clone());
    }
    let upstream = request.upstream.clone().map(Address::from);
    if upstream.is_none() && request.upstream_has_secrets {
        return Err(Error::new(
            Kind::Usage,
            "the upgrade began with a repository whose address has a password or token, which is not stored",
        )
        .help("name it again: `wash-wasi-sync continue --upstream URL`"));
    }
    let source = SourceArg::from_str(&request.source, false).unwrap_or(SourceArg::Auto);
    Ok(SourceArgs { source, upstream })
}

/// Says that there is nothing to decide on.
pub(super) fn none_is_open() -> Error {
    Error::general("no upgrade is open").help("begin one: `wash-wasi-sync upgrade --to VERSION`")
}

/// Fails where a decision is missing that a person has begun to make.
fn ready_to_go_on(open: &OpenUpgrade) -> Result<()> {
    let mut all = open.state.all();
    all.retain(|one| open.is_edited_since(one));
    let edited: Vec<&str> = all.iter().map(|one| one.conflict.path.as_str()).collect();
    if edited.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Conflicts,
        format!(
            "files were edited and not resolved since: {}",
            edited.join(", ")
        ),
    )
    .help("take them as they are: `wash-wasi-sync resolve`"))
}
