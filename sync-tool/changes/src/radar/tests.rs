use recipe::tree::{File, TreePath};

use super::*;

const MIRRORS: &str = "[[mirror]]\nby = \"ours.rs\"\nwhy = \"binds\"\n\
    of = [\"src/tcp.rs S::f\", \"src/new.rs S::f\", \"src/util.rs g\", \"src/mod.rs g\"]\n";

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree.insert(TreePath::new(path).unwrap(), File::regular(text.as_bytes()));
    }
    tree
}

fn step_with(old: &Tree, new: &Tree, patches: &[&Patch], rows: &[RadarRow]) -> Findings {
    let mirrors = Mirror::parse(MIRRORS).unwrap();
    let radar = Radar {
        mirrors: &mirrors,
        patches,
        rows,
    };
    let [from, to] = ["41.0.0", "42.0.2"].map(|v| v.parse().unwrap());
    radar.step(
        Release {
            version: &from,
            tree: old,
        },
        Release {
            version: &to,
            tree: new,
        },
    )
}

fn found(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let found = step_with(&tree(old), &tree(new), &[], &[]);
    assert!(found.unreadable.is_empty());
    found.items.into_iter().map(|found| found.item).collect()
}

#[test]
fn changed_code_is_found_and_nothing_else() {
    let old = [("src/tcp.rs", "impl S { fn f() { a(b) } fn other() { 1 } }")];
    let is = |new: &str| found(&old, &[("src/tcp.rs", new)]);
    assert_eq!(is("impl S { fn f() { a(c) } fn other() { 1 } }"), ["S::f"]);
    assert!(is("impl S { fn f() { a(b) } fn other() { 2 } }").is_empty());
    assert!(is("impl S {\n // why\n fn f() {\n a(\n b, // b\n ) } }").is_empty());
}

#[test]
fn moved_code_is_the_same() {
    let old = [
        ("src/tcp.rs", "impl S { fn f() { a } }"),
        ("src/util.rs", "fn g() { b }"),
    ];
    let moved = [
        ("src/new.rs", "mod m { impl T for S { fn f() { a } } }"),
        ("src/mod.rs", "fn g() { b }"),
    ];
    assert!(found(&old, &moved).is_empty());
    let elsewhere = [
        ("src/unlisted.rs", "impl S { fn f() { a } }"),
        ("src/mod.rs", "fn g() { c }"),
    ];
    assert_eq!(found(&old, &elsewhere), ["src::g"]);
}

#[test]
fn new_and_gone_functions_are_found() {
    let with = [("src/tcp.rs", "impl S { fn f() { a } }")];
    let without = [("src/tcp.rs", "impl S { }")];
    assert_eq!(found(&with, &without), ["S::f"]);
    assert_eq!(found(&without, &with), ["S::f"]);
}

#[test]
fn types_that_a_function_names_count_with_their_defaults() {
    let tcp = |last: &str| format!("impl S {{ fn f(u: Use) {{ a }} }} {last}");
    let old = tcp("enum Use { A } enum Unused { A }");
    let new = tcp("enum Use { A, B } enum Unused { B } impl Default for Use { fn default() {} }");
    let found = found(&[("src/tcp.rs", &old)], &[("src/tcp.rs", &new)]);
    assert_eq!(found, ["Use", "Use::default"]);
}

#[test]
fn functions_that_a_patch_changes_count() {
    use recipe::patch::{Hunk, HunkLine};
    let line = |kind, text: &str| HunkLine {
        kind,
        text: text.to_owned(),
    };
    let hunk = Hunk {
        at: 1,
        old_start: 1,
        new_start: 1,
        heading: String::new(),
        lines: vec![
            line(LineKind::Removed, "    one();\n"),
            line(LineKind::Added, "    ours();\n"),
        ],
    };
    let patch = Patch {
        path: "src/p.rs".to_owned(),
        differences: vec![],
        notes: vec![],
        hunks: vec![hunk],
    };
    let source =
        |last: &str| format!("fn h() {{\n    one();\n    {last}\n}}\nfn i() {{ {last} }}\n");
    let old = tree(&[("src/p.rs", &source("two()"))]);
    let new = tree(&[("src/p.rs", &source("three()"))]);
    let found = step_with(&old, &new, &[&patch], &[]).items;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].item, "p::h");
    assert!(
        found[0].diff.contains("-    two()\n+    three()"),
        "{}",
        found[0].diff
    );
}

#[test]
fn rows_decide_and_stale_ones_are_told() {
    let row = |item: &str, release: &str| RadarRow {
        items: vec![item.to_owned()],
        release: release.parse().unwrap(),
        state: RadarState::Ported,
        reason: None,
        security: Some(true),
        span: 0..0,
    };
    let old = tree(&[("src/tcp.rs", "impl S { fn f() { a } }")]);
    let new = tree(&[("src/tcp.rs", "impl S { fn f() { b } }")]);
    let rows = [
        row("S::f", "42.0.0"),
        row("S::gone", "42.0.0"),
        row("S::f", "41.0.0"),
    ];
    let found = step_with(&old, &new, &[], &rows).items;
    assert_eq!(
        (found[0].state, found[0].is_security),
        (RadarState::Ported, true)
    );
    let [from, to]: [Version; 2] = ["41.0.0", "42.0.2"].map(|v| v.parse().unwrap());
    let stale = stale(&rows, (&from, &to), &[(from.clone(), to.clone(), &found)]);
    let items: Vec<_> = stale.iter().map(|(_, item)| *item).collect();
    assert_eq!(items, ["S::gone"]);
    assert_eq!(
        step_with(&old, &new, &[], &rows[1..]).items[0].state,
        RadarState::Open
    );
}

#[test]
fn hostile_files_are_told_by_their_path() {
    let deep = format!("fn f() {}{}", "{".repeat(100_000), "}".repeat(100_000));
    let old = tree(&[
        ("src/a.rs", "fn ("),
        ("src/b.rs", &deep),
        ("src/c.rs", "impl"),
    ]);
    let found = step_with(&old, &Tree::new(), &[], &[]);
    assert_eq!(found.unreadable, ["src/a.rs", "src/b.rs"]);
}

#[test]
fn advisories_are_told_by_their_numbers() {
    assert!(names_advisory("Fix CVE-2026-1 in bind"));
    assert!(names_advisory("see GHSA-abcd-1"));
    assert!(!names_advisory("no CVE- here"));
}
