//! What `manifest.lock` records is compared, all of it: a lock that says something
//! else is named, and never written over without a word.

use super::*;

const LOCK: &str = "manifest.lock";

/// Replaces the value of a key in the lock.
fn record(world: &World, key: &str, value: &str) {
    let text = world.read(LOCK);
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{key} = ")));
    world.write(
        LOCK,
        text.replacen(line.unwrap(), &format!("{key} = {value}"), 1),
    );
}

#[test]
fn a_lock_that_contradicts_the_manifest_or_itself_is_of_no_use() {
    let world = World::vendored();
    let text = world.read(LOCK);
    let good = ["2.0.0-rc.6", "41.0.0", "wasmtime-wasi"];
    for (from, to) in good.into_iter().zip(["9.9.9", "40.0.0", "another-wasi"]) {
        world.write(
            LOCK,
            text.replacen(&format!("\"{from}\""), &format!("\"{to}\""), 1),
        );
        for command in [
            "check",
            "check --deep",
            "vendor",
            "upgrade --to 42",
            "status",
        ] {
            let ran = world.refused(command, 1);
            assert!(
                ran.err.contains(to) && ran.err.contains(from),
                "{command}: {ran}"
            );
        }
    }
    for (key, value) in [("commit", "\"none\""), ("checksum", "\"none\"")] {
        world.write(
            LOCK,
            text.replacen("\ndigest", "\nchecksum = \"\"\ndigest", 1),
        );
        if key == "commit" {
            world.write(LOCK, &text);
        }
        record(&world, key, value);
        world.refused("check", 1);
        world.refused("vendor", 1);
    }
    shown!(world.run("check"), @r#"
    exit 1
    --- stderr
    error: manifest.lock cannot be used
      × `none` is not a SHA-256 checksum
        ╭─[manifest.lock:10:12]
      9 │ commit = "[digest]"
     10 │ checksum = "none"
        ·            ──────
     11 │ digest = "[digest]"
        ╰────
    help: restore it from version control, or remove it and run `wash-wasi-sync vendor --discard-edits`
    "#);
    world.write(LOCK, text.replacen("\"2.0.0-rc.6\"", "\"9.9.9\"", 1));
    shown!(world.run("check"), @r"
    exit 1
    --- stderr
    error: manifest.lock cannot be used
      manifest.lock: its fork version is 9.9.9, and that of manifest.toml is 2.0.0-rc.6
    help: restore it from version control, or remove it and run `wash-wasi-sync vendor --discard-edits`
    ");
}

#[test]
fn a_release_that_is_not_the_recorded_one_is_refused() {
    let world = World::vendored();
    let text = world.read(LOCK);
    let other = world.both.git.commit_of("42.0.0");
    let zeros = "0".repeat(64);
    for (key, value) in [("digest", &zeros), ("commit", &other)] {
        world.write(LOCK, &text);
        record(&world, key, &format!("\"{value}\""));
        for command in [
            "check --deep",
            "vendor",
            "upgrade --to 41.0.0 --no-verify",
            "refresh",
        ] {
            world.refused(command, 13);
        }
    }
    world.write(LOCK, &text);
    record(&world, "digest", &format!("\"{zeros}\""));
    shown!(world.run("vendor"), @r"
    exit 13
    --- stderr
    error: upstream 41.0.0 is not what was locked: its files differ
    help: find out from upstream why a release changed, before anything is taken from it
    help: or restore manifest.lock from version control, if it was edited
    ");
}

#[test]
fn the_same_inputs_give_what_is_recorded() {
    let world = World::vendored();
    let text = world.read(LOCK);
    let without_formatter = text
        .lines()
        .filter(|line| !line.starts_with("formatter"))
        .map(|line| format!("{line}\n"));
    let other_series = text.replace("series = \"38.0.1\"", "series = \"38.0.4\"");
    for wrong in [without_formatter.collect(), other_series] {
        assert_ne!(wrong, text);
        world.write(LOCK, wrong);
        for command in ["check --deep", "vendor", "vendor --locked"] {
            let ran = world.refused(command, 10);
            assert!(format!("{ran}").contains(LOCK), "{command}: {ran}");
        }
    }
    shown!(world.run("vendor"), @r"
    exit 10
    --- stderr
    error: the tree is not as locked
      manifest.lock: another series is recorded than the same inputs give now
    help: the lock was edited: restore it from version control
    ");
}

#[test]
fn a_commit_that_the_tree_was_not_made_from_is_found_without_upstream() {
    let world = World::vendored();
    record(&world, "commit", &format!("\"{}\"", "0".repeat(40)));
    let ran = world.refused("check", 10);
    assert!(
        ran.out
            .contains("manifest.lock is not what the tool writes there"),
        "{ran}"
    );
}

#[test]
fn generated_documents_are_looked_at_too() {
    let world = World::vendored();
    world.edit("docs/differences.md", "**Change:**", "**Changed:**");
    world.edit("README.md", "The second", "The 2nd");
    shown!(world.refused("check --deep", 10), @r"
    exit 10
    Drift: 2 differences
      README.md is not what the tool writes there
      docs/differences.md is not what the tool writes there
    help: to write them again: `wash-wasi-sync vendor`
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    --- stderr
    listing the tags of [upstream]
    ");
    // The crate has a file of that name too, and an edit of one hides no edit of the other.
    let crates = format!("{TREE}/README.md");
    let whole = world.read(&crates);
    world.write(&crates, format!("{whole}edited\n"));
    let both = world.refused("check --deep", 10);
    assert!(both.out.contains("Drift: 3 differences"), "{both}");
    world.write(&crates, whole);
    let sarif = world.run("check --deep --format sarif").ended(10);
    assert!(sarif.out.contains("docs/differences.md"), "{sarif}");
    assert!(!sarif.out.contains("vendor/wash-wasi/docs"), "{sarif}");
    world.run("vendor").done();
    world.run("check --deep").done();
}
