//! Drift: one changed byte anywhere is found and named, and edits are never lost.

use super::*;

/// Returns what a check found: each path and what is wrong with it.
fn found(world: &World, check: &str) -> Vec<(String, String)> {
    let report = world
        .run(&format!("{check} --format json"))
        .ended(10)
        .json();
    let drift = report["drift"].as_array().unwrap().iter();
    drift
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("path"), text("what"))
        })
        .collect()
}

/// Changes one byte in the middle of a file.
fn flip(world: &World, path: &str) {
    let mut bytes = std::fs::read(world.path(path)).unwrap();
    let middle = bytes.len() / 2;
    // Another letter, so that the file is still what it was: TOML, a patch, Rust.
    bytes[middle] = if bytes[middle] == b'x' { b'y' } else { b'x' };
    world.write(path, bytes);
}

#[test]
fn one_changed_byte_of_any_vendored_file_is_found() {
    let world = World::vendored();
    for (path, bytes) in world.tree() {
        let file = format!("{TREE}/{path}");
        flip(&world, &file);
        for check in ["check", "check --deep"] {
            let expected = [(path.clone(), "changed".to_owned())];
            assert_eq!(found(&world, check), expected, "{check}");
        }
        let human = world.run("check").ended(10);
        assert!(
            human.out.contains(&format!("{file} was changed")),
            "{human}"
        );
        world.write(&file, bytes);
    }
    world.run("check").done();
}

#[test]
fn one_changed_byte_of_any_input_is_found() {
    let world = World::vendored();
    let inputs = see(&world.path("patches")).into_keys();
    let inputs: Vec<String> = inputs.map(|path| format!("patches/{path}")).collect();
    assert_eq!(inputs.len(), 6);
    for path in inputs {
        let before = world.read(&path);
        match path.rsplit_once('.').unwrap().1 {
            // Its head does not decide what the tree is, and is an input all the same.
            "patch" => world.edit(&path, "Reason: ", "Reason: x"),
            _ => flip(&world, &path),
        }
        for check in ["check", "check --deep"] {
            let found = found(&world, check);
            assert!(
                found.contains(&(path.clone(), "input".to_owned())),
                "{path}: {found:?}"
            );
        }
        world.write(&path, before);
    }
    for (from, to) in [
        ("description = \"With", "description = \"with"),
        ("tag = ", "tag  = "),
    ] {
        world.edit("manifest.toml", from, to);
    }
    assert_eq!(
        found(&world, "check"),
        [("manifest.toml".to_owned(), "input".to_owned())]
    );
}

#[test]
fn what_does_not_matter_for_the_tree_is_no_drift() {
    let world = World::vendored();
    world.edit(
        "manifest.toml",
        "# What people decide.",
        "# Otherwise said.",
    );
    world.run("check --deep").done();
    world.edit("manifest.toml", "\"The first\"", "\"The very first\"");
    world.run("check").done();
    // The tree is the same, and the table of versions is not.
    let table = ("README.md".to_owned(), "generated".to_owned());
    assert_eq!(found(&world, "check --deep"), [table]);
}

