//! Names, lists, verdicts and figures.

use std::sync::Arc;
use std::time::Duration;

use semver::Version;

use super::*;
use crate::core::report::Versions;
use crate::core::tree::TreePath;
use crate::error::{Kind, Place};

fn id(features: &str, kind: TargetKind, target: &str, name: &str) -> TestId {
    TestId {
        features: FeatureSet::of(features.split(',')),
        target: Target {
            kind,
            name: target.to_owned(),
        },
        name: name.to_owned(),
    }
}

fn all(name: &str) -> TestId {
    id("p1,p2", TargetKind::Test, "all", name)
}

fn run(id: TestId, ran: Ran) -> TestRun {
    TestRun {
        id,
        ran,
        output: "printed".to_owned(),
        duration: Duration::from_millis(7),
    }
}

const BAD: Ran = Ran::Failed(How::Exit { code: 101 });

fn expected(name: &str, until: Option<&str>) -> Expected {
    Expected {
        name: name.to_owned(),
        reason: "known".to_owned(),
        until: until.map(|until| until.parse().unwrap()),
        place: Place::line("manifest.toml", Arc::from("a\nb\n"), 2),
    }
}

#[test]
fn a_feature_set_is_what_cargo_takes() {
    let set = FeatureSet::of([" p1", "p2", "", "p1"]);
    assert_eq!((set.as_str(), set.key().as_str()), ("p1,p2", "p1-p2"));
    let none = FeatureSet::of([""]);
    assert_eq!((none.as_str(), none.key().as_str()), ("", "no-features"));
    assert_eq!(
        (none.to_string().as_str(), none.names().count()),
        ("none", 0)
    );
}

#[test]
fn the_groups_follow_from_target_and_name() {
    let own = ["loopback_udp_p2".to_owned()];
    let test = |target: &str, name: &str| id("p3", TargetKind::Test, target, name).group(&own);
    for (name, group) in [
        ("p1::p1_fd_readdir", Group::P1),
        ("p2::sync::p1_fd_readdir", Group::P2),
        ("p2::async_::p2_tcp_bind", Group::P2Sockets),
        ("p2::api::p2_api_read_only", Group::P2),
        ("p3::p3_sockets_udp_send", Group::P3Sockets),
        ("p3::p3_sockets_ip_name_lookup", Group::P3Sockets),
        ("p3::p3_clocks_sleep", Group::P3),
        ("p2_random", Group::P2),
        ("store::p20_is_no_preview", Group::Other),
    ] {
        assert_eq!(test("all", name), group, "{name}");
    }
    assert_eq!(test("loopback_udp_p2", "p2_udp"), Group::Own);
    let lib = |kind| id("p1", kind, "wash_wasi", "p2::tcp::tests::x").group(&own);
    assert_eq!(lib(TargetKind::Lib), Group::Unit);
    assert_eq!(lib(TargetKind::Doc), Group::Doc);
}

#[test]
fn a_test_is_named_alone_or_with_its_target_and_features() {
    let test = all("p2::p2_tcp");
    for name in [
        "p2::p2_tcp",
        "all p2::p2_tcp",
        "all::p2::p2_tcp",
        "all p2::p2_tcp (p1,p2)",
    ] {
        assert!(test.is_named(name), "{name}");
    }
    for name in [
        "p2_tcp",
        "p2::p2_tc",
        "allp2::p2_tcp",
        "all p2::p2_tcp (p1,p2,p3)",
        "",
    ] {
        assert!(!test.is_named(name), "{name}");
    }
    let wants = |part: &str| Filter(Some(part.to_owned())).wants(&test);
    assert!(wants("tcp") && wants("all p2") && wants("all::p2::p2_tcp") && !wants("udp"));
    assert!(Filter::default().wants(&test) && Filter::default().wants_docs());
    assert!(Filter(Some("doc crates".to_owned())).wants_docs());
    assert!(!Filter(Some("tcp".to_owned())).wants_docs());
}

#[test]
fn a_list_is_libtests_or_none() {
    let tests = |text: &str| Listing::parse(text).map(|listing| listing.tests.len());
    assert_eq!(
        tests("a: test\nm::b: test\nc: benchmark\n\n2 tests, 1 benchmark\n"),
        Some(2)
    );
    assert_eq!(tests("a: test\n\n1 test, 0 benchmarks\n"), Some(1));
    assert_eq!(tests("0 tests, 0 benchmarks\n"), Some(0));
    // What a program without harness prints, or one that died in its list.
    for text in [
        "",
        "a: test\n",
        "child: started\n1 test, 0 benchmarks\n",
        "a: test\n\n2 tests, 0 benchmarks\n",
        "1 test, 0 benches",
    ] {
        assert_eq!(tests(text), None, "{text:?}");
    }
}

