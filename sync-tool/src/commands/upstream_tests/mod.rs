//! Upstream's own tests on the fork: workspace, machine, builds, runs, control, verdicts.

mod control;
mod gate;
mod set;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

pub(super) use gate::{KEY, UpstreamTests, skipped};
use gates::cargo::Cargo;
use gates::diagnosis::Trees;
use gates::gate::CrateManifest;
use gates::preflight;
use gates::suite::{
    Build, Expectation, FeatureSet, Filter, ForkTests, Judge, SetReport, SuiteReport, TestId,
};
use gates::workspace::Workspace;
use recipe::cargo_toml::AddedTargetKind;
use recipe::error::{Error, Result};
use recipe::make;
use recipe::make::CARGO_TOML;
use recipe::manifest::{Manifest, Versions};
use recipe::release::Release;
use recipe::tree::{File, Tree};

use super::context::{Context, Steps};

/// What is run, and how.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The feature sets, in order; those that are not tried, with the reason.
    pub sets: Vec<(FeatureSet, Option<String>)>,
    /// Which tests.
    pub filter: Filter,
    /// Whether a feature set is tried where the one before it failed.
    pub keep_going: bool,
    /// How long a test may take.
    pub limit: Duration,
    /// Whether tests that pass are told as well.
    pub tell_all: bool,
}

/// Everything that is needed to run upstream's tests.
pub(super) struct Suite<'a> {
    /// What every command has.
    pub context: &'a Context<'a>,
    /// The manifest, with what is expected to fail.
    pub manifest: &'a Manifest,
    /// Where cargo runs.
    pub workspace: &'a Workspace,
    /// Cargo.
    pub cargo: &'a Cargo<'a>,
    /// Where what does not build is looked up.
    pub trees: Trees<'a>,
    /// What is run.
    pub wanted: Wanted,
}

/// Returns cargo for upstream's workspace: what is built there is kept in the cache,
/// unless the user names a place.
pub(super) fn cargo<'a>(
    context: &Context<'a>,
    toolchain: Option<String>,
    logs: Option<&Path>,
) -> Cargo<'a> {
    let env = &context.host.env;
    let own = env.var("CARGO_TARGET_DIR");
    let own = own.map(|dir| env.dir().join(dir));
    let target = own.unwrap_or_else(|| context.cache.join("workspaces").join("target"));
    let cargo = Cargo::new(context.host, target, toolchain).offline(context.offline);
    match logs {
        Some(logs) => cargo.log_to(logs.to_owned()),
        None => cargo,
    }
}

/// Returns the features of a made tree.
///
/// # Errors
///
/// Where its manifest cannot be read.
pub(super) fn features(tree: &Tree) -> Result<BTreeSet<String>> {
    let text = tree.get(CARGO_TOML).and_then(File::text);
    let text = text.ok_or_else(|| Error::general("the tree has no Cargo.toml"))?;
    Ok(CrateManifest::parse(CARGO_TOML, text)?.features)
}

/// Returns the feature sets that are tested where none are named: those of the guide,
/// as far as the release has the features; the others with the reason.
pub(super) fn default_sets(features: &BTreeSet<String>) -> Vec<(FeatureSet, Option<String>)> {
    let sets = FeatureSet::DEFAULT.iter();
    sets.map(|names| {
        let set = FeatureSet::of(*names);
        let missing = set.names().filter(|name| !features.contains(*name));
        let missing: Vec<&str> = missing.collect();
        let why = match missing[..] {
            [] => None,
            [one] => Some(format!("this release has no feature `{one}`")),
            _ => Some(format!(
                "this release has no features `{}`",
                missing.join("`, `")
            )),
        };
        (set, why)
    })
    .collect()
}

/// Fails where the machine cannot build a release's tests, with what fixes it. It is
/// asked before anything is fetched or written for them.
///
/// # Errors
///
/// Those of the preflight.
pub(super) fn check_machine(
    cargo: &Cargo<'_>,
    manifest: &Manifest,
    release: &Release,
) -> Result<()> {
    let name = format!("{} {}", manifest.upstream.name, release.version);
    let wanted = make::rust_version(release)?;
    preflight::check(&cargo.machine()?, &name, wanted.as_ref())
}

/// Returns the tests that a manifest expects to fail.
pub(super) fn expected(manifest: &Manifest) -> Vec<Expectation> {
    let failures = manifest.tests.expected_failures.iter();
    failures
        .map(|failure| Expectation {
            name: failure.name.clone(),
            reason: failure.reason.clone(),
            until: failure.until.clone(),
            place: manifest.place(&failure.span),
        })
        .collect()
}

impl Suite<'_> {
    /// Runs the tests, and upstream's own crate on what failed.
    ///
    /// # Errors
    ///
    /// Where cargo or a test program cannot be run, where cargo changed more of the
    /// lock than it may, and on an interrupt. Tests that fail are a result.
    pub(super) fn run(&self, mut steps: Steps) -> Result<SuiteReport> {
        let expected = expected(self.manifest);
        let own = ForkTests::new(self.own_targets(), self.workspace.added.iter());
        let package_dir = self.workspace.member.strip_prefix(&self.workspace.dir);
        let package_dir = package_dir.unwrap_or(&self.workspace.member);
        let judge = Judge {
            expected: &expected,
            release: &self.workspace.release,
            own: &own,
            package_dir: &package_dir.to_string_lossy(),
        };
        let sets = steps.time("test", || self.sets(&judge))?;
        let is_built = |set: &SetReport| matches!(set.build, Build::Built { .. });
        let all = self.wanted.filter == Filter::default()
            && self.wanted.sets.len() == FeatureSet::DEFAULT.len()
            && sets.iter().all(is_built);
        let tests = sets.iter().flat_map(|set| &set.tests);
        let ids: Vec<&TestId> = tests.map(|test| &test.id).collect();
        Ok(SuiteReport {
            tested: Versions {
                fork: self.manifest.fork.version.clone(),
                upstream: self.workspace.release.clone(),
            },
            commit: self.workspace.commit.clone(),
            path: self.manifest.fork.path.clone(),
            edited: 0,
            filter: self.wanted.filter.0.clone(),
            stale: judge.stale(ids.into_iter(), |_| all),
            sets,
            steps: steps.done(),
        })
    }

    fn sets(&self, judge: &Judge<'_>) -> Result<Vec<SetReport>> {
        let mut sets: Vec<SetReport> = Vec::new();
        for (features, why_not) in &self.wanted.sets {
            let failed = sets.iter().find(|set| !set.passed());
            let failed = failed.filter(|_| !self.wanted.keep_going);
            let why_not = why_not.clone().or_else(|| {
                let failed = &failed?.features;
                Some(format!(
                    "{failed} failed; to run it as well: `--keep-going`"
                ))
            });
            sets.push(match why_not {
                Some(why) => SetReport::without_tests(features.clone(), Build::Skipped { why }),
                None => self.set(features, judge)?,
            });
        }
        Ok(sets)
    }

    /// Returns the targets of the tests that the fork adds.
    fn own_targets(&self) -> Vec<String> {
        let targets = self.manifest.cargo.targets.iter();
        let tests = targets.filter(|target| target.kind == AddedTargetKind::Test);
        tests.map(|target| target.name.clone()).collect()
    }
}
