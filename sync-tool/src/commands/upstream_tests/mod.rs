//! Upstream's own tests on the fork: workspace, machine, builds, runs, control, verdicts.

mod gate;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use gate::{KEY, UpstreamTests, features, skipped};

use super::context::{Context, millis};
use crate::core::cargo_toml::TargetKind;
use crate::core::diagnosis::{self, Trees};
use crate::core::gate::Failure;
use crate::core::manifest::Manifest;
use crate::core::preflight;
use crate::core::suite::{
    Build, BuildFailure, Control, ControlRuns, Expected, FeatureSet, Filter, Judge, Judged,
    SetReport, Stale, TestId, TestRun, Verdict,
};
use crate::error::Result;
use crate::ports::cargo::{Cargo, Tested, TestsBuilt};
use crate::ports::suite::{Case, Runner};
use crate::ports::workspace::Workspace;

/// How long a test may take, in seconds, where nothing else is said.
pub const TIME_LIMIT: u64 = 300;

/// What is run, and how.
#[derive(Debug, Clone)]
pub struct Wanted {
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
pub struct Suite<'a> {
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

/// Returns cargo for upstream's workspace: everything that is built there is kept in
/// the cache, unless the user names a place.
pub fn cargo<'a>(
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

/// Returns the feature sets that are tested where none are named: those of the guide,
/// as far as the release has the features; the others with the reason.
pub fn default_sets(features: &BTreeSet<String>) -> Vec<(FeatureSet, Option<String>)> {
    let sets = FeatureSet::DEFAULT.iter();
    sets.map(|names| {
        let set = FeatureSet::of(*names);
        let missing: Vec<&str> = set
            .names()
            .filter(|name| !features.contains(*name))
            .collect();
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

impl Suite<'_> {
    /// Fails where the machine cannot build the tests, with what mends it.
    ///
    /// # Errors
    ///
    /// Those of the preflight.
    pub fn check_machine(&self) -> Result<()> {
        let release = format!("{} {}", self.workspace.upstream, self.workspace.release);
        let wanted = self.workspace.rust_version.as_ref();
        preflight::check(&self.cargo.machine()?, &release, wanted)
    }

    /// Runs the tests, and upstream's own crate on what failed.
    ///
    /// # Errors
    ///
    /// Where cargo or a test program cannot be run, where cargo changed more of the
    /// lock than it may, and on an interrupt. Tests that fail are a result.
    pub fn run(&self) -> Result<(Vec<SetReport>, Vec<Stale>)> {
        let expected = self.expected();
        let own: Vec<String> = self.own_targets();
        let package_dir = self.workspace.member.strip_prefix(&self.workspace.dir);
        let package_dir = package_dir.unwrap_or(&self.workspace.member);
        let judge = Judge {
            expected: &expected,
            release: &self.workspace.release,
            own: &own,
            package_dir: &package_dir.to_string_lossy(),
        };
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
                None => self.set(features, &judge)?,
            });
        }
        let all = self.wanted.filter == Filter::default()
            && self.wanted.sets.len() == FeatureSet::DEFAULT.len()
            && sets
                .iter()
                .all(|set| matches!(set.build, Build::Built { .. }));
        let ids: Vec<&TestId> = sets
            .iter()
            .flat_map(|set| &set.tests)
            .map(|t| &t.id)
            .collect();
        let stale = judge.stale(ids.into_iter(), all);
        Ok((sets, stale))
    }

    /// Builds and runs the tests of a feature set.
    fn set(&self, features: &FeatureSet, judge: &Judge<'_>) -> Result<SetReport> {
        let begun = Instant::now();
        let tested = self.tested(&self.workspace.fork, features);
        let built = self.cargo.build_tests(tested)?;
        self.workspace.check_lock()?;
        let (programs, parts) = match built {
            TestsBuilt::Programs { programs, parts } => (programs, parts),
            TestsBuilt::Failed {
                failure,
                complaint,
                log,
            } => {
                let failure = self.explained(*failure, &complaint, log);
                return Ok(SetReport::without_tests(
                    features.clone(),
                    Build::Failed(failure),
                ));
            }
        };
        let build = Build::Built {
            parts,
            milliseconds: millis(begun),
        };
        let begun = Instant::now();
        let runner = self.runner();
        let mut cases = Vec::new();
        for program in &programs {
            cases.extend(runner.list(program, features)?);
        }
        cases.retain(|case| self.wanted.filter.wants(&case.id));
        let mut runs = self.each(&runner, &cases, features)?;
        let documented = self
            .cargo
            .doc_tests(tested, &self.wanted.filter, self.wanted.limit)?;
        documented.iter().for_each(|run| self.tell(run));
        runs.extend(documented);
        let (control, control_runs) = self.control(features, &runs, judge)?;
        let tests: Vec<Judged> = runs
            .into_iter()
            .map(|run| self.judged(run, judge, &control_runs))
            .collect();
        let machine = |test: &&Judged| test.verdict == Verdict::Machine;
        let failed_too = tests.iter().filter(machine).count();
        Ok(SetReport {
            features: features.clone(),
            build,
            control: control.map(|control| Control {
                failed_too,
                ..control
            }),
            tests,
            milliseconds: millis(begun),
        })
    }