#[test]
fn only_test_programs_are_taken_of_what_cargo_builds() {
    let line = |kind: &str, test: bool, program: &str, fresh: bool| {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"x","manifest_path":"/w/crates/f/Cargo.toml","target":{{"kind":["{kind}"],"name":"all"}},"profile":{{"test":{test}}},"executable":{program},"fresh":{fresh}}}"#
        )
    };
    let mut parts = Fresh::default();
    let artifact = parts
        .read(&line("test", true, "\"/t/all-1\"", false))
        .unwrap();
    assert_eq!(artifact.package_dir, std::path::Path::new("/w/crates/f"));
    assert_eq!(artifact.target.kind, TargetKind::Test);
    let unit = parts.read(&line("rlib", true, "\"/t/u\"", true)).unwrap();
    assert_eq!(unit.target.kind, TargetKind::Lib);
    let bin = parts.read(&line("bin", true, "\"/t/b\"", true)).unwrap();
    assert_eq!(bin.target.kind, TargetKind::Other);
    // A program that a test starts, and a library.
    assert_eq!(parts.read(&line("bin", false, "\"/t/b\"", true)), None);
    assert_eq!(parts.read(&line("lib", false, "null", false)), None);
    assert_eq!(
        parts.read("{\"reason\":\"build-finished\",\"success\":true}"),
        None
    );
    assert_eq!(parts, Fresh { built: 2, fresh: 3 });
}

#[test]
fn a_process_is_a_verdict() {
    let told = "running 1 test\nwhat it prints\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.0s\n";
    let none = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.0s\n";
    let of = |code, signal, text, harness| verdict_of_process(code, signal, text, harness);
    assert_eq!(of(Some(0), None, told, true), Ran::Passed);
    assert_eq!(of(Some(0), None, "", false), Ran::Passed);
    assert_eq!(of(Some(0), None, none, true), Ran::Failed(How::NoResult));
    assert_eq!(of(Some(0), None, "", true), Ran::Failed(How::NoResult));
    assert_eq!(of(Some(101), None, told, true), BAD);
    assert_eq!(
        of(Some(3), None, "", false),
        Ran::Failed(How::Exit { code: 3 })
    );
    assert_eq!(
        of(None, Some(11), "", true),
        Ran::Failed(How::Signal { signal: 11 })
    );
    let shown = [
        How::Exit { code: 3 },
        How::Signal { signal: 11 },
        How::Signal { signal: 40 },
        How::TimedOut { seconds: 5 },
    ];
    let shown = shown.map(|how| how.to_string());
    assert_eq!(
        shown,
        [
            "exit code 3",
            "signal 11 (SIGSEGV)",
            "signal 40",
            "no end within 5 s"
        ]
    );
}

#[test]
fn doc_tests_are_read_line_by_line() {
    let mut read = Documented::default();
    for line in [
        "",
        "running 4 tests",
        "test crates/f/src/a.rs - a (line 3) ... ok",
        "test crates/f/src/a.rs - b (line 9) - compile ... FAILED",
        "test crates/f/src/a.rs - c (line 12) ... ignored",
        "",
        "failures:",
        "",
        "---- crates/f/src/a.rs - b (line 9) - compile stdout ----",
        "test crates/f/src/a.rs - fake (line 1) ... ok",
        "failures:",
        "    crates/f/src/a.rs - b (line 9) - compile",
        "",
    ] {
        read.line(line);
    }
    assert_eq!(read.done(), (3, 4));
    assert!(read.has_failures());
    let features = FeatureSet::of(["p1"]);
    let broken = Some((How::TimedOut { seconds: 9 }, "stuck".to_owned()));
    let tests = read.tests(&features, "f", broken);
    let told: Vec<String> = tests
        .iter()
        .map(|t| format!("{} [{}]", t.line(false), t.output))
        .collect();
    assert_eq!(
        told,
        [
            "pass doc crates/f/src/a.rs - a (line 3) []",
            "FAIL doc crates/f/src/a.rs - b (line 9) - compile: failed [test crates/f/src/a.rs - fake (line 1) ... ok]",
            "ignored doc crates/f/src/a.rs - c (line 12) []",
            "FAIL doc those that did not end: no end within 9 s [stuck]",
        ]
    );
    assert_eq!(
        place_apart("crates/f/src/a.rs - a (line 3)", "crates/f"),
        "src/a.rs - a"
    );
    assert_eq!(
        place_apart("src/a.rs - a (line 3)", "crates/f"),
        "src/a.rs - a"
    );
}

