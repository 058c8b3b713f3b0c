//! The fork's project in the small world: manifest, patches, fork-owned files, documents.

/// The project's files; `URL` stands for upstream's repository.
pub(crate) const FILES: [(&str, &str); 9] = [
    ("manifest.toml", MANIFEST),
    (
        ".gitignore",
        "/target/\n/vendor/wash-wasi/\n/vendor/.wash-wasi-sync/\n",
    ),
    (
        "README.md",
        "# The fork\n\n\
         <!-- wash-wasi-sync: versions (generated; edits are lost) -->\n\
         <!-- wash-wasi-sync: end of versions -->\n",
    ),
    (
        "docs/differences.md",
        "# Differences\n\n\
         <!-- wash-wasi-sync: differences (generated; edits are lost) -->\n\
         <!-- wash-wasi-sync: end of differences -->\n\nThe end.\n",
    ),
    ("patches/loopback/src/sockets/loopback/mod.rs", LOOPBACK),
    ("patches/loopback/tests/loopback.rs", TEST),
    (
        "patches/v38.0.1/files/src/sockets/loopback/ports.rs",
        "//! The ports of the loopback.\n\n/// The first of them.\npub const FIRST: u16 = 443;\n",
    ),
    ("patches/v38.0.1/src/sockets/mod.rs.patch", SOCKETS_PATCH),
    ("patches/v38.0.1/src/sockets/tcp.rs.patch", TCP_PATCH),
];

const MANIFEST: &str = r##"# What people decide.

[upstream]
crate = "wasmtime-wasi"
repository = "URL"
path = "crates/wasi"
tag = "v{version}"

[fork]
crate = "wash-wasi"
path = "vendor/wash-wasi"
version = "2.0.0-rc.6"
upstream = "41.0.0" # the pin
authors = ["The fork's"]
description = "With a loopback"
repository = "https://example.org/fork"

[[rewrite]]
from = "wasmtime_wasi"
to = "wash_wasi"

[[insert]]
files = ["src/**/*.rs"]
when-contains = "unsafe"
text = '#![allow(unsafe_code, reason = "as upstream")]'

[[files]]
paths = ["src/**", "tests/**", "wit/**", "README.md"]
kind = "direct"

[[files]]
paths = ["Cargo.toml"]
kind = "generated"

[[files]]
paths = ["src/sockets/mod.rs", "src/sockets/tcp.rs"]
kind = "patched"
optional = true

[[files]]
paths = ["src/sockets/loopback/**", "tests/loopback.rs"]
kind = "owned"

[cargo]
omit-tests = ["all", "process_stdin"]

[cargo.lints.rust]
unsafe_code = "deny"

[[cargo.test]]
name = "loopback"

[documents]
versions = ["README.md"]
differences = ["docs/differences.md"]

[[series]]
base = "38.0.1"
patches = "patches/v38.0.1"

[[history]]
fork = "2.0.0-rc.5"
upstream = "38.0.1"
notes = "The first"

[[history]]
fork = "2.0.0-rc.6"
upstream = "41.0.0"
notes = "The second"
"##;

const LOOPBACK: &str = r#"//! The loopback.

mod ports;

use super::Socket;

/// Returns a socket of the loopback, where it has the port.
pub fn socket(port: u16) -> Option<Socket> {
    (port >= ports::FIRST).then(|| {
        let mut socket = Socket::host(port);
        socket.loopback = true;
        socket
    })
}
"#;

const TEST: &str = r#"//! The loopback, from outside.

use wash_wasi::sockets::connect;

#[test]
fn both_networks_connect() {
    let [host, looped] = [80, 443].map(|port| connect(port).expect("a socket"));
    assert!(!host.is_loopback() && looped.is_loopback());
}
"#;

const SOCKETS_PATCH: &str = r"Change: the loopback is asked before the host
Reason: components of one workload talk without the host's network

--- a/src/sockets/mod.rs
+++ b/src/sockets/mod.rs
@@ -4,11 +4,13 @@
 
 pub use tcp::Socket;
 
+pub mod loopback;
+
 /// The ports that the host listens on.
 pub const PORTS: [u16; 2] = [80, 443];
 
 /// Connects to a port.
 pub fn connect(port: u16) -> Option<Socket> {
     let port = Some(port).filter(|port| PORTS.contains(port))?;
-    Some(Socket::host(port))
+    Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))
 }
";

const TCP_PATCH: &str = r"Change: a socket knows whether it is of the loopback
Reason: the host must not be asked for what only the loopback has

--- a/src/sockets/tcp.rs
+++ b/src/sockets/tcp.rs
@@ -4,12 +4,19 @@
 #[derive(Debug, PartialEq, Eq)]
 pub struct Socket {
     port: u16,
+    pub(super) loopback: bool,
 }
 
 impl Socket {
     /// Makes a socket of the host.
     pub fn host(port: u16) -> Self {
-        Socket { port }
+        let loopback = false;
+        Socket { port, loopback }
+    }
+
+    /// Tells whether it is of the loopback.
+    pub fn is_loopback(&self) -> bool {
+        self.loopback
     }
 
     /// Returns the port.
";
