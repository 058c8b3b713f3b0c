//! Both sources give the same tree: of a small workspace that cargo packages, and
//! of upstream's releases.
//!
//! The latter, and what a fetch of one costs, are looked at where
//! `WASH_WASI_UPSTREAM` names a git repository of wasmtime; where it does not,
//! that is said on stderr.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/both_worlds.rs"]
mod both;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/git_world.rs"]
mod git_world;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/registry_world.rs"]
mod registry_world;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/registry_server.rs"]
mod server;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use both::Both;
use git_world::{CRATE, GitWorld, RELEASES, version};
use wash_wasi_sync::core::cargo_toml::Inherited;
use wash_wasi_sync::core::release::{Release, SourceKind, Workspace};
use wash_wasi_sync::ports::upstream::{Locked, Options, Source as _, SourceChoice, Upstream};
use wash_wasi_sync::ports::{Environment, Host, Silent};

/// Upstream's releases that are compared.
const OF_UPSTREAM: [&str; 4] = ["38.0.4", "41.0.0", "45.0.0", "48.0.0"];
/// What a fetch of 41.0.0 may cost, in bytes.
const BUDGET: u64 = 1_200_000;

/// Says what a run leaves out; `cargo test` does not swallow it.
fn say(line: &str) {
    std::io::stderr()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
}

fn upstream() -> Option<PathBuf> {
    let named = std::env::var_os("WASH_WASI_UPSTREAM").map(PathBuf::from);
    if named.is_none() {
        say("not compared: upstream's releases: WASH_WASI_UPSTREAM is not set");
    }
    named
}

fn inherited(release: &Release) -> Inherited {
    let member = release.tree.get("Cargo.toml").unwrap().text().unwrap();
    match &release.workspace {
        Workspace::Root(text) => Inherited::from_workspace(member, text).unwrap(),
        Workspace::Published(text) => Inherited::from_published(member, text).unwrap(),
    }
}

/// Checks that one release is the same from both sources.
fn same(git: &Release, registry: &Release) {
    let sources = (git.source, registry.source);
    assert_eq!(sources, (SourceKind::Git, SourceKind::Registry));
    let differing: Vec<_> = git
        .tree
        .paths()
        .chain(registry.tree.paths())
        .filter(|path| git.tree.get(path.as_str()) != registry.tree.get(path.as_str()))
        .collect();
    assert!(differing.is_empty(), "{}: {differing:?}", git.version);
    assert_eq!(git.tree.digest(), registry.tree.digest());
    assert_eq!(git.commit, registry.commit);
    assert!(git.commit.is_some() && git.tree.len() > 2);
    assert_eq!(inherited(git), inherited(registry));
    assert!(git.cargo_lock.is_some() && registry.cargo_lock.is_some());
}

#[test]
fn a_workspace_that_cargo_packages_gives_the_same_tree() {
    let both = Both::new();
    let packages = RELEASES.map(|v| (v, both.packaged_by_cargo(v)));
    both.publish(&packages);
    for release in RELEASES {
        let [git, registry] = [SourceChoice::Git, SourceChoice::Registry].map(|choice| {
            let options = Options {
                choice,
                ..both.options()
            };
            both.run(options, |u| u.release(&version(release), Locked::default()))
                .unwrap()
        });
        same(&git, &registry);
    }
}

#[test]
fn upstreams_releases_give_the_same_tree() {
    let Some(repository) = upstream() else { return };
    let cache = tempfile::tempdir().unwrap();
    let host = Host::new(Environment::of_process().unwrap(), Arc::new(Silent)).unwrap();
    let from = |choice| {
        let options = Options {
            choice,
            upstream: None,
            cache: cache.path().to_path_buf(),
            offline: false,
            project_dir: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            name: CRATE.to_owned(),
            repository: repository.to_str().unwrap().to_owned().into(),
            path: wash_wasi_sync::core::tree::TreePath::new("crates/wasi").unwrap(),
            tag: "v{version}".to_owned(),
        };
        Upstream::new(&host, options).unwrap()
    };
    let (git, registry) = (from(SourceChoice::Git), from(SourceChoice::Registry));
    for release in OF_UPSTREAM {
        let of_git = git.release(&version(release), Locked::default()).unwrap();
        let of_registry = registry.release(&version(release), Locked::default());
        let of_registry = of_registry
            .unwrap_or_else(|e| panic!("this test needs a registry: {e}; {:?}", e.hints()));
        same(&of_git, &of_registry);
        let (count, digest) = (of_git.tree.len(), of_git.tree.digest());
        say(&format!("{release}: {count} files, tree digest {digest}"));
    }
}

/// Makes a repository that serves another's objects, which is left as it is.
fn served(repository: &Path, world: &GitWorld) -> PathBuf {
    let common = world.git_in(repository, &["rev-parse", "--absolute-git-dir"]);
    let served = world.path("served");
    world.git_in(world.dir.path(), &["init", "--quiet", "--bare", "served"]);
    fs::write(
        served.join("objects/info/alternates"),
        format!("{common}/objects\n"),
    )
    .unwrap();
    let tag = world.git_in(repository, &["rev-parse", "refs/tags/v41.0.0"]);
    world.git_in(&served, &["update-ref", "refs/tags/v41.0.0", &tag]);
    world.git_in(&served, &["config", "uploadpack.allowFilter", "true"]);
    world.git_in(
        &served,
        &["config", "uploadpack.allowAnySHA1InWant", "true"],
    );
    served
}

#[test]
fn a_fetch_of_41_costs_little() {
    let Some(repository) = upstream() else { return };
    let world = GitWorld::new();
    let url = format!("file://{}", served(&repository, &world).display());
    let fetched = world.run(&url, |g| g.release(&version("41.0.0"))).unwrap();
    let sent = fs::metadata(world.path("requests/sent")).unwrap().len();
    let times = world.times_fetched();
    say(&format!(
        "41.0.0 was fetched in {times} requests, {sent} bytes"
    ));
    assert_eq!(times, 2);
    assert!(sent <= BUDGET, "{sent} bytes");
    world.run(&url, |g| g.release(&version("41.0.0"))).unwrap();
    let again = fs::metadata(world.path("requests/sent")).unwrap().len() - sent;
    say(&format!(
        "to see that the tag did not move took {again} bytes"
    ));
    assert!(again <= BUDGET / 100, "{again} bytes");
    let in_place = world.run(repository.to_str().unwrap(), |g| {
        g.release(&version("41.0.0"))
    });
    assert_eq!(fetched.tree.digest(), in_place.unwrap().tree.digest());
}
