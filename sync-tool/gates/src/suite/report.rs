//! What the run of upstream's tests came to.

use std::collections::BTreeMap;

use host::status::StepTime;
use recipe::error::{Error, Fault, Kind, Location};
use recipe::manifest::Versions;
use recipe::tree::TreePath;
use serde::Serialize;

use super::identity::{FeatureSet, Group, TestId};
use super::judge::Stale;
use super::run::FailureCause;
use crate::diagnosis::{Diagnosis, Likely};
use crate::gate::Reason;

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
pub struct Judged {
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
    pub likely: Option<Likely>,
    /// What it printed, where it failed.
    pub output: String,
    /// How long it took, in milliseconds; 0 for doc tests, of which no times are told.
    pub milliseconds: u64,
}

/// How many lines of what a test printed an error tells.
const MAX_LINES: usize = 60;

impl Judged {
    /// Returns how it failed with the end of what it printed, for people.
    fn shown(&self) -> String {
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
pub struct Counts {
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

impl Counts {
    /// Counts tests.
    pub fn of<'t>(tests: impl IntoIterator<Item = &'t Judged>) -> Self {
        let mut counts = Counts::default();
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
    pub counts: Counts,
}

/// How much of a build was there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BuildCounts {
    /// How many parts were built now.
    pub built: usize,
    /// How many were there.
    pub fresh: usize,
}

/// A build that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildFailure {
    /// Why.
    pub reason: Reason,
    /// The same in one sentence without a full stop.
    pub message: String,
    /// What is behind the compiler's errors.
    pub diagnosis: Diagnosis,
    /// The file that has the whole output.
    pub log: Option<String>,
}

/// What came of building the tests of a feature set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Build {
    /// They were built.
    Built {
        /// How many parts were built now, and how many were there.
        #[serde(flatten)]
        parts: BuildCounts,
        /// How long it took.
        milliseconds: u64,
    },
    /// They were not.
    Failed(BuildFailure),
    /// It was not tried, for this reason.
    Skipped {
        /// The reason, as a sentence without a full stop.
        why: String,
    },
}

/// The run of failed tests with upstream's own crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Control {
    /// How many failed tests upstream's crate was asked about.
    pub asked: usize,
    /// How many of them failed there too.
    pub failed_too: usize,
    /// Why upstream's crate could not be asked.
    pub broken: Option<String>,
}

/// What came of a feature set.
#[derive(Debug, Clone, Serialize)]
pub struct SetReport {
    /// The features.
    pub features: FeatureSet,
    /// What came of the build.
    pub build: Build,
    /// The tests, in the order of their names.
    pub tests: Vec<Judged>,
    /// What upstream's crate did with what failed; `None` where nothing did.
    pub control: Option<Control>,
    /// How long the tests took, in milliseconds.
    pub milliseconds: u64,
}

impl SetReport {
    /// Makes the report of a set that was not tried, or not built.
    pub fn without_tests(features: FeatureSet, build: Build) -> Self {
        SetReport {
            features,
            build,
            tests: Vec::new(),
            control: None,
            milliseconds: 0,
        }
    }

    /// Returns the counts of each group that has tests, in order.
    pub fn groups(&self) -> Vec<GroupCounts> {
        let mut groups: BTreeMap<Group, Vec<&Judged>> = BTreeMap::new();
        for test in &self.tests {
            groups.entry(test.group).or_default().push(test);
        }
        let groups = groups.into_iter();
        groups
            .map(|(group, tests)| GroupCounts {
                group,
                counts: Counts::of(tests),
            })
            .collect()
    }

    /// Tells whether it was built and no verdict is bad.
    pub fn passed(&self) -> bool {
        let skipped = matches!(self.build, Build::Skipped { .. });
        let built = matches!(self.build, Build::Built { .. });
        skipped || built && self.tests.iter().all(|test| !test.is_bad())
    }
}

/// What the run of upstream's tests came to.
#[derive(Debug, Clone, Serialize)]
pub struct SuiteReport {
    /// The fork and the release that were tested.
    pub tested: Versions,
    /// The release's commit.
    pub commit: Option<String>,
    /// Where the fork's tree is, from the project's root.
    pub path: TreePath,
    /// How many files of the tree are not as locked.
    pub edited: usize,
    /// The part of names that was asked for.
    pub filter: Option<String>,
    /// Each feature set.
    pub sets: Vec<SetReport>,
    /// Expectations that do not hold any more.
    pub stale: Vec<Stale>,
    /// Time per step, in milliseconds.
    pub steps: Vec<StepTime>,
}