static RELEASE: Version = Version::new(41, 0, 0);

fn judge(expected: &[Expected]) -> Judge<'_> {
    Judge {
        expected,
        release: &RELEASE,
        own: &[],
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
            upstreams(TargetKind::Test, "all", "fork_only", Ran::Passed),
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
                Ran::Passed,
            ),
        ],
        "crates/up",
    );
    let verdict = |id: TestId, ran| judge.judge(run(id, ran), &control).verdict;
    let doc = |name| id("p1,p2", TargetKind::Doc, "fork", name);
    for (id, ran, is) in [
        (all("a"), Ran::Passed, Verdict::Passed),
        (all("a"), Ran::Ignored, Verdict::Ignored),
        (all("fork_only"), BAD, Verdict::Failed),
        (all("ours"), BAD, Verdict::Failed),
        (all("both"), BAD, Verdict::Machine),
        (
            id("p3", TargetKind::Test, "all", "both"),
            BAD,
            Verdict::Failed,
        ),
        (
            id("p1,p2", TargetKind::Lib, "fork", "unit"),
            BAD,
            Verdict::Machine,
        ),
        (
            doc("crates/fork/src/a.rs - a (line 30)"),
            BAD,
            Verdict::Machine,
        ),
        (
            doc("crates/fork/src/a.rs - b (line 30)"),
            BAD,
            Verdict::Failed,
        ),
        (all("known"), BAD, Verdict::ExpectedFailure),
        (all("known"), Ran::Passed, Verdict::UnexpectedPass),
        (all("known"), Ran::Ignored, Verdict::Ignored),
        (all("later"), BAD, Verdict::ExpectedFailure),
        // An expectation that is over expects nothing.
        (all("over"), BAD, Verdict::Failed),
        (all("over"), Ran::Passed, Verdict::Passed),
    ] {
        assert_eq!(verdict(id.clone(), ran), is, "{id} {ran:?}");
    }
    let asked = |name: &str, ran| judge.wants_control(&run(all(name), ran));
    assert!(asked("a", BAD) && asked("over", BAD));
    assert!(!asked("known", BAD) && !asked("a", Ran::Passed) && !asked("a", Ran::Ignored));
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
        let stale = judge(&known).stale(there.iter(), all);
        let told = stale.iter().map(|s| format!("{}: {}", s.place, s.message));
        told.collect::<Vec<_>>()
    };
    let over = "manifest.toml:2:1: `over` was expected to fail before 40.0.0, and this is 41.0.0";
    let gone = "manifest.toml:2:1: `gone` is expected to fail, and no test has that name";
    assert_eq!(told(true), [gone, over]);
    assert_eq!(told(false), [over]);
}

fn report(tests: Vec<(TestId, Ran)>, known: &[Expected]) -> SuiteReport {
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
                parts: Fresh::default(),
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
fn only_what_is_bad_fails_the_run_and_nothing_at_all_is_no_success() {
    let good = report(
        vec![
            (all("a"), Ran::Passed),
            (all("both"), BAD),
            (all("known"), BAD),
            (all("i"), Ran::Ignored),
        ],
        &[expected("known", None)],
    );
    assert!(good.passed() && good.error().is_none());
    assert_eq!(
        good.said(),
        "passed, 1 of 3 tests, 1 expected to fail, 1 failing with upstream's crate too"
    );
    for bad in [
        report(Vec::new(), &[]),
        report(vec![(all("both"), BAD)], &[]),
        report(vec![(all("i"), Ran::Ignored)], &[]),
        report(vec![(all("a"), Ran::Passed), (all("b"), BAD)], &[]),
        report(
            vec![(all("a"), Ran::Passed), (all("b"), Ran::Passed)],
            &[expected("b", None)],
        ),
    ] {
        assert!(!bad.passed());
        let error = bad.error().unwrap();
        assert_eq!(error.kind(), Kind::Verification, "{error}");
    }
    let mut stale = report(vec![(all("a"), Ran::Passed)], &[]);
    stale.stale = judge(&[expected("gone", None)]).stale([].iter(), true);
    assert!(!stale.passed());
    let error = stale.error().unwrap();
    assert_eq!(
        error.all_faults()[0].place.as_ref().unwrap().to_string(),
        "manifest.toml:2:1"
    );
}
