//! Runs that are killed at every point: what they leave is never taken for whole.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use gates::workspace::{Parts, Workspace};
use host::{Environment, Host, Silent};
use upstream::{Locked, Upstream};

use crate::world::{UPSTREAM, WorkspaceWorld, text, vendored};

const DIR: &str = "WORKSPACE_KILLED_DIR";

/// What a child process does when this binary is started again; nothing otherwise.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else {
        return;
    };
    let world = WorkspaceWorld::new();
    let host = Host::new(Environment::new(&dir, []), Arc::new(Silent)).unwrap();
    let options = upstream::SourceOptions {
        cache: dir.join("cache"),
        project_dir: dir.clone(),
        ..world.options(Some("upstream".to_owned()))
    };
    let upstream = Upstream::new(&host, options).unwrap();
    let release = upstream
        .release(&"41.0.0".parse().unwrap(), Locked::default())
        .unwrap();
    let parts = Parts {
        host: &host,
        cache: &dir.join("cache"),
        upstream: &upstream,
        release: &release,
        tree: &vendored(),
        manifest: &world.manifest,
        line: "child",
    };
    Workspace::lay_out(parts).unwrap();
}

fn command(world: &WorkspaceWorld) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed::child", "--nocapture"]);
    command.env(DIR, world.git.dir.path());
    command
}

/// Returns the points that a whole run passes, with the how-manieth hit of each.
fn points() -> Vec<String> {
    let world = WorkspaceWorld::new();
    let log = world.git.path("points");
    let output = command(&world)
        .env("WASH_WASI_SYNC_FAIL_LOG", &log)
        .output();
    assert!(output.unwrap().status.success());
    let names = text(&log);
    let mut points = Vec::new();
    for name in names.lines().filter(|name| name.starts_with("workspace.")) {
        let nth = 1 + points
            .iter()
            .filter(|p: &&String| p.starts_with(name))
            .count();
        points.push(format!("{name}:{nth}"));
    }
    points
}

fn whole(dir: &Path) -> bool {
    UPSTREAM
        .iter()
        .filter(|(path, _)| path.ends_with(".rs") || path.ends_with(".txt"))
        .all(|(path, content)| fs::read_to_string(dir.join(path)).is_ok_and(|t| t == *content))
}

#[test]
fn a_killed_run_leaves_nothing_half_made_that_is_taken() {
    let points = points();
    assert!(points.len() > 6, "{points:?}");
    for point in points {
        let world = WorkspaceWorld::new();
        let output = command(&world).env("WASH_WASI_SYNC_FAIL", &point).output();
        assert_eq!(output.unwrap().status.signal(), Some(6), "{point}");
        let placed = world.workspaces();
        let placed = placed
            .iter()
            .filter(|dir| !dir.to_string_lossy().contains(".draft-"));
        for dir in placed {
            assert!(whole(dir), "{point}: {}", dir.display());
        }
        let workspace = world.lay_out().unwrap();
        assert!(whole(&workspace.dir), "{point}");
        for (path, file) in world
            .tree
            .iter()
            .filter(|(p, _)| !p.as_str().starts_with("Cargo."))
        {
            assert_eq!(
                fs::read(path.below(&workspace.member)).unwrap(),
                file.bytes(),
                "{point}"
            );
        }
        assert_eq!(
            world.workspaces(),
            std::slice::from_ref(&workspace.dir),
            "{point}"
        );
    }
}
