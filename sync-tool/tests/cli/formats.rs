//! Formats for programs, and how much is said to people.

use std::collections::BTreeSet;

use serde_json::Value;

use super::world::Ran;
use super::*;

/// Checks that a document has exactly these keys.
fn has(document: &Value, keys: &[&str]) {
    let found: BTreeSet<&str> = document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(found, keys.iter().copied().collect());
}

const MADE: [&str; 21] = [
    "open",
    "binary",
    "command",
    "ended",
    "from",
    "to",
    "source",
    "commit",
    "path",
    "files",
    "digest",
    "changes",
    "rules",
    "series",
    "conflicts",
    "left_out",
    "gates",
    "written",
    "notes",
    "patch",
    "steps",
];

#[test]
fn every_command_has_one_json_document() {
    let world = World::new();
    let json = |line: &str| world.run(&format!("{line} --format json")).json();
    let vendored = json("vendor");
    has(&vendored, &MADE);
    assert_eq!(
        (&vendored["ended"], &vendored["source"]),
        (&"committed".into(), &"git".into())
    );
    assert_eq!(json("vendor")["ended"], "unchanged");
    has(
        &json("check"),
        &[
            "pinned",
            "path",
            "files",
            "digest",
            "deep",
            "drift",
            "notes",
            "differences",
            "exported",
        ],
    );
    let status = json("status --differences");
    has(
        &status,
        &[
            "pinned",
            "commit",
            "newest",
            "newest_unknown",
            "series",
            "path",
            "support",
            "tree",
            "gates",
            "differences",
        ],
    );
    assert_eq!(status["tree"]["state"], "clean");
    assert_eq!(status["series"][0]["budget"], 30);
    assert_eq!(status["newest"]["overall"], "45.0.0");
    let diff = json("diff src/sockets");
    has(&diff, &["old", "new", "files", "stat"]);
    has(&diff["files"][0], &["path", "what", "lines", "text"]);
    has(
        &json("show src/lib.rs"),
        &["upstream", "path", "mode", "digest", "text"],
    );
    has(&json("versions"), &["pinned", "rows", "written"]);
    has(
        &json("refresh"),
        &["edits", "written", "dry_run", "delta", "budget"],
    );
    let upgraded = json("upgrade --to 42 --no-verify");
    has(&upgraded, &MADE);
    assert_eq!(upgraded["series"]["stored_as"], "patches/v42.0.0");
    let conflicts = json("upgrade --to 43");
    has(&conflicts, &MADE);
    has(
        &conflicts["conflicts"][0],
        &[
            "path",
            "patch",
            "differences",
            "from",
            "to",
            "kind",
            "merge",
            "hunks",
            "notes",
        ],
    );
}

#[test]
fn errors_are_documents_too() {
    let world = World::new();
    let error = world
        .run("upgrade --to 50.0.0 --format json")
        .ended(13)
        .error();
    has(
        &error,
        &["kind", "exit-code", "message", "faults", "help", "causes"],
    );
    assert_eq!(
        (&error["kind"], &error["exit-code"]),
        (&"upstream".into(), &13.into())
    );
    world.edit("manifest.toml", "kind = \"direct\"", "kind = \"dirct\"");
    let error = world.run("check --format json").ended(1).error();
    has(
        &error["faults"][0],
        &["message", "file", "line", "column", "help"],
    );
    assert_eq!(error["faults"][0]["line"], 29);
}

/// Reads a SARIF document by the types that are made from the public schema. What
/// they do not know would be missing from what they write.
fn sarif(ran: &Ran) -> Value {
    let document = ran.json();
    let read: serde_sarif::sarif::Sarif =
        serde_json::from_value(document.clone()).unwrap_or_else(|e| panic!("{e}\n{ran}"));
    assert_eq!(serde_json::to_value(&read).unwrap(), document);
    document["runs"][0].clone()
}

#[test]
fn sarif_is_of_its_schemas_shape() {
    let world = World::vendored();
    let clean = sarif(&world.run("check --format sarif").done());
    assert_eq!(clean["results"], serde_json::json!([]));
    assert_eq!(clean["invocations"][0]["exitCode"], 0);
    world.edit("vendor/wash-wasi/src/lib.rs", "WASI", "wasi");
    world.write("vendor/wash-wasi/odd name #1.rs", "");
    let run = sarif(&world.run("check --format sarif").ended(10));
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
    }
    let place = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "vendor/wash-wasi/odd%20name%20%231.rs");
}

