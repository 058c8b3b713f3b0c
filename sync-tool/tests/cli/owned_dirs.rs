//! Directories of fork-owned files that stand elsewhere in the crate.

use super::edits::{round_trip, tree};
use super::*;

const ROW: &str = "[[owned]]\nfrom = \"net/src\"\nto = \"src/sockets/loopback\"\n\n";

/// Moves the module into a crate to work in, with what such a crate has besides.
fn with_crate() -> World {
    let world = World::new();
    move_to_crate(&world);
    world
}

fn move_to_crate(world: &World) {
    let row = format!("{ROW}[[series]]\nbase = \"38.0.1\"");
    world.edit("manifest.toml", "[[series]]\nbase = \"38.0.1\"", &row);
    let module = "patches/loopback/src/sockets/loopback/mod.rs";
    world.write("net/src/mod.rs", world.read(module));
    world.remove("patches/loopback/src");
    world.write("net/Cargo.toml", "[package]\nname = \"net\"\n");
    world.write("net/lib.rs", "#[path = \"src/mod.rs\"]\npub mod net;\n");
    world.write("net/tests/all.rs", "#[test]\nfn nothing() {}\n");
    world.write("net/target/debug/net", "built");
}

#[test]
fn the_tree_is_the_same_wherever_its_files_are_kept() {
    let world = World::vendored();
    let before = world.tree();
    move_to_crate(&world);
    world.run("vendor").done();
    assert_eq!(differing(&before, &world.tree()), Vec::<String>::new());
    world.run("check --deep").done();
    let lock = world.read("manifest.lock");
    assert!(
        lock.contains("net/src/mod.rs") && !lock.contains("net/lib.rs"),
        "{lock}"
    );
    world.write("net/target/debug/net", "built again");
    world.run("check").done();
    world.edit("net/src/mod.rs", "The loopback.", "The network.");
    shown!(world.run("check").ended(10), @r"
    exit 10
    Drift: 1 difference
      net/src/mod.rs is not what the tree was made of
    help: to make the tree of the inputs as they are now: `wash-wasi-sync vendor`
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
}

#[test]
fn edits_go_back_to_where_their_files_are_kept() {
    let world = with_crate();
    world.run("vendor").done();
    world.edit(
        &tree("src/sockets/loopback/mod.rs"),
        "The loopback.",
        "Edited.",
    );
    world.write(&tree("src/sockets/loopback/new.rs"), "//! New.\n");
    world.edit(&tree("tests/loopback.rs"), "outside", "without");
    shown!(round_trip(&world, &[]), @r"
    exit 0
    Kept 3 edits:
      src/sockets/loopback/mod.rs (changed) in net/src/mod.rs
      src/sockets/loopback/new.rs (new) in net/src/new.rs
      tests/loopback.rs (changed) in patches/loopback/tests/loopback.rs
    Wrote: manifest.lock, net/src/mod.rs, net/src/new.rs, patches/loopback/tests/loopback.rs, vendor/wash-wasi/Cargo.toml
    ");
    world.remove(&tree("src/sockets/loopback/new.rs"));
    shown!(round_trip(&world, &[]), @r"
    exit 0
    Kept 1 edit:
      src/sockets/loopback/new.rs (gone) no longer in net/src/new.rs
    Wrote: manifest.lock, net/src/new.rs, vendor/wash-wasi/Cargo.toml
    ");
    world.run("export --as-upstream ../hosts/exported").done();
    let exported = world.read("../hosts/exported/src/sockets/loopback/mod.rs");
    assert!(exported.contains("Edited."));
}

#[test]
fn a_file_of_some_releases_can_be_kept_there() {
    let world = with_crate();
    let row = "[[owned]]\npath = \"src/sockets/loopback/calls.rs\"\n\
               file = \"src/sockets/loopback/calls_41.rs\"\nuntil = \"42.0.0\"\n\n[[series]]";
    world.edit("manifest.toml", "[[series]]", row);
    world.write("net/src/calls_41.rs", "//! Calls.\n");
    world.run("vendor").done();
    assert_eq!(
        world.read(&tree("src/sockets/loopback/calls.rs")),
        "//! Calls.\n"
    );
    world.edit(
        &tree("src/sockets/loopback/calls.rs"),
        "Calls",
        "More calls",
    );
    shown!(round_trip(&world, &[]), @r"
    exit 0
    Kept 1 edit:
      src/sockets/loopback/calls.rs (changed) in net/src/calls_41.rs
    Wrote: manifest.lock, net/src/calls_41.rs
    ");
}

#[test]
fn one_path_has_one_place() {
    let world = with_crate();
    world.write("patches/loopback/src/sockets/loopback/mod.rs", "//! Old.\n");
    world.write("net/src/ports.rs", "//! Of the series.\n");
    shown!(world.refused("vendor", 1), @r"
    exit 1
    --- stderr
    error: the stored patches and files have faults
      patches/loopback/src/sockets/loopback/mod.rs: a row of `[[owned]]` says that such a file is kept elsewhere
        help: move it to `net/src/mod.rs`, or remove it
      patches/v38.0.1/files/src/sockets/loopback/ports.rs: `src/sockets/loopback/ports.rs` stands in `net/src` too
        help: keep it in every series, or in the shared directory alone
    ");
    world.remove("net/src");
    world.remove("patches/loopback/src");
    shown!(world.refused("vendor", 1), @r#"
    exit 1
    --- stderr
    error: the stored patches and files have faults
      × `net/src` is not a directory that has files
        ╭─[manifest.toml:57:1]
     56 │ 
     57 │ [[owned]]
        · ─────────
     58 │ from = "net/src"
        ╰────
      help: restore the directory, or remove the row
    "#);
    let row = ROW.replace("net/src", "../net").replace("to", "at");
    world.edit("manifest.toml", ROW, &row);
    shown!(world.refused("vendor", 1), @r#"
    exit 1
    --- stderr
    error: manifest.toml has faults
      × unknown key `owned.at`
        ╭─[manifest.toml:59:1]
     58 │ from = "../net"
     59 │ at = "src/sockets/loopback"
        · ──
     60 │ 
        ╰────
      help: known here: from, to
      × `owned.to` is missing
        ╭─[manifest.toml:57:1]
     56 │ 
     57 │ [[owned]]
        · ─────────
     58 │ from = "../net"
        ╰────
      help: add `to = …`
      × `../net` leaves the tree
        ╭─[manifest.toml:58:8]
     57 │ [[owned]]
     58 │ from = "../net"
        ·        ────────
     59 │ at = "src/sockets/loopback"
        ╰────
      help: name a relative path without `..`, with `/` between its parts
    "#);
    let twice = ["net/src", "net", "more"].map(|dir| ROW.replace("net/src", dir));
    world.edit("manifest.toml", &row, &twice.concat());
    shown!(world.refused("vendor", 1), @r#"
    exit 1
    --- stderr
    error: manifest.toml has faults
      × `net` and `net/src` both give files of `src/sockets/loopback`
        ╭─[manifest.toml:61:1]
     60 │ 
     61 │ [[owned]]
        · ─────────
     62 │ from = "net"
        ╰────
      help: give each directory a `to` of its own
      × `more` and `net/src` both give files of `src/sockets/loopback`
        ╭─[manifest.toml:65:1]
     64 │ 
     65 │ [[owned]]
        · ─────────
     66 │ from = "more"
        ╰────
      help: give each directory a `to` of its own
      × `net` (the fork-owned files for `src/sockets/loopback`) and `net/src` (the fork-owned files
      │ for `src/sockets/loopback`) overlap
        ╭─[manifest.toml:61:1]
     60 │ 
     61 │ [[owned]]
        · ─────────
     62 │ from = "net"
        ╰────
      help: give each a place of its own, none inside another
    "#);
}

#[test]
fn such_a_directory_is_no_link_and_no_place_for_an_export() {
    let world = with_crate();
    world.run("vendor").done();
    for (dir, says) in [
        (
            "net/src/x",
            "it overlaps `net/src` (the fork-owned files for `src/sockets/loopback`)",
        ),
        ("net", "it overlaps `net/src`"),
        ("net/x", "net holds what the tree is made of"),
    ] {
        let ran = world.refused(&format!("export --as-upstream {dir}"), 1);
        assert!(ran.err.contains(says), "{dir}\n{ran}");
    }
    let outside = world.path("../outside");
    std::fs::rename(world.path("net"), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, world.path("net")).unwrap();
    shown!(world.run("check").ended(1), @r"
    exit 1
    --- stderr
    error: the project's inputs cannot be read
      net: it is a symbolic link, and inputs are not read through links
        help: put the directory itself in its place, or name the right one in manifest.toml
    ");
}

#[test]
fn a_file_does_not_leave_such_a_directory() {
    let world = with_crate();
    world.run("vendor").done();
    let module = tree("src/sockets/loopback/mod.rs");
    world.edit(&module, "The loopback.", "Edited.");
    shown!(world.refused("refresh --series-only", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/sockets/loopback/mod.rs: `net/src` is kept whole, for all series
        help: leave out `--series-only`, or write an `[[owned]]` row and a form of `net/src/mod.rs` by hand
    ");
    world.run("refresh").done();
}
