//! `test`: what upstream's tests came to.

use gates::diagnosis::{Diagnosis, likely};
use gates::gate::Reason;
use gates::suite::{
    Build, BuildCounts, BuildFailure, Control, FailureCause, FeatureSet, Group, JudgedTest,
    SetReport, StaleExpectation, SuiteReport, Target, TargetKind, TestId, Verdict,
};

use super::*;

fn judged(features: &str, name: &str, group: Group, verdict: Verdict) -> JudgedTest {
    JudgedTest {
        id: TestId {
            features: FeatureSet::of(features.split(',')),
            target: Target {
                kind: TargetKind::Test,
                name: "all".to_owned(),
            },
            name: name.to_owned(),
        },
        group,
        verdict,
        how: None,
        reason: None,
        expected_at: None,
        likely: None,
        output: String::new(),
        milliseconds: 1250,
    }
}

fn failed(name: &str, verdict: Verdict, how: FailureCause, output: &str) -> JudgedTest {
    JudgedTest {
        how: Some(how),
        likely: likely(output).copied(),
        output: output.to_owned(),
        ..judged("p1,p2", name, Group::P2Sockets, verdict)
    }
}

fn set(features: &str, build: Build, tests: Vec<JudgedTest>) -> SetReport {
    SetReport {
        tests,
        milliseconds: 92_000,
        ..SetReport::without_tests(FeatureSet::of(features.split(',')), build)
    }
}

const fn built(built: usize) -> Build {
    Build::Built {
        parts: BuildCounts { built, fresh: 300 },
        milliseconds: 390_000,
    }
}

fn report(sets: Vec<SetReport>) -> SuiteReport {
    SuiteReport {
        tested: versions("2.0.0-rc.6", "41.0.0"),
        commit: None,
        path: path("vendor/wash-wasi"),
        edited: 0,
        filter: None,
        sets,
        stale: Vec::new(),
        steps: vec![StepTime {
            step: "test",
            milliseconds: 482_000,
        }],
    }
}

/// Everything that can be wrong at once.
fn wrong() -> SuiteReport {
    let long: String = (1..=70).map(|n| format!("line {n}\n")).collect();
    let mut known = failed(
        "p2::p2_udp_known",
        Verdict::ExpectedFailure,
        FailureCause::NoResult,
        "",
    );
    known.reason = Some("the loopback has no multicast".to_owned());
    let mut first = set(
        "p1,p2",
        built(3),
        vec![
            judged("p1,p2", "p1::p1_a", Group::P1, Verdict::Passed),
            judged("p1,p2", "p2::p2_ignored", Group::P2, Verdict::Ignored),
            failed(
                "p2::p2_tcp_bind",
                Verdict::Failed,
                FailureCause::Signal { signal: 11 },
                &long,
            ),
            failed(
                "p2::p2_tcp_route",
                Verdict::FailsUpstreamToo,
                FailureCause::Exit { code: 101 },
                "Network is unreachable",
            ),
            known,
        ],
    );
    first.control = Some(Control {
        asked: 2,
        failed_too: 1,
        broken: None,
    });
    let unbuilt = BuildFailure {
        reason: Reason::DiskFull,
        message: "the disk is full".to_owned(),
        diagnosis: Diagnosis::default(),
        log: Some("logs/build.log".to_owned()),
    };
    let skipped = Build::Skipped {
        why: "this release has no feature `p4`".to_owned(),
    };
    let sets = vec![
        first,
        set("p1,p2,p3", Build::Failed(unbuilt), Vec::new()),
        set("p4", skipped, Vec::new()),
    ];
    let stale = StaleExpectation {
        name: "gone".to_owned(),
        message: "`gone` is expected to fail, and no test has that name".to_owned(),
        place: Location::line("manifest.toml", Arc::from("a\ngone\n"), 2),
        help: "correct it, or remove the row".to_owned(),
    };
    SuiteReport {
        edited: 2,
        filter: Some("p2".to_owned()),
        stale: vec![stale],
        ..report(sets)
    }
}

