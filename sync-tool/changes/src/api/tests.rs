//! Each rule by small sources of its own; real releases are in `tests/api.rs`.

mod uses;
mod wit;

use recipe::tree::{File, TreePath};

use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    let files = files.iter().map(|(path, text)| {
        (
            TreePath::new(path).expect("a path"),
            File::regular(text.as_bytes()),
        )
    });
    files.collect()
}

fn api(files: &[(&str, &str)]) -> Api {
    Api::of(&tree(files))
}

/// Returns a change in one line.
fn shown(change: &Change) -> String {
    let kind = format!("{:?}", change.change).to_lowercase();
    let to = change
        .to
        .as_ref()
        .map_or(String::new(), |to| format!(" -> {to}"));
    let inside = match change.inside {
        0 => String::new(),
        inside => format!(" ({inside})"),
    };
    format!("{kind} {}{to}{inside}", change.path)
}

fn public(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let (old, new) = (api(old), api(new));
    assert_eq!(
        old.unread().len() + new.unread().len(),
        0,
        "{old:?} {new:?}"
    );
    old.changes(&new).public().iter().map(shown).collect()
}

fn in_lib(old: &str, new: &str) -> Vec<String> {
    public(&[("src/lib.rs", old)], &[("src/lib.rs", new)])
}

#[test]
fn what_is_public_is_followed_through_files_and_modules() {
    let lib =
        "pub mod a; mod b; pub mod c { pub mod d { pub struct InD; } } mod e { pub fn f() {} }";
    let a = "pub fn in_a() {} pub(crate) fn hidden() {} pub mod inner;";
    let old = [("src/lib.rs", ""), ("src/a.rs", a)];
    let new = [
        ("src/lib.rs", lib),
        ("src/a.rs", a),
        ("src/a/inner.rs", "pub const X: u8 = 1;"),
        ("src/b/mod.rs", "pub fn in_b() {}"),
    ];
    // `a` has `in_a`, `inner` and `X`; `c` has `d` and `InD`; `b` and `e` are private.
    assert_eq!(public(&old, &new), ["added a (3)", "added c (2)"]);
}

#[test]
fn an_item_is_known_by_the_path_that_users_write() {
    let old =
        "mod a { pub struct S { pub x: u8, y: u8 } impl S { pub fn m(&self) {} fn p(&self) {} } }
        pub use a::S;";
    let new = "mod b { pub struct S { pub x: u16, y: u16 } impl S { pub fn m(&mut self) {} fn q(&self) {} } }
        pub use b::S;";
    assert_eq!(in_lib(old, new), ["changed S::m", "changed S::x"]);
}

#[test]
fn re_exports_are_named_renamed_of_all_and_of_other_crates() {
    let modules = "mod a { pub struct S; pub fn f() {} } pub mod b { pub use crate::a::*; }";
    let old = format!("{modules} pub use a::S as T;");
    let new = format!(
        "{modules} pub use a::S as U; pub use tokio::io::{{Stderr, stdin as input}}; pub use generated::wasi::*;"
    );
    let changes = in_lib(&old, &new);
    assert_eq!(
        changes,
        ["added *", "added Stderr", "moved T -> U", "added input"]
    );
    let changes = in_lib(
        modules,
        "mod a { pub struct S; pub fn f() {} } pub mod b { pub use crate::a::S; }",
    );
    assert_eq!(changes, ["gone b::f"]);
}

#[test]
fn a_further_path_that_is_gone_is_a_change() {
    let modules = "pub mod a { pub struct S; pub struct T; }";
    let old = format!("{modules} pub use a::{{S, T}};");
    let new = format!("{modules} pub use a::T;");
    assert_eq!(in_lib(&old, &new), ["gone S"]);
}

#[test]
fn visibility_is_part_of_it() {
    let changes = in_lib(
        "pub fn a() {} pub(crate) fn b() {} mod m { pub fn c() {} }",
        "pub(crate) fn a() {} pub fn b() {} pub mod m { pub fn c() {} }",
    );
    assert_eq!(changes, ["gone a", "added b", "added m (1)"]);
}

