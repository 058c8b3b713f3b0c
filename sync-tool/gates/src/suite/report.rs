//! What the run of upstream's tests came to.

use std::collections::BTreeMap;

use host::status::StepTime;
use recipe::error::{Error, Fault, Kind};
use recipe::manifest::Versions;
use recipe::tree::TreePath;
use serde::Serialize;

use super::judge::StaleExpectation;
use super::test_id::{FeatureSet, Group};
use super::verdict::{GroupCounts, JudgedTest, Verdict, VerdictCounts};
use crate::diagnosis::Diagnosis;
use crate::gate::Reason;

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
    pub tests: Vec<JudgedTest>,
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
        let mut groups: BTreeMap<Group, Vec<&JudgedTest>> = BTreeMap::new();
        for test in &self.tests {
            groups.entry(test.group).or_default().push(test);
        }
        let groups = groups.into_iter();
        groups
            .map(|(group, tests)| GroupCounts {
                group,
                counts: VerdictCounts::of(tests),
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
    pub stale: Vec<StaleExpectation>,
    /// Time per step, in milliseconds.
    pub steps: Vec<StepTime>,
}

impl SuiteReport {
    /// Returns every test.
    pub fn tests(&self) -> impl Iterator<Item = &JudgedTest> + Clone {
        self.sets.iter().flat_map(|set| &set.tests)
    }

    /// Tells whether all is well: something ended as it should, and nothing is bad.
    pub fn passed(&self) -> bool {
        self.stale.is_empty() && self.sets.iter().all(SetReport::passed) && self.says_something()
    }

    /// Tells whether a test ended as it should: what is ignored, or fails on the machine,
    /// says nothing. Where all were wanted it must be one of upstream's.
    pub fn says_something(&self) -> bool {
        let counts = |test: &JudgedTest| self.filter.is_some() || test.group != Group::Own;
        let as_it_should =
            |test: &JudgedTest| matches!(test.verdict, Verdict::Passed | Verdict::ExpectedFailure);
        self.tests().any(|test| counts(test) && as_it_should(test))
    }

    /// Returns the counts of upstream's tests, those that the fork adds apart.
    pub fn upstreams(&self) -> VerdictCounts {
        VerdictCounts::of(self.tests().filter(|test| test.group != Group::Own))
    }

    /// Returns the counts of the tests that the fork adds.
    pub fn own(&self) -> VerdictCounts {
        VerdictCounts::of(self.tests().filter(|test| test.group == Group::Own))
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
        faults.extend(self.stale.iter().map(StaleExpectation::fault));
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
        let whole = self.reason.advise(whole, self.log.as_ref());
        let behind = self.diagnosis.faults();
        std::iter::once(whole).chain(behind).collect()
    }
}
