use super::tokens::tokens;
use super::{Names, Rename, apply, count, find};

fn rename(from: &str, to: &str) -> Rename {
    Rename {
        from: from.into(),
        to: to.into(),
    }
}

fn applied(text: &str, from: &str, to: &str) -> String {
    apply(text, &rename(from, to))
}

#[test]
fn what_is_defined_or_used_twice_under_another_name_is_renamed() {
    for (what, base, theirs) in [
        ("a function", "fn old() {}\n", "fn new() {}\n"),
        (
            "a type",
            "pub struct old;\n\nfn f() {}\nfn g(a: u8) {}\n",
            "pub struct new;\n\nfn f() {}\nfn g(a: u16) {}\n",
        ),
        (
            "uses",
            "fn f() {\n    a.old(1);\n    b();\n    c(old);\n}\n",
            "fn f() {\n    a.new(1);\n    b();\n    c(new);\n    d(2);\n}\n",
        ),
        ("in a macro", "m! { x old, old }\n", "m! { x new, new }\n"),
        ("a raw one", "fn r#old() {}\n", "fn new() {}\n"),
        (
            "and one that is gone",
            "fn f() {\n    old();\n    b();\n    old(a);\n    x();\n    y(old);\n}\n",
            "fn f() {\n    new();\n    b();\n    new(a);\n    x();\n}\n",
        ),
    ] {
        assert_eq!(find(base, theirs), [rename("old", "new")], "{what}");
    }
    let both = find(
        "fn a(x: B) -> B {}\nfn c() {}\n",
        "fn d(x: E) -> E {}\nfn f() {}\n",
    );
    assert_eq!(both, [rename("B", "E"), rename("a", "d"), rename("c", "f")]);
}

#[test]
fn what_may_be_something_else_is_no_rename() {
    for (why, base, theirs) in [
        ("one use", "fn f() { old() }\n", "fn f() { new() }\n"),
        (
            "the old name is left",
            "fn old() {}\nfn f() { old() }\n",
            "fn new() {}\nfn f() { old() }\n",
        ),
        (
            "the new name was there",
            "fn old() {}\nfn new() {}\n",
            "fn new() {}\n",
        ),
        (
            "two names for one",
            "fn old() { a(old) }\n",
            "fn new() { a(other) }\n",
        ),
        (
            "one name for two",
            "fn old() {}\nfn older() {}\n",
            "fn new() {}\nfn new() {}\n",
        ),
        (
            "a keyword",
            "fn f() { break; a(); break }\n",
            "fn f() { stop; a(); stop }\n",
        ),
        (
            "to a keyword",
            "fn f() { g(a); g(b); a }\n",
            "fn f() { g(self); g(b); self }\n",
        ),
        (
            "lifetimes",
            "fn f<'old>(a: &'old u8) {}\n",
            "fn f<'new>(a: &'new u8) {}\n",
        ),
        (
            "comments",
            "// old old\nfn f() {}\n",
            "// new new\nfn f() {}\n",
        ),
        (
            "documentation",
            "/// old old\nfn f() {}\n",
            "/// new new\nfn f() {}\n",
        ),
        (
            "strings",
            "fn f() { \"old\"; \"old\" }\n",
            "fn f() { \"new\"; \"new\" }\n",
        ),
        ("no source", "fn old( {}\n", "fn new( {}\n"),
        (
            "other words around",
            "fn f() { old + 1; old + 2 }\n",
            "fn f() { a.new; b.new }\n",
        ),
        (
            "a pointer",
            "fn f(a: *const old) {}\n",
            "fn f(a: *const new) {}\n",
        ),
        (
            "a field",
            "struct A {\n    /// It.\n    pub(crate) old: u8,\n}\n",
            "struct A {\n    /// That.\n    pub(crate) new: u8,\n}\n",
        ),
        (
            "a variant",
            "enum A {\n    B(X, Y),\n    #[c]\n    old { d: u8 },\n}\n",
            "enum A {\n    B(X, Y),\n    #[c]\n    new { d: u8 },\n}\n",
        ),
        (
            "lines of nothing else",
            "enum A {\n    old,\n    B,\n}\nenum C {\n    old,\n    D,\n}\n",
            "enum A {\n    new,\n    B,\n}\nenum C {\n    new,\n    D,\n}\n",
        ),
        (
            "another function of more lines",
            "fn old(\n    &self,\n    a: u8,\n) {\n}\nfn f(a: u8, b: u16) {}\n",
            "fn new(\n    &self,\n    b: u16,\n) {\n    c()\n}\nfn f(a: u8, b: u16) {}\n",
        ),
        (
            "another function",
            "fn old(a: u8) {\n    a();\n}\n",
            "fn new(a: u8) {\n    b.c(1)\n}\n",
        ),
        (
            "other lines",
            "fn f() {\n    a = old(1);\n    b = old(2);\n}\n",
            "fn f() {\n    a = new(3);\n    b = new(4);\n}\n",
        ),
        (
            "a literal's field",
            "fn f() { A { old: 1 } }\n",
            "fn f() { A { new: 1 } }\n",
        ),
    ] {
        assert_eq!(find(base, theirs), [], "{why}");
    }
}

