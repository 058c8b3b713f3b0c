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
        known: &Known::default(),
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
    assert_eq!(found(&with, &without), ["ours.rs binds"]);
    assert_eq!(found(&without, &with), ["ours.rs binds"]);
}

#[test]
fn what_a_function_names_counts_and_may_be_in_another_file() {
    let tcp = (
        "src/tcp.rs",
        "impl S { fn f(u: Use) { Use::default() == N } }",
    );
    let named = |one: &str| format!("{one} pub enum Unused {{ A }} struct P {{ a: u8 }}");
    let is = |old: &str, new: &str| {
        let [old, new] = [named(old), named(new)];
        found(&[tcp, ("src/mod.rs", &old)], &[tcp, ("src/mod.rs", &new)])
    };
    assert_eq!(is("pub enum Use { A }", "pub enum Use { A, B }"), ["Use"]);
    assert_eq!(
        is("pub(crate) enum Use { A }", "pub enum Use { A, }"),
        <[&str; 0]>::default()
    );
    // What a private one has, the functions around it show.
    assert!(is("enum Use { A }", "enum Use { A, B }").is_empty());
    let default = |by: &str| format!("impl Default for Use {{ fn default() {{ {by} }} }}");
    assert_eq!(is(&default("A"), &default("B")), ["Use::default"]);
    assert_eq!(is("const N: u8 = 1;", "const N: u8 = 2;"), ["N"]);
    assert_eq!(
        is("static N: &'static str = X;", "static N: &'static str = Y;"),
        ["N"]
    );
    assert!(is("const N: u8 = 1;", "pub const fn M() {} const _: () = ();").is_empty());
}

#[test]
fn renamed_and_moved_functions_are_one_and_only_true_differences_count() {
    let body = |last: &str| {
        format!("{{ let a = one(1, 2); two(a, three(b, c)); if d {{ {last} }} else {{ five() }} }}")
    };
    let old = [
        (
            "src/tcp.rs",
            "impl S { fn f() { crate::sockets::util::g(g2()) } }",
        ),
        ("src/util.rs", &*format!("fn g() {}", body("four()"))),
    ];
    let is = |last: &str| {
        let renamed = format!("fn bind_it() {}", body(last));
        let new = [
            ("src/tcp.rs", "impl S { fn f() { super::bind_it(g2()) } }"),
            ("src/other.rs", &*renamed),
        ];
        step_with(&tree(&old), &tree(&new), &[], &[]).items
    };
    assert_eq!(is("four()"), []);
    let [changed] = &is("check()?; four()")[..] else {
        panic!("one function changed");
    };
    let told = (&*changed.item, changed.was.as_deref());
    assert_eq!(told, ("other::bind_it", Some("src::g")));
    assert!(changed.diff.contains("check()?"), "{}", changed.diff);
    let place = &changed.new[0];
    assert_eq!((&*place.file, place.line), ("src/other.rs", 1));
}

#[test]
fn a_name_that_stays_is_no_rename() {
    let f = |call: &str| format!("impl S {{ fn f() {{ {call}() }} }}");
    let is = |old: &str, new: &str| found(&[("src/tcp.rs", &f(old))], &[("src/tcp.rs", &f(new))]);
    assert_eq!(is("is_loopback", "is_unspecified"), ["S::f"]);
    assert_eq!(is("std::net::bind", "tokio::net::bind"), ["S::f"]);
    assert!(is("crate::net::bind", "bind").is_empty());
}

#[test]
fn functions_that_a_patch_changes_count() {
    use recipe::patch::{Hunk, HunkLine, LineKind};
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
fn what_a_patch_puts_beside_a_function_is_not_in_it() {
    use recipe::patch::{Hunk, HunkLine, LineKind};
    let line = |kind, text: &str| HunkLine {
        kind,
        text: text.to_owned(),
    };
    let lines = vec![
        line(LineKind::Context, "    last()\n"),
        line(LineKind::Context, "}\n"),
        line(LineKind::Added, "mod ours;\n"),
    ];
    let hunk = Hunk {
        at: 1,
        old_start: 2,
        new_start: 2,
        heading: String::new(),
        lines,
    };
    let patch = Patch {
        path: "src/p.rs".to_owned(),
        differences: vec![],
        notes: vec![],
        hunks: vec![hunk],
    };
    let source = |first: &str| format!("fn h() {{\n    {first}\n    last()\n}}\n");
    let old = tree(&[("src/p.rs", &source("two()"))]);
    let new = tree(&[("src/p.rs", &source("three()"))]);
    assert_eq!(step_with(&old, &new, &[&patch], &[]).items, []);
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
        row("S::gone", "42.0.2"),
        row("S::gone", "42.0.1"),
        row("S::f", "41.0.0"),
    ];
    let found = step_with(&old, &new, &[], &rows).items;
    assert_eq!(
        (found[0].state, found[0].is_security),
        (RadarState::Ported, true)
    );
    let stale = stale(&rows, &[("42.0.2".parse().unwrap(), found)]);
    let items: Vec<_> = stale.iter().map(|(_, item)| *item).collect();
    assert_eq!(items, ["S::gone"], "42.0.1 was not compared");
    assert_eq!(
        step_with(&old, &new, &[], &rows[1..]).items[0].state,
        RadarState::Open
    );
}

#[test]
fn hostile_files_are_told_by_their_path() {
    let deep = format!("fn f() {}{}", "{".repeat(100_000), "}".repeat(100_000));
    let old = tree(&[
        ("src/tcp.rs", "fn ("),
        ("src/mod.rs", &deep),
        ("src/c.rs", "fn ("),
    ]);
    let new = tree(&[
        ("src/new.rs", "impl"),
        ("src/util.rs", "fn f() {} fn g("),
        ("src/mod.rs", "fn g() {}"),
    ]);
    let found = step_with(&old, &new, &[], &[]);
    assert_eq!(
        found.unreadable,
        ["src/c.rs", "src/mod.rs", "src/tcp.rs", "src/util.rs"]
    );
}

#[test]
fn advisories_are_told_by_their_numbers() {
    let text = "CVE-worthy; CVE-2026-1, GHSA-2r75-cxrj-cmph. and\nRUSTSEC-2026-0001: GHSA-what";
    let found: Vec<String> = advisories(text).into_iter().collect();
    assert_eq!(
        found,
        ["CVE-2026-1", "GHSA-2r75-cxrj-cmph", "RUSTSEC-2026-0001"]
    );
}
