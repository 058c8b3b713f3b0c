//! What the merge by items promises, a rule a test.

mod checks;
mod moved;

use crate::merge::{Conflict, Layer, LayerOptions, LayeredMerge, Sides, merge, merge_in_layers};

const RUST: LayerOptions<'static> = LayerOptions {
    is_rust: true,
    renames: &[],
    formatter: None,
};

fn merged(base: &str, ours: &str, theirs: &str) -> LayeredMerge {
    let sides = Sides { base, ours, theirs };
    let merged = merge_in_layers(sides, &RUST).expect("texts that can be compared");
    for (conflict, text) in merged
        .merge
        .conflicts()
        .flat_map(|c| [(&c.base, base), (&c.ours, ours), (&c.theirs, theirs)])
    {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let lines = &lines[conflict.lines.start - 1..conflict.lines.end - 1];
        assert_eq!(lines.concat(), conflict.text);
    }
    merged
}

/// Merges what lines alone cannot; returns the text.
#[track_caller]
fn clean(base: &str, ours: &str, theirs: &str) -> String {
    let by_lines = merge(base, ours, theirs).expect("texts that can be compared");
    let is_wrong = |text: String| syn::parse_file(&text).is_err();
    assert!(by_lines.text().is_none_or(is_wrong), "the lines merge");
    let merged = merged(base, ours, theirs);
    let conflicts: Vec<_> = merged.merge.conflicts().collect();
    assert_eq!(conflicts, Vec::<&Conflict>::new());
    merged.merge.text().expect("a clean merge")
}

/// Returns base, ours and theirs of the only conflict, and its item.
#[track_caller]
fn conflict(base: &str, ours: &str, theirs: &str) -> ([String; 3], Option<String>) {
    let merged = merged(base, ours, theirs);
    let conflicts: Vec<_> = merged.merge.conflicts().collect();
    let [conflict] = conflicts.as_slice() else {
        panic!("{conflicts:#?}\n{:?}", merged.merge.text());
    };
    let sides = [&conflict.base, &conflict.ours, &conflict.theirs];
    (sides.map(|side| side.text.clone()), conflict.item.clone())
}

#[test]
fn items_that_both_add_stand_behind_each_other_theirs_first() {
    assert_eq!(
        clean(
            "fn a() {}\nfn z() {}\n",
            "fn a() {}\nfn ours() {}\nfn z() {}\n",
            "fn a() {}\n\n/// Theirs.\nfn theirs() {}\nfn z() {}\n"
        ),
        "fn a() {}\n\n/// Theirs.\nfn theirs() {}\nfn ours() {}\nfn z() {}\n"
    );
    assert_eq!(
        clean(
            "impl A {\n    fn a() {}\n}\n",
            "impl A {\n    fn a() {}\n    // Ours.\n    fn ours() {}\n}\n",
            "impl A {\n    fn a() {}\n    fn theirs() {}\n}\n"
        ),
        "impl A {\n    fn a() {}\n    fn theirs() {}\n    // Ours.\n    fn ours() {}\n}\n"
    );
}

#[test]
fn fields_and_variants_that_both_add_stand_behind_each_other() {
    assert_eq!(
        clean(
            "struct S {\n    a: u8,\n}\n",
            "struct S {\n    a: u8,\n    ours: u8,\n}\n",
            "struct S {\n    a: u8,\n    theirs: u8,\n}\n"
        ),
        "struct S {\n    a: u8,\n    theirs: u8,\n    ours: u8,\n}\n"
    );
    let [base, ours, theirs] = ["", "    Ours(u8),\n", "    Theirs,\n"]
        .map(|added| format!("enum E {{\n    A,\n{added}}}\n"));
    assert_eq!(
        clean(&base, &ours, &theirs),
        "enum E {\n    A,\n    Theirs,\n    Ours(u8),\n}\n"
    );
    for head in ["#[derive(PartialOrd)]\n", "#[repr(u8)]\n"] {
        let [base, ours, theirs] = [&base, &ours, &theirs].map(|text| format!("{head}{text}"));
        assert_eq!(conflict(&base, &ours, &theirs).1.as_deref(), Some("enum E"));
    }
}

