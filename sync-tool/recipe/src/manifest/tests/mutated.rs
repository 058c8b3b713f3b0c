//! Whatever a manifest has become, it is read or told what is wrong with it.

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::Manifest;
use super::{GOOD, path, version};
use crate::error::{Error, Kind};

/// What a line may become: other syntax, other types, what leaves the tree.
const SPOILT: &[&str] = &[
    "",
    "[",
    "]",
    "[[files]]",
    "[cargo]",
    "[upstream]",
    "[[history]]",
    "[[rename]]",
    "[documents]",
    "fork = 1",
    "x = [1, \"a\"]",
    "paths = [\"**\"]",
    "paths = []",
    "kind = \"direct\"",
    "path = \"..\"",
    "version = \"1\"",
    "base = \"1.0.0\"",
    "tag = ''",
    "text = \"\"\"",
    "é = \"é\"",
    "a.b.c = {}",
    "[[cargo.test]]",
    "optional = 1",
    "upstream = \"99999999999999999999.0.0\"",
    "from = \"é\"",
];

#[derive(Debug, Clone)]
enum Mutation {
    Drop(Index),
    Repeat(Index),
    Swap(Index, Index),
    Spoil(Index, &'static str),
    Character(Index, char),
    Cut(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use Mutation::*;
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Drop),
        at().prop_map(Repeat),
        (at(), at()).prop_map(|(a, b)| Swap(a, b)),
        (at(), prop::sample::select(SPOILT)).prop_map(|(at, text)| Spoil(at, text)),
        (at(), any::<char>()).prop_map(|(at, character)| Character(at, character)),
        at().prop_map(Cut),
    ]
}

fn mutate(text: &str, mutation: &Mutation) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return String::new();
    }
    let place = |index: &Index| index.index(lines.len());
    let spoilt;
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
        Mutation::Spoil(at, with) => {
            let at = place(at);
            lines[at] = with;
        }
        Mutation::Character(at, character) => {
            let at = place(at);
            let middle = lines[at].char_indices().nth(lines[at].chars().count() / 2);
            let (head, tail) = lines[at].split_at(middle.map_or(0, |(middle, _)| middle));
            spoilt = format!("{head}{character}{tail}");
            lines[at] = &spoilt;
        }
        Mutation::Cut(at) => {
            let at = place(at);
            lines.truncate(at);
        }
    }
    lines.join("\n") + "\n"
}

/// Checks that an error tells its faults, each with a place in the text and help.
fn check(error: &Error, text: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(error.kind(), Kind::General);
    prop_assert!(!error.all_faults().is_empty());
    for fault in error.all_faults() {
        let place = fault.place.as_ref().expect("a place");
        // The line of a password is not shown; a `?` makes one of a URL's query.
        let is_hidden = fault.message.ends_with("holds a password");
        prop_assert!(
            is_hidden != place.position().is_some(),
            "{:?}",
            place.bytes()
        );
        prop_assert!(place.bytes().is_none_or(|span| text.get(span).is_some()));
        prop_assert!(fault.help.as_ref().is_some_and(|help| !help.is_empty()));
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_mutated_manifest_is_read_or_told_about(
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let text = mutations.iter().fold(GOOD.to_owned(), |text, m| mutate(&text, m));
        match Manifest::parse(text.as_str()) {
            Err(error) => check(&error, &text)?,
            Ok(manifest) => {
                manifest.rules_digest();
                manifest.next_fork_version();
                let pinned = manifest.with_pin(&version("97.0.0"), &version("97.0.0-rc.1"));
                prop_assert!(pinned.is_ok_and(|m| m.fork.pin == version("97.0.0")));
                let patched = manifest.with_patched(&path("some/new/file.rs"));
                prop_assert!(patched.is_ok());
                let series = manifest.with_series(&version("97.0.0"), &path("patches/v97"), 30);
                prop_assert!(series.is_ok_and(|m| m.series.len() == manifest.series.len() + 1));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_told_about(text in "(?s).{0,200}") {
        if let Err(error) = Manifest::parse(text.as_str()) {
            check(&error, &text)?;
        }
    }
}
