use super::*;
use crate::output::TestCounts;
use crate::suite::{self, exited};

fn tests() -> Gate {
    tested("unit", "unit tests", vec![test(&["--lib"], None)])
}

/// Reads what a gate's commands print and returns the verdict.
fn verdict(stdout: &str, stderr: &str, code: i32) -> GateOutcome {
    let mut transcript = Transcript::default();
    transcript.next_step();
    // The streams come in no order: the other one first must change nothing.
    for line in stderr.lines() {
        transcript.stderr(line);
    }
    for line in stdout.lines() {
        transcript.stdout(line);
    }
    transcript.verdict(&tests(), exited(code))
}

fn reason(stdout: &str, stderr: &str, code: i32) -> Reason {
    match verdict(stdout, stderr, code) {
        GateOutcome::Failed(failure) => failure.reason,
        other => panic!("not failed: {other:?}"),
    }
}

#[test]
fn counts_of_several_binaries_are_summed() {
    let stdout = "
running 2 tests
test a ... ok
test b ... ignored

test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s

running 1 test
test c ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
    let counts = TestCounts {
        passed: 2,
        failed: 0,
        ignored: 1,
        filtered: 3,
    };
    assert_eq!(
        verdict(stdout, "", 0),
        GateOutcome::Passed {
            tests: Some(counts)
        }
    );
    // A later program that never told its result is not forgotten.
    let early = format!("{stdout}\nrunning 4 tests\ntest d ... ok\n");
    assert_eq!(reason(&early, "", 0), Reason::Crashed);
    // Cargo's word counts for more than what a program printed.
    assert_eq!(reason(stdout, "", 101), Reason::TestsFail);
}

#[test]
fn success_with_nothing_run_is_a_failure() {
    assert_eq!(reason("", "", 0), Reason::NoTestRan);
    let none = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.00s\n";
    assert_eq!(reason(none, "", 0), Reason::NoTestRan);
}

#[test]
fn a_gate_that_runs_no_tests_passes_without() {
    let gate = Gate {
        tests: false,
        ..tests()
    };
    let outcome = Transcript::default().verdict(&gate, exited(0));
    assert_eq!(outcome, GateOutcome::Passed { tests: None });
}

#[test]
fn messages_of_the_compiler_are_read_before_tests_only() {
    let warning = r#"{"reason":"compiler-message","message":{"level":"warning","message":"unused","code":{"code":"unused"},"spans":[{"file_name":"src/lib.rs","line_start":3,"column_start":4,"is_primary":true}],"rendered":"warning: unused"}}"#;
    let sum = r#"{"reason":"compiler-message","message":{"level":"warning","message":"1 warning emitted","code":null,"spans":[],"rendered":"warning: 1 warning emitted"}}"#;
    let finished = r#"{"reason":"build-finished","success":true}"#;
    let mut transcript = Transcript::default();
    let shown = transcript.stdout(warning).map(|line| line.into_owned());
    assert_eq!(shown.as_deref(), Some("warning: unused"));
    transcript.stdout(warning);
    transcript.stdout(sum);
    assert_eq!(transcript.stdout(finished), None);
    // From here on it is a test that prints.
    let other = warning.replace("src/lib.rs", "src/other.rs");
    assert_eq!(transcript.stdout(&other).as_deref(), Some(other.as_str()));
    assert_eq!(transcript.warnings(), 1);
}

#[test]
fn a_full_disk_in_a_test_is_the_tests_failure() {
    let stdout = "running 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\nNo space left on device (os error 28)\n\n\nfailures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
    let stderr = "     Running unittests src/lib.rs (target/debug/deps/a-0)\nNo space left on device (os error 28)\nerror: test failed, to rerun pass `--lib`\n";
    assert_eq!(reason(stdout, stderr, 101), Reason::TestsFail);
    let stderr = "   Compiling a v1.0.0\nerror: No space left on device (os error 28)\n";
    assert_eq!(reason("", stderr, 101), Reason::DiskFull);
}

#[test]
fn a_linker_that_the_system_ended_is_told() {
    let line = r#"{"reason":"compiler-message","message":{"level":"error","message":"linking with `cc` failed: exit status: 1","code":null,"spans":[],"rendered":"error: linking with `cc` failed\n  = note: collect2: fatal error: ld terminated with signal 9 [Killed]"}}"#;
    assert_eq!(reason(line, "", 101), Reason::Killed);
}

#[test]
fn a_crash_keeps_what_was_complained_of() {
    let stderr = "     Running unittests src/lib.rs (target/debug/deps/a-0)
thread 'deep' has overflowed its stack
error: test failed, to rerun pass `--lib`

Caused by:
  process didn't exit successfully: `/x (y)/a-0` (signal: 6, SIGABRT: process abort signal)
";
    let outcome = verdict("running 1 test\n", stderr, 101);
    let GateOutcome::Failed(failure) = outcome else {
        panic!("failed");
    };
    assert_eq!(
        failure.crashes,
        [Crash {
            program: "unittests src/lib.rs".to_owned(),
            how: "signal: 6, SIGABRT: process abort signal".to_owned(),
            output: "thread 'deep' has overflowed its stack".to_owned(),
        }]
    );
}

