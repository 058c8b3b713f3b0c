//! Reads what test programs print: libtest's own, and rustdoc's for doc tests.

use std::time::Duration;

use serde::Serialize;

use crate::suite::{FailureCause, FeatureSet, Target, TestId, TestRun, TestStatus};

/// How many tests did what, as libtest counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TestCounts {
    /// Tests that ran and passed.
    pub passed: u64,
    /// Tests that ran and failed.
    pub failed: u64,
    /// Tests that are marked to be ignored.
    pub ignored: u64,
    /// Tests that a filter left out.
    pub filtered: u64,
}

impl TestCounts {
    /// Returns how many tests ran.
    pub fn ran(&self) -> u64 {
        self.passed + self.failed
    }

    fn add(&mut self, other: TestCounts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.filtered += other.filtered;
    }
}

/// A test that failed, with what it printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedTest {
    /// The name, as libtest has it.
    pub name: String,
    /// What it printed; empty where it printed nothing.
    pub output: String,
}

/// The part of a test program's output that the reader is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Section {
    /// Tests run; a line for each as it ends.
    #[default]
    Running,
    /// The section with what failed tests printed.
    Outputs,
    /// The list of the names of failed tests.
    Names,
}

/// Gathers what test programs print, over all programs of a gate.
#[derive(Debug, Default)]
pub(crate) struct LibtestReader {
    section: Section,
    /// The counts of all programs that came to their end.
    pub(crate) counts: TestCounts,
    /// How many tests all programs said they would run.
    pub(crate) announced: u64,
    /// How many tests have ended so far.
    pub(crate) ended: u64,
    /// How many programs began to run tests.
    pub(crate) begun: u64,
    /// How many programs reported a result.
    pub(crate) finished: u64,
    /// The tests that ended, in the order of which that was read.
    tests: Vec<TestRecord>,
    /// The failed test whose output is read.
    failed: Option<usize>,
}

/// A test that ended.
#[derive(Debug)]
struct TestRecord {
    /// The number of its program, from 1.
    program: u64,
    name: String,
    status: TestStatus,
    output: String,
}

impl LibtestReader {
    /// Takes one line.
    pub(crate) fn line(&mut self, line: &str) {
        match self.section {
            Section::Running if line == "failures:" => self.section = Section::Outputs,
            Section::Running => self.running(line),
            // A failed test may print what looks like libtest's own: only a header
            // opens another output, and only the list of names ends the section.
            Section::Outputs if line == "failures:" => self.section = Section::Names,
            Section::Outputs => self.output(line),
            Section::Names => self.name(line),
        }
    }

    /// Returns the tests that failed, with what they printed.
    pub(crate) fn failures(&self) -> Vec<FailedTest> {
        let failed = self.tests.iter().filter(|test| test.status == FAILED);
        let failed = failed.map(|test| FailedTest {
            name: test.name.clone(),
            output: test.output.trim().to_owned(),
        });
        failed.collect()
    }

    /// Tells whether a test is known to have failed.
    pub(crate) fn has_failures(&self) -> bool {
        self.tests.iter().any(|test| test.status == FAILED)
    }

    /// Returns the tests with what came of them. The targets are those of the programs,
    /// in their order; the last one has all that come after it, since rustdoc runs
    /// several programs for one crate.
    pub(crate) fn runs(&self, targets: &[Target], features: &FeatureSet) -> Vec<TestRun> {
        let run = |test: &TestRecord| {
            let number = usize::try_from(test.program).ok()?.checked_sub(1)?;
            let target = targets.get(number).or(targets.last())?.clone();
            Some(TestRun {
                id: TestId {
                    features: features.clone(),
                    target,
                    name: test.name.clone(),
                },
                ran: test.status,
                output: test.output.trim().to_owned(),
                duration: Duration::ZERO,
            })
        };
        self.tests.iter().filter_map(run).collect()
    }

    fn begin(&mut self, count: u64) {
        self.section = Section::Running;
        self.begun += 1;
        self.announced += count;
        self.failed = None;
    }

    fn running(&mut self, line: &str) {
        if let Some(count) = announced(line) {
            self.begin(count);
        } else if let Some(counts) = result(line) {
            self.finish(counts);
        } else if line.starts_with("test ") && line.contains(" ... ") {
            self.ended += 1;
            if let Some((name, status)) = ended(line) {
                self.record(name, status);
            }
        }
    }

