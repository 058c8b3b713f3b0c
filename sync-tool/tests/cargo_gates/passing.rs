//! What passes, what there is nothing of, and which gates there are.

use super::*;

const TARGETS: &str = r#"
[[test]]
name = "whole"

[[test]]
name = "more"

[[example]]
name = "shown"

[[bench]]
name = "measured"
harness = false
"#;

#[test]
fn every_gate_passes_on_a_crate_that_is_well() {
    let sandbox = sample(&format!("{MANIFEST}{TARGETS}"), LIB);
    sandbox.write(
        "crate/tests/whole.rs",
        "#[test] fn a() {}\n#[test] fn b() {}\n",
    );
    sandbox.write("crate/tests/more.rs", "#[test] fn a() {}\n");
    sandbox.write("crate/examples/shown.rs", "fn main() {}\n");
    sandbox.write("crate/benches/measured.rs", "fn main() {}\n");
    let gates = gates(&sandbox);
    assert_eq!(gates.absent, []);
    let results: Vec<GateResult> = gates
        .gates
        .iter()
        .map(|gate| run_on(&sandbox.host(), &sandbox, gate).unwrap())
        .collect();
    let told: Vec<(&str, &GateOutcome, u64)> = results
        .iter()
        .map(|result| (result.key.as_str(), &result.outcome, result.warnings))
        .collect();
    let built = GateOutcome::Passed { tests: None };
    let tested = |counts| GateOutcome::Passed {
        tests: Some(counts),
    };
    assert_eq!(
        told,
        [
            ("build-p1-p2-p3", &built, 1),
            ("build-p1-p2", &built, 1),
            ("build-p0", &built, 1),
            ("build-no-features", &built, 1),
            ("unit", &tested(counts(1, 0, 1)), 1),
            ("doc", &tested(counts(1, 0, 0)), 1),
            ("fork-tests", &tested(counts(3, 0, 0)), 1),
        ]
    );
    assert!(
        results
            .iter()
            .all(|result| result.error(Trees::default()).is_none())
    );
    let text = log(&results[6]);
    assert!(text.contains("test result: ok. 2 passed"), "{text}");
    assert!(text.contains("function `unused` is never used"), "{text}");
    assert!(!text.contains("{\"reason\""), "{text}");
    let lines = sandbox.told.lines();
    for line in [
        "unit tests",
        "compiling sample v0.1.0",
        "running unittests src/lib.rs",
        "1 tests run",
    ] {
        assert!(lines.iter().any(|told| told == line), "{line}: {lines:?}");
    }
}

#[test]
fn a_result_serialises() {
    let sandbox = sample(MANIFEST, LIB);
    let result = run(&sandbox, "unit").unwrap();
    let value = serde_json::to_value(&result).unwrap();
    assert_eq!(value["key"], "unit");
    assert_eq!(value["outcome"]["is"], "passed");
    assert_eq!(value["outcome"]["tests"]["passed"], 1);
    assert!(value["seconds"].is_f64());
}

#[test]
fn gates_follow_from_features() {
    let sandbox = sample(
        &MANIFEST
            .replace("p3 = []\n", "")
            .replace("p0 = [\"p1\"]\n", ""),
        LIB,
    );
    let gates = gates(&sandbox);
    let keys: Vec<&str> = gates.gates.iter().map(|gate| gate.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "build-p1-p2",
            "build-no-features",
            "unit",
            "doc",
            "fork-tests"
        ]
    );
    let absent: Vec<String> = gates
        .absent
        .iter()
        .map(|absent| format!("{}: {}", absent.key, absent.why))
        .collect();
    assert_eq!(
        absent,
        [
            "build-p1-p2-p3: this release has no feature `p3`",
            "build-p0: this release has no feature `p0`",
        ]
    );
    let unit = gates.gates.iter().find(|gate| gate.key == "unit").unwrap();
    assert_eq!(
        unit.steps,
        [["test", "--no-fail-fast", "--lib", "--features", "p1,p2"]]
    );
}

#[test]
fn without_tests_of_the_fork_there_is_none() {
    let sandbox = sample(MANIFEST, LIB);
    let result = run(&sandbox, "fork-tests").unwrap();
    assert_eq!(result.outcome, GateOutcome::None);
    assert!(result.passed());
    assert!(!sandbox.path("target").exists());
}

#[test]
fn warnings_are_counted_and_fail_nothing() {
    let sandbox = sample(MANIFEST, &format!("{LIB}\nfn second() {{ let x = 1; }}\n"));
    let result = run(&sandbox, "unit").unwrap();
    assert!(result.passed());
    assert_eq!(result.warnings, 3);
    // Nothing is compiled now: cargo tells them again.
    assert_eq!(run(&sandbox, "unit").unwrap().warnings, 3);
}
