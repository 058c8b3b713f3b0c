use insta::assert_snapshot;

use super::super::{PROGRAMS, Tests};
use super::faults::{error, told};
use super::{GOOD, manifest, path, version};

/// Adds the table to the good manifest.
fn with(table: &str) -> String {
    format!("{GOOD}\n[tests]\n{table}")
}

#[test]
fn nothing_is_expected_to_fail_unless_said() {
    let Tests {
        expected_failures,
        programs,
        mirrors,
    } = manifest(GOOD).tests;
    assert!(expected_failures.is_empty() && mirrors.is_none());
    let texts: Vec<&str> = programs.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(texts, PROGRAMS);
    assert!(programs[0].matches(&path("crates/test-programs/src/bin/a.rs")));
}

#[test]
fn expected_failures_and_programs_are_as_written() {
    let text = with(
        "programs = [\"guests/**\"]\nmirrors = \"patches/mirrors.toml\"\n\
         expected-failures = [\n  { name = \" p2::a \", reason = \"no route\" },\n  \
         { name = \"p2::b\", reason = \"r\", until = \"42.0.0\" },\n]\n",
    );
    let manifest = manifest(&text);
    let [a, b] = &manifest.tests.expected_failures[..] else {
        panic!("two: {:?}", manifest.tests)
    };
    assert_eq!((a.name.as_str(), a.reason.as_str()), ("p2::a", "no route"));
    assert_eq!(a.until, None);
    assert_eq!(b.until, Some(version("42.0.0")));
    assert!(text[a.span.clone()].starts_with("{ name = \" p2::a \""));
    assert_eq!(manifest.tests.programs.len(), 1);
    assert_eq!(manifest.tests.mirrors, Some(path("patches/mirrors.toml")));
}

#[test]
fn entries_may_be_tables_of_their_own() {
    let text = format!("{GOOD}\n[[tests.expected-failures]]\nname = \"p2::a\"\nreason = \"r\"\n");
    let tests = manifest(&text).tests;
    assert_eq!(tests.expected_failures[0].name, "p2::a");
    assert_eq!(tests.programs.len(), PROGRAMS.len());
}

#[test]
fn what_is_known_of_tests_decides_nothing_of_the_tree() {
    let with = with("expected-failures = [{ name = \"a\", reason = \"b\" }]\nprograms = []\n");
    assert_eq!(
        manifest(&with).rules_digest(),
        manifest(GOOD).rules_digest()
    );
}

#[test]
fn all_faults_are_told_together_with_their_places() {
    let text = with(
        "programs = [\"/a\", \"[\", 1]\nunknown = 1\n\
         expected-failures = [\n  1,\n  { reason = \"r\" },\n  { name = \" \", reason = \"\" },\n  \
         { name = \"a\", reason = \"r\", until = \"x\", untl = 1 },\n  { name = \"a\", reason = \"r\" },\n]\n",
    );
    assert_snapshot!(told(&error(&text)), @r#"
    manifest.toml:83:1 `unknown`: unknown key `tests.unknown`
      known here: expected-failures, programs, mirrors
    manifest.toml:85:3 `1`: `tests.expected-failures` is not a list of tables
      write each as `[[tests.expected-failures]]`
    manifest.toml:86:3 `{ reason = "r" }`: `tests.expected-failures.name` is missing
      add `name = …`
    manifest.toml:87:12 `" "`: `name` is empty
      write the name that the test harness gives it
    manifest.toml:87:26 `""`: `reason` is empty
      say why it fails, and why that is accepted
    manifest.toml:88:44 `untl`: unknown key `tests.expected-failures.untl`
      did you mean `until`?
    manifest.toml:88:39 `"x"`: `tests.expected-failures.until` is not a version such as 41.0.0: unexpected character 'x' while parsing major version number
      write a version such as 41.0.0
    manifest.toml:89:3 `{ name = "a", reason = "r" }`: `a` is expected to fail twice
      keep one of the entries
    manifest.toml:82:24 `1`: `tests.programs` is not a list of strings
      write it as ["…"]
    manifest.toml:82:13 `"/a"`: the pattern `/a` leaves the repository
      write it relative to the repository's root, without `..`
    manifest.toml:82:19 `"["`: `[` is not a glob: unclosed character class; missing ']'
      `*` stays within a directory, `**` crosses them
    "#);
}

#[test]
fn another_shape_is_told() {
    let shape = error(&with("expected-failures = \"a\"\n"));
    assert!(
        shape
            .to_string()
            .contains("`tests.expected-failures` is not a list")
    );
    let shape = error(&format!("tests = 1\n{GOOD}"));
    assert!(shape.to_string().contains("`tests` is not a table"));
}
