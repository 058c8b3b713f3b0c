//! The registry that cargo's configuration leads to, with what it really has.

use std::sync::Arc;

use host::{Environment, Host, Silent};
use recipe::release::Workspace;
use recipe::tree::TreePath;
use upstream::SourceOptions;
use upstream::registry::Registry;

use crate::world::{CRATE, version};

/// The checksum that crates.io has published for wasmtime-wasi 41.0.0.
const CHECKSUM: &str = "05d2f7ff9d1172476d401601a5de324f1ed4e7bf87f3cdd311b7a0c0bc9b1c13";
/// The commit that v41.0.0 was tagged at.
const COMMIT: &str = "3dda916921536c2b5233ec98315b6d05c793a34b";

#[test]
fn wasmtime_wasi_41_is_what_was_published() {
    let cache = tempfile::tempdir().unwrap();
    let host = Host::new(Environment::of_process().unwrap(), Arc::new(Silent)).unwrap();
    let path = TreePath::new("crates/wasi").unwrap();
    let options = SourceOptions::new(CRATE, path, cache.path(), env!("CARGO_MANIFEST_DIR"));
    let registry = Registry::new(&host, &options).unwrap();
    let release = registry
        .release_checked(&version("41.0.0"), Some(CHECKSUM))
        .unwrap_or_else(|e| {
            panic!(
                "this test needs a package registry, or the package in cargo's cache: {e}; {}",
                e.hints().join("; ")
            )
        });
    assert_eq!(release.checksum.as_deref(), Some(CHECKSUM));
    assert_eq!(release.commit.as_deref(), Some(COMMIT));
    assert!(release.tree.get("src/ctx.rs").is_some());
    assert!(release.tree.get("Cargo.toml.orig").is_none());
    assert!(
        release
            .cargo_lock
            .is_some_and(|lock| lock.contains("name = \"wasmtime\""))
    );
    let Workspace::Published(manifest) = release.workspace else {
        panic!("a registry gives the published manifest");
    };
    assert!(manifest.contains("version = \"41.0.0\""));
    assert!(registry.is_cached(&version("41.0.0")));
    assert_eq!(
        registry.commit(&version("41.0.0")).unwrap().as_deref(),
        Some(COMMIT)
    );
}
