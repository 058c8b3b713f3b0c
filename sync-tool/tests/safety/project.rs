//! What people wrote is broken, or stands elsewhere.

use std::fs;
use std::os::unix::fs::symlink;

use crate::world::{NEW, NEXT, PATCH, PATCH_TEXT, Ran, TREE, WORK, World};

const UPGRADE: [&str; 4] = ["upgrade", "--no-verify", "--to", NEXT];

/// Runs a command, which fails and changes nothing.
#[track_caller]
fn fails(world: &World, args: &[&str], code: i32) -> Ran {
    let before = world.state();
    let ran = world.run(args).ends(code);
    assert_eq!(world.state(), before);
    assert_eq!(world.left(), [""; 0]);
    ran
}

#[test]
fn a_patch_that_does_not_apply() {
    let world = World::new();
    world.edit(PATCH, " /// Opens one.\n", " /// Opens two.\n");
    let ran = fails(&world, &["vendor"], 11);
    ran.says(&["src/sockets/mod.rs", PATCH, "help:"]);
    world.run(&["check"]).ends(10);
    // Its own release does not take it, so there is nothing to merge from.
    fails(&world, &["upgrade", "--no-verify", "--to", NEW], 11).says(&[PATCH, "help:"]);
}

#[test]
fn a_patch_that_is_malformed() {
    let world = World::new();
    let cases: [(&str, &str, &[&str]); 7] = [
        (
            "sockets/mod.rs",
            "sockets/other.rs",
            &["the patch is for `src/sockets/other.rs`"],
        ),
        ("@@ -1,4 +1,6 @@", "@@ -1,5 +1,6 @@", &["line"]),
        ("@@ -1,4 +1,6 @@", "@@ -1,4 +1,9 @@", &["line"]),
        ("\n", "\r\n", &["line"]),
        ("u32 {\n", "u32 {", &["the last line has no line end"]),
        ("Reason: upstream has none\n", "", &["Reason"]),
        ("a/src/sockets/mod.rs", "a/../../../outside", &["outside"]),
    ];
    for (from, to, said) in cases {
        world.write(PATCH, PATCH_TEXT.replace(from, to));
        for args in [&["vendor"][..], &UPGRADE, &["check"]] {
            fails(&world, args, 1).says(&[PATCH, "help:"]).says(said);
        }
    }
    world.write(PATCH, [PATCH_TEXT.as_bytes(), b"\xff\n"].concat());
    fails(&world, &["vendor"], 1).says(&["not UTF-8", PATCH]);
    world.write(PATCH, PATCH_TEXT);
    world.run(&["check"]).ends(0);
}

#[test]
fn upstream_files_that_are_no_text() {
    let world = World::new();
    let upstream = world.both.git.upstream();
    let other = upstream.join("crates/wasi/src/other.bin");
    fs::write(&other, b"\xff\xfe\0wasmtime_wasi\n").unwrap();
    world.release("45.0.0");
    let ran = fails(&world, &["upgrade", "--no-verify", "--to", "45.0.0"], 1);
    ran.says(&["src/other.bin", "the file is not UTF-8", "help:"]);
    fs::write(&other, b"\xff\xfe\0of no name\n").unwrap();
    world.release("45.0.0");
    world
        .run(&["upgrade", "--no-verify", "--to", "45.0.0"])
        .ends(0);
    let made = world.project().join(TREE).join("src/other.bin");
    assert_eq!(fs::read(made).unwrap(), b"\xff\xfe\0of no name\n");
    world.run(&["check"]).ends(0);
    fs::write(upstream.join("crates/wasi/src/sockets/mod.rs"), b"\xff\n").unwrap();
    let git = &world.both.git;
    git.git(&["commit", "--quiet", "--all", "--message", "46"]);
    git.git(&["tag", "--force", "v45.0.0"]);
    fs::remove_file(world.project().join("manifest.lock")).unwrap();
    let ran = world.run(&["vendor", "--discard-edits"]).ends(1);
    ran.says(&["src/sockets/mod.rs", "the file is not UTF-8", "help:"]);
}

