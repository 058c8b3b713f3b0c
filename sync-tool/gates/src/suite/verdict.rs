//! What a test's end means, and how many tests came to which verdict.

use recipe::error::{Fault, Location};
use serde::Serialize;

use super::status::FailureCause;
use super::test_id::{Group, TestId};
use crate::diagnosis::LikelyCause;

/// What a test's end means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It failed, and should not have.
    Failed,
    /// It failed, as the manifest expects.
    ExpectedFailure,
    /// It passed, and the manifest expects that it fails: the list is stale.
    UnexpectedPass,
    /// It is marked to be ignored.
    Ignored,
    /// It failed with upstream's own crate too: the machine's doing.
    #[serde(rename = "machine")]
    FailsUpstreamToo,
}

/// A test with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JudgedTest {
    /// The test.
    #[serde(flatten)]
    pub id: TestId,
    /// The group that it is of.
    pub group: Group,
    /// The verdict.
    pub verdict: Verdict,
    /// How it failed.
    #[serde(flatten)]
    pub how: Option<FailureCause>,
    /// Why it is expected to fail.
    pub reason: Option<String>,
    /// Where that is written.
    pub expected_at: Option<String>,
    /// What is most likely behind a failure, where that is known.
    pub likely: Option<LikelyCause>,
    /// What it printed, where it failed.
    pub output: String,
    /// How long it took, in milliseconds; 0 for doc tests, of which no times are told.
    pub milliseconds: u64,
}

/// How many lines of what a test printed an error tells.
const MAX_LINES: usize = 60;

impl JudgedTest {
    /// Returns how it failed with the end of what it printed, for people.
    pub(super) fn shown(&self) -> String {
        let how = self.how.map(|how| format!(": {how}")).unwrap_or_default();
        let lines: Vec<&str> = self.output.trim().lines().collect();
        let last = &lines[lines.len().saturating_sub(MAX_LINES)..];
        let likely = self
            .likely
            .map(|likely| format!("\nlikely: {}; {}", likely.title, likely.next));
        let printed: String = last.iter().map(|line| format!("\n  {line}")).collect();
        format!("{}{how}{printed}{}", self.id, likely.unwrap_or_default())
    }

    /// Returns the finding that it passes and is expected to fail.
    pub fn unexpected(&self) -> Fault {
        let message = format!("{} passes, and is expected to fail", self.id);
        let fault = Fault::new(message).help("remove it from the expected failures");
        match &self.expected_at {
            Some(place) => fault.at(Location::file(place)),
            None => fault,
        }
    }

    /// Tells whether the verdict fails the run.
    pub fn is_bad(&self) -> bool {
        matches!(self.verdict, Verdict::Failed | Verdict::UnexpectedPass)
    }
}

/// How many tests came to which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct VerdictCounts {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Failed as expected.
    pub expected_failures: usize,
    /// Passed against expectation.
    pub unexpected_passes: usize,
    /// Failed with upstream's own crate too.
    pub machine: usize,
    /// Ignored.
    pub ignored: usize,
}

impl VerdictCounts {
    /// Counts tests.
    pub fn of<'t>(tests: impl IntoIterator<Item = &'t JudgedTest>) -> Self {
        let mut counts = VerdictCounts::default();
        for test in tests {
            *match test.verdict {
                Verdict::Passed => &mut counts.passed,
                Verdict::Failed => &mut counts.failed,
                Verdict::ExpectedFailure => &mut counts.expected_failures,
                Verdict::UnexpectedPass => &mut counts.unexpected_passes,
                Verdict::FailsUpstreamToo => &mut counts.machine,
                Verdict::Ignored => &mut counts.ignored,
            } += 1;
        }
        counts
    }

    /// Says how many failures are accepted, to be put after the others: `, 1 expected to
    /// fail`.
    pub fn accepted(&self) -> String {
        let kinds = [
            (self.expected_failures, "expected to fail"),
            (self.machine, "failing with upstream's crate too"),
        ];
        let kinds = kinds.iter().filter(|(count, _)| *count > 0);
        kinds
            .map(|(count, what)| format!(", {count} {what}"))
            .collect()
    }

    /// Returns how many tests failed, accepted or not.
    pub fn all_failed(&self) -> usize {
        self.failed + self.expected_failures + self.machine
    }

    /// Says what failed: `2 tests failed, 1 of them with upstream's crate too`.
    pub fn failures(&self) -> String {
        let tests = |count: usize| match count {
            1 => "1 test".to_owned(),
            count => format!("{count} tests"),
        };
        let mut said = Vec::new();
        if self.all_failed() > 0 {
            said.push(format!("{} failed", tests(self.all_failed())));
        }
        for (count, how) in [
            (self.expected_failures, "as expected"),
            (self.machine, "with upstream's crate too"),
        ] {
            if count > 0 {
                said.push(format!("{count} of them {how}"));
            }
        }
        if self.unexpected_passes > 0 {
            let tests = tests(self.unexpected_passes);
            said.push(format!("{tests} passed against expectation"));
        }
        said.join(", ")
    }

    /// Returns how many tests ran.
    pub fn ran(&self) -> usize {
        self.passed + self.failed + self.expected_failures + self.unexpected_passes + self.machine
    }
}

/// The counts of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GroupCounts {
    /// The group.
    pub group: Group,
    /// Its counts.
    #[serde(flatten)]
    pub counts: VerdictCounts,
}
