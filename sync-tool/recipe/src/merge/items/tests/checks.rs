//! What a result must not be: one with a name that theirs no longer has, one that does not
//! parse, declarations out of their order.

use super::{clean, conflict, merged};
use crate::merge::Layer;

#[test]
fn a_name_that_theirs_took_away_is_not_brought_back() {
    let file = |handle: &str, ours: &str| {
        format!("enum A {{\n    B({handle}),\n    C({handle}),\n{ours}    D(u8),\n}}\n")
    };
    let ours = "    E(Old, Network),\n";
    let (base, theirs) = (file("Old", ""), file("New", ""));
    let ([_, conflicting, _], item) = conflict(&base, &file("Old", ours), &theirs);
    assert!(conflicting.contains("E(Old, Network)"), "{conflicting}");
    assert_eq!(item.as_deref(), Some("enum A"));
    // What ours defines itself is its own name.
    let own = |text: String| format!("{text}\nstruct Old;\n");
    assert!(
        merged(&base, &own(file("Old", ours)), &theirs)
            .merge
            .is_clean()
    );
}

#[test]
fn a_variable_that_theirs_renamed_in_a_function_is_not_brought_back() {
    let file = |count: &str, ours: &str| {
        format!(
            "fn a() {{\n    let read = 1;\n    b(read);\n}}\n\nfn f(s: S) {{\n    let {count} = s.read();\n    \
             s.set({count});\n{ours}    s.end();\n}}\n"
        )
    };
    let (base, theirs) = (file("read", ""), file("count", ""));
    for ours in ["    s.take(read);\n", "    s.take(!read + 1);\n"] {
        let ([_, conflicting, _], item) = conflict(&base, &file("read", ours), &theirs);
        assert!(conflicting.contains(ours), "{conflicting}");
        assert_eq!(item.as_deref(), Some("fn f"));
    }
    for ours in [
        "    s.read();\n",
        "    s.take(|read| read + 1);\n",
        "    s.take(S { read: 1 });\n",
        "    s.take(\"read\"); // read\n",
    ] {
        let text = clean(&base, &file("read", ours), &theirs);
        assert_eq!(text, file("count", ours));
    }
}

#[test]
fn only_what_uses_the_name_conflicts() {
    let file = |old: &str, ours: [&str; 2]| {
        let [first, second] = ours;
        format!(
            "struct A {{\n    {old}: u8,\n{first}    b: u8,\n}}\n\nfn f(a: A) {{\n    g(a.{old});\n{second}    h();\n}}\n"
        )
    };
    let base = file("old", ["", ""]);
    let ours = file("old", ["    ours: u8,\n", "    i(a.old);\n"]);
    let merged = merged(&base, &ours, &file("new", ["", ""]));
    let conflicts: Vec<_> = merged.merge.conflicts().collect();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].ours.text, "    i(a.old);\n");
    assert_eq!(conflicts[0].item.as_deref(), Some("fn f"));
    let layers: Vec<Layer> = merged.hunks.iter().map(|hunk| hunk.layer).collect();
    assert_eq!(layers, [Layer::Items]);
}

#[test]
fn lines_that_merge_to_what_does_not_parse_conflict_in_their_item() {
    let file = |head: &str, tail: &str| {
        format!(
            "fn a() {{\n    1\n}}\n\nfn f() {{\n    {head} b {{\n        c();\n    }}{tail}\n}}\n"
        )
    };
    let ours = file("if", " else {\n        d();\n    }");
    let (texts, item) = conflict(&file("if", ""), &ours, &file("while", ""));
    assert_eq!(item.as_deref(), Some("fn f"));
    assert_eq!(texts[0], "    if b {\n        c();\n    }\n");
    // Two items of one line each, and nothing smaller that is to blame.
    let base = "fn a(\n) {}\nconst B: u8 = 1;\nfn c() {}\nfn d(\n) {}\n";
    let ours = base.replace("fn a(\n)", "fn a(\n) { /*\n");
    let merged = merged(
        base,
        &ours.replace("{ /*\n", "/* */"),
        &base.replace("B", "C"),
    );
    assert!(merged.merge.is_clean());
}

#[test]
fn modules_are_declared_in_their_order() {
    let file = |mods: &[&str]| -> String {
        let lines = mods.iter().map(|name| format!("mod {name};\n"));
        format!("use x;\n\n{}\nfn f() {{}}\n", lines.collect::<String>())
    };
    for (base, ours, theirs, expected) in [
        (
            &["a", "tcp", "u"][..],
            &["a", "loopback", "tcp", "u"][..],
            &["a", "stream", "tcp_socket", "u"][..],
            &["a", "loopback", "stream", "tcp_socket", "u"][..],
        ),
        (
            &["a", "tcp", "u"],
            &["a", "tcp", "tcp_a", "u"],
            &["a", "stream", "tcp_socket", "u"],
            &["a", "stream", "tcp_a", "tcp_socket", "u"],
        ),
        (
            &["a", "b"],
            &["a", "b", "c"],
            &["a", "b", "d"],
            &["a", "b", "c", "d"],
        ),
        (
            &["a", "b"],
            &["a", "b", "d"],
            &["a", "b", "c"],
            &["a", "b", "c", "d"],
        ),
        // Nobody sorts these.
        (
            &["b", "a"],
            &["b", "a", "c"],
            &["b", "a", "d"],
            &["b", "a", "d", "c"],
        ),
    ] {
        assert_eq!(
            clean(&file(base), &file(ours), &file(theirs)),
            file(expected)
        );
    }
}

#[test]
fn plain_attributes_constants_and_values_have_no_order() {
    let attributed = |lines: &str| format!("{lines}fn f() {{\n    g();\n}}\n");
    let arms = |lines: &str| {
        format!(
            "fn f(c: char) {{\n    match c {{\n        'a' => 1,\n{lines}        _ => 2,\n    }}\n}}\n"
        )
    };
    let fields = |lines: &str| format!("fn f() {{\n    A {{\n        a: 1,\n{lines}    }}\n}}\n");
    let all: [&dyn Fn(&str) -> String; 3] = [&attributed, &arms, &fields];
    for (at, ours, theirs, is_clean) in [
        (0, "#[inline]\n", "#[must_use]\n", true),
        (0, "#[inline]\n", "#[inline(never)]\n", false),
        (0, "#[allow(a)]\n", "#[deny(a)]\n", false),
        (0, "#[inline]\n", "#[other::macro]\n", false),
        (1, "        'b' => g(),\n", "        'c' => 3,\n", true),
        (
            1,
            "        'b' => g(),\n",
            "        '\\u{62}' => 3,\n",
            false,
        ),
        (
            1,
            "        'b'..='d' => g(),\n",
            "        'c' => 3,\n",
            false,
        ),
        (2, "        b: g(),\n", "        c: None,\n", true),
        (2, "        b: 2,\n", "        c: g(),\n", true),
        (2, "        b: g(),\n", "        c: h(),\n", false),
        (2, "        b: g(x),\n", "        c: x,\n", false),
    ] {
        let of = |lines: &str| all[at](lines);
        let merged = merged(&of(""), &of(ours), &of(theirs));
        let expected = is_clean.then(|| of(&format!("{theirs}{ours}")));
        assert_eq!(merged.merge.text(), expected, "{ours} {theirs}");
    }
}

#[test]
fn imports_behind_a_byte_order_mark_are_a_set() {
    let file = |names: &str| format!("\u{feff}use a::{{{names}}};\n");
    assert_eq!(
        clean(&file("a, z"), &file("a, b, z"), &file("a, c, z")),
        file("a, b, c, z")
    );
}
