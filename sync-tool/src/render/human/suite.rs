//! What upstream's own tests came to.

use std::fmt::Write as _;

use gates::suite::{
    Build, BuildFailure, JudgedTest, SetReport, StaleExpectation, SuiteReport, Verdict,
    VerdictCounts,
};

use super::{Human, count, time};

/// How many lines of a failed test's output are shown; the last ones.
const SHOWN: usize = 60;

impl Human {
    /// Writes what upstream's tests came to: what is wrong first, then the figures.
    pub fn suite(self, report: &SuiteReport) -> String {
        let mut text = String::new();
        for set in &report.sets {
            self.wrong(set, &mut text);
        }
        self.list(&report.stale, &mut text, |stale, text| {
            self.stale(stale, text);
        });
        for set in &report.sets {
            self.set(set, &mut text);
        }
        self.verdict(report, &mut text);
        text
    }

    /// Writes the tests and builds of a set that are not as they should be.
    fn wrong(self, set: &SetReport, text: &mut String) {
        if let Build::Failed(failure) = &set.build {
            self.unbuilt(set, failure, text);
        }
        let told = |test: &&JudgedTest| {
            let verdict = test.verdict;
            test.is_bad()
                || matches!(
                    verdict,
                    Verdict::FailsUpstreamToo | Verdict::ExpectedFailure
                )
        };
        let told: Vec<&JudgedTest> = set.tests.iter().filter(told).collect();
        self.list(told, text, |test, text| self.test(test, text));
    }

    fn unbuilt(self, set: &SetReport, failure: &BuildFailure, text: &mut String) {
        let title = format!(
            "The build with {} failed: {}",
            set.features, failure.message
        );
        let _ = writeln!(text, "{}", self.styles.bold(self.styles.red(title)));
        indented(&self.diagnosis(&failure.diagnosis), text);
        if let Some(help) = failure.reason.help() {
            let _ = writeln!(text, "  {} {help}", self.styles.cyan("next:"));
        }
        if let Some(log) = &failure.log {
            let _ = writeln!(text, "  The whole output is in {log}");
        }
        text.push('\n');
    }

    fn test(self, test: &JudgedTest, text: &mut String) {
        let how = test.how.map(|how| how.to_string()).unwrap_or_default();
        let (word, what) = match test.verdict {
            Verdict::FailsUpstreamToo => (
                self.styles.yellow("machine"),
                format!("{how}, and with upstream's own crate too"),
            ),
            Verdict::UnexpectedPass => (
                self.styles.red("unexpected pass"),
                format!(
                    "expected to fail ({}): remove it from {}",
                    test.reason.as_deref().unwrap_or_default(),
                    test.expected_at.as_deref().unwrap_or("manifest.toml")
                ),
            ),
            Verdict::ExpectedFailure => (
                self.styles.dim("expected failure"),
                test.reason.clone().unwrap_or_default(),
            ),
            _ => (self.styles.red("FAILED"), how),
        };
        let _ = writeln!(text, "{word} {}: {what}", self.styles.bold(&test.id));
        if let Some(likely) = &test.likely {
            indented(&self.likely(likely), text);
        }
        if test.verdict == Verdict::Failed {
            indented(&last(&test.output), text);
        }
        text.push('\n');
    }

    fn stale(self, stale: &StaleExpectation, text: &mut String) {
        let word = self.styles.red("stale");
        let _ = writeln!(
            text,
            "{word} {}: {}; {}\n",
            stale.place, stale.message, stale.help
        );
    }

    /// Writes the table of a feature set.
    fn set(self, set: &SetReport, text: &mut String) {
        let title = self.styles.bold(format!("With {}", set.features));
        match &set.build {
            Build::Skipped { why } => {
                let _ = writeln!(
                    text,
                    "{title}: {}",
                    self.styles.yellow(format!("not run: {why}"))
                );
            }
            Build::Failed(_) => {
                let _ = writeln!(text, "{title}: {}", self.styles.red("not built"));
            }
            Build::Built {
                parts,
                milliseconds,
            } => {
                let built = match parts.built {
                    0 => "nothing to build".to_owned(),
                    built => format!("{built} of {} parts built", built + parts.fresh),
                };
                let took = format!(
                    "{built} in {}, tested in {}",
                    time(*milliseconds),
                    time(set.milliseconds)
                );
                let _ = writeln!(text, "{title}: {}", self.styles.dim(took));
                self.table(set, text);
                if let Some(control) = &set.control {
                    let asked = count(control.asked, "failed test");
                    let said = match &control.broken {
                        Some(why) => format!("it could not be built ({why}), so nothing is known"),
                        None => format!("{} failed there too", control.failed_too),
                    };
                    let _ = writeln!(text, "  upstream's own crate on {asked}: {said}");
                }
            }
        }
    }

