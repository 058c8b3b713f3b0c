//! Cargo in a workspace: upstream's tests run on the fork, and the lock is looked at.

use std::fs;
use std::process::{Command, Output};

use gates::workspace::Workspace;
use recipe::Kind;

use crate::world::{UPSTREAM, WorkspaceWorld, text, told};

/// Runs cargo in a workspace, without a network.
fn cargo(world: &WorkspaceWorld, workspace: &Workspace, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(args)
        .arg("--offline")
        .current_dir(&workspace.dir);
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUST_TEST_THREADS"] {
        command.env_remove(name);
    }
    command.env("CARGO_TARGET_DIR", world.git.path("target"));
    command.output().expect("cargo")
}

#[test]
fn upstreams_tests_run_on_the_fork_and_on_upstreams_own_crate() {
    let world = WorkspaceWorld::new();
    let workspace = world.lay_out().unwrap();
    for package in ["fork-net", "up-net"] {
        let output = cargo(&world, &workspace, &["test", "--package", package]);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("test upstreams ... ok"), "{said}");
        assert_eq!(
            said.contains("test own ... ok"),
            package == "fork-net",
            "{said}"
        );
    }
    workspace.check_lock().unwrap();
    let lock = text(&workspace.dir.join("Cargo.lock"));
    assert!(lock.contains("name = \"fork-net\""), "{lock}");
    drop(workspace);
    // What cargo made of upstream's lock stays.
    let again = world.lay_out().unwrap();
    assert!(again.reused);
    assert_eq!(text(&again.dir.join("Cargo.lock")), lock);
}

#[test]
fn a_lock_that_gained_more_than_the_fork_is_named_and_put_right() {
    let world = WorkspaceWorld::new();
    let workspace = world.lay_out().unwrap();
    let path = workspace.dir.join("Cargo.lock");
    let moved = UPSTREAM[1].1.replace(
        "\"up-mock\"\nversion = \"0.0.0\"",
        "\"up-mock\"\nversion = \"0.0.1\"",
    );
    let fork = "\n[[package]]\nname = \"fork-net\"\nversion = \"2.0.0-rc.6\"\ndependencies = [\n \"up-io\",\n]\n";
    let odd = "\n[[package]]\nname = \"odd\"\nversion = \"1.0.0\"\n";
    fs::write(&path, format!("{moved}{fork}{odd}")).unwrap();
    let error = workspace.check_lock().unwrap_err();
    assert_eq!(error.kind(), Kind::Verification);
    let told = told(&error);
    for what in [
        "`up-mock` 0.0.0 is gone",
        "`up-mock` 0.0.1 is new",
        "`odd` 1.0.0 is new",
    ] {
        assert!(told.contains(what), "{told}");
    }
    drop(workspace);
    let again = world.lay_out().unwrap();
    assert_eq!(text(&path), UPSTREAM[1].1);
    // Cargo did not run yet.
    assert!(
        again
            .check_lock()
            .unwrap_err()
            .to_string()
            .contains("`fork-net` is not in it")
    );
}
