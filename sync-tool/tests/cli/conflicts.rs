//! Conflicts: an upgrade that meets some is open, until they are resolved or it is given up.

#[path = "conflicts/moved.rs"]
mod moved;
#[path = "conflicts/refused.rs"]
mod refused;
#[path = "conflicts/review.rs"]
mod review;

use std::path::Path;

use super::*;
use crate::world::Seen;

/// Where the upgrade that is open is kept.
const OPEN: &str = "vendor/.wash-wasi-sync/conflicts";
const MOD: &str = "vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs";

/// A world where the upgrade to 43 is open, with what it looked like before.
fn open() -> (World, Seen) {
    let world = World::vendored();
    let before = world.see();
    world.run("upgrade --to v43.0.0 --no-verify").ended(11);
    (world, before)
}

/// Resolves the conflict with 43 by hand.
fn edit_by_hand(world: &World) {
    let merged = world.read(MOD);
    let (head, rest) = merged.split_once("<<<<<<<").unwrap();
    let tail = rest
        .split_once(">>>>>>>")
        .unwrap()
        .1
        .split_once('\n')
        .unwrap()
        .1;
    let line = "    loopback::socket(port).unwrap_or_else(|| Socket::host(port)).into()\n";
    world.write(MOD, format!("{head}{line}{tail}"));
}

#[test]
fn lines_that_both_changed_open_the_upgrade() {
    let world = World::vendored();
    let before = world.see();
    shown!(world.run("upgrade --to v43.0.0"), @r"
    exit 11
    Conflicts: upstream 43.0.0 and the fork's patches contradict each other in 1 file; the pinned tree is untouched

    1. src/sockets/mod.rs, fn connect  not resolved
       Change: the loopback is asked before the host
       Reason: components of one workload talk without the host's network
       upstream 41.0.0 (line 13)
             Some(Socket::host(port))
       upstream 43.0.0 (line 13)
             Socket::host(port).into()
       the fork (line 15)
             Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))

    next: `wash-wasi-sync conflicts open 1` edits the file, then `wash-wasi-sync resolve src/sockets/mod.rs` takes it; `wash-wasi-sync help conflicts` explains all of it
    --- stderr
    fetching v43.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    formatting
    ");
    shown!(world.read(MOD), @r"
    //! Sockets.

    mod tcp;

    pub use tcp::Socket;

    pub mod loopback;

    /// The ports that the host listens on.
    pub const PORTS: [u16; 2] = [80, 443];

    /// Connects to a port of the host.
    pub fn connect(port: u16) -> Option<Socket> {
        let port = Some(port).filter(|port| PORTS.contains(port))?;
    <<<<<<< ours: upstream 41.0.0 with patches/v38.0.1/src/sockets/mod.rs.patch
        Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))
    ||||||| base: upstream 41.0.0
        Some(Socket::host(port))
    =======
        Socket::host(port).into()
    >>>>>>> theirs: upstream 43.0.0
    }
    ");
    shown!(world.run("status --offline --source registry"), @r"
    exit 0
    Open upgrade to upstream 43.0.0: 1 of 1 file in conflict not resolved; or give it up: `wash-wasi-sync abort`
    next: `wash-wasi-sync conflicts open 1` edits the file, then `wash-wasi-sync resolve src/sockets/mod.rs` takes it; `wash-wasi-sync help conflicts` explains all of it
    Pin: 2.0.0-rc.6 follows upstream 41.0.0, commit [digest]
    Upstream: newest of the line none, over all none
    Tree: as locked, 14 files, digest [digest]
      Not built and tested: vendor without --verify; to do so: `wash-wasi-sync vendor --verify`
    Series: patches/v38.0.1, in use: 13 of at most 30 changed lines in 2 patches, 1 file of its own
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
    --- stderr
    warning: offline: only the releases that are in the cache are known
    ");
    shown!(world.run("conflicts show 1"), @r"
    exit 0
    1. src/sockets/mod.rs, fn connect  not resolved
       Change: the loopback is asked before the host
       Reason: components of one workload talk without the host's network
       upstream 41.0.0 (line 13)
             Some(Socket::host(port))
       upstream 43.0.0 (line 13)
             Socket::host(port).into()
       the fork (line 15)
             Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))
       note: upstream's commits are shown where the upgrade began with `--upstream` and the path of a clone
       file: vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs:15
    next: `wash-wasi-sync conflicts open 1` edits the file, then `wash-wasi-sync resolve src/sockets/mod.rs` takes it; `wash-wasi-sync help conflicts` explains all of it
    ");
    for line in [
        "vendor",
        "upgrade --to 42",
        "refresh",
        "versions --write",
        "conflicts import x",
    ] {
        let ran = world.refused(line, 11);
        assert!(
            ran.err
                .contains("an upgrade to 43.0.0 is open; not resolved: src/sockets/mod.rs"),
            "{ran}"
        );
    }
    world.run("check").done();
    shown!(world.run("continue"), @r"
    exit 11
    Conflicts: upstream 43.0.0 and the fork's patches contradict each other in 1 file; the pinned tree is untouched

    1. src/sockets/mod.rs, fn connect  not resolved
       Change: the loopback is asked before the host
       Reason: components of one workload talk without the host's network
       upstream 41.0.0 (line 13)
             Some(Socket::host(port))
       upstream 43.0.0 (line 13)
             Socket::host(port).into()
       the fork (line 15)
             Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))

    next: `wash-wasi-sync conflicts open 1` edits the file, then `wash-wasi-sync resolve src/sockets/mod.rs` takes it; `wash-wasi-sync help conflicts` explains all of it
    --- stderr
    fetching v43.0.0 of [upstream]
    ");
    shown!(world.run("abort"), @r"
    exit 0
    given up; the project is as it was. What was decided and edited is in vendor/.wash-wasi-sync/aborted:
    `wash-wasi-sync conflicts import vendor/.wash-wasi-sync/aborted` goes on with it
    ");
    world.remove("vendor/.wash-wasi-sync/aborted");
    world.same_as(&before);
    for line in [
        "conflicts",
        "continue",
        "abort",
        "resolve",
        "conflicts export x",
    ] {
        let ran = world.refused(line, 1);
        assert!(ran.err.contains("no upgrade is open"), "{ran}");
    }
    world.run("check").done();
}