    fn table(self, set: &SetReport, text: &mut String) {
        let all = VerdictCounts::of(&set.tests);
        let groups = set.groups();
        let rows = groups.iter().map(|g| (g.group.title(), g.counts));
        let rows: Vec<(&str, VerdictCounts)> = rows.chain([("all", all)]).collect();
        let columns: Vec<Column> = COLUMNS
            .into_iter()
            .filter(|(name, of)| *name == "passed" || of(&all) > 0)
            .collect();
        let _ = write!(text, "  {:<16}", "");
        for (name, _) in &columns {
            let _ = write!(text, " {name:>8}");
        }
        text.push('\n');
        for (name, counts) in rows {
            let _ = write!(text, "  {name:<16}");
            for (column, of) in &columns {
                let number = of(&counts);
                let width = column.len().max(8);
                let cell = format!("{number:>width$}");
                let cell = match (number, *column) {
                    (0, _) => self.styles.dim(cell),
                    (_, "passed") => self.styles.green(cell),
                    (_, "failed" | "unexpected") => self.styles.red(cell),
                    _ => self.styles.yellow(cell),
                };
                let _ = write!(text, " {cell}");
            }
            text.push('\n');
        }
    }

    fn verdict(self, report: &SuiteReport, text: &mut String) {
        let counts = report.upstreams();
        let tested = &report.tested;
        let mut said = format!(
            "{} of {} tests of upstream {} pass on {}",
            counts.passed,
            counts.ran(),
            tested.upstream,
            tested.fork
        );
        let own = report.own();
        if own.ran() > 0 {
            let _ = write!(said, ", and {} of {} of its own", own.passed, own.ran());
        }
        let said = match report.passed() {
            true => self.styles.green(said),
            false => self.styles.red(said),
        };
        let _ = writeln!(text, "{}", self.styles.bold(said));
        let mut tests = report.tests();
        if !report.says_something()
            && tests.clone().next().is_some()
            && !tests.any(JudgedTest::is_bad)
        {
            let said = "  none ended as it should: what is ignored, or fails with upstream's own crate too, says nothing of the fork";
            let _ = writeln!(text, "{}", self.styles.yellow(said));
        }
        if let Some(filter) = &report.filter {
            let _ = writeln!(text, "  only tests with `{filter}` in their names ran");
        }
        if report.edited > 0 {
            let files = count(report.edited, "file");
            let said = format!(
                "  {} is not as locked ({files}): this says nothing of the locked tree",
                report.path
            );
            let _ = writeln!(text, "{}", self.styles.yellow(said));
        }
        let steps: Vec<String> = report
            .steps
            .iter()
            .map(|step| format!("{} {}", step.step, time(step.milliseconds)))
            .collect();
        let _ = writeln!(
            text,
            "{}",
            self.styles.dim(format!("Time: {}", steps.join(", ")))
        );
    }
}

/// A column of the table: its name, and its figure.
type Column = (&'static str, fn(&VerdictCounts) -> usize);

/// The columns; those without any figure but zero are left out.
const COLUMNS: [Column; 6] = [
    ("passed", |counts| counts.passed),
    ("failed", |counts| counts.failed),
    ("unexpected", |counts| counts.unexpected_passes),
    ("expected", |counts| counts.expected_failures),
    ("machine", |counts| counts.machine),
    ("ignored", |counts| counts.ignored),
];

/// Returns the last lines of an output, and says how many come before.
fn last(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let left_out = lines.len().saturating_sub(SHOWN);
    let shown = lines[left_out..].join("\n");
    match left_out {
        0 => shown,
        _ => format!("({left_out} lines before: `--format json` has them)\n{shown}"),
    }
}

fn indented(lines: &str, text: &mut String) {
    for line in lines.lines() {
        text.push_str(format!("    {line}").trim_end());
        text.push('\n');
    }
}
