//! Making the crate's lock with the real cargo, from a registry on disk.

#[path = "support/sandbox.rs"]
mod sandbox;

use std::fmt::Write as _;

use gates::cargo::{Cargo, UpstreamLock};
use recipe::Result;
use recipe::tree::{File, Tree, TreePath};
use sandbox::Sandbox;

const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The fork: it asks for upstream's `runtime`, and adds `bench-tool`.
const MANIFEST: &str = r#"[package]
name = "fork"
version = "2.0.0"
edition = "2024"
rust-version = "1.85"

[dependencies]
runtime = "41"
log = "0.4"

[dev-dependencies]
bench-tool = "1"

[workspace]
"#;

/// A package of the registry: name, version, dependencies.
type Published = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// What the registry has.
const REGISTRY: [Published; 10] = [
    ("log", "0.4.20", &[]),
    ("log", "0.4.25", &[]),
    ("log", "0.4.29", &[]),
    (
        "runtime",
        "41.0.0",
        &[("environ", "=41.0.0"), ("log", "0.4.4")],
    ),
    (
        "runtime",
        "41.0.4",
        &[("environ", "=41.0.4"), ("log", "0.4.25")],
    ),
    ("environ", "41.0.0", &[]),
    ("environ", "41.0.4", &[]),
    ("bench-tool", "1.0.0", &[("shared", "1")]),
    ("shared", "1.0.0", &[]),
    ("shared", "1.5.0", &[]),
];

fn checksum(name: &str, version: &str) -> String {
    recipe::tree::Digest::of(format!("{name} {version}")).to_string()
}

/// Makes cargo take a directory in the place of crates.io.
fn registry(sandbox: &Sandbox) {
    let mut files: std::collections::BTreeMap<String, String> = Default::default();
    for (name, version, deps) in REGISTRY {
        let deps: Vec<serde_json::Value> = deps
            .iter()
            .map(|(name, req)| {
                serde_json::json!({"name": name, "req": req, "features": [], "optional": false,
                    "default_features": true, "target": null, "kind": "normal"})
            })
            .collect();
        let line = serde_json::json!({"name": name, "vers": version, "deps": deps,
            "cksum": checksum(name, version), "features": {}, "yanked": false});
        let path = match name.len() {
            3 => format!("registry/index/3/{}/{name}", &name[..1]),
            _ => format!("registry/index/{}/{}/{name}", &name[..2], &name[2..4]),
        };
        writeln!(files.entry(path).or_default(), "{line}").expect("a text takes all");
        // Cargo lists only what is there.
        sandbox.write(&format!("registry/{name}-{version}.crate"), "");
    }
    for (path, text) in files {
        sandbox.write(&path, &text);
    }
    let text = "[source.crates-io]\nreplace-with = \"disk\"\n[source.disk]\nlocal-registry = \"registry\"\n";
    sandbox.write(".cargo/config.toml", text);
}

/// Makes the text of a lock; an entry without a source lies on disk.
fn lock(version: u8, packages: &[(&str, &str, bool, &[&str])]) -> String {
    let mut text = format!("# generated\nversion = {version}\n");
    for (name, version, published, dependencies) in packages {
        write!(
            text,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n"
        )
        .expect("a text takes all");
        if *published {
            let sum = checksum(name, version);
            write!(text, "source = \"{SOURCE}\"\nchecksum = \"{sum}\"\n")
                .expect("a text takes all");
        }
        if !dependencies.is_empty() {
            writeln!(text, "dependencies = {dependencies:?}").expect("a text takes all");
        }
    }
    text
}

fn workspace() -> String {
    lock(
        3,
        &[
            ("environ", "41.0.0", false, &["unpublished"]),
            (
                "followed",
                "41.0.0",
                false,
                &["log", "runtime", "unpublished"],
            ),
            ("log", "0.4.20", true, &[]),
            (
                "runtime",
                "41.0.0",
                false,
                &["environ", "log", "unpublished"],
            ),
            // Of another member: the fork's addition must not take it from here.
            ("shared", "1.0.0", true, &[]),
            ("unpublished", "0.0.0", false, &["shared"]),
        ],
    )
}

fn package() -> String {
    lock(
        4,
        &[
            ("environ", "41.0.0", true, &[]),
            ("followed", "41.0.0", false, &["log", "runtime"]),
            ("log", "0.4.20", true, &[]),
            ("runtime", "41.0.0", true, &["environ", "log"]),
        ],
    )
}

fn make(sandbox: &Sandbox, manifest: &str, seed: Option<&str>, files: &Tree) -> Result<String> {
    let host = sandbox.host();
    let cargo = Cargo::new(&host, sandbox.path("target"), None);
    let seed = seed.map(|text| UpstreamLock {
        package: "followed",
        text,
    });
    cargo.make_lock(sandbox.dir.path(), manifest, seed, files)
}

/// What a user may have in cargo's configuration for other work.
const OTHER_WORK: &str = "\n[patch.crates-io]\nlog = { path = \"log\" }\nunused = { path = \"log\" }\n\
     [resolver]\nincompatible-rust-versions = \"allow\"\n";

