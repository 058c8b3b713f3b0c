use super::{ADDITIONS, MEMBER, PUBLISHED, WORKSPACE, additions, fork, told};
use crate::cargo_toml::{
    Additions, Dropped, ForkPackage, Generated, Inherited, generate, unlisted_tests,
};

const CRATE: &str = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";

fn made(member: &str, workspace: &str, manifest: &str) -> Generated {
    let inherited = Inherited::from_workspace(member, workspace).unwrap();
    generate(member, &inherited, &fork(), &additions(manifest).unwrap()).unwrap()
}

fn refused(member: &str, manifest: &str) -> String {
    let inherited = Inherited::from_workspace(member, WORKSPACE).unwrap();
    told(&generate(member, &inherited, &fork(), &additions(manifest).unwrap()).unwrap_err())
}

#[test]
fn upstreams_manifest_becomes_the_forks() {
    insta::assert_snapshot!(made(MEMBER, WORKSPACE, ADDITIONS).text, @r#"
    # Generated from up-net 41.0.0.

    [package]
    name = "wash-net"
    # Set for the whole workspace.
    version = "2.0.0-rc.6" # all move together
    authors = ["The fork"]
    description = "Net, forked"
    categories = ["wasm"]
    repository = "https://example.org/fork"
    edition = "2024"
    rust-version = "1.90.0"
    include = ["src/**/*", "tests/*", "benches/**/*"]
    autotests = false
    autobenches = false
    autoexamples = false

    [lints.clippy]
    all = { level = "allow", priority = -1 }
    map_clone = "warn"

    [lints.rust]
    unexpected_cfgs = { level = "warn", check-cfg = ["cfg(slow)"] }
    unsafe_code = "deny"
    unused_lifetimes = "deny"

    [package.metadata.docs.rs]
    all-features = true

    [dependencies]
    # The sockets.
    sock = { version = "1.2", default-features = false, features = ["tcp", "udp"] } # kept small
    plain = "0.3"
    sibling = { version = "=41.0.0", optional = true }
    renamed = { version = "4", package = "real" }

    # Not published, so left out: guests.
    # Left out test targets: all, stdin.
    # `ci/upstream` runs them.
    [dev-dependencies]
    sock = { version = "1.2", default-features = false, features = ["tcp", "udp", "mock", "fast"] }
    temp = "3"
    bench-kit = { version = "2", default-features = false }
    plain = { version = "0.3", features = ["extra"] }

    [target.'cfg(windows)'.dependencies.sys]
    version = "0.61"
    features = ["Net"]

    [features]
    default = ["dep:sibling"]

    [[test]]
    name = "kept"

    [[test]]
    name = "loopback"
    required-features = ["p3"]

    [[bench]]
    name = "loopback"
    path = "benches/loopback/main.rs"
    harness = false

    [workspace]
    "#);
}

#[test]
fn both_sources_give_the_same_bytes() {
    let git = made(MEMBER, WORKSPACE, ADDITIONS);
    let registry = Inherited::from_published(MEMBER, PUBLISHED).unwrap();
    let registry = generate(MEMBER, &registry, &fork(), &additions(ADDITIONS).unwrap());
    assert_eq!(git, registry.unwrap());
}

#[test]
fn what_was_dropped_is_told() {
    let made = made(MEMBER, WORKSPACE, ADDITIONS);
    let told = |dropped: &Dropped| format!("{} {} {}", dropped.table, dropped.name, dropped.why);
    let dropped: Vec<String> = made.dropped.iter().map(told).collect();
    insta::assert_snapshot!(dropped.join("\n"), @"
    dev-dependencies guests it is not published
    test all it needs a package that is not published
    test stdin it needs a package that is not published
    ");
    assert_eq!(made.rust_version.as_deref(), Some("1.90.0"));
    assert_eq!(made.edition, "2024");
}

#[test]
fn nothing_dropped_needs_no_note() {
    let made = made(CRATE, "", "cargo = {}");
    insta::assert_snapshot!(made.text, @r#"
    # Generated from up-net 41.0.0.

    [package]
    name = "wash-net"
    version = "2.0.0-rc.6"
    authors = ["The fork"]
    description = "Net, forked"
    repository = "https://example.org/fork"
    autotests = false
    autobenches = false
    autoexamples = false

    [workspace]
    "#);
    assert!(made.dropped.is_empty());
}

#[test]
fn a_note_has_a_place_without_development_dependencies() {
    let member =
        format!("{CRATE}\n[target.'cfg(unix)'.dev-dependencies]\nd = {{ path = \"d\" }}\n");
    insta::assert_snapshot!(made(&member, "", "cargo = {}").text, @r#"
    # Generated from up-net 41.0.0.

    [package]
    name = "wash-net"
    version = "2.0.0-rc.6"
    authors = ["The fork"]
    description = "Net, forked"
    repository = "https://example.org/fork"
    autotests = false
    autobenches = false
    autoexamples = false

    [target.'cfg(unix)'.dev-dependencies]

    # Not published, so left out: d.
    # `ci/upstream` runs them.
    [workspace]
    "#);
}

#[test]
fn a_list_with_an_entry_a_line_stays_so() {
    let member = format!("{CRATE}include = [\n  \"src/**/*\", # code\n  \"LICENSE\",\n]\n");
    let manifest = "[[cargo.example]]\nname = \"net\"\n[[cargo.bench]]\nname = \"net\"\n";
    insta::assert_snapshot!(made(&member, "", manifest).text, @r#"
    # Generated from up-net 41.0.0.

    [package]
    name = "wash-net"
    version = "2.0.0-rc.6"
    include = [
      "src/**/*", # code
      "LICENSE",
      "benches/**/*",
      "examples/**/*",
    ]
    authors = ["The fork"]
    description = "Net, forked"
    repository = "https://example.org/fork"
    autotests = false
    autobenches = false
    autoexamples = false

    [[bench]]
    name = "net"

    [[example]]
    name = "net"

    [workspace]
    "#);
}

#[test]
fn the_crates_own_workspace_key_goes() {
    let member = format!("{CRATE}workspace = \"../..\"\n[package.metadata.x]\nworkspace = true\n");
    let text = made(&member, "", "cargo = {}").text;
    assert!(!text.contains("../.."), "{text}");
    assert!(
        text.contains("[package.metadata.x]\nworkspace = true\n"),
        "{text}"
    );
}

#[test]
fn an_unpublished_dependency_can_be_replaced_by_a_published_one() {
    let made = made(
        MEMBER,
        WORKSPACE,
        "[cargo.dev-dependencies]\nguests = \"7\"\n",
    );
    assert!(made.text.contains("\nguests = \"7\"\n"), "{}", made.text);
    assert!(made.dropped.is_empty());
}

#[test]
fn default_features_that_are_wanted_are_on() {
    let manifest = "[cargo.dev-dependencies]\nsock = { default-features = true }\n";
    let text = made(MEMBER, WORKSPACE, manifest).text;
    let expected = "sock = { version = \"1.2\", features = [\"tcp\", \"udp\", \"mock\"] }\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_same_version_may_be_said_again() {
    let manifest = "[cargo.dev-dependencies]\nsock = \"1.2\"\n";
    let plain = made(MEMBER, WORKSPACE, "cargo = {}");
    assert_eq!(made(MEMBER, WORKSPACE, manifest), plain);
}

#[test]
fn additions_that_upstream_contradicts_are_all_named() {
    let manifest = r#"
        [cargo.dev-dependencies]
        sock = { version = "1.3", package = "socket" }
        plain = "0.4"
        renamed = { package = "renamed" }
        none = { features = ["x"] }
        [[cargo.test]]
        name = "kept"
    "#;
    insta::assert_snapshot!(refused(MEMBER, manifest), @"
    Cargo.toml: `cargo.dev-dependencies.sock` asks for version `1.3`, upstream for `1.2` -> leave `version` out of `sock` in manifest.toml to follow upstream
    Cargo.toml: `cargo.dev-dependencies.sock` asks for package `socket`, upstream for `sock` -> leave `package` out of `sock` in manifest.toml to follow upstream
    Cargo.toml: `cargo.dev-dependencies.none` has no version, and upstream does not depend on it -> add `version` to `none` in manifest.toml
    Cargo.toml: `cargo.dev-dependencies.plain` asks for version `0.4`, upstream for `0.3` -> leave `version` out of `plain` in manifest.toml to follow upstream
    Cargo.toml: `cargo.dev-dependencies.renamed` asks for package `renamed`, upstream for `real` -> leave `package` out of `renamed` in manifest.toml to follow upstream
    Cargo.toml: `cargo.test` adds `kept`, which upstream has already -> give it another name in manifest.toml, or add `kept` to `cargo.omit-tests`
    ");
}

#[test]
fn unknown_inheritance_is_found() {
    let member =
        format!("{CRATE}\n[badges]\nci.workspace = true\n[profile.dev]\nworkspace = true\n");
    insta::assert_snapshot!(refused(&member, "cargo = {}"), @"
    Cargo.toml: `badges.ci` inherits from the workspace in a way that is not known -> report it, naming the upstream version: the generator has to learn this form
    Cargo.toml: `profile.dev` inherits from the workspace in a way that is not known -> report it, naming the upstream version: the generator has to learn this form
    ");
}

#[test]
fn a_crate_of_another_release_is_found() {
    let inherited = Inherited::from_workspace(CRATE, "").unwrap();
    let member = format!("{CRATE}[dependencies]\nnew = \"1\"\n");
    let errors = generate(&member, &inherited, &fork(), &Additions::default()).unwrap_err();
    insta::assert_snapshot!(told(&errors), @"Cargo.toml: `dependencies.new` is not the same in the texts of upstream that were read -> take both texts from the same release");
}

#[test]
fn targets_that_are_no_list_are_named() {
    let member = format!("test = 1\n{CRATE}");
    insta::assert_snapshot!(refused(&member, "[[cargo.test]]\nname = \"t\"\n"), @"Cargo.toml: `test` in the crate's Cargo.toml is not a list of tables -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs");
}

#[test]
fn versions_and_notes_that_cargo_would_refuse_are_named() {
    let inherited = Inherited {
        version: "one".to_owned(),
        ..Inherited::from_workspace(CRATE, "").unwrap()
    };
    let (version, notice) = ("2".to_owned(), vec!["a\u{7}b".to_owned()]);
    let fork = ForkPackage {
        version,
        notice,
        ..fork()
    };
    let errors = generate(CRATE, &inherited, &fork, &Additions::default()).unwrap_err();
    insta::assert_snapshot!(told(&errors).replace('\u{7}', "<BEL>"), @"
    Cargo.toml: `package.version` is `one`, which is not a version: unexpected character 'o' while parsing major version number -> write a version such as 2.0.0-rc.6
    Cargo.toml: `fork.version` is `2`, which is not a version: unexpected end of input while parsing major version number -> write a version such as 2.0.0-rc.6
    Cargo.toml:1:4: the generated Cargo.toml is not TOML: invalid comment character, expected printable characters -> report it, naming the upstream version: the generator has to learn this form
    ");
}

#[test]
fn tests_that_would_vanish_are_found() {
    let paths = [
        "src/lib.rs",
        "tests/all/main.rs",
        "tests/all/net.rs",
        "tests/kept.rs",
        "tests/new.rs",
        "tests/newer/main.rs",
        "tests/data/case.rs",
        "tests/README.md",
    ];
    let unlisted = unlisted_tests(MEMBER, paths, &additions(ADDITIONS).unwrap()).unwrap();
    assert_eq!(unlisted, ["new", "newer"]);
    assert!(unlisted_tests("[", paths, &Additions::default()).is_err());
}
