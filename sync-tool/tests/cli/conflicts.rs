//! Conflicts: an upgrade that meets some is open, until they are resolved or it is given up.

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
fn a_deleted_file_is_a_conflict_and_its_change_goes_where_its_code_went() {
    let world = World::vendored();
    let before = world.see();
    shown!(world.run("upgrade --to 44 --no-verify"), @r"
    exit 11
    Conflicts: upstream 44.0.0 and the fork's patches contradict each other in 1 file; the pinned tree is untouched

    1. src/sockets/tcp.rs  not resolved
       Change: a socket knows whether it is of the loopback
       Reason: the host must not be asked for what only the loopback has
       upstream has no such file any more; its content is now mostly in src/sockets/stream.rs (9 of 9 lines)

    Merged by themselves; to be reviewed
      src/sockets/mod.rs (lines 2)

    next: `wash-wasi-sync resolve src/sockets/tcp.rs --moved-to src/sockets/stream.rs`, and `continue` merges its change there; or `wash-wasi-sync resolve src/sockets/tcp.rs --drop --reason TEXT`; `wash-wasi-sync help conflicts` explains all of it
    --- stderr
    listing the tags of [upstream]
    fetching v44.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    ");
    let report = world
        .run("upgrade --to 44 --no-verify --dry-run --format json")
        .ended(11)
        .json();
    assert_eq!(report["conflicts"][0]["kind"], "deleted");
    assert_eq!(
        report["conflicts"][0]["now_in"]["path"],
        "src/sockets/stream.rs"
    );
    let ran = world.refused("resolve src/sockets/tcp.rs --ours", 1);
    assert!(
        ran.err
            .contains("upstream 44.0.0 has no `src/sockets/tcp.rs`"),
        "{ran}"
    );
    world
        .run("resolve src/sockets/tcp.rs --moved-to src/sockets/stream.rs")
        .done();
    shown!(world.run("continue"), @r#"
    exit 0
    vendor/wash-wasi went from 2.0.0-rc.6 (upstream 41.0.0) to 2.0.0-rc.7 (upstream 44.0.0)
      14 files from git, commit [digest], digest [digest]
    Protected files that changed (3)
      src/sockets/mod.rs patched +3 −3
      src/sockets/stream.rs patched +26 −0
      src/sockets/tcp.rs protected +0 −26; now mostly in src/sockets/stream.rs (14 of 14 lines)
    Changed files (5)
      Cargo.lock generated +1 −1
      Cargo.toml generated +4 −4
      README.md direct +1 −1
      src/lib.rs direct +3 −3
      wit/world.wit direct +1 −1
    Patches of patches/v38.0.1: 2 files, 2 merged; 13 of at most 30 changed lines
      src/sockets/mod.rs merged (lines 2) +3 −1
      src/sockets/stream.rs merged (lines 2) +8 −1
      merged from upstream 41.0.0 with these patches
      src/sockets/tcp.rs decided: moved to src/sockets/stream.rs, at the upgrade from 41.0.0 to 44.0.0
      stored as the series patches/v44.0.0
    Rules
      rewrite wasmtime_wasi to wash_wasi: 3 times in 3 files
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Not built and tested: --no-verify; to do so: `wash-wasi-sync vendor --verify`
    Wrote: README.md, docs/differences.md, manifest.lock, manifest.toml, patches/locks/44.0.0.lock, patches/resolutions/src/sockets/tcp.rs.bb64fb708ac4.patch, patches/v44.0.0/README.md, patches/v44.0.0/files/src/sockets/loopback/ports.rs, patches/v44.0.0/src/sockets/mod.rs.patch, patches/v44.0.0/src/sockets/stream.rs.patch
    Time: fetch [time], prepare [time], fetch [time], prepare [time], merge [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    --- stderr
    fetching v44.0.0 of [upstream]
    making the crate's Cargo.lock
    "#);
    world.run("check --deep").done();
    assert!(!before.contains_key("patches/v44.0.0/src/sockets/stream.rs.patch"));
    shown!(world.read("patches/v44.0.0/src/sockets/stream.rs.patch"), @r"
    Change: a socket knows whether it is of the loopback
    Reason: the host must not be asked for what only the loopback has

    --- a/src/sockets/stream.rs
    +++ b/src/sockets/stream.rs
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
    +    /// Tells whether it is of the loopback.
    +    pub fn is_loopback(&self) -> bool {
    +        self.loopback
         }
     
         /// Returns the port.
    ");
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
fn what_cannot_be_a_decision_is_refused_and_nothing_is_lost() {
    let (world, _) = open();
    let refused = |line: &str, code: i32| world.refused(line, code).err;
    shown!(refused("resolve src/sockets/mod.rs", 1), @r"
    error: vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs still has 4 lines of conflict markers, from line 15 on
    help: edit it, then `wash-wasi-sync resolve src/sockets/mod.rs` again
    help: nothing was decided
    ");
    shown!(refused("resolve src/lib.rs --ours", 2), @r"
    error: `src/lib.rs` is neither in conflict nor merged
    help: in conflict are: src/sockets/mod.rs
    ");
    shown!(refused("resolve", 2), @r"
    error: no file was edited
    help: edit them below vendor/.wash-wasi-sync/conflicts/files, or name one and how: `wash-wasi-sync resolve FILE --ours`
    ");
    shown!(refused("resolve src/sockets/mod.rs --remembered", 1), @r"
    error: nothing is remembered about the conflict of `src/sockets/mod.rs`
    help: decide it: `wash-wasi-sync conflicts` shows how
    help: nothing was decided
    ");
    shown!(refused("resolve src/sockets/mod.rs --drop", 2), @r"
    error: the following required arguments were not provided:
        --reason <TEXT>
    help: Usage: wash-wasi-sync resolve --drop --reason <TEXT> <FILE>...
    help: For more information, try '--help'.
    ");
    shown!(refused("resolve src/sockets/mod.rs --moved-to ../x", 1), @r"
    error: `../x` leaves the tree
    help: nothing was decided
    ");
    shown!(refused("conflicts show 2", 2), @"error: there is no conflict 2: they are numbered from 1 to 1");
    shown!(refused("conflicts open", 1), @r"
    error: neither VISUAL nor EDITOR names an editor
    help: edit vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs by other means, then `wash-wasi-sync resolve src/sockets/mod.rs`
    ");
    edit_by_hand(&world);
    let text = world.read(MOD);
    world.write(MOD, text.replace("pub mod", "pub mod mod"));
    shown!(refused("resolve", 1), @r"
    error: vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs does not parse as Rust: 7:9: expected identifier, found keyword `mod`
    help: correct it and resolve it again
    help: nothing was decided
    ");
    world.write(MOD, b"\xff");
    shown!(refused("resolve", 1), @r"
    error: [project]/vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs is not UTF-8
    help: save it as UTF-8
    help: nothing was decided
    ");
    world.remove(MOD);
    shown!(refused("resolve src/sockets/mod.rs", 1), @r"
    error: cannot read [project]/vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs: No such file or directory (os error 2)
    help: take a side with `--ours` or `--theirs`, or drop the change with `--drop`
    help: nothing was decided
    ");
    world.run("resolve src/sockets/mod.rs --theirs").done();
    world.run("continue").done();
}

#[test]
fn the_editor_is_opened_at_the_conflict() {
    let (world, _) = open();
    world.write("editor", "#!/bin/sh\necho \"$@\" > edited\n");
    let editor = world.path("editor");
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let name = world.path("vim");
    std::fs::rename(&editor, &name).unwrap();
    let run =
        |editor: &str| world.run_in(&world.root(), &[("EDITOR", editor)], &["conflicts", "open"]);
    let ran = run(&format!("{} -x", name.display())).done();
    assert!(
        ran.out.contains("still has 4 lines of conflict markers"),
        "{ran}"
    );
    let line = world.read("edited");
    assert!(
        line.starts_with("-x +15 /") && line.contains("files/src/sockets/mod.rs"),
        "{line}"
    );
    for (editor, what) in [
        ("false", "failed (exit status: 1)"),
        ("no-such-editor", "cannot be started"),
    ] {
        let ran = run(editor).ended(1);
        assert!(ran.err.contains(what), "{ran}");
    }
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
fn inputs_that_changed_meanwhile_make_only_their_conflict_new() {
    let (world, _) = open();
    edit_by_hand(&world);
    world.run("resolve").done();
    let patch = "patches/v38.0.1/src/sockets/mod.rs.patch";
    world.edit(patch, "+pub mod loopback;", "+pub mod loopback; // ours");
    let ran = world.run("continue").ended(11);
    let said = "note: changed since the conflicts were found: patches/v38.0.1/src/sockets/mod.rs.patch; decisions hold where the same texts meet";
    assert!(
        ran.out.contains("not resolved") && ran.out.contains(said),
        "{ran}"
    );
    // What was edited for the other text is not taken for this one.
    let second = MOD.replace("files/", "files-2/");
    assert!(world.read(&second).contains("// ours"));
    world.run("resolve src/sockets/mod.rs --ours").done();
    world.run("continue").done();
    world.run("check --deep").done();
}

#[test]
fn a_file_that_is_edited_after_it_was_resolved_is_not_lost() {
    let (world, _) = open();
    edit_by_hand(&world);
    world.run("resolve").done();
    world.edit(MOD, "//! Sockets.", "//! All sockets.");
    let ran = world.refused("continue", 11);
    assert!(
        ran.err.contains("not resolved since: src/sockets/mod.rs"),
        "{ran}"
    );
    world.run("resolve").done();
    world.run("continue").done();
    assert!(
        world
            .read("vendor/wash-wasi/src/sockets/mod.rs")
            .contains("//! All sockets.")
    );
}

/// A world with a release in which `mod.rs` merges, and `tcp.rs` is in conflict or gone.
fn with_a_merged_file(is_gone: bool) -> World {
    let world = World::vendored();
    world.tag("46.0.0", |root| {
        let edit = |name: &str, from: &str, to: &str| {
            let place = root.join("src/sockets").join(name);
            let text = std::fs::read_to_string(&place).unwrap();
            assert!(text.contains(from), "{text}");
            std::fs::write(place, text.replace(from, to)).unwrap();
        };
        edit(
            "mod.rs",
            "/// Connects to a port of the host.",
            "/// Connects to a port of a host.",
        );
        edit("tcp.rs", "Socket { port }", "Socket { port: port.max(1) }");
        if is_gone {
            let sockets = root.join("src/sockets");
            edit(
                "mod.rs",
                "mod tcp;",
                "mod plain;\nmod tcp {\n    pub use super::plain::*;\n}",
            );
            std::fs::rename(sockets.join("tcp.rs"), sockets.join("plain.rs")).unwrap();
        }
    });
    world
}

#[test]
fn files_that_merged_are_shown_sent_and_decided_about_as_well() {
    let world = with_a_merged_file(false);
    let ran = world.run("upgrade --to 46 --no-verify").ended(11);
    shown!(ran, @r"
    exit 11
    Conflicts: upstream 46.0.0 and the fork's patches contradict each other in 1 file; the pinned tree is untouched

    1. src/sockets/tcp.rs, impl Socket, fn host  not resolved
       Change: a socket knows whether it is of the loopback
       Reason: the host must not be asked for what only the loopback has
       upstream 41.0.0 (line 12)
                 Socket { port }
       upstream 46.0.0 (line 12)
                 Socket { port: port.max(1) }
       the fork (line 14)
                 Socket { port, loopback }

    Merged by themselves; to be reviewed
      src/sockets/mod.rs (lines 2)

    next: `wash-wasi-sync conflicts open 1` edits the file, then `wash-wasi-sync resolve src/sockets/tcp.rs` takes it; `wash-wasi-sync help conflicts` explains all of it
    --- stderr
    listing the tags of [upstream]
    fetching v46.0.0 of [upstream]
    fetching 7 files of [upstream]
    formatting
    formatting
    ");
    world.run("conflicts export ../sent").done();
    world.run("abort").done();
    world.run("conflicts import ../sent").done();
    world.run("resolve src/sockets/tcp.rs --ours").done();
    let ran = world.refused("resolve src/sockets/mod.rs --theirs", 1);
    assert!(
        ran.err.contains("merged, so there is no side to take"),
        "{ran}"
    );
    world.edit(MOD, "of a host", "of any host");
    world.run("resolve").done();
    let ran = world.run("conflicts").done();
    assert!(
        ran.out
            .contains("src/sockets/mod.rs (lines 2); resolved: edited"),
        "{ran}"
    );
    world.run("resolve src/sockets/mod.rs --undo").done();
    let ran = world.run("continue --no-verify").ended(11);
    assert!(
        ran.err
            .contains("edited and not resolved since: src/sockets/mod.rs"),
        "{ran}"
    );
    world.run("resolve").done();
    world.run("continue --no-verify").done();
    assert!(
        world
            .read("vendor/wash-wasi/src/sockets/mod.rs")
            .contains("of any host")
    );
    world.run("check --deep").done();
}

#[test]
fn what_is_damaged_stops_only_what_needs_it() {
    let (world, _) = open();
    let state = format!("{OPEN}/state.json");
    world.edit(&state, "{", "");
    let ran = world.run("status --offline --source registry").done();
    assert!(
        ran.err.contains("state.json cannot be used: it is damaged"),
        "{ran}"
    );
    let ran = world.refused("conflicts", 1);
    assert!(ran.err.contains("wash-wasi-sync abort"), "{ran}");
    world.run("abort").done();
    world.write("patches/resolutions/src/x.rs.0.patch", "nothing\n");
    world.run("check").done();
    world.run("vendor").done();
    let ran = world.refused("upgrade --to 42 --no-verify", 1);
    shown!(ran.err, @r"
    listing the tags of [upstream]
    error: what was decided about conflicts cannot be read
      patches/resolutions/src/x.rs.0.patch: it is not a stored resolution: remarks with Path, From, To, Base, Ours, Theirs, Decision are expected
        help: restore the file, or remove it: the conflict is then decided again
    ");
}

#[test]
fn nothing_of_the_project_is_written_over() {
    let (world, _) = open();
    for (line, code, says) in [
        (
            "conflicts --html manifest.toml",
            2,
            "belongs to the project",
        ),
        (
            "conflicts --html vendor/wash-wasi/x.html",
            2,
            "belongs to the project",
        ),
        ("conflicts --html x --markdown x", 2, "cannot be one file"),
        ("conflicts export patches/x", 0, ""),
        (
            "conflicts export patches/locks/x",
            2,
            "the project reads or writes",
        ),
        (
            "conflicts export vendor/.wash-wasi-sync/x",
            2,
            "the project reads or writes",
        ),
    ] {
        let ran = world.run(line).ended(code);
        assert!(ran.err.contains(says), "{line}: {ran}");
    }
}

#[test]
fn what_an_editor_may_leave_is_not_taken_for_a_decision() {
    let (world, _) = open();
    edit_by_hand(&world);
    let text = world.read(MOD);
    for (bytes, says) in [
        (String::new(), "is empty"),
        (text.replace('\n', "\r\n"), "has line ends of Windows"),
        (format!("\u{feff}{text}"), "has a byte order mark"),
    ] {
        world.write(MOD, bytes);
        let ran = world.run("resolve").ended(1);
        assert!(ran.err.contains(says), "{ran}");
    }
    world.remove(MOD);
    let made = std::process::Command::new("mkfifo")
        .arg(world.path(MOD))
        .status();
    assert!(made.unwrap().success());
    let ran = world.run("resolve src/sockets/mod.rs").ended(1);
    assert!(ran.err.contains("is not a plain file"), "{ran}");
    world.remove(MOD);
    let vars = [("EDITOR", "true")];
    let ran = world
        .run_in(&world.root(), &vars, &["conflicts", "open"])
        .done();
    assert!(ran.out.contains("4 lines of conflict markers"), "{ran}");
    let staged = world.path(MOD).display().to_string();
    world
        .run_args(&["resolve", &staged, &staged, "--theirs"])
        .done();
    let json = world
        .run("conflicts export ../sent --format json")
        .done()
        .json();
    assert!(
        json["done"]
            .as_str()
            .unwrap()
            .contains("exported to ../sent")
    );
    assert!(world.run("abort --format json").done().json()["done"].is_string());
}

#[test]
fn whoever_edits_and_then_takes_a_side_goes_on() {
    let (world, _) = open();
    let marked = world.read(MOD);
    world.write(MOD, format!("// begun\n{marked}"));
    world.run("resolve src/sockets/mod.rs --theirs").done();
    let aside = world.read(&format!("{MOD}.edited-1"));
    assert!(aside.starts_with("// begun"));
    assert!(!world.read(MOD).contains("<<<<<<<"));
    world.run("continue").done();
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
fn a_change_goes_to_no_file_that_is_in_conflict_or_not_there() {
    let world = with_a_merged_file(true);
    world.run("upgrade --to 46 --no-verify").ended(11);
    let line = "resolve src/sockets/tcp.rs --moved-to src/sockets/plan.rs";
    let ran = world.refused(line, 2);
    assert!(
        ran.err
            .contains("upstream 46.0.0 has no `src/sockets/plan.rs`"),
        "{ran}"
    );
    assert!(
        ran.err
            .contains("most of the lines are in src/sockets/plain.rs"),
        "{ran}"
    );
    world
        .run("resolve src/sockets/tcp.rs --moved-to src/sockets/plain.rs")
        .done();
    let ran = world.run("continue").ended(11);
    assert!(ran.out.contains("src/sockets/plain.rs"), "{ran}");
    world.run("resolve src/sockets/plain.rs --ours").done();
    world.run("continue").done();
    world.run("check --deep").done();
}

#[test]
fn a_page_that_cannot_be_written_stops_nothing_halfway() {
    let (world, _) = open();
    world.run("resolve src/sockets/mod.rs --theirs").done();
    let ran = world.refused("continue --html no/such/page.html", 1);
    assert!(
        ran.err.contains("no/such/page.html cannot be written"),
        "{ran}"
    );
    world.run("continue").done();
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

#[test]
fn upstreams_commits_are_shown_where_a_clone_is_given() {
    let (world, _) = open();
    let ran = world.run("conflicts show 1").done();
    let note = "note: upstream's commits are shown where the upgrade began with `--upstream`";
    assert!(ran.out.contains(note), "{ran}");
    world.run("abort").done();
    let clone = world.both.git.upstream().display().to_string();
    let line = format!("upgrade --to 43 --no-verify --upstream {clone}");
    world.run(&line).ended(11);
    let commits = world.run("conflicts show 1 --format json").done().json();
    let commits = &commits["conflicts"][0]["commits"];
    assert_eq!(commits.as_array().unwrap().len(), 1, "{commits}");
    assert_eq!(commits[0]["subject"], "43.0.0");
    let id = world.both.git.git(&["rev-parse", "v43.0.0^{commit}"]);
    assert_eq!(commits[0]["id"], id.trim());
    world.run("conflicts --html page.html").done();
    assert!(world.read("page.html").contains(&id[..10]));
}

#[test]
fn programs_are_given_the_conflicts_too() {
    let (world, _) = open();
    let json = world.run("conflicts --format json").done().json();
    assert_eq!((&json["files"], &json["left"]), (&1.into(), &1.into()));
    let one = &json["conflicts"][0];
    assert_eq!(
        one["lines"]["theirs"]["text"],
        "    Socket::host(port).into()\n"
    );
    assert_eq!(one["file"], MOD);
    let ran = world.run("conflicts --format github").done();
    shown!(ran, @r"
    exit 0
    ::error file=patches/v38.0.1/src/sockets/mod.rs.patch,title=wash-wasi conflict::conflict 1 in src/sockets/mod.rs, fn connect: upstream 43.0.0 changed what this patch changes (the loopback is asked before the host)
    ");
    let sarif = world.run("conflicts --format sarif").done().json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["level"], "error", "{result}");
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "patches/v38.0.1/src/sockets/mod.rs.patch");
    edit_by_hand(&world);
    world.run("resolve").done();
    let sarif = world.run("conflicts --format sarif").done().json();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn a_page_and_a_table_are_written_for_review() {
    let (world, _) = open();
    world
        .run("conflicts --html open.html --markdown open.md")
        .done();
    shown!(world.read("open.md"), @r"
    wasmtime-wasi 41.0.0 → 43.0.0 (fork 2.0.0-rc.6 → 2.0.0-rc.7)

    **1 conflict is open.** Nothing was changed.
    Next: `wash-wasi-sync conflicts open 1`

    Side by side, with what a machine decided: open.html, attached.

    | file | patch | merged by |
    | --- | --- | --- |
    | `src/sockets/mod.rs` | **conflict** | lines 1 |
    | `src/sockets/tcp.rs` | exact | exact 2 |

    1\. `src/sockets/mod.rs`, `fn connect`
       - the loopback is asked before the host
    ");
    let page = world.read("open.html");
    assert!(
        page.starts_with("<!doctype html>")
            && page.contains("the loopback is asked before the host")
    );
    edit_by_hand(&world);
    world.run("resolve").done();
    world
        .run("continue --html done.html --markdown done.md")
        .done();
    shown!(world.read("done.md"), @r"
    wasmtime-wasi 41.0.0 → 43.0.0 (fork 2.0.0-rc.6 → 2.0.0-rc.7)

    **The tree is in place.**

    Side by side, with what a machine decided: done.html, attached.

    | gate | result |
    | --- | --- |
    | build with p1, p2 and p3 | skipped: --no-verify |
    | build with p1 and p2 | skipped: --no-verify |
    | build with p0 | skipped: --no-verify |
    | build without features | skipped: --no-verify |
    | unit tests | skipped: --no-verify |
    | doc tests | skipped: --no-verify |
    | the fork's tests | skipped: --no-verify |
    | upstream's tests | skipped: --no-verify |

    Changed lines of upstream's files: +11 −2 before, +11 −2 now of at most 30.

    | file | patch | merged by |
    | --- | --- | --- |
    | `src/sockets/mod.rs` | resolved | decision 2 |
    | `src/sockets/tcp.rs` | exact | exact 2 |
    ");
    assert!(world.read("done.html").contains("2.0.0-rc.7"));
    // One without any conflict has a page too.
    world
        .run("upgrade --to 42 --no-verify --dry-run --markdown exact.md --html exact.html")
        .done();
    shown!(world.read("exact.md"), @r"
    wasmtime-wasi 43.0.0 → 42.0.0 (fork 2.0.0-rc.7 → 2.0.0-rc.8)

    **Nothing is in conflict.** Nothing was put in place yet.
    Next: `wash-wasi-sync upgrade --to v42.0.0`

    Side by side, with what a machine decided: exact.html, attached.

    Changed lines of upstream's files: +11 −2 before, +11 −2 now of at most 30.

    | file | patch | merged by |
    | --- | --- | --- |
    | `src/sockets/mod.rs` | merged | lines 2 |
    | `src/sockets/tcp.rs` | exact | exact 2 |
    ");
    let ran = world
        .run("upgrade --to 42 --no-verify --dry-run --html no/such/dir")
        .ended(1);
    assert!(ran.err.contains("no/such/dir"), "{ran}");
}

#[test]
fn a_series_climbs_by_release_lines() {
    let world = World::vendored();
    let ran = world.run("upgrade --to 44 --step --no-verify").ended(11);
    assert!(ran.out.contains("upstream 43.0.0 (line 13)"), "{ran}");
    edit_by_hand(&world);
    world.run("resolve").done();
    let ran = world.run("continue").ended(11);
    // 44 has the line as it was before 43.
    for line in [
        "1. src/sockets/mod.rs, fn connect  not",
        "2. src/sockets/tcp.rs  not resolved",
    ] {
        assert!(ran.out.contains(line), "{ran}");
    }
    world.run("resolve src/sockets/mod.rs --ours").done();
    world
        .run("resolve src/sockets/tcp.rs --moved-to src/sockets/stream.rs")
        .done();
    let ran = world.run("continue").done();
    for line in [
        "  41.0.0 to 42.0.0: lines 2",
        "  42.0.0 to 43.0.0: decision 2",
        "  43.0.0 to 44.0.0: ",
    ] {
        assert!(ran.out.contains(line), "{line}: {ran}");
    }
    shown!(world.read("patches/v44.0.0/README.md"), @r"
    Merged from upstream 41.0.0 to 42.0.0:

    - `src/sockets/mod.rs` line 7: lines
    - `src/sockets/mod.rs` line 15, `fn connect`: lines

    Merged from upstream 42.0.0 to 43.0.0:

    - `src/sockets/mod.rs` line 7: decision
    - `src/sockets/mod.rs` line 15: decision
    - `src/sockets/mod.rs`: decided, edited

    Merged from upstream 43.0.0 to 44.0.0:

    - `src/sockets/mod.rs` line 7: decision
    - `src/sockets/mod.rs` line 15: decision
    - `src/sockets/stream.rs` line 7, `struct Socket, field loopback`: lines
    - `src/sockets/stream.rs` line 13, `impl Socket`: lines
    - `src/sockets/mod.rs`: decided, the fork's lines
    - `src/sockets/tcp.rs`: decided, moved to src/sockets/stream.rs
    ");
    world.run("check --deep").done();
}

#[test]
fn a_series_that_does_not_fit_the_pin_is_no_matter_for_vendor() {
    let world = World::vendored();
    world.edit(
        "manifest.toml",
        "upstream = \"41.0.0\" # the pin",
        "upstream = \"43.0.0\"",
    );
    world.edit(
        "manifest.toml",
        "version = \"2.0.0-rc.6\"",
        "version = \"2.0.0-rc.9\"",
    );
    shown!(world.refused("vendor", 11), @r"
    exit 11
    --- stderr
    fetching v43.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    error: patches do not apply to 43.0.0
      × hunk 1 (`@@ -4,11 +4,13 @@`): its old text stands nowhere: 9 of its 11 lines match where line
      │ 10 is `/// Connects to a port of the host.` and should be `/// Connects to a port.`
       ╭─[patches/v38.0.1/src/sockets/mod.rs.patch:6:1]
     5 │ +++ b/src/sockets/mod.rs
     6 │ @@ -4,11 +4,13 @@
       · ─────────────────
     7 │  
       ╰────
      help: bring the hunk's context and removed lines to what the file says
    help: fix the patches, or let `wash-wasi-sync upgrade --to v43.0.0` merge them
    ");
}

#[test]
fn a_protected_file_that_went_into_another_is_found_there() {
    let world = World::new();
    world.remove("patches/v38.0.1/src/sockets/tcp.rs.patch");
    world.run("vendor").done();
    world.tag("46.0.0", |root| {
        let path = |name: &str| root.join("src/sockets").join(name);
        let [sockets, tcp] =
            ["mod.rs", "tcp.rs"].map(|name| std::fs::read_to_string(path(name)).unwrap());
        let nested: String = tcp
            .lines()
            .skip(2)
            .map(|line| format!("    {line}\n"))
            .collect();
        let merged = sockets.replace("mod tcp;\n", &format!("mod tcp {{\n{nested}}}\n"));
        std::fs::write(path("mod.rs"), merged).unwrap();
        std::fs::remove_file(path("tcp.rs")).unwrap();
    });
    let ran = world.refused("upgrade --to 46.0.0 --dry-run", 0);
    let line = "src/sockets/tcp.rs protected +0 −19; now mostly in src/sockets/mod.rs";
    assert!(ran.out.contains(line), "{ran}");
    let ran = world.refused("diff --stat --from 41 --to 46", 0);
    let line = "src/sockets/tcp.rs +0 −19 (gone; now mostly in src/sockets/mod.rs (";
    assert!(ran.out.contains(line), "{ran}");
}
