//! What is fetched from a URL, and how little of it.

use recipe::release::{SourceKind, Workspace};
use recipe::tree::Mode;

use crate::world::*;

/// Returns which blobs the cache has, by the path that they have in a release.
fn has(world: &GitWorld, version: &str, path: &str) -> bool {
    let id = world.git(&["rev-parse", &format!("v{version}:{path}")]);
    let objects = world.git_in(
        &world.cache(),
        &[
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objectname)",
        ],
    );
    objects.lines().any(|line| line == id)
}

#[test]
fn only_the_contents_that_are_read_are_fetched_in_one_request() {
    let world = GitWorld::new();
    let release = world.run(&world.url(), |g| g.release(&version(V))).unwrap();
    let paths: Vec<&str> = release.tree.paths().map(|p| p.as_str()).collect();
    assert_eq!(
        paths,
        [
            "Cargo.toml",
            "README.md",
            "src/lib.rs",
            "src/sockets/mod.rs",
            "tests/all/main.rs",
            "tests/run.sh",
            "wit/world.wit",
        ]
    );
    assert_eq!(
        release.tree.get("tests/run.sh").unwrap().mode(),
        Mode::Executable
    );
    assert_eq!(release.commit, Some(world.commit_of(V)));
    assert_eq!(release.source, SourceKind::Git);
    assert!(
        release
            .cargo_lock
            .is_some_and(|lock| lock.contains("41.0.0"))
    );
    assert!(matches!(release.workspace, Workspace::Root(text) if text.contains("[workspace]")));

    // The tag, then the contents.
    assert_eq!(world.times_fetched(), 2);
    assert!(has(&world, V, "crates/wasi/src/lib.rs") && has(&world, V, "Cargo.lock"));
    assert!(!has(&world, V, LARGE) && !has(&world, V, "README.md"));
    assert!(!has(&world, "40.0.0", "crates/wasi/src/lib.rs"));
    let sent = std::fs::metadata(world.path("requests/sent"))
        .unwrap()
        .len();
    assert!(sent < 20_000, "{sent} bytes");
}

#[test]
fn every_way_gives_the_same_release() {
    let world = GitWorld::new();
    let in_place = world.run("upstream", |g| g.release(&version(V))).unwrap();
    let fetched = world.run(&world.url(), |g| g.release(&version(V))).unwrap();
    assert_eq!(fetched.tree, in_place.tree);
    assert_eq!(fetched.commit, in_place.commit);
    assert_eq!(fetched.cargo_lock, in_place.cargo_lock);
}

#[test]
fn a_server_that_does_not_filter_sends_all_in_one_request() {
    let world = GitWorld::new();
    world.git(&["config", "uploadpack.allowFilter", "false"]);
    let release = world.run(&world.url(), |g| g.release(&version(V))).unwrap();
    let in_place = world.run("upstream", |g| g.release(&version(V))).unwrap();
    assert_eq!(release.tree, in_place.tree);
    assert_eq!(world.times_fetched(), 1);
    assert!(has(&world, V, LARGE) && !has(&world, "40.0.0", "crates/wasi/src/lib.rs"));
    let other = world.run(&world.url(), |g| g.release(&version("40.0.0")));
    assert_eq!(other.unwrap().commit, Some(world.commit_of("40.0.0")));
}

#[test]
fn a_server_that_gives_nothing_by_ids_is_fetched_from_plainly() {
    let world = GitWorld::new();
    // The old protocol filters, but sends only what references lead to.
    let dir = world.path("requests").display().to_string();
    world.serve_by(&format!(
        "unset GIT_PROTOCOL; mkdir -p {dir}; echo asked >> {dir}/asked\ngit upload-pack \"$@\""
    ));
    let release = world.run(&world.url(), |g| g.release(&version(V))).unwrap();
    let in_place = world.run("upstream", |g| g.release(&version(V))).unwrap();
    assert_eq!(release.tree, in_place.tree);
    assert!(has(&world, V, LARGE));
    assert_eq!(world.times_asked(), 3);
    // The way is remembered.
    world
        .run(&world.url(), |g| g.release(&version("40.0.0")))
        .unwrap();
    assert_eq!(world.times_asked(), 4);
    assert!(world.told.lines().is_empty(), "{:?}", world.told.lines());
}

#[test]
fn releases_and_commits_are_told_without_reading_any() {
    let world = GitWorld::new();
    world
        .run(&world.url(), |g| {
            let listed = g.list()?;
            let versions: Vec<String> = listed.iter().map(|l| l.version.to_string()).collect();
            assert_eq!(versions, RELEASES);
            for release in RELEASES {
                assert_eq!(g.commit(&version(release))?, Some(world.commit_of(release)));
            }
            assert!(!g.is_local() && !g.is_untagged()?);
            Ok(())
        })
        .unwrap();
    assert_eq!((world.times_asked(), world.times_fetched()), (1, 0));
    assert!(world.caches().is_empty());
}

#[test]
fn a_tag_that_is_an_object_of_its_own_is_read() {
    let world = GitWorld::new();
    let commit = world.commit_of("40.0.0");
    assert_ne!(world.git(&["rev-parse", "v40.0.0"]), commit);
    for upstream in ["upstream", &world.url()] {
        let release = world.run(upstream, |g| {
            g.release_locked(&version("40.0.0"), Some(&commit))
        });
        assert_eq!(release.unwrap().commit.as_ref(), Some(&commit));
    }
}
