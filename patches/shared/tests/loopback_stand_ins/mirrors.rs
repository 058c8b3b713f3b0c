//! What upstream does around the stand-ins, which they were written for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The table: which functions of upstream's each stand-in mirrors or stands behind, and
/// what is known of them. Whoever looks for missed changes reads it too.
const TABLE: &str = include_str!("mirrors.toml");

/// One entry of the table.
#[derive(Default)]
struct Mirror {
    /// The file of ours.
    by: String,
    /// The functions, each in its file; which of them there are depends on the release.
    of: Vec<String>,
    /// The digests of the forms that the stand-in was compared with.
    digests: Vec<String>,
}

/// Reads the table, in which every key begins a line.
fn mirrors() -> Vec<Mirror> {
    let mut all: Vec<Mirror> = Vec::new();
    let mut key = "";
    for line in TABLE.lines() {
        if line == "[[mirror]]" {
            all.push(Mirror::default());
        }
        if let Some((begins, _)) = line.split_once(" = ") {
            key = begins;
        }
        let texts = line.split('"').skip(1).step_by(2).map(str::to_owned);
        match (key, all.last_mut()) {
            ("by", Some(mirror)) => mirror.by.extend(texts),
            ("of", Some(mirror)) => mirror.of.extend(texts),
            ("digests", Some(mirror)) => mirror.digests.extend(texts),
            _ => {}
        }
    }
    all
}

/// Collects the functions of a file, those of a type as `Type::name`, with the digest of
/// their signature and body. What has several forms, by platform, has one digest.
fn functions(tokens: TokenStream, within: &str, into: &mut BTreeMap<String, u64>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let word = tokens[at].to_string();
        let end = tokens[at..].iter().position(is_block).map(|end| at + end);
        match (word.as_str(), end) {
            ("fn", Some(end)) => {
                let name = match within {
                    "" => tokens[at + 1].to_string(),
                    _ => format!("{within}::{}", tokens[at + 1]),
                };
                let digest = into.entry(name).or_insert(0xcbf2_9ce4_8422_2325);
                tokens[at..=end].iter().for_each(|token| add(digest, token));
                at = end;
            }
            ("impl", Some(end)) => {
                let TokenTree::Group(body) = &tokens[end] else {
                    unreachable!("it is a block")
                };
                functions(body.stream(), &name_of(&tokens[at + 1..end]), into);
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Returns the type that an `impl` is for, without its path and parameters.
fn name_of(head: &[TokenTree]) -> String {
    let (mut name, mut depth) = (String::new(), 0);
    for token in head {
        match token.to_string().as_str() {
            "<" => depth += 1,
            ">" => depth -= 1,
            "where" => break,
            "for" if depth == 0 => name.clear(),
            word if depth == 0 && matches!(token, TokenTree::Ident(_)) => name = word.to_owned(),
            _ => {}
        }
    }
    name
}

/// Adds a token to a digest (FNV-1a): layout and comments have no part in it.
fn add(digest: &mut u64, token: &TokenTree) {
    let mut add_text = |text: &str| {
        for byte in text.bytes().chain([0]) {
            *digest = (*digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    match token {
        TokenTree::Group(group) => {
            add_text(&format!("{:?}", group.delimiter()));
            group
                .stream()
                .into_iter()
                .for_each(|token| add(digest, &token));
            // The end, so that what stands in a group is not what stands behind it.
            *digest = digest.wrapping_mul(0x0100_0000_01b3);
        }
        token => add_text(&token.to_string()),
    }
}

fn functions_of(source: &str) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    functions(source.parse().unwrap(), "", &mut all);
    all
}

#[test]
fn what_the_stand_ins_mirror_is_as_they_know_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    let mirrors = mirrors();
    assert!(mirrors.len() >= 10, "only {} are declared", mirrors.len());
    for Mirror { by, of, digests } in &mirrors {
        assert!(root.join(by).is_file(), "{by} is not there");
        let mut present = 0;
        for place in of {
            let (file, function) = place.split_once(' ').unwrap();
            let source = fs::read_to_string(root.join(file)).unwrap_or_default();
            let Some(digest) = functions_of(&source).remove(function) else {
                continue;
            };
            present += 1;
            let digest = format!("{digest:016x}");
            if !digests.contains(&digest) {
                wrong.push(format!("{place} is {digest}, which {by} does not know"));
            }
        }
        if present == 0 {
            wrong.push(format!(
                "{by} mirrors nothing: none of {} is there",
                of.join(", ")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "upstream has changed what stand-ins mirror; compare each, change the stand-in where \
         it has to follow, and add the digest to tests/loopback_stand_ins/mirrors.toml:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn functions_are_found_and_told_apart() {
    let all = functions_of(
        "pub async fn f<T>(t: T) -> u8 { if x { 1 } else { 2 } } // f
         impl<T: Into<u8>> crate::Tr<T> for a::S<T> where T: Copy { fn g() {} fn h() { fn i() {} } }
         #[cfg(a)] impl S { fn j() {} } #[cfg(b)] impl S { fn j() {} fn k() {} }",
    );
    let names: Vec<_> = all.keys().map(String::as_str).collect();
    assert_eq!(names, ["S::g", "S::h", "S::j", "S::k", "f"]);
    let f = |source: &str| functions_of(source)["f"];
    assert_eq!(f("fn f() { /* why */ a (b) }"), f("fn f(){a(b)}"));
    for other in [
        "fn f() { a(c) }",
        "fn f() { a() b }",
        "fn f(a: u8) { a(b) }",
        "fn f() { ab() }",
    ] {
        assert_ne!(f("fn f() { a(b) }"), f(other), "{other}");
    }
}
