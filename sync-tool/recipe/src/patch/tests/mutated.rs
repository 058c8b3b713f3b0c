//! Good patches that something happened to.

use proptest::prelude::*;
use proptest::sample::Index;

use super::{Patch, differences, parsed};

/// Lines that mean something to a patch, wherever they turn up.
const LINES: &[&str] = &[
    "",
    " ",
    "-",
    "+",
    "\\",
    "\\ No newline at end of file",
    "@@",
    "@@ -1 +1 @@",
    "@@ -0,0 +1 @@",
    "@@ -4294967295,4294967295 +1 @@",
    "@@ -99999999999999999999 +1 @@",
    "--- a/f",
    "+++ b/f",
    "--- /dev/null",
    "diff --git a/f b/f",
    "Change:",
    "Reason: x",
    "  more",
    "#",
    "-- ",
    "\r",
    "\u{feff}",
];

#[derive(Debug, Clone)]
enum Mutation {
    Drop(Index),
    Repeat(Index),
    Swap(Index, Index),
    Insert(Index, &'static str),
    Byte(Index, u8),
    Cut(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Mutation::Drop),
        at().prop_map(Mutation::Repeat),
        (at(), at()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        (at(), prop::sample::select(LINES)).prop_map(|(at, line)| Mutation::Insert(at, line)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        at().prop_map(Mutation::Cut),
    ]
}

fn mutate(mut text: Vec<u8>, mutation: &Mutation) -> Vec<u8> {
    if text.is_empty() {
        return text;
    }
    if let Mutation::Byte(at, byte) = mutation {
        let at = at.index(text.len());
        text[at] = *byte;
        return text;
    }
    if let Mutation::Cut(at) = mutation {
        text.truncate(at.index(text.len()));
        return text;
    }
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let place = |index: &Index| index.index(lines.len());
    let new;
    match mutation {
        Mutation::Drop(at) => {
            let at = place(at);
            lines.remove(at);
        }
        Mutation::Repeat(at) => {
            let at = place(at);
            lines.insert(at, lines[at]);
        }
        Mutation::Swap(a, b) => {
            let (a, b) = (place(a), place(b));
            lines.swap(a, b);
        }
        Mutation::Insert(at, line) => {
            let at = place(at);
            new = format!("{line}\n");
            lines.insert(at, new.as_bytes());
        }
        Mutation::Byte(..) | Mutation::Cut(_) => {}
    }
    lines.concat()
}

const BASE: &str = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no";
const NEW: &str = "a\nB\nc\nd\ne\nf\ng\nh\ni\nnew\nj\nk\nl\nn\no\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_mutated_patch_is_read_or_told_about(mutations in prop::collection::vec(mutation(), 1..5)) {
        let good = Patch::between("f", BASE, NEW, differences()).unwrap().unwrap().render();
        let text = mutations.iter().fold(good.into_bytes(), mutate);
        match Patch::parse(&text) {
            Ok(patch) => {
                let again = parsed(&patch.render());
                prop_assert_eq!(&again, &patch);
                prop_assert_eq!(again.render(), patch.render());
                for base in [BASE, NEW, "", "a", "a\n"] {
                    match patch.apply(base) {
                        Ok(applied) => prop_assert_eq!(applied.places.len(), patch.hunks.len()),
                        Err(faults) => prop_assert!(!faults.is_empty()),
                    }
                }
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                let count = text.split_inclusive(|byte| *byte == b'\n').count().max(1);
                for fault in faults {
                    prop_assert!((1..=count).contains(&fault.line), "{:?}", fault);
                    prop_assert!(!fault.help().is_empty());
                }
            }
        }
    }
}
