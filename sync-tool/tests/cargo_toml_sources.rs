//! The fork's `Cargo.toml` is the same from git and from the registry, and cargo
//! reads from it what it reads from upstream's published one.
//!
//! One pair of sources is always there: a small workspace that cargo itself
//! packages. Upstream's releases are compared where `WASH_WASI_UPSTREAM` names a
//! git repository of wasmtime and cargo's cache has the packages; what is not
//! compared is named on stderr.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use recipe::cargo_toml::{Additions, ForkPackage, Generated, Inherited, generate};
use recipe::testing::manifest_with;
use serde_json::Value;
use tempfile::TempDir;

const RELEASES: [&str; 4] = ["38.0.4", "41.0.0", "45.0.0", "48.0.0"];

/// The files of the small workspace.
const WORKSPACE: [(&str, &str); 9] = [
    (
        "Cargo.toml",
        r#"[workspace]
resolver = "2"
members = ["net", "sibling", "guests"]

[workspace.package]
version = "41.0.0"
authors = ["Up", "Stream"]
edition = "2021"
rust-version = "1.80"
license = "MIT"
readme = "README.md"
keywords = ["net"]

[workspace.dependencies]
sibling = { path = "sibling", version = "=41.0.0", default-features = false, features = ["a"] }
guests = { path = "guests" }
tokio = { version = "1.48", features = ["rt", "time"] }
log = { version = "0.4", default-features = false }
sock = { package = "socket2", version = "0.6" }
windows-sys = "0.61"

[workspace.lints.rust]
unused-lifetimes = "warn"
unexpected_cfgs = { level = "warn", priority = 0, check-cfg = ['cfg(slow)'] }

[workspace.lints.clippy]
map_clone = 'warn'
all = { level = "allow", priority = -1 }
"#,
    ),
    (
        "net/Cargo.toml",
        r#"[package]
name = "up-net"
version.workspace = true
authors.workspace = true
edition = { workspace = true }
rust-version.workspace = true
license.workspace = true
readme.workspace = true
keywords.workspace = true
description = "Net"

[lints]
workspace = true

[dependencies]
sibling = { workspace = true, features = ["b", "a"] }
tokio = { workspace = true, features = ["time", "net"] }
log = { workspace = true, default-features = true, optional = true }
direct = { path = "../sibling", package = "sibling", version = "41" }

[dev-dependencies]
tokio = { workspace = true, features = ["macros"] }
guests = { workspace = true }
also-guests = { path = "../guests", package = "guests" }

[build-dependencies]
log = { workspace = true }

[target.'cfg(unix)'.dependencies]
sock.workspace = true

[target.'cfg(windows)'.dependencies.windows-sys]
workspace = true
features = ["Win32_Networking"]

[target.'cfg(windows)'.dev-dependencies]
guests = { workspace = true }

[features]
default = ["dep:log"]
p3 = []

[[test]]
name = "stdin"
harness = false
"#,
    ),
    ("net/src/lib.rs", ""),
    ("net/tests/all/main.rs", ""),
    ("net/tests/stdin.rs", "fn main() {}"),
    ("README.md", "Net\n"),
    (
        "sibling/Cargo.toml",
        "[package]\nname = \"sibling\"\nversion = \"41.0.0\"\nedition = \"2021\"\n\
         [features]\na = []\nb = []\n",
    ),
    ("sibling/src/lib.rs", ""),
    ("guests/src/lib.rs", ""),
];

/// The crate's manifest as in git, and the two texts that can complete it.
struct Texts {
    member: String,
    workspace: String,
    published: String,
}

