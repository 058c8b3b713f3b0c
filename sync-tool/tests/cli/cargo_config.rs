//! Cargo's configuration around the project is no input of the tree.

use super::*;

const PATCH: &str = "[patch.crates-io]\nunused = { path = \"unused\" }\n";
const LOCK: &str = "patches/locks/41.0.0.lock";

/// Has cargo know a package that the user patches in everywhere.
fn patch_everywhere(world: &World) {
    world.write(".cargo/config.toml", PATCH);
    world.write(
        "unused/Cargo.toml",
        "[package]\nname = \"unused\"\nversion = \"0.1.0\"\n",
    );
    world.write("unused/src/lib.rs", "");
}

#[test]
fn a_patch_around_the_project_does_not_reach_the_lock() {
    let world = World::vendored();
    let (tree, lock) = (world.tree(), world.read(LOCK));
    world.remove("patches/locks");
    world.remove("manifest.lock");
    world.remove(TREE);
    patch_everywhere(&world);
    // Where temporary files are, cargo would look for a configuration too.
    std::fs::create_dir(world.path("tmp")).unwrap();
    let tmp = world.path("tmp");
    let vars = [("TMPDIR", tmp.to_str().unwrap())];
    world.run_in(&world.root(), &vars, &["vendor"]).done();
    assert_eq!(world.read(LOCK), lock);
    assert_eq!(differing(&tree, &world.tree()), Vec::<String>::new());
}

#[test]
fn what_does_not_come_from_a_registry_is_refused_by_name() {
    let world = World::vendored();
    let lock = world.read(LOCK);
    world.write(
        LOCK,
        lock + "\n[[package]]\nname = \"local\"\nversion = \"0.1.0\"\n\n\
         [[package]]\nname = \"remote\"\nversion = \"0.2.0\"\n\
         source = \"git+https://example.org/remote#0000000\"\n\n\
         [[patch.unused]]\nname = \"spare\"\nversion = \"0.3.0\"\n",
    );
    for command in ["vendor", "check --deep", "upgrade --to 41.0.0 --no-verify"] {
        world.refused(command, 1);
    }
    shown!(world.run("vendor"), @r"
    exit 1
    --- stderr
    error: the crate's Cargo.lock has packages that no registry gives
      patches/locks/41.0.0.lock: `local 0.1.0` lies on this machine alone
      patches/locks/41.0.0.lock: `remote 0.2.0` comes from git+https://example.org/remote#0000000
      patches/locks/41.0.0.lock: `spare 0.3.0` is a patch that nothing asks for
    help: remove the file if it is there, and what brought them in: a `[patch]` of cargo's configuration
    help: the next `wash-wasi-sync vendor` makes it again
    ");
}
