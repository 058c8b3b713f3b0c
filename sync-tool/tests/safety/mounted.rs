//! Places that are read-only or full. Each case runs in a mount namespace of its
//! own, as root or as any user whom the system lets make one; where it does not,
//! the test says so.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::world::{NEW, PROJECT, Ran, World};

const CASE: &str = "SAFETY_MOUNTS_CASE";
const UPGRADE: [&str; 4] = ["upgrade", "--no-verify", "--to", NEW];
/// The file that leaves no room.
const FILLER: &str = "filler";
const PAGE: u64 = 4096;

/// Runs one case in a namespace when this binary is started again; nothing otherwise.
#[test]
fn child() {
    let Ok(case) = std::env::var(CASE) else {
        return;
    };
    match &*case {
        "read-only" => read_only(),
        "read-only cache" => read_only_cache(),
        "full project" => full(PROJECT, &UPGRADE),
        "full project, first tree" => full(PROJECT, &["vendor"]),
        "full cache" => full("cache", &UPGRADE),
        "full tmp" => full("tmp", &UPGRADE),
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
    let mut command = Command::new("unshare");
    command.args(way).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "mounted::child", "--nocapture"]);
    let output = command.env(CASE, case).output().unwrap();
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
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

fn bind_read_only(place: &Path) {
    mount(&["--bind", place.to_str().unwrap()], place);
    mount(&["-o", "remount,bind,ro"], place);
}