#[test]
fn arms_of_distinct_variants_that_both_add_stand_behind_each_other() {
    let of = |arms: &str| {
        format!(
            "fn f(e: E) {{\n    match e {{\n        E::A => {{}}\n{arms}        _ => {{}}\n    }}\n}}\n"
        )
    };
    let (ours, theirs) = ("        E::Ours => {}\n", "        E::Theirs(x) => g(x),\n");
    assert_eq!(
        clean(&of(""), &of(ours), &of(theirs)),
        of(&format!("{theirs}{ours}"))
    );
    for guarded in [
        "        E::Ours if x => {}\n",
        "        ours => {}\n",
        "        F::Theirs(_) => {}\n",
    ] {
        let ([base, ours, _], item) = conflict(&of(""), &of(guarded), &of(theirs));
        assert_eq!((base.as_str(), ours.as_str()), ("", guarded));
        assert_eq!(item.as_deref(), Some("fn f"));
    }
}

#[test]
fn statements_that_touch_merge_and_those_at_the_same_place_do_not() {
    let of = |lines: &str| format!("fn f() {{\n{lines}}}\n");
    let (a, b) = ("    let a = first(1, 2);\n", "    second(a, 3, 4);\n");
    let (new_a, new_b) = ("    let a = first(1, 9);\n", "    second(a, 3, 9);\n");
    assert_eq!(
        clean(
            &of(&format!("{a}{b}")),
            &of(&format!("{new_a}{b}")),
            &of(&format!("{a}{new_b}"))
        ),
        of(&format!("{new_a}{new_b}"))
    );
    let ours = format!("{a}    ours(a);\n{b}");
    assert_eq!(
        clean(
            &of(&format!("{a}{b}")),
            &of(&ours),
            &of(&format!("{a}{new_b}"))
        ),
        of(&format!("{a}    ours(a);\n{new_b}"))
    );
    let theirs = format!("{a}    theirs(a);\n{b}");
    let (sides, item) = conflict(&of(&format!("{a}{b}")), &of(&ours), &of(&theirs));
    assert_eq!(sides, ["", "    ours(a);\n", "    theirs(a);\n"]);
    assert_eq!(item.as_deref(), Some("fn f"));
}

#[test]
fn what_one_side_removed_and_the_other_changed_conflicts() {
    let (base, changed) = (
        "fn a() {}\n\nfn f() {\n    g(1);\n}\n",
        "fn a() {}\n\nfn f() {\n    g(2);\n}\n",
    );
    let removed = "fn a() {}\n";
    let (sides, item) = conflict(base, changed, removed);
    assert_eq!(
        sides,
        [
            "\nfn f() {\n    g(1);\n}\n",
            "\nfn f() {\n    g(2);\n}\n",
            ""
        ]
    );
    assert_eq!(item.as_deref(), Some("fn f"));
    let (sides, _) = conflict(base, removed, changed);
    assert_eq!(
        sides,
        [
            "\nfn f() {\n    g(1);\n}\n",
            "",
            "\nfn f() {\n    g(2);\n}\n"
        ]
    );
}

