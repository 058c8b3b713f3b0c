//! JUnit XML, in the shape that nextest and surefire give it: for programs that
//! collect the results of tests.

use std::time::Duration;

use gates::suite::{Build, BuildFailure, JudgedTest, SetReport, SuiteReport, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite, XmlString};
use recipe::error::{Error, Result};

/// Writes the results as JUnit XML: a suite for each feature set and target.
///
/// # Errors
///
/// Never for texts: what XML cannot hold is left out of them.
pub fn junit(report: &SuiteReport) -> Result<String> {
    let tested = &report.tested;
    let mut document = Report::new(format!("upstream {} on {}", tested.upstream, tested.fork));
    for set in &report.sets {
        document.add_test_suites(suites(set));
    }
    if !report.stale.is_empty() {
        let mut suite = TestSuite::new("expected failures");
        for stale in &report.stale {
            let mut status = failed("stale", &stale.message);
            status.set_description(format!(
                "{}: {}; {}",
                stale.place, stale.message, stale.help
            ));
            suite.add_test_case(TestCase::new(stale.name.as_str(), status));
        }
        document.add_test_suite(suite);
    }
    document
        .to_string()
        .map_err(|e| Error::general(format!("no JUnit XML can be made: {e}")).caused_by(e))
}

fn suites(set: &SetReport) -> Vec<TestSuite> {
    match &set.build {
        Build::Built { .. } => {}
        Build::Failed(failure) => return vec![unbuilt(set, failure)],
        Build::Skipped { why } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            return vec![lone(set, status)];
        }
    }
    let mut suites: Vec<(String, Vec<&JudgedTest>)> = Vec::new();
    for test in &set.tests {
        let name = format!("{} ({})", test.id.target.shown(), set.features);
        match suites.iter_mut().find(|(known, _)| *known == name) {
            Some((_, tests)) => tests.push(test),
            None => suites.push((name, vec![test])),
        }
    }
    let suite = |(name, tests): (String, Vec<&JudgedTest>)| {
        let mut suite = TestSuite::new(name.as_str());
        suite.add_test_cases(tests.into_iter().map(|test| case(&name, test)));
        let times = suite.test_cases.iter().filter_map(|case| case.time);
        suite.set_time(times.sum::<Duration>());
        suite
    };
    suites.into_iter().map(suite).collect()
}

fn unbuilt(set: &SetReport, failure: &BuildFailure) -> TestSuite {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status
        .set_type("build")
        .set_message(failure.message.as_str());
    let explained = failure.diagnosis.explained.iter();
    let lines = explained.map(|e| format!("{}\n{}\n", e.title, e.next));
    let unknown = failure.diagnosis.unknown.iter().map(|d| d.rendered.clone());
    status.set_description(lines.chain(unknown).collect::<String>());
    lone(set, status)
}

/// Makes the suite of a feature set of which no test ran.
fn lone(set: &SetReport, status: TestCaseStatus) -> TestSuite {
    let mut suite = TestSuite::new(format!("build ({})", set.features));
    suite.add_test_case(TestCase::new("build", status));
    suite
}

fn case(suite: &str, test: &JudgedTest) -> TestCase {
    let how = test.how.map(|how| how.to_string()).unwrap_or_default();
    let reason = test.reason.as_deref().unwrap_or_default();
    let status = match test.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed => failed("failed", &how),
        Verdict::UnexpectedPass => failed(
            "unexpected pass",
            &format!("it passes, and is expected to fail: {reason}"),
        ),
        Verdict::Ignored => skipped("ignored"),
        Verdict::ExpectedFailure => skipped(&format!("expected to fail: {reason}")),
        Verdict::FailsUpstreamToo => skipped(&format!("{how}; with upstream's own crate too")),
    };
    let mut case = TestCase::new(test.id.name.as_str(), status);
    case.set_classname(suite);
    case.set_time(Duration::from_millis(test.milliseconds));
    if !test.output.is_empty() {
        // The writer leaves out control characters, not these two, which XML lacks as well.
        let output = test.output.replace(['\u{fffe}', '\u{ffff}'], "");
        case.set_system_out(XmlString::new(output));
    }
    case
}

fn failed(kind: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(kind).set_message(message);
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}