#[test]
fn a_check_that_finds_no_tree_or_fails_is_a_document_in_each_format() {
    let world = World::new();
    world.run("vendor --quiet").done();
    world.remove(TREE);
    let run = sarif(&world.run("check --format sarif").ended(10));
    let message = run["results"][0]["message"]["text"].as_str().unwrap();
    assert!(
        message.contains("there is no vendored tree in vendor/wash-wasi"),
        "{message}"
    );
    let place = &run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "manifest.toml");
    shown!(world.run("check --format github").ended(10).out, @"::error file=manifest.toml,title=wash-wasi drift::there is no vendored tree in vendor/wash-wasi; make it: `wash-wasi-sync vendor`");

    world.edit("manifest.toml", "kind = \"direct\"", "kind = \"100%,:\"");
    let run = sarif(&world.run("check --format sarif").ended(1));
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(run["results"], serde_json::json!([]));
    let told = &invocation["toolExecutionNotifications"][0];
    let region = &told["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 29, "{told}");
    shown!(world.run("check --format github").ended(1).out, @"::error file=manifest.toml,line=29,col=8,title=wash-wasi-sync failed::manifest.toml has faults; `100%25,:` is not a kind of file; write direct, patched, generated, omitted or owned");

    for (line, code) in [("check --deeep", 2), ("status", 2), ("check -C nowhere", 1)] {
        let run = sarif(&world.run(&format!("{line} --format sarif")).ended(code));
        assert_eq!(run["invocations"][0]["exitCode"], code, "{line}");
        let ran = world.run(&format!("{line} --format github")).ended(code);
        assert!(
            ran.out.starts_with("::error title=wash-wasi-sync failed::"),
            "{ran}"
        );
        assert!(ran.err.starts_with("error: "), "{ran}");
    }
}

#[test]
fn annotations_say_what_a_workflow_shows() {
    let world = World::vendored();
    shown!(world.run("check --format github"), @r"
    exit 0
    ::warning title=wash-wasi::8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ::notice title=wash-wasi::the sync with upstream 41.0.0 is correct
    ");
    world.edit("vendor/wash-wasi/src/lib.rs", "WASI", "wasi");
    shown!(world.run("check --format github"), @r"
    exit 10
    ::error file=vendor/wash-wasi/src/lib.rs,title=wash-wasi drift::vendor/wash-wasi/src/lib.rs was changed
    ::warning title=wash-wasi::8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
}

#[test]
fn little_or_much_is_said() {
    let world = World::new();
    assert_eq!(world.run("vendor -q").done().err, "");
    let quiet = world.run("status -q").done();
    assert_eq!(quiet.err, "");
    assert!(quiet.out.starts_with("Pin:"));
    let verbose = world.run("status -v").done();
    assert!(verbose.err.contains("running git"), "{verbose}");
    let normal = world.run("status").done();
    assert!(!normal.err.contains("running git"), "{normal}");
}

#[test]
fn colours_are_where_they_are_asked_for() {
    let world = World::vendored();
    let colored = |vars: &[(&str, &str)], args: &[&str]| {
        let ran = world.run_in(&world.root(), vars, args).done();
        ran.out.contains('\u{1b}')
    };
    assert!(!colored(&[], &["check"]));
    assert!(colored(&[], &["check", "--color", "always"]));
    assert!(colored(
        &[("NO_COLOR", "1")],
        &["check", "--color", "always"]
    ));
    assert!(colored(&[("CLICOLOR_FORCE", "1")], &["check"]));
    assert!(!colored(
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
        &["check"]
    ));
    assert!(!colored(
        &[("CLICOLOR_FORCE", "1")],
        &["check", "--color", "never"]
    ));
    assert!(!colored(
        &[],
        &["check", "--color", "always", "--format", "json"]
    ));
    // A pristine file is the same bytes whatever is wished.
    assert!(!colored(&[], &["show", "src/lib.rs", "--color", "always"]));
    shown!(world.run("check --color always").out.replace('\u{1b}', "␛"), @r"
    ␛[32mThe sync is correct.␛[0m vendor/wash-wasi at 2.0.0-rc.6 is upstream 41.0.0 with the fork's changes, as locked: 14 files, digest [digest]
    Intentional differences from upstream:
      ␛[1msrc/sockets/mod.rs␛[0m: the loopback is asked before the host
        ␛[2mcomponents of one workload talk without the host's network␛[0m
      ␛[1msrc/sockets/tcp.rs␛[0m: a socket knows whether it is of the loopback
        ␛[2mthe host must not be asked for what only the loopback has␛[0m
    ␛[33mnote:␛[0m 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
    shown!(world.run("diff src/random.rs --color always").out.replace('\u{1b}', "␛"), @r#"
    ␛[1m--- a/src/random.rs␛[0m
    ␛[1m+++ b/src/random.rs␛[0m
    ␛[36m@@ -1,3 +1,4 @@␛[0m
    ␛[32m+#![allow(unsafe_code, reason = "as upstream")]␛[0m
     //! Random bytes.
     
     /// Returns the first byte.
    "#);
}
