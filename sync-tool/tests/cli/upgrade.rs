//! `upgrade`: to releases where the patches fit, where they must be merged, and back.

use super::*;

#[test]
fn an_exact_upgrade_is_told_and_the_next_check_is_clean() {
    let world = World::vendored();
    shown!(world.run("upgrade --to v38.0.4 --no-verify"), @r#"
    exit 0
    vendor/wash-wasi went from 2.0.0-rc.6 (upstream 41.0.0) to 2.0.0-rc.7 (upstream 38.0.4)
      14 files from git, commit [digest], digest [digest]
    New files (1)
      wit/deps/old.wit direct +1 −0
    Files that are gone (1)
      wit/deps/new.wit direct +0 −1
    Changed files (5)
      Cargo.lock generated +1 −1
      Cargo.toml generated +3 −3
      README.md direct +1 −1
      src/lib.rs direct +3 −3
      wit/world.wit direct +1 −1
    Patches of patches/v38.0.1: 2 files, all exact; 13 of at most 30 changed lines
      src/sockets/mod.rs exact +3 −1
      src/sockets/tcp.rs exact +8 −1
    Rules
      rewrite wasmtime_wasi to wash_wasi: 3 times in 3 files
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Not built and tested: --no-verify; to do so: `wash-wasi-sync vendor --verify`
    Wrote: README.md, docs/differences.md, manifest.lock, manifest.toml, patches/locks/38.0.4.lock
    note: 2.0.0-rc.7 is a new version of the fork, although 2.0.0-rc.5 is of line 38 too: that is upstream 38.0.1, and a version stands for one tree. To go there instead: `wash-wasi-sync upgrade --to v38.0.1`
    Time: resolve [time], fetch [time], prepare [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    --- stderr
    fetching v38.0.4 of [upstream]
    fetching 6 files of [upstream]
    formatting
    making the crate's Cargo.lock
    "#);
    shown!(world.run("check"), @r"
    exit 0
    The sync is correct. vendor/wash-wasi at 2.0.0-rc.7 is upstream 38.0.4 with the fork's changes, as locked: 14 files, digest [digest]
    Intentional differences from upstream:
      src/sockets/mod.rs: the loopback is asked before the host
        components of one workload talk without the host's network
      src/sockets/tcp.rs: a socket knows whether it is of the loopback
        the host must not be asked for what only the loopback has
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
    shown!(world.run("versions"), @r"
    exit 0
    * 2.0.0-rc.7  v38.0.4    wasmtime 38.0.4
      2.0.0-rc.6  v41.0.0    The second
      2.0.0-rc.5  v38.0.1    The first
    ");
    assert!(
        world
            .read("manifest.lock")
            .contains("unit = \"skipped: --no-verify\"")
    );
    let vendored = world.tree();
    world.remove(TREE);
    world.run("vendor --locked").done();
    assert_eq!(differing(&vendored, &world.tree()), Vec::<String>::new());
}

#[test]
fn a_merge_is_stored_as_a_series_and_gives_the_same_bytes_exactly() {
    let world = World::vendored();
    shown!(world.run("upgrade --to v42.0.0 --no-verify"), @r#"
    exit 0
    vendor/wash-wasi went from 2.0.0-rc.6 (upstream 41.0.0) to 2.0.0-rc.7 (upstream 42.0.0)
      14 files from git, commit [digest], digest [digest]
    Protected files that changed (1)
      src/sockets/mod.rs patched +1 −1
    Changed files (5)
      Cargo.lock generated +1 −1
      Cargo.toml generated +3 −3
      README.md direct +1 −1
      src/lib.rs direct +3 −3
      wit/world.wit direct +1 −1
    Patches of patches/v38.0.1: 2 files, 1 merged; 13 of at most 30 changed lines
      src/sockets/mod.rs merged (lines 2) +3 −1
      src/sockets/tcp.rs exact +8 −1
      merged from upstream 41.0.0 with these patches
      stored as the series patches/v42.0.0
    Rules
      rewrite wasmtime_wasi to wash_wasi: 3 times in 3 files
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Not built and tested: --no-verify; to do so: `wash-wasi-sync vendor --verify`
    Wrote: README.md, docs/differences.md, manifest.lock, manifest.toml, patches/locks/42.0.0.lock, patches/v42.0.0/README.md, patches/v42.0.0/files/src/sockets/loopback/ports.rs, patches/v42.0.0/src/sockets/mod.rs.patch, patches/v42.0.0/src/sockets/tcp.rs.patch
    Time: resolve [time], fetch [time], prepare [time], fetch [time], prepare [time], merge [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    --- stderr
    fetching v42.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    making the crate's Cargo.lock
    "#);
    shown!(world.read("patches/v42.0.0/src/sockets/mod.rs.patch"), @r"
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
    -    Some(Socket::host(port))
    +    Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))
     }
    ");
    world.run("check").done();
    world.run("check --deep").done();
    let (all, tree) = (world.see(), world.tree());
    world.remove(TREE);
    world.run("vendor").done();
    assert_eq!(differing(&tree, &world.tree()), Vec::<String>::new());
    world.same_as(&all);
    // The way the user would go again: from the series that was stored.
    world.run("upgrade --to 41.0.0 --no-verify").done();
    let again = world.run("upgrade --to 42 --no-verify").done();
    assert!(again.out.contains("all exact"), "{again}");
    assert_eq!(differing(&tree, &world.tree()), Vec::<String>::new());
}

#[test]
fn down_and_back_gives_the_same_bytes() {
    let world = World::vendored();
    let (tree, inputs) = (world.tree(), see(&world.path("patches/v38.0.1")));
    for there in ["v38.0.4", "42", "38.0.1"] {
        world
            .run(&format!("upgrade --to {there} --no-verify"))
            .done();
        world.run("check").done();
        world.run("upgrade --to v41.0.0 --no-verify").done();
        assert_eq!(
            differing(&tree, &world.tree()),
            Vec::<String>::new(),
            "{there}"
        );
    }
    assert_eq!(inputs, see(&world.path("patches/v38.0.1")));
    shown!(world.run("versions"), @r"
    exit 0
      2.0.0-rc.8  v42.0.0    wasmtime 42.0.0
      2.0.0-rc.7  v38.0.4    wasmtime 38.0.4
    * 2.0.0-rc.6  v41.0.0    The second
      2.0.0-rc.5  v38.0.1    The first
    ");
}

#[test]
fn a_dry_run_writes_nothing_at_all() {
    let world = World::vendored();
    shown!(world.refused("upgrade --to 42 --dry-run", 0), @r#"
    exit 0
    vendor/wash-wasi would become 2.0.0-rc.7 (upstream 42.0.0); nothing was written
      14 files from git, commit [digest], digest [digest]
    Protected files that changed (1)
      src/sockets/mod.rs patched +1 −1
    Changed files (5)
      Cargo.lock generated +1 −1
      Cargo.toml generated +3 −3
      README.md direct +1 −1
      src/lib.rs direct +3 −3
      wit/world.wit direct +1 −1
    Patches of patches/v38.0.1: 2 files, 1 merged; 13 of at most 30 changed lines
      src/sockets/mod.rs merged (lines 2) +3 −1
      src/sockets/tcp.rs exact +8 −1
      merged from upstream 41.0.0 with these patches
      stored as the series patches/v42.0.0
    Rules
      rewrite wasmtime_wasi to wash_wasi: 3 times in 3 files
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Would write: README.md, docs/differences.md, manifest.lock, manifest.toml, patches/locks/42.0.0.lock, patches/v42.0.0/README.md, patches/v42.0.0/files/src/sockets/loopback/ports.rs, patches/v42.0.0/src/sockets/mod.rs.patch, patches/v42.0.0/src/sockets/tcp.rs.patch
    Time: resolve [time], fetch [time], prepare [time], fetch [time], prepare [time], merge [time], make [time], cargo lock [time]
    --- stderr
    listing the tags of [upstream]
    fetching v42.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    making the crate's Cargo.lock
    "#);
    world.refused("upgrade --to 43 --dry-run", 11);
    world.refused("upgrade --to 41.0.0 --dry-run", 0);
    // Nor where there was nothing before.
    let fresh = World::new();
    fresh.refused("upgrade --to 41.0.0 --dry-run", 0);
}

#[test]
fn versions_are_given_as_people_write_them() {
    let world = World::vendored();
    for (given, meant) in [
        ("38", "38.0.4"),
        ("v38.0", "38.0.4"),
        ("v41", "41.0.0"),
        ("42.0.0", "42.0.0"),
    ] {
        let ran = world.run(&format!("upgrade --to {given} --dry-run --format json"));
        assert_eq!(ran.done().json()["to"]["upstream"], meant, "{given}");
    }
    let latest = world.refused("upgrade --to latest", 1);
    shown!(latest, @r#"
    exit 1
    --- stderr
    listing the tags of [upstream]
    fetching v45.0.0 of [upstream]
    fetching 7 files of [upstream]
    error: the rules of manifest.toml do not fit this upstream release
      manifest.toml: no rule says what happens to upstream's `NEWS.md`
        help: add it to a `[[files]]` rule: paths = ["NEWS.md"], kind = "direct"
    "#);
    shown!(world.refused("upgrade --to v38.0.0", 13), @r"
    exit 13
    --- stderr
    fetching v38.0.0 of [upstream]
    listing the tags of [upstream]
    reading the registry's index
    error: [upstream] has no tag v38.0.0
    help: of those that it has, the newest of the line 38 is v38.0.4; nearest are v38.0.1, v38.0.4, v41.0.0
    ");
    shown!(world.refused("upgrade --to 39", 13), @r"
    exit 13
    --- stderr
    listing the tags of [upstream]
    error: upstream has no release of the line 39
    help: the newest lines it has: 45, 44, 43, 42, 41
    ");
}

#[test]
fn a_file_that_no_rule_names_is_taken_once_there_is_a_rule() {
    let world = World::vendored();
    world.edit("manifest.toml", "\"README.md\"]", "\"*.md\"]");
    let ran = world.run("upgrade --to latest --no-verify").done();
    shown!(ran, @r#"
    exit 0
    vendor/wash-wasi went from 2.0.0-rc.6 (upstream 41.0.0) to 2.0.0-rc.7 (upstream 45.0.0)
      16 files from git, commit [digest], digest [digest]
    Protected files that changed (1)
      src/sockets/mod.rs patched +1 −1
    New files (2)
      NEWS.md direct +1 −0
      src/fresh.rs direct +1 −0
    Changed files (5)
      Cargo.lock generated +1 −1
      Cargo.toml generated +3 −3
      README.md direct +1 −1
      src/lib.rs direct +3 −3
      wit/world.wit direct +1 −1
    Patches of patches/v38.0.1: 2 files, 1 merged; 13 of at most 30 changed lines
      src/sockets/mod.rs merged (lines 2) +3 −1
      src/sockets/tcp.rs exact +8 −1
      merged from upstream 41.0.0 with these patches
      stored as the series patches/v45.0.0
    Rules
      rewrite wasmtime_wasi to wash_wasi: 3 times in 3 files
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Not built and tested: --no-verify; to do so: `wash-wasi-sync vendor --verify`
    Wrote: README.md, docs/differences.md, manifest.lock, manifest.toml, patches/locks/45.0.0.lock, patches/v45.0.0/README.md, patches/v45.0.0/files/src/sockets/loopback/ports.rs, patches/v45.0.0/src/sockets/mod.rs.patch, patches/v45.0.0/src/sockets/tcp.rs.patch
    Time: resolve [time], fetch [time], prepare [time], fetch [time], prepare [time], merge [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    --- stderr
    listing the tags of [upstream]
    fetching v45.0.0 of [upstream]
    fetching 8 files of [upstream]
    formatting
    making the crate's Cargo.lock
    "#);
    world.run("check").done();
}

#[test]
fn the_forks_version_and_notes_can_be_given() {
    let world = World::vendored();
    let to = ["upgrade", "--no-verify", "--to"];
    let with = |more: &[&str]| world.run_args(&[&to[..], more].concat());
    let ran = with(&[
        "38.0.4",
        "--fork-version",
        "2.1.0",
        "--notes",
        "With a | in it",
    ])
    .done();
    // A version that was asked for needs no reason.
    assert!(!ran.out.contains("note:"), "{ran}");
    shown!(world.read("README.md"), @r"
    # The fork

    <!-- wash-wasi-sync: versions (generated; edits are lost) -->

    | wash-wasi | wasmtime | notes |
    | --- | --- | --- |
    | 2.1.0 | v38.0.4 (pinned) | With a \| in it |
    | 2.0.0-rc.6 | v41.0.0 | The second |
    | 2.0.0-rc.5 | v38.0.1 | The first |

    <!-- wash-wasi-sync: end of versions -->
    ");
    assert!(
        world
            .read("vendor/wash-wasi/Cargo.toml")
            .contains("version = \"2.1.0\"")
    );
    // The history knows it now, with its notes.
    with(&["41.0.0"]).done();
    with(&["38.0.4"]).done();
    shown!(world.run("versions"), @r"
    exit 0
    * 2.1.0       v38.0.4    With a | in it
      2.0.0-rc.6  v41.0.0    The second
      2.0.0-rc.5  v38.0.1    The first
    ");
    // Another release cannot have the same version.
    let before = world.see();
    shown!(with(&["42", "--fork-version", "2.1.0"]).ended(2), @r"
    exit 2
    --- stderr
    listing the tags of [upstream]
    error: 2.1.0 is upstream 38.0.4 by the history
    help: choose another with `--fork-version`, or leave it out for the next one
    ");
    world.same_as(&before);
    // Notes alone can be put right.
    with(&["38.0.4", "--notes", "Better"]).done();
    shown!(world.run("versions"), @r"
    exit 0
    * 2.1.0       v38.0.4    Better
      2.0.0-rc.6  v41.0.0    The second
      2.0.0-rc.5  v38.0.1    The first
    ");
    world.run("check").done();
}

#[test]
fn a_new_series_is_not_mixed_with_what_lies_there() {
    let world = World::vendored();
    world.write("patches/v42.0.0/src/old.rs.patch", "left over");
    let ran = world.refused("upgrade --to 42 --no-verify", 1);
    assert!(
        ran.err.contains("`patches/v42.0.0`, which is there"),
        "{ran}"
    );
    world.remove("patches/v42.0.0");
    world.run("upgrade --to 42 --no-verify").done();
}

#[test]
fn a_merge_starts_from_the_pin_where_the_patches_apply_there() {
    let world = World::new();
    // The socket moves over a longer text at 41, and is changed at 42: to who knows
    // nothing of 41, it moved and was changed at once.
    let table: String = (0..40)
        .map(|n| format!("/// Port {n}.\npub const PORT_{n}: u16 = {n};\n\n"))
        .collect();
    let publish = |version: &str, edit: &dyn Fn(&str) -> String| {
        world.tag(version, |sources| {
            let path = sources.join("src/sockets/tcp.rs");
            let text = std::fs::read_to_string(&path).unwrap();
            let socket = text.strip_prefix("//! TCP.\n\n").unwrap();
            git_world::write(&path, format!("//! TCP.\n\n{}", edit(socket)));
        });
    };
    publish("40.0.0", &|socket| format!("{table}{socket}"));
    publish("41.0.1", &|socket| {
        format!("{socket}\n{}\n", table.trim_end())
    });
    publish("42.0.1", &|socket| {
        let socket = socket.replace("Makes a socket of the host.", "Makes a host's socket.");
        format!("{socket}\n{}\n", table.trim_end())
    });
    let row = "base = \"38.0.1\"\npatches = \"patches/v38.0.1\"\n";
    let row_of_40 = row.replace("38.0.1\"\np", "40.0.0\"\np") + "limit = 20\n";
    world.edit("manifest.toml", row, &row_of_40);
    world.edit(
        "manifest.toml",
        "upstream = \"41.0.0\" # the pin",
        "upstream = \"40.0.0\"",
    );
    let history = "upstream = \"41.0.0\"\nnotes";
    world.edit("manifest.toml", history, "upstream = \"40.0.0\"\nnotes");
    world.run("vendor").done();
    let far = world
        .refused("upgrade --to 42.0.1 --dry-run --format json", 0)
        .json();
    assert_eq!(far["series"]["merge_base"], "40.0.0", "{far}");
    world.run("upgrade --to 41.0.1 --no-verify").done();
    let dry = world.run("upgrade --to 42.0.1 --dry-run").done();
    let said = "  merged from upstream 41.0.1 with these patches\n";
    assert!(dry.out.contains(said), "{dry}");
    let ran = world
        .run("upgrade --to 42.0.1 --no-verify --format json")
        .done();
    let series = &ran.json()["series"];
    assert_eq!(series["merge_base"], "41.0.1", "{series}");
    assert_eq!(series["base"], "40.0.0", "{series}");
    // The new series may change as many lines as the one that it was made of.
    assert_eq!(series["budget"], 20, "{series}");
    let manifest = world.read("manifest.toml");
    let new = "base = \"42.0.1\"\npatches = \"patches/v42.0.1\"\nlimit = 20\n";
    assert!(
        manifest.contains(new) && manifest.contains(&row_of_40),
        "{manifest}"
    );
    world.run("check").done();
}

#[test]
fn a_new_version_for_an_older_release_is_explained() {
    let world = World::vendored();
    world.run("upgrade --to 42 --no-verify").done();
    let notes = |to: &str| {
        let line = format!("upgrade --to {to} --dry-run --format json");
        world.run(&line).done().json()["notes"].take()
    };
    let of_38 = "2.0.0-rc.8 is a new version of the fork, although 2.0.0-rc.5 is of line 38 too: that is \
                 upstream 38.0.1, and a version stands for one tree. To go there instead: \
                 `wash-wasi-sync upgrade --to v38.0.1`";
    assert_eq!(notes("38"), serde_json::json!([of_38]));
    let ran = world.run("upgrade --to 38 --dry-run").done();
    assert!(ran.out.contains(&format!("note: {of_38}\n")), "{ran}");
    world.tag("40.0.0", |_| {});
    let of_none = "2.0.0-rc.8 is a new version of the fork: the history has none of line 40";
    assert_eq!(notes("40"), serde_json::json!([of_none]));
    // Where a row is of the release, it gives the version; up is what a new one is for.
    world.tag("42.0.2", |_| {});
    for to in ["38.0.1", "41.0.0", "42.0.0", "42.0.2"] {
        assert_eq!(notes(to), serde_json::json!([]), "{to}");
    }
}
