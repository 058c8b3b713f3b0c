//! What a test's end means: beside the manifest's expectations, and beside what
//! upstream's own crate does on the same machine.

use std::collections::BTreeMap;
use std::mem::discriminant;

use recipe::error::{Fault, Location};
use semver::Version;
use serde::{Serialize, Serializer};

use super::fork_tests::ForkTests;
use super::status::{FailureCause, TestRun, TestStatus};
use super::test_id::{Group, TargetKind, TestId, place_apart};
use super::verdict::{JudgedTest, Verdict};

/// A test that is expected to fail.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Its name: as reports show it, or without the target.
    pub name: String,
    /// Why it fails.
    pub reason: String,
    /// The first release that it passes at again, where known.
    pub until: Option<Version>,
    /// Where that is written.
    pub place: Location,
}

/// An expectation that does not hold any more.
#[derive(Debug, Clone, Serialize)]
pub struct StaleExpectation {
    /// The test's name, as it is written.
    pub name: String,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where it is written.
    #[serde(serialize_with = "place")]
    pub place: Location,
    /// The next step.
    pub help: String,
}

fn place<S: Serializer>(place: &Location, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(place)
}

impl StaleExpectation {
    /// Returns it as the finding of an error.
    pub fn fault(&self) -> Fault {
        Fault::new(self.message.clone())
            .at(self.place.clone())
            .help(self.help.clone())
    }
}

/// How tests ended with upstream's own crate.
#[derive(Debug, Clone, Default)]
pub struct ControlRuns(BTreeMap<Key, Vec<TestStatus>>);

/// A test's identity beyond the crate: features, target, name.
type Key = (String, (TargetKind, String), String);

impl ControlRuns {
    /// Takes tests of upstream's crate, whose directory is given as the names of doc
    /// tests have it.
    pub fn add(&mut self, runs: &[TestRun], package_dir: &str) {
        for run in runs {
            let key = key(&run.id, package_dir);
            self.0.entry(key).or_default().push(run.ran);
        }
    }

    /// Tells whether a test of the fork's failed with upstream's crate as well. Where
    /// several have the name there, all of them must have. One that crashed or hung must
    /// have done so there: that upstream's fails does not excuse worse.
    fn failed_too(&self, id: &TestId, how: FailureCause, package_dir: &str) -> bool {
        let as_bad = |ran: &TestStatus| match (how, *ran) {
            (FailureCause::Exit { .. }, TestStatus::Failed(_)) => true,
            (how, TestStatus::Failed(there)) => discriminant(&how) == discriminant(&there),
            _ => false,
        };
        let runs = self.0.get(&key(id, package_dir));
        runs.is_some_and(|runs| runs.iter().all(as_bad))
    }

    /// Tells whether upstream's crate ran nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn key(id: &TestId, package_dir: &str) -> Key {
    let (kind, name) = id.target.across();
    let test = match kind {
        TargetKind::Doc => place_apart(&id.name, package_dir),
        _ => &id.name,
    };
    let features = id.features.as_str().to_owned();
    (features, (kind, name.to_owned()), test.to_owned())
}

/// Judges tests.
#[derive(Debug)]
pub struct Judge<'j> {
    /// What is expected to fail.
    pub expected: &'j [Expectation],
    /// The release that is tested.
    pub release: &'j Version,
    /// The fork's own tests.
    pub own: &'j ForkTests,
    /// The fork's directory, as the names of its doc tests have it.
    pub package_dir: &'j str,
}

impl Judge<'_> {
    /// Returns why a test is expected to fail, where it is: an expectation ends with
    /// the release that fixes it.
    pub fn expected(&self, id: &TestId) -> Option<&Expectation> {
        let mut expected = self.expected.iter().filter(|e| !self.is_over(e));
        expected.find(|e| id.is_named(&e.name))
    }

    fn is_over(&self, expected: &Expectation) -> bool {
        let until = expected.until.as_ref();
        until.is_some_and(|until| until <= self.release)
    }

    /// Tells whether a test failed that was not expected to: upstream's crate is asked.
    pub fn wants_control(&self, run: &TestRun) -> bool {
        matches!(run.ran, TestStatus::Failed(_)) && self.expected(&run.id).is_none()
    }

    /// Judges a test.
    pub fn judge(&self, run: TestRun, control: &ControlRuns) -> JudgedTest {
        let expected = self.expected(&run.id);
        let how = match run.ran {
            TestStatus::Failed(how) => Some(how),
            TestStatus::Passed | TestStatus::Ignored => None,
        };
        let verdict = match (run.ran, expected) {
            (TestStatus::Ignored, _) => Verdict::Ignored,
            (TestStatus::Passed, None) => Verdict::Passed,
            (TestStatus::Passed, Some(_)) => Verdict::UnexpectedPass,
            (TestStatus::Failed(_), Some(_)) => Verdict::ExpectedFailure,
            (TestStatus::Failed(how), None)
                if control.failed_too(&run.id, how, self.package_dir) =>
            {
                Verdict::FailsUpstreamToo
            }
            (TestStatus::Failed(_), None) => Verdict::Failed,
        };
        JudgedTest {
            group: match self.own.has(&run.id, self.package_dir) {
                true => Group::Own,
                false => run.id.group(),
            },
            reason: expected.map(|expected| expected.reason.clone()),
            expected_at: expected.map(|expected| expected.place.to_string()),
            likely: None,
            // What a passed test printed is not kept.
            output: how.map(|_| run.output).unwrap_or_default(),
            milliseconds: u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX),
            id: run.id,
            verdict,
            how,
        }
    }

    /// Returns the expectations that do not hold: their release is there, or no test has
    /// their name, where `all_ran` says of the name that every test it may mean did run.
    pub fn stale<'t>(
        &self,
        tests: impl Iterator<Item = &'t TestId> + Clone,
        all_ran: impl Fn(&str) -> bool,
    ) -> Vec<StaleExpectation> {
        let mut stale = Vec::new();
        for expected in self.expected {
            let message = match &expected.until {
                Some(until) if self.is_over(expected) => format!(
                    "`{}` was expected to fail before {until}, and this is {}",
                    expected.name, self.release
                ),
                _ if all_ran(&expected.name)
                    && !tests.clone().any(|id| id.is_named(&expected.name)) =>
                {
                    format!(
                        "`{}` is expected to fail, and no test has that name",
                        expected.name
                    )
                }
                _ => continue,
            };
            stale.push(StaleExpectation {
                name: expected.name.clone(),
                message,
                place: expected.place.clone(),
                help: "correct it, or remove the row".to_owned(),
            });
        }
        stale
    }
}
