//! Names, lists, and how tests end.

mod judged;

use std::time::Duration;

use super::status::status_of_process;
use super::test_id::place_apart;
use super::*;
use crate::gate::Transcript;
use crate::output::{LibtestReader, Message, listed, read};

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

fn run(id: TestId, ran: TestStatus) -> TestRun {
    TestRun {
        id,
        ran,
        output: "printed".to_owned(),
        duration: Duration::from_millis(7),
    }
}

const BAD: TestStatus = TestStatus::Failed(FailureCause::Exit { code: 101 });

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
    let test = |target: &str, name: &str| id("p3", TargetKind::Test, target, name).group();
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
    let lib = |kind| id("p1", kind, "wash_wasi", "p2::tcp::tests::x").group();
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
    let tests = |text: &str| listed(text).map(|tests| tests.len());
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
    let read = |line: &str| match read(line) {
        Some(Message::Artifact { fresh, test }) => (fresh, test),
        other => panic!("{other:?}"),
    };
    let (fresh, program) = read(&line("test", true, "\"/t/all-1\"", false));
    let program = program.unwrap();
    assert!(!fresh);
    assert_eq!(program.package_dir, std::path::Path::new("/w/crates/f"));
    assert_eq!(program.target.kind, TargetKind::Test);
    let (fresh, unit) = read(&line("rlib", true, "\"/t/u\"", true));
    assert_eq!((fresh, unit.unwrap().target.kind), (true, TargetKind::Lib));
    let (_, bin) = read(&line("bin", true, "\"/t/b\"", true));
    assert_eq!(bin.unwrap().target.kind, TargetKind::Other);
    // A program that a test starts, and a library.
    assert_eq!(read(&line("bin", false, "\"/t/b\"", true)), (true, None));
    assert_eq!(read(&line("lib", false, "null", false)), (false, None));
    let mut transcript = Transcript::default();
    for (kind, fresh) in [("test", false), ("lib", true), ("bin", true)] {
        transcript.stdout(&line(kind, kind == "test", "\"/t/a\"", fresh));
    }
    let end = "{\"reason\":\"build-finished\",\"success\":true}";
    assert_eq!(transcript.stdout(end), None);
    assert_eq!(transcript.parts, BuildCounts { built: 1, fresh: 2 });
    assert_eq!(transcript.programs.len(), 1);
}

#[test]
fn a_process_is_a_verdict() {
    let told = "running 1 test\nwhat it prints\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.0s\n";
    let none = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.0s\n";
    let of = |code, text, harness| status_of_process(exited(code), text, harness);
    assert_eq!(of(0, told, true), TestStatus::Passed);
    assert_eq!(of(0, "", false), TestStatus::Passed);
    for text in [none, ""] {
        let failed = TestStatus::Failed(FailureCause::NoResult);
        assert_eq!(of(0, text, true), failed);
    }
    assert_eq!(of(101, told, true), BAD);
    let failed = TestStatus::Failed(FailureCause::Exit { code: 3 });
    assert_eq!(of(3, "", false), failed);
    #[cfg(unix)]
    assert_eq!(
        status_of_process(
            std::os::unix::process::ExitStatusExt::from_raw(11),
            "",
            true
        ),
        TestStatus::Failed(FailureCause::Signal { signal: 11 })
    );
    let shown = [
        FailureCause::Exit { code: 3 },
        FailureCause::Signal { signal: 11 },
        FailureCause::Signal { signal: 40 },
        FailureCause::TimedOut { seconds: 5 },
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
    let mut read = LibtestReader::default();
    for line in [
        "",
        "running 4 tests",
        "test crates/f/src/a.rs - a (line 3) ... ok",
        "test crates/f/src/a.rs - b (line 9) - compile ... FAILED",
        "test crates/f/src/a.rs - c (line 12) ... ignored",
        "",
        "failures:",
        "",
        "---- crates/f/src/a.rs - b (line 9) stdout ----",
        "test crates/f/src/a.rs - fake (line 1) ... ok",
        "failures:",
        "    crates/f/src/a.rs - b (line 9)",
        "",
    ] {
        read.line(line);
    }
    assert_eq!((read.ended, read.announced), (3, 4));
    assert!(read.has_failures());
    let features = FeatureSet::of(["p1"]);
    let target = Target {
        kind: TargetKind::Doc,
        name: "f".to_owned(),
    };
    let mut tests = read.runs(std::slice::from_ref(&target), &features);
    let cause = FailureCause::TimedOut { seconds: 9 };
    let stuck = "stuck".to_owned();
    tests.push(TestRun::unfinished(&features, target, cause, stuck));
    let told: Vec<String> = tests
        .iter()
        .map(|t| format!("{} [{}]", t.line(false), t.output))
        .collect();
    assert_eq!(
        told,
        [
            "pass doc crates/f/src/a.rs - a (line 3) []",
            "FAIL doc crates/f/src/a.rs - b (line 9): failed [test crates/f/src/a.rs - fake (line 1) ... ok]",
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
