//! What gives no workspace, and what is told then.

use std::fs;

use recipe::Kind;
use upstream::{SourceChoice, SourceOptions};

use crate::world::{UPSTREAM, WorkspaceWorld, told};

#[test]
fn a_missing_content_that_is_not_built_is_no_error() {
    let world = WorkspaceWorld::new();
    world.lose("crates/other/large.bin");
    world.lose("crates/other/src/lib.rs");
    let workspace = world.lay_out().unwrap();
    // Cargo wants a file for every target of a member.
    let stand_in = workspace.dir.join("crates/other/src/lib.rs");
    assert_eq!(fs::read(&stand_in).unwrap(), b"");
    let details = world.git.told.details().join("\n");
    assert!(
        details.contains("lacks 1 files that are not built: crates/other/src/lib.rs"),
        "{details}"
    );
    drop(workspace);
    assert!(world.lay_out().unwrap().reused);
}

#[test]
fn a_missing_content_that_is_built_is_named_with_what_mends_it() {
    for path in [
        "crates/io/answer.txt",
        "crates/guests/src/bin/part.c",
        "crates/mock/Cargo.toml",
        "crates/other/Cargo.toml",
    ] {
        let world = WorkspaceWorld::new();
        let id = world.lose(path);
        let error = world.lay_out().unwrap_err();
        assert_eq!(error.kind(), Kind::Upstream);
        let told = told(&error);
        assert!(told.contains(path) && told.contains(&id), "{told}");
        assert!(
            told.contains("it has no remote") && told.contains("--upstream"),
            "{told}"
        );
        assert!(world.workspaces().is_empty(), "{path}");
    }
}

#[test]
fn the_registry_has_no_test_programs() {
    let world = WorkspaceWorld::new();
    let host = world.git.host();
    let options = SourceOptions {
        choice: SourceChoice::Registry,
        ..world.options(None)
    };
    let upstream = upstream::Upstream::new(&host, options).unwrap();
    assert!(
        upstream
            .without_programs()
            .unwrap()
            .contains("not published")
    );
    let error = upstream
        .export(&"41.0.0".parse().unwrap(), None)
        .err()
        .unwrap();
    let told = told(&error);
    assert!(
        told.contains("not published") && told.contains("--source git"),
        "{told}"
    );
}

#[test]
fn a_workspace_that_another_run_holds_is_left_alone() {
    let world = WorkspaceWorld::new();
    let first = world.lay_out().unwrap();
    let error = world.lay_out().unwrap_err();
    let held = told(&error);
    assert!(
        held.contains("another run is at work on the workspace of up-net 41.0.0: process"),
        "{held}"
    );
    assert!(held.contains("wash-wasi-sync test"), "{held}");
    drop(first);
    assert!(world.lay_out().is_ok());
}

#[test]
fn a_place_that_upstream_has_is_refused() {
    let world = WorkspaceWorld::with(&[("crates/fork-net/x", "")]);
    let told = told(&world.lay_out().unwrap_err());
    assert!(told.contains("crates/fork-net/x"), "{told}");
    let root = UPSTREAM[0].1.replace("\"crates/other\"", "\"crates/*\"");
    let world = WorkspaceWorld::with(&[("Cargo.toml", &root)]);
    let error = world.lay_out().unwrap_err().to_string();
    assert!(
        error.contains("its members `crates/*` take up `crates/fork-net`"),
        "{error}"
    );
}

#[test]
fn crates_that_upstream_names_and_lacks_are_told() {
    let root = UPSTREAM[0].1.replace("\"crates/mock\"", "\"crates/gone\"");
    let world = WorkspaceWorld::with(&[("Cargo.toml", &root)]);
    let error = world.lay_out().unwrap_err().to_string();
    assert!(
        error.contains("names the crate `crates/gone`, which has no Cargo.toml"),
        "{error}"
    );
}

#[test]
fn a_cache_that_cannot_be_written_is_told() {
    let world = WorkspaceWorld::new();
    fs::create_dir_all(world.git.path("cache")).unwrap();
    fs::write(world.git.path("cache/workspaces"), "").unwrap();
    let told = told(&world.lay_out().unwrap_err());
    assert!(
        told.contains("cache/workspaces") && told.contains("move it away"),
        "{told}"
    );
}

#[test]
fn an_interrupt_leaves_nothing_that_looks_whole() {
    let world = WorkspaceWorld::new();
    let host = world.git.host();
    host.stop();
    let error = world
        .lay_out_from(&host, world.options(Some("upstream".to_owned())))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(world.workspaces().is_empty());
}
