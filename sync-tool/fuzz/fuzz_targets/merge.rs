//! A merge gives what libgit2's merge gives, and loses no line where it conflicts; a merge in
//! layers of Rust parses, has what either side added, and is the one side where the other
//! changed nothing.
#![no_main]

use std::collections::HashSet;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use recipe::merge::{LayerOptions, LayeredMerge, Sides, merge, merge_in_layers};

/// Lines of few kinds, so that the texts have something in common.
#[derive(Arbitrary, Debug)]
struct Texts {
    base: Vec<u8>,
    ours: Vec<u8>,
    theirs: Vec<u8>,
    is_code: bool,
}

const LINES: [&str; 8] = ["a\n", "b\n", "c\n", "}\n", "\n", "d\r\n", "<<<<<<< a\n", "z"];

/// What few lines make Rust of; one that is indented continues what is open.
const CODE: [&str; 32] = [
    "use a::b;\n",
    "use a::{b, c};\n",
    "use a::{c, d as e};\n",
    "use a::*;\n",
    "#[cfg(unix)]\n",
    "/// A comment.\n",
    "// b\n",
    "mod a {\n",
    "}\n",
    "struct A {\n",
    "enum B {\n",
    "    a: u8,\n",
    "    b: A,\n",
    "    A,\n",
    "    C(u8),\n",
    "impl A {\n",
    "impl C for A {\n",
    "    fn a() {\n",
    "    fn b(a: u8) -> u8 {\n",
    "    }\n",
    "fn c() {\n",
    "    a();\n",
    "    b(a);\n",
    "    let a = b;\n",
    "    match a {\n",
    "        A => 1,\n",
    "        C(a) => b(a),\n",
    "        _ => {}\n",
    "m!{ a, b }\n",
    "mod c;\n",
    "const A: u8 = 1;\n",
    "\n",
];

fn text(bytes: &[u8], lines: &[&str]) -> String {
    bytes.iter().take(64).map(|byte| lines[usize::from(*byte) % lines.len()]).collect()
}

fn check_lines(texts: &Texts) {
    // `git2::merge_file` makes a slice of a null pointer of an empty result.
    let [base, ours, theirs] =
        [&texts.base, &texts.ours, &texts.theirs].map(|t| format!("first\n{}", text(t, &LINES)));
    let merged = merge(&base, &ours, &theirs).expect("texts this short are compared");
    // It sets libgit2 up, which `merge_file` does not.
    git2::Oid::hash_object(git2::ObjectType::Blob, b"").expect("a digest");
    let inputs = [&base, &ours, &theirs].map(|text| {
        let mut input = git2::MergeFileInput::new();
        input.content(text.as_bytes());
        input
    });
    let result = git2::merge_file(&inputs[0], &inputs[1], &inputs[2], None).expect("a merge");
    let expected = result.is_automergeable().then(|| {
        String::from_utf8(result.content().to_vec()).expect("UTF-8 stays UTF-8")
    });
    assert_eq!(merged.text(), expected);
    for conflict in merged.conflicts() {
        assert!(ours.contains(&conflict.ours.text) && theirs.contains(&conflict.theirs.text));
    }
}

fn layered(base: &str, ours: &str, theirs: &str) -> LayeredMerge {
    let options = LayerOptions {
        is_rust: true,
        renames: &[],
        formatter: None,
    };
    merge_in_layers(Sides { base, ours, theirs }, &options).expect("texts this short are compared")
}

fn parses(text: &str) -> bool {
    syn::parse_file(text).is_ok()
}

/// Lines that are kept as they are, by their text without indentation: no imports, which are
/// sets, and none that consist of punctuation.
fn lines(text: &str) -> HashSet<&str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| line.contains(char::is_alphanumeric) && !line.starts_with("use ")).collect()
}

fn check_layers(texts: &Texts) {
    let [base, ours, theirs] =
        [&texts.base, &texts.ours, &texts.theirs].map(|bytes| text(bytes, &CODE));
    assert_eq!(layered(&base, &ours, &base).merge.text().as_ref(), Some(&ours));
    assert_eq!(layered(&base, &base, &theirs).merge.text().as_ref(), Some(&theirs));
    let merged = layered(&base, &ours, &theirs);
    for conflict in merged.merge.conflicts() {
        assert!(ours.contains(&conflict.ours.text) && theirs.contains(&conflict.theirs.text));
    }
    let Some(text) = merged.merge.text() else {
        return;
    };
    let by_lines = merge(&base, &ours, &theirs).expect("texts this short are compared").text();
    if ![&base, &ours, &theirs].into_iter().all(|text| parses(text)) {
        assert_eq!(by_lines, Some(text), "lines are all there is");
        return;
    }
    assert!(parses(&text), "{text}");
    if merged.notes.iter().any(|note| note.contains("renam")) {
        return;
    }
    let [before, after] = [&base, &text].map(|text| lines(text));
    for side in [&ours, &theirs] {
        let added = lines(side).into_iter().filter(|line| !before.contains(line));
        let lost: Vec<&str> = added.filter(|line| !after.contains(line)).collect();
        assert!(lost.is_empty(), "{lost:?} in {text}");
    }
}

fuzz_target!(|texts: Texts| {
    if texts.is_code {
        check_layers(&texts);
    } else {
        check_lines(&texts);
    }
});
