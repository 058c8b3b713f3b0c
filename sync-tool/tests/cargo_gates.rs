//! The gates, run with the real cargo on small crates without dependencies.

#[path = "support/sandbox.rs"]
mod sandbox;

#[path = "cargo_gates/broken.rs"]
mod broken;
#[path = "cargo_gates/diagnosed.rs"]
mod diagnosed;
#[path = "cargo_gates/passing.rs"]
mod passing;
#[path = "cargo_gates/surroundings.rs"]
mod surroundings;

use gates::cargo::Cargo;
use gates::diagnosis::Trees;
use gates::gate::{CrateManifest, Failure, Gate, GateOutcome, GateResult, Gates};
use gates::output::TestCounts;
use host::Host;
use recipe::Result;
use sandbox::Sandbox;

const MANIFEST: &str = r#"[package]
name = "sample"
version = "0.1.0"
edition = "2024"
rust-version = "1.85"
autotests = false

[features]
default = ["p1", "p2"]
p0 = ["p1"]
p1 = ["p2"]
p2 = []
p3 = []

[workspace]
"#;

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"0.1.0\"\n";

/// A crate that compiles; one unit test, one doc test, one warning.
const LIB: &str = "//! A crate.\n
/// Returns one.
///
/// ```
/// assert_eq!(sample::one(), 1);
/// ```
pub fn one() -> u32 {
    1
}

fn unused() {}

#[cfg(test)]
mod tests {
    #[test]
    fn one_is_one() {
        assert_eq!(super::one(), 1);
    }
    #[test]
    #[ignore = \"to be counted\"]
    fn another() {}
}
";

/// Makes a crate from its manifest and the text of its library.
fn sample(manifest: &str, lib: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("crate/Cargo.toml", manifest);
    sandbox.write("crate/Cargo.lock", LOCK);
    sandbox.write("crate/src/lib.rs", lib);
    sandbox
}

fn gates(sandbox: &Sandbox) -> Gates {
    let text = std::fs::read_to_string(sandbox.path("crate/Cargo.toml")).expect("a manifest");
    Gates::of(&CrateManifest::parse("Cargo.toml", &text).expect("a package"))
}

fn gate(sandbox: &Sandbox, key: &str) -> Gate {
    let gates = gates(sandbox).gates;
    let gate = gates.into_iter().find(|gate| gate.key == key);
    gate.unwrap_or_else(|| panic!("there is a gate {key}"))
}

fn run_on(host: &Host, sandbox: &Sandbox, gate: &Gate) -> Result<GateResult> {
    Cargo::new(host, sandbox.path("target"), None)
        .log_to(sandbox.path("logs"))
        .run("crate".as_ref(), gate)
}

fn run(sandbox: &Sandbox, key: &str) -> Result<GateResult> {
    run_on(&sandbox.host(), sandbox, &gate(sandbox, key))
}

fn failure(result: &GateResult) -> &Failure {
    match &result.outcome {
        GateOutcome::Failed(failure) => failure,
        other => panic!("{} did not fail: {other:?}", result.key),
    }
}

fn counts(passed: u64, failed: u64, ignored: u64) -> TestCounts {
    TestCounts {
        passed,
        failed,
        ignored,
        filtered: 0,
    }
}

fn log(result: &GateResult) -> String {
    std::fs::read_to_string(result.log.as_ref().expect("a log")).expect("its text")
}
