//! What came of a gate.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use recipe::error::{Error, Fault, Kind};
use serde::Serialize;

use super::Gate;
use crate::diagnosis::Trees;
use crate::output::{Diagnostic, FailedTest, TestCounts};
use crate::suite::{ControlRuns, Judge, JudgedTest, StaleExpectation, TestRun, Verdict};
use crate::{diagnosis, suite};

impl From<JudgedTest> for FailedTest {
    fn from(test: JudgedTest) -> Self {
        FailedTest {
            name: test.id.name,
            output: test.output,
        }
    }
}

/// A test program that ended before its tests were done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Crash {
    /// The program, as cargo names it: `unittests src/lib.rs`.
    pub program: String,
    /// How it ended: `signal: 6, SIGABRT: process abort signal`.
    pub how: String,
    /// The last lines of what it complained of.
    pub output: String,
}

/// Why a gate failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The disk is full.
    DiskFull,
    /// The system ended a compiler: most often there is not enough memory.
    Killed,
    /// The crate or one of its dependencies does not compile.
    DoesNotCompile,
    /// A test program ended before its tests were done.
    Crashed,
    /// Tests failed.
    TestsFail,
    /// Tests should have run, and none did.
    NoTestRan,
    /// Cargo did not get as far as compiling: no network, or `Cargo.lock` does not fit.
    Cargo,
}

/// A gate's failure, with everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Why.
    pub reason: Reason,
    /// The same in one sentence without a full stop.
    pub message: String,
    /// The compiler's errors.
    pub diagnostics: Vec<Diagnostic>,
    /// The tests that failed.
    pub tests: Vec<FailedTest>,
    /// The tests that passed, and are expected to fail.
    pub unexpected: Vec<JudgedTest>,
    /// The test programs that did not end as they should.
    pub crashes: Vec<Crash>,
    /// How far the tests came.
    pub counts: TestCounts,
}

/// How a gate ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum GateOutcome {
    /// It passed.
    Passed {
        /// The counts, where the gate runs tests; those that failed are accepted.
        tests: Option<TestCounts>,
    },
    /// It failed.
    Failed(Failure),
    /// The crate has nothing that the gate looks at.
    None,
}

/// What came of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateResult {
    /// The gate's key.
    pub key: String,
    /// The gate's name for people.
    pub title: String,
    /// How it ended.
    pub outcome: GateOutcome,
    /// The tests that ran.
    #[serde(skip)]
    pub runs: Vec<TestRun>,
    /// What its tests came to, once they are judged.
    #[serde(skip)]
    pub verdicts: suite::VerdictCounts,
    /// How many warnings the crate gave; they are no failures.
    pub warnings: u64,
    /// How long it took.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub duration: Duration,
    /// The file that has the whole output, where it was kept.
    pub log: Option<PathBuf>,
}

fn seconds<S: serde::Serializer>(duration: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_f64(duration.as_secs_f64())
}

impl GateResult {
    /// Tells whether the gate did not fail.
    pub fn passed(&self) -> bool {
        !matches!(self.outcome, GateOutcome::Failed(_))
    }

    /// Returns what the lock and reports keep: `passed`, `passed, 15 tests`, `none`, `failed: …`.
    pub fn said(&self) -> String {
        match &self.outcome {
            GateOutcome::Passed { tests: None } => "passed".to_owned(),
            GateOutcome::Passed {
                tests: Some(counts),
            } => {
                let s = if counts.passed == 1 { "" } else { "s" };
                let accepted = self.verdicts.accepted();
                format!("passed, {} test{s}{accepted}", counts.passed)
            }
            GateOutcome::Failed(failure) => format!("failed: {}", failure.message),
            GateOutcome::None => "none".to_owned(),
        }
    }

    /// Tells whether tests failed that may do so without the fork's changes too.
    pub fn wants_control(&self, gate: &Gate, judge: &Judge<'_>) -> bool {
        gate.of_upstream && self.tests_fail() && self.runs.iter().any(|r| judge.wants_control(r))
    }

    /// Tells whether it failed for nothing but its tests.
    pub fn tests_fail(&self) -> bool {
        matches!(&self.outcome, GateOutcome::Failed(f) if f.reason == Reason::TestsFail)
    }

    /// Judges the tests: beside what the manifest expects, and beside the control, which is
    /// the same gate on the same machine without the fork's changes of upstream's files.
    /// Where all that failed is accepted, and nothing passed that should fail, the gate
    /// passed.
    #[must_use]
    pub fn judged(mut self, judge: &Judge<'_>, control: &ControlRuns) -> Self {
        let counts = match &self.outcome {
            GateOutcome::Passed { tests: Some(tests) } => *tests,
            // A program that failed without a failed test has nothing to be accepted.
            GateOutcome::Failed(failure) if self.tests_fail() && failure.counts.failed > 0 => {
                failure.counts
            }
            _ => return self,
        };
        let runs = self.runs.iter().cloned();
        let judged: Vec<JudgedTest> = runs.map(|run| judge.judge(run, control)).collect();
        self.verdicts = suite::VerdictCounts::of(&judged);
        let failed = self.verdicts.all_failed();
        if failed as u64 != counts.failed {
            // What is not known by its name cannot be accepted.
            return self;
        }
        let (passed, failed): (Vec<JudgedTest>, Vec<JudgedTest>) = judged
            .into_iter()
            .filter(JudgedTest::is_bad)
            .partition(|test| test.verdict == Verdict::UnexpectedPass);
        self.outcome = match passed.is_empty() && failed.is_empty() {
            true => GateOutcome::Passed {
                tests: Some(counts),
            },
            false => GateOutcome::Failed(Failure {
                reason: Reason::TestsFail,
                message: self.verdicts.failures(),
                diagnostics: Vec::new(),
                tests: failed.into_iter().map(FailedTest::from).collect(),
                unexpected: passed,
                crashes: Vec::new(),
                counts,
            }),
        };
        self
    }