#[test]
fn names_are_replaced_where_they_are_tokens() {
    let text = "/// old\nfn  old<'old>(a : old::A, b: r#old) { // old\n  \"old\"; old_er; m!(old) /* old */ }\n";
    let new = "/// old\nfn  new<'old>(a : new::A, b: new) { // old\n  \"old\"; old_er; m!(new) /* old */ }\n";
    assert_eq!(applied(text, "old", "new"), new);
    assert_eq!(count(text, &rename("old", "new")), 4);
    assert_eq!(
        applied("fn f() { 'old: loop {} }", "old", "new"),
        "fn f() { 'old: loop {} }"
    );
    assert_eq!(
        applied("type A = é::B;", "é", "r#type"),
        "type A = r#type::B;"
    );
    assert_eq!(applied("no { source old", "old", "new"), "no { source old");
    let [one, two] = [rename("a", "b"), rename("c", "d")];
    assert_eq!(
        Names::of("c(r#a, /* a */ x)").renamed(&[&one, &two]),
        "d(b, /* a */ x)"
    );
}

#[test]
fn paths_are_replaced_whole() {
    for (text, new) in [
        ("a::B::new()", "c::d::B::new()"),
        ("x(a :: B)", "x(c::d::B)"),
        ("use a::B;", "use c::d::B;"),
        ("x::a::B", "x::a::B"),
        ("a::b::B", "a::b::B"),
        ("a::/* why */B", "a::/* why */B"),
        ("(x: a::B)", "(x: c::d::B)"),
    ] {
        assert_eq!(applied(text, "a::B", "c::d::B"), new);
    }
}

#[test]
fn names_and_paths_are_distinguished_from_what_is_neither() {
    for good in [
        "a", "a::B", "crate::a", "self::a", "super::a", "r#type", "é",
    ] {
        assert!(Rename::is_path(good), "{good}");
    }
    for bad in [
        "", "a::", "::a", "a b", "a:b", "fn", "a::fn", "crate", "1", "_", "a//", "'a",
    ] {
        assert!(!Rename::is_path(bad), "{bad}");
    }
}

#[test]
fn definitions_are_those_of_items() {
    let text = "pub(crate) struct S<T: X> { a: u8 }\nenum E { V }\nmod m;\n\
        impl S { const C: *const D = 1; fn f(&self, p: u8) { let l: u8 = S { g: 1 }; } }\n";
    let tokens = tokens(text);
    let defined = tokens.iter().filter(|token| token.is_definition);
    let defined: Vec<&str> = defined.map(|token| token.text).collect();
    assert_eq!(defined, ["S", "E", "m", "C", "f"]);
    let names = Names::of(text);
    assert!(names.defines("f") && !names.defines("a"));
}
