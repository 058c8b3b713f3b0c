use super::{MEMBER, PUBLISHED, WORKSPACE, told};
use crate::cargo_toml::{DependencyTable, Inherited, Plain, Purpose};

fn from_git(member: &str, workspace: &str) -> String {
    told(&Inherited::from_workspace(member, workspace).unwrap_err())
}

fn from_registry(member: &str, published: &str) -> String {
    told(&Inherited::from_published(member, published).unwrap_err())
}

/// Returns what a dependency comes to: the member's line over the workspace's.
fn resolved(member: &str, workspace: &str) -> String {
    let member =
        format!("[package]\nname = \"a\"\nversion = \"1.0.0\"\n[dev-dependencies]\nd = {member}\n");
    let workspace = format!("[workspace.dependencies]\nd = {workspace}\n");
    let inherited = Inherited::from_workspace(&member, &workspace).unwrap();
    let table = DependencyTable {
        target: None,
        purpose: Purpose::Development,
    };
    match &inherited.dependencies[&table]["d"] {
        None => "unpublished".to_owned(),
        Some(d) => serde_json::to_string(d).unwrap(),
    }
}

#[test]
fn git_and_registry_are_the_same() {
    let git = Inherited::from_workspace(MEMBER, WORKSPACE).unwrap();
    let registry = Inherited::from_published(MEMBER, PUBLISHED).unwrap();
    assert_eq!(git, registry);
    assert_eq!(
        (git.version.as_str(), git.edition.as_str()),
        ("41.0.0", "2024")
    );
    assert_eq!(git.rust_version.as_deref(), Some("1.90.0"));
    let authors = Plain::List(vec!["Up".to_owned(), "Stream".to_owned()]);
    assert_eq!(git.package["authors"], authors);
}

#[test]
fn a_changed_version_makes_a_difference() {
    let git = Inherited::from_workspace(MEMBER, WORKSPACE).unwrap();
    let other = PUBLISHED.replace("version = \"0.3\"", "version = \"0.4\"");
    assert_ne!(git, Inherited::from_published(MEMBER, &other).unwrap());
}

