//! Verdicts and figures.

use std::sync::{Arc, LazyLock};

use recipe::error::{Kind, Location};
use recipe::manifest::Versions;
use recipe::tree::TreePath;
use semver::Version;

use super::*;

fn expected(name: &str, until: Option<&str>) -> Expectation {
    Expectation {
        name: name.to_owned(),
        reason: "known".to_owned(),
        until: until.map(|until| until.parse().unwrap()),
        place: Location::line("manifest.toml", Arc::from("a\nb\n"), 2),
    }
}

static RELEASE: Version = Version::new(41, 0, 0);

static OWN: LazyLock<ForkTests> = LazyLock::new(|| {
    let file = TreePath::new("src/added.rs").unwrap();
    ForkTests::new(vec!["added".to_owned()], [file].iter())
});

fn judge(expected: &[Expectation]) -> Judge<'_> {
    Judge {
        expected,
        release: &RELEASE,
        own: &OWN,
        package_dir: "crates/fork",
    }
}

#[test]
fn a_verdict_is_held_against_expectations_and_the_control() {
    let known = [
        expected("known", None),
        expected("over", Some("41.0.0")),
        expected("later", Some("42.0.0")),
    ];
    let judge = judge(&known);
    let mut control = ControlRuns::default();
    let upstreams = |kind, target, name, ran| run(id("p1,p2", kind, target, name), ran);
    control.add(
        &[
            upstreams(TargetKind::Test, "all", "both", BAD),
            upstreams(TargetKind::Test, "all", "fork_only", TestStatus::Passed),
            upstreams(TargetKind::Lib, "up", "unit", BAD),
            upstreams(
                TargetKind::Doc,
                "up",
                "crates/up/src/a.rs - a (line 3)",
                BAD,
            ),
            upstreams(
                TargetKind::Doc,
                "up",
                "crates/up/src/a.rs - b (line 5)",
                BAD,
            ),
            upstreams(
                TargetKind::Doc,
                "up",
                "crates/up/src/a.rs - b (line 9)",
                TestStatus::Passed,
            ),
        ],
        "crates/up",
    );
    let verdict = |id: TestId, ran| judge.judge(run(id, ran), &control).verdict;
    let doc = |name| id("p1,p2", TargetKind::Doc, "fork", name);
    for (id, ran, is) in [
        (all("a"), TestStatus::Passed, Verdict::Passed),
        (all("a"), TestStatus::Ignored, Verdict::Ignored),
        (all("fork_only"), BAD, Verdict::Failed),
        (all("ours"), BAD, Verdict::Failed),
        (all("both"), BAD, Verdict::FailsUpstreamToo),
        (
            id("p3", TargetKind::Test, "all", "both"),
            BAD,
            Verdict::Failed,
        ),
        (
            id("p1,p2", TargetKind::Lib, "fork", "unit"),
            BAD,
            Verdict::FailsUpstreamToo,
        ),
        (
            doc("crates/fork/src/a.rs - a (line 30)"),
            BAD,
            Verdict::FailsUpstreamToo,
        ),
        (
            doc("crates/fork/src/a.rs - b (line 30)"),
            BAD,
            Verdict::Failed,
        ),
        (all("known"), BAD, Verdict::ExpectedFailure),
        (all("known"), TestStatus::Passed, Verdict::UnexpectedPass),
        (all("known"), TestStatus::Ignored, Verdict::Ignored),
        (all("later"), BAD, Verdict::ExpectedFailure),
        // An expectation that is over expects nothing.
        (all("over"), BAD, Verdict::Failed),
        (all("over"), TestStatus::Passed, Verdict::Passed),
    ] {
        assert_eq!(verdict(id.clone(), ran), is, "{id} {ran:?}");
    }
    let asked = |name: &str, ran| judge.wants_control(&run(all(name), ran));
    assert!(asked("a", BAD) && asked("over", BAD));
    assert!(
        !asked("known", BAD) && !asked("a", TestStatus::Passed) && !asked("a", TestStatus::Ignored)
    );
}

#[test]
fn expectations_that_do_not_hold_are_named_with_their_place() {
    let known = [
        expected("gone", None),
        expected("there", None),
        expected("over", Some("40.0.0")),
    ];
    let there = [all("there")];
    let told = |all| {
        let stale = judge(&known).stale(there.iter(), |_| all);
        let told = stale.iter().map(|s| format!("{}: {}", s.place, s.message));
        told.collect::<Vec<_>>()
    };
    let over = "manifest.toml:2:1: `over` was expected to fail before 40.0.0, and this is 41.0.0";
    let gone = "manifest.toml:2:1: `gone` is expected to fail, and no test has that name";
    assert_eq!(told(true), [gone, over]);
    assert_eq!(told(false), [over]);
}

