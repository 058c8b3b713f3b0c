//! Replacements of crates.io that are directories.

use recipe::Kind;

use crate::world::*;

const V: &str = "41.0.0";

/// Has crates.io replaced by a directory below the world's own.
fn replaced(kind: &str) -> World {
    let world = World::with(&[]);
    world.config(&format!(
        "[source.crates-io]\nreplace-with = \"ours\"\n[source.ours]\n{kind} = \"packages\"\n"
    ));
    world
}

fn local() -> World {
    let world = replaced("local-registry");
    write(
        &world.path("packages/index/wa/sm/wasmtime-wasi"),
        index_of(&["40.0.0", V]),
    );
    write(
        &world.path("packages/wasmtime-wasi-41.0.0.crate"),
        package(V),
    );
    world
}

#[test]
fn a_local_registry_gives_the_same_release() {
    let served = World::with(&[V]).run(|r| r.release(&version(V))).unwrap();
    let world = local();
    let release = world
        .run_offline(|r| {
            assert!(r.is_cached(&version(V)));
            assert!(!r.is_cached(&version("38.0.4")));
            r.release_checked(&version(V), Some(&checksum(&package(V))))
        })
        .unwrap();
    assert_eq!(release.tree, served.tree);
    assert_eq!(
        (release.commit, release.checksum),
        (served.commit, served.checksum)
    );
    assert_eq!(world.server.connections(), 0);
}

#[test]
fn a_directory_of_vendored_packages_is_refused_with_the_next_step() {
    let world = replaced("directory");
    let error = world.run(|r| r.list()).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error
            .message()
            .contains("directory of vendored packages, which is not read here"),
        "{error}"
    );
    assert!(error.hints()[0].contains("--source git"), "{error:?}");
}

#[test]
fn a_local_registry_is_held_to_its_index() {
    let world = local();
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 2);
    let unlisted = world.run(|r| r.release(&version("38.0.4"))).unwrap_err();
    assert_eq!(unlisted.kind(), Kind::Upstream);
    assert!(unlisted.hints()[0].contains("v41.0.0"), "{unlisted:?}");
    let locked = world
        .run(|r| r.release_checked(&version(V), Some(&checksum(b""))))
        .unwrap_err();
    assert!(locked.message().contains("not as locked"), "{locked}");
    let lacking = world.run(|r| r.release(&version("40.0.0"))).unwrap_err();
    assert_eq!(lacking.kind(), Kind::Upstream);
    assert!(
        lacking.message().contains("wasmtime-wasi-40.0.0.crate"),
        "{lacking}"
    );
    write(
        &world.path("packages/wasmtime-wasi-41.0.0.crate"),
        package("40.0.0"),
    );
    let damaged = world.run(|r| r.release(&version(V))).unwrap_err();
    assert!(damaged.message().contains("is damaged"), "{damaged}");
}
