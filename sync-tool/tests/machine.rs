//! What a machine is found to have, with compilers that the tests write.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

#[path = "support/sandbox.rs"]
mod sandbox;

use std::path::PathBuf;

use gates::cargo::Cargo;
use gates::preflight;
use gates::preflight::{Machine, TARGETS};
use sandbox::Sandbox;

/// A toolchain with the standard library of some targets, and its compiler in `RUSTC`.
fn with_targets(targets: &[&str]) -> Sandbox {
    let mut sandbox = Sandbox::new();
    for target in targets {
        sandbox.write(
            &format!("toolchain/lib/rustlib/{target}/lib/libstd-0.rlib"),
            "",
        );
    }
    let sysroot = sandbox.path("toolchain");
    let rustc = compiler(&sandbox, &sysroot);
    sandbox.var("RUSTC", &rustc);
    sandbox
}

fn compiler(sandbox: &Sandbox, sysroot: &std::path::Path) -> PathBuf {
    let script = format!(
        "case \"$*\" in\n*sysroot*) echo {} ;;\n*) echo 'release: 1.90.0' ;;\nesac",
        sysroot.display()
    );
    sandbox.script("bin/rustc", &script)
}

/// Looks at the machine; builds go to a directory that is not there yet.
fn machine(sandbox: &Sandbox, toolchain: Option<&str>) -> recipe::Result<Machine> {
    let host = sandbox.host();
    let target_dir = sandbox.path("not/there/target");
    Cargo::new(&host, target_dir, toolchain.map(str::to_owned)).machine()
}

#[test]
fn what_the_chosen_compiler_has_counts() {
    let machine = machine(&with_targets(&TARGETS), None).unwrap();
    assert_eq!(machine.rustc.to_string(), "1.90.0");
    assert!(machine.lacking.is_empty() && !machine.built);
    // The disk is asked where the directory will be.
    assert!(machine.free.is_some());
    assert!(machine.place.ends_with("not/there/target"));
}

#[test]
fn a_target_without_its_standard_library_is_lacking() {
    let sandbox = with_targets(&TARGETS[..1]);
    // As rustup leaves it behind, or a package that was taken out again.
    sandbox.write("toolchain/lib/rustlib/wasm32-unknown-unknown/lib/rest", "");
    let machine = machine(&sandbox, None).unwrap();
    assert_eq!(machine.lacking, [TARGETS[1]]);
    let error = preflight::check(&machine, "up-net 41.0.0", None).unwrap_err();
    let help = error.all_faults()[0].help.clone().unwrap();
    assert!(
        help.starts_with("rustup target add wasm32-unknown-unknown;"),
        "{help}"
    );
}

#[test]
fn something_that_was_built_is_seen() {
    let sandbox = with_targets(&TARGETS);
    sandbox.write("not/there/target/debug/deps/x", "");
    assert!(machine(&sandbox, None).unwrap().built);
}

#[test]
fn a_named_toolchain_is_asked_instead_of_the_variable() {
    let mut sandbox = with_targets(&TARGETS);
    sandbox.script(
        "bin/rustc",
        "echo \"error: toolchain '1.2' is not installed\" >&2\nexit 1",
    );
    sandbox.script("other/rustc", "echo \"asked $1\" >&2\nexit 1");
    let other = sandbox.path("other");
    sandbox.var("PATH", &other);
    let error = machine(&sandbox, Some("1.2")).unwrap_err();
    assert!(error.message().contains("asked +1.2"), "{error}");
}

#[test]
fn a_compiler_that_does_not_tell_is_named() {
    let mut sandbox = Sandbox::new();
    let silent = sandbox.script("bin/rustc", "exit 0");
    sandbox.var("RUSTC", &silent);
    let error = machine(&sandbox, None).unwrap_err();
    assert!(
        error
            .message()
            .contains("does not state where the toolchain is"),
        "{error}"
    );
}
