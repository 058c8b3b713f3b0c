//! Releases of upstream that have what a crate seldom has.

use serde_json::Value;

use super::*;

/// Returns the places, messages and next steps of an error's findings.
fn faults(error: &Value) -> String {
    let lines = error["faults"].as_array().unwrap().iter().map(|fault| {
        let part = |key: &str| fault[key].as_str().unwrap_or("-").to_owned();
        let at = ["file", "line", "column"].map(|key| fault[key].to_string());
        let at: Vec<&str> = at.iter().map(|part| part.trim_matches('"')).collect();
        let at = at.join(":").replace(":null", "");
        format!("{at}: {}\n  {}\n", part("message"), part("help"))
    });
    lines.collect()
}

const LEAVES: &str = r#"[package]
name = "wasmtime-wasi"
version.workspace = true
edition.workspace = true
license-file = "../../LICENSE"
readme = "../../README.md"
description = "WASI for tests"
include = ["src/**/*", "tests/**/*", "wit/**/*", "*.md"]

[lib]
path = "../../src/lib.rs"

[dev-dependencies]
wasm-guests = { workspace = true }

[[test]]
name = "outside"
path = "tests/../../outside.rs"

[[test]]
name = "process_stdin"
path = "../omitted.rs"

[[test]]
name = "inside"
path = "src/../tests/inside.rs"
"#;

