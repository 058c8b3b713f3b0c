//! What fails, and how it is told.

use gates::gate::Reason;
use recipe::Kind;

use super::*;

#[test]
fn what_does_not_compile_is_told_with_its_place() {
    let sandbox = sample(MANIFEST, "pub fn one() -> u32 {\n    two()\n}\n");
    let result = run(&sandbox, "build-p1-p2").unwrap();
    let failure = failure(&result);
    assert_eq!(failure.reason, Reason::DoesNotCompile);
    let [error] = failure.diagnostics.as_slice() else {
        panic!("one error: {failure:?}");
    };
    assert_eq!(
        (error.level.as_str(), error.code.as_deref()),
        ("error", Some("E0425"))
    );
    assert_eq!(error.place().as_deref(), Some("src/lib.rs:2:5"));
    assert!(error.rendered.contains("two()"));
    let error = result.error(Trees::default()).unwrap();
    assert_eq!(error.kind(), Kind::Verification);
    assert_eq!(
        error.message(),
        "the gate `build-p1-p2` failed: it does not compile (1 error)"
    );
    let place = error.all_faults()[0].place.as_ref().unwrap().to_string();
    assert_eq!(place, "src/lib.rs:2:5");
    assert!(log(&result).contains("cannot find function `two`"));
}

#[test]
fn a_test_that_does_not_compile_fails_the_tests_only() {
    let sandbox = sample(
        MANIFEST,
        &format!("{LIB}\n#[cfg(test)]\nfn wrong() -> u32 {{ \"\" }}\n"),
    );
    assert!(run(&sandbox, "build-p1-p2").unwrap().passed());
    let result = run(&sandbox, "unit").unwrap();
    assert_eq!(failure(&result).reason, Reason::DoesNotCompile);
}

