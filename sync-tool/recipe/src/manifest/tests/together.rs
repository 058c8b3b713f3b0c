//! Faults of many places come in one error.

use insta::assert_snapshot;

use super::faults::{error, told};

/// One fault in each of ten places.
const TEN: &str = r#"
[upstream]
crate = "wasmtime-wasi"
repository = "https://github.com/bytecodealliance/wasmtime"
path = "../wasi"
tag = "v41"

[fork]
crate = 3
path = "vendor/wash-wasi"
verson = "2.0.0-rc.6"
version = "2.0.0-rc.6"
upstream = "41.0.0"
authors = ["One"]
description = "WASI"
repository = "https://example.com/wash"

[[rewrite]]
from = "wasmtime wasi"
to = "wash_wasi"

[[insert]]
files = ["src/[a"]
text = '#![allow(unsafe_code)]'

[[files]]
paths = ["src/**", "LICENSE"]
kind = "direct"

[[files]]
paths = ["LICENSE"]
kind = "omitted"

[[series]]
base = "41.0.0"
patches = "patches/v41.0.0"

[[series]]
base = "41.0.0"
patches = "patches/again"

[[history]]
fork = "2.0.0-rc.6"
upstream = "41.0.0"

[docs]
"#;

#[test]
fn ten_faults_are_told_together() {
    let error = error(TEN);
    assert_eq!(error.all_faults().len(), 10);
    assert_snapshot!(told(&error), @r#"
    manifest.toml:46:2 `docs`: unknown key `docs`
      known here: upstream, fork, rewrite, rename, insert, files, owned, cargo, series, history, documents, tests, radar
    manifest.toml:5:8 `"../wasi"`: `../wasi` leaves the tree
      name a relative path without `..`, with `/` between its parts
    manifest.toml:6:7 `"v41"`: `tag` does not hold `{version}` once
      write it as "v{version}"
    manifest.toml:11:1 `verson`: unknown key `fork.verson`
      did you mean `version`?
    manifest.toml:9:9 `3`: `fork.crate` is not a string
      put it in quotes
    manifest.toml:19:8 `"wasmtime wasi"`: `wasmtime wasi` is not a name
      a rewrite takes letters, digits and `_`
    manifest.toml:23:10 `"src/[a"`: `src/[a` is not a glob: unclosed character class; missing ']'
      `*` stays within a directory, `**` crosses them
    manifest.toml:31:10 `"LICENSE"`: `LICENSE` stands in more than one rule
      keep it in the one that is meant
    manifest.toml:38:1 `[[series]]`: two series have the base 41.0.0
      keep one of them
    manifest.toml:42:1 `[[history]]`: `history.notes` is missing
      add `notes = …`
    "#);
}
