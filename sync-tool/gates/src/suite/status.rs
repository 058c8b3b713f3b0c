//! How a test ended.

use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use serde::Serialize;

use super::test_id::{FeatureSet, Target, TestId};
use crate::output;

/// How a test failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum FailureCause {
    /// Its program ended with a code. libtest's for a failed test is 101.
    Exit {
        /// The code.
        code: i32,
    },
    /// A signal ended its program.
    Signal {
        /// The signal's number.
        signal: i32,
    },
    /// It did not end in time, and was ended.
    TimedOut {
        /// The limit, in seconds.
        seconds: u64,
    },
    /// Its program ended as if all were well, without a word that the test passed.
    NoResult,
}

impl FailureCause {
    /// Returns how a program failed that ended so. One that ended as if all were well has
    /// reported no result.
    pub(crate) fn of(status: ExitStatus) -> Self {
        match (status.code(), signal(status)) {
            (_, Some(signal)) => FailureCause::Signal { signal },
            (Some(code), None) if code != 0 => FailureCause::Exit { code },
            _ => FailureCause::NoResult,
        }
    }
}

/// Returns the signal that ended a program, where the system has such.
pub(crate) fn signal(status: ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    {
        let _ = status;
        None
    }
}

impl fmt::Display for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailureCause::Exit { code: 101 } => f.write_str("failed"),
            FailureCause::Exit { code } => write!(f, "exit code {code}"),
            FailureCause::Signal { signal } => match name_of(*signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
            FailureCause::TimedOut { seconds } => write!(f, "no end within {seconds} s"),
            FailureCause::NoResult => f.write_str("ended without telling a result"),
        }
    }
}

/// Returns the name of a signal that programs are ended by, on Linux.
fn name_of(signal: i32) -> Option<&'static str> {
    Some(match signal {
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestStatus {
    /// Well.
    Passed,
    /// Not well.
    Failed(FailureCause),
    /// It is marked to be ignored, and was not run.
    Ignored,
}

/// A test, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// The test.
    pub id: TestId,
    /// How it ended.
    pub ran: TestStatus,
    /// What it printed, on both streams.
    pub output: String,
    /// How long it took.
    pub duration: Duration,
}

impl TestRun {
    /// Stands for the tests of a target that were announced and did not end.
    pub(crate) fn unfinished(
        features: &FeatureSet,
        target: Target,
        cause: FailureCause,
        output: String,
    ) -> Self {
        TestRun {
            id: TestId {
                features: features.clone(),
                target,
                name: "those that did not end".to_owned(),
            },
            ran: TestStatus::Failed(cause),
            output,
            duration: Duration::ZERO,
        }
    }

    /// Tells whether it failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.ran, TestStatus::Failed(_))
    }

    /// Returns a line that tells how it ended, and whether that was `expected` to be
    /// badly.
    pub fn line(&self, expected: bool) -> String {
        let id = self.id.shown();
        match self.ran {
            TestStatus::Passed if expected => format!("PASS, unexpected, {id}"),
            TestStatus::Passed => format!("pass {id}"),
            TestStatus::Ignored => format!("ignored {id}"),
            TestStatus::Failed(how) if expected => format!("fail, as expected, {id}: {how}"),
            TestStatus::Failed(how) => format!("FAIL {id}: {how}"),
        }
    }
}

/// Returns how a test ended whose program, which ran nothing else, ended so.
///
/// `harness` tells whether libtest is in it: it says what came of the test, and a
/// program that ends well without that word has not run it to its end.
pub(super) fn status_of_process(status: ExitStatus, stdout: &str, harness: bool) -> TestStatus {
    let result = || stdout.lines().rev().find_map(output::result);
    let passed = status.success()
        && (!harness || result().is_some_and(|counts| counts.passed == 1 && counts.failed == 0));
    match passed {
        true => TestStatus::Passed,
        false => TestStatus::Failed(FailureCause::of(status)),
    }
}

/// Returns the status of a program that ended with a code.
#[cfg(test)]
pub(crate) fn exited(code: i32) -> ExitStatus {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::from_raw(code << 8);
    #[cfg(windows)]
    return std::os::windows::process::ExitStatusExt::from_raw(code.cast_unsigned());
}
