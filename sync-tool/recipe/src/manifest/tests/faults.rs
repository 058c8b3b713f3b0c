use insta::assert_snapshot;

use super::super::Manifest;
use super::{GOOD, good_with};
use crate::error::{Error, Kind};

pub(super) fn error(text: &str) -> Error {
    match Manifest::parse(text) {
        Ok(_) => panic!("it has faults:\n{text}"),
        Err(error) => error,
    }
}

/// Lists an error's faults, each with its place, the text at it, and the help.
pub(super) fn told(error: &Error) -> String {
    let faults = error.all_faults().iter().map(|fault| {
        let place = fault.place.as_ref().expect("every fault has its place");
        let span = place.bytes().expect("every fault has its span");
        let at = place.text.get(span).expect("a span of the text");
        let at = at.lines().next().unwrap_or_default();
        let help = fault.help.as_ref().expect("every fault has its help");
        format!("{place} `{at}`: {}\n  {help}", fault.message)
    });
    let faults: Vec<String> = faults.collect();
    faults.join("\n")
}

/// Replaces one text of the good manifest; returns the single fault that gives.
fn one(old: &str, new: &str) -> String {
    let error = error(&good_with(old, new));
    assert_eq!(error.all_faults().len(), 1, "{error}");
    assert_eq!(error.message(), "manifest.toml has faults");
    assert_eq!(error.kind(), Kind::General);
    told(&error)
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let broken = error(&good_with("tag = \"v{version}\"", "tag = \"v{version}"));
    assert_eq!(broken.message(), "manifest.toml is not TOML");
    let place = broken.all_faults()[0].place.as_ref();
    assert_eq!(
        place
            .and_then(crate::error::Location::position)
            .map(|p| p.0),
        Some(7)
    );
    let twice = error(&good_with("[documents]", "[upstream]"));
    assert_eq!(twice.message(), "manifest.toml is not TOML");
    assert_snapshot!(told(&twice), @r"
    manifest.toml:75:2 `upstream`: duplicate key
      fix the TOML at this place
    ");
}

#[test]
fn unknown_keys_are_told_with_the_one_that_was_meant() {
    assert_snapshot!(one("[documents]", "[document]"), @"
    manifest.toml:75:2 `document`: unknown key `document`
      did you mean `documents`?
    ");
    assert_snapshot!(one("tag = ", "tags = 1\ntag = "), @"
    manifest.toml:7:1 `tags`: unknown key `upstream.tags`
      did you mean `tag`?
    ");
    assert_snapshot!(one("optional = true\n\n[[files]]", "optinal = true\n\n[[files]]"), @"
    manifest.toml:27:1 `optinal`: unknown key `insert.optinal`
      did you mean `optional`?
    ");
    assert_snapshot!(one("when-contains", "when_contains"), @"
    manifest.toml:25:1 `when_contains`: unknown key `insert.when_contains`
      did you mean `when-contains`?
    ");
    assert_snapshot!(one("notes = \"first\"", "notes = \"first\"\nby = \"me\""), @"
    manifest.toml:74:1 `by`: unknown key `history.by`
      known here: fork, upstream, notes
    ");
    assert_snapshot!(one("omit-tests", "omit-test"), @"
    manifest.toml:51:1 `omit-test`: unknown key `cargo.omit-test`
      did you mean `omit-tests`?
    ");
}

#[test]
fn a_short_key_is_not_taken_for_another_short_one() {
    let told = one("to = \"wash_wasi\"", "to = \"wash_wasi\"\nx = 1");
    assert!(told.contains("known here: from, to, optional"), "{told}");
}

#[test]
fn missing_tables_are_told() {
    assert_snapshot!(told(&error("")), @r#"
    manifest.toml:1:1 ``: `upstream` is missing
      add `[upstream]`
    manifest.toml:1:1 ``: `fork` is missing
      add `[fork]`
    manifest.toml:1:1 ``: `files` is missing
      add `[[files]]` with paths = ["src/**"], kind = "direct"
    "#);
}

#[test]
fn missing_keys_are_told_at_their_table() {
    assert_snapshot!(one("repository = \"https://example.com/wash\"\n", ""), @"
    manifest.toml:9:1 `[fork]`: `fork.repository` is missing
      add `repository = …`
    ");
    assert_snapshot!(one("to = \"wash_wasi\"\n", ""), @"
    manifest.toml:19:1 `[[rewrite]]`: `rewrite.to` is missing
      add `to = …`
    ");
    assert_snapshot!(one("patches = \"patches/v38.0.4\"\n", ""), @"
    manifest.toml:60:1 `[[series]]`: `series.patches` is missing
      add `patches = …`
    ");
    assert_snapshot!(one("notes = \"first\"\n", ""), @"
    manifest.toml:70:1 `[[history]]`: `history.notes` is missing
      add `notes = …`
    ");
    assert_snapshot!(one("kind = \"generated\"\n", ""), @"
    manifest.toml:41:1 `[[files]]`: `files.kind` is missing
      add `kind = …`
    ");
    assert_snapshot!(one("paths = [\"Cargo.toml\"]\n", ""), @"
    manifest.toml:41:1 `[[files]]`: `files.paths` is missing
      add `paths = …`
    ");
}

#[test]
fn wrong_types_are_told() {
    assert_snapshot!(one("path = \"crates/wasi\"", "path = 1"), @"
    manifest.toml:6:8 `1`: `upstream.path` is not a string
      put it in quotes
    ");
    assert_snapshot!(one("authors = [\"One\", \"Two\"]", "authors = \"One\""), @r#"
    manifest.toml:14:11 `"One"`: `fork.authors` is not a list of strings
      write it as ["…"]
    "#);
    assert_snapshot!(one("\"Two\"", "2"), @r#"
    manifest.toml:14:19 `2`: `fork.authors` is not a list of strings
      write it as ["…"]
    "#);
    assert_snapshot!(one("omitted\"\noptional = true", "omitted\"\noptional = \"yes\""), @r#"
    manifest.toml:48:12 `"yes"`: `files.optional` is not true or false
      write true or false
    "#);
    assert_snapshot!(one("when-contains = \"unsafe\"", "when-contains = 1"), @"
    manifest.toml:25:17 `1`: `insert.when-contains` is not a string
      put it in quotes
    ");
    assert_snapshot!(one("[[rewrite]]", "[rewrite]"), @r"
    manifest.toml:19:1 `[rewrite]`: `rewrite` is not a list of tables
      write each as `[[rewrite]]`
    ");
    assert_snapshot!(one("omit-tests = [\"all\"]", "omit-tests = \"all\""), @r#"
    manifest.toml:51:14 `"all"`: `cargo.omit-tests` is not a list of strings
      write it as ["…"]
    "#);
    assert_snapshot!(one("differences = [\"docs/differences.md\"]", "differences = true"), @r#"
    manifest.toml:77:15 `true`: `documents.differences` is not a list of strings
      write it as ["…"]
    "#);
}

#[test]
fn a_value_in_the_place_of_a_table_is_told() {
    let (before, fork) = GOOD.split_once("[fork]").expect("the table");
    let (_, after) = fork.split_once("# Word").expect("what follows it");
    let text = format!("documents = 1\nfork = \"x\"\n{before}# Word{after}");
    let (text, _) = text.split_once("[documents]").expect("the table");
    assert_snapshot!(told(&error(text)), @r#"
    manifest.toml:2:8 `"x"`: `fork` is not a table
      write it as `[fork]`
    manifest.toml:1:13 `1`: `documents` is not a table
      write it as `[documents]`
    "#);
}

#[test]
fn versions_that_are_none_are_told() {
    assert_snapshot!(one("version = \"2.0.0-rc.6\" ", "version = \"2\" "), @r#"
    manifest.toml:12:11 `"2"`: `fork.version` is not a version such as 41.0.0: unexpected end of input while parsing major version number
      write a version such as 41.0.0
    "#);
    assert_snapshot!(one("upstream = \"41.0.0\"      ", "upstream = \"v41.0.0\"      "), @r#"
    manifest.toml:13:12 `"v41.0.0"`: `fork.upstream` is not a version such as 41.0.0: unexpected character 'v' while parsing major version number
      write a version such as 41.0.0
    "#);
    assert_snapshot!(one("base = \"38.0.4\"", "base = \"38.0.4.1\""), @r#"
    manifest.toml:61:8 `"38.0.4.1"`: `series.base` is not a version such as 41.0.0: unexpected character '.' after patch version number
      write a version such as 41.0.0
    "#);
}

#[test]
fn patterns_that_are_none_or_leave_the_crate_are_told() {
    assert_snapshot!(one("\"src/p0/*\"", "\"src/[p0\""), @r#"
    manifest.toml:46:10 `"src/[p0"`: `src/[p0` is not a glob: unclosed character class; missing ']'
      `*` stays within a directory, `**` crosses them
    "#);
    assert_snapshot!(one("\"src/**/*.rs\"", "\"../*.rs\""), @r#"
    manifest.toml:24:10 `"../*.rs"`: the pattern `../*.rs` leaves the crate
      write it relative to the crate's root, without `..`
    "#);
    assert_snapshot!(one("\"src/p0/*\"", "\"/src/p0/*\""), @r#"
    manifest.toml:46:10 `"/src/p0/*"`: the pattern `/src/p0/*` leaves the crate
      write it relative to the crate's root, without `..`
    "#);
}

#[test]
fn paths_that_leave_the_tree_are_told() {
    assert_snapshot!(one("\"vendor/wash-wasi\"", "\"../wash-wasi\""), @r#"
    manifest.toml:11:8 `"../wash-wasi"`: `../wash-wasi` leaves the tree
      name a relative path without `..`, with `/` between its parts
    "#);
    assert_snapshot!(one("\"patches/v38.0.4\"", "\"/patches\""), @r#"
    manifest.toml:62:11 `"/patches"`: `/patches` is absolute
      name a relative path without `..`, with `/` between its parts
    "#);
    assert_snapshot!(one("\"docs/differences.md\"", "\"a/../../b\""), @r#"
    manifest.toml:77:16 `"a/../../b"`: `a/../../b` leaves the tree
      name a relative path without `..`, with `/` between its parts
    "#);
    assert_snapshot!(one("authors", "owned = \"a\\\\b\"\nauthors"), @r#"
    manifest.toml:14:9 `"a\\b"`: `a\b` is not portable: it has a character that not every system allows
      name a relative path without `..`, with `/` between its parts
    "#);
}

#[test]
fn two_of_what_may_be_one_are_told_at_the_second() {
    assert_snapshot!(one("\"src/lib.rs\"", "\"LICENSE\""), @r#"
    manifest.toml:36:5 `"LICENSE"`: `LICENSE` stands in more than one rule
      keep it in the one that is meant
    "#);
    assert_snapshot!(one("base = \"38.0.4\"", "base = \"41.0.0\""), @r"
    manifest.toml:60:1 `[[series]]`: two series have the base 41.0.0
      keep one of them
    ");
    assert_snapshot!(one("fork = \"2.0.0-rc.2\"", "fork = \"2.0.0-rc.6\""), @r"
    manifest.toml:70:1 `[[history]]`: 2.0.0-rc.6 stands twice in the history
      keep one of the rows
    ");
}

#[test]
fn the_same_wildcards_in_two_rules_are_no_fault() {
    assert!(Manifest::parse(good_with("\"src/p0/*\"", "\"src/**\"")).is_ok());
}

#[test]
fn names_tags_attributes_and_kinds_that_are_none_are_told() {
    assert_snapshot!(one("tag = \"v{version}\"", "tag = \"v41\""), @r#"
    manifest.toml:7:7 `"v41"`: `tag` does not hold `{version}` once
      write it as "v{version}"
    "#);
    assert_snapshot!(one("tag = \"v{version}\"", "tag = \"{version}{version}\""), @r#"
    manifest.toml:7:7 `"{version}{version}"`: `tag` does not hold `{version}` once
      write it as "v{version}"
    "#);
    assert_snapshot!(one("from = \"wasmtime_wasi\"", "from = \"wasmtime-wasi\""), @r#"
    manifest.toml:20:8 `"wasmtime-wasi"`: `wasmtime-wasi` is not a name
      a rewrite takes letters, digits and `_`
    "#);
    assert_snapshot!(one("to = \"wash_wasi\"", "to = \"\""), @r#"
    manifest.toml:21:6 `""`: `` is not a name
      a rewrite takes letters, digits and `_`
    "#);
    assert_snapshot!(one("kind = \"omitted\"", "kind = \"protected\""), @r#"
    manifest.toml:47:8 `"protected"`: `protected` is not a kind of file
      write direct, patched, generated, omitted or owned
    "#);
    for text in [
        "#[allow(a)]",
        "use a;",
        "#![a]\\n#![b]",
        "#![allow(a)",
        "",
        "#![a] fn b() {}",
    ] {
        let attribute = r#"'#![allow(unsafe_code, reason = "as upstream")]'"#;
        let told = one(attribute, &format!("\"{text}\""));
        assert!(told.contains("manifest.toml:26:8"), "{text}: {told}");
        assert!(
            told.contains("`text` is not one inner attribute"),
            "{text}: {told}"
        );
    }
}

#[test]
fn a_pin_that_the_history_contradicts_is_told() {
    assert_snapshot!(one("upstream = \"41.0.0\"      ", "upstream = \"42.0.0\"      "), @r#"
    manifest.toml:13:12 `"42.0.0"`: 2.0.0-rc.6 is 41.0.0 by the history, but the pin is 42.0.0
      change the pin with `wash-wasi-sync upgrade --to …`
    "#);
}

#[test]
fn faults_of_what_the_fork_adds_are_told_in_the_manifest() {
    assert_snapshot!(one("proptest = \"1\"", "proptest = \"one\""), @r#"
    manifest.toml:54:12 `"one"`: `cargo.dev-dependencies.proptest`: `one` is not a version requirement: unexpected character 'o' while parsing major version number
      write one such as "1.2", or leave it out to follow upstream
    "#);
}

#[test]
fn columns_count_characters() {
    let told = one("notes = \"first\"", "notes = \"first\"\n\"éé\" = 1");
    assert!(told.starts_with("manifest.toml:74:1 `\"éé\"`"), "{told}");
    let told = one("authors = [\"One\", \"Two\"]", "authors = [\"éé\", 2]");
    assert!(told.starts_with("manifest.toml:14:18 `2`"), "{told}");
}

#[test]
fn two_files_at_one_path_of_one_release_are_a_fault() {
    let rows = |first: &str, second: &str| {
        let row = |file: &str, bounds: &str| {
            format!("[[owned]]\npath = \"tests/a.rs\"\nfile = \"{file}\"\n{bounds}\n\n")
        };
        let both = format!(
            "{}{}[documents]",
            row("one.rs", first),
            row("two.rs", second)
        );
        good_with("[documents]", &both)
    };
    let (until, since) = ("until = \"42.0.0\"", "since = \"42.0.0\"");
    for (first, second) in [(until, since), (since, until)] {
        Manifest::parse(rows(first, second)).expect("no release has both");
    }
    let later = "since = \"41.0.0\"\nuntil = \"43.0.0\"";
    for (first, second) in [(until, later), (later, since), ("", until), (since, "")] {
        let error = error(&rows(first, second));
        let faults: Vec<_> = error.all_faults().iter().map(|f| &f.message).collect();
        assert_eq!(faults, ["two files stand at `tests/a.rs` in one release"]);
    }
    let never = "since = \"42.0.0\"\nuntil = \"42.0.0\"";
    assert_snapshot!(told(&error(&rows(until, never))), @r"
    manifest.toml:80:1 `[[owned]]`: no version is at or above 42.0.0 and below 42.0.0
      exchange `since` and `until`, or correct them
    ");
}
