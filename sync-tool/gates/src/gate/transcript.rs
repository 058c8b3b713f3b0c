//! What a gate's cargo commands print, read as it comes, and the verdict at the end.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::process::ExitStatus;

use super::Gate;
use super::result::{Crash, Failure, GateOutcome, Reason};
use crate::output::{Diagnostic, LibtestReader, Message, TestProgram, read};
use crate::suite::{BuildCounts, FeatureSet, Target, TargetKind, TestRun, signal};

/// How many lines of a crashed program's complaint are kept.
const MAX_KEPT: usize = 40;

/// What systems and compilers say when the disk is full (28 on Unix, 112 on Windows).
const FULL: [&str; 3] = ["No space left on device", "(os error 28)", "(os error 112)"];

/// What cargo and linkers say when the system ended a program of theirs.
const KILLED: [&str; 2] = ["(signal: 9, SIGKILL", "terminated with signal 9"];

/// Lines among cargo's error that say nothing of it: headings, what a build script tells
/// cargo, and cargo's advice.
const ASIDE: [&str; 4] = ["Caused by:", "--- std", "cargo:", "note: To improve"];

/// Everything a gate's commands print, over all of its steps.
#[derive(Debug, Default)]
pub struct Transcript {
    tests: LibtestReader,
    warnings: BTreeSet<String>,
    errors: Vec<Diagnostic>,
    /// Whether the compiler is done and standard output is that of tests. Standard
    /// error tells it by itself: the two come in no order.
    testing: bool,
    /// What cargo itself complained of, while it compiled.
    complaint: Vec<String>,
    /// The program that runs tests, and what it and cargo complained of since.
    program: Option<(String, Vec<String>)>,
    /// The targets of all programs that ran tests, in their order.
    targets: Vec<Target>,
    crashes: Vec<Crash>,
    /// The test programs that were built.
    pub(crate) programs: Vec<TestProgram>,
    /// How much was built, and how much was there.
    pub(crate) parts: BuildCounts,
}

impl Transcript {
    /// Begins another command of the same gate.
    pub fn next_step(&mut self) {
        self.testing = false;
        self.program = None;
    }

