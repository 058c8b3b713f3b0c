//! Lists without end: people are given the first items and a count, programs a
//! bounded list and the true count.

use std::fmt::Write as _;

use super::*;

#[test]
fn strays_without_end_are_counted_and_not_all_listed() {
    let world = World::vendored();
    let strays = 5_100;
    for at in 0..strays {
        world.write(&format!("{TREE}/stray/{at}.rs"), "");
    }
    for line in [
        "check",
        "status",
        "vendor",
        "check --format github",
        "check --deep",
    ] {
        let ran = world.run(line);
        let lines = ran.out.lines().count() + ran.err.lines().count();
        assert!((20..50).contains(&lines), "{line}: {lines} lines");
        let shown = format!("{}{}", ran.out, ran.err);
        let more = "and 5080 more: `--format json` lists the first 5000";
        assert!(shown.contains(more), "{line}\n{ran}");
    }
    let report = world.run("check --format json").ended(10).json();
    assert_eq!(report["drift"].as_array().unwrap().len(), 5_000);
    assert_eq!(report["drift-total"], strays);
    let error = world.run("vendor --format json").ended(10).error();
    assert_eq!(error["faults"].as_array().unwrap().len(), 5_000);
    assert_eq!(error["faults-total"], strays);
    let sarif = world.run("check --format sarif").ended(10).json();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5_000);
    assert_eq!(run["properties"]["results"]["total"], strays);
}

#[test]
fn bad_hunks_without_end_are_counted_and_long_lines_are_not_shown() {
    let world = World::new();
    let patch = "patches/v38.0.1/src/sockets/mod.rs.patch";
    let hunks = 3_000;
    let mut text =
        "Change: c\nReason: r\n\n--- a/src/sockets/mod.rs\n+++ b/src/sockets/mod.rs\n".to_owned();
    for at in 0..hunks {
        let _ = write!(text, "@@ -{0} +{0} @@\n-gone {at}\n+new\n", at + 1);
    }
    world.write(patch, &text);
    let ran = world.run("vendor").ended(11);
    assert!(ran.err.contains("and 2980 more"), "{ran}");
    assert!(ran.err.lines().count() < 250, "{ran}");
    let error = world.run("vendor --format json").ended(11).error();
    assert_eq!(error["faults"].as_array().unwrap().len(), hunks);
    assert_eq!(error["faults"][hunks - 1]["line"], 3 * hunks + 3);

    let long = "x".repeat(100_000);
    world.write(
        patch,
        text.replacen("@@ -1 +1 @@\n", &format!("@@ -1 +1 @@ {long}\n{long}\n"), 1),
    );
    let ran = world.run("check --format json").ended(1);
    assert!(ran.err.len() < 20_000, "{} bytes", ran.err.len());
    assert!(ran.err.contains("mod.rs.patch:7:1"), "{ran}");
}
