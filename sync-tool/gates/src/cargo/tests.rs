//! Builds and runs the tests of a package that is a member of a workspace.

use std::mem::take;
use std::path::{Path, PathBuf};
use std::time::Duration;

use host::process::{Call, Stream};
use recipe::error::Result;

use super::Cargo;
use super::gates::Log;
use crate::gate::{Failure, Gate, GateOutcome, Transcript};
use crate::output::{LibtestReader, TestProgram};
use crate::suite::{BuildCounts, FailureCause, FeatureSet, Filter, Target, TargetKind, TestRun};

/// The least time that doc tests may be silent: they are compiled meanwhile, all in one
/// program, which takes minutes on a machine that is busy.
const COMPILING: Duration = Duration::from_secs(1800);

/// What of a workspace is tested.
#[derive(Debug, Clone, Copy)]
pub struct TestPackage<'t> {
    /// The workspace's directory.
    pub dir: &'t Path,
    /// The member's name.
    pub package: &'t str,
    /// The features, beside the default ones.
    pub features: &'t FeatureSet,
}

impl TestPackage<'_> {
    /// Returns what every log of it is named after.
    fn key(&self, what: &str) -> String {
        format!("tests-{}-{}-{what}", self.package, self.features.key())
    }
}

/// What came of building tests.
#[derive(Debug)]
pub enum TestBuild {
    /// They are there.
    Programs {
        /// The test programs.
        programs: Vec<TestProgram>,
        /// How much was built now.
        parts: BuildCounts,
    },
    /// They are not.
    Failed {
        /// Why.
        failure: Box<Failure>,
        /// What cargo and build scripts complained of.
        complaint: String,
        /// The file with the whole output.
        log: Option<PathBuf>,
    },
}

impl Cargo<'_> {
    /// Builds the unit and integration tests of a member.
    ///
    /// # Errors
    ///
    /// Fails where cargo cannot be run, or on an interrupt. What does not build is a result.
    pub fn build_tests(&self, tested: TestPackage<'_>) -> Result<TestBuild> {
        let mut log = Log::open(self.logs.as_deref(), &tested.key("build"))?;
        let call = self
            .member_call(tested)
            .args(["--no-run", "--tests", "--message-format=json"]);
        let title = format!(
            "building the tests of {} with {}",
            tested.package, tested.features
        );
        let step = self.host.status.step(&title);
        let mut transcript = Transcript::default();
        let outcome = self.watch(call, &mut transcript, &mut log, &*step)?;
        let (programs, parts) = (take(&mut transcript.programs), transcript.parts);
        let verdict = transcript.verdict(&built(), outcome.status);
        Ok(match verdict {
            GateOutcome::Failed(failure) => TestBuild::Failed {
                failure: Box::new(failure),
                complaint: outcome.complaint(),
                log: log.finish(),
            },
            GateOutcome::Passed { .. } | GateOutcome::None => {
                log.finish();
                TestBuild::Programs { programs, parts }
            }
        })
    }

    /// Runs the doc tests of a member. rustdoc compiles and runs them itself, so that
    /// a time limit can only be for how long it is silent.
    ///
    /// # Errors
    ///
    /// As [`Cargo::build_tests`].
    pub fn doc_tests(
        &self,
        tested: TestPackage<'_>,
        filter: &Filter,
        limit: Duration,
    ) -> Result<Vec<TestRun>> {
        let call = self.member_call(tested).args(["--doc", "--no-fail-fast"]);
        let limit = limit.max(COMPILING);
        let title = format!("running the doc tests of {}", tested.package);
        let step = self.host.status.step(&title);
        // Other tests have run for minutes by now: what they said is worth more than a log.
        let mut log = Log::open(self.logs.as_deref(), &tested.key("doc")).unwrap_or_default();
        log.line(&format!("$ {}", call.line()));
        let mut read = LibtestReader::default();
        let outcome = call.run_lines_within(self.host, limit, |stream, line| {
            log.line(line);
            if stream == Stream::Stdout {
                read.line(line);
                step.done(read.ended, read.announced);
            }
        })?;
        drop(log.finish());
        let target = Target {
            kind: TargetKind::Doc,
            name: tested.package.to_owned(),
        };
        let mut tests = read.runs(std::slice::from_ref(&target), tested.features);
        let unfinished = match &outcome {
            None => Some((timed_out(limit), String::new())),
            // Each test that failed is reported: anything else failed as a whole.
            Some(outcome)
                if read.ended < read.announced || !outcome.success() && !read.has_failures() =>
            {
                Some((FailureCause::of(outcome.status), outcome.complaint()))
            }
            Some(_) => None,
        };
        tests
            .extend(unfinished.map(|(cause, output)| {
                TestRun::unfinished(tested.features, target, cause, output)
            }));
        tests.retain(|test| filter.wants(&test.id));
        Ok(tests)
    }

    fn member_call(&self, tested: TestPackage<'_>) -> Call {
        let manifest = tested.dir.join("Cargo.toml");
        // From the user's directory: there is the toolchain that the machine was asked
        // for, and the configuration that counts for the project's other builds.
        let call = self
            .cargo(self.host.env.dir())
            .args(["test", "--package", tested.package])
            .args(["--manifest-path".as_ref(), manifest.as_os_str()]);
        let call = match tested.features.as_str() {
            "" => call,
            features => call.args(["--features", features]),
        };
        let call = call.args(["--target-dir".as_ref(), self.target_dir.as_os_str()]);
        self.leading_others(call)
    }

    /// Leads the cargo that a build script starts by its plain name to the same
    /// toolchain: rustup hands on the one it was asked for, and the search path
    /// another program.
    fn leading_others(&self, call: Call) -> Call {
        let env = &self.host.env;
        let own = env.var("CARGO").filter(|_| self.toolchain.is_none());
        let dir = own.and_then(|own| Path::new(own).parent());
        let Some(dir) = dir.filter(|dir| dir.is_absolute()) else {
            return call;
        };
        let rest = env.var("PATH").into_iter().flat_map(std::env::split_paths);
        let path = std::env::join_paths(std::iter::once(dir.to_owned()).chain(rest));
        match path {
            Ok(path) => call.env("PATH", path),
            // A directory that no search path can hold.
            Err(_) => call,
        }
    }
}

/// The build of tests, as gates are: none has to run.
fn built() -> Gate {
    Gate {
        key: "tests".to_owned(),
        title: "tests".to_owned(),
        steps: Vec::new(),
        tests: false,
        of_upstream: false,
    }
}

fn timed_out(limit: Duration) -> FailureCause {
    FailureCause::TimedOut {
        seconds: limit.as_secs(),
    }
}