    /// Takes a line of standard output and returns it as a log should have it.
    pub fn stdout<'l>(&mut self, line: &'l str) -> Option<Cow<'l, str>> {
        if !self.testing
            && let Some(message) = read(line)
        {
            return self.message(message).map(Cow::Owned);
        }
        self.tests.line(line);
        Some(Cow::Borrowed(line))
    }

    /// Takes a line of standard error and returns what the gate is at, if the line tells.
    pub fn stderr(&mut self, line: &str) -> Option<String> {
        let trimmed = line.trim_start();
        let (word, rest) = trimmed.split_once(' ').unwrap_or((trimmed, ""));
        let is_status = line.len() - trimmed.len() == 12usize.saturating_sub(word.len());
        if is_status && (word == "Running" || word == "Doc-tests") {
            let program = rest.split(" (").next().unwrap_or(rest);
            let program = if word == "Running" {
                program.to_owned()
            } else {
                "doc tests".to_owned()
            };
            self.targets.push(target(word, rest));
            self.program = Some((program.clone(), Vec::new()));
            return Some(format!("running {program}"));
        }
        match &mut self.program {
            Some((_, lines)) => lines.push(line.to_owned()),
            None => self.complaint.push(line.to_owned()),
        }
        self.crash(trimmed);
        let busy = [
            "Compiling",
            "Checking",
            "Downloading",
            "Updating",
            "Blocking",
        ];
        (is_status && self.program.is_none() && busy.contains(&word)).then(|| {
            let package = rest.split(" (").next().unwrap_or(rest);
            format!("{} {package}", word.to_lowercase())
        })
    }

    /// Returns how many tests have ended, and of how many.
    pub fn tests_done(&self) -> (u64, u64) {
        (self.tests.ended, self.tests.announced)
    }

    /// Returns how many different warnings the compiler gave.
    pub fn warnings(&self) -> u64 {
        self.warnings.len() as u64
    }

    /// Returns the tests that ran, with what came of each.
    pub fn runs(&self, features: &FeatureSet) -> Vec<TestRun> {
        self.tests.runs(&self.targets, features)
    }

    /// Returns the verdict on a gate whose last command ended so.
    pub fn verdict(self, gate: &Gate, ended: ExitStatus) -> GateOutcome {
        let early = self.tests.begun > self.tests.finished;
        let ran = self.tests.counts.ran();
        if ended.success() && !early && (!gate.tests || ran > 0) && self.tests.counts.failed == 0 {
            let tests = gate.tests.then_some(self.tests.counts);
            return GateOutcome::Passed { tests };
        }
        GateOutcome::Failed(self.failure(ended))
    }

    fn message(&mut self, message: Message) -> Option<String> {
        match message {
            Message::Diagnostic(diagnostic) => {
                let rendered = diagnostic.rendered.clone();
                // "2 warnings emitted" and "aborting" have no place: they sum up.
                let sums_up = diagnostic.file.is_none() && diagnostic.code.is_none();
                if diagnostic.level == "warning" && !sums_up {
                    self.warnings.insert(diagnostic.rendered);
                } else if diagnostic.level.starts_with("error")
                    && !(sums_up && diagnostic.message.starts_with("aborting due to"))
                    && !self.errors.contains(&*diagnostic)
                {
                    self.errors.push(*diagnostic);
                }
                Some(rendered)
            }
            Message::Artifact { fresh, test } => {
                match fresh {
                    true => self.parts.fresh += 1,
                    false => self.parts.built += 1,
                }
                self.programs.extend(test);
                None
            }
            Message::BuildFinished => {
                self.testing = true;
                None
            }
            Message::Other => None,
        }
    }

    /// Reads cargo's word that a test program did not end as one should.
    fn crash(&mut self, trimmed: &str) {
        let Some((program, lines)) = &self.program else {
            return;
        };
        let Some(rest) = trimmed.strip_prefix("process didn't exit successfully: `") else {
            return;
        };
        let Some(how) = rest
            .rsplit_once(" (")
            .and_then(|(_, how)| how.strip_suffix(')'))
        else {
            return;
        };
        // libtest ends with 101 when tests failed: that is no crash.
        if how.ends_with(": 101") {
            return;
        }
        let end = lines
            .iter()
            .position(|line| line.starts_with("error: test failed"))
            .unwrap_or(lines.len());
        self.crashes.push(Crash {
            program: program.clone(),
            how: how.to_owned(),
            output: lines[end.saturating_sub(MAX_KEPT)..end]
                .join("\n")
                .trim()
                .to_owned(),
        });
    }

    fn failure(mut self, ended: ExitStatus) -> Failure {
        let begun = self.tests.begun;
        let early = begun > self.tests.finished;
        if early && self.crashes.is_empty() && signal(ended).is_none() {
            self.crashes.push(Crash {
                program: "a test program".to_owned(),
                how: "without telling a result".to_owned(),
                output: String::new(),
            });
        }
        let (reason, message) = self.reason(ended);
        Failure {
            reason,
            message,
            diagnostics: self.errors,
            counts: self.tests.counts,
            tests: self.tests.failures(),
            unexpected: Vec::new(),
            crashes: self.crashes,
        }
    }

    fn reason(&self, ended: ExitStatus) -> (Reason, String) {
        if let Some(reason) = self.resource_failure(ended) {
            return reason;
        }
        let uncompiled = |line: &String| line.starts_with("error: could not compile");
        if !self.errors.is_empty() || self.complaint.iter().any(uncompiled) {
            return (Reason::DoesNotCompile, self.uncompiled());
        }
        if let Some(crash) = self.crashes.first() {
            let message = format!("`{}` ended early ({})", crash.program, crash.how);
            return (Reason::Crashed, message);
        }
        let failed = self.tests.counts.failed;
        if failed > 0 || (self.tests.begun > 0 && !ended.success()) {
            let message = match failed {
                0 => "tests failed".to_owned(),
                1 => "1 test failed".to_owned(),
                count => format!("{count} tests failed"),
            };
            return (Reason::TestsFail, message);
        }
        if ended.success() {
            let message = "tests should run, and none did";
            return (Reason::NoTestRan, message.to_owned());
        }
        (Reason::Cargo, self.cargo_says())
    }

    /// Tells whether it was the machine that had not enough.
    fn resource_failure(&self, ended: ExitStatus) -> Option<(Reason, String)> {
        let said = |marks: &[&str]| {
            let lines = self.complaint.iter().map(String::as_str);
            let errors = self.errors.iter().map(|error| error.rendered.as_str());
            let mut texts = lines.chain(errors);
            texts.any(|text| marks.iter().any(|mark| text.contains(mark)))
        };
        if said(&FULL) {
            return Some((Reason::DiskFull, "the disk is full".to_owned()));
        }
        if let Some(signal) = signal(ended) {
            let message = format!("cargo was ended by signal {signal}");
            return Some((Reason::Killed, message));
        }
        let message = "the system ended a compiler or linker (signal 9)";
        said(&KILLED).then(|| (Reason::Killed, message.to_owned()))
    }

    fn uncompiled(&self) -> String {
        match self.errors.len() {
            // The compiler itself crashed, or a build script failed.
            0 => self.cargo_says(),
            1 => "it does not compile (1 error)".to_owned(),
            count => format!("it does not compile ({count} errors)"),
        }
    }

    /// Returns cargo's own error, with what it gives as its causes.
    fn cargo_says(&self) -> String {
        let program = self.program.iter().flat_map(|(_, lines)| lines);
        let lines: Vec<&str> = self
            .complaint
            .iter()
            .chain(program)
            .map(|line| line.trim())
            .collect();
        let start = lines.iter().position(|line| line.starts_with("error"));
        let Some(start) = start else {
            return "cargo failed without a word".to_owned();
        };
        let said: Vec<&str> = lines[start..]
            .iter()
            .filter(|line| !line.is_empty() && !ASIDE.iter().any(|word| line.starts_with(word)))
            .take(6)
            .copied()
            .collect();
        let said = said.join("; ");
        said.strip_prefix("error: ").unwrap_or(&said).to_owned()
    }
}

/// Reads what cargo tells of a program: `tests/a/main.rs (target/debug/deps/a-0f3d)`.
fn target(word: &str, rest: &str) -> Target {
    let (source, program) = rest.split_once(" (").unwrap_or((rest, ""));
    let file = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let name = file.rsplit_once('-').map_or(source, |(name, _)| name);
    let kind = match (word, source) {
        ("Doc-tests", _) => TargetKind::Doc,
        (_, "unittests src/lib.rs") => TargetKind::Lib,
        (_, source) if source.starts_with("unittests ") => TargetKind::Other,
        _ => TargetKind::Test,
    };
    Target {
        kind,
        name: name.to_owned(),
    }
}
