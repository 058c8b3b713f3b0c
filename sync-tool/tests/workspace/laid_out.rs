//! What is in a workspace, and what a second run changes of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::world::{UPSTREAM, WorkspaceWorld, at, file, text};

/// Returns the times of all files below a directory.
fn times(dir: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut times = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let there = fs::symlink_metadata(&path).unwrap();
            match there.is_dir() {
                true => open.push(path),
                false => {
                    times.insert(path, there.modified().unwrap());
                }
            }
        }
    }
    times
}

/// Makes all files old, so that one that is written anew is seen.
fn age(dir: &Path) {
    let old = SystemTime::now() - Duration::from_secs(9_999);
    for path in times(dir).keys() {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(old).unwrap();
    }
}

/// Returns which files differ in their time between two looks.
fn changed(before: &BTreeMap<PathBuf, SystemTime>, dir: &Path) -> Vec<String> {
    let now = times(dir);
    let paths = before.keys().chain(now.keys());
    let mut changed: Vec<String> = paths
        .filter(|path| before.get(*path) != now.get(*path))
        .map(|path| path.strip_prefix(dir).unwrap().display().to_string())
        .collect();
    changed.sort();
    changed.dedup();
    changed
}

#[test]
fn what_is_built_is_there_and_nothing_that_nobody_reads() {
    let world = WorkspaceWorld::new();
    let workspace = world.lay_out().unwrap();
    for (path, content) in UPSTREAM {
        let there = workspace.dir.join(path);
        match path {
            "rust-toolchain.toml" | "README.md" | "crates/other/large.bin" => {
                assert!(!there.exists(), "{path}");
            }
            "Cargo.toml" => {}
            _ => assert_eq!(text(&there), content, "{path}"),
        }
    }
    let guest = fs::metadata(workspace.dir.join("crates/guests/src/bin/part.c")).unwrap();
    assert_eq!(guest.permissions().mode() & 0o777, 0o755);
    assert_eq!(workspace.member, workspace.dir.join("crates/fork-net"));
    let names = (workspace.fork.as_str(), workspace.upstream.as_str());
    assert_eq!(names, ("fork-net", "up-net"));
    assert_eq!(workspace.commit, Some(world.git.commit_of("41.0.0")));
    assert!(
        !workspace.reused && workspace.files == 19,
        "{}",
        workspace.files
    );
    let name = workspace.dir.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("41.0.0-") && name.len() == 7 + 12,
        "{name}"
    );
    assert_eq!(world.workspaces(), std::slice::from_ref(&workspace.dir));
}

#[test]
fn the_fork_is_the_vendored_tree_with_another_manifest() {
    let world = WorkspaceWorld::new();
    let workspace = world.lay_out().unwrap();
    for (path, file) in world.tree.iter() {
        let there = path.below(&workspace.member);
        match path.as_str() {
            "Cargo.lock" => assert!(!there.exists()),
            "Cargo.toml" => {
                let text = text(&there);
                assert!(
                    text.contains(
                        "name = \"fork-net\"\nversion = \"2.0.0-rc.6\"\nedition.workspace = true"
                    ),
                    "{text}"
                );
                assert!(
                    text.contains("name = \"all\"\npath = \"tests/all/main.rs\""),
                    "{text}"
                );
            }
            _ => {
                assert_eq!(fs::read(&there).unwrap(), file.bytes(), "{path}");
                let mode = fs::metadata(&there).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, file.mode().bits(), "{path}");
            }
        }
    }
    let root = text(&workspace.dir.join("Cargo.toml"));
    let (_, upstreams) = UPSTREAM[0];
    let with_member = upstreams.replace(
        "\"crates/guests\",\n",
        "\"crates/guests\",\n  \"crates/fork-net\",\n",
    );
    assert_eq!(root, with_member);
}

#[test]
fn a_second_run_touches_no_file() {
    let world = WorkspaceWorld::new();
    let dir = world.lay_out().unwrap().dir;
    age(&dir);
    let before = times(&dir);
    let again = world.lay_out().unwrap();
    assert!(again.reused && again.dir == dir);
    assert_eq!(changed(&before, &dir), [""; 0]);
}

#[test]
fn only_what_changed_in_the_fork_is_written() {
    let mut world = WorkspaceWorld::new();
    let workspace = world.lay_out().unwrap();
    let dir = workspace.member.clone();
    drop(workspace);
    age(&dir);
    let before = times(&dir);
    world.tree.insert(at("src/lib.rs"), file("// changed\n"));
    world
        .tree
        .insert(at("LICENSE/new"), file("a directory now\n"));
    world.tree.remove("LICENSE");
    world.tree.remove("run.sh");
    fs::write(dir.join("left.profraw"), "a run left it").unwrap();
    std::os::unix::fs::symlink("/", dir.join("link")).unwrap();
    let again = world.lay_out().unwrap();
    assert!(again.reused);
    assert_eq!(
        changed(&before, &dir),
        ["LICENSE", "LICENSE/new", "run.sh", "src/lib.rs"]
    );
    assert!(!dir.join("link").exists());
}

