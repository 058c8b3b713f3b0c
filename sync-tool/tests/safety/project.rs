//! What people wrote is broken, or stands elsewhere.

use std::fs;
use std::os::unix::fs::symlink;

use crate::files::PATCH_TEXT;
use crate::world::{NEW, NEXT, PATCH, TREE, WORK, World};

const UPGRADE: [&str; 4] = ["upgrade", "--no-verify", "--to", NEXT];

#[test]
fn a_patch_that_does_not_apply() {
    let world = World::new();
    world.edit(PATCH, " /// Opens one.\n", " /// Opens two.\n");
    let ran = world.fails(&["vendor"], 11);
    ran.says(&["src/sockets/mod.rs", PATCH, "help:"]);
    world.run(&["check"]).ends(10);
    // Its own release does not take it, so there is nothing to merge from.
    world
        .fails(&["upgrade", "--no-verify", "--to", NEW], 11)
        .says(&[PATCH, "help:"]);
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
            world.fails(args, 1).says(&[PATCH, "help:"]).says(said);
        }
    }
    world.write(PATCH, [PATCH_TEXT.as_bytes(), b"\xff\n"].concat());
    world.fails(&["vendor"], 1).says(&["not UTF-8", PATCH]);
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
    world
        .run(&["upgrade", "--no-verify", "--to", "45.0.0"])
        .ends(0);
    let made = world.project().join(TREE).join("src/other.bin");
    assert_eq!(fs::read(made).unwrap(), b"\xff\xfe\0wasmtime_wasi\n");
    world.run(&["check"]).ends(0);
    fs::write(upstream.join("crates/wasi/src/sockets/mod.rs"), b"\xff\n").unwrap();
    let git = &world.both.git;
    git.git(&["commit", "--quiet", "--all", "--message", "46"]);
    git.git(&["tag", "--force", "v45.0.0"]);
    fs::remove_file(world.project().join("manifest.lock")).unwrap();
    let ran = world.run(&["vendor", "--discard-edits"]).ends(1);
    ran.says(&["src/sockets/mod.rs", "is not UTF-8", "help:"]);
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
        world
            .fails(args, 1)
            .says(&["manifest.toml", "help:"])
            .says(&all);
    }
}

#[test]
fn a_rule_that_is_stale_and_a_file_without_rule() {
    let world = World::new();
    world.edit("manifest.toml", "\"wit/**\"", "\"was-there/**\"");
    let ran = world.fails(&UPGRADE, 1);
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
        ran.says(&[place, "is a symbolic link", "help: put "]);
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
    let walk = walk.filter(|e| {
        !["lock", "placed", "times.json"]
            .iter()
            .any(|n| e.file_name() == *n)
    });
    walk.map(|e| (e.path().display().to_string(), fs::read(e.path()).unwrap()))
        .collect()
}

#[test]
fn documents_that_cannot_be_kept() {
    let world = World::new();
    let whole = world.read("README.md");
    world.write("README.md", "# Fork\n");
    let ran = world.fails(&UPGRADE, 1);
    ran.says(&[
        "README.md",
        "block `versions`: the line that begins it is missing",
        "help: put these lines",
    ]);
    fs::remove_file(world.project().join("README.md")).unwrap();
    let ran = world.fails(&UPGRADE, 1);
    ran.says(&[
        "README.md is listed in manifest.toml, but not there",
        "help: restore it",
    ]);
    world.write("README.md", [b"\xff\n", whole.as_bytes()].concat());
    world
        .fails(&UPGRADE, 1)
        .says(&["README.md", "UTF-8", "help:"]);
    world.write("README.md", whole);
    world.run(&UPGRADE).ends(0);
}

#[test]
fn edits_by_hand_stay_until_they_are_dropped() {
    let world = World::new();
    let edited = format!("{TREE}/src/lib.rs");
    world.write(&edited, "// mine\n");
    world.write(&format!("{TREE}/src/extra.rs"), "// mine too\n");
    for args in [&["vendor"][..], &UPGRADE] {
        let ran = world.fails(args, 10);
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
