//! The small upstream workspace, and the fork's project.

/// The release that is followed, and the one that comes after it.
pub(crate) const RELEASES: [&str; 2] = ["41.0.0", "42.0.0"];

const WORKSPACE: &str = r#"[workspace]
resolver = "3"
members = ["crates/wasi", "crates/test-programs"]

[workspace.package]
version = "VERSION"
edition = "2024"
rust-version = "1.85"

[workspace.dependencies]
test-programs = { path = "crates/test-programs" }
"#;

const LOCK: &str = r#"version = 4

[[package]]
name = "test-programs"
version = "VERSION"

[[package]]
name = "wasmtime-wasi"
version = "VERSION"
dependencies = [
 "test-programs",
]
"#;

const CRATE: &str = r#"[package]
name = "wasmtime-wasi"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license = "MIT"
description = "WASI for tests"
include = ["src/**/*", "tests/**/*"]

[features]
default = ["p1", "p2"]
p0 = []
p1 = []
p2 = []
p3 = []

[dev-dependencies]
test-programs = { workspace = true }

[[test]]
name = "process_stdin"
harness = false
"#;

const PROGRAMS: &str = "[package]\nname = \"test-programs\"\nversion.workspace = true\n\
    edition.workspace = true\npublish = false\n";

/// The library knows whether it is the fork's: the package's name is no identifier,
/// so no rule rewrites it.
const LIB: &str = r#"//! WASI for tests.

/// Tells whether this is a fork.
///
/// ```
/// assert_eq!(wasmtime_wasi::is_fork(), wasmtime_wasi::is_fork());
/// ```
pub fn is_fork() -> bool {
    !env!("CARGO_PKG_NAME").starts_with("wasmtime")
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_knows_what_it_is() {
        assert_eq!(super::is_fork(), super::is_fork());
    }
}
"#;

/// The first lines of `tests/all/main.rs`; more tests are put behind them.
pub(crate) const HEAD: &str = r#"use test_programs::GUEST;
use wasmtime_wasi::is_fork;

mod p1 {
    #[test]
    fn p1_guest_runs() {
        assert_eq!(super::GUEST, "guest");
    }
}

mod p2 {
    #[test]
    fn p2_tcp_bind() {}

    #[test]
    fn p2_random() {
        let _ = super::is_fork();
    }

    #[test]
    #[ignore = "needs a terminal"]
    fn p2_cli_terminal() {}
}

#[cfg(feature = "p3")]
mod p3 {
    #[test]
    fn p3_sockets_udp_connect() {}
}
"#;

/// A program of its own that takes its arguments for something else than a test's name.
const STDIN: &str = r#"fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    println!("this is no list: {args:?}");
}
"#;

const TEST: &str = r#"//! What the fork adds.

#[test]
fn it_is_the_fork() {
    assert!(wash_wasi::is_fork());
}
"#;

pub(crate) const MANIFEST: &str = r#"[upstream]
crate = "wasmtime-wasi"
repository = "URL"
path = "crates/wasi"
tag = "v{version}"

[fork]
crate = "wash-wasi"
path = "vendor/wash-wasi"
version = "1.0.0"
upstream = "41.0.0"
authors = ["The fork's"]
description = "With a loopback"
repository = "https://example.org/fork"

[[rewrite]]
from = "wasmtime_wasi"
to = "wash_wasi"

[[files]]
paths = ["src/**", "tests/**"]
kind = "direct"

[[files]]
paths = ["Cargo.toml"]
kind = "generated"

[[files]]
paths = ["tests/loopback.rs"]
kind = "owned"

[cargo]
omit-tests = ["all", "process_stdin"]

[[cargo.test]]
name = "loopback"

[[history]]
fork = "1.0.0"
upstream = "41.0.0"
notes = "The first"

[tests]
programs = ["crates/test-programs/**"]
"#;

/// The project's files besides the manifest.
pub(crate) const PROJECT: [(&str, &str); 2] = [
    (".gitignore", "/target/\n/vendor/\n"),
    ("patches/loopback/tests/loopback.rs", TEST),
];

/// Returns the files of upstream's workspace, with more tests in `tests/all`.
pub(crate) fn upstream(version: &str, tests: &str) -> Vec<(&'static str, String)> {
    let files = [
        ("Cargo.toml", WORKSPACE),
        ("Cargo.lock", LOCK),
        ("crates/test-programs/Cargo.toml", PROGRAMS),
        (
            "crates/test-programs/src/lib.rs",
            "//! Guests.\n\n/// One.\npub const GUEST: &str = \"guest\";\n",
        ),
        ("crates/wasi/Cargo.toml", CRATE),
        ("crates/wasi/src/lib.rs", LIB),
        ("crates/wasi/tests/all/main.rs", HEAD),
        ("crates/wasi/tests/process_stdin.rs", STDIN),
    ];
    let files = files.into_iter().map(|(path, text)| {
        let more = if text == HEAD { tests } else { "" };
        (path, format!("{text}{more}").replace("VERSION", version))
    });
    files.collect()
}
