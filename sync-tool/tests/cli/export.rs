//! Exports: the fork under upstream's own name, outside of the project.

use std::path::PathBuf;
use std::process::Command;

use super::world::{Ran, Seen};
use super::*;

const EXPORT: &str = "export --as-upstream ../hosts/wasi";
const CHECK: &str = "check --exported ../hosts/wasi";
const FILE: &str = "../hosts/wasi/src/sockets/mod.rs";

/// Makes a world that has an export.
fn exported() -> World {
    let world = World::vendored();
    world.run(EXPORT).done();
    world
}

fn hosts(world: &World) -> PathBuf {
    world.both.git.path("hosts")
}

fn tree(world: &World) -> Seen {
    see(&hosts(world).join("wasi"))
}

/// Checks that a run ends with a code and changes nothing, in the project and beside it.
fn refused(world: &World, line: &str, code: i32) -> Ran {
    let beside = || match hosts(world).exists() {
        true => see(&hosts(world)),
        false => Seen::new(),
    };
    let before = beside();
    let ran = world.refused(line, code);
    assert_eq!(
        differing(&before, &beside()),
        Vec::<String>::new(),
        "{line}"
    );
    ran
}

/// Returns what a check of the export found: each path and what is wrong with it.
fn found(world: &World, check: &str) -> Vec<(String, String)> {
    let ran = world.run(&format!("{check} --format json")).ended(10);
    let drift = ran.json()["drift"].take();
    let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap().to_owned();
    let drift = drift.as_array().unwrap().iter();
    drift
        .map(|one| (text(one, "path"), text(one, "what")))
        .collect()
}

#[test]
fn an_export_is_the_fork_in_upstreams_words() {
    let world = World::vendored();
    let lock = world.read("manifest.lock");
    shown!(world.run(EXPORT).done(), @r#"
    exit 0
    ../hosts/wasi is 41.0.0+wash-wasi.2.0.0-rc.6 (upstream 41.0.0)
      14 files from git, commit [digest], digest [digest]
    Patches of patches/v38.0.1: 2 files, all exact; 13 of at most 30 changed lines
      src/sockets/mod.rs exact +3 −1
      src/sockets/tcp.rs exact +8 −1
    Rules
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Wrote: manifest.lock
    For the host's Cargo.toml
    [patch.crates-io]
    wasmtime-wasi = { path = "[hosts]/wasi" }

    Time: fetch [time], prepare [time], make [time], commit [time]
    "#);
    // Nothing beside it, and of the project the lock alone has more.
    assert!(
        see(&hosts(&world))
            .keys()
            .all(|path| path.starts_with("wasi/"))
    );
    assert!(world.read("manifest.lock").starts_with(&lock));
    let vendored = world.tree();
    let exported = tree(&world);
    assert_eq!(
        vendored.keys().collect::<Vec<_>>(),
        exported.keys().collect::<Vec<_>>()
    );
    for (path, bytes) in &exported {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains("wash_wasi"), "{path}");
        if path.starts_with("Cargo.") {
            continue;
        }
        // By other means: what the fork renamed, named back.
        let sed = Command::new("sed")
            .arg(r"s/\bwash_wasi\b/wasmtime_wasi/g")
            .arg(world.path(&format!("{TREE}/{path}")))
            .output()
            .unwrap();
        let lines = |text: &str| -> Vec<String> {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            // Imports are in the order of their names.
            lines.sort();
            lines
        };
        let back = String::from_utf8(sed.stdout).unwrap();
        assert_eq!(lines(&text), lines(&back), "{path}");
        // What the fork does not change has upstream's very bytes.
        let pristine = world.run(&format!("show {path}"));
        let is_changed = text.contains("loopback") || text.contains("unsafe");
        assert!(
            pristine.code != 0 || is_changed || pristine.out == text,
            "{path}"
        );
    }
    let manifest = world.read("../hosts/wasi/Cargo.toml");
    let head = "name = \"wasmtime-wasi\"\nversion = \"41.0.0+wash-wasi.2.0.0-rc.6\"\n";
    assert!(manifest.contains(head), "{manifest}");
    world.run(CHECK).done();
    world.run(&format!("{CHECK} --deep")).done();
    world.run("check --deep").done();
    let again = refused(&world, EXPORT, 0);
    assert!(again.out.contains("(upstream 41.0.0) already"), "{again}");
    world.run("vendor --locked").done();
}

