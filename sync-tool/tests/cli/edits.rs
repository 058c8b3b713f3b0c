//! `refresh`: an edit goes back to where its file comes from, and comes again.

use super::*;

const SHARED: &str = "src/sockets/loopback/mod.rs";
const OF_SERIES: &str = "src/sockets/loopback/ports.rs";
const PATCHED: &str = "src/sockets/tcp.rs";

pub(crate) fn tree(path: &str) -> String {
    format!("{TREE}/{path}")
}

/// Refreshes, makes the tree again from nothing, and checks that the edit is there.
pub(crate) fn round_trip(world: &World, refresh: &[&str]) -> world::Ran {
    let edited = world.tree();
    let ran = world.run_args(&[&["refresh"], refresh].concat()).done();
    let kept = world.tree();
    // What is patched and added stands in the notice at the head of `Cargo.toml`.
    let mut differing_now = differing(&edited, &kept);
    differing_now.retain(|path| path != "Cargo.toml");
    assert_eq!(differing_now, Vec::<String>::new());
    world.run("check").done();
    world.run("check --deep").done();
    world.remove(TREE);
    world.run("vendor --locked").done();
    assert_eq!(differing(&kept, &world.tree()), Vec::<String>::new());
    ran
}

#[test]
fn a_refresh_after_vendor_changes_nothing() {
    let world = World::vendored();
    shown!(world.refused("refresh", 0), @r"
    exit 0
    Nothing to keep: the vendored tree has no edits.
    ");
    world.run("upgrade --to 42 --no-verify").done();
    world.refused("refresh", 0);
}

#[test]
fn edits_of_each_sort_come_back() {
    let world = World::vendored();
    world.edit(&tree(SHARED), "The loopback.", "The loopback, edited.");
    world.edit(&tree(OF_SERIES), "443", "8443");
    world.edit(
        &tree(PATCHED),
        "Tells whether it is",
        "Tells, edited, whether it is",
    );
    world.write(&tree("src/sockets/loopback/new.rs"), "//! New.\n");
    shown!(world.refused("refresh --dry-run", 0), @r#"
    exit 0
    Would keep 4 edits:
      src/sockets/loopback/mod.rs (changed) in patches/loopback/src/sockets/loopback/mod.rs
      src/sockets/loopback/new.rs (new) in patches/loopback/src/sockets/loopback/new.rs
      src/sockets/loopback/ports.rs (changed) in patches/v38.0.1/files/src/sockets/loopback/ports.rs
      src/sockets/tcp.rs (changed) in patches/v38.0.1/src/sockets/tcp.rs.patch
        the patch changes +8 −1 lines as before; it says: "a socket knows whether it is of the loopback"
    Would write: manifest.lock, patches/loopback/src/sockets/loopback/mod.rs, patches/loopback/src/sockets/loopback/new.rs, patches/v38.0.1/files/src/sockets/loopback/ports.rs, patches/v38.0.1/src/sockets/tcp.rs.patch, vendor/wash-wasi/Cargo.toml
    "#);
    shown!(round_trip(&world, &[]), @r#"
    exit 0
    Kept 4 edits:
      src/sockets/loopback/mod.rs (changed) in patches/loopback/src/sockets/loopback/mod.rs
      src/sockets/loopback/new.rs (new) in patches/loopback/src/sockets/loopback/new.rs
      src/sockets/loopback/ports.rs (changed) in patches/v38.0.1/files/src/sockets/loopback/ports.rs
      src/sockets/tcp.rs (changed) in patches/v38.0.1/src/sockets/tcp.rs.patch
        the patch changes +8 −1 lines as before; it says: "a socket knows whether it is of the loopback"
    Wrote: manifest.lock, patches/loopback/src/sockets/loopback/mod.rs, patches/loopback/src/sockets/loopback/new.rs, patches/v38.0.1/files/src/sockets/loopback/ports.rs, patches/v38.0.1/src/sockets/tcp.rs.patch, vendor/wash-wasi/Cargo.toml
    "#);
    shown!(world.read("patches/v38.0.1/src/sockets/tcp.rs.patch"), @r"
    Change: a socket knows whether it is of the loopback
    Reason: the host must not be asked for what only the loopback has

    --- a/src/sockets/tcp.rs
    +++ b/src/sockets/tcp.rs
    @@ -4,12 +4,19 @@
     #[derive(Debug, PartialEq, Eq)]
     pub struct Socket {
         port: u16,
    +    pub(super) loopback: bool,
     }
     
     impl Socket {
         /// Makes a socket of the host.
         pub fn host(port: u16) -> Self {
    -        Socket { port }
    +        let loopback = false;
    +        Socket { port, loopback }
    +    }
    +
    +    /// Tells, edited, whether it is of the loopback.
    +    pub fn is_loopback(&self) -> bool {
    +        self.loopback
         }
     
         /// Returns the port.
    ");
    assert!(world.read("docs/differences.md").contains("(+8 −1)"));
    world.refused("refresh", 0);
    // Gone is an edit as well.
    world.remove(&tree("src/sockets/loopback/new.rs"));
    shown!(round_trip(&world, &[]), @r"
    exit 0
    Kept 1 edit:
      src/sockets/loopback/new.rs (gone) no longer in patches/loopback/src/sockets/loopback/new.rs
    Wrote: manifest.lock, patches/loopback/src/sockets/loopback/new.rs, vendor/wash-wasi/Cargo.toml
    ");
    assert!(
        !world
            .path("patches/loopback/src/sockets/loopback/new.rs")
            .exists()
    );
}

#[test]
fn a_patch_whose_edit_is_undone_is_removed() {
    let world = World::vendored();
    let pristine = world.run("show src/sockets/tcp.rs").done().out;
    world.write(&tree(PATCHED), pristine);
    shown!(round_trip(&world, &[]), @r"
    exit 0
    Kept 1 edit:
      src/sockets/tcp.rs (changed) in patches/v38.0.1/src/sockets/tcp.rs.patch
    Wrote: docs/differences.md, manifest.lock, patches/v38.0.1/src/sockets/tcp.rs.patch, vendor/wash-wasi/Cargo.toml
    ");
    assert!(
        !world
            .path("patches/v38.0.1/src/sockets/tcp.rs.patch")
            .exists()
    );
}

#[test]
fn a_direct_file_becomes_a_patched_one_only_where_that_is_said() {
    let world = World::vendored();
    world.edit(&tree("src/random.rs"), "Random bytes.", "Bytes.");
    shown!(world.refused("refresh", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/random.rs: it is upstream's own, and must stay as upstream wrote it
        help: undo the edit, or keep it as a patch: `wash-wasi-sync refresh --as-patch src/random.rs --difference src/random.rs CHANGE REASON`
    ");
    shown!(world.refused("refresh --as-patch src/random.rs", 2), @r"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
        <--change <TEXT>|--difference <FILE> <CHANGE> <REASON>>
    help: Usage: wash-wasi-sync refresh --as-patch <FILE> <--change <TEXT>|--difference <FILE> <CHANGE> <REASON>>
    help: For more information, try '--help'.
    ");
    let words = [
        "--as-patch",
        "src/random.rs",
        "--change",
        "the bytes are called so",
        "--reason",
        "they are not random at all",
    ];
    shown!(round_trip(&world, &words), @r#"
    exit 0
    Kept 1 edit:
      src/random.rs (changed) in patches/v38.0.1/src/random.rs.patch
        the patch changes +1 −1 lines; it says: "the bytes are called so"
    Wrote: docs/differences.md, manifest.lock, manifest.toml, patches/v38.0.1/src/random.rs.patch, vendor/wash-wasi/Cargo.toml
    "#);
    assert!(world.read("manifest.toml").contains("\"src/random.rs\""));
    shown!(world.read("patches/v38.0.1/src/random.rs.patch"), @r#"
    Change: the bytes are called so
    Reason: they are not random at all

    --- a/src/random.rs
    +++ b/src/random.rs
    @@ -1,5 +1,5 @@
     #![allow(unsafe_code, reason = "as upstream")]
    -//! Random bytes.
    +//! Bytes.
     
     /// Returns the first byte.
     pub fn first(bytes: &[u8; 4]) -> u8 {
    "#);
    shown!(world.run("status --differences --offline"), @r"
    exit 0
    Pin: 2.0.0-rc.6 follows upstream 41.0.0, commit [digest]
    Upstream: newest of the line 41.0.0, over all 41.0.0
    Tree: as locked, 14 files, digest [digest]
      Not built and tested: refresh; to do so: `wash-wasi-sync vendor --verify`
    Series: patches/v38.0.1, in use: 15 of at most 30 changed lines in 3 patches, 1 file of its own
      src/random.rs +1 −1
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
    Intentional differences:
      src/random.rs: the bytes are called so
        they are not random at all
      src/sockets/mod.rs: the loopback is asked before the host
        components of one workload talk without the host's network
      src/sockets/tcp.rs: a socket knows whether it is of the loopback
        the host must not be asked for what only the loopback has
    --- stderr
    warning: offline: only the releases that are in the cache are known
    ");
}

#[test]
fn edits_that_cannot_be_kept_are_named_all_at_once() {
    let world = World::vendored();
    for (path, from, to) in [
        ("src/lib.rs", "WASI", "wasi"),
        ("Cargo.toml", "loopback", "lo"),
        ("Cargo.lock", "4", "3"),
        (SHARED, "The", "A"),
    ] {
        world.edit(&tree(path), from, to);
    }
    world.remove(&tree("wit/world.wit"));
    world.remove(&tree(PATCHED));
    world.write(&tree("src/mine.rs"), "");
    shown!(world.refused("refresh", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      Cargo.lock: the tool makes it
        help: change what it is made from; the crate's lock is kept in `patches/locks`
      Cargo.toml: the tool generates it
        help: change what it is made from, in manifest.toml
      src/lib.rs: it is upstream's own, and must stay as upstream wrote it
        help: undo the edit, or keep it as a patch: `wash-wasi-sync refresh --as-patch src/lib.rs --difference src/lib.rs CHANGE REASON`
      src/mine.rs: no rule says that such a file is the fork's
        help: move it below one of the `owned` paths of manifest.toml, add a rule of that kind, or remove it
      src/sockets/tcp.rs: it is upstream's file, and a patch cannot remove it
        help: restore it, or omit it by a `[[files]]` rule
      wit/world.wit: it is upstream's own, and must stay as upstream wrote it
        help: restore it: no patch can keep that; or omit it by a `[[files]]` rule
    ");
    shown!(world.refused("refresh --as-patch src/none.rs --change c --reason r", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      Cargo.lock: the tool makes it
        help: change what it is made from; the crate's lock is kept in `patches/locks`
      Cargo.toml: the tool generates it
        help: change what it is made from, in manifest.toml
      src/lib.rs: it is upstream's own, and must stay as upstream wrote it
        help: undo the edit, or keep it as a patch: `wash-wasi-sync refresh --as-patch src/lib.rs --difference src/lib.rs CHANGE REASON`
      src/mine.rs: no rule says that such a file is the fork's
        help: move it below one of the `owned` paths of manifest.toml, add a rule of that kind, or remove it
      src/sockets/tcp.rs: it is upstream's file, and a patch cannot remove it
        help: restore it, or omit it by a `[[files]]` rule
      wit/world.wit: it is upstream's own, and must stay as upstream wrote it
        help: restore it: no patch can keep that; or omit it by a `[[files]]` rule
      src/none.rs: `--as-patch` names it, but it has no edit
        help: edit the file, or leave it out
    ");
}

#[test]
fn two_series_share_an_edit_or_do_not() {
    let world = World::vendored();
    world.run("upgrade --to 42 --no-verify").done();
    world.edit(&tree(SHARED), "The loopback.", "The loopback of both.");
    shown!(round_trip(&world, &[]), @r"
    exit 0
    Kept 1 edit:
      src/sockets/loopback/mod.rs (changed) in patches/loopback/src/sockets/loopback/mod.rs
        shared by the series 38.0.1, 42.0.0
    Wrote: manifest.lock, patches/loopback/src/sockets/loopback/mod.rs
    ");
    world.edit(
        &tree(SHARED),
        "The loopback of both.",
        "The loopback of one.",
    );
    shown!(round_trip(&world, &["--series-only"]), @r"
    exit 0
    Kept 1 edit:
      src/sockets/loopback/mod.rs (changed) in patches/v42.0.0/files/src/sockets/loopback/mod.rs
    Wrote: manifest.lock, patches/loopback/src/sockets/loopback/mod.rs, patches/v38.0.1/files/src/sockets/loopback/mod.rs, patches/v42.0.0/files/src/sockets/loopback/mod.rs, vendor/wash-wasi/Cargo.toml
    ");
    let of_series = |series: &str| world.read(&format!("patches/{series}/files/{SHARED}"));
    assert!(of_series("v42.0.0").contains("of one"));
    assert!(of_series("v38.0.1").contains("of both"));
    assert!(!world.path(&format!("patches/loopback/{SHARED}")).exists());
    world.run("upgrade --to v41.0.0 --no-verify").done();
    assert!(world.read(&tree(SHARED)).contains("of both"));
    world.run("check --deep").done();
    world.refused("refresh", 0);
}

#[test]
fn a_new_file_of_one_series_does_not_reach_the_other() {
    let world = World::vendored();
    world.run("upgrade --to 42 --no-verify").done();
    world.write(&tree("src/sockets/loopback/new.rs"), "//! New.\n");
    shown!(round_trip(&world, &["--series-only"]), @r"
    exit 0
    Kept 1 edit:
      src/sockets/loopback/new.rs (new) in patches/v42.0.0/files/src/sockets/loopback/new.rs
    Wrote: manifest.lock, patches/v42.0.0/files/src/sockets/loopback/new.rs, vendor/wash-wasi/Cargo.toml
    ");
    world.run("upgrade --to v41.0.0 --no-verify").done();
    assert!(!world.path(&tree("src/sockets/loopback/new.rs")).exists());
}

const MOD: &str = "src/sockets/mod.rs";

#[test]
fn an_edit_of_a_patched_file_tells_under_which_head_it_stands() {
    let world = World::vendored();
    world.edit(
        &tree(PATCHED),
        "/// Returns the port.",
        "/// Returns it.\n    /// Always.",
    );
    shown!(round_trip(&world, &[]), @r#"
    exit 0
    Kept 1 edit:
      src/sockets/tcp.rs (changed) in patches/v38.0.1/src/sockets/tcp.rs.patch
        the patch changes +10 −2 lines, before +8 −1; it says: "a socket knows whether it is of the loopback"
        if that does not say why it grew: `wash-wasi-sync refresh --difference src/sockets/tcp.rs CHANGE REASON`
    Wrote: docs/differences.md, manifest.lock, patches/v38.0.1/src/sockets/tcp.rs.patch
    "#);
    // It can be said later as well, without another edit.
    let said = [
        "--difference",
        PATCHED,
        "the port is explained",
        "nobody knew it",
    ];
    shown!(round_trip(&world, &said), @r#"
    exit 0
    Kept 1 edit:
      src/sockets/tcp.rs (changed) in patches/v38.0.1/src/sockets/tcp.rs.patch
        the patch changes +10 −2 lines as before; it says: "a socket knows whether it is of the loopback", "the port is explained"
    Wrote: docs/differences.md, manifest.lock, patches/v38.0.1/src/sockets/tcp.rs.patch
    "#);
    let patch = world.read(&format!("patches/v38.0.1/{PATCHED}.patch"));
    let heads = patch.lines().take(4).collect::<Vec<_>>().join("\n");
    shown!(heads, @r"
    Change: a socket knows whether it is of the loopback
    Reason: the host must not be asked for what only the loopback has
    Change: the port is explained
    Reason: nobody knew it
    ");
    assert!(
        world
            .read("docs/differences.md")
            .contains("the port is explained")
    );
    let report = world.run("refresh --dry-run --format json").done().json();
    assert_eq!(report["edits"], serde_json::json!([]));
    let none = ["refresh", "--difference", "src/random.rs", "c", "r"];
    shown!(world.run_args(&none).ended(1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/random.rs: `--difference` names it, but it has no edit
        help: edit the file, or leave it out
    ");
}

#[test]
fn several_patches_get_no_text_that_is_for_one() {
    let world = World::vendored();
    world.edit(&tree(PATCHED), "/// Returns the port.", "/// Returns it.");
    world.edit(
        &tree(MOD),
        "mod loopback",
        "#[doc(hidden)]\npub mod loopback",
    );
    world.edit(&tree("src/random.rs"), "Random bytes.", "Bytes.");
    let one = "refresh --as-patch src/random.rs --change c --reason r";
    shown!(world.refused(one, 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/random.rs: `--change` is for one patch, and this is one of several
        help: say it for each file: `--difference src/random.rs CHANGE REASON`
      src/sockets/mod.rs: `--change` is for one patch, and this is one of several
        help: say it for each file: `--difference src/sockets/mod.rs CHANGE REASON`
      src/sockets/tcp.rs: `--change` is for one patch, and this is one of several
        help: say it for each file: `--difference src/sockets/tcp.rs CHANGE REASON`
    ");
    shown!(world.refused("refresh --as-patch src/random.rs --difference src/sockets/mod.rs c r", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/random.rs: it has no patch yet, and a new one needs a head
        help: say what it changes and why: `--difference src/random.rs CHANGE REASON`
    ");
    let each = [
        "--as-patch",
        "src/random.rs",
        "--difference",
        "src/random.rs",
        "the bytes are called so",
        "they are not random",
        "--difference",
        MOD,
        "the loopback is hidden",
        "hosts need not see it",
    ];
    shown!(round_trip(&world, &each), @r#"
    exit 0
    Kept 3 edits:
      src/random.rs (changed) in patches/v38.0.1/src/random.rs.patch
        the patch changes +1 −1 lines; it says: "the bytes are called so"
      src/sockets/mod.rs (changed) in patches/v38.0.1/src/sockets/mod.rs.patch
        the patch changes +4 −1 lines, before +3 −1; it says: "the loopback is asked before the host", "the loopback is hidden"
      src/sockets/tcp.rs (changed) in patches/v38.0.1/src/sockets/tcp.rs.patch
        the patch changes +9 −2 lines, before +8 −1; it says: "a socket knows whether it is of the loopback"
        if that does not say why it grew: `wash-wasi-sync refresh --difference src/sockets/tcp.rs CHANGE REASON`
    Wrote: docs/differences.md, manifest.lock, manifest.toml, patches/v38.0.1/src/random.rs.patch, patches/v38.0.1/src/sockets/mod.rs.patch, patches/v38.0.1/src/sockets/tcp.rs.patch, vendor/wash-wasi/Cargo.toml
    "#);
    let head = |path: &str| world.read(&format!("patches/v38.0.1/{path}.patch"));
    assert!(!head(PATCHED).contains("hidden") && !head(PATCHED).contains("random"));
    assert!(head(MOD).contains("Change: the loopback is hidden\n"));
    assert!(head("src/random.rs").starts_with("Change: the bytes are called so\n"));
}

#[test]
fn a_head_that_says_nothing_is_refused() {
    let world = World::vendored();
    for args in [
        &["refresh", "--change", "", "--reason", "r"][..],
        &["refresh", "--change", "c", "--reason", " "],
        &["refresh", "--difference", PATCHED, " ", "r"],
    ] {
        let ran = world.run_args(args).ended(2);
        assert!(ran.err.contains("the text is empty"), "{ran}");
    }
    shown!(world.refused("refresh --change c --reason r", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      `--change` is given, but no edit changes a patch
        help: leave it out, or name the patch's file: `--difference FILE CHANGE REASON`
    ");
}

#[test]
fn a_refresh_that_passes_the_budget_warns() {
    let world = World::vendored();
    let row = "patches = \"patches/v38.0.1\"\n";
    world.edit(
        "manifest.toml",
        row,
        &format!("{row}limit = 20 # so many\n"),
    );
    // What is locked does not depend on it.
    world.run("check").done();
    let lines = "    // One of many.\n".repeat(20) + "    /// Returns the port.";
    world.edit(&tree(PATCHED), "    /// Returns the port.", &lines);
    shown!(round_trip(&world, &[]), @r#"
    exit 0
    Kept 1 edit:
      src/sockets/tcp.rs (changed) in patches/v38.0.1/src/sockets/tcp.rs.patch
        the patch changes +28 −1 lines, before +8 −1; it says: "a socket knows whether it is of the loopback"
        if that does not say why it grew: `wash-wasi-sync refresh --difference src/sockets/tcp.rs CHANGE REASON`
    Wrote: docs/differences.md, manifest.lock, patches/v38.0.1/src/sockets/tcp.rs.patch
    --- stderr
    warning: the patches of patches/v38.0.1 change 33 lines, more than the 20 that they may: move code into fork-owned files, and keep in the patches only what leads to it
    "#);
}
