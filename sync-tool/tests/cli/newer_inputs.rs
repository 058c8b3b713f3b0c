//! Inputs that were changed since the tree was made, and `refresh`.

use super::edits::tree;
use super::*;

/// Changes an input, and checks that `refresh` leaves it as it is.
fn is_kept(world: &World, input: &str, from: &str, to: &str) -> String {
    world.edit(input, from, to);
    let edited = world.read(input);
    let said = world.run("refresh").ended(10).err;
    assert_eq!(world.read(input), edited, "{said}");
    world.run("refresh --dry-run").ended(10);
    said
}

#[test]
fn a_newer_shared_file_is_not_undone() {
    let world = World::vendored();
    let said = is_kept(
        &world,
        "patches/loopback/tests/loopback.rs",
        "outside",
        "within",
    );
    assert!(
        said.contains("patches/loopback/tests/loopback.rs"),
        "{said}"
    );
    assert!(said.contains("`git stash`"), "{said}");
    world.run("vendor").done();
    world.run("refresh").done();
    assert!(
        world
            .read("patches/loopback/tests/loopback.rs")
            .contains("within")
    );
}

#[test]
fn a_newer_hunk_is_not_undone() {
    let world = World::vendored();
    let patch = "patches/v38.0.1/src/sockets/mod.rs.patch";
    is_kept(
        &world,
        patch,
        "+pub mod loopback;",
        "+pub(crate) mod loopback;",
    );
}

#[test]
fn a_newer_input_beside_an_edit_is_not_undone() {
    let world = World::vendored();
    let file = tree("src/sockets/loopback/mod.rs");
    world.edit(&file, "The loopback.", "Edited.");
    is_kept(
        &world,
        "patches/loopback/tests/loopback.rs",
        "outside",
        "within",
    );
    assert!(world.read(&file).contains("Edited."));
}

#[test]
fn the_same_change_in_both_places_is_fine() {
    let world = World::vendored();
    for file in [
        "patches/loopback/tests/loopback.rs",
        &tree("tests/loopback.rs"),
    ] {
        world.edit(file, "outside", "within");
    }
    world.run("refresh").done();
    world.run("check").done();
}

#[test]
fn a_newer_head_of_a_patch_is_kept_with_an_edit_beside_it() {
    let world = World::vendored();
    let patch = "patches/v38.0.1/src/sockets/mod.rs.patch";
    world.edit(patch, "Reason: ", "Reason: truly, ");
    world.edit(
        &tree("src/sockets/loopback/mod.rs"),
        "The loopback.",
        "Edited.",
    );
    world.run("refresh").done();
    assert!(world.read(patch).contains("Reason: truly, "));
}
