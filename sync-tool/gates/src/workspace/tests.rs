use std::collections::BTreeSet;

use recipe::manifest::Pattern;
use recipe::testing::{manifest_with, path};

use super::crates::{CrateError, Crates};
use super::root::{member_dir, with_member};
use super::select::{Need, Selection};
use super::*;

const ROOT: &str = r#"
[package]
name = "tool"
version.workspace = true

[dependencies]
net = { workspace = true }

[workspace]
members = [
  "crates/guests",
  "tools/*",
]
exclude = ["docs/code"]

[workspace.dependencies]
net = { path = "crates/net" }
io = { path = "./crates/io", version = "=41.0.0" }
mock = { path = "crates/mock" }
gen = { path = "crates/gen" }
log = "1"
"#;

fn manifests(extra: &[(&str, &str)]) -> Manifests {
    let all = [
        ("", ROOT),
        (
            "crates/net",
            "[dependencies]\nio = { workspace = true }\nlog.workspace = true\nurl = \"2\"\n\
             [dev-dependencies]\nmock.workspace = true\n\
             [target.'cfg(windows)'.dependencies]\nsys = { path = \"../sys\" }\n\
             [build-dependencies]\ngen = { workspace = true }\n",
        ),
        (
            "crates/io",
            "[dev-dependencies]\nheavy = { path = \"../heavy\" }\n",
        ),
        ("crates/sys", ""),
        (
            "crates/gen",
            "[dependencies]\ninner = { path = \"inner\" }\n",
        ),
        ("crates/gen/inner", ""),
        (
            "crates/mock",
            "[dependencies]\nnet = { path = \"../../crates/net\" }\n",
        ),
        ("crates/heavy", ""),
        (
            "crates/guests",
            "[dependencies]\nonly = { path = \"../only\" }\n",
        ),
        ("crates/only", ""),
        ("tools/one", ""),
        ("tools/one/deep", ""),
        ("docs/code", "[workspace]\n"),
        ("fixtures/broken", "this is not TOML"),
    ];
    let all = all.iter().chain(extra);
    all.map(|(dir, text)| ((*dir).to_owned(), (*text).to_owned()))
        .collect()
}

fn programs(globs: &str) -> Vec<Pattern> {
    manifest_with(&format!(
        "[[files]]\npaths = [\"**\"]\nkind = \"direct\"\n[tests]\nprograms = {globs}\n"
    ))
    .tests
    .programs
}

fn told(faults: Vec<CrateError>) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn set(dirs: &[&str]) -> BTreeSet<String> {
    dirs.iter().map(|dir| (*dir).to_owned()).collect()
}

#[test]
fn a_crate_is_built_from_all_that_it_names_on_disk() {
    let manifests = manifests(&[]);
    let crates = Crates::of(&manifests);
    assert_eq!(
        crates.built_from(&["crates/net"]).unwrap(),
        set(&[
            "crates/gen",
            "crates/gen/inner",
            "crates/io",
            "crates/mock",
            "crates/net",
            "crates/sys",
        ])
    );
}

#[test]
fn cargo_loads_members_patterns_and_what_those_name() {
    let patched = format!("{ROOT}\n[patch.crates-io]\nx = {{ path = \"patched\" }}\n");
    let manifests = manifests(&[("", &patched), ("patched", "")]);
    let loaded = Crates::of(&manifests).loaded().unwrap();
    let apart = ["docs/code", "fixtures/broken", "tools/one/deep"];
    let all = manifests
        .keys()
        .filter(|dir| !apart.contains(&dir.as_str()));
    assert_eq!(loaded, all.cloned().collect());
}

#[test]
fn crates_that_are_not_there_are_named_all_at_once() {
    let root = ROOT.replace("\"crates/guests\"", "\"crates/gone\", \"../out\"");
    let more =
        "[dependencies]\na = { path = \"../../../a\" }\nb = { path = \"b\" }\nc.workspace = true\n";
    let manifests = manifests(&[("", &root), ("crates/io", more)]);
    let faults = Crates::of(&manifests).loaded().unwrap_err();
    assert_eq!(
        told(faults),
        [
            "`Cargo.toml` names the crate `crates/gone`, which has no Cargo.toml",
            "`Cargo.toml` names `../out`, which is outside of the repository",
            "`crates/io/Cargo.toml` names `../../../a`, which is outside of the repository",
            "`crates/io/Cargo.toml` names the crate `crates/io/b`, which has no Cargo.toml",
            "`crates/io/Cargo.toml` takes `c` from the workspace, which has none of that name",
        ]
    );
}