fn report(tests: Vec<(TestId, TestStatus)>, known: &[Expectation]) -> SuiteReport {
    let judge = judge(known);
    let mut control = ControlRuns::default();
    control.add(&[run(all("both"), BAD)], "crates/up");
    let judged = tests
        .into_iter()
        .map(|(id, ran)| judge.judge(run(id, ran), &control));
    SuiteReport {
        tested: Versions {
            fork: Version::new(2, 0, 0),
            upstream: RELEASE.clone(),
        },
        commit: None,
        path: TreePath::new("vendor/fork").unwrap(),
        edited: 0,
        filter: None,
        sets: vec![SetReport {
            features: FeatureSet::of(["p1", "p2"]),
            build: Build::Built {
                parts: BuildCounts::default(),
                milliseconds: 0,
            },
            tests: judged.collect(),
            control: None,
            milliseconds: 0,
        }],
        stale: Vec::new(),
        steps: Vec::new(),
    }
}

#[test]
fn what_crashes_or_hangs_is_not_excused_by_a_plain_failure() {
    let signal = |signal| TestStatus::Failed(FailureCause::Signal { signal });
    let hung = TestStatus::Failed(FailureCause::TimedOut { seconds: 3 });
    for (fork, upstream, verdict) in [
        (BAD, BAD, Verdict::FailsUpstreamToo),
        (BAD, hung, Verdict::FailsUpstreamToo),
        (hung, hung, Verdict::FailsUpstreamToo),
        (signal(6), signal(11), Verdict::FailsUpstreamToo),
        (hung, BAD, Verdict::Failed),
        (signal(11), BAD, Verdict::Failed),
        (
            TestStatus::Failed(FailureCause::NoResult),
            BAD,
            Verdict::Failed,
        ),
    ] {
        let mut control = ControlRuns::default();
        control.add(&[run(all("a"), upstream)], "crates/up");
        let judged = judge(&[]).judge(run(all("a"), fork), &control);
        assert_eq!(judged.verdict, verdict, "{fork:?} {upstream:?}");
    }
}

#[test]
fn the_forks_own_tests_are_counted_apart() {
    let added = |kind, target, name| id("p1,p2", kind, target, name);
    let unit = added(TargetKind::Lib, "fork", "added::tests::a");
    let good = report(
        vec![
            (all("a"), TestStatus::Passed),
            (added(TargetKind::Test, "added", "a"), TestStatus::Passed),
            (unit.clone(), TestStatus::Passed),
            (
                added(TargetKind::Lib, "fork", "more::a"),
                TestStatus::Passed,
            ),
        ],
        &[],
    );
    assert_eq!(good.upstreams().passed, 2);
    assert_eq!(good.own().passed, 2);
    assert_eq!(good.said(), "passed, 2 of 2 tests");
    let fails = |tests| report(tests, &[]).error().unwrap();
    assert_eq!(
        fails(vec![(all("a"), TestStatus::Passed), (unit.clone(), BAD)]).message(),
        "1 of the fork's own 1 tests fail"
    );
    assert_eq!(
        fails(vec![(all("a"), BAD), (all("b"), BAD), (unit, BAD)]).message(),
        "2 of upstream's 2 tests fail on the fork, and 1 of its own"
    );
}

#[test]
fn only_what_is_bad_fails_the_run_and_nothing_at_all_is_no_success() {
    let good = report(
        vec![
            (all("a"), TestStatus::Passed),
            (all("both"), BAD),
            (all("known"), BAD),
            (all("i"), TestStatus::Ignored),
        ],
        &[expected("known", None)],
    );
    assert!(good.passed() && good.error().is_none());
    assert_eq!(
        good.said(),
        "passed, 1 of 3 tests, 1 expected to fail, 1 failing with upstream's crate too"
    );
    let own = id("p1,p2", TargetKind::Test, "added", "a");
    let mut some = report(vec![(own.clone(), TestStatus::Passed)], &[]);
    some.filter = Some("added".to_owned());
    assert!(some.passed(), "a filter may ask for the fork's own alone");
    assert!(report(vec![(all("known"), BAD)], &[expected("known", None)]).passed());
    for bad in [
        report(Vec::new(), &[]),
        report(vec![(own, TestStatus::Passed)], &[]),
        report(vec![(all("both"), BAD)], &[]),
        report(vec![(all("i"), TestStatus::Ignored)], &[]),
        report(vec![(all("a"), TestStatus::Passed), (all("b"), BAD)], &[]),
        report(
            vec![
                (all("a"), TestStatus::Passed),
                (all("b"), TestStatus::Passed),
            ],
            &[expected("b", None)],
        ),
    ] {
        assert!(!bad.passed());
        let error = bad.error().unwrap();
        assert_eq!(error.kind(), Kind::Verification, "{error}");
    }
    let mut stale = report(vec![(all("a"), TestStatus::Passed)], &[]);
    stale.stale = judge(&[expected("gone", None)]).stale([].iter(), |_| true);
    assert!(!stale.passed());
    let error = stale.error().unwrap();
    assert_eq!(
        error.all_faults()[0].place.as_ref().unwrap().to_string(),
        "manifest.toml:2:1"
    );
}
