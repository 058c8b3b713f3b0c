//! Doc tests: rustdoc runs all of a crate, and tells of each in a line.

use crate::core::gate::{FailedTest, OutputReader};

use super::identity::{FeatureSet, Target, TargetKind, TestId};
use super::run::{How, Ran, TestRun};

/// Reads what `cargo test --doc` prints.
#[derive(Debug, Default)]
pub struct Documented {
    reader: OutputReader,
    ended: Vec<(String, Ran)>,
}

impl Documented {
    /// Takes a line of standard output.
    pub fn line(&mut self, line: &str) {
        if self.reader.is_running()
            && let Some((name, ran)) = ended(line)
        {
            self.ended.push((name, ran));
        }
        self.reader.line(line);
    }

    /// Returns how many tests have ended, and of how many.
    pub fn done(&self) -> (u64, u64) {
        (self.reader.ended, self.reader.announced)
    }

    /// Tells whether a test is known to have failed.
    pub fn has_failures(&self) -> bool {
        self.ended
            .iter()
            .any(|(_, ran)| matches!(ran, Ran::Failed(_)))
    }

    /// Returns the tests with what came of them. Where rustdoc did not tell of all
    /// that it announced, one more stands for the rest: it `ended` so.
    pub fn tests(
        self,
        features: &FeatureSet,
        krate: &str,
        broken: Option<(How, String)>,
    ) -> Vec<TestRun> {
        let target = Target {
            kind: TargetKind::Doc,
            name: krate.to_owned(),
        };
        let run = |name: &str, ran, output: String| TestRun {
            id: TestId {
                features: features.clone(),
                target: target.clone(),
                name: name.to_owned(),
            },
            ran,
            output,
            duration: std::time::Duration::ZERO,
        };
        let failures = self.reader.into_failures();
        let output = |name: &str| {
            let failed = failures.iter().find(|test: &&FailedTest| test.name == name);
            failed.map(|test| test.output.clone()).unwrap_or_default()
        };
        let mut tests: Vec<TestRun> = self
            .ended
            .iter()
            .map(|(name, ran)| run(name, *ran, output(name)))
            .collect();
        if let Some((how, said)) = broken {
            tests.push(run("those that did not end", Ran::Failed(how), said));
        }
        tests
    }
}

/// Reads `test src/lib.rs - one (line 3) ... ok`. What rustdoc only compiles has
/// ` - compile` in its name; [`place_apart`] takes it off, with the line.
fn ended(line: &str) -> Option<(String, Ran)> {
    let (name, what) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let ran = match what {
        "ok" => Ran::Passed,
        "FAILED" | "failed" => Ran::Failed(How::Exit { code: 101 }),
        _ if what.starts_with("ignored") => Ran::Ignored,
        _ => return None,
    };
    Some((name.to_owned(), ran))
}

/// Returns the name of a doc test without what a fork changes of it: the crate's
/// directory before the file, and the line, which patches move.
pub fn place_apart<'n>(name: &'n str, package_dir: &str) -> &'n str {
    let name = name
        .strip_prefix(package_dir)
        .map_or(name, |rest| rest.trim_start_matches('/'));
    name.split_once(" (line ").map_or(name, |(name, _)| name)
}

/// Returns the file of a doc test, from the crate's directory.
pub fn file_of<'n>(name: &'n str, package_dir: &str) -> &'n str {
    let name = place_apart(name, package_dir);
    name.split_once(" - ").map_or(name, |(file, _)| file)
}
