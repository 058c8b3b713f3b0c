//! Upstream's releases in the small world: a workspace that cargo builds without
//! a registry.

/// The releases, in order.
///
/// 42 changes a protected file near the fork's change, 43 the very line, 44
/// deletes a protected file, 45 brings files that no rule names.
pub(crate) const RELEASES: [&str; 7] = [
    "38.0.1", "38.0.4", "41.0.0", "42.0.0", "43.0.0", "44.0.0", "45.0.0",
];

const WORKSPACE: &str = r#"[workspace]
resolver = "3"
members = ["crates/wasi", "crates/guests"]

[workspace.package]
version = "VERSION"
authors = ["Up Stream"]
edition = "2024"
rust-version = "1.85"

[workspace.lints.rust]
unused_lifetimes = "warn"

[workspace.dependencies]
wasm-guests = { path = "crates/guests" }
"#;

const CRATE: &str = r#"[package]
name = "wasmtime-wasi"
version.workspace = true
authors.workspace = true
edition.workspace = true
rust-version.workspace = true
license = "Apache-2.0 WITH LLVM-exception"
description = "WASI for tests"
repository = "https://example.org/up"
include = ["src/**/*", "tests/**/*", "wit/**/*", "*.md"]

[lints]
workspace = true

[features]
default = ["p2"]
p0 = []
p1 = []
p2 = []
p3 = []

[dev-dependencies]
wasm-guests = { workspace = true }

[[test]]
name = "process_stdin"
harness = false
"#;

const LOCK: &str = r#"version = 4

[[package]]
name = "wasm-guests"
version = "VERSION"

[[package]]
name = "wasmtime-wasi"
version = "VERSION"
dependencies = [
 "wasm-guests",
]
"#;

const LIB: &str = r#"//! WASI for tests, of VERSION.

pub mod random;
pub mod sockets;

/// Returns the crate's version.
///
/// ```
/// assert_eq!(wasmtime_wasi::version(), "VERSION");
/// ```
pub fn version() -> &'static str {
    "VERSION"
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_a_version() {
        assert!(!crate::version().is_empty());
    }
}
"#;

const RANDOM: &str = r#"//! Random bytes.

/// Returns the first byte.
pub fn first(bytes: &[u8; 4]) -> u8 {
    // SAFETY: there are four of them.
    unsafe { *bytes.as_ptr() }
}
"#;

const SOCKETS: &str = r#"//! Sockets.

mod tcp;

pub use tcp::Socket;

/// The ports that the host listens on.
pub const PORTS: [u16; 2] = [80, 443];

/// Connects to a port.
pub fn connect(port: u16) -> Option<Socket> {
    let port = Some(port).filter(|port| PORTS.contains(port))?;
    Some(Socket::host(port))
}
"#;

const TCP: &str = r#"//! TCP.

/// A socket.
#[derive(Debug, PartialEq, Eq)]
pub struct Socket {
    port: u16,
}

impl Socket {
    /// Makes a socket of the host.
    pub fn host(port: u16) -> Self {
        Socket { port }
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }
}
"#;

/// A test that only upstream's workspace can run; rewriting changes the order of its imports.
const ALL: &str = r#"use wasm_guests::GUEST;
use wasmtime_wasi::version;

#[test]
fn a_guest_runs() {
    assert_ne!(GUEST, version());
}
"#;

/// Returns the files of the workspace at a release.
pub(crate) fn files(version: &str) -> Vec<(String, String)> {
    let line: u64 = version[..2].parse().expect("a number");
    let mut files = vec![
        ("Cargo.toml", WORKSPACE.to_owned()),
        ("Cargo.lock", LOCK.to_owned()),
        ("README.md", "The workspace.\n".to_owned()),
        ("crates/guests/Cargo.toml", guests()),
        (
            "crates/guests/src/lib.rs",
            "//! Guests.\n\n/// One.\npub const GUEST: &str = \"guest\";\n".to_owned(),
        ),
        ("crates/wasi/Cargo.toml", CRATE.to_owned()),
        (
            "crates/wasi/README.md",
            "# wasmtime-wasi\n\nUse `wasmtime_wasi`, of VERSION.\n".to_owned(),
        ),
        ("crates/wasi/src/lib.rs", LIB.to_owned()),
        ("crates/wasi/src/random.rs", RANDOM.to_owned()),
        ("crates/wasi/src/sockets/mod.rs", sockets(line)),
        ("crates/wasi/tests/all/main.rs", ALL.to_owned()),
        (
            "crates/wasi/tests/process_stdin.rs",
            "fn main() {}\n".to_owned(),
        ),
        (
            "crates/wasi/wit/world.wit",
            "package wasi:all@VERSION;\n".to_owned(),
        ),
        ("crates/wasi/notes.txt", "Not in the package.\n".to_owned()),
    ];
    let tcp = if line == 44 { "stream" } else { "tcp" };
    let tcp = format!("crates/wasi/src/sockets/{tcp}.rs");
    files.push((&tcp, TCP.to_owned()));
    if line == 38 {
        files.push((
            "crates/wasi/wit/deps/old.wit",
            "package wasi:old;\n".to_owned(),
        ));
    } else {
        files.push((
            "crates/wasi/wit/deps/new.wit",
            "package wasi:new;\n".to_owned(),
        ));
    }
    if line == 45 {
        files.push(("crates/wasi/src/fresh.rs", "//! Not used yet.\n".to_owned()));
        files.push(("crates/wasi/NEWS.md", "News.\n".to_owned()));
    }
    files
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.replace("VERSION", version)))
        .collect()
}

fn guests() -> String {
    "[package]\nname = \"wasm-guests\"\nversion.workspace = true\nedition.workspace = true\n\
     publish = false\n"
        .to_owned()
}

fn sockets(line: u64) -> String {
    let near = SOCKETS.replace("Connects to a port.", "Connects to a port of the host.");
    match line {
        ..=41 => SOCKETS.to_owned(),
        43 => near.replace("Some(Socket::host(port))", "Socket::host(port).into()"),
        44 => near
            .replace("mod tcp", "mod stream")
            .replace("tcp::", "stream::"),
        _ => near,
    }
}