#[test]
fn a_manifest_that_is_no_toml_counts_where_it_is_read() {
    let manifests = manifests(&[("crates/sys", "[")]);
    let crates = Crates::of(&manifests);
    assert!(crates.built_from(&["crates/io"]).is_ok());
    let faults = told(crates.built_from(&["crates/net"]).unwrap_err());
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("`crates/sys/Cargo.toml` is not TOML"));
}

#[test]
fn what_is_built_is_taken_wholly_and_else_only_what_cargo_looks_for() {
    let manifests = manifests(&[]);
    let crates = Crates::of(&manifests);
    let programs = programs("[\"crates/guests/**\"]");
    let selection = Selection::of(&crates, "crates/net", &programs).unwrap();
    for (need, paths) in [
        (
            Need::Content,
            [
                "Cargo.toml",
                "Cargo.lock",
                "crates/net/data.bin",
                "crates/guests/src/a.c",
                "crates/only/README.md",
                "docs/a.wit",
                "docs/a.witx",
                "tools/one/Cargo.toml",
                "crates/heavy/Cargo.toml",
            ]
            .as_slice(),
        ),
        (
            Need::Presence,
            &[
                "crates/heavy/src/lib.rs",
                "docs/code/Cargo.toml",
                "docs/code/Cargo.lock",
                "deny.toml",
                "build.rs",
            ],
        ),
        (
            Need::None,
            &[
                "rust-toolchain.toml",
                "crates/net/rust-toolchain",
                "docs/large.onnx",
                "crates/nets/data.bin",
                "README.md",
                "docs/Cargo.lock.bak",
            ],
        ),
    ] {
        for path in paths {
            assert_eq!(selection.need(path), need, "{path}");
        }
    }
}

#[test]
fn a_selection_tells_each_fault_once() {
    let manifests = manifests(&[("crates/io", "[dependencies]\nb = { path = \"b\" }\n")]);
    let crates = Crates::of(&manifests);
    let faults = Selection::of(&crates, "crates/net", &[]).unwrap_err();
    assert_eq!(
        told(faults),
        ["`crates/io/Cargo.toml` names the crate `crates/io/b`, which has no Cargo.toml"]
    );
}

#[test]
fn the_fork_stands_beside_upstreams_crate() {
    let dir = |upstream: &str| member_dir(&path(upstream), "fork-net").unwrap();
    assert_eq!(dir("crates/net").as_str(), "crates/fork-net");
    assert_eq!(dir("net").as_str(), "fork-net");
    assert!(member_dir(&path("crates/net"), "a/../..").is_err());
}

#[test]
fn a_member_is_one_more_line_and_nothing_else() {
    let text = with_member(ROOT, &path("crates/fork")).unwrap();
    let expected = ROOT.replace("  \"tools/*\",\n", "  \"tools/*\",\n  \"crates/fork\",\n");
    assert_eq!(text, expected);
    let flat = "[workspace]\nmembers = [\"a\"] # all\n";
    assert_eq!(
        with_member(flat, &path("b")).unwrap(),
        "[workspace]\nmembers = [\"a\", \"b\"] # all\n"
    );
    assert_eq!(
        with_member("[workspace]\n", &path("b")).unwrap(),
        "[workspace]\nmembers = [\"b\"]\n"
    );
}

#[test]
fn a_place_that_is_not_free_is_refused() {
    let refused =
        |root: &str, member: &str| with_member(root, &path(member)).unwrap_err().to_string();
    for (root, why) in [
        ("[", "is not TOML"),
        ("[package]\n", "it has no `[workspace]`"),
        (
            "[workspace]\nmembers = [\"crates/fork\"]\n",
            "has a member `crates/fork` already",
        ),
        (
            "[workspace]\nmembers = [\"crates/*\"]\n",
            "members `crates/*` take up",
        ),
        (
            "[workspace]\nmembers = [\"./crates/f*/\"]\n",
            "take up `crates/fork`",
        ),
        ("[workspace]\nexclude = [\"crates\"]\n", "excludes `crates`"),
        (
            "[workspace]\nexclude = [\"crates/fork/\"]\n",
            "excludes `crates/fork/`",
        ),
        ("[workspace]\nmembers = 1\n", "is not a list"),
    ] {
        let told = refused(root, "crates/fork");
        assert!(told.contains(why), "{told}");
    }
    assert!(
        with_member(
            "[workspace]\nexclude = [\"crates/f\"]\nmembers = [\"c*\"]\n",
            &path("crates/fork")
        )
        .is_ok()
    );
}
