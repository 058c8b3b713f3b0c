//! A merge gives what libgit2's merge gives, and loses no line where it conflicts.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use recipe::merge::merge;

/// Lines of few kinds, so that the texts have something in common.
#[derive(Arbitrary, Debug)]
struct Texts {
    base: Vec<u8>,
    ours: Vec<u8>,
    theirs: Vec<u8>,
}

fn text(bytes: &[u8]) -> String {
    const LINES: [&str; 8] = ["a\n", "b\n", "c\n", "}\n", "\n", "d\r\n", "<<<<<<< a\n", "z"];
    // `git2::merge_file` makes a slice of a null pointer of an empty result.
    let lines = bytes.iter().take(64).map(|byte| LINES[usize::from(*byte) % LINES.len()]);
    std::iter::once("first\n").chain(lines).collect()
}

fuzz_target!(|texts: Texts| {
    let [base, ours, theirs] = [&texts.base, &texts.ours, &texts.theirs].map(|t| text(t));
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
});
