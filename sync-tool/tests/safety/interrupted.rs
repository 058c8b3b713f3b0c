//! Ctrl-C: exit code 130, nothing changed, nobody left behind.

use std::path::Path;

use rustix::process::Signal;

use crate::signals::{Stuck, stuck};
use crate::world::{CONFLICTING, NEW, World};

const UPGRADE: [&str; 3] = ["upgrade", "--to", NEW];

/// Has a run get stuck in a program that a variable names, stops it, and runs it again.
fn stopped(name: &str, script: &str, args: &[&'static str], signal: Signal) {
    let mut world = World::new();
    std::fs::remove_dir_all(world.path("cache")).unwrap();
    let upstream = world.both.git.upstream().display().to_string();
    let writes = args == UPGRADE;
    let word = |word: &&'static str| {
        if *word == "UPSTREAM" {
            upstream.as_str()
        } else {
            *word
        }
    };
    let args: Vec<&str> = args.iter().map(word).collect();
    let before = world.state();
    let script = world.script("slow", &format!("{}\n{script}", stuck(&world)));
    let value = match name {
        "PATH" => {
            let dir = world.path("bin");
            std::fs::rename(script, dir.join("git")).unwrap();
            let toolchain = Path::new(env!("CARGO")).parent().unwrap().display();
            let path = std::env::var("PATH").unwrap();
            format!("{}:{toolchain}:{path}", dir.display())
        }
        _ => script,
    };
    world.var(name, value);
    let ran = Stuck::start(&world, &args).end(&world, signal).ends(130);
    assert!(ran.err.ends_with("error: interrupted\n"), "{ran:#?}");
    assert_eq!(ran.out, "");
    assert_eq!(world.state(), before);
    assert_eq!(world.left(), [""; 0]);
    world.unset(name);
    let checked = world.run(&["check"]).ends(0);
    assert!(!checked.err.contains("earlier run"), "{checked:#?}");
    let again = [&args[..], if writes { &["--no-verify"] } else { &[] }].concat();
    world.run(&again).ends(if writes { 0 } else { 11 });
    world.run(&["check"]).ends(0);
}

#[test]
fn in_a_fetch() {
    let git = real("git");
    let script = format!("case \" $* \" in *\" fetch \"*) stuck;; *) exec {git} \"$@\";; esac");
    stopped("PATH", &script, &UPGRADE, Signal::INT);
}

#[test]
fn in_the_search_for_a_commit() {
    let git = real("git");
    let script = format!("case \" $* \" in *\" log \"*) stuck;; *) exec {git} \"$@\";; esac");
    // What is behind a URL has no history; a path is read as it is.
    let args = [
        "forecast",
        "--bisect",
        "--to",
        CONFLICTING,
        "--upstream",
        "UPSTREAM",
    ];
    stopped("PATH", &script, &args, Signal::INT);
}

#[test]
fn in_formatting() {
    let script = "case $1 in --version) echo rustfmt 9.9.9;; *) stuck;; esac";
    stopped("RUSTFMT", script, &UPGRADE, Signal::INT);
}

#[test]
fn in_the_making_of_the_cargo_lock() {
    stopped("CARGO", "stuck", &UPGRADE, Signal::INT);
}

#[test]
fn in_a_gate() {
    let script = format!(
        "case $1 in update) exec {} \"$@\";; *) stuck;; esac",
        env!("CARGO")
    );
    stopped("CARGO", &script, &UPGRADE, Signal::INT);
}

#[test]
fn a_termination_is_as_tidy() {
    let script = format!(
        "case $1 in update) exec {} \"$@\";; *) stuck;; esac",
        env!("CARGO")
    );
    stopped("CARGO", &script, &UPGRADE, Signal::TERM);
}

/// Finds a program as the shell does.
pub(crate) fn real(name: &str) -> String {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|p| p.is_file());
    found.unwrap().display().to_string()
}

/// Kills a run that is stuck in a program: it cannot end tidily, and what it has
/// started ends all the same.
fn killed(world: &World, args: &[&str]) {
    let ran = Stuck::start(world, args).end(world, Signal::KILL);
    assert_eq!(ran.code, None, "{ran:#?}");
}

#[test]
fn a_kill_ends_gits_transport_too() {
    let mut world = World::new();
    std::fs::remove_dir_all(world.path("cache")).unwrap();
    let script = world.script("upload-pack", &format!("{}\nstuck", stuck(&world)));
    let config = format!("[remote \"origin\"]\n\tuploadpack = {script}\n");
    std::fs::write(world.path("gitconfig"), config).unwrap();
    let config = world.path("gitconfig").display().to_string();
    world.var("GIT_CONFIG_GLOBAL", config);
    killed(&world, &UPGRADE);
    world.var("GIT_CONFIG_GLOBAL", "/dev/null");
    world.run(&["upgrade", "--no-verify", "--to", NEW]).ends(0);
}

#[test]
fn a_kill_ends_a_gate_too() {
    let mut world = World::new();
    let script = format!(
        "{}\ncase $1 in update) exec {} \"$@\";; *) stuck;; esac",
        stuck(&world),
        env!("CARGO")
    );
    let slow = world.script("slow", &script);
    world.var("CARGO", slow);
    killed(&world, &UPGRADE);
}

#[test]
fn a_kill_ends_the_formatter_too() {
    let mut world = World::new();
    let script = format!(
        "{}\ncase $1 in --version) echo rustfmt 9.9.9;; *) stuck;; esac",
        stuck(&world)
    );
    let slow = world.script("slow", &script);
    world.var("RUSTFMT", slow);
    killed(&world, &UPGRADE);
}
