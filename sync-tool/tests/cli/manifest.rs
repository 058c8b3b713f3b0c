//! Faults of what people write, through the binary: all of them, each with its place.

use super::*;

#[test]
fn several_faults_of_the_manifest_come_together() {
    let world = World::vendored();
    for (from, to) in [
        ("tag = \"v{version}\"", "tag = \"v\""),
        ("[fork]\n", "[fork]\nversoin = \"2\"\n"),
        ("kind = \"direct\"", "kind = \"dirct\""),
        (
            "\"src/sockets/tcp.rs\"]",
            "\"src/sockets/mod.rs\", \"src/[\"]",
        ),
        ("patches = \"patches/v38.0.1\"", "patches = \"../patches\""),
        ("to = \"wash_wasi\"", "to = \"wash-wasi\""),
    ] {
        world.edit("manifest.toml", from, to);
    }
    shown!(world.refused("check", 1), @r#"
    exit 1
    --- stderr
    error: manifest.toml has faults
      × `tag` does not hold `{version}` once
       ╭─[manifest.toml:7:7]
     6 │ path = "crates/wasi"
     7 │ tag = "v"
       ·       ───
     8 │ 
       ╰────
      help: write it as "v{version}"
      × unknown key `fork.versoin`
        ╭─[manifest.toml:10:1]
      9 │ [fork]
     10 │ versoin = "2"
        · ───────
     11 │ crate = "wash-wasi"
        ╰────
      help: did you mean `version`?
      × `wash-wasi` is not a name
        ╭─[manifest.toml:21:6]
     20 │ from = "wasmtime_wasi"
     21 │ to = "wash-wasi"
        ·      ───────────
     22 │ 
        ╰────
      help: a rewrite takes letters, digits and `_`
      × `dirct` is not a kind of file
        ╭─[manifest.toml:30:8]
     29 │ paths = ["src/**", "tests/**", "wit/**", "README.md"]
     30 │ kind = "dirct"
        ·        ───────
     31 │ 
        ╰────
      help: write direct, patched, generated, omitted or owned
      × `src/[` is not a glob: unclosed character class; missing ']'
        ╭─[manifest.toml:37:54]
     36 │ [[files]]
     37 │ paths = ["src/sockets/mod.rs", "src/sockets/mod.rs", "src/["]
        ·                                                      ───────
     38 │ kind = "patched"
        ╰────
      help: `*` stays within a directory, `**` crosses them
      × `src/sockets/mod.rs` stands in more than one rule
        ╭─[manifest.toml:37:32]
     36 │ [[files]]
     37 │ paths = ["src/sockets/mod.rs", "src/sockets/mod.rs", "src/["]
        ·                                ────────────────────
     38 │ kind = "patched"
        ╰────
      help: keep it in the one that is meant
      × `../patches` leaves the tree
        ╭─[manifest.toml:60:11]
     59 │ base = "38.0.1"
     60 │ patches = "../patches"
        ·           ────────────
     61 │ 
        ╰────
      help: name a relative path without `..`, with `/` between its parts
    "#);
    // Every command says the same.
    for command in [
        "vendor",
        "status",
        "versions",
        "refresh",
        "diff",
        "upgrade --to 38",
    ] {
        let ran = world.refused(command, 1);
        assert_eq!(ran.err.matches("manifest.toml:").count(), 7, "{ran}");
    }
}

#[test]
fn what_is_no_toml_is_shown() {
    let world = World::vendored();
    world.edit(
        "manifest.toml",
        "crate = \"wasmtime-wasi\"",
        "crate = wasmtime-wasi",
    );
    shown!(world.refused("check", 1), @r#"
    exit 1
    --- stderr
    error: manifest.toml is not TOML
      × string values must be quoted, expected literal string
       ╭─[manifest.toml:4:9]
     3 │ [upstream]
     4 │ crate = wasmtime-wasi
       ·         ─────────────
     5 │ repository = "[upstream]"
       ╰────
      help: fix the TOML at this place
    "#);
}

#[test]
fn rules_that_do_not_fit_the_release_come_together() {
    let world = World::vendored();
    world.edit("manifest.toml", "\"wit/**\"", "\"wti/**\"");
    world.edit(
        "manifest.toml",
        "\"src/sockets/loopback/**\"",
        "\"src/random.rs\", \"src/sockets/loopback/**\"",
    );
    shown!(world.refused("vendor", 1), @r#"
    exit 1
    --- stderr
    error: the rules of manifest.toml do not fit this upstream release
      × upstream has `src/random.rs`, where the fork has files of its own
        ╭─[manifest.toml:41:10]
     40 │ [[files]]
     41 │ paths = ["src/random.rs", "src/sockets/loopback/**", "tests/loopback.rs"]
        ·          ───────────────
     42 │ kind = "owned"
        ╰────
      help: move the fork's files elsewhere, or name upstream's file in a later rule
      manifest.toml: no rule says what happens to upstream's `wit/deps/new.wit`
        help: add it to a `[[files]]` rule: paths = ["wit/deps/new.wit"], kind = "direct"
      manifest.toml: no rule says what happens to upstream's `wit/world.wit`
        help: add it to a `[[files]]` rule: paths = ["wit/world.wit"], kind = "direct"
      × `wti/**` matches no upstream file
        ╭─[manifest.toml:28:32]
     27 │ [[files]]
     28 │ paths = ["src/**", "tests/**", "wti/**", "README.md"]
        ·                                ────────
     29 │ kind = "direct"
        ╰────
      help: remove it, or say `optional = true` in its rule
    "#);
}

#[test]
fn rules_that_match_nothing_in_the_text_are_stale() {
    let world = World::vendored();
    world.edit(
        "manifest.toml",
        "from = \"wasmtime_wasi\"",
        "from = \"wasmtime_wsai\"",
    );
    world.edit(
        "manifest.toml",
        "when-contains = \"unsafe\"",
        "when-contains = \"unsfae\"",
    );
    shown!(world.refused("vendor", 1), @r#"
    exit 1
    --- stderr
    error: upstream's names cannot be rewritten
      × `wasmtime_wsai` stands in no upstream file
        ╭─[manifest.toml:18:1]
     17 │ 
     18 │ [[rewrite]]
        · ───────────
     19 │ from = "wasmtime_wsai"
        ╰────
      help: remove the rule, or say `optional = true` in it
    "#);
}

#[test]
fn faulty_patches_and_files_come_together() {
    let world = World::vendored();
    let dir = "patches/v38.0.1";
    world.edit(
        &format!("{dir}/src/sockets/mod.rs.patch"),
        "Reason: ",
        "Because: ",
    );
    world.edit(
        &format!("{dir}/src/sockets/tcp.rs.patch"),
        "b/src/sockets/tcp.rs",
        "b/src/udp.rs",
    );
    world.write(&format!("{dir}/notes.txt"), "x");
    world.write(&format!("{dir}/files/tests/loopback.rs"), "");
    world.write("patches/locks/new.lock", "");
    shown!(world.refused("vendor", 1), @r"
    exit 1
    --- stderr
    error: the stored patches and files have faults
      patches/v38.0.1/notes.txt: the file is neither a patch nor below `files/`
        help: name it `….patch`, or move it to `patches/v38.0.1/files/`
      × `Change:` has no `Reason:` after it
       ╭─[patches/v38.0.1/src/sockets/mod.rs.patch:1:1]
     1 │ Change: the loopback is asked before the host
       · ─────────────────────────────────────────────
     2 │ Because: components of one workload talk without the host's network
       ╰────
      help: write `Reason:` with why the change is needed below it
      × the line belongs neither to the head nor to a diff
       ╭─[patches/v38.0.1/src/sockets/mod.rs.patch:2:1]
     1 │ Change: the loopback is asked before the host
     2 │ Because: components of one workload talk without the host's network
       · ───────────────────────────────────────────────────────────────────
     3 │ 
       ╰────
      help: start a remark with `#`, indent a line that continues a value, or remove the line
      × the patch is of `src/sockets/tcp.rs` and of `src/udp.rs`
       ╭─[patches/v38.0.1/src/sockets/tcp.rs.patch:4:1]
     3 │ 
     4 │ --- a/src/sockets/tcp.rs
       · ────────────────────────
     5 │ +++ b/src/udp.rs
       ╰────
      help: name one file in both header lines; a patch cannot rename
      patches/locks/new.lock: the file is not a cargo lock of a release
        help: name it `<version>.lock`, or remove it
      patches/v38.0.1/files/tests/loopback.rs: `tests/loopback.rs` stands in `patches/loopback` too
        help: keep it in every series, or in the shared directory alone
    ");
}

#[test]
fn fork_owned_files_need_a_rule_as_upstreams_do() {
    let world = World::vendored();
    let owned = "patches/loopback/src/sockets/loopback";
    let series = "patches/v38.0.1/files/src/sockets/loopback";
    for path in [
        &format!("{owned}/.mod.rs.swp"),
        &format!("{owned}/mod.rs~"),
        &format!("{series}/.DS_Store"),
        "patches/loopback/.DS_Store",
        "patches/loopback/notes.md",
        "patches/loopback/Cargo.lock",
    ] {
        world.write(path, "");
    }
    for command in ["check", "vendor", "upgrade --to 42 --dry-run", "refresh"] {
        world.refused(command, 1);
    }
    shown!(world.run("vendor"), @r"
    exit 1
    --- stderr
    error: the stored patches and files have faults
      patches/loopback/.DS_Store: no rule says that such a file is the fork's
        help: move it below one of the `owned` paths of manifest.toml, add a rule of that kind, or remove it
      patches/loopback/Cargo.lock: the tool generates it
        help: remove it
      patches/loopback/notes.md: no rule says that such a file is the fork's
        help: move it below one of the `owned` paths of manifest.toml, add a rule of that kind, or remove it
      patches/loopback/src/sockets/loopback/.mod.rs.swp: it looks like what an editor or the system left behind
        help: remove it, or name it without wildcards in an `owned` rule of manifest.toml
      patches/loopback/src/sockets/loopback/mod.rs~: it looks like what an editor or the system left behind
        help: remove it, or name it without wildcards in an `owned` rule of manifest.toml
      patches/v38.0.1/files/src/sockets/loopback/.DS_Store: it looks like what an editor or the system left behind
        help: remove it, or name it without wildcards in an `owned` rule of manifest.toml
    ");
}

#[test]
fn an_editors_leftover_is_no_edit_to_keep() {
    let world = World::vendored();
    let left = "vendor/wash-wasi/src/sockets/loopback/.mod.rs.swp";
    world.write(left, "");
    shown!(world.refused("refresh", 1), @r"
    exit 1
    --- stderr
    error: edits cannot be kept
      src/sockets/loopback/.mod.rs.swp: it looks like what an editor or the system left behind
        help: remove it, or name it without wildcards in an `owned` rule of manifest.toml
    ");
    // Who means it says so.
    world.edit(
        "manifest.toml",
        "\"tests/loopback.rs\"]",
        "\"tests/loopback.rs\", \"src/sockets/loopback/.mod.rs.swp\"]",
    );
    world.run("refresh").done();
    world.run("check").done();
}

#[test]
fn inputs_are_not_read_through_links() {
    let world = World::vendored();
    let outside = world.both.git.path("outside");
    for dir in ["patches/loopback", "patches/v38.0.1"] {
        let there = outside.join(dir);
        std::fs::create_dir_all(there.parent().unwrap()).unwrap();
        std::fs::rename(world.path(dir), &there).unwrap();
        std::os::unix::fs::symlink(&there, world.path(dir)).unwrap();
    }
    shown!(world.run("check").ended(1), @r"
    exit 1
    --- stderr
    error: the project's inputs cannot be read
      patches/loopback: it is a symbolic link, and inputs are not read through links
        help: put the directory itself in its place, or name the right one in manifest.toml
      patches/v38.0.1: it is a symbolic link, and inputs are not read through links
        help: put the directory itself in its place, or name the right one in manifest.toml
    ");
    std::fs::remove_file(world.path("patches/loopback")).unwrap();
    std::fs::remove_file(world.path("patches/v38.0.1")).unwrap();
    std::fs::rename(world.path("patches/locks"), outside.join("patches/locks")).unwrap();
    std::fs::remove_dir(world.path("patches")).unwrap();
    std::os::unix::fs::symlink(outside.join("patches"), world.path("patches")).unwrap();
    shown!(world.run("vendor").ended(1), @r"
    exit 1
    --- stderr
    error: the project's inputs cannot be read
      patches: it is a symbolic link, and inputs are not read through links
        help: put the directory itself in its place, or name the right one in manifest.toml
    ");
}

#[test]
fn documents_without_markers_are_told() {
    let world = World::new();
    world.write("README.md", "# No markers\n");
    shown!(world.run("versions --write").ended(1), @r"
    exit 1
    --- stderr
    error: a document cannot be kept up to date
      × block `versions`: the line that begins it is missing
       ╭─[README.md:1:1]
     1 │ # No markers
       · ▲
       ╰────
      help: put these lines, once, where the block goes:
            <!-- wash-wasi-sync: versions (generated; edits are lost) -->
            <!-- wash-wasi-sync: end of versions -->
    ");
    shown!(world.run("vendor").ended(1), @r"
    exit 1
    --- stderr
    fetching v41.0.0 of [upstream]
    fetching 13 files of [upstream]
    formatting
    making the crate's Cargo.lock
    error: a document cannot be kept up to date
      × block `versions`: the line that begins it is missing
       ╭─[README.md:1:1]
     1 │ # No markers
       · ▲
       ╰────
      help: put these lines, once, where the block goes:
            <!-- wash-wasi-sync: versions (generated; edits are lost) -->
            <!-- wash-wasi-sync: end of versions -->
    ");
    world.remove("README.md");
    shown!(world.run("versions --write").ended(1), @r"
    exit 1
    --- stderr
    error: README.md is listed in manifest.toml, but not there
    help: restore it, or remove it from `[documents]`
    ");
}

#[test]
fn the_table_is_written_between_its_markers() {
    let world = World::new();
    shown!(world.run("versions --write"), @r"
    exit 0
    * 2.0.0-rc.6  v41.0.0    The second
      2.0.0-rc.5  v38.0.1    The first
    Wrote: README.md
    ");
    shown!(world.read("README.md"), @r"
    # The fork

    <!-- wash-wasi-sync: versions (generated; edits are lost) -->

    | wash-wasi | wasmtime | notes |
    | --- | --- | --- |
    | 2.0.0-rc.6 | v41.0.0 (pinned) | The second |
    | 2.0.0-rc.5 | v38.0.1 | The first |

    <!-- wash-wasi-sync: end of versions -->
    ");
    world.refused("versions --write", 0);
}

#[test]
fn tested_releases_are_put_into_their_table() {
    let world = World::new();
    let rows = |text: &str| world.write("rows", text);
    let refused = |says: &str| {
        let ran = world.refused("versions --tested rows", 1);
        assert!(ran.err.contains(says), "{ran}");
    };
    rows("{\"release\":\"41.0.0\",\"builds\":\"failed: no space\"}\n");
    refused("`releases = [\"docs/releases.md\"]`");
    let documents = "[documents]\n";
    let listed = format!("{documents}releases = [\"README.md\"]\n");
    world.edit("manifest.toml", documents, &listed);
    refused("block `releases`: the line that begins it is missing");
    let readme = world.read("README.md");
    let [begin, end] = ["releases (generated; edits are lost)", "end of releases"]
        .map(|text| format!("<!-- wash-wasi-sync: {text} -->"));
    world.write("README.md", format!("{readme}{begin}\n{end}\n"));
    refused("block `releases`: it begins with no table");
    let table = "| release | builds | guests |\n| --- | --- | --- |\n| 40.0.0 | yes | 67 of 67 |\n";
    world.edit("README.md", &end, &format!("{table}{end}"));
    let ran = world.run("versions --write --tested rows").done();
    assert!(ran.out.ends_with("Wrote: README.md\n"), "{ran}");
    let written = world.read("README.md");
    let row = "| 41.0.0 | failed: no space | not run |\n";
    let block = format!("{begin}\n\n{table}{row}\n{end}\n");
    assert!(written.ends_with(&block), "{written}");
    assert!(written.contains("| v41.0.0 (pinned) |"), "{written}");
    world.refused("versions --tested rows", 0);
    rows("{\"release\":\"41\"}\n");
    refused("`41` is not the version of a release, such as 41.0.0");
    rows("[]\n");
    refused("rows: line 1: invalid type");
    world.remove("rows");
    refused("rows");
}

#[test]
fn a_lock_that_was_changed_is_refused() {
    let world = World::vendored();
    world.edit("manifest.lock", "\"644 ", "\"755 ");
    shown!(world.refused("check", 1), @r"
    exit 1
    --- stderr
    error: manifest.lock cannot be used
      manifest.lock: its digest is not that of its files: it was edited
    help: restore it from version control, or remove it and run `wash-wasi-sync vendor --discard-edits`
    ");
}

#[test]
fn a_directory_that_is_not_the_tree_is_never_replaced() {
    let world = World::vendored();
    world.write("guests/Cargo.toml", "[workspace]\n");
    world.write("guests/src/lib.rs", "// Ours.\n");
    world.edit(
        "manifest.toml",
        "path = \"vendor/wash-wasi\"",
        "path = \"guests\"",
    );
    for command in [
        "vendor",
        "vendor --discard-edits",
        "upgrade --to 42 --no-verify --discard-edits",
    ] {
        let ran = world.run(command).ended(10);
        assert!(
            ran.err
                .contains("guests holds other files than the vendored tree"),
            "{ran}"
        );
        assert_eq!(world.read("guests/src/lib.rs"), "// Ours.\n");
    }
}
