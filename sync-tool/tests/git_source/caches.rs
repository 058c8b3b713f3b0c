//! Caches: nothing is fetched twice, nothing damaged is used, offline is offline.

use std::fs;
use std::path::PathBuf;

use recipe::Kind;
use upstream::git::Git;

use crate::world::*;

/// Does something to the cache.
type Damage = fn(&GitWorld);

/// Returns the files of the cache with an ending.
fn cached(world: &GitWorld, ending: &str) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(world.cache()).into_iter();
    let files = files.map(|f| f.unwrap().into_path());
    files
        .filter(|f| f.is_file() && f.to_string_lossy().ends_with(ending))
        .collect()
}

#[test]
fn a_release_as_locked_is_taken_from_the_cache() {
    let world = GitWorld::new();
    let (url, commit) = (world.url(), world.commit_of(V));
    let first = world.run(&url, |g| g.release(&version(V))).unwrap();
    let asked = world.times_asked();
    // Not even there needs to be anything.
    fs::rename(world.upstream(), world.path("gone")).unwrap();
    let again = world.run(&url, |g| g.release_locked(&version(V), Some(&commit)));
    assert_eq!(again.unwrap().tree, first.tree);
    assert_eq!(world.times_asked(), asked);
}

#[test]
fn the_cache_needs_no_git_program() {
    let world = GitWorld::new();
    let (url, commit) = (world.url(), world.commit_of(V));
    world.run(&url, |g| g.release(&version(V))).unwrap();
    let world = world.var("PATH", "/nowhere");
    world
        .run(&url, |g| g.release_locked(&version(V), Some(&commit)))
        .unwrap();
    let error = world.run(&url, |g| g.release(&version(V))).unwrap_err();
    assert!(
        error.message().contains("`git` is not installed"),
        "{error}"
    );
    assert!(error.hints()[0].contains("--upstream"), "{error:?}");
}

#[test]
fn releases_share_a_cache() {
    let world = GitWorld::new();
    for release in RELEASES.iter().rev() {
        world
            .run(&world.url(), |g| g.release(&version(release)))
            .unwrap();
    }
    world.cache();
    for release in RELEASES {
        let read = world.run_offline(&world.url(), |g| g.release(&version(release)));
        assert_eq!(read.unwrap().commit, Some(world.commit_of(release)));
    }
}

#[test]
fn offline_reaches_nothing() {
    let world = GitWorld::new();
    let url = world.url();
    let errors = [
        world.run_offline(&url, |g| g.release(&version(V)).map(drop)),
        world.run_offline(&url, |g| g.commit(&version(V)).map(drop)),
        world.run_offline(&url, |g| g.list().map(drop)),
    ];
    for error in errors.map(Result::unwrap_err) {
        assert_eq!(error.kind(), Kind::Upstream);
        assert!(error.message().contains("`--offline`"), "{error}");
        assert!(!error.hints().is_empty());
    }
    assert_eq!(world.times_asked(), 0);
}

#[test]
fn offline_gives_what_was_seen_before() {
    let world = GitWorld::new();
    let url = world.url();
    world.run(&url, |g| g.release(&version(V))).unwrap();
    let asked = world.times_asked();
    world
        .run_offline(&url, |g| {
            g.release(&version(V))?;
            assert_eq!(g.commit(&version(V))?, Some(world.commit_of(V)));
            assert_eq!(g.list()?.len(), 1);
            let other = g.release(&version("40.0.0")).unwrap_err();
            assert!(other.message().contains("v40.0.0 of"), "{other}");
            let locked = world.commit_of("40.0.0");
            let moved = g.release_locked(&version(V), Some(&locked)).unwrap_err();
            assert!(
                moved.message().contains("moved since it was locked"),
                "{moved}"
            );
            Ok(())
        })
        .unwrap();
    assert_eq!(world.times_asked(), asked);
}

