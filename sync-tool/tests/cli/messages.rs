//! Messages say what is the matter, at the right place, with a next step that helps.

use super::*;
use crate::registry_world::INDEX;
use crate::server::Reply;

fn line(version: &str, yanked: bool) -> String {
    let zeros = "0".repeat(64);
    format!(
        r#"{{"name":"wasmtime-wasi","vers":"{version}","deps":[],"cksum":"{zeros}","features":{{}},"yanked":{yanked}}}"#
    ) + "\n"
}

#[test]
fn a_line_whose_releases_are_all_withdrawn_is_not_said_to_be_missing() {
    let world = World::vendored();
    let index = [
        line("40.0.0", false),
        line("41.0.0", true),
        line("41.0.1", true),
    ];
    let server = &world.both.registry.server;
    server.on(INDEX, [Reply::body(index.concat())]);
    shown!(world.refused("upgrade --to 41 --source registry", 13), @r"
    exit 13
    --- stderr
    reading the registry's index
    error: upstream has yanked every release of 41: v41.0.0, v41.0.1
    help: the newest lines it has: 40
    ");
    shown!(world.refused("upgrade --to 39 --source registry", 13), @r"
    exit 13
    --- stderr
    reading the registry's index
    error: upstream has no release of the line 39
    help: the newest lines it has: 40
    ");
}

#[test]
fn a_release_that_the_registry_alone_has_is_said_to_be_there() {
    let world = World::vendored();
    let index = [line("38.0.0", false), line("38.0.2", true)];
    let server = &world.both.registry.server;
    server.on(INDEX, [Reply::body(index.concat())]);
    shown!(world.refused("upgrade --to 38.0.0", 13), @r"
    exit 13
    --- stderr
    fetching v38.0.0 of [upstream]
    listing the tags of [upstream]
    reading the registry's index
    error: [upstream] has no tag v38.0.0
    help: of those that it has, the newest of the line 38 is v38.0.4; nearest are v38.0.1, v38.0.4, v41.0.0
    help: the registry has 38.0.0: run the same command with `--source registry`
    ");
    shown!(world.refused("upgrade --to 38.0.0 --upstream ../upstream", 13), @r"
    exit 13
    --- stderr
    reading the registry's index
    error: `../upstream` has no tag v38.0.0
    help: of those that it has, the newest of the line 38 is v38.0.4; nearest are v38.0.1, v38.0.4, v41.0.0
    help: it has no remote to fetch from; give a repository that has it: `--upstream PATH|URL`
    help: the registry has 38.0.0: run the same command with `--source registry` in the place of `--upstream`
    ");
    // Not of one that was withdrawn, nor where nobody may ask.
    let ran = world.refused("upgrade --to 38.0.2", 13);
    assert!(!ran.err.contains("--source registry"), "{ran}");
    let ran = world.refused("upgrade --to 38.0.0 --offline", 13);
    assert!(!ran.err.contains("--source registry"), "{ran}");
}

#[test]
fn a_repository_that_ended_before_the_registry_is_warned_of() {
    let world = World::vendored();
    let index = [
        ("41.0.3", false),
        ("41.0.4", true),
        ("45.0.1", false),
        ("46.0.0", false),
    ];
    let index = index
        .map(|(version, yanked)| line(version, yanked))
        .concat();
    let server = &world.both.registry.server;
    server.on(INDEX, [Reply::body(index)]);
    let said = |command: &str, code| world.refused(command, code).err;
    shown!(said("status -q", 0), @"warning: the registry has v41.0.3 and v46.0.0, which the git repository lacks: run the same command with `--source registry`");
    let status = world.run("status -q --format json").json();
    assert_eq!(status["newest"]["of_line"], "41.0.0");
    let newer = serde_json::json!(["41.0.3", "46.0.0"]);
    assert_eq!(status["newest"]["newer_in_registry"], newer);
    shown!(said("upgrade -q --to 41 --dry-run", 0), @"warning: the registry has v41.0.3, which the git repository lacks: run the same command with `--source registry`");
    shown!(said("show -q src/lib.rs --at latest --upstream ../upstream", 0), @"warning: the registry has v46.0.0, which the git repository lacks: run the same command with `--source registry` in the place of `--upstream`");
    shown!(said("upgrade -q --to 46 --dry-run", 13), @r"
    error: upstream has no release of the line 46
    help: the newest lines it has: 45, 44, 43, 42, 41
    help: the registry has v46.0.0, which the git repository lacks: run the same command with `--source registry`
    ");
    // Of what it has as new as the registry, nothing is said; nor where nobody may ask.
    for quiet in [
        "show -q src/lib.rs --at 42",
        "show -q src/lib.rs --at latest --source registry",
        "status -q --source registry",
        "status -q --offline --upstream ../upstream",
        "upgrade -q --to 41 --dry-run --offline",
    ] {
        let ran = world.run(quiet);
        assert!(!ran.err.contains("the registry has"), "{quiet}\n{ran}");
    }
    server.on(INDEX, [Reply::status(500)]);
    assert_eq!(said("status -q", 0), "");
    assert_eq!(said("upgrade -q --to 41 --dry-run", 0), "");
}

#[test]
fn a_withdrawn_release_is_said_to_be_one_from_either_source() {
    let world = World::vendored();
    let index = [
        ("42.0.0", true),
        ("42.0.1", false),
        ("42.0.2", true),
        ("43.0.0", false),
    ];
    let index = index
        .map(|(version, yanked)| line(version, yanked))
        .concat();
    world.both.registry.server.on(INDEX, [Reply::body(index)]);
    shown!(world.refused("upgrade -q --to v42.0.0 --dry-run", 0).err, @"warning: wasmtime-wasi 42.0.0 was yanked from the registry: the newest of the line 42 is v42.0.1; nearest are v42.0.1, v43.0.0");
    shown!(world.refused("upgrade -q --to v42.0.0 --source registry", 13).err, @r"
    error: wasmtime-wasi 42.0.0 was yanked from the registry http://[registry]/index/
    help: the newest of the line 42 is v42.0.1; nearest are v42.0.1, v43.0.0
    ");
    let ran = world.refused("upgrade -q --to v41.0.0 --dry-run", 0);
    assert_eq!(ran.err, "");
}

#[test]
fn a_line_below_every_series_is_refused_by_name() {
    let world = World::vendored();
    world.tag("37.0.0", |_| {});
    shown!(world.refused("upgrade -q --to 37", 1), @r"
    exit 1
    --- stderr
    error: no series serves upstream 37.0.0: lines from 38 on are served, by the series 38.0.1
    help: take a release of such a line, or write a `[[series]]` with a base of that line (docs/upgrade-guide.md)
    ");
    world.refused("upgrade -q --to 38.0.1 --dry-run", 0);
}

#[test]
fn a_patch_that_is_named_after_another_file() {
    let world = World::vendored();
    let dir = world.path("patches/v38.0.1/src/sockets");
    std::fs::rename(dir.join("tcp.rs.patch"), dir.join("tls.rs.patch")).unwrap();
    shown!(world.refused("vendor", 1), @r"
    exit 1
    --- stderr
    error: the stored patches and files have faults
      patches/v38.0.1/src/sockets/tls.rs.patch: the patch is for `src/sockets/tcp.rs`, its name says `src/sockets/tls.rs`
        help: rename it to `src/sockets/tcp.rs.patch`, or correct its header
    ");
}

#[test]
fn a_crate_without_a_name_is_a_fault_of_the_manifest() {
    let world = World::vendored();
    world.edit("manifest.toml", "crate = \"wash-wasi\"", "crate = \"\"");
    world.edit(
        "manifest.toml",
        "crate = \"wasmtime-wasi\"",
        "crate = \"wasmtime wasi\"",
    );
    shown!(world.refused("vendor", 1), @r#"
    exit 1
    --- stderr
    error: manifest.toml has faults
      × `wasmtime wasi` is not the name of a crate
       ╭─[manifest.toml:4:9]
     3 │ [upstream]
     4 │ crate = "wasmtime wasi"
       ·         ───────────────
     5 │ repository = "[upstream]"
       ╰────
      help: a crate's name has letters, digits, `-` and `_`, and begins with a letter
      × `` is not the name of a crate
        ╭─[manifest.toml:10:9]
      9 │ [fork]
     10 │ crate = ""
        ·         ──
     11 │ path = "vendor/wash-wasi"
        ╰────
      help: a crate's name has letters, digits, `-` and `_`, and begins with a letter
    "#);
}

#[test]
fn what_is_no_part_of_a_tree() {
    let world = World::vendored();
    world.write("vendor/wash-wasi/src/a:b.rs", "");
    shown!(world.run("check").ended(10), @r"
    exit 10
    Drift: 1 difference
      vendor/wash-wasi/src/a:b.rs is not a plain file with a portable name
    help: to keep edits: `wash-wasi-sync refresh`
    help: to drop them: `wash-wasi-sync vendor --discard-edits`
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
}

#[test]
fn a_file_where_a_directory_is_needed() {
    let world = World::vendored();
    world.remove("vendor/.wash-wasi-sync");
    world.write("vendor/.wash-wasi-sync", "");
    shown!(world.run("vendor").ended(1), @r"
    exit 1
    --- stderr
    error: cannot make [project]/vendor/.wash-wasi-sync: File exists (os error 17)
    help: [project]/vendor/.wash-wasi-sync is not a directory, and one is needed there: move it away, then run the same command again
    ");
    world.remove("vendor/.wash-wasi-sync");
    world.remove("vendor/wash-wasi");
    world.write("vendor/wash-wasi", "");
    shown!(world.run("vendor").ended(1), @r"
    exit 1
    --- stderr
    error: cannot read [project]/vendor/wash-wasi: Not a directory (os error 20)
    help: [project]/vendor/wash-wasi is not a directory, and one is needed there: move it away, then run the same command again
    ");
    shown!(world.run("check").ended(1), @r"
    exit 1
    --- stderr
    error: cannot read [project]/vendor/wash-wasi: Not a directory (os error 20)
    help: [project]/vendor/wash-wasi is not a directory, and one is needed there: move it away, then run the same command again
    ");
    world.remove("vendor/wash-wasi");
    world.run("vendor").done();
    let cache = world.both.git.path("xdg");
    std::fs::remove_dir_all(&cache).unwrap();
    std::fs::write(&cache, "").unwrap();
    let ran = world.run("check --deep").ended(1);
    let said = format!("help: {} is not a directory", cache.display());
    assert!(ran.err.contains(&said), "{ran}");
}

#[test]
fn a_pin_and_a_lock_of_different_releases() {
    let world = World::vendored();
    world.edit(
        "manifest.toml",
        "upstream = \"41.0.0\"",
        "upstream = \"42.0.0\"",
    );
    world.edit(
        "manifest.toml",
        "\"2.0.0-rc.6\"\nupstream = \"41.0.0\"\nnotes",
        "\"2.0.0-rc.6\"\nupstream = \"42.0.0\"\nnotes",
    );
    shown!(world.run("check"), @r#"
    exit 10
    Drift: 1 difference
      manifest.toml is not what the tree was made of
    help: to make the tree of the inputs as they are now: `wash-wasi-sync vendor`
    note: the vendored tree is of upstream 41.0.0, and manifest.toml pins 42.0.0: make the tree of the pin: `wash-wasi-sync upgrade --to v42.0.0`; or pin the tree's release again: `upstream = "41.0.0"` in `[fork]`
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    "#);
    shown!(world.run("test"), @r#"
    exit 10
    --- stderr
    error: the vendored tree is of upstream 41.0.0, and manifest.toml pins 42.0.0
    help: make the tree of the pin: `wash-wasi-sync upgrade --to v42.0.0`
    help: or pin the tree's release again: `upstream = "41.0.0"` in `[fork]`
    "#);
    shown!(world.run("refresh"), @r#"
    exit 10
    --- stderr
    error: the vendored tree is of upstream 41.0.0, and manifest.toml pins 42.0.0
    help: make the tree of the pin: `wash-wasi-sync upgrade --to v42.0.0`
    help: or pin the tree's release again: `upstream = "41.0.0"` in `[fork]`
    "#);
}
