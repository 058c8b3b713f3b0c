//! Upstream's own tests, run on the fork: which tests there are, how each ended,
//! and what that means beside what the manifest expects and what upstream's own
//! crate does on the same machine.

mod fork_tests;
mod judge;
mod report;
mod runner;
mod status;
mod test_id;
#[cfg(test)]
mod tests;
mod verdict;

pub use fork_tests::ForkTests;
pub use judge::{ControlRuns, Expectation, Judge, StaleExpectation};
pub use report::{Build, BuildCounts, BuildFailure, Control, SetReport, SuiteReport};
pub use runner::{Runner, TestCase};
#[cfg(test)]
pub(crate) use status::exited;
pub(crate) use status::signal;
pub use status::{FailureCause, TestRun, TestStatus};
pub use test_id::{FeatureSet, Filter, Group, Target, TargetKind, TestId};
pub use verdict::{GroupCounts, JudgedTest, Verdict, VerdictCounts};

/// How long a test may take where nothing else is asked for, in seconds.
pub const TIME_LIMIT: u64 = 300;
