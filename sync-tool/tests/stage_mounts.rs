//! The transaction on file systems of its own: full, read-only, several at once.
//!
//! Each case runs in a mount namespace that ends with its process, as root or as
//! any user whom the system lets make one; where it does not, the test says so.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/stage_project.rs"]
mod project;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use host::Interrupt;
use project::{Story, TREE, WORK, path, see, write};
use recipe::Kind;
use recipe::tree::File;
use wash_wasi_sync::stage::WriteLock;

const CASE: &str = "STAGE_MOUNTS_CASE";
const DIR: &str = "STAGE_MOUNTS_DIR";

/// Runs one case in a namespace when this binary is started again; nothing otherwise.
#[test]
fn child() {
    let Ok(case) = std::env::var(CASE) else {
        return;
    };
    let root = PathBuf::from(std::env::var_os(DIR).unwrap());
    match &*case {
        "full" => full(&root),
        "read-only" => read_only(&root),
        "several" => several(&root),
        "mounted" => mounted(&root),
        other => panic!("no case {other}"),
    }
}

/// Returns the way into a namespace that works here, or says that there is none.
fn namespace() -> Option<Vec<&'static str>> {
    let ways = [
        vec!["--mount"],
        vec!["--user", "--map-root-user", "--mount"],
    ];
    let works = |way: &Vec<&str>| {
        let mut command = Command::new("unshare");
        command
            .args(way)
            .args(["mount", "-t", "tmpfs", "none", "/mnt"]);
        command.output().is_ok_and(|o| o.status.success())
    };
    let found = ways.into_iter().find(works);
    if found.is_none() {
        eprintln!("NOT RUN: this system lets the test mount nothing");
    }
    found
}

fn run(case: &str) {
    let Some(way) = namespace() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(way).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]);
    let output = command
        .env(CASE, case)
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&text)
    );
}

fn mount(args: &[&str], place: &Path) {
    let output = Command::new("mount")
        .args(args)
        .arg(place)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaint}");
}

fn tmpfs(options: &str, place: &Path) {
    fs::create_dir_all(place).unwrap();
    mount(&["-t", "tmpfs", "-o", options, "none"], place);
}

#[test]
fn a_full_disk_changes_nothing() {
    run("full");
}

fn full(root: &Path) {
    tmpfs("size=256k", root);
    Story::Upgrade.set_up(root);
    let before = see(root);
    let turn = WriteLock::take(root, &path(WORK), "test").unwrap();
    let error = |result: recipe::Result<()>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), Kind::General);
        assert!(
            error.hints().iter().any(|h| h.contains("free some space")),
            "{error}"
        );
    };
    let go = Interrupt::fixed(false);
    let mut big = project::tree();
    big.insert(path("big"), File::regular(vec![7; 400_000]));
    error(turn.stage(&big, &go).map(drop));
    assert_eq!(see(root), before);

    let mut change = Story::Upgrade.change(root);
    change
        .files
        .insert(path("patches/big"), Some(vec![7; 400_000]));
    let stage = turn.stage(&project::tree(), &go).unwrap();
    error(stage.commit(change).map(drop));
    assert_eq!(see(root), before);

    // What failed has left no waste: the same run with less succeeds.
    assert_eq!(turn.recover().unwrap(), None);
    drop(turn);
    Story::Upgrade.run(root).unwrap();
    assert_ne!(see(root), before);
}

#[test]
fn a_read_only_directory_changes_nothing() {
    run("read-only");
}

fn read_only(root: &Path) {
    Story::Upgrade.set_up(root);
    let before = see(root);
    let refused = |place: &str| {
        let error = Story::Upgrade.run(root).unwrap_err();
        assert!(error.message().contains(place), "{error}");
        assert!(
            error.hints().iter().any(|h| h.contains("writable")),
            "{error}"
        );
        assert_eq!(see(root), before);
    };
    // Only the patches: seen before anything is decided.
    let patches = root.join("patches");
    mount(&["--bind", patches.to_str().unwrap()], &patches);
    mount(&["-o", "remount,bind,ro"], &patches);
    refused("patches");
    assert!(!root.join(WORK).join("stage").exists());
    assert!(!root.join(WORK).join("journal.json").exists());
    // All of the project.
    mount(&["--bind", root.to_str().unwrap()], root);
    mount(&["-o", "remount,bind,ro"], root);
    refused(WORK);
}

#[test]
fn files_on_another_file_system_are_replaced_too() {
    run("several");
}

fn several(root: &Path) {
    tmpfs("size=1m", &root.join("patches"));
    Story::Upgrade.set_up(root);
    Story::Upgrade.run(root).unwrap();
    let seen = see(root);
    let text = |name: &str| seen[name].as_ref().map(|(bytes, _)| &bytes[..]);
    assert_eq!(
        text("patches/v48/src/lib.rs.patch"),
        Some(&b"new patch"[..])
    );
    assert_eq!(text("patches/becomes-directory/a/b"), Some(&b"deep"[..]));
    assert_eq!(text("manifest.toml"), Some(&b"upstream = 48"[..]));
    assert!(
        !seen.keys().any(|n| n.ends_with(".wash-wasi-sync")),
        "{:?}",
        seen.keys()
    );
}

#[test]
fn a_mounted_tree_is_refused_before_anything_is_decided() {
    run("mounted");
}

fn mounted(root: &Path) {
    Story::Upgrade.set_up(root);
    for place in [format!("{TREE}/target"), TREE.to_owned()] {
        let dir = root.join(&place);
        // A bind mount has the same device number.
        mount(&["--bind", dir.to_str().unwrap()], &dir);
        write(root, "outside", "x");
        let before = see(root);
        let error = Story::Upgrade.run(root).unwrap_err();
        assert!(
            error.message().contains(&format!("`{place}` is mounted")),
            "{error}"
        );
        assert_eq!(see(root), before);
        assert!(!root.join(WORK).join("journal.json").exists());
    }
}
