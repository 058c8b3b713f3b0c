use insta::assert_snapshot;

use super::faults::{error, told};
use super::{GOOD, good_with, manifest, version};
use crate::merge::Rename;

fn with(rows: &str) -> String {
    good_with("# The end.\n", rows)
}

fn between(rows: &str, from: &str, to: &str) -> Vec<String> {
    let renames = manifest(&with(rows)).renames_between(&version(from), &version(to));
    let shown = renames
        .iter()
        .map(|Rename { from, to }| format!("{from} to {to}"));
    shown.collect()
}

const ROWS: &str = r#"
[[rename]]
from = "b"
to = "c"
upstream = "44.0.0"

[[rename]]
from = "a"
to = "x::b"
upstream = "42.0.0"
"#;

#[test]
fn a_rename_holds_for_merges_that_cross_its_release() {
    assert_eq!(between(ROWS, "41.0.0", "42.0.0"), ["a to x::b"]);
    assert_eq!(between(ROWS, "41.0.0", "48.0.0"), ["a to x::b", "b to c"]);
    assert_eq!(between(ROWS, "42.0.0", "44.0.1"), ["b to c"]);
    assert!(between(ROWS, "44.0.0", "48.0.0").is_empty());
    assert!(between(ROWS, "42.0.0", "43.0.0").is_empty());
    assert!(between(ROWS, "44.0.0", "44.0.0").is_empty());
    // Down, what was renamed last is taken back first.
    assert_eq!(between(ROWS, "44.0.0", "41.0.0"), ["c to b", "x::b to a"]);
    assert_eq!(between(ROWS, "43.0.0", "42.0.0"), [""; 0]);
}

#[test]
fn a_rename_changes_no_byte_of_a_tree() {
    let read = manifest(&with(ROWS));
    assert_eq!(read.rules_digest(), manifest(GOOD).rules_digest());
    assert_eq!(
        read.place(&read.renames[0].span).to_string(),
        "manifest.toml:85:1"
    );
}

#[test]
fn what_cannot_be_renamed_is_told() {
    let rows = r#"
[[rename]]
from = "fn"
to = "a.b"
upstream = "42"
file = "src/a.rs"

[[rename]]
from = "a"
to = "a"

[[rename]]
from = "b"
to = "c"
upstream = "42.0.0"

[[rename]]
from = "b"
to = "d"
upstream = "42.0.0"
"#;
    assert_snapshot!(told(&error(&with(rows))), @r#"
    manifest.toml:84:1 `file`: unknown key `rename.file`
      known here: from, to, upstream
    manifest.toml:81:8 `"fn"`: `fn` is not an identifier, nor a path of them
      write it as `name` or `module::Name`; a keyword cannot be renamed
    manifest.toml:82:6 `"a.b"`: `a.b` is not an identifier, nor a path of them
      write it as `name` or `module::Name`; a keyword cannot be renamed
    manifest.toml:83:12 `"42"`: `rename.upstream` is not a version such as 41.0.0: unexpected end of input while parsing major version number
      write a version such as 41.0.0
    manifest.toml:86:1 `[[rename]]`: `rename.upstream` is missing
      add `upstream = …`
    manifest.toml:88:6 `"a"`: `a` is renamed to itself
      correct it, or remove the row
    manifest.toml:95:1 `[[rename]]`: `b` is renamed twice at 42.0.0
      keep one of the rows
    "#);
}