#[test]
fn targets_that_leave_the_crate_are_faults() {
    let world = World::vendored();
    let files: [(&str, &[u8]); 7] = [
        ("crates/wasi/Cargo.toml", LEAVES.as_bytes()),
        ("LICENSE", b"None.\n"),
        ("src/lib.rs", b""),
        ("crates/outside.rs", b""),
        ("crates/omitted.rs", b""),
        ("crates/wasi/tests/inside.rs", b""),
        ("crates/wasi/src/lib.rs", b""),
    ];
    world.publish("41.0.1", &files);
    let error = world.refused_by_both("41.0.1", 1);
    insta::assert_snapshot!(faults(&error), @"
    Cargo.toml: `package.readme` is `../../README.md`, which is outside of the crate
      take a release that has the file in the crate's directory, and report it upstream
    Cargo.toml: `package.license-file` is `../../LICENSE`, which is outside of the crate
      take a release that has the file in the crate's directory, and report it upstream
    Cargo.toml: `lib.path` is `../../src/lib.rs`, which is outside of the crate
      take a release that has the file in the crate's directory, and report it upstream
    Cargo.toml: `test.outside.path` is `tests/../../outside.rs`, which is outside of the crate
      add the test to `omit-tests` of `[cargo]` in manifest.toml
    ");
}

const INCLUDES: &str = r##"//! Sources.
#![doc = include_str!("../README.md")]
#![doc = include_str!("../../README.md")]

const A: &str = include_str!("sockets/../../../a.txt");
const B: &[u8] = include_bytes!(r"/etc/hostname");
const C: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../c.txt"));
const D: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs"));
const E: &str = include_str!(concat!(env!("OUT_DIR"), "/../e.rs"));
const F: &str = "include_str!(\"../../f.txt\")"; // include_str!("../../f.txt")

fn f() {
    include!("../../g.rs");
}

#[path = "../../h.rs"]
mod h;
#[cfg_attr(x, path = "../../i.rs")]
mod i;
mod deeper {
    #[path = "../../wit/j.rs"]
    mod j;
}
macro_rules! k {
    () => {
        include_str!("../../k.txt")
    };
}
"##;

#[test]
fn sources_that_read_above_the_crate_are_faults() {
    let world = World::vendored();
    let files: [(&str, &[u8]); 2] = [
        ("crates/wasi/src/lib.rs", INCLUDES.as_bytes()),
        // A left out file may read what it likes.
        ("crates/wasi/src/left_out.rs", b"include!(\"../../l.rs\");"),
    ];
    world.edit(
        "manifest.toml",
        "[[files]]\npaths = [\"Cargo.toml\"]",
        "[[files]]\npaths = [\"src/left_out.rs\"]\nkind = \"omitted\"\noptional = true\n\n\
         [[files]]\npaths = [\"Cargo.toml\"]",
    );
    world.publish("41.0.1", &files);
    let error = world.refused_by_both("41.0.1", 1);
    insta::assert_snapshot!(faults(&error), @"
    src/lib.rs:3:23: `include_str!` reads `../../README.md`, which is outside of the crate
      omit the file by a `[[files]]` rule, or patch the line
    src/lib.rs:5:30: `include_str!` reads `sockets/../../../a.txt`, which is outside of the crate
      omit the file by a `[[files]]` rule, or patch the line
    src/lib.rs:6:33: `include_bytes!` reads `/etc/hostname`, which is outside of the crate
      omit the file by a `[[files]]` rule, or patch the line
    src/lib.rs:7:43: `include_str!` reads `../c.txt`, which is outside of the crate
      omit the file by a `[[files]]` rule, or patch the line
    src/lib.rs:13:14: `include!` reads `../../g.rs`, which is outside of the crate
      omit the file by a `[[files]]` rule, or patch the line
    src/lib.rs:16:10: `#[path]` reads `../../h.rs`, which is outside of the crate
      omit the file by a `[[files]]` rule, or patch the line
    src/lib.rs:18:22: `#[path]` reads `../../i.rs`, which is outside of the crate
      omit the file by a `[[files]]` rule, or patch the line
    ");
}

#[test]
fn what_is_not_utf_8_is_copied_from_both_sources() {
    let world = World::vendored();
    let data = b"\xff wasmtime_wasi \0";
    world.publish("41.0.1", &[("crates/wasi/src/data.bin", data)]);
    for source in ["git", "registry"] {
        let line = format!("upgrade --to 41.0.1 --no-verify --source {source}");
        let ran = world.run(&line).done();
        assert!(
            ran.out
                .contains("\n  copied as it is, for it is not UTF-8: 1 file\n"),
            "{ran}"
        );
        assert_eq!(world.tree()["src/data.bin"], data);
        world.run("check --deep").done();
        let ran = world.run("vendor --format json").done();
        assert_eq!(ran.json()["binary"][0], "src/data.bin");
    }
    world.edit(
        "manifest.toml",
        "paths = [\"src/sockets/mod.rs\"",
        "paths = [\"src/data.bin\", \"src/sockets/mod.rs\"",
    );
    let ran = world.refused("vendor", 1);
    assert!(ran.err.contains("`src/data.bin` is not UTF-8"), "{ran}");
}

#[test]
fn a_file_where_a_directory_is_needed_is_a_fault() {
    let world = World::vendored();
    world.edit(
        "manifest.toml",
        "paths = [\"src/sockets/loopback/**\"",
        "paths = [\"src/sockets/loopback/**\", \"src/news\", \"src/Random.rs\"",
    );
    world.write("patches/loopback/src/news", "Of the fork.\n");
    world.write("patches/loopback/src/Random.rs", "// Of the fork.\n");
    let files: [(&str, &[u8]); 2] = [
        ("crates/wasi/src/sockets/loopback", b"Of upstream.\n"),
        ("crates/wasi/src/news/today.rs", b"// Of upstream.\n"),
    ];
    world.publish("41.0.1", &files);
    let error = world.refused_by_both("41.0.1", 1);
    insta::assert_snapshot!(faults(&error), @"
    crates/wasi/src/random.rs: `src/Random.rs` and `src/random.rs` are one file where case is folded
      rename the fork's own, or omit upstream's by a `[[files]]` rule
    crates/wasi/src/news/today.rs: `src/news` is a file, and yet `src/news/today.rs` is below it
      rename the fork's own, or omit upstream's by a `[[files]]` rule
    crates/wasi/src/sockets/loopback: `src/sockets/loopback` is a file, and yet `src/sockets/loopback/mod.rs` is below it
      rename the fork's own, or omit upstream's by a `[[files]]` rule
    ");
}

#[test]
fn names_that_not_every_system_has_are_faults() {
    let world = World::vendored();
    let files: [(&str, &[u8]); 3] = [
        ("crates/wasi/src/aux.rs", b""),
        ("crates/wasi/src/bell\u{7}.rs", b""),
        ("crates/wasi/src/\u{202e}sr.lleb", b""),
    ];
    world.publish("41.0.1", &files);
    for source in ["git", "registry"] {
        for how in ["--dry-run", "--no-verify"] {
            let ran = world.refused(&format!("upgrade --to 41.0.1 --source {source} {how}"), 13);
            for name in ["aux.rs", r"bell\u{7}.rs", r"\u{202e}sr.lleb"] {
                let told = format!("`src/{name}` is not portable: ");
                assert!(ran.err.contains(&told), "{name} {ran}");
            }
            assert!(!ran.err.contains(['\u{7}', '\u{202e}']), "{ran}");
        }
    }
}
