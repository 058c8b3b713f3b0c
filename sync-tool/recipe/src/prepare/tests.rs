//! What preparing promises.

use std::sync::Arc;

use std::collections::BTreeSet;

use super::*;
use crate::format::Formatted;
use crate::testing::{manifest_with, path, tree};
use crate::tree::File;

/// Marks what it was asked to format.
struct Marking;

impl Formatter for Marking {
    fn format(&self, edition: &str, files: &[(TreePath, Arc<str>)]) -> Result<Formatted> {
        let texts = files
            .iter()
            .map(|(_, text)| format!("// {edition}\n{text}").into());
        Ok(Formatted {
            texts: texts.collect(),
            version: "marking 1".to_owned(),
        })
    }
}

const RULES: &str = r##"
[[rewrite]]
from = "up_net"
to = "fork_net"

[[insert]]
files = ["src/**/*.rs"]
when-contains = "unsafe"
text = '#![allow(unsafe_code, reason = "as upstream")]'
optional = true

[[files]]
paths = ["**"]
kind = "direct"
"##;

fn prepared(files: &[(&str, &str)]) -> Result<Prepared> {
    prepared_tree(&tree(files))
}

fn prepared_tree(upstream: &Tree) -> Result<Prepared> {
    let manifest = manifest_with(RULES);
    let plan = Plan::of(&manifest, upstream, &BTreeSet::new())?;
    prepare(upstream, &plan, &manifest, "2024", &Marking)
}

fn text<'p>(prepared: &'p Prepared, path: &str) -> &'p str {
    prepared
        .tree
        .get(path)
        .and_then(File::text)
        .expect("a text")
}

#[test]
fn names_change_at_word_bounds_everywhere() {
    let source = "//! [`up_net::A`], up_net_io, my_up_net\nuse up_net::{self};\n\
                  bindgen!({ with: { \"a\": up_net::p2 } });\nlet s = \"up_net\";\n";
    let prepared = prepared(&[("src/lib.rs", source), ("README.md", "up_net.")]).unwrap();
    let expected = source.replace("up_net", "fork_net");
    let expected = expected
        .replace("fork_net_io", "up_net_io")
        .replace("my_fork_net", "my_up_net");
    assert_eq!(
        text(&prepared, "src/lib.rs"),
        format!("// 2024\n{expected}")
    );
    assert_eq!(text(&prepared, "README.md"), "fork_net.");
    assert_eq!(prepared.rules[0].matches, 5);
    assert_eq!(prepared.rules[0].files, 2);
}

#[test]
fn only_sources_that_a_rewrite_touched_are_formatted() {
    let files = [
        ("src/a.rs", "up_net"),
        ("src/b.rs", "unsafe fn b() {}\n"),
        ("t.wit", "up_net"),
    ];
    let prepared = prepared(&files).unwrap();
    assert_eq!(prepared.reformatted, [path("src/a.rs")]);
    let inserted = "#![allow(unsafe_code, reason = \"as upstream\")]\nunsafe fn b() {}\n";
    assert_eq!(text(&prepared, "src/b.rs"), inserted);
    assert_eq!(text(&prepared, "t.wit"), "fork_net");
    assert_eq!(prepared.formatter.as_deref(), Some("marking 1"));
}

#[test]
fn modes_and_binary_files_stay() {
    let mut upstream = tree(&[("src/a.rs", "up_net")]);
    let binary = File::new([0xff, 0x00], crate::tree::Mode::Executable);
    upstream.insert(path("tests/x.bin"), binary.clone());
    let prepared = prepared_tree(&upstream).unwrap();
    assert_eq!(prepared.tree.get("tests/x.bin"), Some(&binary));
}

#[test]
fn what_is_not_utf_8_is_copied_and_listed() {
    let mut upstream = tree(&[("src/a.rs", "up_net")]);
    let binary = [
        ("c.bin", File::regular(*b"\xffup_net")),
        ("src/b.rs", File::regular(*b"unsafe \xff up_net")),
    ];
    upstream.extend(binary.clone().map(|(name, file)| (path(name), file)));
    let prepared = prepared_tree(&upstream).unwrap();
    assert_eq!(
        prepared.binary,
        binary.each_ref().map(|(name, _)| path(name))
    );
    for (name, file) in binary {
        assert_eq!(prepared.tree.get(name), Some(&file));
    }
}

#[test]
fn a_rule_that_matches_nothing_is_stale() {
    let error = prepared(&[("src/a.rs", "nothing")]).unwrap_err();
    assert_eq!(
        error.all_faults()[0].message,
        "`up_net` stands in no upstream file"
    );
    let place = error.all_faults()[0].place.as_ref().unwrap();
    assert_eq!(place.position().map(|(line, _)| line), Some(17));
}