#[test]
fn what_is_edited_resolved_and_continued_is_the_new_series() {
    let (world, _) = open();
    edit_by_hand(&world);
    let ran = world.refused("continue", 11);
    assert!(
        ran.err
            .contains("files were edited and not resolved since: src/sockets/mod.rs"),
        "{ran}"
    );
    shown!(world.run("resolve"), @r"
    exit 0
    resolved src/sockets/mod.rs: edited
    next: `wash-wasi-sync continue` puts the fork in place
    ");
    shown!(world.run("status --offline --source registry"), @r"
    exit 0
    Open upgrade to upstream 43.0.0: all conflicts are resolved; or give it up: `wash-wasi-sync abort`
    next: `wash-wasi-sync continue` puts the fork in place; `wash-wasi-sync help conflicts` explains all of it
    Pin: 2.0.0-rc.6 follows upstream 41.0.0, commit [digest]
    Upstream: newest of the line none, over all none
    Tree: as locked, 14 files, digest [digest]
      Not built and tested: vendor without --verify; to do so: `wash-wasi-sync vendor --verify`
    Series: patches/v38.0.1, in use: 13 of at most 30 changed lines in 2 patches, 1 file of its own
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
    --- stderr
    warning: offline: only the releases that are in the cache are known
    ");
    shown!(world.run("continue"), @r#"
    exit 0
    vendor/wash-wasi went from 2.0.0-rc.6 (upstream 41.0.0) to 2.0.0-rc.7 (upstream 43.0.0)
      14 files from git, commit [digest], digest [digest]
    Protected files that changed (1)
      src/sockets/mod.rs patched +2 −2
    Changed files (5)
      Cargo.lock generated +1 −1
      Cargo.toml generated +3 −3
      README.md direct +1 −1
      src/lib.rs direct +3 −3
      wit/world.wit direct +1 −1
    Patches of patches/v38.0.1: 2 files, 1 merged; 13 of at most 30 changed lines
      src/sockets/mod.rs merged (decision 2) +3 −1
      src/sockets/tcp.rs exact +8 −1
      merged from upstream 41.0.0 with these patches
      src/sockets/mod.rs decided: edited, at the upgrade from 41.0.0 to 43.0.0
      stored as the series patches/v43.0.0
    Rules
      rewrite wasmtime_wasi to wash_wasi: 3 times in 3 files
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Not built and tested: --no-verify; to do so: `wash-wasi-sync vendor --verify`
    Wrote: README.md, docs/differences.md, manifest.lock, manifest.toml, patches/locks/43.0.0.lock, patches/resolutions/src/sockets/mod.rs.136e43843d5a.patch, patches/v43.0.0/README.md, patches/v43.0.0/files/src/sockets/loopback/ports.rs, patches/v43.0.0/src/sockets/mod.rs.patch, patches/v43.0.0/src/sockets/tcp.rs.patch
    Time: fetch [time], prepare [time], fetch [time], prepare [time], merge [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    --- stderr
    fetching v43.0.0 of [upstream]
    making the crate's Cargo.lock
    "#);
    shown!(world.read("patches/v43.0.0/src/sockets/mod.rs.patch"), @r"
    Change: the loopback is asked before the host
    Reason: components of one workload talk without the host's network

    --- a/src/sockets/mod.rs
    +++ b/src/sockets/mod.rs
    @@ -4,11 +4,13 @@
     
     pub use tcp::Socket;
     
    +pub mod loopback;
    +
     /// The ports that the host listens on.
     pub const PORTS: [u16; 2] = [80, 443];
     
     /// Connects to a port of the host.
     pub fn connect(port: u16) -> Option<Socket> {
         let port = Some(port).filter(|port| PORTS.contains(port))?;
    -    Socket::host(port).into()
    +    loopback::socket(port).unwrap_or_else(|| Socket::host(port)).into()
     }
    ");
    assert!(!world.path(OPEN).exists());
    world.run("check --deep").done();
    let stored: Vec<String> = see(&world.path("patches/resolutions"))
        .into_keys()
        .collect();
    let [stored] = &stored[..] else {
        panic!("{stored:?}")
    };
    shown!(world.read(&format!("patches/resolutions/{stored}")), @r"
    # A decision about a conflict: it is offered again where the same three texts meet.
    # Path: src/sockets/mod.rs
    # From: 41.0.0
    # To: 43.0.0
    # Base: [digest]
    # Ours: [digest]
    # Theirs: [digest]
    # Decision: edited
    Change: the loopback is asked before the host
    Reason: components of one workload talk without the host's network

    --- a/src/sockets/mod.rs
    +++ b/src/sockets/mod.rs
    @@ -4,11 +4,13 @@
     
     pub use tcp::Socket;
     
    +pub mod loopback;
    +
     /// The ports that the host listens on.
     pub const PORTS: [u16; 2] = [80, 443];
     
     /// Connects to a port of the host.
     pub fn connect(port: u16) -> Option<Socket> {
         let port = Some(port).filter(|port| PORTS.contains(port))?;
    -    Socket::host(port).into()
    +    loopback::socket(port).unwrap_or_else(|| Socket::host(port)).into()
     }
    ");
}

#[test]
fn sides_can_be_taken_and_changes_dropped() {
    for (how, text, has_patch) in [
        (
            "--ours",
            "    Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))\n",
            true,
        ),
        // The declaration of the module is left.
        ("--theirs", "    Socket::host(port).into()\n", true),
        (
            "--drop --reason nothing-needs-it",
            "    Socket::host(port).into()\n",
            false,
        ),
    ] {
        let (world, _) = open();
        world
            .run(&format!("resolve src/sockets/mod.rs {how}"))
            .done();
        let ran = world.run("continue --format json").done();
        let merge = &ran.json()["series"]["merges"][0];
        assert_eq!(
            merge["resolutions"][0]["path"], "src/sockets/mod.rs",
            "{ran}"
        );
        assert!(
            world
                .read("vendor/wash-wasi/src/sockets/mod.rs")
                .contains(text),
            "{how}"
        );
        let patch = world.path("patches/v43.0.0/src/sockets/mod.rs.patch");
        assert_eq!(patch.exists(), has_patch, "{how}");
        world.run("check --deep").done();
    }
}

#[test]
fn what_was_decided_before_is_offered_and_named() {
    let (world, _) = open();
    edit_by_hand(&world);
    world.run("resolve").done();
    world.run("continue").done();
    let series = world.read("patches/v43.0.0/src/sockets/mod.rs.patch");
    // Back, as if another branch had to make the same upgrade.
    world.run("upgrade --to 41.0.0 --no-verify").done();
    world.remove("patches/v43.0.0");
    let manifest = world.read("manifest.toml");
    let row = "\n[[series]]\nbase = \"43.0.0\"\npatches = \"patches/v43.0.0\"\n";
    assert!(manifest.contains(row), "{manifest}");
    world.write("manifest.toml", manifest.replace(row, ""));
    let ran = world.run("upgrade --to 43.0.0 --no-verify").ended(11);
    assert!(ran.out.contains("--remembered"), "{ran}");
    world.run("resolve src/sockets/mod.rs --remembered").done();
    let ran = world.run("continue").done();
    assert!(
        ran.out.contains("src/sockets/mod.rs decided: edited"),
        "{ran}"
    );
    assert_eq!(
        world.read("patches/v43.0.0/src/sockets/mod.rs.patch"),
        series
    );
}

#[test]
fn an_open_upgrade_goes_to_another_machine_and_back() {
    let (world, before) = open();
    edit_by_hand(&world);
    world.run("resolve").done();
    world.run("conflicts export ../sent").done();
    let sent = world.both.git.path("sent");
    let ran = world.run("conflicts export ../sent").ended(1);
    assert!(ran.err.contains("is not empty"), "{ran}");
    world.run("abort").done();
    world.remove("vendor/.wash-wasi-sync/aborted");
    world.same_as(&before);

    let copy = |dir: &Path| {
        for (path, bytes) in see(&sent) {
            let place = dir.join(path);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(place, bytes).unwrap();
        }
    };
    let refuses = |what: &str, spoil: &dyn Fn(&Path)| {
        let dir = world.both.git.path("spoiled");
        copy(&dir);
        spoil(&dir);
        let ran = world.refused("conflicts import ../spoiled", 1);
        assert!(ran.err.contains(what), "{what}: {ran}");
        std::fs::remove_dir_all(&dir).unwrap();
    };
    let edit = |dir: &Path, from: &str, to: &str| {
        let state = dir.join("state.json");
        let text = std::fs::read_to_string(&state).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(state, text.replace(from, to)).unwrap();
    };
    refuses("no exported upgrade", &|dir| {
        std::fs::remove_file(dir.join("state.json")).unwrap()
    });
    refuses("is damaged", &|dir| edit(dir, "{", ""));
    refuses("its form is 2", &|dir| {
        edit(dir, "\"schema\": 1", "\"schema\": 2")
    });
    refuses("is of `other`", &|dir| edit(dir, "wash-wasi", "other"));
    refuses("begins at upstream 40.0.0", &|dir| {
        edit(dir, "\"pin\": \"41.0.0\"", "\"pin\": \"40.0.0\"")
    });
    refuses("is damaged", &|dir| {
        edit(dir, "\"path\": \"src/", "\"path\": \"../src/")
    });
    // What does not belong there stays there, links are not followed, and the texts are not
    // trusted: another base is another conflict.
    let dir = world.both.git.path("spoiled");
    copy(&dir);
    std::fs::write(dir.join("x"), "").unwrap();
    std::fs::remove_file(dir.join("files/src/sockets/mod.rs")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.join("files/src/sockets/mod.rs")).unwrap();
    edit(&dir, "\"base\": \"//! Sockets", "\"base\": \"//! Rockets");
    edit(
        &dir,
        "\"upstream\": null",
        "\"upstream\": \"/tmp/elsewhere\"",
    );
    let ran = world.run("conflicts import ../spoiled").done();
    assert!(ran.err.contains("not taken from the export"), "{ran}");
    assert!(
        ran.err.contains("--no-verify, --upstream /tmp/elsewhere"),
        "{ran}"
    );
    assert!(world.read(MOD).contains("<<<<<<<") && !world.path(OPEN).join("x").exists());
    world.run("abort").done();

    world.run("conflicts import ../sent").done();
    world.run("continue --no-verify").done();
    world.run("check --deep").done();
}

#[test]
fn what_is_given_up_is_kept_each_time() {
    let (world, _) = open();
    edit_by_hand(&world);
    world.run("resolve").done();
    world.run("abort").done();
    world.run("upgrade --to v43.0.0 --no-verify").ended(11);
    let ran = world.run("abort").done();
    assert!(
        ran.out.contains("vendor/.wash-wasi-sync/aborted-2"),
        "{ran}"
    );
    world
        .run("conflicts import vendor/.wash-wasi-sync/aborted")
        .done();
    world.run("continue --no-verify").done();
}

#[test]
fn another_decision_about_the_same_texts_is_the_one_that_is_remembered() {
    let (world, _) = open();
    world.run("resolve src/sockets/mod.rs --theirs").done();
    world.run("continue").done();
    let stored = |world: &World| {
        let all = see(&world.path("patches/resolutions"));
        String::from_utf8(all.into_values().next().unwrap()).unwrap()
    };
    assert!(stored(&world).contains("# Decision: theirs"));
    world.run("upgrade --to 41.0.0 --no-verify").done();
    world.remove("patches/v43.0.0");
    let row = "\n[[series]]\nbase = \"43.0.0\"\npatches = \"patches/v43.0.0\"\n";
    let manifest = world.read("manifest.toml").replace(row, "");
    world.write("manifest.toml", manifest);
    world.run("upgrade --to 43.0.0 --no-verify").ended(11);
    world.run("resolve src/sockets/mod.rs --ours").done();
    world.run("continue").done();
    assert!(stored(&world).contains("# Decision: ours"));
}