#[test]
fn a_manifest_with_several_faults() {
    let world = World::new();
    world.edit("manifest.toml", "tag = ", "tags = ");
    world.edit(
        "manifest.toml",
        "\"wit/**\"",
        "\"wit/[\", \"../up/**\", \"src/sockets/mod.rs\"",
    );
    world.edit(
        "manifest.toml",
        "path = \"vendor/fork\"",
        "path = \"../fork\"",
    );
    world.edit(
        "manifest.toml",
        "versions = [\"README.md\"]",
        "versions = [\"/etc/motd\"]",
    );
    let all = [
        "tags",
        "wit/[",
        "../up",
        "src/sockets/mod.rs",
        "../fork",
        "/etc/motd",
    ];
    for args in [
        &["vendor"][..],
        &UPGRADE,
        &["check"],
        &["status"],
        &["diff"],
    ] {
        fails(&world, args, 1)
            .says(&["manifest.toml", "help:"])
            .says(&all);
    }
}

#[test]
fn a_rule_that_is_stale_and_a_file_without_rule() {
    let world = World::new();
    world.edit("manifest.toml", "\"wit/**\"", "\"was-there/**\"");
    let ran = fails(&world, &UPGRADE, 1);
    ran.says(&["was-there/**", "wit/world.wit", "help:", "optional = true"]);
}

#[test]
fn places_that_are_links() {
    for place in [
        TREE,
        WORK,
        "vendor",
        "patches",
        "manifest.toml",
        "manifest.lock",
        "README.md",
    ] {
        let world = World::new();
        let link = world.project().join(place);
        let outside = world.path("outside");
        fs::rename(&link, &outside).unwrap();
        symlink(&outside, &link).unwrap();
        let there = listing(&outside);
        let before = world.state();
        let ran = world.run(&["upgrade", "--no-verify", "--to", NEW]).ends(1);
        ran.says(&[&format!("{place} is a symbolic link"), "help: put a"]);
        assert_eq!(world.state(), before);
        assert_eq!(listing(&outside), there, "{place}");
        fs::remove_file(&link).unwrap();
        fs::rename(&outside, &link).unwrap();
        world.run(&["upgrade", "--no-verify", "--to", NEW]).ends(0);
        world.run(&["check"]).ends(0);
    }
}

fn listing(dir: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let walk = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter();
    let walk = walk.map(|e| e.unwrap()).filter(|e| e.file_type().is_file());
    // Who holds the lock, and what a stage once was, says nothing of the project.
    let walk = walk.filter(|e| e.file_name() != "lock" && e.file_name() != "times.json");
    walk.map(|e| (e.path().display().to_string(), fs::read(e.path()).unwrap()))
        .collect()
}

#[test]
fn a_lock_that_was_edited() {
    let world = World::new();
    let whole = world.read("manifest.lock");
    let newer = whole.replacen("form = 1", "form = 2\nunheard-of = true", 1);
    let edited = whole.replacen("\"644 ", "\"755 ", 1);
    let merged = format!("<<<<<<< HEAD\n{whole}=======\n>>>>>>> theirs\n");
    let cases: [(&str, &[&str]); 5] = [
        (
            &newer,
            &[
                "the form 2",
                "use the version of wash-wasi-sync that wrote it",
            ],
        ),
        (&edited, &["its digest is not that of its files"]),
        (
            &merged,
            &[
                "a merge left its markers here",
                "git checkout --ours manifest.lock",
            ],
        ),
        (
            "",
            &[
                "manifest.lock cannot be used",
                "restore it from version control",
            ],
        ),
        (
            "form = 1\n[upstream]\n",
            &["restore it from version control"],
        ),
    ];
    for (text, said) in cases {
        world.write("manifest.lock", text);
        for args in [
            &["vendor"][..],
            &UPGRADE,
            &["check"],
            &["status"],
            &["refresh"],
        ] {
            fails(&world, args, 1).says(&["manifest.lock"]).says(said);
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
    fails(&world, &["check"], 1).says(&["there is no manifest.lock", "help: restore it"]);
    world.run(&["status", "--offline"]).ends(0);
    for args in [&["vendor"][..], &UPGRADE] {
        let ran = fails(&world, args, 10);
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

#[test]
fn edits_by_hand_stay_until_they_are_dropped() {
    let world = World::new();
    let edited = format!("{TREE}/src/lib.rs");
    world.write(&edited, "// mine\n");
    world.write(&format!("{TREE}/src/extra.rs"), "// mine too\n");
    for args in [&["vendor"][..], &UPGRADE] {
        let ran = fails(&world, args, 10);
        ran.says(&[
            &edited,
            "src/extra.rs",
            "wash-wasi-sync refresh",
            "--discard-edits",
        ]);
    }
    world
        .run(&[&UPGRADE[..], &["--discard-edits"]].concat())
        .ends(0);
    world.run(&["check"]).ends(0);
    assert!(!world.project().join(TREE).join("src/extra.rs").exists());
}