#[test]
fn upstreams_files_are_mended_where_they_were_edited() {
    let world = WorkspaceWorld::new();
    let dir = world.lay_out().unwrap().dir;
    age(&dir);
    let before = times(&dir);
    fs::write(dir.join("crates/io/answer.txt"), "43\n").unwrap();
    fs::remove_file(dir.join("crates/mock/src/lib.rs")).unwrap();
    fs::write(dir.join("crates/net/src/extra.rs"), "").unwrap();
    fs::create_dir(dir.join("target")).unwrap();
    fs::write(dir.join("target/kept"), "").unwrap();
    let again = world.lay_out().unwrap();
    assert!(!again.reused);
    assert_eq!(
        changed(&before, &dir),
        [
            "crates/io/answer.txt",
            "crates/mock/src/lib.rs",
            "target/kept"
        ]
    );
    assert_eq!(text(&dir.join("crates/io/answer.txt")), "42\n");
    drop(again);
    assert!(world.lay_out().unwrap().reused);
}

#[test]
fn what_has_no_marker_is_made_anew() {
    let world = WorkspaceWorld::new();
    let dir = world.lay_out().unwrap().dir;
    fs::write(dir.join("old"), "").unwrap();
    fs::write(dir.join(".wash-wasi-sync"), "another").unwrap();
    let anew = world.lay_out().unwrap();
    assert!(!anew.reused && !dir.join("old").exists());
    assert!(dir.join("crates/net/src/lib.rs").exists());
}

#[test]
fn drafts_that_a_killed_run_left_are_removed() {
    let world = WorkspaceWorld::new();
    let dir = world.lay_out().unwrap().dir;
    let draft = format!("{}.draft-x", dir.display());
    fs::create_dir(&draft).unwrap();
    let other = dir.parent().unwrap().join("40.0.0-0.draft-x");
    fs::create_dir(&other).unwrap();
    world.lay_out().unwrap();
    assert!(!Path::new(&draft).exists() && !other.exists());
}

#[test]
fn workspaces_of_the_same_release_go_unless_they_are_used() {
    let world = WorkspaceWorld::new();
    let above = world.lay_out().unwrap().dir.parent().unwrap().to_owned();
    let [gone, held, other, strange] = [
        "41.0.0-0123456789ab",
        "41.0.0-ba9876543210",
        "40.0.0-0123456789ab",
        "41.0.0-mine",
    ]
    .map(|name| above.join(name));
    for dir in [&gone, &held, &other, &strange] {
        fs::create_dir(dir).unwrap();
        fs::write(dir.join("file"), "").unwrap();
    }
    let draft = above.join("41.0.0-ba9876543210.draft-x");
    fs::create_dir(&draft).unwrap();
    let lock = fs::File::create(above.join("41.0.0-ba9876543210.lock")).unwrap();
    lock.lock().unwrap();
    let workspace = world.lay_out().unwrap();
    assert!(workspace.dir.exists() && !gone.exists());
    assert!(held.join("file").exists() && draft.exists());
    assert!(other.join("file").exists() && strange.join("file").exists());
}

#[test]
fn a_link_in_the_forks_place_is_removed_and_what_it_leads_to_is_left() {
    let world = WorkspaceWorld::new();
    let workspace = world.lay_out().unwrap();
    let (dir, member) = (workspace.dir.clone(), workspace.member.clone());
    drop(workspace);
    let elsewhere = dir.parent().unwrap().parent().unwrap().join("elsewhere");
    fs::create_dir_all(elsewhere.join(".git")).unwrap();
    fs::write(elsewhere.join(".git/HEAD"), "kept").unwrap();
    for place in [&member, &dir] {
        fs::remove_dir_all(place).unwrap();
        std::os::unix::fs::symlink(&elsewhere, place).unwrap();
        let again = world.lay_out().unwrap();
        assert!(fs::symlink_metadata(place).unwrap().is_dir());
        assert!(again.member.join("Cargo.toml").exists());
        let kept: Vec<_> = fs::read_dir(&elsewhere).unwrap().collect();
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(
            fs::read_to_string(elsewhere.join(".git/HEAD")).unwrap(),
            "kept"
        );
    }
}