#[test]
fn everything_that_can_be_wrong_is_named() {
    let world = World::vendored();
    world.edit("vendor/wash-wasi/src/lib.rs", "WASI", "wasi");
    world.remove("vendor/wash-wasi/wit/world.wit");
    world.write("vendor/wash-wasi/src/mine.rs", "");
    std::os::unix::fs::symlink("lib.rs", world.path("vendor/wash-wasi/src/link.rs")).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.path("vendor/wash-wasi/README.md"), mode).unwrap();
    world.edit("patches/loopback/tests/loopback.rs", "outside", "without");
    shown!(world.run("check"), @r"
    exit 10
    Drift: 6 differences
      patches/loopback/tests/loopback.rs is not what the tree was made of
      vendor/wash-wasi/README.md has another mode (direct)
      vendor/wash-wasi/src/lib.rs was changed (direct)
      vendor/wash-wasi/src/mine.rs does not belong there (direct)
      vendor/wash-wasi/wit/world.wit is missing (direct)
      vendor/wash-wasi/src/link.rs is not a plain file with a portable name
    help: to keep edits: `wash-wasi-sync refresh`
    help: to drop them: `wash-wasi-sync vendor --discard-edits`
    help: to make the tree of the inputs as they are now: `wash-wasi-sync vendor`
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
    shown!(world.run("check --deep"), @r"
    exit 10
    Drift: 7 differences
      patches/loopback/tests/loopback.rs is not what the tree was made of
      vendor/wash-wasi/README.md has another mode (direct)
      vendor/wash-wasi/src/lib.rs was changed (direct)
      vendor/wash-wasi/src/link.rs is not a plain file with a portable name
      vendor/wash-wasi/src/mine.rs does not belong there (direct)
      vendor/wash-wasi/tests/loopback.rs was changed (owned)
      vendor/wash-wasi/wit/world.wit is missing (direct)
    help: to keep edits: `wash-wasi-sync refresh`
    help: to drop them: `wash-wasi-sync vendor --discard-edits`
    help: to make the tree of the inputs as they are now: `wash-wasi-sync vendor`
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    --- stderr
    listing the tags of [upstream]
    ");
    shown!(world.run("status"), @r"
    exit 0
    Pin: 2.0.0-rc.6 follows upstream 41.0.0, commit [digest]
    Upstream: newest of the line 41.0.0, over all 45.0.0; to go there: `wash-wasi-sync upgrade --to latest`
    Tree: 6 differences
      patches/loopback/tests/loopback.rs is not what the tree was made of
      vendor/wash-wasi/README.md has another mode (direct)
      vendor/wash-wasi/src/lib.rs was changed (direct)
      vendor/wash-wasi/src/mine.rs does not belong there (direct)
      vendor/wash-wasi/wit/world.wit is missing (direct)
      vendor/wash-wasi/src/link.rs is not a plain file with a portable name
    help: to keep edits: `wash-wasi-sync refresh`
    help: to drop them: `wash-wasi-sync vendor --discard-edits`
    help: to make the tree of the inputs as they are now: `wash-wasi-sync vendor`
    Series: patches/v38.0.1, in use: 13 of at most 30 changed lines in 2 patches, 1 file of its own
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
    --- stderr
    listing the tags of [upstream]
    ");
    shown!(world.run("check --format github"), @r"
    exit 10
    ::error file=patches/loopback/tests/loopback.rs,title=wash-wasi drift::patches/loopback/tests/loopback.rs is not what the tree was made of
    ::error file=vendor/wash-wasi/README.md,title=wash-wasi drift::vendor/wash-wasi/README.md has another mode
    ::error file=vendor/wash-wasi/src/lib.rs,title=wash-wasi drift::vendor/wash-wasi/src/lib.rs was changed
    ::error file=vendor/wash-wasi/src/mine.rs,title=wash-wasi drift::vendor/wash-wasi/src/mine.rs does not belong there
    ::error file=vendor/wash-wasi/wit/world.wit,title=wash-wasi drift::vendor/wash-wasi/wit/world.wit is missing
    ::error file=vendor/wash-wasi/src/link.rs,title=wash-wasi drift::vendor/wash-wasi/src/link.rs is not a plain file with a portable name
    ::warning title=wash-wasi::8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
    for command in ["vendor", "upgrade --to 38", "upgrade --to 38 --dry-run"] {
        world.refused(command, 10);
    }
    shown!(world.run("vendor"), @r"
    exit 10
    --- stderr
    error: the vendored tree has edits that would be lost
      vendor/wash-wasi/README.md: has another mode
      vendor/wash-wasi/src/lib.rs: was changed
      vendor/wash-wasi/src/mine.rs: does not belong there
      vendor/wash-wasi/wit/world.wit: is missing
      vendor/wash-wasi/src/link.rs: is not a plain file with a portable name
    help: to keep them: `wash-wasi-sync refresh`
    help: to drop them: the same command with `--discard-edits`
    ");
    world.run("vendor --discard-edits").done();
    world.run("check").done();
    assert!(!world.path("vendor/wash-wasi/src/mine.rs").exists());
}

#[test]
fn edits_are_dropped_only_where_that_is_asked_for() {
    let world = World::vendored();
    world.edit("vendor/wash-wasi/src/lib.rs", "WASI", "wasi");
    shown!(world.refused("upgrade --to 38 --no-verify", 10), @r"
    exit 10
    --- stderr
    error: the vendored tree has edits that would be lost
      vendor/wash-wasi/src/lib.rs: was changed
    help: to keep them: `wash-wasi-sync refresh`
    help: to drop them: the same command with `--discard-edits`
    ");
    world
        .run("upgrade --to 38 --no-verify --discard-edits")
        .done();
    world.run("check --deep").done();
}

#[test]
fn a_tree_that_is_in_git_works_the_same() {
    let world = World::vendored();
    world.write(".gitignore", "/target/\n/vendor/.wash-wasi-sync/\n");
    let git = |args: &[&str]| world.both.git.git_in(&world.root(), args);
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "all"]);
    world.run("check").done();
    world.run("vendor").done();
    world.run("upgrade --to 42 --no-verify").done();
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "42"]);
    world.run("upgrade --to v41.0.0 --no-verify").done();
    assert_eq!(git(&["diff", "--stat", "HEAD~1", "--", "vendor"]), "");
    // A fresh clone has what `check` needs.
    let clone = world.both.git.path("clone");
    git(&["clone", "--quiet", ".", clone.to_str().unwrap()]);
    world.run_in(&clone, &[], &["check"]).done();
    world
        .run_in(&clone.join("docs"), &[], &["check", "--deep"])
        .done();
}

#[test]
fn a_fresh_clone_without_the_tree_makes_the_locked_one() {
    let world = World::vendored();
    let tree = world.tree();
    world.remove("vendor");
    shown!(world.refused("check", 10), @r"
    exit 10
    --- stderr
    error: there is no vendored tree in vendor/wash-wasi
    help: make it: `wash-wasi-sync vendor`
    ");
    shown!(world.refused("status --offline", 0), @r"
    exit 0
    Pin: 2.0.0-rc.6 follows upstream 41.0.0, commit [digest]
    Upstream: newest of the line 41.0.0, over all 41.0.0
    Tree: not there; make it: `wash-wasi-sync vendor`
    Series: patches/v38.0.1, in use: 13 of at most 30 changed lines in 2 patches, 1 file of its own
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
    --- stderr
    warning: offline: only the releases that are in the cache are known
    ");
    shown!(world.refused("diff", 1), @r"
    exit 1
    --- stderr
    error: there is no vendored tree in vendor/wash-wasi
    help: make it: `wash-wasi-sync vendor`
    ");
    shown!(world.refused("refresh", 1), @r"
    exit 1
    --- stderr
    error: there is no vendored tree in vendor/wash-wasi
    help: make it: `wash-wasi-sync vendor`
    ");
    let before = world.see();
    world.run("vendor --locked").done();
    assert_eq!(differing(&tree, &world.tree()), Vec::<String>::new());
    let mut after = world.see();
    after.retain(|path, _| !path.starts_with(TREE));
    assert_eq!(differing(&before, &after), Vec::<String>::new());
    // What the lock forbids is refused.
    world.remove(TREE);
    world.edit("patches/loopback/tests/loopback.rs", "outside", "without");
    shown!(world.refused("vendor --locked", 10), @r"
    exit 10
    --- stderr
    error: the tree is not as locked
      tests/loopback.rs: was changed
    help: run `wash-wasi-sync check` to see which inputs changed since it was locked
    ");
    world.remove("manifest.lock");
    shown!(world.refused("vendor --locked", 10), @r"
    exit 10
    --- stderr
    fetching v41.0.0 of [upstream]
    error: manifest.lock would have to be written, and `--locked` forbids it
    help: run the command without `--locked`, and commit what it writes
    ");
    shown!(world.refused("check", 1), @r"
    exit 1
    --- stderr
    error: there is no manifest.lock
    help: restore it from version control, or make the tree with `wash-wasi-sync vendor`
    ");
}

#[test]
fn a_tag_that_moved_is_told() {
    let world = World::vendored();
    let git = &world.both.git;
    let other = git.commit_of("42.0.0");
    git.git(&["tag", "--force", "v41.0.0", &other]);
    world.run("check").done();
    shown!(world.refused("check --deep", 13), @r"
    exit 13
    --- stderr
    listing the tags of [upstream]
    error: tag v41.0.0 moved since it was locked: was [digest], is [digest]
    help: find out from upstream why a released tag was moved, before anything is taken from it
    help: read the locked commit from a clone that still has it: `git tag -f v41.0.0 [digest]` there, then `--upstream <path of the clone>`
    ");
    // The lock names the commit, and the cache has it still.
    world.refused("vendor", 0);
    world.refused("check --deep --offline", 0);
    std::fs::remove_dir_all(world.both.git.path("xdg")).unwrap();
    shown!(world.refused("vendor", 13), @r"
    exit 13
    --- stderr
    fetching v41.0.0 of [upstream]
    error: tag v41.0.0 moved since it was locked: was [digest], is [digest]
    help: find out from upstream why a released tag was moved, before anything is taken from it
    help: read the locked commit from a clone that still has it: `git tag -f v41.0.0 [digest]` there, then `--upstream <path of the clone>`
    ");
}

/// Upstream's tests, which the fork runs as they are.
const UPSTREAMS: [&str; 9] = [
    "tests/all/main.rs",
    "tests/all/store.rs",
    "tests/all/p1.rs",
    "tests/all/p2/mod.rs",
    "tests/all/p2/sync.rs",
    "tests/all/p2/async_.rs",
    "tests/all/p2/api.rs",
    "tests/all/p3/mod.rs",
    "tests/process_stdin.rs",
];

#[test]
fn upstreams_tests_are_exact_copies_with_names_rewritten() {
    let world = World::new();
    let git = &world.both.git;
    git.git(&["checkout", "--quiet", "v41.0.0"]);
    let text =
        |path: &str| format!("// Of {path}.\nuse wasmtime_wasi::WasiCtx;\n\nfn run() {{}}\n");
    for path in UPSTREAMS {
        let file = git.upstream().join("crates/wasi").join(path);
        git_world::write(&file, text(path));
    }
    git.git(&["add", "--all"]);
    git.git(&["commit", "--quiet", "--message", "with tests"]);
    git.git(&["tag", "--force", "v41.0.0"]);
    world.run("vendor").done();
    for path in UPSTREAMS {
        let file = format!("{TREE}/{path}");
        let copy = text(path).replace("wasmtime_wasi", "wash_wasi");
        assert_eq!(world.read(&file), copy);
        world.edit(&file, "fn run", "fn ran");
        for check in ["check", "check --deep"] {
            let expected = [(path.to_owned(), "changed".to_owned())];
            assert_eq!(found(&world, check), expected, "{check}");
        }
        world.write(&file, copy);
    }
    world.run("check --deep").done();
}

/// The project's own manifest takes all of them so.
#[test]
fn the_projects_manifest_takes_upstreams_tests_directly() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifest.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let manifest = recipe::manifest::Manifest::parse(text).unwrap();
    for path in UPSTREAMS {
        let path = recipe::tree::TreePath::new(path).unwrap();
        let kind = manifest.kind_of(&path);
        assert_eq!(kind, Some(recipe::manifest::FileKind::Direct), "{path}");
    }
}

/// Gives the files of the project, but not the tree, the bytes that they had, as a pull does.
fn pull(world: &World, files: &world::Seen) {
    for (path, bytes) in files
        .iter()
        .filter(|(path, _)| !path.starts_with("vendor/"))
    {
        world.write(path, bytes);
    }
}

#[test]
fn a_tree_of_another_lock_has_no_edits() {
    let world = World::vendored();
    let newer = world.see();
    world.run("upgrade --to 38 --no-verify").done();
    let older = world.see();
    pull(&world, &newer);
    shown!(world.run("check").ended(10), @r"
    exit 10
    Drift: 1 difference
      vendor/wash-wasi is as it was made for another lock
    help: to make it anew: `wash-wasi-sync vendor`
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
    for command in ["diff", "test --offline"] {
        let refused = world.refused(command, 10).err;
        assert!(refused.contains("made for another lock"), "{refused}");
    }
    shown!(world.refused("refresh", 10), @r"
    exit 10
    --- stderr
    error: vendor/wash-wasi is as it was made for another lock
    help: make it anew: `wash-wasi-sync vendor`
    ");
    world.run("vendor").done();
    world.run("check").done();
    pull(&world, &older);
    world.run("upgrade --to 41 --no-verify").done();
    world.run("check").done();
}

#[test]
fn edits_of_a_tree_of_another_lock_are_not_lost() {
    let world = World::vendored();
    let newer = world.see();
    world.run("upgrade --to 38 --no-verify").done();
    pull(&world, &newer);
    world.edit("vendor/wash-wasi/src/lib.rs", "WASI", "wasi");
    let refused = world.refused("vendor", 10);
    assert!(
        refused.err.contains("has edits that would be lost"),
        "{}",
        refused.err
    );
}

/// The patches that hold the edits may go with a `git checkout`: the tree is then the last
/// place that has them.
#[test]
fn a_refreshed_tree_counts_as_edited_for_another_lock() {
    let world = World::vendored();
    let before = world.see();
    let edits = [
        ("vendor/wash-wasi/tests/loopback.rs", "// One line more.\n"),
        (
            "vendor/wash-wasi/src/sockets/loopback/mod.rs",
            "// One line more.\n",
        ),
    ];
    for (path, line) in edits {
        world.write(path, world.read(path) + line);
        world.run("refresh").done();
        // That finds the tree as it should be, and makes it no less edited.
        world.run("vendor").done();
        pull(&world, &before);
        let refused = world.refused("vendor", 10);
        assert!(
            refused.err.contains("has edits that would be lost"),
            "{}",
            refused.err
        );
        world.run("vendor --discard-edits").done();
    }
}

/// An edit of one's own, in a tree that lacks what a colleague has stored since.
#[test]
fn what_a_pull_brought_is_not_taken_back_by_a_refresh() {
    const RECORD: &str = "vendor/.wash-wasi-sync/placed";
    let world = World::vendored();
    let (old, record) = (world.tree(), world.read(RECORD));
    world.edit("vendor/wash-wasi/tests/loopback.rs", "\n", "\n// Theirs.\n");
    world.run("refresh").done();
    let theirs = world.see();
    // As in a clone that was not there: it has the tree and the record of before.
    for (path, bytes) in &old {
        world.write(&format!("{TREE}/{path}"), bytes);
    }
    world.write(RECORD, record);
    let owned = "vendor/wash-wasi/src/sockets/loopback/mod.rs";
    world.write(owned, world.read(owned) + "// Mine.\n");
    shown!(world.refused("refresh", 10), @r"
    exit 10
    --- stderr
    error: the lock is of a tree that was not made here, and vendor/wash-wasi is edited
    help: what came with the lock, as by a pull, cannot be distinguished from the edits, and `refresh` would take it back
    help: check out the commit that the tree was made from, `wash-wasi-sync refresh` and commit there, then merge
    help: or copy the edits, `wash-wasi-sync vendor --discard-edits`, and make them again
    ");
    // Where the tree is in git, the pull brings it too.
    for (path, bytes) in theirs.iter().filter(|(path, _)| path.starts_with(TREE)) {
        world.write(path, bytes);
    }
    world.write(owned, world.read(owned) + "// Mine.\n");
    world.refused("refresh", 10);
    for line in ["init --quiet", "add --force vendor/wash-wasi"] {
        let git = std::process::Command::new("git")
            .args(line.split(' '))
            .current_dir(world.root())
            .status();
        assert!(git.unwrap().success());
    }
    world.run("refresh").done();
    assert!(
        world
            .read("patches/loopback/tests/loopback.rs")
            .contains("Theirs")
    );
    // One's own refresh is known, and so is what `vendor` finds in place.
    world.write(owned, world.read(owned) + "// More.\n");
    std::fs::remove_dir_all(world.path(".git")).unwrap();
    world.run("refresh").done();
    world.run("check").done();
}
