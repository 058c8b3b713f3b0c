//! One feature set: built, run, judged.

use std::path::PathBuf;
use std::time::Instant;

use gates::cargo::{TestBuild, TestPackage};
use gates::diagnosis;
use gates::gate::Failure;
use gates::output::TestProgram;
use gates::suite::{
    Build, BuildFailure, Control, ControlRuns, FeatureSet, Judge, JudgedTest, Runner, SetReport,
    TestCase, TestRun, Verdict,
};
use recipe::error::Result;

use super::Suite;
use crate::commands::context::millis;

impl Suite<'_> {
    /// Builds and runs the tests of a feature set.
    pub(super) fn set(&self, features: &FeatureSet, judge: &Judge<'_>) -> Result<SetReport> {
        let begun = Instant::now();
        let tested = self.tested(&self.workspace.fork, features);
        let built = self.cargo.build_tests(tested)?;
        let (programs, parts) = match built {
            TestBuild::Programs { programs, parts } => {
                // Else the tests would be built from something else than upstream's are.
                self.workspace.check_lock()?;
                (programs, parts)
            }
            TestBuild::Failed {
                failure,
                complaint,
                log,
            } => {
                let failure = Build::Failed(self.explained(*failure, &complaint, log));
                return Ok(SetReport::without_tests(features.clone(), failure));
            }
        };
        let build = Build::Built {
            parts,
            milliseconds: millis(begun),
        };
        let begun = Instant::now();
        let runs = self.runs(tested, &programs, judge)?;
        let (control, found) = self.control(features, &runs, judge)?;
        let judged = runs
            .into_iter()
            .map(|run| self.judged(run, judge, &found))
            .collect::<Vec<_>>();
        let machine = judged
            .iter()
            .filter(|t| t.verdict == Verdict::FailsUpstreamToo);
        let failed_too = machine.count();
        Ok(SetReport {
            features: features.clone(),
            build,
            control: control.map(|control| Control {
                failed_too,
                ..control
            }),
            tests: judged,
            milliseconds: millis(begun),
        })
    }

    /// Runs the wanted tests of programs, and doc tests, and tells of each.
    fn runs(
        &self,
        tested: TestPackage<'_>,
        programs: &[TestProgram],
        judge: &Judge<'_>,
    ) -> Result<Vec<TestRun>> {
        let filter = &self.wanted.filter;
        let runner = self.runner();
        let mut cases: Vec<TestCase> = Vec::new();
        for program in programs {
            cases.extend(runner.list(program, tested.features)?);
        }
        cases.retain(|case| filter.wants(&case.id));
        let status = &self.context.host.status;
        let step = status.step(&format!("running tests with {}", tested.features));
        let (mut done, of) = (0, cases.len() as u64);
        let mut runs = runner.run(&cases, |run| {
            done += 1;
            step.at(&run.id.shown());
            step.done(done, of);
            self.tell(run, judge);
        })?;
        drop(step);
        let limit = self.wanted.limit;
        if !filter.wants_docs() {
            return Ok(runs);
        }
        let documented = self.cargo.doc_tests(tested, filter, limit)?;
        documented.iter().for_each(|run| self.tell(run, judge));
        runs.extend(documented);
        Ok(runs)
    }

    fn tell(&self, run: &TestRun, judge: &Judge<'_>) {
        let status = &self.context.host.status;
        let expected = judge.expected(&run.id).is_some();
        let line = run.line(expected);
        match self.wanted.tell_all || run.has_failed() || expected {
            true => status.note(&line),
            false => status.detail(&line),
        }
    }

    fn judged(&self, run: TestRun, judge: &Judge<'_>, found: &ControlRuns) -> JudgedTest {
        let mut judged = judge.judge(run, found);
        if matches!(judged.verdict, Verdict::Failed | Verdict::FailsUpstreamToo) {
            // What upstream's crate does not fail at is not the machine's doing.
            let excused = judged.verdict == Verdict::FailsUpstreamToo || found.is_empty();
            let likely = diagnosis::likely(&judged.output).copied();
            judged.likely = likely.filter(|likely| excused || !likely.machine);
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

    pub(super) fn tested<'t>(
        &'t self,
        package: &'t str,
        features: &'t FeatureSet,
    ) -> TestPackage<'t> {
        TestPackage {
            dir: &self.workspace.dir,
            package,
            features,
        }
    }

    pub(super) fn runner(&self) -> Runner<'_> {
        let processors = std::thread::available_parallelism();
        Runner {
            host: self.context.host,
            limit: self.wanted.limit,
            concurrency: processors.map_or(1, usize::from),
        }
    }
}
