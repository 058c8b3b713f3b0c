//! A project that git has converted the line ends of, as on Windows.

use std::path::PathBuf;

use super::*;

/// Commits the project, its tree included, and clones it with `core.autocrlf`.
fn cloned(world: &World, attributes: &str) -> PathBuf {
    world.write(".gitattributes", attributes);
    world.write(".gitignore", "/vendor/.wash-wasi-sync/\n/clone/\n");
    let git = &world.both.git;
    let root = world.root();
    git.git_in(&root, &["init", "--quiet"]);
    git.git_in(&root, &["add", "--all"]);
    git.git_in(&root, &["commit", "--quiet", "--message", "all"]);
    let args = ["-c", "core.autocrlf=true", "clone", "--quiet"];
    git.git_in(
        &root,
        &[&args[..], &["--config", "core.autocrlf=true", ".", "clone"]].concat(),
    );
    root.join("clone")
}

const PATCHES: &str = "/patches/** -text\n/manifest.lock -text\n";

#[test]
fn attributes_keep_every_byte() {
    let world = World::vendored();
    let ours = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../.gitattributes"));
    let clone = cloned(&world, &ours.unwrap());
    world.run_in(&clone, &[], &["check", "--deep"]).done();
    assert_eq!(see(&clone.join(TREE)), world.tree());
    let before = see(&clone);
    world.run_in(&clone, &[], &["vendor", "--locked"]).done();
    world.run_in(&clone, &[], &["versions", "--write"]).done();
    let mut after = see(&clone);
    after.retain(|path, _| before.contains_key(path));
    assert_eq!(differing(&before, &after), Vec::<String>::new());
}

#[test]
fn a_converted_tree_is_one_finding_with_its_cause() {
    let world = World::vendored();
    let clone = cloned(&world, PATCHES);
    let run = |args: &[&str]| world.run_in(&clone, &[], args);
    shown!(run(&["check"]).ended(10), @r"
    exit 10
    Drift: 1 difference
      vendor/wash-wasi has line ends that git converted to CRLF
    note: git converted the line ends of 14 files in vendor/wash-wasi to CRLF (`core.autocrlf`, or an attribute): add the line `/vendor/wash-wasi/** -text` to .gitattributes, then make the tree anew: `wash-wasi-sync vendor --discard-edits`, after a commit of edits that are to be kept
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
    shown!(run(&["check", "--deep"]).ended(10), @r"
    exit 10
    Drift: 1 difference
      vendor/wash-wasi has line ends that git converted to CRLF
    note: git converted the line ends of 14 files in vendor/wash-wasi to CRLF (`core.autocrlf`, or an attribute): add the line `/vendor/wash-wasi/** -text` to .gitattributes, then make the tree anew: `wash-wasi-sync vendor --discard-edits`, after a commit of edits that are to be kept
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    --- stderr
    listing the tags of [upstream]
    ");
    let report = run(&["check", "--format", "json"]).ended(10).json();
    assert_eq!(report["drift"].as_array().unwrap().len(), 1, "{report:#}");
    shown!(run(&["vendor"]).ended(10), @r"
    exit 10
    --- stderr
    error: the vendored tree is not as locked
      git converted the line ends of 14 files in vendor/wash-wasi to CRLF (`core.autocrlf`, or an attribute)
        help: add the line `/vendor/wash-wasi/** -text` to .gitattributes, then make the tree anew: `wash-wasi-sync vendor --discard-edits`, after a commit of edits that are to be kept
    ");
    shown!(run(&["refresh"]).ended(10), @r"
    exit 10
    --- stderr
    error: the vendored tree is not as locked
      git converted the line ends of 14 files in vendor/wash-wasi to CRLF (`core.autocrlf`, or an attribute)
        help: add the line `/vendor/wash-wasi/** -text` to .gitattributes, then make the tree anew: `wash-wasi-sync vendor --discard-edits`, after a commit of edits that are to be kept
    ");
    // An edit besides is named as ever.
    let file = clone.join(TREE).join("src/lib.rs");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("WASI", "wasi", 1)).unwrap();
    shown!(run(&["check"]).ended(10), @r"
    exit 10
    Drift: 2 differences
      vendor/wash-wasi/src/lib.rs was changed (direct)
      vendor/wash-wasi has line ends that git converted to CRLF
    help: to keep edits: `wash-wasi-sync refresh`
    help: to drop them: `wash-wasi-sync vendor --discard-edits`
    note: git converted the line ends of 13 files in vendor/wash-wasi to CRLF (`core.autocrlf`, or an attribute): add the line `/vendor/wash-wasi/** -text` to .gitattributes, then make the tree anew: `wash-wasi-sync vendor --discard-edits`, after a commit of edits that are to be kept
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
    // The next steps that were told.
    let tree = format!("{PATCHES}/{TREE}/** -text\n");
    std::fs::write(clone.join(".gitattributes"), tree).unwrap();
    run(&["vendor", "--discard-edits"]).done();
    run(&["check"]).done();
    let git = &world.both.git;
    git.git_in(&clone, &["add", TREE]);
    assert_eq!(git.git_in(&clone, &["status", "--porcelain", TREE]), "");
}

#[test]
fn converted_patches_are_one_fault_with_their_cause() {
    let world = World::vendored();
    let tree = format!("/{TREE}/** -text\n");
    let clone = cloned(&world, &tree);
    let run = |args: &[&str]| world.run_in(&clone, &[], args);
    for command in ["check", "vendor", "status"] {
        let ran = run(&[command]).ended(1);
        assert!(ran.err.contains("CRLF"), "{ran}");
    }
    shown!(run(&["check"]), @r"
    exit 1
    --- stderr
    error: the stored patches and files have faults
      patches/v38.0.1/src/sockets/mod.rs.patch: git converted the line ends of 2 files in patches to CRLF (`core.autocrlf`, or an attribute)
        help: add the line `/patches/** -text` to .gitattributes, then delete them and check them out again: `git checkout -- patches`
    ");
    std::fs::write(clone.join(".gitattributes"), format!("{PATCHES}{tree}")).unwrap();
    std::fs::remove_dir_all(clone.join("patches")).unwrap();
    let git = &world.both.git;
    git.git_in(&clone, &["checkout", "--", "patches"]);
    run(&["check"]).done();
}

#[test]
fn converted_inputs_without_patches_are_named_with_their_cause() {
    let world = World::vendored();
    let tree = format!("/{TREE}/** -text\n*.patch -text\n");
    let clone = cloned(&world, &tree);
    shown!(world.run_in(&clone, &[], &["check"]).ended(10), @r"
    exit 10
    Drift: 1 difference
      patches has line ends that git converted to CRLF
    note: git converted the line ends of 4 files in patches to CRLF (`core.autocrlf`, or an attribute): add the line `/patches/** -text` to .gitattributes, then delete them and check them out again: `git checkout -- patches`
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
}

#[test]
fn no_tree_is_made_of_converted_fork_owned_files_and_locks() {
    let world = World::vendored();
    for path in [
        "patches/loopback/tests/loopback.rs",
        "patches/locks/41.0.0.lock",
    ] {
        let text = world.read(path);
        world.write(path, text.replace('\n', "\r\n"));
        for command in ["check", "vendor", "upgrade --to 42 --no-verify", "refresh"] {
            let ran = world.refused(command, 10);
            let said = ran.out.clone() + &ran.err;
            assert!(
                said.contains("line ends of 1 file in patches"),
                "{command}: {ran}"
            );
        }
        world.write(path, text);
        world.run("check").done();
    }
}