#[test]
fn a_damaged_cache_is_noticed_and_made_anew() {
    let damages: [(&str, Damage); 4] = [
        ("truncated", |world| {
            change_packs(world, |bytes| bytes.truncate(bytes.len() / 2))
        }),
        ("overwritten", |world| {
            change_packs(world, |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle..middle + 20].fill(0xa5);
            });
        }),
        ("beheaded", |world| {
            fs::remove_file(world.cache().join("HEAD")).unwrap()
        }),
        ("garbled", |world| {
            fs::write(world.cache().join("config"), "[garbage").unwrap()
        }),
    ];
    for (name, damage) in damages {
        let world = GitWorld::new();
        restored(&world, damage);
        let told = world.told.lines();
        assert!(
            told.iter().any(|l| l.contains("is made anew")),
            "{name}: {told:?}"
        );
    }
}

#[test]
fn objects_that_are_all_gone_from_the_cache_are_fetched_again() {
    let world = GitWorld::new();
    restored(&world, |world| {
        for file in [".pack", ".idx"].iter().flat_map(|e| cached(world, e)) {
            fs::remove_file(file).unwrap();
        }
    });
}

fn change_packs(world: &GitWorld, change: impl Fn(&mut Vec<u8>)) {
    for pack in cached(world, ".pack") {
        let mut bytes = fs::read(&pack).unwrap();
        change(&mut bytes);
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, bytes).unwrap();
    }
}

/// Damages the cache, and has it fixed: never is anything read that is not upstream's.
fn restored(world: &GitWorld, damage: impl Fn(&GitWorld)) {
    let (url, commit) = (world.url(), world.commit_of(V));
    let whole = world.run(&url, |g| g.release(&version(V))).unwrap();
    damage(world);
    let locked = |g: &Git<'_>| g.release_locked(&version(V), Some(&commit));
    let error = world.run_offline(&url, locked).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(error.message().contains("`--offline`"), "{error}");
    assert_eq!(world.run(&url, locked).unwrap().tree, whole.tree);
    assert_eq!(world.run_offline(&url, locked).unwrap().tree, whole.tree);
    world.cache();
}

#[test]
fn contents_that_are_gone_from_the_cache_are_fetched_again() {
    let world = GitWorld::new();
    let (url, commit) = (world.url(), world.commit_of(V));
    world.run(&url, |g| g.release(&version(V))).unwrap();
    // The contents came last, in the smaller of two packs or by themselves.
    let lib = world.git(&["rev-parse", &format!("v{V}:crates/wasi/src/lib.rs")]);
    for index in cached(&world, ".idx") {
        let listed = world.git_in(
            &world.cache(),
            &["verify-pack", "-v", index.to_str().unwrap()],
        );
        if listed.contains(&lib) {
            fs::remove_file(index.with_extension("pack")).unwrap();
            fs::remove_file(&index).unwrap();
        }
    }
    world
        .run(&url, |g| g.release_locked(&version(V), Some(&commit)))
        .unwrap();
    assert!(world.told.lines().is_empty(), "{:?}", world.told.lines());
}

#[test]
fn what_a_killed_run_left_does_no_harm() {
    let world = GitWorld::new();
    world.run(&world.url(), |g| g.release(&version(V))).unwrap();
    let cache = world.cache();
    let name = cache.file_name().unwrap().to_str().unwrap();
    write(&cache.join("shallow.lock"), "");
    write(&cache.join("refs/tags/v40.0.0.lock"), "");
    write(&cache.join("objects/pack/tmp_pack_x"), "half");
    write(
        &cache.with_file_name(format!("{name}.draft-x/objects/y")),
        "half",
    );
    world
        .run(&world.url(), |g| g.release(&version("40.0.0")))
        .unwrap();
    world.cache();
    assert!(cached(&world, "tmp_pack_x").is_empty());
    assert!(world.told.lines().is_empty(), "{:?}", world.told.lines());
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let world = GitWorld::new();
    write(&world.path("cache"), "a file where a directory should be");
    let error = world
        .run(&world.url(), |g| g.release(&version(V)))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::General);
    let cache = world.path("cache").display().to_string();
    assert!(error.message().contains(&cache), "{error}");
}