fn unmount(place: &Path) {
    let output = Command::new("umount").arg(place).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_read_only_project_is_read_and_nothing_else() {
    run("read-only");
}

fn read_only() {
    let world = World::new();
    let before = world.state();
    bind_read_only(&world.project());
    for args in [
        &["check"][..],
        &["check", "--deep"],
        &["status"],
        &["diff"],
        &["show", "src/lib.rs"],
        &["versions"],
        &["upgrade", "--no-verify", "--to", NEW, "--dry-run"],
    ] {
        world.run(args).ends(0);
    }
    for args in [
        &UPGRADE[..],
        &["vendor"],
        &["refresh"],
        &["versions", "--write"],
    ] {
        let ran = world.run(args).ends(1);
        let project = world.project().display().to_string();
        ran.says(&[
            &project,
            "Read-only file system",
            "help: make the path writable",
        ]);
    }
    assert_eq!(world.state(), before);
    unmount(&world.project());
    #[cfg(feature = "failpoints")]
    after_a_kill(&world);
    fresh_and_read_only(&world);
}

/// In a fresh checkout there is nothing between old and new at all.
fn fresh_and_read_only(world: &World) {
    fs::remove_dir_all(world.project().join(crate::world::WORK)).unwrap();
    bind_read_only(&world.project());
    for args in [&["check"][..], &["status"], &["versions"]] {
        world.run(args).ends(0);
    }
    unmount(&world.project());
    world.run(&["check"]).ends(0);
    assert!(!world.project().join(crate::world::WORK).exists());
    world.run(&UPGRADE).ends(0);
}

/// A killed run's waste does not matter to who reads; a change that was decided
/// has to be finished, and cannot be here.
#[cfg(feature = "failpoints")]
fn after_a_kill(world: &World) {
    let project = world.project();
    let checked = |point: &str, code: i32| {
        let mut upgrade = world.command(&UPGRADE);
        let killed = upgrade.env("WASH_WASI_SYNC_FAIL", point).status().unwrap();
        assert!(!killed.success());
        bind_read_only(&project);
        let ran = world.run(&["check"]).ends(code);
        unmount(&project);
        ran
    };
    let before = world.copy();
    let ran = checked("stage.written", 0);
    assert_eq!(ran.err, "");
    world
        .run(&["check"])
        .ends(0)
        .says(&["as it was before that run"]);
    let ran = checked("journal.sealed", 1);
    ran.says(&[
        "what an earlier run decided has to be finished first",
        "help: make the path writable",
    ]);
    world.run(&["check"]).ends(0).says(&["as that run made it"]);
    world.restore(before.path());
}

#[test]
fn a_read_only_cache_is_named() {
    run("read-only cache");
}

fn read_only_cache() {
    let world = World::new();
    let before = world.state();
    let cache = world.path("cache");
    bind_read_only(&cache);
    let ran = world.run(&UPGRADE).ends(1);
    ran.says(&[
        cache.to_str().unwrap(),
        "Read-only file system",
        "help: make the path writable",
    ]);
    assert_eq!(world.state(), before);
    assert_eq!(world.left(), [""; 0]);
    // What is in it serves.
    world.run(&["check", "--deep"]).ends(0);
    let elsewhere = world.path("elsewhere");
    let args = [&UPGRADE[..], &["--cache-dir", elsewhere.to_str().unwrap()]].concat();
    world.run(&args).ends(0);
}

#[test]
fn a_full_disk_under_the_project() {
    run("full project");
}

#[test]
fn a_full_disk_under_the_first_tree() {
    run("full project, first tree");
}

#[test]
fn a_full_disk_under_the_cache() {
    run("full cache");
}

#[test]
fn a_full_disk_under_temporary_files() {
    run("full tmp");
}

/// Leaves ever more room at a place, until a command succeeds; before that it
/// fails and changes nothing, and does succeed once there is room.
fn full(name: &str, args: &[&str]) {
    let world = World::new();
    // The upgrade is to fetch and format anew.
    fs::remove_dir_all(world.path("cache")).unwrap();
    fs::create_dir(world.path("cache")).unwrap();
    let is_first = args == ["vendor"];
    if is_first {
        fs::remove_dir_all(world.project().join(crate::world::TREE)).unwrap();
    }
    let copy = world.copy();
    let place = world.path(name);
    let old = without_filler(&world);
    let mut failed = 0;
    for pages in (0..20).chain((20..400).step_by(10)) {
        world.restore(copy.path());
        mount(&["-t", "tmpfs", "-o", "size=4m", "none"], &place);
        copy_into(&copy.path().join(name), &place);
        fill(&place, pages);
        let ran = world.run(args);
        let is_done = ran.code == Some(0);
        if !is_done {
            failed += 1;
            is_clear(&world, &ran, pages);
            assert_eq!(without_filler(&world), old, "{pages} pages: {ran:#?}");
            assert_eq!(left(&world), [""; 0], "{pages} pages: {ran:#?}");
            world.run(&["check"]).ends(if is_first { 10 } else { 0 });
        }
        fs::remove_file(place.join(FILLER)).unwrap();
        world.run(args).ends(0);
        world.run(&["check"]).ends(0);
        unmount(&place);
        if is_done {
            assert!(failed > 0, "{name} was never full");
            eprintln!("{name}: failed {failed} times, then there was room");
            return;
        }
    }
    panic!("{name} never had room");
}

fn is_clear(world: &World, ran: &Ran, pages: u64) {
    assert_eq!(ran.code, Some(1), "{pages} pages: {ran:#?}");
    let place = world.path("").display().to_string();
    for part in [place.as_str(), "free some space"] {
        assert!(
            ran.err.contains(part),
            "{pages} pages: no `{part}` in {ran:#?}"
        );
    }
}

fn without_filler(world: &World) -> crate::world::State {
    let mut state = world.state();
    state.remove(FILLER);
    state
}

fn left(world: &World) -> Vec<String> {
    let left = world.left().into_iter();
    left.filter(|name| !name.ends_with(FILLER)).collect()
}

fn fill(place: &Path, pages: u64) {
    let mut file = fs::File::create(place.join(FILLER)).unwrap();
    let block = [7; 65536];
    while file.write_all(&block).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(pages * PAGE)).unwrap();
}

fn copy_into(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(place).unwrap();
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}