    /// Returns how long it took, in whole milliseconds.
    pub fn milliseconds(&self) -> u64 {
        u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the error that a failed gate ends a run with; `None` where it passed.
    /// What is behind it is looked up in the trees.
    pub fn error(&self, trees: Trees<'_>) -> Option<Error> {
        let GateOutcome::Failed(failure) = &self.outcome else {
            return None;
        };
        let message = format!("the gate `{}` failed: {}", self.key, failure.message);
        let faults = failure.faults(trees);
        let mut error = if faults.is_empty() {
            Error::new(Kind::Verification, message)
        } else {
            Error::faults(Kind::Verification, message, faults)
        };
        if let Some(help) = failure.reason.help() {
            error = error.help(help);
        }
        if failure.reason == Reason::DoesNotCompile {
            error = error.help(diagnosis::HOW_TO_EDIT);
        }
        if let Some(log) = &self.log {
            error = error.help(format!("the whole output is in {}", log.display()));
        }
        Some(error)
    }
}

/// Returns the error that failed gates end a run with; `None` where all passed.
/// What several gates found is reported once; what is behind it is looked up in the trees.
pub fn failures(
    results: &[GateResult],
    stale: &[StaleExpectation],
    trees: Trees<'_>,
) -> Option<Error> {
    let failed: Vec<&GateResult> = results.iter().filter(|r| !r.passed()).collect();
    if let ([only], []) = (&failed[..], stale) {
        return only.error(trees);
    }
    let mut reported = BTreeSet::new();
    let mut faults = Vec::new();
    for result in &failed {
        let GateOutcome::Failed(failure) = &result.outcome else {
            continue;
        };
        let fault = Fault::new(format!("{}: {}", result.title, failure.message));
        let log = result.log.as_ref().map(|log| log.display());
        faults.push(failure.reason.advise(fault, log));
        let found = failure.faults(trees).into_iter();
        faults.extend(found.filter(|f| reported.insert((f.message.clone(), place_of(f)))));
    }
    faults.extend(stale.iter().map(StaleExpectation::fault));
    if faults.is_empty() {
        return None;
    }
    let message = match failed.len() {
        0 => "the manifest expects failures that no test has".to_owned(),
        1 => "1 gate failed".to_owned(),
        count => format!("{count} gates failed"),
    };
    let error = Error::faults(Kind::Verification, message, faults);
    let uncompiled = |result: &&GateResult| match &result.outcome {
        GateOutcome::Failed(failure) => failure.reason == Reason::DoesNotCompile,
        _ => false,
    };
    Some(match failed.iter().any(uncompiled) {
        true => error.help(diagnosis::HOW_TO_EDIT),
        false => error,
    })
}

fn place_of(fault: &Fault) -> Option<String> {
    fault.place.as_ref().map(ToString::to_string)
}

impl Failure {
    /// Returns the findings: errors that are explained, then those that are not as
    /// cargo shows them, then tests.
    fn faults(&self, trees: Trees<'_>) -> Vec<Fault> {
        let diagnosis = diagnosis::explain(&self.diagnostics, trees);
        let errors = diagnosis.faults().into_iter();
        let tests = self.tests.iter().map(|test| {
            let fault = Fault::new(format!("the test `{}` failed", test.name));
            match diagnosis::likely(&test.output) {
                Some(likely) => fault.help(format!("{}: {}", likely.title, likely.next)),
                None => fault,
            }
        });
        let crashes = self
            .crashes
            .iter()
            .map(|crash| Fault::new(format!("`{}` ended early ({})", crash.program, crash.how)));
        let unexpected = self.unexpected.iter().map(JudgedTest::unexpected);
        errors
            .chain(tests)
            .chain(unexpected)
            .chain(crashes)
            .collect()
    }
}

impl Reason {
    /// Returns the next step, where the reason alone tells it.
    pub fn help(self) -> Option<&'static str> {
        match self {
            Reason::DiskFull => Some("free some space, then run the same command again"),
            Reason::Killed => Some(
                "most often there is not enough memory: close other programs, or build one crate at a time \
                 with `CARGO_BUILD_JOBS=1`, then run the same command again",
            ),
            Reason::NoTestRan => {
                Some("see whether the tests are compiled at all: features, `cfg(test)`, filters")
            }
            Reason::DoesNotCompile | Reason::Crashed | Reason::TestsFail | Reason::Cargo => None,
        }
    }

    /// Adds the next step to a finding, and where the whole output is kept.
    pub(crate) fn advise(self, fault: Fault, log: Option<impl fmt::Display>) -> Fault {
        let log = log.map(|log| format!("the whole output is in {log}"));
        let help = self.help().map(str::to_owned).into_iter().chain(log);
        let help: Vec<String> = help.collect();
        match help.is_empty() {
            true => fault,
            false => fault.help(help.join("\n")),
        }
    }
}
