//! Downloads: whole, broken off, damaged, tried again.

use std::path::PathBuf;

use recipe::release::{SourceKind, Workspace};
use recipe::tree::Mode;
use recipe::{Error, Kind};

use crate::server::Reply;
use crate::world::*;

const V: &str = "41.0.0";

/// Returns the files that the cache has beside the index and the lock, whole or not.
fn packages(world: &World) -> Vec<PathBuf> {
    let mut files = world.cached("");
    files.retain(|f| f.is_file() && f.components().any(|c| c.as_os_str() == "crates"));
    files
}

#[test]
fn a_release_is_read_with_three_requests() {
    let world = World::with(&["40.0.0", V]);
    let release = world.run(|r| r.release(&version(V))).unwrap();
    assert_eq!(release.version, version(V));
    assert_eq!(release.commit.as_deref(), Some(COMMIT));
    assert_eq!(release.checksum, Some(checksum(&package(V))));
    assert_eq!(release.source, SourceKind::Registry);
    assert_eq!(release.cargo_lock.as_deref(), Some("version = 4\n"));
    let paths: Vec<&str> = release.tree.paths().map(|p| p.as_str()).collect();
    assert_eq!(paths, ["Cargo.toml", "src/lib.rs"]);
    let manifest = release.tree.get("Cargo.toml").unwrap();
    assert!(
        manifest
            .text()
            .unwrap()
            .contains("version.workspace = true")
    );
    assert_eq!(manifest.mode(), Mode::Regular);
    assert!(
        matches!(release.workspace, Workspace::Published(text) if text.contains("version = \"41.0.0\""))
    );

    let targets: Vec<String> = world
        .server
        .requests()
        .into_iter()
        .map(|r| r.target)
        .collect();
    assert_eq!(targets, [INDEX.to_owned(), CONFIG.to_owned(), download(V)]);
    let agent = format!("wash-wasi-sync/{}", env!("CARGO_PKG_VERSION"));
    assert!(
        world
            .server
            .requests()
            .iter()
            .all(|r| r.header("user-agent") == Some(&agent))
    );
    assert_eq!(packages(&world).len(), 1);
}

#[test]
fn a_download_that_breaks_off_is_begun_anew() {
    let world = World::with(&[V]);
    world.server.on(
        &download(V),
        [Reply::body(package(V)).cut(1000), Reply::body(package(V))],
    );
    let release = world.run(|r| r.release(&version(V))).unwrap();
    assert_eq!(release.checksum, Some(checksum(&package(V))));
    let requests = world.server.requests_for(&download(V));
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|r| r.header("range").is_none()));
}

#[test]
fn a_download_that_breaks_off_leaves_nothing_and_the_next_run_has_it_all() {
    let world = World::with(&[V]);
    world.config(
        &(std::fs::read_to_string(world.path("cargo-home/config.toml")).unwrap()
            + "[net]\nretry = 0\n"),
    );
    world.server.on(
        &download(V),
        [Reply::body(package(V)).cut(1000), Reply::body(package(V))],
    );
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(packages(&world).is_empty(), "{:?}", packages(&world));
    world.run(|r| r.release(&version(V))).unwrap();
    assert_eq!(world.server.requests_for(&download(V)).len(), 2);
    assert_eq!(packages(&world).len(), 1);
}

#[test]
fn a_package_with_another_checksum_is_refused_and_not_kept() {
    let world = World::with(&[V]);
    let mut other = package(V);
    other[500] ^= 1;
    world.server.on(&download(V), [Reply::body(other.clone())]);
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    for named in [
        checksum(&other),
        checksum(&package(V)),
        world.server.url(&download(V)),
    ] {
        assert!(error.message().contains(&named), "{error}");
    }
    assert!(!error.hints().is_empty());
    assert!(packages(&world).is_empty(), "{:?}", packages(&world));
    assert_eq!(world.server.requests_for(&download(V)).len(), 1);
}

#[test]
fn a_transient_failure_is_tried_again() {
    let world = World::with(&[V]);
    world.server.on(
        INDEX,
        [
            Reply::status(500),
            Reply::status(429),
            Reply::body(index_of(&[V])),
        ],
    );
    world.server.on(
        &download(V),
        [
            Reply::status(503),
            Reply::body(package(V)).cut(0),
            Reply::body(package(V)),
        ],
    );
    world.run(|r| r.release(&version(V))).unwrap();
    assert_eq!(world.server.requests_for(INDEX).len(), 3);
    assert_eq!(world.server.requests_for(&download(V)).len(), 3);
}

#[test]
fn a_lasting_failure_ends_after_the_retries_that_cargo_is_set_to() {
    let world = World::with(&[V]).var("CARGO_NET_RETRY", "2");
    world.server.on(INDEX, [Reply::status(502)]);
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error.message().contains(&world.server.url(INDEX)) && error.message().contains("502"),
        "{error}"
    );
    assert_eq!(world.server.requests_for(INDEX).len(), 3);
}

#[test]
fn a_listed_package_that_is_not_there_is_told_once() {
    let world = World::with(&[V]);
    world.server.on(&download(V), [Reply::status(404)]);
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert!(
        error
            .message()
            .contains("lists wasmtime-wasi 41.0.0, but does not have it"),
        "{error}"
    );
    assert_eq!(world.server.requests_for(&download(V)).len(), 1);
    assert!(packages(&world).is_empty(), "{:?}", packages(&world));
}

#[test]
fn two_runs_at_once_download_once() {
    let world = World::with(&[V]);
    let read = |_: usize| -> Result<String, Error> {
        world.run(|r| Ok(r.release(&version(V))?.tree.digest().to_string()))
    };
    let digests: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|n| scope.spawn(move || read(n))).collect();
        runs.into_iter()
            .map(|run| run.join().unwrap().unwrap())
            .collect()
    });
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.server.requests_for(&download(V)).len(), 1);
}