#[test]
fn of_a_build_scripts_failure_its_own_words_are_told() {
    let stderr = "   Compiling a v1.0.0
error: failed to run custom build command for `a v1.0.0`
note: To improve backtraces for build dependencies, set a variable.

Caused by:
  process didn't exit successfully: `/x/build-script-build` (exit status: 101)
  --- stdout
  cargo:rerun-if-changed=build.rs
  --- stderr
  thread 'main' panicked at build.rs:2:5:
  no guests
";
    let GateOutcome::Failed(failure) = verdict("", stderr, 101) else {
        panic!("passed");
    };
    assert_eq!(
        failure.message,
        "failed to run custom build command for `a v1.0.0`; process didn't exit successfully: \
         `/x/build-script-build` (exit status: 101); thread 'main' panicked at build.rs:2:5:; \
         no guests"
    );
}

#[test]
fn targets_are_read_in_both_forms() {
    let text = "test = [{ name = \"a\" }, { name = \"b\" }]\n[package]\nname = \"x\"\n[[bench]]\nname = \"c\"\n";
    let manifest = CrateManifest::parse("Cargo.toml", text).unwrap();
    assert_eq!(manifest.tests, ["a", "b"]);
    assert_eq!(manifest.benches, ["c"]);
    assert!(!manifest.own_workspace);
    let steps = Gates::of(&manifest).gates.pop().unwrap().steps;
    let expected = [
        vec!["build", "--benches"],
        vec!["test", "--no-fail-fast", "--test", "a", "--test", "b"],
    ];
    assert_eq!(steps, expected);
}

#[test]
fn a_manifest_that_is_none_is_told_with_its_place() {
    let error = CrateManifest::parse("Cargo.toml", "[package]\nname = \n").unwrap_err();
    let place = error.all_faults()[0].place.as_ref().unwrap();
    assert_eq!(place.position().unwrap().0, 2);
    assert!(CrateManifest::parse("Cargo.toml", "[workspace]\n").is_err());
}

/// Judges what a gate printed by rows that expect these tests to fail.
fn judged(stdout: &str, stderr: &str, expected: &[&str]) -> GateResult {
    let mut transcript = Transcript::default();
    stderr.lines().for_each(|line| {
        transcript.stderr(line);
    });
    stdout.lines().for_each(|line| {
        transcript.stdout(line);
    });
    let result = GateResult {
        key: "fork-tests".to_owned(),
        title: "the fork's tests".to_owned(),
        runs: transcript.runs(&FeatureSet::of(["p1"])),
        outcome: transcript.verdict(&tests(), exited(101)),
        verdicts: suite::VerdictCounts::default(),
        warnings: 0,
        duration: std::time::Duration::ZERO,
        log: None,
    };
    let expected = expected.iter().map(|name| suite::Expectation {
        name: (*name).to_owned(),
        reason: "known".to_owned(),
        until: None,
        place: recipe::error::Location::file("manifest.toml"),
    });
    let judge = suite::Judge {
        expected: &expected.collect::<Vec<_>>(),
        release: &semver::Version::new(41, 0, 0),
        own: &suite::ForkTests::default(),
        package_dir: "",
    };
    result.judged(&judge, &suite::ControlRuns::default())
}

const TWO_PROGRAMS: &str = "
running 2 tests
test same ... FAILED
test odd - should panic ... ok

failures:

---- same stdout ----
of the first

failures:
    same

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 1 test
test same ... a line of another thread

failures:

---- same stdout ----
of the second

failures:
    same

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

const THEIR_NAMES: &str = "     Running tests/first.rs (/t/debug/deps/first-0123)
     Running tests/second/main.rs (/t/debug/deps/second_one-4567)
";

#[test]
fn tests_of_one_name_in_two_programs_are_told_apart() {
    let said = |expected: &[&str]| judged(TWO_PROGRAMS, THEIR_NAMES, expected).said();
    assert_eq!(
        said(&["first same", "second_one::same"]),
        "passed, 1 test, 2 expected to fail"
    );
    let one = judged(TWO_PROGRAMS, THEIR_NAMES, &["first same", "first::odd"]);
    assert_eq!(
        one.said(),
        "failed: 2 tests failed, 1 of them as expected, 1 test passed against expectation"
    );
    let GateOutcome::Failed(failure) = one.outcome else {
        panic!("passed");
    };
    let outputs: Vec<&str> = failure.tests.iter().map(|t| t.output.as_str()).collect();
    assert_eq!(outputs, ["of the second"]);
    assert_eq!(failure.unexpected[0].id.shown(), "first odd");
}

#[test]
fn a_failure_without_a_failed_test_is_not_accepted() {
    let stdout = "running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
    assert_eq!(
        judged(stdout, THEIR_NAMES, &["b"]).said(),
        "failed: tests failed"
    );
}
