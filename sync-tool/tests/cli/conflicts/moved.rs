//! Files that merge, move and go while others conflict, and a series that climbs.

use super::*;

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
    let ran = world.refused("conflicts show src/sockets/mod.rs", 2);
    assert!(
        ran.err
            .contains("`wash-wasi-sync conflicts open src/sockets/mod.rs`"),
        "{ran}"
    );
    let ran = world.run_in(
        &world.root(),
        &[("EDITOR", "sed -i 's/of a host/of any host/'")],
        &["conflicts", "open", "src/sockets/mod.rs"],
    );
    assert!(
        ran.done()
            .out
            .contains("`wash-wasi-sync resolve src/sockets/mod.rs`")
    );
    world.run("resolve").done();
    let ran = world.run("conflicts").done();
    assert!(
        ran.out
            .contains("src/sockets/mod.rs (lines 2); resolved: edited"),
        "{ran}"
    );
    world.run("conflicts --html page.html").done();
    assert!(world.read("page.html").contains("of any host"));
    let ran = world.run("check").done();
    assert!(
        ran.out.contains("the upgrade to upstream 46.0.0 is open"),
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