#[test]
fn a_workspace_that_cargo_packages_gives_the_same_from_both_sources() {
    let texts = packaged_by_cargo();
    let made = from_both(&texts, &["all", "stdin"]);
    assert_eq!(dependencies(&made.text), dependencies(&texts.published));
    let dropped: Vec<String> = made
        .dropped
        .iter()
        .map(|d| format!("{}.{}", d.table, d.name))
        .collect();
    let expected = [
        "dev-dependencies.guests",
        "dev-dependencies.also-guests",
        "target.'cfg(windows)'.dev-dependencies.guests",
        "test.all",
        "test.stdin",
    ];
    assert_eq!(dropped, expected);
    assert_eq!(made.rust_version.as_deref(), Some("1.80"));
}

#[test]
fn upstreams_releases_give_the_same_from_both_sources() {
    let Some(repository) = std::env::var_os("WASH_WASI_UPSTREAM").map(PathBuf::from) else {
        return not_compared("upstream's releases", "WASH_WASI_UPSTREAM is not set");
    };
    for version in RELEASES {
        let Some(package) = cached_package(version) else {
            not_compared(version, "cargo's cache lacks the package");
            continue;
        };
        let texts = Texts {
            member: git_file(&repository, version, "crates/wasi/Cargo.toml"),
            workspace: git_file(&repository, version, "Cargo.toml"),
            published: file_of_package(&package, "Cargo.toml"),
        };
        assert_eq!(
            texts.member,
            file_of_package(&package, "Cargo.toml.orig"),
            "{version}"
        );
        let made = from_both(&texts, &["all", "process_stdin"]);
        assert_eq!(
            dependencies(&made.text),
            dependencies(&texts.published),
            "{version}"
        );
        let dropped: Vec<&str> = made.dropped.iter().map(|d| d.name.as_str()).collect();
        let expected = [
            "test-programs-artifacts",
            "wasmtime-test-util",
            "all",
            "process_stdin",
        ];
        assert_eq!(dropped, expected, "{version}");
        assert_eq!(made.edition, "2024");
    }
}

