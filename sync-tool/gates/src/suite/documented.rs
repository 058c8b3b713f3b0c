//! Doc tests: rustdoc runs all of a crate, and tells of each in a line.

use std::time::Duration;

use super::identity::{FeatureSet, Target, TargetKind, TestId};
use super::run::{FailureCause, TestRun, TestStatus};
use crate::gate::OutputReader;

/// Reads what `cargo test --doc` prints.
#[derive(Debug, Default)]
pub struct Documented(OutputReader);

impl Documented {
    /// Takes a line of standard output.
    pub fn line(&mut self, line: &str) {
        self.0.line(line);
    }

    /// Returns how many tests have ended, and of how many.
    pub fn done(&self) -> (u64, u64) {
        (self.0.ended, self.0.announced)
    }

    /// Tells whether a test is known to have failed.
    pub fn has_failures(&self) -> bool {
        self.0.has_failures()
    }

    /// Returns the tests with what came of them. Where rustdoc did not tell of all
    /// that it announced, one more stands for the rest: it `ended` so.
    pub fn tests(
        self,
        features: &FeatureSet,
        krate: &str,
        broken: Option<(FailureCause, String)>,
    ) -> Vec<TestRun> {
        let target = Target {
            kind: TargetKind::Doc,
            name: krate.to_owned(),
        };
        let mut tests = self.0.runs(std::slice::from_ref(&target), features);
        tests.extend(broken.map(|(how, output)| TestRun {
            id: TestId {
                features: features.clone(),
                target,
                name: "those that did not end".to_owned(),
            },
            ran: TestStatus::Failed(how),
            output,
            duration: Duration::ZERO,
        }));
        tests
    }
}

/// Returns the name of a doc test without what a fork changes of it: the crate's
/// directory before the file, and the line, which patches move.
pub fn place_apart<'n>(name: &'n str, package_dir: &str) -> &'n str {
    let name = name
        .strip_prefix(package_dir)
        .map_or(name, |rest| rest.trim_start_matches('/'));
    name.split_once(" (line ").map_or(name, |(name, _)| name)
}

/// Tells whether a name that people wrote means a doc test: with or without its line, and
/// from either side's directory, since the gates and `test` run in different ones.
pub(super) fn is_named(test: &str, name: &str) -> bool {
    let test = match name.contains(" (line ") {
        true => test,
        false => place_apart(test, ""),
    };
    let within = |long: &str, short: &str| {
        let rest = long.strip_suffix(short);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    within(test, name) || within(name, test)
}

/// Returns the file of a doc test, from the crate's directory.
pub(super) fn file_of<'n>(name: &'n str, package_dir: &str) -> &'n str {
    let name = place_apart(name, package_dir);
    name.split_once(" - ").map_or(name, |(file, _)| file)
}
