//! Upstream's own tests, run on the fork: which tests there are, how each ended,
//! and what that means beside what the manifest expects and what upstream's own
//! crate does on the same machine.

mod identity;
mod judge;
mod own;
pub mod process;
mod report;
mod run;
#[cfg(test)]
mod tests;

pub use identity::{FeatureSet, Filter, Group, Target, TargetKind, TestId};
pub use judge::{ControlRuns, Expected, Judge, Stale};
pub use own::ForkTests;
pub use report::{
    Build, BuildCounts, BuildFailure, Control, Counts, GroupCounts, Judged, SetReport, SuiteReport,
    Verdict,
};
#[cfg(test)]
pub(crate) use run::exited;
pub(crate) use run::signal;
pub use run::{FailureCause, TestRun, TestStatus};

/// How long a test may take where nothing else is asked for, in seconds.
pub const TIME_LIMIT: u64 = 300;
