//! What keeps tests from running.

use super::*;

/// Does not compile with p3.
const UNBUILT: &str = "
#[cfg(feature = \"p3\")]
#[test]
fn it_does_not_compile() {
    let _ = nothing_has_this_name;
}
";

/// Does not compile, and fails, with p1 and p2.
const EARLY: &str = "
#[test]
fn fails() {
    assert!(!is_fork());
}
";

#[test]
fn what_does_not_build_is_shown_with_its_place() {
    let world = World::with(UNBUILT);
    let ran = world.run(&["test"]).ended(12);
    let log = world.read("vendor/.wash-wasi-sync/logs/tests-wash-wasi-p1-p2-p3-build.log");
    assert!(log.contains("nothing_has_this_name"), "{log}");
    shown!(ran.out, @r"
    The build with p1,p2,p3 failed: it does not compile (1 error)
        error[E0425]: cannot find value `nothing_has_this_name` in this scope
          --> crates/wash-wasi/tests/all/main.rs:34:13
           |
        34 |     let _ = nothing_has_this_name;
           |             ^^^^^^^^^^^^^^^^^^^^^ not found in this scope
      The whole output is in [project]/vendor/.wash-wasi-sync/logs/tests-wash-wasi-p1-p2-p3-build.log

    With p1,p2: 6 of 6 parts built in [time], tested in [time]
                         passed  ignored
      p1                      1        0
      p2                      1        1
      p2 sockets              1        0
      unit                    1        0
      doc                     1        0
      other                   1        0
      the fork's own          1        0
      all                     7        1
    With p1,p2,p3: not built
    6 of 6 tests of upstream 41.0.0 pass on 1.0.0, and 1 of 1 of its own
    Time: fetch [time], workspace [time], test [time]
    ");
    let json = world.run(&["test", "--format", "json"]).ended(12).json();
    assert_eq!(json["sets"][0]["build"]["is"], "built");
    assert_eq!(json["sets"][1]["build"]["is"], "failed");
    assert_eq!(json["sets"][1]["build"]["reason"], "does-not-compile");
}

#[test]
fn the_next_features_are_tried_where_that_is_asked_for() {
    let world = World::with(EARLY);
    let ran = world.run(&["test"]).ended(12);
    let ran =
        ran.says(&["With p1,p2,p3: not run: p1,p2 failed; to run it as well: `--keep-going`"]);
    assert_eq!(
        ran.err.matches("FAIL all fails: failed").count(),
        1,
        "{ran}"
    );
    let ran = world.run(&["test", "--keep-going"]).ended(12);
    assert_eq!(
        ran.err.matches("FAIL all fails: failed").count(),
        2,
        "{ran}"
    );
}

#[test]
fn a_machine_without_the_targets_of_guests_is_told_how_to_get_them() {
    let mut world = World::with("");
    let empty = world.dir("empty").display().to_string();
    world.rustc_says(&empty);
    let ran = world.run(&["test"]).ended(1);
    ran.says(&[
        "wasm32-wasip1 and wasm32-unknown-unknown of Rust, which the guests are compiled to, are not installed",
        "rustup target add wasm32-wasip1 wasm32-unknown-unknown",
        "ci/install-guest-targets",
    ]);
}

#[test]
fn an_upstream_that_cannot_be_reached_is_told_what_else_there_is() {
    let world = World::with("");
    let gone = world.dir("gone").display().to_string();
    let ran = world.run(&[
        "test",
        "--upstream",
        &format!("file://{gone}"),
        "--cache-dir",
        "other",
    ]);
    ran.ended(13)
        .says(&["to use another or a clone, `--upstream URL|PATH`"]);
}

/// What `crates/test-programs/build.rs` does: asks the cargo that it finds by its name.
const SCRIPT: &str = r#"fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let cargo = std::process::Command::new("cargo").arg("-V").output().unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
}
"#;

/// Has every cargo that is found by its name write down what it is asked for.
fn own_cargo(world: &mut World, more: &str) {
    let log = world.dir("asked").display().to_string();
    let real = env!("CARGO");
    let script = format!("#!/bin/sh\necho \"$*\" >> {log}\n{more}\nexec '{real}' \"$@\"\n");
    let cargo = world.program("own-toolchain/cargo", &script);
    world.var("CARGO", &cargo);
}

#[test]
fn build_scripts_find_the_same_cargo_and_what_they_say_is_shown() {
    let mut world = World::with("");
    world.upstream_has("crates/test-programs/build.rs", SCRIPT);
    own_cargo(&mut world, "");
    let line = ["test", "--features", "p1,p2"];
    world.run(&line).ended(0);
    let asked = std::fs::read_to_string(world.dir("asked")).unwrap();
    assert!(asked.lines().any(|line| line == "-V"), "{asked}");
    let broken = SCRIPT.replace("\"-V\"", "\"build-no-guest\"");
    world.upstream_has("crates/test-programs/build.rs", &broken);
    let ran = world
        .run(&[&line[..], &["--cache-dir", "other"]].concat())
        .ended(12);
    ran.says(&[
        "The build with p1,p2 failed",
        "failed to run custom build command for `test-programs",
        "no such command: `build-no-guest`",
    ]);
}

#[test]
fn a_full_disk_is_called_so() {
    let mut world = World::with("");
    let full = "case $1 in test) echo 'error: failed to write: No space left on device (os error 28)' >&2; exit 101;; esac";
    own_cargo(&mut world, full);
    world.run(&["test"]).ended(12).says(&[
        "The build with p1,p2 failed: the disk is full",
        "free some space, then run the same command again",
    ]);
}
