//! The same bytes from git and from the registry.

use super::*;
use crate::server::Reply;

fn published() -> World {
    let world = World::new();
    let packages = ["38.0.4", "41.0.0", "42.0.0"].map(|v| (v, world.both.packaged_by_cargo(v)));
    world.both.publish(&packages);
    world
}

#[test]
fn both_sources_give_the_same_tree_and_lock() {
    let world = published();
    world.run("vendor --source git").done();
    let (tree, lock) = (world.tree(), world.read("manifest.lock"));
    world.remove("vendor");
    shown!(world.run("vendor --source registry"), @r#"
    exit 0
    vendor/wash-wasi is 2.0.0-rc.6 (upstream 41.0.0)
      14 files from registry, commit [digest], digest [digest]
    Patches of patches/v38.0.1: 2 files, all exact; 13 of at most 30 changed lines
      src/sockets/mod.rs exact +3 −1
      src/sockets/tcp.rs exact +8 −1
    Rules
      rewrite wasmtime_wasi to wash_wasi: 3 times in 3 files
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Not built and tested: vendor without --verify; to do so: `wash-wasi-sync vendor --verify`
    Wrote: manifest.lock
    Time: fetch [time], prepare [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    --- stderr
    reading the registry's index
    downloading wasmtime-wasi 41.0.0
    "#);
    assert_eq!(differing(&tree, &world.tree()), Vec::<String>::new());
    // The checksum is all that git cannot tell.
    let more = world.read("manifest.lock");
    let more: Vec<&str> = more
        .lines()
        .filter(|line| !line.starts_with("checksum"))
        .collect();
    assert_eq!(more, lock.lines().collect::<Vec<_>>());
    for source in ["git", "registry"] {
        world.run(&format!("check --deep --source {source}")).done();
    }
    // The other source, once more: nothing is lost of what the first one told.
    let locked = world.read("manifest.lock");
    world.run("vendor --source git").done();
    assert_eq!(locked, world.read("manifest.lock"));
}

#[test]
fn an_upgrade_is_the_same_from_both_sources() {
    let world = published();
    world.run("vendor").done();
    let before = world.see();
    let trees = ["git", "registry"].map(|source| {
        world
            .run_args(&["upgrade", "--to", "38", "--no-verify", "--source", source])
            .done();
        let tree = world.tree();
        world.remove("vendor");
        for (path, bytes) in &before {
            world.write(path, bytes);
        }
        tree
    });
    assert_eq!(differing(&trees[0], &trees[1]), Vec::<String>::new());
    world.run("check").done();
}

#[test]
fn a_merge_from_a_registry_needs_its_base_there() {
    let world = World::new();
    let packages = ["38.0.4", "42.0.0"].map(|v| (v, world.both.packaged_by_cargo(v)));
    world.both.publish(&packages);
    shown!(world.refused("upgrade --to 42.0.0 --source registry --no-verify", 13), @r"
    exit 13
    --- stderr
    reading the registry's index
    downloading wasmtime-wasi 42.0.0
    formatting
    error: wasmtime-wasi 41.0.0 does not exist in the registry http://[registry]/index/
    help: nearest are v42.0.0, v38.0.4
    ");
}

#[test]
fn a_repository_that_sends_byte_by_byte_is_given_up() {
    let world = World::new();
    let server = &world.both.registry.server;
    let refs = "/upstream/info/refs?service=git-upload-pack";
    server.on(refs, [Reply::body(vec![b'0'; 100_000]).drip()]);
    let url = server.url("/upstream");
    let args = ["upgrade", "--to", "42.0.0", "--upstream", &url];
    // The time alone is shortened.
    let time = [("GIT_HTTP_LOW_SPEED_TIME", "1")];
    let ran = world.run_in(&world.root(), &time, &args).ended(13);
    let said = "Operation too slow. Less than 1000 bytes/sec";
    assert!(ran.err.contains(said), "{ran}");
    assert!(ran.err.contains("GIT_HTTP_LOW_SPEED_LIMIT"), "{ran}");
}

#[test]
fn a_clone_in_place_is_an_upstream() {
    let world = published();
    world.run("vendor --upstream ../upstream").done();
    let tree = world.tree();
    world.run("check --deep").done();
    world.remove(TREE);
    world.run("vendor --source git").done();
    assert_eq!(differing(&tree, &world.tree()), Vec::<String>::new());
}