impl SuiteReport {
    /// Returns every test.
    pub fn tests(&self) -> impl Iterator<Item = &Judged> + Clone {
        self.sets.iter().flat_map(|set| &set.tests)
    }

    /// Tells whether all is well: something ended as it should, and nothing is bad.
    pub fn passed(&self) -> bool {
        self.stale.is_empty() && self.sets.iter().all(SetReport::passed) && self.says_something()
    }

    /// Tells whether a test ended as it should: what is ignored, or fails on the machine,
    /// says nothing. Where all were wanted it must be one of upstream's.
    pub fn says_something(&self) -> bool {
        let counts = |test: &Judged| self.filter.is_some() || test.group != Group::Own;
        let as_it_should =
            |test: &Judged| matches!(test.verdict, Verdict::Passed | Verdict::ExpectedFailure);
        self.tests().any(|test| counts(test) && as_it_should(test))
    }

    /// Returns the counts of upstream's tests, those that the fork adds apart.
    pub fn upstreams(&self) -> Counts {
        Counts::of(self.tests().filter(|test| test.group != Group::Own))
    }

    /// Returns the counts of the tests that the fork adds.
    pub fn own(&self) -> Counts {
        Counts::of(self.tests().filter(|test| test.group == Group::Own))
    }

    /// Returns what the lock keeps of upstream's tests: `passed, 420 of 420 tests`.
    pub fn said(&self) -> String {
        let counts = self.upstreams();
        let word = if self.passed() { "passed" } else { "failed" };
        let (passed, ran) = (counts.passed, counts.ran());
        format!("{word}, {passed} of {ran} tests{}", counts.accepted())
    }

    /// Returns the error that a failed run ends with; `None` where all is well.
    pub fn error(&self) -> Option<Error> {
        if self.passed() {
            return None;
        }
        let mut faults: Vec<Fault> = self.sets.iter().flat_map(SetReport::faults).collect();
        faults.extend(self.stale.iter().map(Stale::fault));
        let message = self.failed();
        if faults.is_empty() {
            let message = "none of upstream's tests passed";
            return Some(Error::new(Kind::Verification, message));
        }
        let broken = self
            .sets
            .iter()
            .filter_map(|set| set.control.as_ref()?.broken.as_ref());
        let error = Error::faults(Kind::Verification, message, faults);
        Some(broken.fold(error, |error, why| {
            error.help(format!(
                "whether they fail with upstream's own crate too is not known: {why}"
            ))
        }))
    }
}

impl SuiteReport {
    /// Says how many tests fail.
    fn failed(&self) -> String {
        let (counts, own) = (self.upstreams(), self.own());
        let of_upstream = format!(
            "{} of upstream's {} tests fail on the fork",
            counts.failed,
            counts.ran()
        );
        match (counts.failed, own.failed) {
            (0, 0) => "upstream's tests do not pass on the fork".to_owned(),
            (0, failed) => format!("{failed} of the fork's own {} tests fail", own.ran()),
            (_, 0) => of_upstream,
            (_, more) => format!("{of_upstream}, and {more} of its own"),
        }
    }
}

impl SetReport {
    fn faults(&self) -> Vec<Fault> {
        if let Build::Failed(failure) = &self.build {
            return failure.faults(&self.features);
        }
        let bad = self.tests.iter().filter(|test| test.is_bad());
        bad.map(|test| {
            let fault = match (test.verdict, test.how) {
                (Verdict::UnexpectedPass, _) => return test.unexpected(),
                (_, Some(how)) => Fault::new(format!("{}: {how}", test.id)),
                (_, None) => Fault::new(test.id.to_string()),
            };
            let fault = fault.shown(test.shown());
            match test.likely {
                Some(likely) => fault.help(format!("{}: {}", likely.title, likely.next)),
                None => fault,
            }
        })
        .collect()
    }
}

impl BuildFailure {
    fn faults(&self, features: &FeatureSet) -> Vec<Fault> {
        let whole = Fault::new(format!("the build with {features}: {}", self.message));
        let help: Vec<String> = self
            .reason
            .help()
            .map(str::to_owned)
            .into_iter()
            .chain(
                self.log
                    .iter()
                    .map(|log| format!("the whole output is in {log}")),
            )
            .collect();
        let whole = match help.is_empty() {
            true => whole,
            false => whole.help(help.join("\n")),
        };
        let behind = self.diagnosis.faults();
        std::iter::once(whole).chain(behind).collect()
    }
}