#[test]
fn cargo_builds_and_tests_an_export() {
    let world = exported();
    let dir = hosts(&world).join("wasi");
    let output = Command::new("cargo")
        .args(["test", "--quiet", "--locked", "--offline"])
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(&dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(dir.join("target").is_dir());
    // What cargo builds is no part of it, and stays.
    world.run(CHECK).done();
    world.run(EXPORT).done();
    assert!(dir.join("target").is_dir());
}

#[test]
fn each_edit_is_named_and_none_is_lost() {
    let world = exported();
    world.edit(FILE, "Connects", "Links");
    world.remove("../hosts/wasi/README.md");
    world.write("../hosts/wasi/src/more.rs", "//! More.\n");
    let expected = [
        ("README.md", "missing"),
        ("src/more.rs", "unknown"),
        ("src/sockets/mod.rs", "changed"),
    ]
    .map(|(path, what)| (path.to_owned(), what.to_owned()));
    for check in [CHECK.to_owned(), format!("{CHECK} --deep")] {
        assert_eq!(found(&world, &check), expected, "{check}");
    }
    shown!(refused(&world, CHECK, 10), @"
    exit 10
    Drift: 3 differences
      ../hosts/wasi/README.md is missing (direct)
      ../hosts/wasi/src/more.rs does not belong there (direct)
      ../hosts/wasi/src/sockets/mod.rs was changed (patched)
    help: to keep edits: make them in the vendored tree, `wash-wasi-sync refresh`, then export again
    help: to drop them: `wash-wasi-sync export --as-upstream ../hosts/wasi --discard-edits`
    ");
    let sarif = world.run(&format!("{CHECK} --format sarif")).ended(10);
    assert!(sarif.out.contains("../hosts/wasi/src/more.rs"), "{sarif}");
    // The vendored tree is as it was.
    world.run("check").done();
    shown!(refused(&world, EXPORT, 10), @"
    exit 10
    --- stderr
    error: the exported tree has edits that would be lost
      ../hosts/wasi/README.md: is missing
      ../hosts/wasi/src/more.rs: does not belong there
      ../hosts/wasi/src/sockets/mod.rs: was changed
    help: to keep them: make them in vendor/wash-wasi, `wash-wasi-sync refresh`, then export again
    help: to drop them: the same command with `--discard-edits`
    ");
    refused(&world, &format!("{EXPORT} --dry-run"), 10);
    let before = tree(&world);
    world.run(&format!("{EXPORT} --discard-edits")).done();
    world.run(CHECK).done();
    assert_eq!(differing(&before, &tree(&world)).len(), 3);
}

#[test]
fn a_dry_run_writes_nothing() {
    let world = World::vendored();
    let ran = refused(&world, &format!("{EXPORT} --dry-run"), 0);
    assert!(ran.out.contains("nothing was written"), "{ran}");
    assert!(ran.out.contains("Would write: manifest.lock"), "{ran}");
    assert!(!hosts(&world).exists());
}

#[test]
fn what_no_export_made_is_never_replaced() {
    let world = World::vendored();
    world.write("../hosts/file", "");
    world.write("../hosts/other/notes.txt", "Mine.\n");
    let own = "[package]\nname = \"wasmtime-wasi\"\nversion = \"41.0.0\"\n";
    world.write("../hosts/copy/Cargo.toml", own);
    world.write(
        "../hosts/vendored/Cargo.toml",
        world.read("vendor/wash-wasi/Cargo.toml"),
    );
    std::fs::create_dir(world.path("../hosts/dir")).unwrap();
    std::os::unix::fs::symlink("hosts/dir", world.path("../link")).unwrap();
    let foreign = "holds files that no export made";
    for (dir, says) in [
        ("../hosts/file", "it is not a directory"),
        ("../hosts/file/wasi", "Not a directory"),
        ("../link", "it is a symbolic link"),
        ("../link/", "it is a symbolic link"),
        ("../hosts/other", foreign),
        ("../hosts/copy", foreign),
        ("../hosts/vendored", foreign),
        ("../hosts/new/../../x", "it leads up from what is not there"),
        ("../hosts/a?b", "`a?b` is not portable"),
        (
            "vendor/wash-wasi",
            "it overlaps `vendor/wash-wasi` (the vendored tree)",
        ),
        ("vendor/wash-wasi/src/x", "it overlaps `vendor/wash-wasi`"),
        ("vendor/.wash-wasi-sync/x", "(the work directory)"),
        ("vendor", "it overlaps `vendor/wash-wasi`"),
        (
            "patches/loopback/x",
            "it overlaps `patches/loopback` (the fork-owned files)",
        ),
        ("patches", "it overlaps `patches/loopback`"),
        ("README.md/x", "Not a directory"),
        (".", "the project is in it"),
        ("..", "the project is in it"),
        ("/", "the project is in it"),
        ("docs", "it overlaps `docs/differences.md` (a document)"),
    ] {
        for more in ["", " --discard-edits", " --dry-run"] {
            let ran = refused(&world, &format!("export --as-upstream {dir}{more}"), 1);
            assert!(ran.err.contains(says), "{dir}\n{ran}");
        }
    }
    assert_eq!(world.run("export").ended(2).code, 2);
    // An empty one is as good as none.
    world.write("../hosts/empty/target/built", "");
    world.run("export --as-upstream ../hosts/empty").done();
    assert_eq!(world.read("../hosts/empty/target/built"), "");
    std::fs::create_dir(world.path("../hosts/second")).unwrap();
    world.run("export --as-upstream ../hosts/second").done();
    world.run("check --exported ../hosts/second").done();
}

#[test]
fn an_export_goes_into_the_project_as_well() {
    let world = World::vendored();
    world
        .run("export --as-upstream vendor/wasmtime-wasi")
        .done();
    world.run("check --exported vendor/wasmtime-wasi").done();
    world.run("check").done();
    let vendor = std::fs::read_dir(world.path("vendor")).unwrap();
    let mut names: Vec<_> = vendor.map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".wash-wasi-sync", "wash-wasi", "wasmtime-wasi"]);
}

#[test]
fn what_is_exported_is_what_is_locked() {
    let world = World::vendored();
    let ran = refused(&world, CHECK, 10);
    assert!(ran.err.contains("manifest.lock records no export"), "{ran}");
    world.run(EXPORT).done();
    let absent = refused(&world, "check --exported ../hosts/none", 10);
    assert!(absent.err.contains("there is no exported tree"), "{absent}");

    // A patch that the vendored tree does not have yet.
    let patch = "patches/v38.0.1/src/sockets/mod.rs.patch";
    let before = world.read(patch);
    world.edit(patch, "unwrap_or_else(|| Socket::host(port))", "unwrap()");
    shown!(refused(&world, EXPORT, 10), @"
    exit 10
    --- stderr
    error: the inputs are not those of the locked tree
      patches/v38.0.1/src/sockets/mod.rs.patch: is not what the tree was made of
    help: make the tree of them: `wash-wasi-sync vendor`, then run the same command again
    ");
    assert_eq!(
        found(&world, CHECK)[0],
        (patch.to_owned(), "input".to_owned())
    );
    world.write(patch, before);

    // Another release: the old export is known, and replaced without a word.
    world.run("upgrade --to 42 --no-verify").done();
    shown!(world.run(CHECK).ended(10), @"
    exit 10
    Drift: 1 difference
      ../hosts/wasi is as it was made for another lock
    help: to make it anew: `wash-wasi-sync export --as-upstream ../hosts/wasi`
    note: the recorded export is 41.0.0+wash-wasi.2.0.0-rc.6, of an older tree than the locked one
    ");
    world.run(EXPORT).done();
    world.run(CHECK).done();
    let manifest = world.read("../hosts/wasi/Cargo.toml");
    assert!(
        manifest.contains("version = \"42.0.0+wash-wasi.2.0.0-rc.7\""),
        "{manifest}"
    );

    // A lock from before there were exports, or from another clone.
    let lock = world.read("manifest.lock");
    let at = lock.find("\n[exported]").unwrap();
    world.write("manifest.lock", &lock[..at + 1]);
    world.run("check").done();
    world.run(EXPORT).done();
    assert_eq!(world.read("manifest.lock"), lock);
    world.write("manifest.lock", &lock[..at + 1]);
    world.edit(FILE, "Connects", "Links");
    let unknown = refused(&world, EXPORT, 10);
    assert!(unknown.err.contains("records no export"), "{unknown}");

    // The record is as safe as the rest of the lock.
    world.write("manifest.lock", lock.replace("+wash-wasi.2.0.0-rc.7", ""));
    world.run(&format!("{EXPORT} --discard-edits")).ended(10);
    let files = lock.rfind("\"644 ").unwrap();
    world.write(
        "manifest.lock",
        format!("{}755{}", &lock[..files + 1], &lock[files + 4..]),
    );
    let edited = world.run(EXPORT).ended(1);
    assert!(
        edited.err.contains("its digest is not that of its files"),
        "{edited}"
    );
}

#[test]
fn an_export_of_another_directory_or_lock_has_no_edits() {
    let world = exported();
    let other = EXPORT.replace("wasi", "other");
    world.run(&other).done();
    world.run("upgrade --to 38 --no-verify").done();
    let older = (CHECK.replace("wasi", "other"), "earlier".to_owned());
    world.run(EXPORT).done();
    assert_eq!(found(&world, &older.0)[0].1, older.1);
    world.run(&other).done();
    world.run(&older.0).done();
    world.write("../hosts/other/src/mine.rs", "");
    refused(&world, &other, 10);
}

#[test]
fn an_export_says_what_it_lacks_and_stays_out_of_the_way() {
    let world = exported();
    world.edit("vendor/wash-wasi/src/lib.rs", "WASI", "wasi");
    let said = world.run(EXPORT).done().err;
    assert!(
        said.contains("edits that the export does not have"),
        "{said}"
    );
    for (place, why) in [
        ("patches/new", "patches holds what the tree is made of"),
        (".", "the project is in it"),
    ] {
        let line = format!("export --as-upstream {place}");
        let said = refused(&world, &line, 1).err;
        assert!(said.contains(why), "{said}");
    }
    let here = hosts(&world).join("wasi");
    let root = world.root();
    let args = ["-C", root.to_str().unwrap(), "export", "--as-upstream", "."];
    let ran = world.run_in(&here, &[], &args).ended(1);
    assert!(
        ran.err.contains("the working directory is in it"),
        "{}",
        ran.err
    );
}

#[test]
fn a_rewrite_that_cannot_be_taken_back_is_refused() {
    let world = World::new();
    let rule = "[[rewrite]]\nfrom = \"Connects\"\nto = \"Links\"\n\n[[insert]]";
    world.edit("manifest.toml", "[[insert]]", rule);
    world.edit(
        "patches/v38.0.1/src/sockets/mod.rs.patch",
        "Connects",
        "Links",
    );
    world.run("vendor").done();
    shown!(refused(&world, EXPORT, 1), @r#"
    exit 1
    --- stderr
    error: the fork cannot stand under the name `wasmtime-wasi`
      × an export takes back one rewrite, and this is another
        ╭─[manifest.toml:22:1]
     21 │ 
     22 │ [[rewrite]]
        · ───────────
     23 │ from = "Connects"
        ╰────
      help: keep one rewrite, of `wasmtime_wasi` to `wash_wasi`
    "#);
}

/// Wherever an export is killed, the next one ends it, and nothing is left beside it.
#[cfg(feature = "failpoints")]
#[test]
fn a_killed_export_is_ended_by_the_next() {
    let world = exported();
    let old = tree(&world);
    world.run("upgrade --to 42 --no-verify").done();
    let lock = world.read("manifest.lock");
    let args: Vec<&str> = EXPORT.split(' ').collect();
    let run = |vars: &[(&str, &str)]| world.run_in(&world.root(), vars, &args);
    let reset = || {
        std::fs::remove_dir_all(hosts(&world)).unwrap();
        for (path, bytes) in &old {
            world.write(&format!("../hosts/wasi/{path}"), bytes);
        }
        world.write("manifest.lock", &lock);
    };
    let log = world.both.git.path("hits");
    run(&[("WASH_WASI_SYNC_FAIL_LOG", log.to_str().unwrap())]).done();
    let new = tree(&world);
    let hits = std::fs::read_to_string(&log).unwrap();
    let points: std::collections::BTreeSet<&str> = hits.lines().collect();
    assert!(points.contains("commit.synced"), "{points:?}");
    for point in points {
        reset();
        let killed = run(&[("WASH_WASI_SYNC_FAIL", point)]);
        assert_eq!(killed.code, -1, "{point}\n{killed}");
        // Neither a mixture, nor anything that counts as an edit.
        run(&[]).done();
        assert_eq!(
            differing(&new, &tree(&world)),
            Vec::<String>::new(),
            "{point}"
        );
        world.run(CHECK).done();
        let beside = see(&hosts(&world)).into_keys();
        let beside: Vec<String> = beside.filter(|path| !path.starts_with("wasi/")).collect();
        assert_eq!(beside, Vec::<String>::new(), "{point}");
    }
}
