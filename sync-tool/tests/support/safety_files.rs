//! What upstream and the project consist of.

use super::world::{CONFLICTING, NEXT, OLD};

const MODULE: &str = "\
//! Sockets.

/// Opens one.
pub fn open() -> u32 {
    1
}

/// Closes one.
pub fn close() {}
";

pub(crate) const PATCH_TEXT: &str = "\
Change: a module for the loopback network
Reason: upstream has none

--- a/src/sockets/mod.rs
+++ b/src/sockets/mod.rs
@@ -1,4 +1,6 @@
 //! Sockets.
 
+pub mod loopback;
+
 /// Opens one.
 pub fn open() -> u32 {
";

/// The manifest of the project, `URL` standing for upstream's.
pub(crate) const MANIFEST: &str = r#"[upstream]
crate = "wasmtime-wasi"
repository = "URL"
path = "crates/wasi"
tag = "v{version}"

[fork]
crate = "wash-wasi"
path = "vendor/fork"
version = "2.0.0-rc.5"
upstream = "38.0.1"
authors = ["A"]
description = "d"
repository = "https://example.org"

[[rewrite]]
from = "wasmtime_wasi"
to = "wash_wasi"

[[files]]
paths = ["src/**", "tests/**", "wit/**", "README.md"]
kind = "direct"

[[files]]
paths = ["Cargo.toml"]
kind = "generated"

[[files]]
paths = ["src/sockets/mod.rs"]
kind = "patched"

[[files]]
paths = ["src/sockets/loopback.rs"]
kind = "owned"

[cargo]
omit-tests = ["all"]

[documents]
versions = ["README.md"]
differences = ["docs/differences.md"]

[[series]]
base = "38.0.1"
patches = "patches/v38.0.1"

[[history]]
fork = "2.0.0-rc.5"
upstream = "38.0.1"
notes = "First"
"#;

/// Returns upstream's module that the series patches, at a release.
pub(crate) fn module(version: &str) -> String {
    match version {
        OLD | NEXT => MODULE.to_owned(),
        CONFLICTING => MODULE.replace(
            "//! Sockets.\n\n",
            "//! Sockets.\n\npub mod loopback {}\n\n",
        ),
        _ => MODULE.replace("u32", "u64"),
    }
}
