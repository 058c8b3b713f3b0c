//! Caches: nothing is fetched twice, nothing damaged is used, offline is offline.

use std::fs;

use recipe::Kind;

use crate::server::Reply;
use crate::world::*;

const V: &str = "41.0.0";

#[test]
fn a_cached_release_makes_no_request() {
    let world = World::with(&[V]);
    let first = world.run(|r| {
        assert!(!r.is_cached(&version(V)));
        let release = r.release(&version(V))?;
        assert!(r.is_cached(&version(V)));
        Ok(release)
    });
    let before = world.server.connections();
    let again = world.run(|r| {
        assert!(r.is_cached(&version(V)));
        r.commit(&version(V))?;
        r.release(&version(V))
    });
    assert_eq!(world.server.connections(), before);
    assert_eq!(again.unwrap().tree, first.unwrap().tree);
}

#[test]
fn offline_opens_no_socket() {
    for world in [
        World::with(&[V]),
        World::with(&[V]).var("CARGO_NET_OFFLINE", "true"),
    ] {
        let by_flag = world.run_offline(|r| r.release(&version(V))).unwrap_err();
        let listed = world.run_offline(|r| r.list()).unwrap_err();
        assert_eq!(
            (by_flag.kind(), listed.kind()),
            (Kind::Upstream, Kind::Upstream)
        );
        assert!(
            by_flag.message().contains("`--offline`") && !by_flag.hints().is_empty(),
            "{by_flag}"
        );
        assert_eq!(world.server.connections(), 0);
    }
    let world = World::with(&[V]).var("CARGO_NET_OFFLINE", "true");
    let by_cargo = world.run(|r| r.release(&version(V))).unwrap_err();
    assert!(by_cargo.message().contains("net.offline"), "{by_cargo}");
    assert_eq!(world.server.connections(), 0);
}

#[test]
fn offline_gives_what_was_seen_before() {
    let world = World::with(&["40.0.0", V]);
    world.run(|r| r.release(&version(V))).unwrap();
    let before = world.server.connections();
    assert_eq!(world.run_offline(|r| r.list()).unwrap().len(), 2);
    world.run_offline(|r| r.release(&version(V))).unwrap();
    let other = world
        .run_offline(|r| r.release(&version("40.0.0")))
        .unwrap_err();
    assert!(
        other
            .message()
            .contains("wasmtime-wasi 40.0.0 is in no cache"),
        "{other}"
    );
    assert_eq!(world.server.connections(), before);
}

#[test]
fn a_damaged_cache_is_noted_and_fetched_again() {
    let world = World::with(&[V]);
    world.run(|r| r.release(&version(V))).unwrap();
    let file = world.cached(".crate").pop().unwrap();
    fs::write(&file, "damaged").unwrap();

    let offline = world.run_offline(|r| r.release(&version(V))).unwrap_err();
    assert!(
        offline.message().contains("is damaged") && !offline.hints().is_empty(),
        "{offline}"
    );
    assert!(file.is_file());

    world
        .run(|r| {
            assert!(!r.is_cached(&version(V)));
            r.release(&version(V))
        })
        .unwrap();
    assert!(
        world
            .told
            .lines()
            .iter()
            .any(|l| l.contains(&file.display().to_string())),
        "{:?}",
        world.told.lines()
    );
    assert_eq!(world.server.requests_for(&download(V)).len(), 2);
    assert_eq!(checksum(&fs::read(&file).unwrap()), checksum(&package(V)));
}

#[test]
fn a_damaged_index_in_the_cache_is_asked_for_anew() {
    let world = World::with(&[V]);
    world.run(|r| r.list()).unwrap();
    let file = world
        .cached("wasmtime-wasi")
        .into_iter()
        .find(|f| f.is_file())
        .unwrap();
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 1);
    assert_eq!(
        world.server.requests_for(INDEX)[1].header("if-none-match"),
        None
    );
}

#[test]
fn what_cargo_has_downloaded_is_not_downloaded_again() {
    let world = World::with(&[V]);
    let at = |dir: &str| {
        world.path(&format!(
            "cargo-home/registry/cache/{dir}/wasmtime-wasi-41.0.0.crate"
        ))
    };
    write(&at("a-1"), "damaged");
    write(&at("b-2"), package(V));
    let release = world.run(|r| r.release(&version(V))).unwrap();
    assert_eq!(release.checksum, Some(checksum(&package(V))));
    assert!(world.server.requests_for(&download(V)).is_empty());
    let damaged = at("a-1").display().to_string();
    assert!(
        world.told.lines().iter().any(|l| l.contains(&damaged)),
        "{:?}",
        world.told.lines()
    );
    // It is in the tool's own cache now: cargo may clear its own.
    fs::remove_file(at("b-2")).unwrap();
    world.run_offline(|r| r.release(&version(V))).unwrap();
}

#[test]
fn a_locked_package_in_cargos_cache_needs_no_index() {
    let world = World::with(&[V]);
    write(
        &world.path("cargo-home/registry/cache/a-1/wasmtime-wasi-41.0.0.crate"),
        package(V),
    );
    let locked = checksum(&package(V));
    world
        .run(|r| r.release_checked(&version(V), Some(&locked)))
        .unwrap();
    fs::remove_dir_all(world.path("cache")).unwrap();
    world
        .run_offline(|r| r.release_checked(&version(V), Some(&locked)))
        .unwrap();
    assert_eq!(world.server.connections(), 0);
}

#[test]
fn a_package_that_is_not_as_locked_is_refused_cached_or_not() {
    let world = World::with(&[V]);
    let locked = checksum(b"another");
    for _ in 0..2 {
        let error = world
            .run(|r| r.release_checked(&version(V), Some(&locked)))
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Upstream);
        let told = error.to_string();
        assert!(
            told.contains("not as locked")
                && told.contains(&locked)
                && told.contains(&checksum(&package(V))),
            "{told}"
        );
        world.run(|r| r.release(&version(V))).unwrap();
    }
    let malformed = world
        .run(|r| r.release_checked(&version(V), Some("abc")))
        .unwrap_err();
    assert!(
        malformed
            .message()
            .contains("`abc` is not a SHA-256 checksum")
    );
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let world = World::with(&[V]);
    write(&world.path("cache"), "a file where a directory should be");
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::General);
    assert!(
        error
            .message()
            .contains(&world.path("cache").display().to_string()),
        "{error}"
    );
}

#[test]
fn a_registry_in_place_of_another_has_a_cache_of_its_own() {
    let world = World::with(&[V]);
    world.run(|r| r.release(&version(V))).unwrap();
    world.configure(&format!("sparse+{}", world.server.url("/other/")));
    world
        .server
        .on("/other/wa/sm/wasmtime-wasi", [Reply::status(404)]);
    assert!(!world.run(|r| Ok(r.is_cached(&version(V)))).unwrap());
    world.run(|r| r.release(&version(V))).unwrap_err();
}