#[test]
fn what_is_wrong_comes_first_and_figures_last() {
    let text = HUMAN.suite(&wrong());
    let lines: Vec<&str> = text.lines().filter(|l| !l.contains("    line ")).collect();
    assert_eq!(text.matches("    line ").count(), 60);
    insta::assert_snapshot!(lines.join("\n"), @r"
    FAILED all p2::p2_tcp_bind (p1,p2): signal 11 (SIGSEGV)
        (10 lines before: `--format json` has them)

    machine all p2::p2_tcp_route (p1,p2): failed, and with upstream's own crate too
        likely: the machine has no route to an outside address; a default route is enough, nothing is sent far

    expected failure all p2::p2_udp_known (p1,p2): the loopback has no multicast

    The build with p1,p2,p3 failed: the disk is full
      next: free some space, then run the same command again
      The whole output is in logs/build.log

    stale manifest.toml:2:1: `gone` is expected to fail, and no test has that name; correct it, or remove the row

    With p1,p2: 3 of 303 parts built in 6 min 30 s, tested in 1 min 32 s
                         passed   failed expected  machine  ignored
      p1                      1        0        0        0        0
      p2                      0        0        0        0        1
      p2 sockets              0        1        1        1        0
      all                     1        1        1        1        1
      upstream's own crate on 2 failed tests: 1 failed there too
    With p1,p2,p3: not built
    With p4: not run: this release has no feature `p4`
    1 of 4 tests of upstream 41.0.0 pass on 2.0.0-rc.6
      only tests with `p2` in their names ran
      vendor/wash-wasi is not as locked (2 files): this says nothing of the locked tree
    Time: test 8 min 2 s
    ");
}

#[test]
fn a_control_that_says_nothing_is_told_and_colours_mark_the_figures() {
    let bad = failed(
        "p2_tcp",
        Verdict::Failed,
        FailureCause::TimedOut { seconds: 300 },
        "",
    );
    let mut one = set("p1,p2", built(0), vec![bad]);
    one.control = Some(Control {
        asked: 1,
        failed_too: 0,
        broken: Some("it does not compile (1 error)".to_owned()),
    });
    let colored = Human::new(Styles::new(true)).suite(&report(vec![one]));
    let shown = printable(&colored).replace('\u{1b}', "␛");
    insta::assert_snapshot!(shown, @r"
    ␛[31mFAILED␛[0m ␛[1mall p2_tcp (p1,p2)␛[0m: no end within 300 s

    ␛[1mWith p1,p2␛[0m: ␛[2mnothing to build in 6 min 30 s, tested in 1 min 32 s␛[0m
                         passed   failed
      p2 sockets       ␛[2m       0␛[0m ␛[31m       1␛[0m
      all              ␛[2m       0␛[0m ␛[31m       1␛[0m
      upstream's own crate on 1 failed test: it could not be built (it does not compile (1 error)), so nothing is known
    ␛[1m␛[31m0 of 1 tests of upstream 41.0.0 pass on 2.0.0-rc.6␛[0m␛[0m
    ␛[2mTime: test 8 min 2 s␛[0m
    ");
}

#[test]
fn junit_has_every_test_and_what_xml_cannot_hold_is_left_out() {
    let odd = failed(
        "p2_tcp",
        Verdict::Failed,
        FailureCause::Exit { code: 3 },
        "<\u{0} & \u{fffe}\u{1b}[31m]]> ü\u{ffff}",
    );
    let xml = junit(&report(vec![set("p1,p2", built(0), vec![odd])])).unwrap();
    insta::assert_snapshot!(xml, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="upstream 41.0.0 on 2.0.0-rc.6" tests="1" skipped="0" failures="1" errors="0">
        <testsuite name="all (p1,p2)" tests="1" skipped="0" errors="0" failures="1" time="1.250">
            <testcase name="p2_tcp" classname="all (p1,p2)" time="1.250">
                <failure message="exit code 3" type="failed"/>
                <system-out>&lt; &amp; ]]&gt; ü</system-out>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
    let xml = junit(&wrong()).unwrap();
    for part in [
        "tests=\"8\" skipped=\"4\" failures=\"2\" errors=\"1\"",
        "<error message=\"the disk is full\" type=\"build\"",
        "<skipped message=\"this release has no feature `p4`\"",
        "<skipped message=\"expected to fail: the loopback has no multicast\"",
        "time=\"1.250\"",
    ] {
        assert!(xml.contains(part), "no {part} in\n{xml}");
    }
}