#[test]
fn members_variants_fields_and_implementations_are_items() {
    let changes = in_lib(
        "#[derive(Clone, Copy)] pub enum E { A, B(u8) }
         pub struct S(pub u8, u8);
         pub trait T { type X: Send; const C: u8; fn f(&self); fn g(&self) {} }
         impl Drop for S { fn drop(&mut self) {} }
         pub type Alias = Vec<u8>; pub const K: u64 = 2 << 30; #[macro_export] macro_rules! m { () => {} }",
        "#[derive(Clone)] pub enum E { A, B(u16), C { x: u8 } }
         pub struct S(pub u16, u8);
         pub trait T { type X: Send + Sync; const C: u16; fn f(&self) {} }
         pub type Alias = Vec<u16>; pub const K: u64 = 64 << 20; #[cfg(unix)] pub fn h() {}",
    );
    assert_eq!(
        changes,
        [
            "changed Alias",
            "gone <E as Copy>",
            "changed E::B",
            "added E::C",
            "changed K",
            "gone <S as Drop>",
            "changed S::0",
            "changed T::C",
            "changed T::X",
            "changed T::f",
            "gone T::g",
            "added h",
            "gone m",
        ]
    );
}

#[test]
fn layout_comments_and_bodies_do_not_count_and_conditions_do() {
    let old =
        "/// Old.\npub fn f(a: u8,\n b: u8) -> u8 { a }\n#[cfg(feature = \"p3\")] pub fn g() {}";
    let new = "/// New.\npub fn f(\n    a: u8, // it\n    b: u8,\n) -> u8 { b }\n#[cfg(feature = \"p2\")] pub fn g() {}";
    assert_eq!(in_lib(old, new), ["changed g"]);
    assert_eq!(
        in_lib("pub fn f(a: u8) {}", "pub fn f(b: u8) {}"),
        ["changed f"]
    );
}

#[test]
fn a_name_that_means_another_type_is_a_change() {
    let file = |of: &str| format!("use {of}::Result; pub fn f() -> Result<()> {{}}");
    let (old, new) = (file("anyhow"), file("wasmtime"));
    let (old, new) = (api(&[("src/lib.rs", &old)]), api(&[("src/lib.rs", &new)]));
    let [change] = &old.changes(&new).public()[..] else {
        panic!("one change")
    };
    let signature = |declaration: &Option<Declaration>| declaration.clone().map(|it| it.signature);
    assert_eq!(
        signature(&change.old).as_deref(),
        Some("pub fn f() -> anyhow::Result<()>")
    );
    assert_eq!(
        signature(&change.new).as_deref(),
        Some("pub fn f() -> wasmtime::Result<()>")
    );
    // And the same type by another way of writing it is none.
    let written = "use wasmtime as w; pub fn f() -> w::Result<()> {}";
    assert_eq!(
        in_lib("pub fn f() -> wasmtime::Result<()> {}", written),
        [""; 0]
    );
}

#[test]
fn what_moved_is_one_change_and_what_is_in_it_none() {
    let s = "pub struct S { pub a: u8 } impl S { pub fn f(&self) -> S { S { a: 0 } } pub fn g(&self) {} }";
    let old = format!("pub mod a {{ {s} }} pub fn h(s: a::S) {{}}");
    let new = format!("pub mod b {{ {s} }} pub fn h(s: b::S) {{}}");
    assert_eq!(
        in_lib(&old, &new),
        ["gone a", "moved a::S -> b::S", "added b"]
    );
    let new = format!("pub mod c {{ pub mod a {{ {s} }} }} pub fn h(s: c::a::S) {{}}");
    assert_eq!(in_lib(&old, &new), ["moved a -> c::a", "added c"]);
}

#[test]
fn a_method_moves_between_a_type_and_a_trait() {
    let changes = in_lib(
        "pub struct Ctx; impl Ctx { pub fn table(&mut self) -> u8 { 0 } pub fn new() -> Ctx { Ctx } }",
        "pub struct Ctx; impl Ctx { pub fn new() -> Ctx { Ctx } } pub trait View { fn table(&mut self) -> u8; }",
    );
    assert_eq!(changes, ["moved Ctx::table -> View::table", "added View"]);
}

#[test]
fn methods_of_traits_that_macros_make_are_known_from_their_implementations() {
    let file = |body: &str| {
        format!("pub struct V; mod bindings {{ bindgen!({{}}); }} use crate::bindings::tcp; {body}")
    };
    let old = file("impl tcp::Host for V { fn bind(&self) {} fn a(&self) {} fn b(&self) {} }");
    let new = file(
        "impl tcp::HostWithStore for V { fn bind(&self) {} } impl tcp::Host for V { fn a(&mut self) {} fn b(&mut self) {} }",
    );
    assert_eq!(
        in_lib(&old, &new),
        [
            "moved <V as crate::bindings::tcp::Host>::bind -> <V as crate::bindings::tcp::HostWithStore>::bind",
            "changed <V as crate::bindings::tcp::Host> (2)",
            "added <V as crate::bindings::tcp::HostWithStore>",
        ]
    );
}