#[test]
fn failed_tests_are_named_with_their_output() {
    let tests = "#[cfg(test)] mod t {
    #[test] fn good() {}
    #[test] fn silent() { std::panic::set_hook(Box::new(|_| {})); panic!() }
    #[test] fn loud() {
        println!(\"failures:\");
        println!(\"running 5 tests\");
        println!(\"test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\");
        assert_eq!(1, 2, \"as told\");
    }
}";
    let sandbox = sample(MANIFEST, tests);
    let result = run(&sandbox, "unit").unwrap();
    let failure = failure(&result);
    assert_eq!(failure.reason, Reason::TestsFail);
    let mut names: Vec<&str> = failure
        .tests
        .iter()
        .map(|test| test.name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["t::loud", "t::silent"]);
    let loud = failure
        .tests
        .iter()
        .find(|test| test.name == "t::loud")
        .unwrap();
    assert!(loud.output.contains("running 5 tests"), "{}", loud.output);
    assert_eq!(
        result.error(Trees::default()).unwrap().all_faults().len(),
        2
    );
}

#[test]
fn tests_of_every_binary_run_and_count() {
    let targets = "\n[[test]]\nname = \"first\"\n\n[[test]]\nname = \"second\"\n";
    let sandbox = sample(&format!("{MANIFEST}{targets}"), LIB);
    sandbox.write(
        "crate/tests/first.rs",
        "#[test] fn a() { panic!(\"first\") }\n#[test] fn b() {}\n",
    );
    sandbox.write(
        "crate/tests/second.rs",
        "#[test] fn a() { panic!(\"second\") }\n",
    );
    let result = run(&sandbox, "fork-tests").unwrap();
    let failure = failure(&result);
    assert_eq!(
        (failure.reason, failure.counts),
        (Reason::TestsFail, counts(1, 2, 0))
    );
    assert_eq!(failure.message, "2 tests failed");
    let outputs: Vec<bool> = failure
        .tests
        .iter()
        .zip(["first", "second"])
        .map(|(test, word)| test.name == "a" && test.output.contains(word))
        .collect();
    assert_eq!(outputs, [true, true]);
    assert_eq!(failure.crashes, []);
}

#[test]
fn an_example_that_does_not_build_fails_the_forks_tests() {
    let sandbox = sample(&format!("{MANIFEST}\n[[example]]\nname = \"shown\"\n"), LIB);
    sandbox.write("crate/examples/shown.rs", "fn main() { sample::none() }\n");
    let result = run(&sandbox, "fork-tests").unwrap();
    let failure = failure(&result);
    assert_eq!(failure.reason, Reason::DoesNotCompile);
    assert_eq!(
        failure.diagnostics[0].file.as_deref(),
        Some("examples/shown.rs")
    );
}

#[test]
fn a_failed_doc_test_is_named() {
    let sandbox = sample(
        MANIFEST,
        "/// ```\n/// assert!(false, \"of the docs\");\n/// ```\npub fn a() {}\n",
    );
    let result = run(&sandbox, "doc").unwrap();
    let failure = failure(&result);
    assert_eq!(
        (failure.reason, failure.counts),
        (Reason::TestsFail, counts(0, 1, 0))
    );
    assert_eq!(failure.tests[0].name, "src/lib.rs - a (line 1)");
    assert!(failure.tests[0].output.contains("of the docs"));
}

#[test]
fn no_test_at_all_is_a_failure() {
    let only_ignored = "#[test] #[ignore = \"to be counted\"] fn a() {}\n";
    for lib in ["", only_ignored] {
        let sandbox = sample(MANIFEST, lib);
        for key in ["unit", "doc"] {
            let result = run(&sandbox, key).unwrap();
            assert_eq!(
                failure(&result).reason,
                Reason::NoTestRan,
                "{key} of {lib:?}"
            );
            assert_eq!(
                result.error(Trees::default()).unwrap().kind(),
                Kind::Verification
            );
        }
    }
}

#[test]
fn a_test_program_that_crashes_is_told() {
    let sandbox = sample(
        MANIFEST,
        "#[test] fn a() { eprintln!(\"x\"); std::process::abort() }\n",
    );
    let result = run(&sandbox, "unit").unwrap();
    let failure = failure(&result);
    assert_eq!(failure.reason, Reason::Crashed);
    let [crash] = failure.crashes.as_slice() else {
        panic!("one crash: {failure:?}");
    };
    assert_eq!(crash.program, "unittests src/lib.rs");
    #[cfg(unix)]
    assert!(crash.how.contains("SIGABRT"), "{}", crash.how);
}

#[test]
fn a_test_program_that_ends_early_as_if_all_were_well_is_no_success() {
    for status in [0, 3] {
        let lib =
            format!("#[test] fn a() {{ std::process::exit({status}) }}\n#[test] fn b() {{}}\n");
        let sandbox = sample(MANIFEST, &lib);
        let result = run(&sandbox, "unit").unwrap();
        let failure = failure(&result);
        assert_eq!(failure.reason, Reason::Crashed, "status {status}");
        assert_eq!(failure.crashes.len(), 1);
    }
}

#[test]
fn a_lock_that_does_not_fit_is_told_in_cargos_words() {
    let sandbox = sample(&MANIFEST.replace("0.1.0", "0.2.0"), LIB);
    let result = run(&sandbox, "build-p1-p2").unwrap();
    let failure = failure(&result);
    assert_eq!(failure.reason, Reason::Cargo);
    assert!(failure.message.contains("--locked"), "{}", failure.message);
    let lock = std::fs::read_to_string(sandbox.path("crate/Cargo.lock")).unwrap();
    assert_eq!(lock, LOCK);
}

/// Stands in for a compiler that does something else when the crate is compiled.
#[cfg(unix)]
fn compiler(sandbox: &mut Sandbox, act: &str) {
    let text =
        format!("case \"$*\" in *'--crate-name sample'*) {act};; *) exec rustc \"$@\";; esac");
    let path = sandbox.script("rustc.sh", &text);
    sandbox.var("RUSTC", path);
}

#[cfg(unix)]
#[test]
fn a_compiler_that_the_system_ended_is_told() {
    let mut sandbox = sample(MANIFEST, LIB);
    compiler(&mut sandbox, "kill -9 $$");
    let result = run(&sandbox, "build-p1-p2").unwrap();
    assert_eq!(failure(&result).reason, Reason::Killed);
    assert!(result.error(Trees::default()).unwrap().hints()[0].contains("CARGO_BUILD_JOBS=1"));
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told() {
    let mut sandbox = sample(MANIFEST, LIB);
    compiler(
        &mut sandbox,
        "echo 'error: No space left on device (os error 28)' >&2; exit 1",
    );
    let result = run(&sandbox, "build-p1-p2").unwrap();
    assert_eq!(failure(&result).reason, Reason::DiskFull);
    assert!(result.error(Trees::default()).unwrap().hints()[0].starts_with("free some space"));
}

#[cfg(unix)]
#[test]
fn cargo_itself_ended_by_the_system_is_told() {
    let mut sandbox = sample(MANIFEST, LIB);
    let path = sandbox.script("cargo.sh", "kill -9 $$");
    sandbox.var("CARGO", path);
    let result = run(&sandbox, "build-p1-p2").unwrap();
    let failure = failure(&result);
    assert_eq!(failure.reason, Reason::Killed);
    assert_eq!(failure.message, "cargo was ended by signal 9");
}
