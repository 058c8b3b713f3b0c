//! Changes of the fork that upstream has made too: what is stored afterwards gives
//! the tree that was made, and the report names what upstream took.

use super::*;

const SOCKETS: &str = "src/sockets/mod.rs";
const TCP: &str = "src/sockets/tcp.rs";

/// Publishes a release whose file is what the fork made of it at the pin.
fn publish_with_ours(world: &World, version: &str, files: &[&str]) {
    let ours: Vec<(&str, String)> = files
        .iter()
        .map(|path| (*path, world.read(&format!("{TREE}/{path}"))))
        .collect();
    world.tag(version, |sources| {
        for (path, text) in &ours {
            git_world::write(&sources.join(path), text);
        }
    });
}

/// Checks that a fresh clone makes the very tree that is in place.
fn comes_again(world: &World) {
    world.run("check").done();
    world.run("check --deep").done();
    let tree = world.tree();
    world.remove(TREE);
    world.run("vendor --locked").done();
    assert_eq!(differing(&tree, &world.tree()), Vec::<String>::new());
}

#[test]
fn a_patch_that_upstream_took_leaves_nothing_behind() {
    let world = World::vendored();
    publish_with_ours(&world, "46.0.0", &[TCP]);
    let ran = world.run("upgrade --to 46.0.0 --no-verify").done();
    let told = ran.out.split("Rules").next().unwrap();
    let told = told.split("Patches of").nth(1).unwrap();
    shown!(told, @r"
    patches/v38.0.1: 1 file, 1 merged; 4 of at most 30 changed lines
     src/sockets/mod.rs merged (lines 2) +3 −1
     src/sockets/tcp.rs taken by upstream +8 −1: patches/v38.0.1/src/sockets/tcp.rs.patch is not carried over
     merged from upstream 41.0.0 with these patches
     stored as the series patches/v46.0.0
    ");
    assert!(!world.path(&format!("patches/v46.0.0/{TCP}.patch")).exists());
    for path in ["vendor/wash-wasi/Cargo.toml", "docs/differences.md"] {
        let text = world.read(path);
        assert!(text.contains(SOCKETS) && !text.contains(TCP), "{text}");
    }
    comes_again(&world);
}

#[test]
fn a_change_that_upstream_took_is_named_and_the_rest_is_kept() {
    let world = World::vendored();
    world.tag("46.0.0", |sources| {
        let path = sources.join(SOCKETS);
        let text = std::fs::read_to_string(&path).unwrap();
        let tcp = "pub use tcp::Socket;\n";
        let taken = text.replace(tcp, &format!("{tcp}\npub mod loopback;\n"));
        git_world::write(&path, taken);
    });
    let args = "upgrade --to 46.0.0 --no-verify --format json";
    let report = world.run(args).done().json();
    let taken = serde_json::to_string_pretty(&report["series"]["taken"]).unwrap();
    insta::assert_snapshot!(taken, @r#"
    [
      {
        "path": "src/sockets/mod.rs",
        "patch": "patches/v38.0.1/src/sockets/mod.rs.patch",
        "left": "patches/v46.0.0/src/sockets/mod.rs.patch",
        "lines": {
          "added": 2,
          "removed": 0
        }
      }
    ]
    "#);
    comes_again(&world);
}

#[test]
fn a_series_of_which_upstream_took_all_is_stored_without_patches() {
    let world = World::new();
    // No fork-owned file of the series keeps its directory.
    let ports = "src/sockets/loopback/ports.rs";
    let text = world.read(&format!("patches/v38.0.1/files/{ports}"));
    world.remove("patches/v38.0.1/files");
    world.write(&format!("patches/loopback/{ports}"), text);
    world.run("vendor").done();
    publish_with_ours(&world, "46.0.0", &[TCP, SOCKETS]);
    world.run("upgrade --to 46.0.0 --no-verify").done();
    shown!(world.read("docs/differences.md"), @r"
    # Differences

    <!-- wash-wasi-sync: differences (generated; edits are lost) -->

    None: wash-wasi is wasmtime-wasi 46.0.0 renamed.

    <!-- wash-wasi-sync: end of differences -->

    The end.
    ");
    comes_again(&world);
}

#[test]
fn a_fork_owned_file_of_a_series_is_the_same_in_the_next() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let ports = world.path("patches/v38.0.1/files/src/sockets/loopback/ports.rs");
    std::fs::set_permissions(ports, std::fs::Permissions::from_mode(0o755)).unwrap();
    world.run("vendor").done();
    world.run("upgrade --to 42 --no-verify").done();
    comes_again(&world);
}

#[test]
fn a_tree_that_the_stored_files_would_not_give_is_not_committed() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::vendored();
    // Somebody edits a fork-owned file after the run has read it.
    let edited = world.path("patches/loopback/tests/loopback.rs");
    let cargo = world.both.git.path("cargo");
    let script = format!(
        "#!/bin/sh\necho '// Edited.' >>'{}'\nexec '{}' \"$@\"\n",
        edited.display(),
        env!("CARGO")
    );
    git_world::write(&cargo, script);
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let before = world.tree();
    let vars = [("CARGO", cargo.to_str().unwrap())];
    let args = ["upgrade", "--to", "42", "--no-verify"];
    let ran = world.run_in(&world.root(), &vars, &args).ended(1);
    assert!(
        ran.err.contains("do not give the tree that was made"),
        "{ran}"
    );
    assert!(ran.err.contains("tests/loopback.rs: was changed"), "{ran}");
    assert_eq!(differing(&before, &world.tree()), Vec::<String>::new());
    assert!(!world.path("patches/v42.0.0").exists());
}