    fn finish(&mut self, counts: TestCounts) {
        self.section = Section::Running;
        self.finished += 1;
        self.counts.add(counts);
        self.failed = None;
    }

    fn output(&mut self, line: &str) {
        let header = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" ----"))
            .and_then(|rest| {
                rest.strip_suffix(" stdout")
                    .or_else(|| rest.strip_suffix(" stderr"))
            });
        if let Some(name) = header {
            self.failed = Some(self.record(name, FAILED));
        } else if let Some(test) = self.failed.and_then(|at| self.tests.get_mut(at)) {
            test.output.push_str(line);
            test.output.push('\n');
        }
    }

    fn name(&mut self, line: &str) {
        if let Some(counts) = result(line) {
            self.finish(counts);
            return;
        }
        if line.is_empty() {
            return;
        }
        let Some(name) = line.strip_prefix("    ") else {
            // Not the list, then: a test printed the line that opens it.
            self.section = Section::Outputs;
            self.output("failures:");
            self.output(line);
            return;
        };
        self.record(name, FAILED);
    }

    /// Records how a test of the program that runs now ended, once: a line that another
    /// output ran into is not read, but the list of failures is whole.
    fn record(&mut self, name: &str, status: TestStatus) -> usize {
        let is_it = |test: &TestRecord| test.program == self.begun && test.name == name;
        self.tests.iter().rposition(is_it).unwrap_or_else(|| {
            self.tests.push(TestRecord {
                program: self.begun,
                name: name.to_owned(),
                status,
                output: String::new(),
            });
            self.tests.len() - 1
        })
    }
}

/// How libtest's program ends where a test failed.
const FAILED: TestStatus = TestStatus::Failed(FailureCause::Exit { code: 101 });

/// What libtest writes behind a name in the line of its end, and nowhere else: the
/// headers of outputs and the list of failures have the name alone.
const MODES: [&str; 3] = [" - should panic", " - compile fail", " - compile"];

/// Reads `test tests::a ... ok`.
fn ended(line: &str) -> Option<(&str, TestStatus)> {
    let (name, what) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let ran = match what {
        "ok" => TestStatus::Passed,
        "FAILED" | "failed" => FAILED,
        _ if what.starts_with("ignored") => TestStatus::Ignored,
        _ => return None,
    };
    let mut bare = MODES.iter().filter_map(|mode| name.strip_suffix(mode));
    Some((bare.next().unwrap_or(name), ran))
}

/// Reads `running 3 tests`.
fn announced(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("running ")?;
    let count = rest
        .strip_suffix(" tests")
        .or_else(|| rest.strip_suffix(" test"))?;
    count.parse().ok()
}

/// Reads `test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; …`.
pub(crate) fn result(line: &str) -> Option<TestCounts> {
    let (_, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = TestCounts::default();
    for part in rest.split(';') {
        let Some((count, what)) = part.trim().split_once(' ') else {
            continue;
        };
        let field = match what {
            "passed" => &mut counts.passed,
            "failed" => &mut counts.failed,
            "ignored" => &mut counts.ignored,
            "filtered out" => &mut counts.filtered,
            _ => continue,
        };
        *field = count.parse().ok()?;
    }
    Some(counts)
}

/// Reads what `--list` prints: the names of the tests; benchmarks are none. Returns `None`
/// where that is not libtest's: a target without harness does with its arguments what it
/// likes. The last line counts the tests, so that nothing else is taken for a list, not
/// even nothing.
pub(crate) fn listed(printed: &str) -> Option<Vec<String>> {
    let mut lines: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
    let announced = counted(lines.pop()?)?;
    let (mut tests, mut benches) = (Vec::new(), 0);
    for line in lines {
        if let Some(name) = line.strip_suffix(": test") {
            tests.push(name.to_owned());
        } else if line.ends_with(": benchmark") {
            benches += 1;
        } else {
            return None;
        }
    }
    (announced == (tests.len(), benches)).then_some(tests)
}

/// Reads `3 tests, 1 benchmark`.
fn counted(line: &str) -> Option<(usize, usize)> {
    let (tests, benches) = line.split_once(", ")?;
    let number = |text: &str, noun: &str| -> Option<usize> {
        let (number, word) = text.split_once(' ')?;
        (word.strip_suffix('s').unwrap_or(word) == noun).then(|| number.parse().ok())?
    };
    Some((number(tests, "test")?, number(benches, "benchmark")?))
}
