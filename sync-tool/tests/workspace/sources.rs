//! A workspace from behind a URL: only what is needed is fetched.

use std::fs;

use recipe::Kind;
use upstream::SourceOptions;

use crate::world::{UPSTREAM, WorkspaceWorld, text, told};

/// Tells whether the tool's git cache has the content of a file of upstream's.
fn has(world: &WorkspaceWorld, path: &str) -> bool {
    let id = world.git.git(&["rev-parse", &format!("v41.0.0:{path}")]);
    let cache = git2::Repository::open_bare(world.git.cache()).unwrap();
    let odb = cache.odb().unwrap();
    odb.exists(git2::Oid::from_str(&id).unwrap())
}

#[test]
fn only_what_is_needed_is_fetched_and_a_second_run_fetches_nothing() {
    let world = WorkspaceWorld::new();
    let workspace = world
        .lay_out_from(&world.git.host(), world.options(None))
        .unwrap();
    for (path, _) in UPSTREAM {
        let unread = ["crates/other/large.bin", "README.md", "rust-toolchain.toml"];
        assert_eq!(has(&world, path), !unread.contains(&path), "{path}");
    }
    assert_eq!(text(&workspace.dir.join("crates/io/answer.txt")), "42\n");
    drop(workspace);
    let offline = SourceOptions {
        offline: true,
        ..world.options(None)
    };
    let asked = world.git.times_fetched();
    let again = world.lay_out_from(&world.git.host(), offline).unwrap();
    assert!(again.reused);
    assert_eq!(world.git.times_fetched(), asked);
}

#[test]
fn what_is_not_in_the_cache_cannot_be_had_offline() {
    let world = WorkspaceWorld::new();
    // The release is read, but not its workspace.
    let host = world.git.host();
    let upstream = upstream::Upstream::new(&host, world.options(None));
    let version = "41.0.0".parse().unwrap();
    let locked = upstream::Locked::default();
    upstream.unwrap().release(&version, locked).unwrap();
    let offline = SourceOptions {
        offline: true,
        ..world.options(None)
    };
    let error = world.lay_out_from(&world.git.host(), offline).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    let told = told(&error);
    assert!(
        told.contains("`--offline`") && told.contains("once with the network"),
        "{told}"
    );
    assert!(world.workspaces().is_empty());
}

#[test]
fn a_content_that_the_host_lacks_is_told() {
    let world = WorkspaceWorld::new();
    let host = world.git.host();
    let upstream = upstream::Upstream::new(&host, world.options(None));
    let version = "41.0.0".parse().unwrap();
    let locked = upstream::Locked::default();
    let upstream = upstream.unwrap();
    upstream.release(&version, locked).unwrap();
    world.lose("crates/io/answer.txt");
    let error = world.lay_out_from(&host, world.options(None)).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(world.workspaces().is_empty(), "{error}");
}

#[test]
fn a_cache_of_contents_that_is_gone_is_filled_again() {
    let world = WorkspaceWorld::new();
    drop(
        world
            .lay_out_from(&world.git.host(), world.options(None))
            .unwrap(),
    );
    fs::remove_dir_all(world.git.cache()).unwrap();
    let again = world.lay_out_from(&world.git.host(), world.options(None));
    assert!(again.unwrap().reused);
}
