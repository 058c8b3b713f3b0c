use super::super::{FileKind, HistoryRow, Manifest, Rewrite};
use super::{GOOD, good_with, manifest, path, version};

#[test]
fn upstream_and_fork_are_as_written() {
    let Manifest { upstream, fork, .. } = manifest(GOOD);
    assert_eq!(upstream.name, "wasmtime-wasi");
    assert_eq!(
        upstream.repository,
        "https://github.com/bytecodealliance/wasmtime"
    );
    assert_eq!(upstream.path, path("crates/wasi"));
    assert_eq!(upstream.tag, "v{version}");
    assert_eq!(fork.name, "wash-wasi");
    assert_eq!(fork.path, path("vendor/wash-wasi"));
    assert_eq!(fork.version, version("2.0.0-rc.6"));
    assert_eq!(fork.pin, version("41.0.0"));
    assert_eq!(fork.authors, ["One", "Two"]);
    assert_eq!(fork.description, "WASI with a loopback network");
    assert_eq!(fork.repository, "https://example.com/wash");
}

#[test]
fn directories_have_the_places_of_the_layout_unless_said() {
    let fork = manifest(GOOD).fork;
    assert_eq!(fork.owned, path("patches/loopback"));
    assert_eq!(fork.locks, path("patches/locks"));
    let text = good_with(
        "crate = \"wash-wasi\"",
        "crate = \"wash-wasi\"\nowned = \"o\"\nlocks = \"l/l\"",
    );
    let fork = manifest(&text).fork;
    assert_eq!(fork.owned, path("o"));
    assert_eq!(fork.locks, path("l/l"));
}

#[test]
fn rewrites_and_inserts_are_as_written() {
    let manifest = manifest(GOOD);
    let [
        Rewrite {
            from,
            to,
            optional,
            span,
        },
    ] = &manifest.rewrites[..]
    else {
        panic!("one rewrite: {:?}", manifest.rewrites)
    };
    assert_eq!(
        (from.as_str(), to.as_str(), *optional),
        ("wasmtime_wasi", "wash_wasi", false)
    );
    assert_eq!(manifest.place(span).to_string(), "manifest.toml:19:1");
    let [insert] = &manifest.inserts[..] else {
        panic!("one insert: {:?}", manifest.inserts)
    };
    assert!(insert.files[0].matches(&path("src/a/b.rs")));
    assert!(insert.files[0].matches(&path("src/b.rs")));
    assert!(!insert.files[0].matches(&path("tests/b.rs")));
    assert_eq!(insert.when_contains.as_deref(), Some("unsafe"));
    assert_eq!(
        insert.text,
        r#"#![allow(unsafe_code, reason = "as upstream")]"#
    );
    assert!(insert.optional);
}

#[test]
fn the_last_rule_that_matches_wins() {
    let manifest = manifest(GOOD);
    let kind = |text| manifest.kind_of(&path(text));
    assert_eq!(kind("src/ctx.rs"), Some(FileKind::Direct));
    assert_eq!(kind("src/sockets/mod.rs"), Some(FileKind::Patched));
    assert_eq!(kind("Cargo.toml"), Some(FileKind::Generated));
    assert_eq!(kind("src/p0/a"), Some(FileKind::Omitted));
    assert_eq!(kind("src/p0/a/b"), Some(FileKind::Direct));
    assert_eq!(kind("LICENSE"), Some(FileKind::Direct));
    assert_eq!(kind("LICENSE.md"), None);
    assert_eq!(kind("a/LICENSE"), None);
    assert_eq!(kind("build.rs"), None);
    let optional: Vec<bool> = manifest.files.iter().map(|rule| rule.optional).collect();
    assert_eq!(optional, [false, false, false, true]);
}

#[test]
fn every_kind_of_file_has_its_word() {
    use FileKind::{Direct, Generated, Omitted, Owned, Patched};
    for kind in [Direct, Generated, Omitted, Owned, Patched] {
        let path = if kind == Generated {
            "Cargo.lock"
        } else {
            "src/p9/*"
        };
        let rule = format!(
            "\n[[files]]\npaths = [\"{path}\"]\nkind = \"{}\"\n",
            kind.name()
        );
        let manifest = manifest(&(GOOD.to_owned() + &rule));
        assert_eq!(manifest.files.last().unwrap().kind, kind);
    }
}

#[test]
fn a_pattern_without_wildcards_is_literal() {
    let manifest = manifest(&good_with(
        "\"LICENSE\"",
        "\"LICENSE\", \"a?\", \"[a]\", \"{a,b}\"",
    ));
    let rule = &manifest.files[0];
    let literal: Vec<&str> = rule
        .paths
        .iter()
        .filter(|pattern| pattern.is_literal())
        .map(|pattern| pattern.text.as_str())
        .collect();
    assert_eq!(literal, ["LICENSE"]);
    let matches = |at: usize, text| rule.paths[at].matches(&path(text));
    assert!(matches(3, "ab") && !matches(3, "a"));
    assert!(matches(4, "a") && !matches(4, "[a]"));
    assert!(matches(5, "b") && !matches(5, "c"));
}