#[test]
fn a_conflict_is_as_small_as_it_can_be_and_the_rest_is_merged() {
    let of = |a: &str, b: &str, c: &str| {
        format!("impl A for B {{\n    fn a() {{\n        {a};\n        {b};\n    }}\n    {c}\n}}\n")
    };
    let merged = merged(
        &of("a(1, 2, 3)", "b(1, 2, 3)", "const C: u8 = 1;"),
        &of("a(1, 2, 4)", "b(1, 2, 4)", "const C: u8 = 1;"),
        &of("a(1, 2, 5)", "b(1, 2, 3)", "const C: u8 = 5;"),
    );
    let conflicts: Vec<_> = merged.merge.conflicts().collect();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].ours.text, "        a(1, 2, 4);\n");
    assert_eq!(conflicts[0].item.as_deref(), Some("impl A for B, fn a"));
    assert_eq!(
        merged.merge.resolved_by(|conflict| &conflict.theirs),
        of("a(1, 2, 5)", "b(1, 2, 4)", "const C: u8 = 5;")
    );
    let [hunk] = merged.hunks.as_slice() else {
        panic!("{:?}", merged.hunks)
    };
    assert_eq!((hunk.layer, hunk.lines.clone()), (Layer::Items, 4..5));
    assert_eq!(hunk.item.as_deref(), Some("impl A for B, fn a"));
}

#[test]
fn layout_alone_gives_way_to_a_change() {
    let base = "fn f() {\n    g(1, 2);\n}\n";
    let laid_out = "fn f() {\n    g(\n        1,\n        2,\n    );\n}\n";
    let changed = "fn f() {\n    g(1, 3);\n}\n";
    assert_eq!(clean(base, laid_out, changed), changed);
    let ([_, ours, theirs], _) = conflict(base, changed, laid_out);
    assert_eq!(
        (ours.as_str(), theirs.as_str()),
        ("    g(1, 3);\n", "    g(\n        1,\n        2,\n    );\n")
    );
}

#[test]
fn comments_attributes_and_code_of_an_item_are_apart() {
    let of = |comment: &str, attribute: &str, code: &str| {
        format!("// {comment}\n#[{attribute}]\nfn f() {{ {code} }}\n")
    };
    assert_eq!(
        clean(
            &of("a", "inline", "1"),
            &of("b", "inline", "2"),
            &of("a", "cold", "1")
        ),
        of("b", "cold", "2")
    );
}

#[test]
fn a_text_that_does_not_parse_is_merged_by_lines_and_says_so() {
    let (base, ours, theirs) = (
        "fn a() {}\nfn b() {}\n",
        "fn a() {}\nfn ours() {}\nfn b() {}\n",
        "fn a() {}\n  fn theirs( {}\nfn b() {}\n",
    );
    let merge = merged(base, ours, theirs);
    assert_eq!(
        merge.merge,
        crate::merge::merge(base, ours, theirs).unwrap()
    );
    let [note] = merge.notes.as_slice() else {
        panic!("{:?}", merge.notes)
    };
    assert!(note.contains("theirs does not parse as Rust (2:"), "{note}");
}

#[test]
fn other_files_are_merged_by_lines() {
    let options = LayerOptions {
        is_rust: false,
        ..RUST
    };
    let sides = Sides {
        base: "a();\n",
        ours: "fn b() {}\n",
        theirs: "fn c() {}\n",
    };
    let merged = merge_in_layers(sides, &options).unwrap();
    assert_eq!(merged.merge.conflicts().count(), 1);
    assert_eq!(merged.notes, Vec::<String>::new());
}

#[test]
fn hunks_tell_the_layer_that_would_do() {
    let base = "fn a() {}\nfn m() {}\nfn n() {}\nfn z() { 1 }\n";
    let ours = "fn a() {}\nfn ours() {}\nfn m() {}\nfn n() {}\nfn z() { 2 }\n";
    let theirs = "fn a() {}\nfn theirs() {}\nfn m() {}\nfn n() {}\nfn z() { 1 }\n";
    let hunks = merged(base, ours, theirs).hunks;
    let hunks: Vec<_> = hunks
        .iter()
        .map(|h| (h.layer, h.item.as_deref(), h.lines.clone()))
        .collect();
    assert_eq!(
        hunks,
        [
            (Layer::Items, Some("fn ours"), 3..4),
            (Layer::Lines, Some("fn z"), 6..7),
        ]
    );
}

