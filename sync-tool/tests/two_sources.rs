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
use host::{Environment, Host, Silent};
use recipe::cargo_toml::Inherited;
use recipe::release::{Release, SourceKind, Workspace};
use upstream::{Locked, SourceChoice, SourceOptions, Upstream};

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
            let options = SourceOptions {
                choice,
                ..both.options()
            };
            both.run(options, |u| u.release(&version(release), Locked::default()))
                .unwrap()
        });
        same(&git, &registry);
    }
}

/// Symbolic links of the crate, and what they lead to.
const LINKS: [(&str, &str); 13] = [
    ("LICENSE", "../../LICENSE"),
    ("src/file.rs", "lib.rs"),
    ("src/directory", "../../../shared"),
    ("src/through.rs", "directory/a.rs"),
    ("src/chain.rs", "through.rs"),
    ("src/up_and_down.rs", "../../../shared/deep/../a.rs"),
    ("src/run.sh", "directory/run.sh"),
    ("src/around", "."),
    ("src/sockets/above", "../.."),
    ("src/another_crate", "../../../another"),
    ("tests/Cargo.lock", "../../../shared/a.rs"),
    ("wit/deps", "../../../shared/deep"),
    ("top", "../../shared"),
];

/// Writes files into the workspace, and links into the crate, and releases them.
fn release(both: &Both, number: usize, rule: &str, links: &[(&str, &str)]) -> String {
    let version = format!("43.0.{number}");
    let (root, git) = (both.git.upstream(), &both.git);
    for (path, text) in git_world::files(&version) {
        git_world::write(&root.join(path), text);
    }
    for (path, text) in [
        ("LICENSE", "The workspace's.\n"),
        ("shared/a.rs", "// a\n"),
        ("shared/deep/b.rs", "// b\n"),
        ("shared/run.sh", "#!/bin/sh\n"),
        (
            "shared/inner/Cargo.toml",
            "[package]\nname = \"inner\"\n[workspace]\n",
        ),
        ("shared/inner/src/lib.rs", ""),
        (
            "another/Cargo.toml",
            "[package]\nname = \"another\"\n[workspace]\n",
        ),
        ("another/src/lib.rs", ""),
    ] {
        git_world::write(&root.join(path), text);
    }
    let crate_dir = root.join("crates/wasi");
    let _ = fs::remove_file(root.join("shared/link"));
    std::os::unix::fs::symlink("deep", root.join("shared/link")).unwrap();
    for (path, target) in links {
        let _ = fs::remove_file(crate_dir.join(path));
        std::os::unix::fs::symlink(target, crate_dir.join(path)).unwrap();
    }
    let manifest = crate_dir.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let include = text.find("include").unwrap();
    fs::write(&manifest, format!("{}{rule}\n", &text[..include])).unwrap();
    git.git(&["add", "--all", "--force"]);
    git.git(&["update-index", "--chmod=+x", "shared/run.sh"]);
    git.git(&["commit", "--quiet", "--message", &version]);
    git.git(&["tag", &format!("v{version}")]);
    version
}

#[test]
fn links_are_followed_as_cargo_does() {
    let both = Both::new();
    let rules = [
        "",
        r#"include = ["src/**/*", "/LICENSE", "tests", "wit/**/*.rs"]"#,
        r#"include = ["src/directory/deep", "top/*.rs", "/src/*.rs"]"#,
        r#"exclude = ["src/around", "src/directory/deep", "*.sh"]"#,
        // What the workspace has, cargo copies.
        "readme.workspace = true\nlicense-file.workspace = true",
    ];
    for (number, rule) in rules.iter().enumerate() {
        let workspace = both.git.upstream().join("Cargo.toml");
        let version = release(&both, number, rule, &LINKS);
        if rule.contains("workspace") {
            let text = fs::read_to_string(&workspace).unwrap();
            let shared =
                "[workspace.package]\nreadme = \"shared/a.rs\"\nlicense-file = \"LICENSE\"";
            fs::write(&workspace, text.replace("[workspace.package]", shared)).unwrap();
            both.git
                .git(&["commit", "--quiet", "--all", "--message", "shared"]);
            both.git.git(&["tag", "--force", &format!("v{version}")]);
        }
        both.publish(&[(&version, both.packaged_by_cargo(&version))]);
        let [git, registry] = [SourceChoice::Git, SourceChoice::Registry].map(|choice| {
            let options = SourceOptions {
                choice,
                ..both.options()
            };
            both.run(options, |u| {
                u.release(&git_world::version(&version), Locked::default())
            })
            .unwrap()
        });
        same(&git, &registry);
        assert!(git.tree.get("src/directory/deep/b.rs").is_some() != rule.contains("exclude"));
    }
}

#[test]
fn links_that_lead_nowhere_are_faults_where_the_package_has_them() {
    let both = Both::new();
    let links = [
        ("src/nowhere.rs", "none.rs"),
        ("src/below_a_file.rs", "lib.rs/none.rs"),
        ("src/circle.rs", "circle.rs"),
        ("src/absolute.rs", "/etc/hostname"),
        ("src/outside", "../../../.."),
        ("src/outside.rs", "../../../../secret/a.rs"),
        ("notes_link", "none"),
        ("other_link", "/etc"),
    ];
    let version = release(&both, 0, r#"include = ["src/**/*"]"#, &links);
    let told = [both.git.url(), "upstream".to_owned()].map(|upstream| {
        let read = both
            .git
            .run(&upstream, |g| g.release(&git_world::version(&version)));
        let error = read.unwrap_err();
        let faults = error.all_faults().iter();
        let told =
            faults.map(|fault| format!("{}: {}\n", fault.place.as_ref().unwrap(), fault.message));
        told.collect::<String>()
    });
    assert_eq!(told[0], told[1]);
    insta::assert_snapshot!(told[0], @"
    crates/wasi/src/absolute.rs: it is a symbolic link that leads out of the repository
    crates/wasi/src/below_a_file.rs: it is a symbolic link that leads nowhere
    crates/wasi/src/circle.rs: it is a symbolic link that leads nowhere
    crates/wasi/src/nowhere.rs: it is a symbolic link that leads nowhere
    crates/wasi/src/outside: it is a symbolic link that leads out of the repository
    crates/wasi/src/outside.rs: it is a symbolic link that leads out of the repository
    ");
    fs::remove_dir_all(both.git.upstream().join("crates/wasi/src")).unwrap();
    let version = release(&both, 1, r#"include = ["src/**/*"]"#, &links[6..]);
    let read = both
        .git
        .run("upstream", |g| g.release(&git_world::version(&version)));
    assert!(read.unwrap().tree.get("src/lib.rs").is_some());
}

#[test]
fn upstreams_releases_give_the_same_tree() {
    let Some(repository) = upstream() else { return };
    let cache = tempfile::tempdir().unwrap();
    let host = Host::new(Environment::of_process().unwrap(), Arc::new(Silent)).unwrap();
    let from = |choice| {
        let options = SourceOptions {
            choice,
            upstream: None,
            cache: cache.path().to_path_buf(),
            offline: false,
            project_dir: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            name: CRATE.to_owned(),
            repository: repository.to_str().unwrap().to_owned().into(),
            path: recipe::tree::TreePath::new("crates/wasi").unwrap(),
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