#[test]
fn series_and_history_ascend() {
    let manifest = manifest(GOOD);
    let bases: Vec<String> = manifest.series.iter().map(|s| s.base.to_string()).collect();
    assert_eq!(bases, ["38.0.4", "41.0.0"]);
    assert_eq!(manifest.series[0].patches, path("patches/v38.0.4"));
    let place = manifest.place(&manifest.series[0].span);
    assert_eq!(place.to_string(), "manifest.toml:60:1");
    let forks: Vec<String> = manifest
        .history
        .iter()
        .map(|r| r.fork.to_string())
        .collect();
    assert_eq!(forks, ["2.0.0-rc.2", "2.0.0-rc.6"]);
    assert_eq!(
        manifest.history[1],
        HistoryRow {
            fork: version("2.0.0-rc.6"),
            upstream: version("41.0.0"),
            notes: "WIT consolidation".into(),
        }
    );
}

#[test]
fn what_the_fork_adds_and_documents_are_as_written() {
    let manifest = manifest(GOOD);
    assert_eq!(manifest.cargo.left_out_tests, ["all"]);
    let proptest = &manifest.cargo.dev_dependencies["proptest"];
    assert_eq!(proptest.version.as_deref(), Some("1"));
    assert_eq!(
        manifest.documents.versions,
        [path("README.md"), path("docs/upgrade.md")]
    );
    assert_eq!(
        manifest.documents.differences,
        [path("docs/differences.md")]
    );
}

#[test]
fn what_may_be_absent_may() {
    let few = r#"
[upstream]
crate = "a"
repository = "r"
path = "p"
tag = "{version}"
[fork]
crate = "b"
path = "v"
version = "1.0.0"
upstream = "2.0.0"
authors = []
description = ""
repository = "r"
[[files]]
paths = ["src/**"]
kind = "direct"
"#;
    let manifest = manifest(few);
    assert!(manifest.rewrites.is_empty() && manifest.inserts.is_empty());
    assert!(manifest.series.is_empty() && manifest.history.is_empty());
    assert_eq!(manifest.cargo, Default::default());
    assert_eq!(manifest.documents, Default::default());
    assert_eq!(&*manifest.text, few);
}

#[test]
fn the_fork_version_is_that_of_exactly_the_upstream_version() {
    let manifest = manifest(GOOD);
    let of = |upstream| {
        let found = manifest.fork_version_of(&version(upstream));
        found.map(ToString::to_string)
    };
    assert_eq!(of("41.0.0").as_deref(), Some("2.0.0-rc.6"));
    assert_eq!(of("38.0.4").as_deref(), Some("2.0.0-rc.2"));
    assert_eq!(of("38.0.3"), None);
}

#[test]
fn the_highest_of_two_fork_versions_for_one_upstream_version_counts() {
    let text = good_with("upstream = \"38.0.4\"", "upstream = \"41.0.0\"");
    let found = manifest(&text).fork_version_of(&version("41.0.0")).cloned();
    assert_eq!(found, Some(version("2.0.0-rc.6")));
}

#[test]
fn the_next_fork_version_follows_the_highest() {
    let next = |rc6: &str| {
        let text = GOOD.replace("2.0.0-rc.6", rc6);
        manifest(&text).next_fork_version().to_string()
    };
    assert_eq!(next("2.0.0-rc.6"), "2.0.0-rc.7");
    assert_eq!(next("2.0.0-rc.9"), "2.0.0-rc.10");
    assert_eq!(next("2.0.0-rc.1.3"), "2.0.0-rc.3");
    assert_eq!(next("2.0.0-beta"), "2.0.0-rc.3");
    assert_eq!(next("2.0.0-zeta"), "2.0.0-zeta.1");
    assert_eq!(next("2.0.0"), "2.0.1");
    assert_eq!(next("2.1.0-6"), "2.1.0-7");
}

#[test]
fn the_digest_is_that_of_the_rules_alone() {
    let digest = manifest(GOOD).rules_digest();
    for (old, new) in [
        ("# The end.", "# Another end."),
        ("notes = \"first\"", "notes = \"none\""),
        ("versions = [\"README.md\", ", "versions = ["),
        ("fork = \"2.0.0-rc.2\"", "fork = \"2.0.0-rc.3\""),
        ("\n# The seams.\n", "\n\n\n"),
    ] {
        assert_eq!(
            manifest(&good_with(old, new)).rules_digest(),
            digest,
            "{new}"
        );
    }
    for (old, new) in [
        ("from = \"wasmtime_wasi\"", "from = \"wasmtime\""),
        ("when-contains = \"unsafe\"", "when-contains = \"safe\""),
        ("reason = \"as upstream\"", "reason = \"none\""),
        ("\"src/**\", ", ""),
        ("kind = \"omitted\"", "kind = \"direct\""),
        ("\"patches/v38.0.4\"", "\"patches/v38.0.3\""),
        ("base = \"38.0.4\"", "base = \"38.0.3\""),
        ("omit-tests = [\"all\"]", "omit-tests = []"),
        ("proptest = \"1\"", "proptest = \"2\""),
        ("authors = [\"One\"", "authors = [\"Three\""),
        ("crate = \"wash-wasi\"", "crate = \"other\""),
        ("path = \"crates/wasi\"", "path = \"crates/other\""),
    ] {
        assert_ne!(
            manifest(&good_with(old, new)).rules_digest(),
            digest,
            "{new}"
        );
    }
    let pinned = GOOD.replace("41.0.0", "41.0.1");
    assert_ne!(manifest(&pinned).rules_digest(), digest);
}
#[test]
fn the_next_fork_version_of_one_that_cannot_be_higher_is_still_a_version() {
    for highest in ["3.0.0-rc.18446744073709551615", "3.0.18446744073709551615"] {
        let text = GOOD.replace("2.0.0-rc.6", highest);
        let next = manifest(&text).next_fork_version();
        assert!(next > version(highest), "{next}");
    }
}
