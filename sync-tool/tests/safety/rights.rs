//! What this user may not move, write or remove. Root is no such user, so the program
//! runs without root's capabilities.

#![cfg(target_os = "linux")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

use crate::world::{NEW, NEXT, Ran, TREE, WORK, World};

const UPGRADE: [&str; 4] = ["upgrade", "--no-verify", "--to", NEW];
/// Somebody else.
const STRANGER: u32 = 12_345;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs the program so that modes and owners count.
fn run(world: &World, args: &[&str]) -> Ran {
    if !is_root() {
        return world.run(args);
    }
    let mut command = world.command_by(&["setpriv", "--bounding-set", "-all"], args);
    command.output().expect("setpriv").into()
}

/// Runs the program, which fails and changes nothing.
#[track_caller]
fn fails(world: &World, args: &[&str], said: &[&str]) {
    let before = world.state();
    run(world, args).ends(1).says(said).says(&["help:"]);
    assert_eq!(world.state(), before);
    assert_eq!(world.left(), [""; 0]);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn builds_that_cannot_be_moved() {
    let world = World::new();
    let target = format!("{TREE}/target");
    world.write(&format!("{target}/debug/built"), "slow to build");
    let dir = world.project().join(&target);
    // As a container leaves it that builds as root, or what one may do without being root.
    match is_root() {
        true => chown(&dir, Some(STRANGER), None).unwrap(),
        false => set_mode(&dir, 0o555),
    }
    let said = format!("`{target}` cannot be moved into the new tree");
    let help = format!("or delete `{target}`");
    fails(&world, &UPGRADE, &[&said, &help, "make the path writable"]);
    set_mode(&dir, 0o777);
    run(&world, &UPGRADE).ends(0);
    assert_eq!(
        world.read(&format!("{target}/debug/built")),
        "slow to build"
    );
    run(&world, &["check"]).ends(0);
}

#[test]
fn directories_that_cannot_be_written() {
    let world = World::new();
    for place in [TREE, "vendor", "patches", "docs"] {
        let dir = world.project().join(place);
        set_mode(&dir, 0o555);
        fails(&world, &UPGRADE, &[place, "Permission denied"]);
        set_mode(&dir, 0o755);
    }
    run(&world, &UPGRADE).ends(0);
}

#[test]
fn files_that_only_their_owner_replaces() {
    if !is_root() {
        eprintln!("NOT RUN: only root gives files to others");
        return;
    }
    let world = World::new();
    let (dir, file) = (world.project().join("docs"), "docs/differences.md");
    set_mode(&dir, 0o1777);
    for path in [&dir, &world.project().join(file)] {
        chown(path, Some(STRANGER), None).unwrap();
    }
    fails(
        &world,
        &UPGRADE,
        &["docs/differences.md", "another user", "chown"],
    );
    set_mode(&dir, 0o777);
    run(&world, &UPGRADE).ends(0);
}

#[test]
fn files_that_nobody_can_change() {
    let world = World::new();
    world.write(&format!("{TREE}/target/built"), "");
    let chattr = |how: &str, place: &str| {
        let mut command = Command::new("chattr");
        command.arg(how).arg(world.project().join(place));
        command.output().is_ok_and(|output| output.status.success())
    };
    if !chattr("+i", "manifest.toml") {
        eprintln!("NOT RUN: this user, or this file system, knows no immutable files");
        return;
    }
    chattr("-i", "manifest.toml");
    let places = [
        ("manifest.toml", "`manifest.toml` is immutable"),
        ("manifest.lock", "`manifest.lock` is immutable"),
        ("docs", "docs"),
        (TREE, TREE),
        ("vendor/fork/target", "`vendor/fork/target` is immutable"),
    ];
    for (place, said) in places {
        for how in ["i", "a"] {
            assert!(chattr(&format!("+{how}"), place));
            let before = world.state();
            let ran = world.run(&UPGRADE);
            assert!(chattr(&format!("-{how}"), place));
            ran.ends(1).says(&[said, "help:"]);
            assert_eq!(world.state(), before, "{place} +{how}");
            assert_eq!(world.left(), [""; 0], "{place} +{how}");
        }
    }
    world.run(&UPGRADE).ends(0);
}

#[test]
fn an_old_tree_that_cannot_be_removed_is_in_nobodys_way() {
    let world = World::new();
    let src = world.project().join(TREE).join("src");
    match is_root() {
        true => chown(&src, Some(STRANGER), None).unwrap(),
        // This one is removed all the same: its owner may give himself the right.
        false => set_mode(&src, 0o555),
    }
    let stays = is_root();
    let old = format!("{WORK}/old");
    let said = [
        "what was replaced is not needed any more, but stays",
        "help: remove",
        &old,
    ];
    let told = |ran: Ran| match stays {
        true => drop(ran.says(&said)),
        false => assert!(!ran.err.contains(&old), "{ran:#?}"),
    };
    told(run(&world, &UPGRADE).ends(0));
    for args in [&["check"][..], &["status"], &["diff"], &["versions"]] {
        let ran = run(&world, args).ends(0);
        assert!(!ran.err.contains(&old), "{ran:#?}");
    }
    // Each that writes tries again, and goes on.
    for args in [
        &["vendor"][..],
        &["refresh"],
        &["versions", "--write"],
        &["upgrade", "--no-verify", "--to", NEXT],
    ] {
        told(run(&world, args).ends(0));
    }
    // With root's rights it goes.
    let ran = world.run(&["vendor"]).ends(0);
    assert!(!ran.err.contains(&old), "{ran:#?}");
    assert_eq!(world.left(), [""; 0]);
}
