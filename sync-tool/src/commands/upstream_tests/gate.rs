//! Upstream's tests as a gate of a staged tree.

use std::time::{Duration, Instant};

use super::{Suite, TIME_LIMIT, Wanted, cargo, default_sets};
use crate::commands::context::{Context, millis};
use crate::core::diagnosis::Trees;
use crate::core::gate::CrateManifest;
use crate::core::make::CARGO_TOML;
use crate::core::manifest::Manifest;
use crate::core::release::Release;
use crate::core::report::{GateReport, Versions};
use crate::core::suite::{Filter, SuiteReport};
use crate::core::tree::{File, Tree};
use crate::error::{Error, Result};
use crate::ports::cargo::Cargo;
use crate::ports::upstream::Upstream;
use crate::ports::workspace::{Parts, Workspace};

/// What the lock and reports call the gate.
pub const KEY: &str = "upstream-tests";
/// What it is, for people.
const TITLE: &str = "upstream's tests";

/// Whether upstream's own tests are run, where gates are.
pub enum UpstreamTests<'a, 'u> {
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
pub fn skipped(why: &str) -> GateReport {
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
    /// Runs the tests on a tree, where upstream's workspace can be had and the machine
    /// can build it.
    ///
    /// # Errors
    ///
    /// [`crate::Kind::Verification`] where tests fail; those of the workspace and of cargo.
    pub fn gate(
        &self,
        tree: &Tree,
        trees: Trees<'_>,
        own: &Cargo<'_>,
        context: &Context<'_>,
    ) -> Result<GateReport> {
        let no = |why: &str| {
            let status = &context.host.status;
            status.warn(&format!("{TITLE} were not run on the fork: {why}"));
            Ok(skipped(why))
        };
        let (upstream, release, manifest, toolchain) = match self {
            UpstreamTests::Skip(why) => return no(why),
            UpstreamTests::Of {
                upstream,
                release,
                manifest,
                toolchain,
            } => (upstream, release, manifest, toolchain),
        };
        if let Some(why) = upstream.without_programs() {
            return no(&why);
        }
        let begun = Instant::now();
        let cargo = cargo(context, toolchain.clone(), own.logs());
        let workspace = Workspace::lay_out(Parts {
            host: context.host,
            cache: &context.cache,
            upstream,
            release,
            tree,
            manifest,
            line: &context.line,
        })?;
        let suite = Suite {
            context,
            manifest,
            workspace: &workspace,
            cargo: &cargo,
            trees,
            wanted: Wanted {
                sets: default_sets(&features(tree)?),
                filter: Filter::default(),
                keep_going: false,
                limit: Duration::from_secs(TIME_LIMIT),
                tell_all: false,
            },
        };
        if let Err(error) = suite.check_machine() {
            return match error.all_faults() {
                [] => Err(error),
                faults => {
                    let each: Vec<&str> = faults.iter().map(|f| f.message.as_str()).collect();
                    no(&each.join("; "))
                }
            };
        }
        let (sets, stale) = suite.run()?;
        let report = SuiteReport {
            tested: Versions {
                fork: manifest.fork.version.clone(),
                upstream: release.version.clone(),
            },
            commit: release.commit.clone(),
            path: manifest.fork.path.clone(),
            edited: 0,
            filter: None,
            sets,
            stale,
            steps: Vec::new(),
        };
        let said = report.said();
        context.host.status.note(&format!("{TITLE}: {said}"));
        match report.error() {
            Some(error) => {
                Err(error.help("nothing was changed; mend it, then run the same command again"))
            }
            None => Ok(told(said, millis(begun))),
        }
    }
}

/// Returns the features of a made tree.
///
/// # Errors
///
/// Where its manifest cannot be read.
pub fn features(tree: &Tree) -> Result<std::collections::BTreeSet<String>> {
    let text = tree.get(CARGO_TOML).and_then(File::text);
    let text = text.ok_or_else(|| Error::general("the tree has no Cargo.toml"))?;
    Ok(CrateManifest::parse(CARGO_TOML, text)?.features)
}