/// Says what a run leaves out; `cargo test` does not swallow it.
fn not_compared(what: &str, why: &str) {
    let line = format!("not compared: {what}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Makes the fork's manifest from both sources and checks that they agree, and
/// that cargo takes it below another workspace.
fn from_both(texts: &Texts, left_out: &[&str]) -> Generated {
    let git = Inherited::from_workspace(&texts.member, &texts.workspace).unwrap();
    let registry = Inherited::from_published(&texts.member, &texts.published).unwrap();
    assert_eq!(git, registry);
    let plain = additions(left_out, "");
    let made = generate(&texts.member, &git, &fork(), &plain).unwrap();
    let from_registry = generate(&texts.member, &registry, &fork(), &plain).unwrap();
    assert_eq!(from_registry, made);

    let ours = "[[cargo.test]]\nname = \"loopback\"\nrequired-features = [\"p3\"]\n\
                [[cargo.bench]]\nname = \"speed\"\nharness = false\n\
                [cargo.lints.rust]\nunsafe_code = \"deny\"\n";
    let more = generate(&texts.member, &git, &fork(), &additions(left_out, ours)).unwrap();
    let package = read_by_cargo(&more.text);
    assert_eq!(
        (&package["name"], &package["version"]),
        (&"wash-wasi".into(), &"2.0.0-rc.6".into())
    );
    let targets = package["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap());
    assert_eq!(
        targets.collect::<Vec<_>>(),
        ["wash_wasi", "loopback", "speed"]
    );
    made
}

fn additions(left_out: &[&str], more: &str) -> Additions {
    manifest_with(&format!("[cargo]\nomit-tests = {left_out:?}\n{more}")).cargo
}

fn fork() -> ForkPackage {
    ForkPackage {
        name: "wash-wasi".to_owned(),
        version: "2.0.0-rc.6".to_owned(),
        authors: vec!["The fork".to_owned()],
        description: "A fork".to_owned(),
        repository: "https://example.org/fork".to_owned(),
        notice: vec![
            "Generated.".to_owned(),
            String::new(),
            "By a test.".to_owned(),
        ],
        unpublished_note: "They run elsewhere.".to_owned(),
    }
}

/// Returns what cargo reads as a package's dependencies, features as sets.
fn dependencies(manifest: &str) -> Vec<Value> {
    let mut dependencies = read_by_cargo(manifest)["dependencies"]
        .as_array()
        .unwrap()
        .clone();
    for dependency in &mut dependencies {
        let features = dependency["features"].as_array_mut().unwrap();
        features.sort_by_key(Value::to_string);
        features.dedup();
    }
    dependencies.sort_by_key(Value::to_string);
    assert!(!dependencies.is_empty());
    dependencies
}

/// Returns the package that cargo reads from a manifest which lies below
/// another workspace.
fn read_by_cargo(manifest: &str) -> Value {
    let dir = TempDir::new().unwrap();
    write(dir.path(), "Cargo.toml", "[workspace]\nmembers = []\n");
    // The published manifest has no `[workspace]`, as packages need none.
    let own = if manifest.contains("[workspace]") {
        ""
    } else {
        "[workspace]\n"
    };
    write(dir.path(), "fork/Cargo.toml", &format!("{manifest}{own}"));
    let files = ["src/lib.rs", "tests/loopback.rs", "benches/speed.rs"];
    let published = [
        "tests/all/main.rs",
        "tests/process_stdin.rs",
        "tests/stdin.rs",
        "README.md",
    ];
    for file in files.iter().chain(&published) {
        write(&dir.path().join("fork"), file, "");
    }
    let output = cargo(
        &dir.path().join("fork"),
        &["metadata", "--no-deps", "--format-version=1"],
    );
    let metadata: Value = serde_json::from_slice(&output).unwrap();
    metadata["packages"][0].clone()
}

/// Has the real cargo publish the small workspace's crate, as far as its file.
fn packaged_by_cargo() -> Texts {
    let dir = TempDir::new().unwrap();
    for (path, text) in WORKSPACE {
        write(dir.path(), path, text);
    }
    let guests = "[package]\nname = \"guests\"\nversion = \"0.0.0\"\nedition = \"2021\"\n";
    write(dir.path(), "guests/Cargo.toml", guests);
    // Without the lock file nothing has to be looked up in a registry.
    let arguments = [
        "package",
        "-p",
        "up-net",
        "--no-verify",
        "--allow-dirty",
        "--exclude-lockfile",
    ];
    cargo(dir.path(), &arguments);
    let package = dir.path().join("target/package/up-net-41.0.0.crate");
    let text = |path: &str| fs::read_to_string(dir.path().join(path)).unwrap();
    let (member, workspace) = (text("net/Cargo.toml"), text("Cargo.toml"));
    assert_eq!(member, file_of_package(&package, "Cargo.toml.orig"));
    Texts {
        member,
        workspace,
        published: file_of_package(&package, "Cargo.toml"),
    }
}

/// Runs cargo without network and configuration, and returns what it prints.
fn cargo(dir: &Path, arguments: &[&str]) -> Vec<u8> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program)
        .args(arguments)
        .arg("--offline")
        .current_dir(dir)
        .env("CARGO_HOME", dir.join("cargo-home"))
        .env("CARGO_TARGET_DIR", dir.join("target"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn git_file(repository: &Path, version: &str, path: &str) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["show", &format!("v{version}:{path}")])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Returns upstream's package where cargo has downloaded it.
fn cached_package(version: &str) -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")))?;
    let registries = fs::read_dir(home.join("registry/cache")).ok()?;
    let name = format!("wasmtime-wasi-{version}.crate");
    registries
        .flatten()
        .map(|registry| registry.path().join(&name))
        .find(|path| path.is_file())
}

/// Returns a file at the root of a package.
fn file_of_package(package: &Path, name: &str) -> String {
    let file = fs::File::open(package).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        if path.components().count() == 2 && path.ends_with(name) {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            return text;
        }
    }
    panic!("{} has no {name}", package.display());
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
