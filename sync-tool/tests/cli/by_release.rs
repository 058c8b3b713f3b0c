//! Fork-owned files that some releases alone have.

use super::edits::{round_trip, tree};
use super::*;

/// Adds the two forms of one file of the crate, chosen by release.
fn with_two_forms(world: &World) {
    let rows = "[[owned]]
path = \"src/sockets/loopback/calls.rs\"
file = \"src/sockets/loopback/calls_until_42.rs\"
until = \"42.0.0\"

[[owned]]
path = \"src/sockets/loopback/calls.rs\"
file = \"src/sockets/loopback/calls_since_42.rs\"
since = \"42.0.0\"

[[series]]
base = \"38.0.1\"";
    world.edit("manifest.toml", "[[series]]\nbase = \"38.0.1\"", rows);
    for form in ["until", "since"] {
        let file = format!("patches/loopback/src/sockets/loopback/calls_{form}_42.rs");
        world.write(&file, format!("//! Called so {form} 42.\n"));
    }
}

const CALLS: &str = "src/sockets/loopback/calls.rs";

#[test]
fn a_file_of_some_releases_is_chosen_and_kept_by_release() {
    let world = World::new();
    with_two_forms(&world);
    world.run("vendor").done();
    assert!(world.read(&tree(CALLS)).contains("so until 42"));
    let form = |form: &str| tree(&format!("src/sockets/loopback/calls_{form}_42.rs"));
    for absent in [form("until"), form("since")] {
        assert!(!world.path(&absent).exists(), "{absent}");
    }
    world.edit(&tree(CALLS), "Called", "Called, edited,");
    shown!(round_trip(&world, &[]), @r"
    exit 0
    Kept 1 edit:
      src/sockets/loopback/calls.rs (changed) in patches/loopback/src/sockets/loopback/calls_until_42.rs
    Wrote: manifest.lock, patches/loopback/src/sockets/loopback/calls_until_42.rs
    ");
    world.run("upgrade --to 42 --no-verify").done();
    assert!(world.read(&tree(CALLS)).contains("Called so since 42"));
    world.run("check --deep").done();
    // The form of other releases is no input of this one.
    let other = "patches/loopback/src/sockets/loopback/calls_until_42.rs";
    world.edit(other, "edited", "edited twice");
    world.run("check").done();
    world.edit(&tree(CALLS), "Called", "Called otherwise");
    shown!(world.refused("refresh --series-only", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/sockets/loopback/calls.rs: a row of manifest.toml says which releases have it
        help: change that `[[owned]]` and `patches/loopback/src/sockets/loopback/calls_since_42.rs` by hand
    ");
    world.run("refresh").done();
    world.run("upgrade --to v41.0.0 --no-verify").done();
    assert!(world.read(&tree(CALLS)).contains("edited twice"));
    world.remove(&tree(CALLS));
    shown!(world.refused("refresh", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/sockets/loopback/calls.rs: a row of manifest.toml says which releases have it
        help: change that `[[owned]]` and `patches/loopback/src/sockets/loopback/calls_until_42.rs` by hand
    ");
}

#[test]
fn a_file_of_later_releases_alone_is_not_in_the_way_of_earlier_ones() {
    let world = World::new();
    with_two_forms(&world);
    let row = "file = \"src/sockets/loopback/calls_until_42.rs\"\n";
    world.edit("manifest.toml", row, &format!("{row}since = \"41.0.5\"\n"));
    world.run("vendor").done();
    assert!(!world.path(&tree(CALLS)).exists());
    world.write(&tree(CALLS), "//! New.\n");
    shown!(world.refused("refresh", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/sockets/loopback/calls.rs: a row of manifest.toml says which releases have another file there
        help: give it an `[[owned]]` of its own
    ");
}

#[test]
fn a_release_without_the_file_of_a_target_names_the_row() {
    let world = World::vendored();
    let row = "[[owned]]\npath = \"tests/loopback.rs\"\nsince = \"41.0.0\"\n\n[[series]]";
    world.edit("manifest.toml", "[[series]]", row);
    shown!(world.refused("upgrade -q --to 38.0.4", 1), @r#"
    exit 1
    --- stderr
    error: the tree cannot be put together
      × the target `loopback` has no file `tests/loopback.rs` at upstream 38.0.4: its `[[owned]]` rows
      │ are of other releases
        ╭─[manifest.toml:57:1]
     56 │ 
     57 │ [[owned]]
        · ─────────
     58 │ path = "tests/loopback.rs"
        ╰────
      help: give the target the same `since` and `until`, or a form of the file to that release
    "#);
    let target = "name = \"loopback\"\n";
    world.edit(
        "manifest.toml",
        target,
        &format!("{target}since = \"41.0.0\"\n"),
    );
    world.run("upgrade --to 38.0.4 --no-verify").done();
    assert!(!world.path(&tree("tests/loopback.rs")).exists());
}
