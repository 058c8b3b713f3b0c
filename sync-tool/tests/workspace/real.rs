//! The workspaces of upstream's own releases.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gates::workspace::{Parts, Workspace};
use host::{Environment, Host, Silent, disk};
use recipe::make;
use recipe::manifest::Manifest;
use recipe::tree::Tree;
use upstream::{Locked, SourceChoice, SourceOptions, Upstream};

use crate::world::text;

/// Upstream's releases, and files that their tests are built from.
const RELEASES: [(&str, [&str; 4]); 3] =
    [("38.0.4", NEEDED), ("41.0.0", NEEDED), ("48.0.0", NEEDED)];
const NEEDED: [&str; 4] = [
    "crates/test-programs/artifacts/build.rs",
    "crates/wasi-preview1-component-adapter/build.rs",
    "crates/wasi-http/Cargo.toml",
    "cranelift/codegen/src/isa/x64/lower.isle",
];

#[test]
fn upstreams_workspaces_take_the_fork_up() {
    let Some(upstream) = std::env::var_os("WASH_WASI_UPSTREAM").map(PathBuf::from) else {
        let line = b"not laid out: upstream's workspaces: WASH_WASI_UPSTREAM is not set\n";
        std::io::stderr().write_all(line).unwrap();
        return;
    };
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = Manifest::parse(text(&project.join("manifest.toml"))).unwrap();
    let owned = disk::read_tree(&project.join(manifest.fork.owned.as_str())).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let host = Host::new(Environment::of_process().unwrap(), Arc::new(Silent)).unwrap();
    let options = SourceOptions {
        choice: SourceChoice::Git,
        upstream: Some(upstream.display().to_string().into()),
        cache: cache.path().to_path_buf(),
        offline: false,
        project_dir: project,
        name: manifest.upstream.name.clone(),
        repository: manifest.upstream.repository.clone().into(),
        path: manifest.upstream.path.clone(),
        tag: manifest.upstream.tag.clone(),
    };
    let upstream = Upstream::new(&host, options).unwrap();
    for (version, needed) in RELEASES {
        let release = upstream.release(&version.parse().unwrap(), Locked::default());
        let release = release.unwrap();
        let mut tree: Tree = release.tree.clone();
        tree.extend(owned.clone());
        let lay_out = || {
            Workspace::lay_out(Parts {
                host: &host,
                cache: cache.path(),
                upstream: &upstream,
                release: &release,
                tree: &tree,
                manifest: &manifest,
                line: "test",
            })
        };
        let workspace = lay_out().unwrap();
        assert!((1_000..4_000).contains(&workspace.files), "{workspace:?}");
        for path in needed {
            assert!(workspace.dir.join(path).is_file(), "{version}: {path}");
        }
        assert!(
            !workspace
                .dir
                .join("crates/wasi-nn/examples/image_classification.onnx")
                .exists()
        );
        assert!(make::rust_version(&release).unwrap().is_some());
        let lock = text(&workspace.dir.join("Cargo.lock"));
        assert_eq!(Some(lock), release.cargo_lock);
        drop(workspace);
        assert!(lay_out().unwrap().reused, "{version}");
    }
}
