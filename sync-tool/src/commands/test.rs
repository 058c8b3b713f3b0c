//! `test`: upstream's own tests on the vendored tree.

use std::time::Duration;

use gates::diagnosis::Trees;
use gates::suite::{Build, FeatureSet, Filter, SuiteReport};
use gates::workspace::{Workspace, WorkspaceInputs};
use recipe::error::{Error, Kind, Result};
use recipe::listing::joined;
use recipe::make;
use recipe::release::Release;
use recipe::rust_version::is_new_enough;
use recipe::tree::Tree;
use semver::Version;

use super::check::there;
use super::context::{Access, Context, Steps, work_dir};
use super::release::{UPGRADE, locked, with_newest};
use super::upstream_tests::{Suite, Wanted, cargo, check_machine, default_sets, features};
use crate::cli::{SourceArg, SourceArgs, TestArgs};
use crate::draft::Draft;
use crate::render;

/// Runs the command. What stands in the tree's place is tested, edited or not, and
/// nothing of it is recorded. Returns besides whether the file of results was written.
///
/// # Errors
///
/// Where there is no tree, no workspace of upstream's, or the machine lacks what
/// building needs; [`Kind::Usage`] for features that are not there and a filter that
/// matches nothing. Tests that fail are no error here: the report has them.
pub(super) fn run(context: &Context<'_>, args: &TestArgs) -> Result<(SuiteReport, Result<()>)> {
    let (read_lock, project) = context.open(Access::Read)?;
    let manifest = project.manifest();
    let vendored = there(&project)?;
    vendored.of_the_lock()?;
    let edited = vendored.edits.len();
    let tree = project.vendored_tree()?;
    drop(read_lock);
    project.is_of_the_pin()?;
    let pin = project.manifest().fork.pin.clone();
    let junit = args
        .junit
        .as_ref()
        .map(|file| context.host.env.dir().join(file));
    // Whether it can be written is found out before tests run for minutes.
    let junit = junit.map(Draft::of).transpose()?;
    let wanted = wanted(args, &tree)?;
    let upstream = context.upstream(manifest, &source(args))?;
    let mut steps = Steps::default();
    let known = locked(project.lock.as_ref(), &pin);
    let release = steps.time("fetch", || upstream.release(&pin, known));
    let release = release.map_err(with_another)?;
    let logs = work_dir(manifest)?.below(&project.root).join("logs");
    let cargo = cargo(context, args.toolchain.clone(), Some(&logs));
    check_machine(&cargo, manifest, &release).map_err(|e| match cargo.rustc_version() {
        Ok(rustc) if !builds(&release, &rustc) => with_newest(e, &upstream, &rustc, UPGRADE),
        _ => e,
    })?;
    let parts = WorkspaceInputs {
        host: context.host,
        cache: &context.cache,
        upstream: &upstream,
        release: &release,
        tree: &tree,
        manifest,
        line: &context.line,
    };
    let workspace = steps.time("workspace", || Workspace::lay_out(parts))?;
    let suite = Suite {
        context,
        manifest,
        workspace: &workspace,
        cargo: &cargo,
        trees: Trees {
            old: None,
            new: Some(&tree),
            upstream: Some(&release.tree),
        },
        wanted,
    };
    let mut report = suite.run(steps)?;
    report.edited = edited;
    something_ran(&report)?;
    let kept = junit.map(|draft| draft.keep(&render::junit(&report)?));
    Ok((report, kept.unwrap_or(Ok(()))))
}

fn builds(release: &Release, rustc: &Version) -> bool {
    let wanted = make::rust_version(release);
    wanted.is_ok_and(|wanted| wanted.is_none_or(|wanted| is_new_enough(rustc, &wanted)))
}

/// Returns where upstream is taken from: the registry does not have the programs
/// that the tests run.
fn source(args: &TestArgs) -> SourceArgs {
    SourceArgs {
        source: SourceArg::Git,
        upstream: args.upstream.clone(),
    }
}

fn wanted(args: &TestArgs, tree: &Tree) -> Result<Wanted> {
    Ok(Wanted {
        sets: sets(args, tree)?,
        filter: Filter(args.filter.clone().filter(|text| !text.is_empty())),
        keep_going: args.keep_going,
        limit: Duration::from_secs(args.time_limit),
        tell_all: true,
    })
}

/// Returns the feature sets that are meant.
fn sets(args: &TestArgs, tree: &Tree) -> Result<Vec<(FeatureSet, Option<String>)>> {
    let known = features(tree)?;
    let asked = FeatureSet::of(&args.features);
    if args.features.is_empty() {
        return Ok(default_sets(&known));
    }
    let unknown: Vec<&str> = asked
        .names()
        .filter(|name| !known.contains(*name))
        .collect();
    if unknown.is_empty() {
        return Ok(vec![(asked, None)]);
    }
    let message = format!("the crate has no feature `{}`", unknown.join("`, `"));
    Err(Error::new(Kind::Usage, message).help(format!("it has {}", joined(&known, known.len()))))
}

fn with_another(error: Error) -> Error {
    match error.kind() {
        Kind::Upstream => error.help(
            "upstream's tests are in its repository only: to use another or a clone, `--upstream URL|PATH`",
        ),
        _ => error,
    }
}

/// Fails where not one test ran: that is never a success.
fn something_ran(report: &SuiteReport) -> Result<()> {
    let built = |build: &Build| matches!(build, Build::Built { .. } | Build::Skipped { .. });
    if report.tests().next().is_some() || !report.sets.iter().all(|set| built(&set.build)) {
        return Ok(());
    }
    Err(match &report.filter {
        Some(filter) => Error::new(Kind::Usage, format!("no test has `{filter}` in its name"))
            .help("names are as the report shows them: `all p2::sync::p2_tcp_bind`; leave out `--filter` to see all")
            .help("doc tests are looked at only where the filter begins with `doc`: `doc crates/…`"),
        None => Error::new(Kind::Verification, "upstream's workspace has no test of the crate")
            .help("see whether `[upstream]` in manifest.toml names the right crate"),
    })
}