#[test]
fn blank_lines_before_what_both_add_stand_there_once() {
    assert_eq!(
        clean(
            "const A: u8 = 1;\n\nmod z;\n",
            "const A: u8 = 1;\n\nmod ours;\nmod z;\n",
            "const A: u8 = 1;\n\nmod theirs;\nmod z;\n"
        ),
        "const A: u8 = 1;\n\nmod theirs;\nmod ours;\nmod z;\n"
    );
}

#[test]
fn comments_before_a_statement_are_apart_from_what_replaces_it() {
    assert_eq!(
        clean(
            "fn f() {\n    // Why.\n    first(1);\n}\n",
            "fn f() {\n    // Why.\n    let one = other();\n    let two = another(one);\n}\n",
            "fn f() {\n    first(1);\n}\n"
        ),
        "fn f() {\n    let one = other();\n    let two = another(one);\n}\n"
    );
}

#[test]
fn imports_that_both_change_are_a_set() {
    let base = "use a::b;\nuse c::{d, e};\n\nfn f() {}\n";
    let ours = "use a::b;\nuse a::ours;\nuse c::{d, e};\n\nfn f() {}\n";
    let theirs = "use a::b;\nuse c::{d, theirs};\n\nfn f() {}\n";
    assert_eq!(
        clean(base, ours, theirs),
        "use a::b;\nuse a::ours;\nuse c::{d, theirs};\n\nfn f() {}\n"
    );
    assert_eq!(merged(base, ours, theirs).hunks[0].layer, Layer::Normalised);
}

#[test]
fn line_ends_and_a_missing_last_one_are_kept() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(
        clean(
            &crlf("mod a;\n"),
            &crlf("mod a;\nmod z;"),
            &crlf("mod a;\nmod theirs;")
        ),
        crlf("mod a;\nmod theirs;\nmod z;")
    );
    assert_eq!(
        clean(
            "\u{feff}mod a;\n",
            "\u{feff}mod a;\nmod z;\n",
            "\u{feff}mod a;\nmod theirs;"
        ),
        "\u{feff}mod a;\nmod theirs;\nmod z;\n"
    );
    assert_eq!(
        clean(
            "#!/bin/x\nmod a;\n",
            "#!/bin/x\nmod a;\nmod z;\n",
            "#!/bin/x\nmod a;\nmod theirs;\n"
        ),
        "#!/bin/x\nmod a;\nmod theirs;\nmod z;\n"
    );
}

#[test]
fn strings_and_comments_with_braces_are_text() {
    let of = |added: &str| {
        format!(
            "mod a {{\n    const S: &str = r#\"}}\n  }} \"fn\n\"#;\n    /* }} /* {{ */ */\n    fn f() {{}}\n{added}}}\n"
        )
    };
    let (ours, theirs) = ("    fn ours() {}\n", "    /* fn { */\n    fn theirs() {}\n");
    assert_eq!(
        clean(&of(""), &of(ours), &of(theirs)),
        of(&format!("{theirs}{ours}"))
    );
}

#[test]
fn what_is_too_deep_or_too_large_is_merged_by_lines_and_says_so() {
    let deep = [
        format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{}1", "!".repeat(1_000_000)),
        format!("0{}", "+1".repeat(500_000)),
        format!("{{}}{}", " else if a {}".repeat(100_000)),
        format!("a::<{}u8{}>()", "A<".repeat(100_000), ">".repeat(100_000)),
    ];
    for expression in deep {
        let base = format!("const A: u8 = {expression};\n");
        let ours = format!("{base}mod ours;\n");
        let theirs = format!("{base}mod theirs;\n");
        let merged = merged(&base, &ours, &theirs);
        assert_eq!(merged.merge.conflicts().count(), 1);
        assert_eq!(merged.notes.len(), 1);
    }
    let large: String = (0..300_000)
        .map(|i| format!("const A{i}: u8 = 1;\n"))
        .collect();
    let merged = merged(
        &large,
        &format!("{large}mod ours;\n"),
        &format!("{large}mod theirs;\n"),
    );
    assert_eq!(
        merged.notes,
        ["The file is merged by lines alone: it has more than 2 MiB."]
    );
}
