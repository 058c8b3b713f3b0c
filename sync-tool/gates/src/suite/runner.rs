//! Runs test programs: every test in a process of its own, so that one that crashes
//! or hangs is one failure, and others go on.

use std::path::PathBuf;
use std::time::Duration;

use host::Host;
use host::process::{Call, Limited};
use recipe::error::Result;

use super::status::status_of_process;
use crate::output::{self, TestProgram};
use crate::suite::{FailureCause, FeatureSet, TestId, TestRun, TestStatus};

/// The next step where a test program is gone.
const GONE: &str = "run the same command again: it is built anew";

/// Variables that would change what test programs do or print.
const MISLEADING: [&str; 4] = [
    "RUST_TEST_NOCAPTURE",
    "RUST_TEST_SHUFFLE",
    "RUST_TEST_SHUFFLE_SEED",
    "RUST_TEST_THREADS",
];

/// Runs test programs.
pub struct Runner<'a> {
    /// The run's surroundings.
    pub host: &'a Host,
    /// How long a test may take.
    pub limit: Duration,
    /// How many tests run at a time.
    pub concurrency: usize,
}

/// A test and how to run it.
#[derive(Debug, Clone)]
pub struct TestCase {
    /// The test.
    pub id: TestId,
    program: PathBuf,
    package_dir: PathBuf,
    harness: bool,
    ignored: bool,
}

impl Runner<'_> {
    /// Asks a test program for its tests. One that does not answer as libtest does is
    /// one test, by the name of its target.
    ///
    /// # Errors
    ///
    /// Fails where the program cannot be started.
    pub fn list(&self, program: &TestProgram, features: &FeatureSet) -> Result<Vec<TestCase>> {
        let case = |name: &str, harness, ignored| TestCase {
            id: TestId {
                features: features.clone(),
                target: program.target.clone(),
                name: name.to_owned(),
            },
            program: program.path.clone(),
            package_dir: program.package_dir.clone(),
            harness,
            ignored,
        };
        let Some(all) = self.listing(program, &["--list"])? else {
            return Ok(vec![case(&program.target.name, false, false)]);
        };
        let ignored = match all.is_empty() {
            true => None,
            false => self.listing(program, &["--list", "--ignored"])?,
        };
        let is_ignored = |name: &String| ignored.iter().any(|i| i.contains(name));
        let cases = all.iter();
        Ok(cases
            .map(|name| case(name, true, is_ignored(name)))
            .collect())
    }

    fn listing(&self, program: &TestProgram, args: &[&str]) -> Result<Option<Vec<String>>> {
        let call = call(&program.path, &program.package_dir, self.host).args(args);
        let listed = call.run_limited(self.host, self.limit)?;
        let listed = listed
            .status
            .filter(std::process::ExitStatus::success)
            .map(|_| listed.stdout);
        Ok(listed.and_then(|text| output::listed(&text)))
    }

    /// Runs tests and hands on each as it ends; ignored ones come first.
    ///
    /// # Errors
    ///
    /// Fails where a program cannot be started, or on an interrupt; nothing runs on.
    pub fn run(&self, cases: &[TestCase], mut ended: impl FnMut(&TestRun)) -> Result<Vec<TestRun>> {
        let (ignored, cases): (Vec<&TestCase>, Vec<&TestCase>) =
            cases.iter().partition(|c| c.ignored);
        let mut runs: Vec<TestRun> = ignored.into_iter().map(TestCase::ignored).collect();
        runs.iter().for_each(&mut ended);
        let calls = cases.iter().map(|case| case.call(self.host)).collect();
        Call::run_each(
            calls,
            self.host,
            self.limit,
            self.concurrency,
            |i, limited| {
                let run = cases[i].ended(limited, self.limit);
                ended(&run);
                runs.push(run);
            },
        )?;
        runs.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(runs)
    }
}

impl TestCase {
    fn call(&self, host: &Host) -> Call {
        let call = call(&self.program, &self.package_dir, host);
        match self.harness {
            // What a test prints before it crashes must not be lost.
            true => call.args(["--exact", &self.id.name, "--nocapture"]),
            false => call,
        }
    }

    fn ignored(&self) -> TestRun {
        TestRun {
            id: self.id.clone(),
            ran: TestStatus::Ignored,
            output: String::new(),
            duration: Duration::ZERO,
        }
    }

    fn ended(&self, limited: Limited, limit: Duration) -> TestRun {
        let ran = match limited.status {
            Some(status) => status_of_process(status, &limited.stdout, self.harness),
            None => TestStatus::Failed(FailureCause::TimedOut {
                seconds: limit.as_secs(),
            }),
        };
        let parts = [limited.stdout.trim(), limited.stderr.trim()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        TestRun {
            id: self.id.clone(),
            ran,
            output: parts.join("\n"),
            duration: limited.duration,
        }
    }
}

/// Makes a call of a test program, with the directory and variables that cargo gives one.
fn call(program: &PathBuf, package_dir: &PathBuf, host: &Host) -> Call {
    let mut call = Call::new(program, GONE).within(&host.env).dir(package_dir);
    for name in MISLEADING {
        call = call.without_env(name);
    }
    call.env("CARGO_MANIFEST_DIR", package_dir)
        .env("CARGO_MANIFEST_PATH", package_dir.join("Cargo.toml"))
}
