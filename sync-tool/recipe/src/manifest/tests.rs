//! What `manifest.toml` means, which faults are found, and what edits keep.

mod coherence;
mod edit;
mod faults;
mod mutated;
mod radar;
mod read;
mod renames;
mod support;
mod together;
mod upstream_tests;

use semver::Version;

use super::Manifest;
use crate::tree::TreePath;

/// A manifest with all its tables, with comments in every place a person puts them.
const GOOD: &str = r##"# What the fork is made from.

[upstream]
crate = "wasmtime-wasi"
repository = "https://github.com/bytecodealliance/wasmtime"
path = "crates/wasi"
tag = "v{version}"

[fork]
crate = "wash-wasi"
path = "vendor/wash-wasi"
version = "2.0.0-rc.6" # the fork's own
upstream = "41.0.0"                  # the pin
authors = ["One", "Two"]
description = "WASI with a loopback network"
repository = "https://example.com/wash"

# Word-bounded: never touches wasmtime_wasi_io.
[[rewrite]]
from = "wasmtime_wasi"
to = "wash_wasi"

[[insert]]
files = ["src/**/*.rs"]
when-contains = "unsafe"             # which files these are differs by release
text = '#![allow(unsafe_code, reason = "as upstream")]'
optional = true

[[files]]
paths = ["src/**", "tests/**", "LICENSE"]
kind = "direct"

# The seams.
[[files]]
paths = [
    "src/lib.rs",
    "src/sockets/mod.rs",
]
kind = "patched"

[[files]]
paths = ["Cargo.toml"]
kind = "generated"

[[files]]
paths = ["src/p0/*"] # not `src/p0/a/b`
kind = "omitted"
optional = true

[cargo]
omit-tests = ["all"]

[cargo.dev-dependencies]
proptest = "1"

[[series]]
base = "41.0.0"
patches = "patches/v41.0.0"

[[series]] # older, and below
base = "38.0.4"
patches = "patches/v38.0.4"

# Which was which.
[[history]]
fork = "2.0.0-rc.6"
upstream = "41.0.0"
notes = "WIT consolidation"

[[history]]
fork = "2.0.0-rc.2"
upstream = "38.0.4"
notes = "first"

[documents]
versions = ["README.md", "docs/upgrade.md"]
differences = ["docs/differences.md"]

# The end.
"##;

fn manifest(text: &str) -> Manifest {
    Manifest::parse(text).unwrap_or_else(|e| panic!("it has faults: {e}"))
}

/// Returns the good manifest with one text in it, that is there once, replaced.
fn good_with(old: &str, new: &str) -> String {
    assert_eq!(GOOD.matches(old).count(), 1, "`{old}` has to be there once");
    GOOD.replace(old, new)
}

fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

fn path(text: &str) -> TreePath {
    TreePath::new(text).expect("a path")
}
