//! How a test ended.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::identity::TestId;
use crate::gate::result_line;

/// How a test failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum How {
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

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Exit { code: 101 } => f.write_str("failed"),
            How::Exit { code } => write!(f, "exit code {code}"),
            How::Signal { signal } => match name_of(*signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
            How::TimedOut { seconds } => write!(f, "no end within {seconds} s"),
            How::NoResult => f.write_str("ended without telling a result"),
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
pub enum Ran {
    /// Well.
    Passed,
    /// Not well.
    Failed(How),
    /// It is marked to be ignored, and was not run.
    Ignored,
}

/// A test, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// The test.
    pub id: TestId,
    /// How it ended.
    pub ran: Ran,
    /// What it printed, on both streams.
    pub output: String,
    /// How long it took.
    pub duration: Duration,
}

impl TestRun {
    /// Tells whether it failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.ran, Ran::Failed(_))
    }

    /// Returns a line that tells how it ended, and whether that was `expected` to be
    /// badly.
    pub fn line(&self, expected: bool) -> String {
        let id = self.id.shown();
        match self.ran {
            Ran::Passed if expected => format!("PASS, unexpected, {id}"),
            Ran::Passed => format!("pass {id}"),
            Ran::Ignored => format!("ignored {id}"),
            Ran::Failed(how) if expected => format!("fail, as expected, {id}: {how}"),
            Ran::Failed(how) => format!("FAIL {id}: {how}"),
        }
    }
}

/// Returns how a test ended whose program, which ran nothing else, ended so.
///
/// `harness` tells whether libtest is in it: it says what came of the test, and a
/// program that ends well without that word has not run it to its end.
pub fn verdict_of_process(
    code: Option<i32>,
    signal: Option<i32>,
    stdout: &str,
    harness: bool,
) -> Ran {
    match (code, signal) {
        (Some(0), _) if !harness => Ran::Passed,
        (Some(0), _) => {
            let told = stdout.lines().rev().find_map(result_line);
            match told.is_some_and(|counts| counts.passed == 1 && counts.failed == 0) {
                true => Ran::Passed,
                false => Ran::Failed(How::NoResult),
            }
        }
        (Some(code), _) => Ran::Failed(How::Exit { code }),
        (None, Some(signal)) => Ran::Failed(How::Signal { signal }),
        (None, None) => Ran::Failed(How::NoResult),
    }
}
