//! Replacements of crates.io that are directories.

use recipe::Kind;
use recipe::tree::Digest;
use upstream::Source as _;

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

fn vendored() -> World {
    let world = replaced("directory");
    let mut sums = Vec::new();
    for (path, bytes) in files(V) {
        write(
            &world.path(&format!("packages/wasmtime-wasi/{path}")),
            &bytes,
        );
        sums.push(format!("\"{path}\":\"{}\"", Digest::of(&bytes)));
    }
    let sums = format!(
        r#"{{"files":{{{}}},"package":"{}"}}"#,
        sums.join(","),
        checksum(&package(V))
    );
    write(
        &world.path("packages/wasmtime-wasi/.cargo-checksum.json"),
        sums,
    );
    write(
        &world.path("packages/wasmtime-wasi-io/Cargo.toml"),
        "[package]\nname = \"wasmtime-wasi-io\"\nversion = \"1.0.0\"\n",
    );
    world
}

#[test]
fn each_way_gives_the_same_release() {
    let served = World::with(&[V]).run(|r| r.release(&version(V))).unwrap();
    for world in [local(), vendored()] {
        let release = world
            .run_offline(|r| {
                assert!(r.is_cached(&version(V)));
                r.release_checked(&version(V), Some(&checksum(&package(V))))
            })
            .unwrap();
        assert_eq!(release.tree, served.tree);
        assert_eq!(
            (release.commit, release.checksum),
            (served.commit.clone(), served.checksum.clone())
        );
        assert_eq!(world.server.connections(), 0);
    }
}

#[test]
fn what_a_directory_lacks_is_told_with_what_it_has() {
    let world = vendored();
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 1);
    assert!(!world.run(|r| Ok(r.is_cached(&version("38.0.4")))).unwrap());
    let error = world.run(|r| r.release(&version("38.0.4"))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    let hint = error.hints().first().expect("a hint");
    assert!(hint.contains("v41.0.0"), "{hint}");
    let locked = world
        .run(|r| r.release_checked(&version(V), Some(&checksum(b""))))
        .unwrap_err();
    assert!(locked.message().contains("not as locked"), "{locked}");
}

#[test]
fn a_vendored_file_that_was_changed_or_is_gone_is_named() {
    let world = vendored();
    write(&world.path("packages/wasmtime-wasi/src/lib.rs"), "changed");
    std::fs::remove_file(world.path("packages/wasmtime-wasi/Cargo.lock")).unwrap();
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    let told: Vec<&str> = error
        .all_faults()
        .iter()
        .map(|f| f.message.as_str())
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("`Cargo.lock`") && told[1].starts_with("`src/lib.rs`"),
        "{told:?}"
    );
}

#[test]
fn a_vendored_package_without_the_original_manifest_is_refused() {
    let world = vendored();
    let sums = world.path("packages/wasmtime-wasi/.cargo-checksum.json");
    let text = std::fs::read_to_string(&sums).unwrap();
    let mut said: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(
        said["files"]
            .as_object_mut()
            .unwrap()
            .remove("Cargo.toml.orig")
            .is_some()
    );
    write(&sums, said.to_string());
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    let places: Vec<String> = error
        .all_faults()
        .iter()
        .filter_map(|f| Some(f.place.as_ref()?.file.clone()))
        .collect();
    assert!(
        matches!(&places[..], [place] if place.ends_with("Cargo.toml.orig")),
        "{error}"
    );
}

#[test]
fn a_local_registry_is_held_to_its_index() {
    let world = local();
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 2);
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
