//! Parts of a manifest that are each in order, and not together.

use insta::assert_snapshot;

use super::faults::{error, told};
use super::good_with;

#[test]
fn only_what_the_tool_generates_is_generated() {
    let generated = "paths = [\"Cargo.toml\"]\nkind = \"generated\"";
    let others = "paths = [\"Cargo.toml\", \"LICENSE.md\", \"src/*\"]\nkind = \"generated\"";
    assert_snapshot!(told(&error(&good_with(generated, others))), @r#"
    manifest.toml:42:24 `"LICENSE.md"`: the tool does not generate `LICENSE.md`
      `generated` is for `Cargo.toml` alone; take the file as `direct`, or leave it out as `omitted`
    manifest.toml:42:38 `"src/*"`: the tool does not generate `src/*`
      `generated` is for `Cargo.toml` alone; take the file as `direct`, or leave it out as `omitted`
    "#);
    for kind in ["direct", "patched", "omitted", "owned"] {
        let other = format!("paths = [\"Cargo.*\"]\nkind = \"{kind}\"");
        let error = error(&good_with(generated, &other));
        assert_eq!(error.all_faults().len(), 1, "{kind}: {error}");
    }
    let direct = "paths = [\"*.toml\"]\nkind = \"direct\"";
    assert_snapshot!(told(&error(&good_with(generated, direct))), @r#"
    manifest.toml:42:10 `"*.toml"`: the tool generates `Cargo.toml`, and this rule says that it is direct
      add a rule behind it: paths = ["Cargo.toml"], kind = "generated"
    "#);
}

#[test]
fn everything_has_a_place_of_its_own() {
    for (path, with) in [
        ("patches", "the fork-owned files"),
        ("patches/loopback/crate", "the fork-owned files"),
        ("patches/locks", "the cargo locks"),
        ("Patches/V41.0.0/src", "the series 41.0.0"),
        ("docs", "a document"),
        ("README.md", "a document"),
        ("manifest.lock", "the tool's lock"),
        ("vendor/.wash-wasi-sync", "the work directory"),
        ("target", "what the gates build"),
    ] {
        let text = good_with("path = \"vendor/wash-wasi\"", &format!("path = \"{path}\""));
        let error = error(&text);
        let faults = error.all_faults();
        assert!(
            faults.iter().any(|f| f.message.contains(with)),
            "{path}: {error}"
        );
        assert!(faults.iter().all(|f| f.place.is_some() && f.help.is_some()));
    }
}

#[test]
fn two_series_need_two_directories() {
    let text = good_with("\"patches/v38.0.4\"", "\"patches/v41.0.0\"");
    assert_snapshot!(told(&error(&text)), @r"
    manifest.toml:56:1 `[[series]]`: `patches/v41.0.0` (the series 41.0.0) and `patches/v41.0.0` (the series 38.0.4) overlap
      give each a place of its own, none inside another
    ");
    let text = good_with("\"patches/v38.0.4\"", "\"patches/v41.0.0/files\"");
    assert_snapshot!(told(&error(&text)), @r"
    manifest.toml:56:1 `[[series]]`: `patches/v41.0.0` (the series 41.0.0) and `patches/v41.0.0/files` (the series 38.0.4) overlap
      give each a place of its own, none inside another
    ");
}

#[test]
fn a_fault_for_each_place_that_overlaps_and_no_more() {
    let mut text = super::GOOD.to_owned();
    for line in 1..30 {
        text += &format!("[[series]]\nbase = \"{line}.0.0\"\npatches = \"patches/all\"\n");
    }
    assert_eq!(error(&text).all_faults().len(), 28);
}
