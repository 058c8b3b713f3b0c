//! What the tests of the recipe share.

use super::manifest::Manifest;
use super::tree::{File, Tree, TreePath};

/// The tables that every manifest needs.
pub const HEAD: &str = r#"
[upstream]
crate = "up-net"
repository = "https://example.org/up"
path = "crates/net"
tag = "v{version}"

[fork]
crate = "fork-net"
path = "vendor/fork-net"
version = "2.0.0-rc.6"
upstream = "41.0.0"
authors = ["The fork"]
description = "Net, forked"
repository = "https://example.org/fork"
"#;

/// What every manifest needs whose rules take everything.
pub const GENERATED: &str = "
[[files]]
paths = [\"Cargo.toml\"]
kind = \"generated\"
optional = true
";

/// Makes a manifest with tables behind the ones that every manifest needs.
pub fn manifest_with(tables: &str) -> Manifest {
    Manifest::parse(format!("{HEAD}{tables}{GENERATED}")).expect("a good manifest")
}

/// Makes a path.
pub fn path(text: &str) -> TreePath {
    TreePath::new(text).expect("a good path")
}

/// Makes a tree of texts.
pub fn tree(files: &[(&str, &str)]) -> Tree {
    let files = files.iter();
    files
        .map(|(name, text)| (path(name), File::regular(text.as_bytes())))
        .collect()
}