#[test]
fn types_that_stand_in_a_macro_s_braces_are_seen() {
    let flags = |names: &str| {
        format!(
            "bitflags::bitflags! {{ /// It.\n #[derive(Clone)] pub struct F: u32 {{ {names} }} }}"
        )
    };
    let (old, new) = (
        flags("const A = 0b1; const B = 0b10;"),
        flags("const A = 0b1;"),
    );
    assert_eq!(in_lib(&old, &new), ["gone F::B"]);
    assert_eq!(in_lib(&old, ""), ["gone F (2)"]);
}

#[test]
fn each_platform_may_have_its_own() {
    let lib = "#[cfg(unix)] #[path = \"u.rs\"] mod sys; #[cfg(windows)] #[path = \"w.rs\"] mod sys; pub use sys::f;";
    let old = [
        ("src/lib.rs", lib),
        ("src/u.rs", "pub fn f() {}"),
        ("src/w.rs", "pub fn f() {}"),
    ];
    let new = [
        ("src/lib.rs", lib),
        ("src/u.rs", "pub fn f() {}"),
        ("src/w.rs", "pub fn f(x: u8) {}"),
    ];
    assert_eq!(public(&old, &old), [""; 0]);
    assert_eq!(public(&old, &new), ["changed f"]);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_goes_on() {
    let deep = format!(
        "pub const X: u8 = {}1{};",
        "(".repeat(100_000),
        ")".repeat(100_000)
    );
    let large = format!("// {}\npub fn l() {{}}", "x".repeat(10 << 20));
    let api = api(&[
        (
            "src/lib.rs",
            "mod bad; mod deep; mod large; mod missing; pub mod good;",
        ),
        ("src/bad.rs", "fn ("),
        ("src/deep.rs", &deep),
        ("src/large.rs", &large),
        ("src/good.rs", "pub fn g() {}"),
        ("src/wit/bad.wit", "package a:b; interface {"),
        ("Cargo.toml", "[package"),
    ]);
    let unread: Vec<&str> = api
        .unread()
        .iter()
        .map(|unread| unread.path.as_str())
        .collect();
    let sources = [
        "src/bad.rs",
        "src/deep.rs",
        "src/large.rs",
        "src/lib.rs",
        "src/wit/bad.wit",
    ];
    let expected = [&["Cargo.toml"], &sources[..]].concat();
    assert_eq!(unread, expected, "{:?}", api.unread());
    assert!(api.items.keys().any(|key| key.path == "good::g"));
}

#[test]
fn cycles_end() {
    let path_cycle = "#[path = \"lib.rs\"] pub mod again; #[path = \"x.rs\"] pub mod x;";
    let globs = "pub mod a { pub use crate::b::*; pub struct A; } pub mod b { pub use crate::a::*; pub use super::b as c; }";
    let fan_out: String = (0..9)
        .map(|at| format!("#[path = \"y{at}.rs\"] mod m; "))
        .collect();
    let mut files = vec![("src/x.rs".to_owned(), path_cycle.to_owned())];
    files.extend((0..9).map(|at| (format!("src/y{at}.rs"), fan_out.clone())));
    files.push((
        "src/lib.rs".to_owned(),
        format!("{path_cycle} {globs} {fan_out} pub use nowhere::*; pub use s as s;"),
    ));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    let api = api(&files);
    assert!(
        api.items.keys().any(|key| key.path == "a::A"),
        "{:?}",
        api.items
    );
    assert_eq!(api.changes(&api).public(), []);
}

#[test]
fn files_with_the_same_bytes_are_parsed_once() {
    let old = tree(&[
        ("src/lib.rs", "pub mod a; pub mod b;"),
        ("src/a.rs", "pub fn f() {}"),
        ("src/b.rs", "pub fn g() {}"),
    ]);
    let new = tree(&[
        ("src/lib.rs", "pub mod a; pub mod b;"),
        ("src/a.rs", "pub fn f() {}"),
        ("src/b.rs", "pub fn h() {}"),
    ]);
    let old = Api::of(&old);
    let after = Api::after(&new, &old);
    assert!(Arc::ptr_eq(
        &old.sources["src/a.rs"].1,
        &after.sources["src/a.rs"].1
    ));
    let changes: Vec<String> = old.changes(&after).public().iter().map(shown).collect();
    assert_eq!(changes, ["gone b::g", "added b::h"]);
    assert_eq!(
        old.changes(&after).public(),
        old.changes(&Api::of(&new)).public()
    );
}