#[test]
fn what_cargos_configuration_has_beside_the_registry_does_not_matter() {
    let mut sandbox = Sandbox::new();
    registry(&sandbox);
    let plain = make(&sandbox, MANIFEST, Some(&package()), &Tree::new()).unwrap();
    let config = std::fs::read_to_string(sandbox.path(".cargo/config.toml")).unwrap();
    sandbox.write(".cargo/config.toml", &(config.clone() + OTHER_WORK));
    sandbox.write(
        "log/Cargo.toml",
        "[package]\nname = \"log\"\nversion = \"0.4.99\"\n",
    );
    sandbox.write("log/src/lib.rs", "");
    let made = make(&sandbox, MANIFEST, Some(&package()), &Tree::new()).unwrap();
    assert_eq!(made, plain, "above the project");
    sandbox.write(".cargo/config.toml", &config);
    sandbox.write("home/config.toml", OTHER_WORK);
    sandbox.var("CARGO_HOME", sandbox.path("home"));
    let made = make(&sandbox, MANIFEST, Some(&package()), &Tree::new()).unwrap();
    assert_eq!(made, plain, "in cargo's home");
}

#[test]
fn both_seeds_give_the_same_lock() {
    let sandbox = Sandbox::new();
    registry(&sandbox);
    let from_workspace = make(&sandbox, MANIFEST, Some(&workspace()), &Tree::new()).unwrap();
    let from_package = make(&sandbox, MANIFEST, Some(&package()), &Tree::new()).unwrap();
    assert_eq!(from_workspace, from_package);
    let packages: Vec<String> = from_package
        .split("[[package]]\n")
        .skip(1)
        .map(|entry| entry.lines().take(2).collect::<Vec<_>>().join(" "))
        .collect();
    insta::assert_snapshot!(packages.join("\n"), @r#"
    name = "bench-tool" version = "1.0.0"
    name = "environ" version = "41.0.0"
    name = "fork" version = "2.0.0"
    name = "log" version = "0.4.20"
    name = "runtime" version = "41.0.0"
    name = "shared" version = "1.5.0"
    "#);
    assert!(from_package.contains(&checksum("environ", "41.0.0")));
    assert!(from_package.contains("\nversion = 4\n"));
}

#[test]
fn a_lock_made_again_from_itself_is_the_same() {
    let sandbox = Sandbox::new();
    registry(&sandbox);
    let made = make(&sandbox, MANIFEST, Some(&package()), &Tree::new()).unwrap();
    let host = sandbox.host();
    let cargo = Cargo::new(&host, sandbox.path("target"), None);
    let seed = UpstreamLock {
        package: "fork",
        text: &made,
    };
    assert_eq!(
        cargo
            .make_lock(sandbox.dir.path(), MANIFEST, Some(seed), &Tree::new())
            .unwrap(),
        made
    );
}

#[test]
fn without_a_seed_the_newest_are_taken() {
    let sandbox = Sandbox::new();
    registry(&sandbox);
    let made = make(&sandbox, MANIFEST, None, &Tree::new()).unwrap();
    assert!(made.contains(&checksum("runtime", "41.0.4")), "{made}");
    assert!(made.contains(&checksum("log", "0.4.29")), "{made}");
}

#[test]
fn packages_in_the_tree_are_found() {
    let sandbox = Sandbox::new();
    let manifest = MANIFEST
        .replace(
            "runtime = \"41\"\nlog = \"0.4\"",
            "part = { path = \"parts/part\" }",
        )
        .replace("bench-tool = \"1\"\n", "");
    let part = "[package]\nname = \"part\"\nversion = \"0.3.0\"\nedition = \"2024\"\n";
    let files: Tree = [
        ("src/lib.rs", "does not parse"),
        ("parts/part/Cargo.toml", part),
        ("parts/part/src/lib.rs", ""),
    ]
    .into_iter()
    .map(|(path, text)| (TreePath::new(path).unwrap(), File::regular(text.as_bytes())))
    .collect();
    let made = make(&sandbox, &manifest, None, &files).unwrap();
    assert!(
        made.contains("name = \"part\"\nversion = \"0.3.0\"\n"),
        "{made}"
    );
}

#[test]
fn a_seed_of_something_else_is_refused() {
    let sandbox = Sandbox::new();
    let seed = lock(4, &[("other", "1.0.0", false, &[])]);
    let error = make(&sandbox, MANIFEST, Some(&seed), &Tree::new()).unwrap_err();
    assert!(
        error
            .message()
            .contains("no entry for the crate `followed`"),
        "{error}"
    );
    let error = make(&sandbox, MANIFEST, Some("[[package"), &Tree::new()).unwrap_err();
    assert!(
        error.message().contains("it is not a `Cargo.lock`"),
        "{error}"
    );
}

#[test]
fn what_no_version_fits_is_told_in_cargos_words() {
    let sandbox = Sandbox::new();
    registry(&sandbox);
    let manifest = MANIFEST.replace("runtime = \"41\"", "runtime = \"77\"");
    let error = make(&sandbox, &manifest, Some(&package()), &Tree::new()).unwrap_err();
    assert!(error.message().contains("runtime"), "{error}");
}
