//! What the fork's code uses.

use super::*;

fn used(old: &str, new: &str, fork: &[(&str, &str)]) -> Vec<String> {
    let (old, new) = (
        api(&[("src/lib.rs", "pub mod net;"), ("src/net.rs", old)]),
        api(&[("src/lib.rs", "pub mod net;"), ("src/net.rs", new)]),
    );
    let texts = fork.iter().map(|(path, code)| ForkText {
        path: format!("own/{path}"),
        crate_path: (*path).to_owned(),
        code: (*code).to_owned(),
    });
    let fork = ForkCode::of(&texts.collect::<Vec<_>>(), &["upstream", "fork"]);
    let used = old.changes(&new).used(&old, &fork);
    let shown = used.iter().map(|used| {
        let places = used
            .places
            .iter()
            .map(|place| format!("{}:{}", place.path, place.line));
        format!(
            "{} @ {}",
            shown(&used.change),
            places.collect::<Vec<_>>().join(" ")
        )
    });
    shown.collect()
}

#[test]
fn what_the_fork_uses_is_found_by_what_its_names_mean() {
    let old =
        "fn private() {} pub struct Socket { state: u8 } impl Socket { pub fn connect(&self) {} }";
    let fork = [
        ("src/net.rs", "let x = private();\n"),
        (
            "src/net/own.rs",
            "use super::private;\nfn f(s: &super::Socket) {\n s.connect(); s.state;\n}",
        ),
        (
            "src/other.rs",
            "struct Socket;\nfn private() {}\nfn f(s: Socket) { private(); s.connect() }",
        ),
        (
            "tests/a.rs",
            "use fork::net::Socket;\nfn f(s: Socket) { s.connect(); s.state; }",
        ),
        (
            "tests/b.rs",
            "fn f(s: tokio::Socket) { s.connect() } // Socket\n",
        ),
    ];
    assert_eq!(
        used(old, "", &fork),
        [
            "gone net::Socket @ own/src/net/own.rs:2 own/tests/a.rs:1 own/tests/a.rs:2",
            "gone net::Socket::connect @ own/src/net/own.rs:3 own/tests/a.rs:2",
            "gone net::Socket::state @ own/src/net/own.rs:3",
            "gone net::private @ own/src/net.rs:1 own/src/net/own.rs:1",
        ]
    );
}

#[test]
fn what_is_public_now_under_another_path_moved_for_code_in_the_crate() {
    let e = "pub enum E { A, B }";
    let old = format!("mod util {{ {e} }} pub struct S; impl S {{ fn f(&self) {{}} }}");
    let new = format!("{e} pub struct S; impl S {{ pub fn f(&self) {{}} }}");
    let fork = [(
        "src/net/own.rs",
        "use super::util::E;\nfn f(s: super::S) -> E { s.f(); E::A }",
    )];
    assert_eq!(
        used(&old, &new, &fork),
        [
            "changed net::S::f @ own/src/net/own.rs:2",
            "gone net::util @ own/src/net/own.rs:1",
            "moved net::util::E -> net::E @ own/src/net/own.rs:1 own/src/net/own.rs:2",
        ]
    );
}

#[test]
fn what_is_added_concerns_code_that_has_to_be_complete() {
    let old = "pub enum E { A } pub trait T { fn f(&self); } pub struct S { pub a: u8 }";
    let new = "pub enum E { A, B } pub trait T { fn f(&self); fn g(&self); fn h(&self) {} } pub struct S { pub a: u8, pub b: u8 }";
    let fork = [(
        "tests/a.rs",
        "use upstream::net::{E, S, T};\nimpl T for X {}\nfn f(e: E) { match e {\n E::A => S { a: 1 },\n } }\nfn g(t: &dyn T, s: S) -> E { E::A }",
    )];
    assert_eq!(
        used(old, new, &fork),
        [
            "added net::E::B @ own/tests/a.rs:4",
            "added net::S::b @ own/tests/a.rs:4",
            "added net::T::g @ own/tests/a.rs:2",
        ]
    );
}

#[test]
fn what_a_patch_adds_need_not_be_whole() {
    let patch = "Change: x\n--- a/src/net.rs\n+++ b/src/net.rs\n@@ -1,1 +1,3 @@\n context(private()) {\n+    if private() {\n+    \"a {\n";
    let text = ForkText::of_patch("patches/x.patch", "src/net.rs", patch);
    let (old, new) = (
        api(&[
            ("src/lib.rs", "mod net;"),
            ("src/net.rs", "fn private() {}"),
        ]),
        api(&[("src/lib.rs", "mod net;"), ("src/net.rs", "")]),
    );
    let used = old.changes(&new).used(&old, &ForkCode::of(&[text], &[]));
    let places: Vec<usize> = used
        .iter()
        .flat_map(|used| used.places.iter().map(|place| place.line))
        .collect();
    assert_eq!(places, [6]);
}

#[test]
fn hostile_code_ends_and_a_report_is_bounded() {
    let globs = "use super::*; use crate::a::*; use crate::b::*; use self::*;";
    let code = [
        ("src/a.rs", globs.to_owned() + "fn x() { gone() }"),
        ("src/b.rs", globs.to_owned() + &"use a::{".repeat(10_000)),
        (
            "src/c.rs",
            "{(".repeat(100_000) + "use as as as; gone :: gone",
        ),
        ("src/d.rs", "x".repeat(10 << 20)),
        (
            "src/e.rs",
            "use e::f as e; use f as f; e::f::gone(); f::gone()".to_owned(),
        ),
    ];
    let texts = code.map(|(path, code)| ForkText {
        path: path.to_owned(),
        crate_path: path.to_owned(),
        code,
    });
    let many: String = (0..6_000)
        .map(|at| format!("pub fn f{at}() {{}}\n"))
        .collect();
    let (old, new) = (
        api(&[("src/lib.rs", "fn gone() {}")]),
        api(&[("src/lib.rs", &many)]),
    );
    let report = report(&old, &new, &ForkCode::of(&texts, &["fork"]));
    assert_eq!((report.public.len(), report.total), (5_000, 6_000));
    assert!(report.public.is_sorted_by(|a, b| a.path <= b.path));
    let used: Vec<&str> = report
        .used
        .iter()
        .map(|used| used.change.path.as_str())
        .collect();
    assert_eq!(used, ["gone"]);
}
