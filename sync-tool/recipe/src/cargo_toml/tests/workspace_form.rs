use semver::Version;

use super::{ADDITIONS, MEMBER, WORKSPACE, additions, fork, told};
use crate::cargo_toml::workspace_form;
use crate::error::Result;

/// The files of upstream's crate: `all` and `quick` are found by cargo, `stdin` and
/// `kept` are listed.
const PATHS: [&str; 7] = [
    "src/lib.rs",
    "tests/all/main.rs",
    "tests/all/deeper/main.rs",
    "tests/kept.rs",
    "tests/stdin.rs",
    "benches/quick.rs",
    "examples/notes.txt",
];

const CRATE: &str = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";

fn made(member: &str, root: &str, manifest: &str) -> Result<String> {
    let additions = additions(manifest).unwrap();
    let version = Version::new(41, 0, 0);
    workspace_form(member, root, &version, &PATHS, &fork(), &additions)
}

/// Returns the development dependencies that a member comes to.
fn dev_dependencies(member: &str, added: &str) -> String {
    let manifest = format!("[cargo.dev-dependencies]\n{added}\n");
    let text = made(member, WORKSPACE, &manifest).unwrap();
    let (_, table) = text.split_once("[dev-dependencies]\n").unwrap();
    let end = table.find("\n[").unwrap_or(table.len());
    table[..end].trim().to_owned()
}

#[test]
fn the_fork_becomes_one_more_member_and_inherits() {
    insta::assert_snapshot!(made(MEMBER, WORKSPACE, ADDITIONS).unwrap(), @r##"
    # Generated from up-net 41.0.0.

    [package]
    name = "wash-net"
    # Set for the whole workspace.
    version = "2.0.0-rc.6" # all move together
    authors = ["The fork"]
    description = "Net, forked"
    categories = ["wasm"]
    repository = "https://example.org/fork"
    edition.workspace = true
    rust-version = { workspace = true }
    include = ["src/**/*", "tests/*"]
    autotests = false
    autobenches = false
    autoexamples = false

    [lints]
    workspace = true

    [package.metadata.docs.rs]
    all-features = true

    [dependencies]
    # The sockets.
    sock = { workspace = true, features = ["udp", "tcp"] } # kept small
    plain.workspace = true
    sibling = { workspace = true, optional = true }
    renamed = { workspace = true, default-features = true }

    [dev-dependencies]
    sock = { workspace = true, features = ["udp", "mock", "fast"] }
    guests = { workspace = true }
    temp = { workspace = true }
    bench-kit = { version = "2", default-features = false }
    plain = { workspace = true, features = ["extra"] }

    [target.'cfg(windows)'.dependencies.sys]
    workspace = true
    features = [
      "Net",
    ]

    [features]
    default = ["dep:sibling"]

    [[test]]
    name = "stdin"
    harness = false

    [[test]]
    name = "kept"

    [[test]]
    name = "all"
    path = "tests/all/main.rs"

    [[bench]]
    name = "quick"
    path = "benches/quick.rs"

    [[test]]
    name = "loopback"
    required-features = ["p3"]

    [[bench]]
    name = "loopback"
    path = "benches/loopback/main.rs"
    harness = false
    "##);
}

#[test]
fn what_upstream_and_the_fork_both_have_is_refused() {
    let twice = "[[cargo.test]]\nname = \"all\"\n";
    let errors = made(MEMBER, WORKSPACE, twice).unwrap_err();
    insta::assert_snapshot!(told(&errors), @"Cargo.toml: `cargo.test` adds `all`, which upstream has already -> give it another name in manifest.toml, or add `all` to `cargo.omit-tests`");
}

#[test]
fn texts_that_are_no_toml_are_refused() {
    let broken = made("[", WORKSPACE, "[cargo]\n").unwrap_err();
    assert!(told(&broken).starts_with("Cargo.toml:1:2: the crate's Cargo.toml is not TOML"));
    let broken = made(MEMBER, "[", "[cargo]\n").unwrap_err();
    assert!(told(&broken).starts_with("Cargo.toml:1:2: the workspace's Cargo.toml is not TOML"));
}

#[test]
fn targets_that_upstream_does_not_have_found_stay_unlisted() {
    let member = format!("{CRATE}autotests = false\n");
    let text = made(&member, WORKSPACE, "[cargo]\n").unwrap();
    assert!(!text.contains("[[test]]"), "{text}");
    assert!(text.contains("[[bench]]\nname = \"quick\""), "{text}");
    assert_eq!(text.matches("autotests = false").count(), 1, "{text}");
}

#[test]
fn a_dependency_is_taken_from_the_workspace_where_that_serves() {
    for (added, written) in [
        ("plain = \"0.3\"", "plain = { workspace = true }"),
        ("plain = {}", "plain = { workspace = true }"),
        (
            "plain = { version = \"0.3\", default-features = false, features = [\"f\"] }",
            "plain = { workspace = true, features = [\"f\"] }",
        ),
        (
            "sock = { version = \">=1\", default-features = true }",
            "sock = { workspace = true, default-features = true }",
        ),
        (
            "renamed = { package = \"real\", version = \"4\" }",
            "renamed = { workspace = true }",
        ),
        // Others than the workspace's.
        ("plain = \"0.4\"", "plain = \"0.4\""),
        (
            "renamed = { package = \"false\", version = \"4\" }",
            "renamed = { version = \"4\", package = \"false\" }",
        ),
        (
            "own = { version = \"1\", default-features = false }",
            "own = { version = \"1\", default-features = false }",
        ),
    ] {
        assert_eq!(dev_dependencies(CRATE, added), written, "{added}");
    }
}

#[test]
fn a_dependency_without_a_version_is_the_crates_own() {
    let member = format!(
        "{CRATE}[dependencies]\na = \"1.1\"\nb = {{ path = \"../b\", version = \"2\", features = [\"x\"] }}\n"
    );
    assert_eq!(
        dev_dependencies(&member, "a = { features = [\"f\"] }"),
        "a = { version = \"1.1\", features = [\"f\"] }"
    );
    assert_eq!(
        dev_dependencies(&member, "b = {}"),
        "b = { version = \"2\", path = \"../b\" }"
    );
    let manifest = "[cargo.dev-dependencies]\nc = {}\n";
    let none = made(&member, WORKSPACE, manifest).unwrap_err();
    assert!(told(&none).contains("has no version"), "{none}");
}

#[test]
fn features_are_added_to_what_upstreams_tests_have() {
    let member = format!(
        "{CRATE}[dev-dependencies]\nplain = \"0.3\"\nsock = {{ workspace = true, features = [\"udp\"] }}\nsys = {{ workspace = true }}\n"
    );
    let added = "plain = { features = [\"f\"] }\nsock = { features = [\"udp\", \"g\"] }\nsys = { default-features = true }";
    assert_eq!(
        dev_dependencies(&member, added),
        "plain = { version = \"0.3\", features = [\"f\"] }\n\
         sock = { workspace = true, features = [\"udp\", \"g\"] }\n\
         sys = { workspace = true, default-features = true }"
    );
}
