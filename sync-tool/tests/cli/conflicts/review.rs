//! What is shown for review: commits, pages, annotations.

use super::*;

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
    let spaced = world.path("my editors");
    std::fs::create_dir(&spaced).unwrap();
    std::fs::rename(&name, spaced.join("vim")).unwrap();
    run(&format!("'{}' -x \"a b\"", spaced.join("vim").display())).done();
    assert!(world.read("edited").starts_with("-x a b +15 /"));
    for (editor, what) in [
        ("false", "failed (exit status: 1)"),
        ("no-such-editor", "cannot be started"),
    ] {
        let ran = run(editor).ended(1);
        assert!(ran.err.contains(what), "{ran}");
    }
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
    let page = world.read("page.html");
    assert!(page.contains(&id[..10]) && page.contains("commits of the file"));
}

#[test]
fn commits_are_those_of_the_lines_in_upstreams_own_file() {
    let world = World::new();
    let insert = "\n[[insert]]\nfiles = [\"src/sockets/mod.rs\"]\nwhen-contains = \"Socket\"\ntext = \"#![allow(unused)]\"\n";
    let manifest = world.read("manifest.toml");
    world.write("manifest.toml", manifest + insert);
    world.run("vendor").done();
    let release = |version: &str, connect: &str| {
        world.tag(version, |root| {
            let place = root.join("src/sockets/mod.rs");
            let text = std::fs::read_to_string(&place).unwrap();
            let (head, tail) = text.split_once("    Some(Socket::host(port))\n").unwrap();
            let below = "\n\n/// Below.\npub fn below() {}\n";
            std::fs::write(place, [head, connect, tail, below].concat()).unwrap();
        });
    };
    release("46.0.0", "    Some(Socket::host(port))\n");
    release("46.0.1", "    Some(Socket::host(port + 1))\n");
    let clone = world.both.git.upstream().display().to_string();
    let line = format!("upgrade --to 46.0.1 --no-verify --upstream {clone}");
    world.run(&line).ended(11);
    let shown = world.run("conflicts show 1 --format json").done().json();
    let commits = shown["conflicts"][0]["commits"].as_array().unwrap();
    let subjects: Vec<&str> = commits
        .iter()
        .filter_map(|one| one["subject"].as_str())
        .collect();
    assert!(
        subjects.starts_with(&["46.0.1"]) && !subjects.contains(&"46.0.0"),
        "{subjects:?}"
    );
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