#[test]
fn default_features_can_be_turned_on_but_not_off() {
    let on = resolved(
        "{ workspace = true, default-features = true }",
        "{ version = \"1\", default-features = false }",
    );
    insta::assert_snapshot!(on, @r#"{"version":"1","package":null,"default_features":true,"features":[],"optional":false}"#);
    let off = resolved("{ workspace = true, default-features = false }", "\"1\"");
    insta::assert_snapshot!(off, @r#"{"version":"1","package":null,"default_features":true,"features":[],"optional":false}"#);
    let neither = resolved(
        "{ workspace = true }",
        "{ version = \"1\", default-features = false }",
    );
    insta::assert_snapshot!(neither, @r#"{"version":"1","package":null,"default_features":false,"features":[],"optional":false}"#);
}

#[test]
fn features_are_the_workspaces_first_each_once() {
    let both = resolved(
        "{ workspace = true, features = [\"c\", \"a\", \"d\", \"c\"] }",
        "{ version = \"1\", package = \"p\", features = [\"b\", \"a\", \"b\"] }",
    );
    insta::assert_snapshot!(both, @r#"{"version":"1","package":"p","default_features":true,"features":["b","a","c","d"],"optional":false}"#);
}

#[test]
fn only_a_version_makes_a_dependency_published() {
    assert_eq!(
        resolved("{ workspace = true }", "{ path = \"../d\" }"),
        "unpublished"
    );
    assert_eq!(
        resolved(
            "{ git = \"https://example.org/d\", branch = \"main\" }",
            "\"1\""
        ),
        "unpublished"
    );
    let path = resolved("{ path = \"../d\", version = \"2\" }", "\"1\"");
    insta::assert_snapshot!(path, @r#"{"version":"2","package":null,"default_features":true,"features":[],"optional":false}"#);
}

#[test]
fn a_file_of_the_workspace_is_at_the_crates_root() {
    let member = "[package]\nname = \"a\"\nversion = \"1.0.0\"\nreadme.workspace = true\n";
    let git =
        Inherited::from_workspace(member, "[workspace.package]\nreadme = \"doc/README.md\"\n");
    let package = "[package]\nname = \"a\"\nreadme = \"README.md\"\n";
    let git = git.unwrap();
    assert_eq!(git, Inherited::from_published(member, package).unwrap());
    assert_eq!(git.edition, "2015");
}

#[test]
fn lints_of_the_crate_itself_stay() {
    let member = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[lints.rust]\nx = \"warn\"\n";
    let git = Inherited::from_workspace(member, WORKSPACE).unwrap();
    assert_eq!(git.lints["rust"].keys().collect::<Vec<_>>(), ["x"]);
    assert!(!git.lints.contains_key("clippy"));
}

#[test]
fn texts_that_are_not_toml_are_all_named() {
    insta::assert_snapshot!(from_git("[package", "= 1"), @"
    Cargo.toml:1:9: the crate's Cargo.toml is not TOML: unclosed table, expected `]` -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:1:1: the workspace's Cargo.toml is not TOML: unquoted keys cannot be empty, expected letters, numbers, `-`, `_` -> compare the workspace's Cargo.toml with the upstream release; fetch it again if it differs
    ");
}

#[test]
fn everything_missing_in_the_workspace_is_named_at_once() {
    let workspace =
        "[workspace.package]\nversion = \"41.0.0\"\n[workspace.dependencies]\nsock = \"1\"\n";
    insta::assert_snapshot!(from_git(MEMBER, workspace), @"
    Cargo.toml: `workspace.package.authors` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.package.edition` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.package.rust-version` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.dependencies.plain` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.dependencies.sibling` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.dependencies.renamed` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.dependencies.guests` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.dependencies.temp` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.dependencies.sys` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml: `workspace.lints` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    ");
}

#[test]
fn what_the_crate_needs_has_to_be_published() {
    let workspace = WORKSPACE.replace(", version = \"=41.0.0\"", "");
    insta::assert_snapshot!(from_git(MEMBER, &workspace), @"Cargo.toml: `dependencies.sibling` has no version: it is not published, and the crate does not build without it -> choose a release whose package is published");
    let build = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[build-dependencies]\nb = { path = \"b\" }\n";
    insta::assert_snapshot!(from_git(build, ""), @"Cargo.toml: `build-dependencies.b` has no version: it is not published, and the crate does not build without it -> choose a release whose package is published");
}

#[test]
fn wrong_types_are_named_with_their_text() {
    let member = r#"
        lints = 1
        target = 2
        dependencies = 3
        [package]
        name = 4
        authors.workspace = 5
        homepage = { workspace = true, extra = 6 }
        [dev-dependencies]
        a = 7
        b = { version = 8, features = ["x", 9], optional = "no", registry = "mine" }
        c = { workspace = false }
    "#;
    let workspace = r#"
        [workspace]
        dependencies = { c = { version = "1", default-features = "no" } }
        [workspace.package]
        authors = [1.5]
        homepage = 1979-05-27
    "#;
    insta::assert_snapshot!(from_git(member, workspace), @"
    Cargo.toml:6:16: `package.name` in the crate's Cargo.toml is not a string -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:7:29: `package.authors.workspace` in the crate's Cargo.toml is not true -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:8:40: unknown key `package.homepage.extra` in the crate's Cargo.toml -> known here: workspace; others need a change of the generator
    Cargo.toml: `package.version` is missing in the crate's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml:3:18: `target` in the crate's Cargo.toml is not a table -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:4:24: `dependencies` in the crate's Cargo.toml is not a table -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:10:13: `dev-dependencies.a` in the crate's Cargo.toml is not a version or a table -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:11:66: unknown key `dev-dependencies.b.registry` in the crate's Cargo.toml -> known here: workspace, version, package, default-features, features, optional, path, git, branch, tag, rev; others need a change of the generator
    Cargo.toml:11:25: `dev-dependencies.b.version` in the crate's Cargo.toml is not a string -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:11:45: `dev-dependencies.b.features` in the crate's Cargo.toml is not a list of strings -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:11:60: `dev-dependencies.b.optional` in the crate's Cargo.toml is not true or false -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:12:27: `dev-dependencies.c.workspace` in the crate's Cargo.toml is not true -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:2:17: `lints` in the crate's Cargo.toml is not a table -> compare the crate's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:5:19: `workspace.package.authors` in the workspace's Cargo.toml is not a string, a list of strings, true, false or a whole number -> compare the workspace's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:6:20: `workspace.package.homepage` in the workspace's Cargo.toml is not a string, a list of strings, true, false or a whole number -> compare the workspace's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:3:66: `workspace.dependencies.c.default-features` in the workspace's Cargo.toml is not true or false -> compare the workspace's Cargo.toml with the upstream release; fetch it again if it differs
    ");
}

#[test]
fn lints_have_known_tools_and_levels() {
    let workspace = r#"
        [workspace.lints]
        rust = { a = "loud", b = { priority = "high" }, c = 1, d = { level = "off" } }
        gcc = { e = "warn" }
    "#;
    let member = "lints.workspace = true\n[package]\nname = \"a\"\nversion = \"1.0.0\"\n";
    insta::assert_snapshot!(from_git(member, workspace), @"
    Cargo.toml:4:9: unknown key `workspace.lints.gcc` in the workspace's Cargo.toml -> known here: rust, clippy, rustdoc, cargo; others need a change of the generator
    Cargo.toml:3:22: `workspace.lints.rust.a` in the workspace's Cargo.toml is not one of allow, warn, deny, forbid -> compare the workspace's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:3:34: `workspace.lints.rust.b.level` is missing in the workspace's Cargo.toml -> take the crate and its workspace from the same release
    Cargo.toml:3:47: `workspace.lints.rust.b.priority` in the workspace's Cargo.toml is not a whole number -> compare the workspace's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:3:61: `workspace.lints.rust.c` in the workspace's Cargo.toml is not a level or a table -> compare the workspace's Cargo.toml with the upstream release; fetch it again if it differs
    Cargo.toml:3:68: `workspace.lints.rust.d.level` in the workspace's Cargo.toml is not one of allow, warn, deny, forbid -> compare the workspace's Cargo.toml with the upstream release; fetch it again if it differs
    ");
}

#[test]
fn a_published_text_of_another_release_is_found() {
    let other = PUBLISHED
        .replace("name = \"up-net\"", "name = \"up-other\"")
        .replace("[dependencies.plain]", "[dependencies.fancy]");
    insta::assert_snapshot!(from_registry(MEMBER, &other), @"
    Cargo.toml: `package.name` is not the same in the texts of upstream that were read -> take both texts from the same release
    Cargo.toml: `dependencies.plain` is not the same in the texts of upstream that were read -> take both texts from the same release
    Cargo.toml: `dependencies.fancy` is not the same in the texts of upstream that were read -> take both texts from the same release
    ");
    let member = MEMBER.replace("temp = { workspace = true }", "temp = \"3\"");
    let without = PUBLISHED.replace("[dev-dependencies.temp]", "[dev-dependencies.tmp]");
    insta::assert_snapshot!(from_registry(&member, &without), @"
    Cargo.toml: `dev-dependencies.temp` is not the same in the texts of upstream that were read -> take both texts from the same release
    Cargo.toml: `dev-dependencies.tmp` is not the same in the texts of upstream that were read -> take both texts from the same release
    ");
}

#[test]
fn a_published_text_lacks_no_inherited_field() {
    let without = PUBLISHED
        .replace("rust-version", "rust")
        .replace("[lints.", "[lint.");
    insta::assert_snapshot!(from_registry(MEMBER, &without), @"
    Cargo.toml: `package.rust-version` is missing in the published Cargo.toml -> take both texts from the same release
    Cargo.toml: `lints` is missing in the published Cargo.toml -> take both texts from the same release
    ");
}
