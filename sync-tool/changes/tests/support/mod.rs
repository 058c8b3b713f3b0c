//! Upstream's real releases, from the package registry.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use host::{Environment, Host, Silent};
use recipe::tree::{Tree, TreePath};
use upstream::SourceOptions;
use upstream::registry::Registry;

/// Returns the files of a release of `wasmtime-wasi`, as upstream wrote them.
pub(crate) fn release(version: &str) -> Arc<Tree> {
    static RELEASES: OnceLock<Mutex<BTreeMap<String, Arc<Tree>>>> = OnceLock::new();
    let mut releases = RELEASES
        .get_or_init(Mutex::default)
        .lock()
        .expect("no test failed while it read a release");
    let read = || Arc::new(read(version));
    Arc::clone(releases.entry(version.to_owned()).or_insert_with(read))
}

fn read(version: &str) -> Tree {
    let cache = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("registry-cache");
    let environment = Environment::of_process().expect("an environment");
    let host = Host::new(environment, Arc::new(Silent)).expect("a host");
    let path = TreePath::new("crates/wasi").expect("a path");
    let options = SourceOptions::new("wasmtime-wasi", path, cache, env!("CARGO_MANIFEST_DIR"));
    let registry = Registry::new(&host, &options).expect("a source");
    let version = version.parse().expect("a version");
    match registry.release_checked(&version, None) {
        Ok(release) => release.tree,
        Err(e) => panic!(
            "this test needs a package registry, or {version} in cargo's cache: {e}; {}",
            e.hints().join("; ")
        ),
    }
}
