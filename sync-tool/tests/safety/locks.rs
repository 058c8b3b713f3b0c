//! The lock is broken, or gone.

use std::fs;

use crate::world::{NEXT, TREE, World};

const UPGRADE: [&str; 4] = ["upgrade", "--no-verify", "--to", NEXT];

#[test]
fn a_lock_that_was_edited() {
    let world = World::new();
    let whole = world.read("manifest.lock");
    let newer = whole.replacen("form = 1", "form = 2\nunheard-of = true", 1);
    let edited = whole.replacen("\"644 ", "\"755 ", 1);
    let merged = format!("<<<<<<< HEAD\n{whole}=======\n>>>>>>> theirs\n");
    for (text, said) in [
        (newer, "use the version of wash-wasi-sync that wrote it"),
        (edited, "its digest is not that of its files"),
        (merged, "git checkout --ours manifest.lock"),
        (String::new(), "restore it from version control"),
        (
            "form = 1\n[upstream]\n".to_owned(),
            "restore it from version control",
        ),
    ] {
        world.write("manifest.lock", text);
        for args in [
            &["vendor"][..],
            &UPGRADE,
            &["check"],
            &["status"],
            &["refresh"],
        ] {
            world
                .fails(args, 1)
                .says(&["manifest.lock cannot be used", said]);
        }
    }
    world.write("manifest.lock", &whole);
    world.run(&["check"]).ends(0);
}

#[test]
fn a_lock_that_is_gone() {
    let world = World::new();
    let before = world.state();
    fs::remove_file(world.project().join("manifest.lock")).unwrap();
    world
        .fails(&["check"], 1)
        .says(&["there is no manifest.lock", "help: restore it"]);
    world.run(&["status", "--offline"]).ends(0);
    for args in [&["vendor"][..], &UPGRADE] {
        let ran = world.fails(args, 10);
        ran.says(&[
            "there is no manifest.lock",
            TREE,
            "--discard-edits",
            "restore manifest.lock",
        ]);
    }
    world.run(&["vendor", "--discard-edits"]).ends(0);
    let mut now = world.state();
    assert_eq!(
        now.remove("manifest.lock").map(|(b, _)| b.is_empty()),
        Some(false)
    );
    assert!(
        now.iter()
            .all(|(name, file)| before.get(name) == Some(file))
    );
    world.run(&["check"]).ends(0);
}
