//! Small manifests, one for each rule.

mod additions;
mod generated;
mod inherited;
mod workspace_form;

use toml_edit::Document;

use super::{Additions, ForkPackage, check_paths};
use crate::error::{Error, Result, no_faults};
use crate::reader::{Reader, Section, TomlFile};

/// A crate that inherits in every way upstream does.
pub(super) const MEMBER: &str = r#"[package]
name = "up-net"
# Set for the whole workspace.
version.workspace = true # all move together
authors.workspace = true
description = "Net"
categories = ["wasm"]
repository = "https://example.org/up"
edition.workspace = true
rust-version = { workspace = true }
include = ["src/**/*", "tests/*"]

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
sock = { workspace = true, features = ["udp", "mock"] }
guests = { workspace = true }
temp = { workspace = true }

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
"#;

/// The workspace's root.
pub(super) const WORKSPACE: &str = r#"[workspace]
members = ["up-net"]

[workspace.package]
version = "41.0.0"
authors = ["Up", "Stream"]
edition = "2024"
rust-version = "1.90.0"

[workspace.dependencies]
sock = { version = "1.2", default-features = false, features = ["tcp"] }
plain = "0.3"
sibling = { path = "../sibling", version = "=41.0.0" }
renamed = { package = "real", version = "4", default-features = false }
guests = { path = "../guests" }
temp = { git = "https://example.org/temp", tag = "v3", version = "3" }
sys = "0.61"

[workspace.lints.rust]
unused-lifetimes = "warn"

[workspace.lints.rust.unexpected_cfgs]
level = "warn"
check-cfg = ['cfg(slow)']

[workspace.lints.clippy]
map_clone = 'warn'
all = { level = "allow", priority = -1 }
"#;

/// The same as cargo normalises it when publishing.
pub(super) const PUBLISHED: &str = r#"[package]
edition = "2024"
rust-version = "1.90.0"
name = "up-net"
version = "41.0.0"
authors = [
    "Up",
    "Stream",
]
autotests = false
description = "Net"
resolver = "2"

[features]
default = ["dep:sibling"]

[[test]]
name = "kept"
path = "tests/kept.rs"

[dependencies.plain]
version = "0.3"

[dependencies.renamed]
version = "4"
default-features = true
package = "real"

[dependencies.sibling]
version = "=41.0.0"
optional = true

[dependencies.sock]
version = "1.2"
features = [
    "tcp",
    "udp",
    "tcp",
]
default-features = false

[dev-dependencies.sock]
version = "1.2"
features = [
    "tcp",
    "udp",
    "mock",
]
default-features = false

[dev-dependencies.temp]
version = "3"

[target."cfg(windows)".dependencies.sys]
version = "0.61"
features = ["Net"]

[lints.clippy]
map_clone = "warn"

[lints.clippy.all]
level = "allow"
priority = -1

[lints.rust]
unused-lifetimes = "warn"

[lints.rust.unexpected_cfgs]
level = "warn"
priority = 0
check-cfg = ["cfg(slow)"]
"#;

/// Additions of every sort.
pub(super) const ADDITIONS: &str = r#"
[cargo]
omit-tests = ["all", "stdin"]

[cargo.dev-dependencies]
sock = { features = ["mock", "fast"] }
plain = { features = ["extra"] }
bench-kit = { version = "2", default-features = false }

[cargo.lints.rust]
unsafe_code = "deny"
unused_lifetimes = "deny"

[[cargo.test]]
name = "loopback"
required-features = ["p3"]

[[cargo.test]]
name = "later"
since = "42.0.0"

[[cargo.test]]
name = "earlier"
until = "41.0.0"

[[cargo.bench]]
name = "loopback"
path = "benches/loopback/main.rs"
harness = false
"#;

pub(super) fn additions(manifest: &str) -> Result<Additions> {
    let document = Document::parse(manifest).unwrap();
    let mut reader = Reader::new(TomlFile::Manifest, manifest.into());
    let section = reader.below(&Section::root(&document), "cargo");
    let additions = section.map(|section| Additions::read(&mut reader, &section));
    no_faults(reader.faults, "faults")?;
    Ok(additions.unwrap())
}

pub(super) fn fork() -> ForkPackage {
    ForkPackage {
        name: "wash-net".to_owned(),
        version: "2.0.0-rc.6".to_owned(),
        authors: vec!["The fork".to_owned()],
        description: "Net, forked".to_owned(),
        repository: "https://example.org/fork".to_owned(),
        notice: vec!["Generated from up-net 41.0.0.".to_owned()],
        unpublished_note: "`ci/upstream` runs them.".to_owned(),
    }
}

/// Returns each error with its next step, a line each.
pub(super) fn told(error: &Error) -> String {
    assert_eq!(error.message(), "the fork's Cargo.toml cannot be made");
    let faults = error.all_faults().iter();
    let lines = faults.map(|fault| {
        let place = fault.place.as_ref().expect("every fault has its place");
        assert_eq!(place.file, "Cargo.toml");
        let help = fault.help.as_ref().expect("every fault has its help");
        format!("{place}: {} -> {help}\n", fault.message)
    });
    lines.collect()
}

#[test]
fn files_outside_of_the_crate_are_named_unless_their_test_is_left_out() {
    let member = MEMBER.replace(
        "[package]\n",
        "[package]\nbuild = \"../build.rs\"\nlicense-file = \"/LICENSE\"\nreadme = \"./README.md\"\n",
    );
    let member = format!(
        "{member}\n[lib]\npath = \"src/../lib.rs\"\n\
         [[bin]]\nname = \"b\"\npath = \"src/../../b.rs\"\n\
         [[test]]\nname = \"t\"\npath = \"../t.rs\"\n\
         [[test]]\nname = \"left\"\npath = \"../left.rs\"\n"
    );
    let errors = check_paths(&member, &["left".to_owned()]).unwrap_err();
    insta::assert_snapshot!(told(&errors), @"
    Cargo.toml: `package.build` is `../build.rs`, which is outside of the crate -> take a release that has the file in the crate's directory, and report it upstream
    Cargo.toml: `package.license-file` is `/LICENSE`, which is outside of the crate -> take a release that has the file in the crate's directory, and report it upstream
    Cargo.toml: `bin.b.path` is `src/../../b.rs`, which is outside of the crate -> take a release that has the file in the crate's directory, and report it upstream
    Cargo.toml: `test.t.path` is `../t.rs`, which is outside of the crate -> add the test to `omit-tests` of `[cargo]` in manifest.toml
    ");
}
