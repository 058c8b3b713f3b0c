//! Reads what test programs print: libtest's own, and rustdoc's for doc tests.

use super::result::{Counts, FailedTest};

/// Where in the output of a test program the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
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
pub(in crate::core) struct Reader {
    at: At,
    /// The counts of all programs that came to their end.
    pub(in crate::core) counts: Counts,
    /// How many tests all programs said they would run.
    pub(in crate::core) announced: u64,
    /// How many tests have ended so far.
    pub(in crate::core) ended: u64,
    /// How many programs began to run tests.
    pub(in crate::core) begun: u64,
    /// How many programs told a result.
    pub(in crate::core) finished: u64,
    failures: Vec<FailedTest>,
    /// The first of `failures` that is of the program that runs now.
    of_program: usize,
}

impl Reader {
    /// Tells whether tests run, and no output of failed ones is told.
    pub(in crate::core) fn is_running(&self) -> bool {
        self.at == At::Running
    }

    /// Takes one line.
    pub(in crate::core) fn line(&mut self, line: &str) {
        match self.at {
            At::Running if line == "failures:" => self.at = At::Outputs,
            At::Running => self.running(line),
            // A failed test may print what looks like libtest's own: only a header
            // opens another output, and only the list of names ends the section.
            At::Outputs if line == "failures:" => self.at = At::Names,
            At::Outputs => self.output(line),
            At::Names => self.name(line),
        }
    }

    /// Returns the tests that failed, with what they printed.
    pub(in crate::core) fn into_failures(self) -> Vec<FailedTest> {
        self.failures
            .into_iter()
            .map(|test| FailedTest {
                output: test.output.trim().to_owned(),
                ..test
            })
            .collect()
    }

    fn begin(&mut self, count: u64) {
        self.at = At::Running;
        self.begun += 1;
        self.announced += count;
        self.of_program = self.failures.len();
    }

    fn running(&mut self, line: &str) {
        if let Some(count) = announced(line) {
            self.begin(count);
        } else if let Some(counts) = result(line) {
            self.finish(counts);
        } else if line.starts_with("test ") && line.contains(" ... ") {
            self.ended += 1;
        }
    }

    fn finish(&mut self, counts: Counts) {
        self.at = At::Running;
        self.finished += 1;
        self.counts.add(counts);
        self.of_program = self.failures.len();
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
            self.failures.push(FailedTest {
                name: name.to_owned(),
                output: String::new(),
            });
        } else if self.failures.len() > self.of_program
            && let Some(test) = self.failures.last_mut()
        {
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
            self.at = At::Outputs;
            self.output("failures:");
            self.output(line);
            return;
        };
        let known = self.failures[self.of_program..]
            .iter()
            .any(|test| test.name == name);
        if !known {
            self.failures.push(FailedTest {
                name: name.to_owned(),
                output: String::new(),
            });
        }
    }
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
pub(in crate::core) fn result(line: &str) -> Option<Counts> {
    let (_, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = Counts::default();
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
