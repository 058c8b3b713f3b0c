//! What came of a gate.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{Diagnostic, Gate};
use crate::core::diagnosis::{self, Trees};
use crate::error::{Error, Fault, Kind};

/// How many tests did what, as libtest counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Tests that ran and passed.
    pub passed: u64,
    /// Tests that ran and failed.
    pub failed: u64,
    /// Tests that are marked to be ignored.
    pub ignored: u64,
    /// Tests that a filter left out.
    pub filtered: u64,
}

impl Counts {
    /// Returns how many tests ran.
    pub fn ran(&self) -> u64 {
        self.passed + self.failed
    }

    /// Adds the counts of another binary.
    pub fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.filtered += other.filtered;
    }
}

/// A test that failed, with what it printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedTest {
    /// The name, as libtest has it.
    pub name: String,
    /// What it printed; empty where it printed nothing.
    pub output: String,
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
    /// The test programs that did not end as they should.
    pub crashes: Vec<Crash>,
    /// How far the tests came.
    pub counts: Counts,
}

/// How a gate ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum GateOutcome {
    /// It passed.
    Passed {
        /// The counts, where the gate runs tests; those that failed do so with
        /// upstream's crate too.
        tests: Option<Counts>,
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
                let failed = match counts.failed {
                    0 => String::new(),
                    1 => "; 1 fails with upstream's crate too".to_owned(),
                    more => format!("; {more} fail with upstream's crate too"),
                };
                format!("passed, {} test{s}{failed}", counts.passed)
            }
            GateOutcome::Failed(failure) => format!("failed: {}", failure.message),
            GateOutcome::None => "none".to_owned(),
        }
    }

    /// Tells whether tests failed that may do so without the fork's changes too.
    pub fn wants_control(&self, gate: &Gate) -> bool {
        let failed = |failure: &Failure| failure.reason == Reason::TestsFail;
        gate.of_upstream && matches!(&self.outcome, GateOutcome::Failed(f) if failed(f))
    }

    /// Takes out the failed tests that failed in the control too: the same gate on the
    /// same machine, without the fork's changes of upstream's files. Where no other
    /// failed, the gate passed.
    #[must_use]
    pub fn after(mut self, control: &GateResult) -> Self {
        let (GateOutcome::Failed(failure), GateOutcome::Failed(other)) =
            (&mut self.outcome, &control.outcome)
        else {
            return self;
        };
        let too: BTreeSet<&str> = other.tests.iter().map(|test| test.name.as_str()).collect();
        let before = failure.tests.len();
        failure
            .tests
            .retain(|test| !too.contains(test.name.as_str()));
        let excused = before - failure.tests.len();
        if failure.tests.is_empty() && excused as u64 == failure.counts.failed {
            let tests = Some(failure.counts);
            self.outcome = GateOutcome::Passed { tests };
        } else if excused > 0 {
            let message = format!(
                "{}, {excused} of them with upstream's crate too",
                failure.message
            );
            failure.message = message;
        }
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
/// What several gates found is told once; what is behind it is looked up in the trees.
pub fn failures(results: &[GateResult], trees: Trees<'_>) -> Option<Error> {
    let failed: Vec<&GateResult> = results.iter().filter(|r| !r.passed()).collect();
    if let [only] = failed[..] {
        return only.error(trees);
    }
    let mut told = BTreeSet::new();
    let mut faults = Vec::new();
    for result in &failed {
        let GateOutcome::Failed(failure) = &result.outcome else {
            continue;
        };
        let log = result.log.as_ref();
        let log = log.map(|log| format!("the whole output is in {}", log.display()));
        let help: Vec<String> = failure
            .reason
            .help()
            .map(str::to_owned)
            .into_iter()
            .chain(log)
            .collect();
        let fault = Fault::new(format!("{}: {}", result.title, failure.message));
        faults.push(if help.is_empty() {
            fault
        } else {
            fault.help(help.join("\n"))
        });
        let found = failure.faults(trees).into_iter();
        faults.extend(found.filter(|f| told.insert((f.message.clone(), place_of(f)))));
    }
    if faults.is_empty() {
        return None;
    }
    let message = format!("{} gates failed", failed.len());
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
        errors.chain(tests).chain(crashes).collect()
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
}
