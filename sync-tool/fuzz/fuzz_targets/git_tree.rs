//! A release is read from a repository whose trees hold anything, or refused.
#![no_main]

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use git2::{ObjectType, Oid, Repository};
use host::{Environment, Host, Silent};
use libfuzzer_sys::fuzz_target;
use recipe::tree::TreePath;
use semver::Version;
use upstream::SourceOptions;
use upstream::git::Git;

/// An entry of a tree, as git stores it.
#[derive(Arbitrary, Debug)]
struct Entry {
    mode: Mode,
    name: Vec<u8>,
    content: Content,
}

#[derive(Arbitrary, Debug)]
enum Mode {
    Regular,
    Executable,
    Link,
    Directory,
    Submodule,
    Other(u16),
}

#[derive(Arbitrary, Debug)]
enum Content {
    Missing([u8; 20]),
    Blob(Vec<u8>),
    Tree(Vec<Entry>),
}

struct World {
    dir: PathBuf,
    repo: std::sync::Mutex<Repository>,
    host: Host,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a directory").keep();
    let repo = Repository::init_bare(&dir).expect("a repository").into();
    let env = Environment::of_process().expect("an environment");
    let host = Host::new(env, Arc::new(Silent)).expect("a host");
    World { dir, repo, host }
});

fn written(repo: &Repository, entries: &[Entry], deep: usize) -> Oid {
    let mut raw = Vec::new();
    for entry in entries.iter().take(16) {
        let mode = match entry.mode {
            Mode::Regular => 0o100_644,
            Mode::Executable => 0o100_755,
            Mode::Link => 0o120_000,
            Mode::Directory => 0o040_000,
            Mode::Submodule => 0o160_000,
            Mode::Other(mode) => u32::from(mode),
        };
        let id = match &entry.content {
            Content::Missing(id) => Oid::from_bytes(id).expect("twenty bytes"),
            Content::Blob(bytes) => repo.blob(bytes).expect("a blob"),
            Content::Tree(entries) if deep < 3 => written(repo, entries, deep + 1),
            Content::Tree(_) => repo.blob(b"deep").expect("a blob"),
        };
        raw.extend(format!("{mode:o} ").bytes());
        raw.extend(entry.name.iter().filter(|byte| **byte != 0));
        raw.push(0);
        raw.extend(id.as_bytes());
    }
    let odb = repo.odb().expect("a database");
    odb.write(ObjectType::Tree, &raw).expect("written")
}

fn above(repo: &Repository, name: &str, id: Oid, mode: i32) -> Oid {
    let mut builder = repo.treebuilder(None).expect("a builder");
    builder.insert(name, id, mode).expect("inserted");
    builder.write().expect("a tree")
}

fuzz_target!(|entries: Vec<Entry>| {
    let world = &*WORLD;
    {
        let repo = world.repo.lock().expect("not poisoned");
        let dir = written(&repo, &entries, 0);
        let Ok(found) = repo.find_tree(dir) else {
            return;
        };
        // A release has a manifest, and patterns that everything is matched with.
        let manifest = "[package]\nname = \"net\"\nversion = \"1.0.0\"\ninclude = [\"src/**\", \"*\"]\n";
        let manifest = repo.blob(manifest.as_bytes()).expect("a blob");
        let mut raw = Vec::new();
        for entry in found.iter().filter(|entry| entry.name_bytes() != b"Cargo.toml") {
            raw.extend(format!("{:o} ", entry.filemode_raw()).bytes());
            raw.extend(entry.name_bytes());
            raw.push(0);
            raw.extend(entry.id().as_bytes());
        }
        raw.extend(b"100644 Cargo.toml\0");
        raw.extend(manifest.as_bytes());
        let dir = repo.odb().expect("a database").write(ObjectType::Tree, &raw).expect("written");
        // Objects that libgit2 does not take for trees are not what is tried here.
        if repo.find_tree(dir).is_err() {
            return;
        }
        let crates = above(&repo, "net", dir, 0o040_000);
        let root = repo.blob(b"[workspace]\n").expect("a blob");
        let mut builder = repo.treebuilder(None).expect("a builder");
        builder.insert("crates", crates, 0o040_000).expect("inserted");
        builder.insert("Cargo.toml", root, 0o100_644).expect("inserted");
        let tree = repo.find_tree(builder.write().expect("a tree")).expect("there");
        let who = git2::Signature::new("a", "a@b", &git2::Time::new(0, 0)).expect("a name");
        let commit = repo.commit(None, &who, &who, "x", &tree, &[]).expect("a commit");
        let reference = repo.reference("refs/tags/v1.0.0", commit, true, "x");
        reference.expect("a tag");
    }
    let path = TreePath::new("crates/net").expect("a path");
    let upstream = world.dir.to_str().expect("UTF-8").to_owned();
    let options = SourceOptions {
        upstream: Some(upstream.into()),
        offline: true,
        ..SourceOptions::new("net", path, world.dir.join("cache"), &world.dir)
    };
    let git = Git::new(&world.host, &options).expect("a repository");
    if let Ok(release) = git.release(&Version::new(1, 0, 0)) {
        for (path, _) in release.tree.iter() {
            assert!(!path.as_str().split('/').any(|part| part == ".." || part.is_empty()));
        }
    }
});
