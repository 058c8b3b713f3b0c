use std::sync::Arc;

use super::super::{Sides, merge};
use super::{Rename, alike};
use crate::error::{Error, Result};
use crate::format::{Formatted, Formatter};
use crate::tree::TreePath;

/// A formatter that joins runs of spaces, and refuses what has a question mark.
struct Spaces;

impl Formatter for Spaces {
    fn format(&self, edition: &str, files: &[(TreePath, Arc<str>)]) -> Result<Formatted> {
        assert_eq!(edition, "2024");
        let texts = files.iter().map(|(path, text)| {
            if text.contains('?') {
                return Err(Error::general(format!("{path} does not parse")));
            }
            let lines = text.lines().map(|line| {
                let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
                format!("{}\n", words.join(" "))
            });
            Ok(Arc::from(lines.collect::<String>()))
        });
        Ok(Formatted {
            texts: texts.collect::<Result<_>>()?,
            version: "spaces 1".to_owned(),
        })
    }
}

fn rename(from: &str, to: &str) -> Rename {
    Rename {
        from: from.into(),
        to: to.into(),
    }
}

const BASE: &str = "struct Old;\nfn f(a: Old) {\nlet b = g(a);\n}\n";
const OURS: &str = "struct Old;\nfn f(a: Old) {\nlet b = g(on(a), Old);\n}\n";
const THEIRS: &str = "struct New;\nfn f(a: New) {\nlet b = g(a);\n}\nfn h() {}\n";

fn sides<'a>(base: &'a str, ours: &'a str, theirs: &'a str) -> Sides<'a> {
    Sides { base, ours, theirs }
}

#[test]
fn a_renamed_name_no_longer_conflicts() {
    let texts = sides(BASE, OURS, THEIRS);
    assert!(!merge(BASE, OURS, THEIRS).expect("a merge").is_clean());
    let alike = alike(texts, &[], None).expect("a rename");
    assert_eq!(alike.notes, ["`Old` is `New` now in 3 places."]);
    let merged = merge(&alike.base, &alike.ours, THEIRS).expect("a merge");
    let expected = "struct New;\nfn f(a: New) {\nlet b = g(on(a), New);\n}\nfn h() {}\n";
    assert_eq!(merged.text().as_deref(), Some(expected));
}

#[test]
fn a_declared_rename_needs_no_evidence() {
    let (base, ours) = ("fn f() {\na::b();\n}\n", "fn f() {\na::b();\na::b();\n}\n");
    let theirs = "fn f() {\n}\n";
    let declared = [rename("a::b", "c::b"), rename("x", "y")];
    let alike = alike(sides(base, ours, theirs), &declared, None).expect("a rename");
    assert_eq!(alike.base, "fn f() {\nc::b();\n}\n");
    assert_eq!(alike.ours, "fn f() {\nc::b();\nc::b();\n}\n");
    assert_eq!(alike.notes, ["`a::b` is `c::b` now in 2 places."]);
}

#[test]
fn a_name_that_ours_uses_otherwise_stays() {
    // Ours has a `New` of its own.
    let ours = "struct Old;\nfn f(a: Old) {\nlet b = New::g(a);\n}\n";
    assert_eq!(alike(sides(BASE, ours, THEIRS), &[], None), None);
    // Upstream replaced a type of others by another; ours uses the old one at a new place.
    let base = "fn f(a: Mutex) {\nb(Mutex);\n}\n";
    let theirs = "fn f(a: RwLock) {\nb(RwLock);\n}\n";
    let ours = "fn f(a: Mutex) {\nb(Mutex);\nc(Mutex);\n}\n";
    assert_eq!(alike(sides(base, ours, theirs), &[], None), None);
    let ours = "fn f(a: Mutex) {\nb(d, Mutex);\n}\n";
    let alike = alike(sides(base, ours, theirs), &[], None).expect("a rename");
    assert_eq!(alike.ours, "fn f(a: RwLock) {\nb(d, RwLock);\n}\n");
}

#[test]
fn base_and_ours_are_formatted_where_theirs_is() {
    let formatter: Option<(&dyn Formatter, &str)> = Some((&Spaces, "2024"));
    let (base, ours) = ("fn  f() {}\n", "fn  f() {}\nfn  g() {}\n");
    let done = alike(sides(base, ours, "fn f() {}\n"), &[], formatter).expect("a layout");
    assert_eq!(
        (done.base.as_str(), done.ours.as_str()),
        ("fn f() {}\n", "fn f() {}\nfn g() {}\n")
    );
    assert_eq!(done.notes, ["Base and ours are formatted as theirs."]);
    // Nothing to do, theirs is not formatted, a text that cannot be, other code by it.
    let good = "fn f() {}\n";
    for (base, ours, theirs) in [
        (good, good, good),
        (base, ours, base),
        (base, "fn  ?\n", good),
        ("fn f() { a(\"b  c\") }\n", good, good),
    ] {
        assert_eq!(alike(sides(base, ours, theirs), &[], formatter), None);
    }
}
