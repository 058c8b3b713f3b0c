//! Upstream's tests as a gate of a staged tree.

use std::time::{Duration, Instant};

use gates::cargo::Cargo;
use gates::diagnosis::Trees;
use gates::gate::GateReport;
use gates::suite::{Filter, SuiteReport, TIME_LIMIT};
use gates::workspace::{Workspace, WorkspaceInputs};
use recipe::error::Result;
use recipe::listing::joined_by;
use recipe::manifest::Manifest;
use recipe::release::Release;
use recipe::tree::Tree;
use upstream::Upstream;

use super::{Suite, Wanted, cargo, check_machine, default_sets, features};
use crate::commands::context::{Context, Steps, millis};

/// What the lock and reports call the gate.
pub(crate) const KEY: &str = "upstream-tests";
/// What it is, for people.
const TITLE: &str = "upstream's tests";

/// Whether upstream's own tests are run, where gates are.
pub(crate) enum UpstreamTests<'a, 'u> {
    /// In the workspace of this release.
    Of {
        /// Where its files come from.
        upstream: &'a Upstream<'u>,
        /// The release.
        release: &'a Release,
        /// The manifest, with the fork's version for that release.
        manifest: &'a Manifest,
        /// The toolchain that was asked for.
        toolchain: Option<String>,
    },
    /// Not, for this reason; the lock records it.
    Skip(&'static str),
}

/// Returns the report of the gate where it does not run.
pub(crate) fn skipped(why: &str) -> GateReport {
    told(format!("skipped: {why}"), 0)
}

fn told(said: String, milliseconds: u64) -> GateReport {
    GateReport {
        gate: KEY.to_owned(),
        title: TITLE.to_owned(),
        said,
        milliseconds,
    }
}

impl UpstreamTests<'_, '_> {
    /// Runs the tests on a tree, where upstream's workspace is available and the machine
    /// can build it.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Verification`] where tests fail; those of the workspace and of cargo.
    pub(crate) fn gate(
        &self,
        tree: &Tree,
        trees: Trees<'_>,
        own: &Cargo<'_>,
        context: &Context<'_>,
    ) -> Result<GateReport> {
        let (upstream, release, manifest, toolchain) = match self {
            UpstreamTests::Skip(why) => return Ok(not_run(context, why)),
            UpstreamTests::Of {
                upstream,
                release,
                manifest,
                toolchain,
            } => (upstream, release, manifest, toolchain),
        };
        if let Some(why) = upstream.without_programs() {
            return Ok(not_run(context, &why));
        }
        let begun = Instant::now();
        let cargo = cargo(context, toolchain.clone(), own.logs());
        if let Some(why) = lacking(check_machine(&cargo, manifest, release))? {
            return Ok(not_run(context, &why));
        }
        let workspace = Workspace::lay_out(WorkspaceInputs {
            host: context.host,
            cache: &context.cache,
            upstream,
            release,
            tree,
            manifest,
            line: &context.line,
        });
        let workspace = match workspace {
            // The crate itself was in a cache; that its tests are not says nothing of it.
            Err(error) if error.is_unreached() => {
                return Ok(not_run(context, &error.to_string()));
            }
            other => other?,
        };
        let suite = Suite {
            context,
            manifest,
            workspace: &workspace,
            cargo: &cargo,
            trees,
            wanted: everything(tree)?,
        };
        passed(context, &suite.run(Steps::default())?, begun)
    }
}

/// Returns what a gate runs.
fn everything(tree: &Tree) -> Result<Wanted> {
    Ok(Wanted {
        sets: default_sets(&features(tree)?),
        filter: Filter::default(),
        keep_going: false,
        limit: Duration::from_secs(TIME_LIMIT),
        tell_all: false,
    })
}

/// Returns what a machine lacks; errors of another sort stay errors.
fn lacking(checked: Result<()>) -> Result<Option<String>> {
    let Err(error) = checked else {
        return Ok(None);
    };
    let faults = error.all_faults().iter();
    let faults: Vec<&str> = faults.map(|fault| fault.message.as_str()).collect();
    match faults.is_empty() {
        true => Err(error),
        false => Ok(Some(joined_by("; ", &faults, faults.len()))),
    }
}

fn not_run(context: &Context<'_>, why: &str) -> GateReport {
    let status = &context.host.status;
    status.warn(&format!("{TITLE} were not run on the fork: {why}"));
    skipped(why)
}

fn passed(context: &Context<'_>, report: &SuiteReport, begun: Instant) -> Result<GateReport> {
    let said = report.said();
    context.host.status.note(&format!("{TITLE}: {said}"));
    match report.error() {
        None => Ok(told(said, millis(begun))),
        Some(error) => {
            Err(error.help("nothing was changed; fix it, then run the same command again"))
        }
    }
}
