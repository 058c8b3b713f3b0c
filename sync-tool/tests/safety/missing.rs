//! No program, no network.

use std::net::TcpListener;

use crate::world::{CONFLICTING, NEXT, Ran, TREE, World};

const UPGRADE: [&str; 4] = ["upgrade", "--no-verify", "--to", NEXT];

/// Makes a world whose caches are empty.
fn cold() -> World {
    let world = World::new();
    std::fs::remove_dir_all(world.path("cache")).unwrap();
    world
}

/// Runs the program, which fails and changes nothing.
#[track_caller]
fn fails(world: &World, more: &[&str], code: i32) -> Ran {
    world.fails(&[&UPGRADE, more].concat(), code)
}

/// Returns the URL of a port that nobody listens at.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn toolchain(world: &mut World) {
    let cargo = std::path::Path::new(env!("CARGO"));
    for (name, program) in [
        ("CARGO", "cargo"),
        ("RUSTC", "rustc"),
        ("RUSTFMT", "rustfmt"),
    ] {
        world.var(name, cargo.with_file_name(program).to_str().unwrap());
    }
}

fn publish(world: &World) {
    let package = world.both.packaged_by_cargo(NEXT);
    world.both.publish(&[(NEXT, package)]);
}

fn no_registry(world: &World) {
    let config = format!(
        "[net]\nretry = 0\n[source.crates-io]\nreplace-with = \"ours\"\n\
         [source.ours]\nregistry = \"sparse+{}/index/\"\n",
        closed()
    );
    crate::git_world::write(&world.both.git.path("cargo-home/config.toml"), config);
}

#[test]
fn no_git() {
    let mut world = cold();
    publish(&world);
    toolchain(&mut world);
    let empty = world.path("empty");
    world.var("PATH", empty.to_str().unwrap());
    let ran = fails(&world, &["--source", "git"], 1);
    ran.says(&[
        "the program `git` is not installed",
        "help:",
        "--source registry",
    ]);
    let ran = world.run(&UPGRADE).ends(0);
    ran.says(&["`git` is not installed; upstream is taken from the registry instead"]);
    world.run(&["check"]).ends(0);
}

#[test]
fn no_git_and_no_registry() {
    let mut world = cold();
    no_registry(&world);
    world.var("PATH", "");
    let ran = fails(&world, &[], 13);
    ran.says(&["no source gives", "git:", "registry:", "help:"]);
}

#[test]
fn no_cargo() {
    let mut world = cold();
    world.var("CARGO", "/nonexistent/cargo");
    let ran = fails(&world, &[], 1);
    ran.says(&[
        "the program `/nonexistent/cargo` is not installed",
        "https://rustup.rs",
    ]);
}

#[test]
fn no_rustfmt() {
    let mut world = cold();
    world.var("RUSTFMT", "/nonexistent/rustfmt");
    let ran = fails(&world, &[], 1);
    ran.says(&[
        "`/nonexistent/rustfmt` is not installed",
        "rustup component add rustfmt",
    ]);
}

#[test]
fn no_place_for_a_cache() {
    let mut world = cold();
    crate::git_world::write(&world.path("file"), "");
    let file = world.path("file").display().to_string();
    world.var("XDG_CACHE_HOME", file.as_str());
    fails(&world, &[], 1).says(&[
        &file,
        "is not a directory, and one is needed there",
        "help:",
    ]);
    world.unset("XDG_CACHE_HOME");
    world.var("XDG_CACHE_HOME", "");
    world.var("HOME", "");
    fails(&world, &[], 1).says(&[
        "there is no cache directory",
        "help: name one with `--cache-dir`",
    ]);
}

#[test]
fn no_place_for_temporary_files() {
    let mut world = cold();
    world.var("TMPDIR", "/nonexistent/tmp");
    fails(&world, &[], 1).says(&["/nonexistent/tmp", "help: name a directory", "TMPDIR"]);
}

#[test]
fn nobody_who_reads() {
    let world = World::new();
    if !std::path::Path::new("/dev/full").exists() {
        eprintln!("NOT RUN: this system has no file that is always full");
        return;
    }
    let run = |args: &[&str], code: i32, more: &[&str]| {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = world.command(args);
        let ran = Ran::from(command.stdout(full.unwrap()).output().unwrap());
        ran.ends(code)
            .says(&["cannot write to stdout: No space left on device"])
            .says(more);
    };
    let changed = ["the change is in place, but its report is lost"];
    // Nothing is changed, and what was asked for is the text.
    for args in [
        &["check"][..],
        &["status"],
        &["vendor"],
        &["refresh"],
        &["upgrade", "--no-verify", "--to", NEXT, "--dry-run"],
    ] {
        run(args, 1, &[]);
    }
    run(&["upgrade", "--no-verify", "--to", CONFLICTING], 11, &[]);
    world.run(&["abort"]).ends(0);
    run(&UPGRADE, 0, &changed);
    world.run(&["check"]).ends(0);
    world.edit("manifest.toml", "\"First\"", "\"The first\"");
    run(&["versions", "--write"], 0, &changed);
    assert!(world.read("README.md").contains("The first"));
    world.edit(&format!("{TREE}/src/sockets/loopback.rs"), "Ours", "All");
    run(&["check"], 10, &["the report is lost"]);
    run(&["--format", "json", "refresh"], 0, &changed);
    world.run(&["check"]).ends(0);
}

#[test]
fn a_closed_stdout_hides_no_change() {
    let world = World::new();
    for (args, code) in [(&["check"][..], 0), (&UPGRADE, 0), (&["check"], 0)] {
        let mut command = world.command_by(&["sh", "-c", "exec \"$@\" >&-", "sh"], args);
        Ran::from(command.output().unwrap()).ends(code);
    }
    assert!(world.read("manifest.toml").contains(NEXT));
}

#[test]
fn no_network() {
    let world = cold();
    publish(&world);
    let url = world.both.git.url();
    world.edit("manifest.toml", &url, &closed());
    let ran = fails(&world, &["--source", "git"], 13);
    ran.says(&["127.0.0.1", "help: check the network", "--source registry"]);
    let ran = fails(&world, &["--offline"], 13);
    ran.says(&[
        "no source gives",
        "because `--offline` is given",
        "help: run the same command once with the network",
    ]);
    // The registry is there.
    let ran = world.run(&[&UPGRADE[..], &["--dry-run"]].concat()).ends(0);
    ran.says(&["upstream is taken from the registry instead"]);
    no_registry(&world);
    std::fs::remove_dir_all(world.path("cache")).unwrap();
    let ran = fails(&world, &[], 13);
    ran.says(&["no source gives", "git:", "registry:", "help:"]);
    let ran = fails(&world, &["--source", "registry"], 13);
    ran.says(&["127.0.0.1", "help:"]);
    // What needs no upstream works.
    let status = world.run(&["status"]).ends(0);
    assert!(status.out.contains("2.0.0-rc.5"), "{status:#?}");
}

#[test]
fn what_is_cached_needs_no_network() {
    let world = World::new();
    world.run(&[&UPGRADE[..], &["--dry-run"]].concat()).ends(0);
    std::fs::rename(world.both.git.upstream(), world.both.git.path("gone")).unwrap();
    world.run(&[&UPGRADE[..], &["--offline"]].concat()).ends(0);
    world.run(&["check", "--deep", "--offline"]).ends(0);
}
