//! Upstream's own tests, run on the fork: which tests there are, how each ended,
//! and what that means beside what the manifest expects and what upstream's own
//! crate does on the same machine.

mod artifact;
mod documented;
mod identity;
mod judge;
mod listing;
mod own;
pub mod process;
mod report;
mod run;
#[cfg(test)]
mod tests;

pub use artifact::{Artifact, Fresh};
pub use documented::{Documented, place_apart};
pub use identity::{FeatureSet, Filter, Group, Target, TargetKind, TestId};
pub use judge::{ControlRuns, Expected, Judge, Stale};
pub use listing::Listing;
pub use own::ForkTests;
pub use report::{
    Build, BuildFailure, Control, Counts, GroupCounts, Judged, SetReport, SuiteReport, Verdict,
};
pub use run::{FailureCause, TestRun, TestStatus, verdict_of_process};

/// How long a test may take where nothing else is asked for, in seconds.
pub const TIME_LIMIT: u64 = 300;
