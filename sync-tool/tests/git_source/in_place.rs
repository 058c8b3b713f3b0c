//! Repositories on this machine, read where they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use recipe::Kind;

use crate::world::*;

/// Returns all files below a directory with their content.
fn all(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(dir).into_iter().map(|f| f.unwrap());
    let files = files.filter(|f| f.file_type().is_file());
    files
        .map(|f| (f.path().to_owned(), fs::read(f.path()).unwrap()))
        .collect()
}

/// Makes repositories of every kind, each with the tags.
fn every_kind(world: &GitWorld) -> [&'static str; 6] {
    let root = world.dir.path();
    world.git_in(root, &["clone", "--quiet", "--bare", "upstream", "bare"]);
    world.git_in(root, &["clone", "--quiet", "upstream", "clone"]);
    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "--detach",
        "../worktree",
        "v38.0.1",
    ]);
    let single = ["--depth=1", "--branch=v41.0.0"];
    let url = world.url();
    world.git_in(
        root,
        &["clone", "--quiet", single[0], single[1], &url, "shallow"],
    );
    world.git_in(root, &["clone", "--quiet", "--mirror", &url, "packed"]);
    world.git_in(&root.join("packed"), &["gc", "--quiet"]);
    ["upstream", "bare", "clone", "worktree", "shallow", "packed"]
}

