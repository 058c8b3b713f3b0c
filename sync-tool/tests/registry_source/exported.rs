//! The fork under upstream's own name, made of this project's inputs and the packages
//! that upstream has published.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use host::{Environment, Host, Silent, disk};
use recipe::compare::{Changed, changes};
use recipe::error::Result;
use recipe::format::{Formatted, Formatter};
use recipe::make::{BuiltTree, TreeParts, inherited, make};
use recipe::manifest::{FILE, FileKind, HistoryRow, Manifest};
use recipe::plan::Plan;
use recipe::prepare::prepare;
use recipe::release::Release;
use recipe::series::{Inputs, choose};
use recipe::tree::{Tree, TreePath};
use upstream::SourceOptions;
use upstream::registry::Registry;

use crate::world::{CRATE, version};

/// The release that the project began with, and the long-term line.
const RELEASES: [&str; 2] = ["41.0.0", "48.0.8"];

/// Where nothing is renamed, nothing is to be formatted.
struct Nothing;

impl Formatter for Nothing {
    fn format(&self, _: &str, files: &[(TreePath, Arc<str>)]) -> Result<Formatted> {
        panic!(
            "formatted: {:?}",
            files.iter().map(|f| &f.0).collect::<Vec<_>>()
        );
    }
}

/// Returns this project's inputs, pinned to a release.
fn inputs(release: &str) -> Inputs {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = Manifest::parse(std::fs::read_to_string(root.join(FILE)).unwrap()).unwrap();
    let upstream = version(release);
    let fork = manifest.fork_version_of(&upstream).cloned();
    let fork = fork.unwrap_or_else(|| manifest.next_fork_version());
    let row = HistoryRow {
        fork: fork.clone(),
        upstream: upstream.clone(),
        notes: "For this test".to_owned(),
    };
    let manifest = manifest.with_history(&row).unwrap();
    let manifest = manifest.with_pin(&upstream, &fork).unwrap();
    // Nothing was decided about a conflict yet, and so there is no such directory.
    let read = |dir: &TreePath| match dir.below(&root).exists() {
        true => disk::read_tree(&dir.below(&root)),
        false => Ok(Tree::new()),
    };
    Inputs::load(manifest, read).unwrap()
}

fn release(of: &str) -> Release {
    let cache = tempfile::tempdir().unwrap();
    let host = Host::new(Environment::of_process().unwrap(), Arc::new(Silent)).unwrap();
    let dir = env!("CARGO_MANIFEST_DIR");
    let path = TreePath::new("crates/wasi").unwrap();
    let options = SourceOptions::new(CRATE, path, cache.path(), dir);
    let registry = Registry::new(&host, &options).unwrap();
    let release = registry.release_checked(&version(of), None);
    release.unwrap_or_else(|e| panic!("this test needs a package registry: {e}"))
}

fn export(inputs: &Inputs, release: &Release) -> BuiltTree {
    let manifest = &inputs.manifest;
    let plan = Plan::of(manifest, &release.tree, &std::collections::BTreeSet::new()).unwrap();
    let inherited = inherited(release).unwrap();
    let edition = &inherited.edition;
    let prepared = prepare(&release.tree, &plan, manifest, edition, &Nothing).unwrap();
    let choice = choose(&inputs.series, &release.version, &prepared.tree);
    assert!(choice.fit.rejected.is_empty(), "{:?}", choice.fit.rejected);
    let patched = choice.fit.applied.into_iter();
    let patched: BTreeMap<_, _> = patched.map(|(path, one)| (path, one.text)).collect();
    let parts = TreeParts {
        release,
        prepared: &prepared.tree,
        patched: &patched,
        series: choice.series,
        inputs,
    };
    make(parts, &inherited).unwrap()
}

/// Returns a text without blank lines and those that are inserted.
fn without(text: &str, is_inserted: impl Fn(&str) -> bool) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter(|line| !line.is_empty() && !is_inserted(line))
        .collect()
}

#[test]
fn an_export_is_upstreams_package_and_the_delta() {
    for of in RELEASES {
        let fork = inputs(of);
        let inputs = fork.as_upstream().unwrap();
        let release = release(of);
        let made = export(&inputs, &release).tree;
        let text =
            |tree: &Tree, path: &str| tree.get(path).and_then(|f| f.text()).map(str::to_owned);
        for (path, file) in made.iter() {
            let Some(text) = file.text() else { continue };
            assert!(!text.contains("wash_wasi"), "{of}: {path}");
            if path.as_str().ends_with(".rs") {
                syn::parse_file(text).unwrap_or_else(|e| panic!("{of}: {path}: {e}"));
            }
        }
        let manifest = text(&made, "Cargo.toml").unwrap();
        let head = format!("name = \"{CRATE}\"\nversion = \"{of}+wash-wasi.");
        assert!(manifest.contains(&head), "{of}: {manifest}");

        let series = choose(&inputs.series, &release.version, &release.tree)
            .series
            .unwrap();
        let inserts = &inputs.manifest.inserts;
        let is_inserted = |line: &str| inserts.iter().any(|rule| rule.text == line);
        let mut patched = 0;
        for change in changes(&inputs.manifest, &release.tree, &made) {
            let path = &change.path;
            let is_owned = matches!(change.kind, FileKind::Owned | FileKind::Generated);
            let (old, new) = (
                text(&release.tree, path.as_str()),
                text(&made, path.as_str()),
            );
            match (change.what, series.patches.get(path)) {
                (Changed::New, _) => assert!(is_owned, "{of}: {path} is new"),
                (Changed::Gone, _) => panic!("{of}: {path} is gone"),
                (Changed::Changed, Some(stored)) => {
                    let new = new.unwrap();
                    let mut delta = stored.patch.delta();
                    delta.added += new.lines().filter(|line| is_inserted(line)).count();
                    assert_eq!(change.lines, delta, "{of}: {path}");
                    patched += 1;
                }
                (Changed::Changed, None) if path.as_str() == "Cargo.toml" => {}
                (Changed::Changed, None) => assert_eq!(
                    without(&old.unwrap(), is_inserted),
                    without(&new.unwrap(), is_inserted),
                    "{of}: {path}"
                ),
            }
        }
        assert_eq!(patched, series.patches.len(), "{of}");
    }
}