    /// Runs tests and tells of each as it ends.
    fn each(
        &self,
        runner: &Runner<'_>,
        cases: &[Case],
        features: &FeatureSet,
    ) -> Result<Vec<TestRun>> {
        let step = self
            .context
            .host
            .status
            .step(&format!("testing with {features}"));
        let of = cases.len() as u64;
        let mut done = 0;
        runner.run(cases, |run| {
            done += 1;
            step.at(&run.id.shown());
            step.done(done, of);
            self.tell(run);
        })
    }

    fn tell(&self, run: &TestRun) {
        let status = &self.context.host.status;
        let line = run.line();
        match self.wanted.tell_all || run.has_failed() {
            true => status.note(&line),
            false => status.detail(&line),
        }
    }

    /// Runs what failed with upstream's own crate: what fails there too is not the
    /// fork's doing.
    fn control(
        &self,
        features: &FeatureSet,
        runs: &[TestRun],
        judge: &Judge<'_>,
    ) -> Result<(Option<Control>, ControlRuns)> {
        let asked: Vec<&TestId> = runs
            .iter()
            .filter(|run| judge.wants_control(run))
            .map(|run| &run.id)
            .collect();
        let mut found = ControlRuns::default();
        if asked.is_empty() {
            return Ok((None, found));
        }
        let mut control = Control {
            asked: asked.len(),
            failed_too: 0,
            broken: None,
        };
        let tested = self.tested(&self.workspace.upstream, features);
        match self.cargo.build_tests(tested)? {
            TestsBuilt::Failed { failure, .. } => control.broken = Some(failure.message),
            TestsBuilt::Programs { programs, .. } => {
                let runner = self.runner();
                let mut cases = Vec::new();
                for program in &programs {
                    let same = |id: &&&TestId| id.target.across() == program.target.across();
                    let names: Vec<&str> = asked
                        .iter()
                        .filter(same)
                        .map(|id| id.name.as_str())
                        .collect();
                    if !names.is_empty() {
                        let listed = runner.list(program, features)?.into_iter();
                        cases.extend(listed.filter(|case| names.contains(&case.id.name.as_str())));
                    }
                }
                let step = self
                    .context
                    .host
                    .status
                    .step("the same with upstream's own crate");
                let runs = runner.run(&cases, |run| step.at(&run.id.shown()))?;
                found.add(&runs, self.manifest.upstream.path.as_str());
                if asked.iter().any(|id| id.is_doc()) {
                    let all = Filter::default();
                    let runs = self.cargo.doc_tests(tested, &all, self.wanted.limit)?;
                    found.add(&runs, self.manifest.upstream.path.as_str());
                }
            }
        }
        Ok((Some(control), found))
    }

    fn judged(&self, run: TestRun, judge: &Judge<'_>, control: &ControlRuns) -> Judged {
        let mut judged = judge.judge(run, control);
        if judged.verdict == Verdict::Failed || judged.verdict == Verdict::Machine {
            judged.likely = diagnosis::likely(&judged.output).copied();
        }
        judged
    }

    fn explained(&self, failure: Failure, complaint: &str, log: Option<PathBuf>) -> BuildFailure {
        let diagnosis = match failure.diagnostics.is_empty() {
            // A build script that runs cargo hands on what that printed.
            true => diagnosis::explain_text(complaint, self.trees),
            false => diagnosis::explain(&failure.diagnostics, self.trees),
        };
        BuildFailure {
            reason: failure.reason,
            message: failure.message,
            diagnosis,
            log: log.map(|log| log.display().to_string()),
        }
    }

    fn tested<'t>(&'t self, package: &'t str, features: &'t FeatureSet) -> Tested<'t> {
        Tested {
            dir: &self.workspace.dir,
            package,
            features,
        }
    }

    fn runner(&self) -> Runner<'_> {
        let processors = std::thread::available_parallelism();
        Runner {
            host: self.context.host,
            limit: self.wanted.limit,
            at_a_time: processors.map_or(1, usize::from),
        }
    }

    fn expected(&self) -> Vec<Expected> {
        let failures = self.manifest.tests.expected_failures.iter();
        failures
            .map(|failure| Expected {
                name: failure.name.clone(),
                reason: failure.reason.clone(),
                until: failure.until.clone(),
                place: self.manifest.place(&failure.span),
            })
            .collect()
    }

    /// Returns the targets of the tests that the fork adds.
    fn own_targets(&self) -> Vec<String> {
        let targets = self.manifest.cargo.targets.iter();
        let tests = targets.filter(|target| target.kind == TargetKind::Test);
        tests.map(|target| target.name.clone()).collect()
    }
}