#[test]
fn every_kind_of_repository_is_read_and_left_as_it_is() {
    let world = GitWorld::new();
    let places = every_kind(&world);
    let commit = world.commit_of(V);
    let mut digests = Vec::new();
    for place in places {
        // What is not committed is of no concern.
        let edited = world.path(place).join("crates/wasi/src/lib.rs");
        if edited.is_file() {
            write(&edited, "edited");
        }
        let before = all(&world.path(place));
        let absolute = world.path(place).display().to_string();
        for upstream in [place, &absolute] {
            let release = world.run_offline(upstream, |g| {
                assert!(g.is_local() && !g.is_untagged()?);
                assert_eq!(g.commit(&version(V))?.as_ref(), Some(&commit));
                g.release_locked(&version(V), Some(&commit))
            });
            let release = release.unwrap();
            assert_eq!(release.commit.as_ref(), Some(&commit), "{place}");
            digests.push(release.tree.digest());
        }
        assert_eq!(all(&world.path(place)), before, "{place}");
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
    assert!(world.caches().is_empty());
}

#[test]
fn the_tags_are_listed() {
    let world = GitWorld::new();
    let listed = world.run("upstream", |g| g.list()).unwrap();
    let versions: Vec<String> = listed.iter().map(|l| l.version.to_string()).collect();
    assert_eq!(versions, RELEASES);
}

/// Has cargo check the repository out, as for a project that depends on it.
fn cargo_checkout(world: &GitWorld) -> PathBuf {
    let project = world.path("dependent");
    let url = world.url();
    write(
        &project.join("Cargo.toml"),
        format!(
            "[package]\nname = \"dependent\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [dependencies]\n{CRATE} = {{ git = \"{url}\", tag = \"v{V}\" }}\n[workspace]\n"
        ),
    );
    write(&project.join("src/lib.rs"), "");
    let output = Command::new(env!("CARGO"))
        .arg("fetch")
        .current_dir(&project)
        .env("CARGO_HOME", world.path("cargo-home"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let checkouts = world.path("cargo-home/git/checkouts");
    let found = walkdir::WalkDir::new(checkouts).min_depth(2).max_depth(2);
    found.into_iter().next().unwrap().unwrap().into_path()
}

#[test]
fn a_checkout_of_cargo_s_has_no_tags_and_is_read_all_the_same() {
    let world = GitWorld::new();
    let checkout = cargo_checkout(&world);
    assert_eq!(world.git_in(&checkout, &["tag"]), "");
    let from_tag = world.run("upstream", |g| g.release(&version(V))).unwrap();
    let commit = world.commit_of(V);
    world
        .run(checkout.to_str().unwrap(), |g| {
            assert!(g.is_local() && g.is_untagged()?);
            let listed = g.list()?;
            assert_eq!((listed.len(), &listed[0].version), (1, &version(V)));
            assert_eq!(g.commit(&version(V))?.as_ref(), Some(&commit));
            for locked in [None, Some(commit.as_str())] {
                let release = g.release_locked(&version(V), locked)?;
                assert_eq!(release.tree, from_tag.tree);
                assert_eq!(release.commit.as_ref(), Some(&commit));
            }
            let other = world.commit_of("40.0.0");
            let error = g.release_locked(&version(V), Some(&other)).unwrap_err();
            assert_eq!(error.kind(), Kind::Upstream);
            assert!(
                error.message().contains(&commit) && error.message().contains(&other),
                "{error}"
            );
            for error in [
                g.release(&version("40.0.0")).map(drop).unwrap_err(),
                g.commit(&version("40.0.0")).map(drop).unwrap_err(),
            ] {
                assert!(error.message().ends_with("41.0.0, not 40.0.0"), "{error}");
                assert!(
                    error.hints()[1].contains("fetch --tags origin"),
                    "{error:?}"
                );
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn among_tags_a_checkout_counts_only_as_what_was_locked() {
    let world = GitWorld::new();
    let head = world.git(&["rev-parse", "HEAD"]);
    world.git(&["checkout", "--quiet", "--detach"]);
    let unlocked = world.run("upstream", |g| g.release(&version("42.0.0")));
    assert!(
        unlocked
            .unwrap_err()
            .message()
            .ends_with("has no tag v42.0.0")
    );
    let locked = world.run("upstream", |g| {
        g.release_locked(&version("42.0.0"), Some(&head))
    });
    assert_eq!(locked.unwrap().commit, Some(head));
}

#[test]
fn contents_that_are_not_needed_may_be_missing() {
    let world = GitWorld::new();
    let (root, url) = (world.dir.path(), world.url());
    let clone = ["clone", "--quiet", "--filter=blob:none", "--no-checkout"];
    world.git_in(root, &[&clone[..], &[&url, "partial"]].concat());
    let partial = world.path("partial");
    let error = world
        .run("partial", |g| g.release(&version(V)))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error.message().contains("tag v41.0.0 of `partial` lacks"),
        "{error}"
    );

    // Git fetches what it is asked to show.
    for (path, _) in files(V) {
        if path != LARGE && path != "README.md" && path != "crates/wasi/notes.txt" {
            world.git_in(&partial, &["show", &format!("v{V}:{path}")]);
        }
    }
    let release = world.run("partial", |g| g.release(&version(V))).unwrap();
    let whole = world.run("upstream", |g| g.release(&version(V))).unwrap();
    assert_eq!(release.tree, whole.tree);
    let large = format!("v{V}:{LARGE}");
    let id = world.git(&["rev-parse", &large]);
    let objects = [
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname)",
    ];
    assert!(!world.git_in(&partial, &objects).contains(&id));
}

#[test]
fn the_command_that_completes_a_partial_clone_does_so() {
    let world = GitWorld::new();
    let url = world.url();
    let clone = ["clone", "--quiet", "--filter=blob:none", "--no-checkout"];
    world.git_in(world.dir.path(), &[&clone[..], &[&url, "partial"]].concat());
    let error = world
        .run("partial", |g| g.release(&version(V)))
        .unwrap_err();
    let command = error.hints()[0].split('`').nth(1).unwrap().to_owned();
    let run = Command::new("sh").args(["-c", &command]).status().unwrap();
    assert!(run.success(), "{command}");
    world.run("partial", |g| g.release(&version(V))).unwrap();
}

#[test]
fn damaged_objects_are_told() {
    let world = GitWorld::new();
    let id = world.git(&["rev-parse", &format!("v{V}:crates/wasi/src/lib.rs")]);
    let object = format!("upstream/.git/objects/{}/{}", &id[..2], &id[2..]);
    fs::remove_file(world.path(&object)).unwrap();
    write(&world.path(&object), "garbage");
    let error = world
        .run("upstream", |g| g.release(&version(V)))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(error.message().contains("is damaged"), "{error}");
    assert!(error.hints()[0].contains("fsck"), "{error:?}");
}

#[test]
fn what_is_no_repository_is_told() {
    let world = GitWorld::new();
    fs::create_dir(world.path("empty")).unwrap();
    fs::create_dir(world.path("new")).unwrap();
    world.git_in(&world.path("new"), &["init", "--quiet"]);
    for (place, part) in [
        ("nowhere", "`nowhere` is not a git repository"),
        ("empty", "`empty` is not a git repository"),
        ("new", "HEAD of `new` leads to no commit"),
    ] {
        let error = world.run(place, |g| g.release(&version(V))).unwrap_err();
        assert_eq!(error.kind(), Kind::Upstream);
        assert!(error.message().starts_with(part), "{error}");
        assert!(!error.hints().is_empty());
    }
}
