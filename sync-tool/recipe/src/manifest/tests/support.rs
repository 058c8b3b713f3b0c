use insta::assert_snapshot;

use super::super::{LongTerm, Support};
use super::faults::{error, told};
use super::{GOOD, good_with, manifest};

const WASMTIME: Support = Support {
    releases: 2,
    long_term: Some(LongTerm {
        every: 12,
        releases: 24,
    }),
};

fn with(text: &str) -> String {
    good_with(
        "tag = \"v{version}\"",
        &format!("tag = \"v{{version}}\"\n{text}"),
    )
}

#[test]
fn ordinary_lines_live_for_two_releases_and_every_twelfth_for_twenty_four() {
    assert_eq!(WASMTIME.lines(50), [36, 48, 49, 50]);
    assert_eq!(WASMTIME.lines(60), [48, 59, 60]);
    assert_eq!(WASMTIME.lines(59), [36, 48, 58, 59]);
    assert_eq!(WASMTIME.lines(1), [0, 1]);
    let short = Support {
        releases: 1,
        long_term: None,
    };
    assert_eq!(short.lines(50), [50]);
    assert!(WASMTIME.is_long_term(48) && !WASMTIME.is_long_term(49));
    assert!(!short.is_long_term(48));
}

#[test]
fn the_table_is_optional_and_read_as_written() {
    assert_eq!(manifest(GOOD).upstream.support, None);
    let text = with("support = { releases = 2, long-term = { every = 12, releases = 24 } }");
    let read = manifest(&text);
    assert_eq!(read.upstream.support, Some(WASMTIME));
    // What is said of support changes no byte of the tree.
    assert_eq!(read.rules_digest(), manifest(GOOD).rules_digest());
}

#[test]
fn a_policy_of_support_is_a_count_of_releases() {
    let text = good_with(
        "tag = ",
        "support = { releases = 0, long-term = { every = \"12\", more = 1 } }\ntag = ",
    );
    assert_snapshot!(told(&error(&text)), @r#"
    manifest.toml:7:24 `0`: `upstream.support.releases` is not a number from 1 to 1200
      write it as a number of major releases, without quotes
    manifest.toml:7:55 `more`: unknown key `upstream.support.long-term.more`
      known here: every, releases
    manifest.toml:7:39 `{ every = "12", more = 1 }`: `upstream.support.long-term.releases` is missing
      add `releases = …`
    manifest.toml:7:49 `"12"`: `upstream.support.long-term.every` is not a number from 1 to 1200
      write it as a number of major releases, without quotes
    "#);
}
