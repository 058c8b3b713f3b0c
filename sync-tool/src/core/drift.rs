//! Drift: what is not as upstream, manifest and patches give it.

use serde::Serialize;

use super::lock::Lock;
use super::manifest::FileKind;
use super::series::Inputs;
use super::tree::{Entries, TreePath};

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The path: in the vendored tree, or of a file of the project from its root.
    pub path: String,
    /// What is wrong with it.
    pub what: What,
    /// The kind of a vendored file; `None` for inputs and files that belong to nobody.
    pub kind: Option<FileKind>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Its bytes are others.
    Changed,
    /// Its mode is another.
    Mode,
    /// It is not there.
    Missing,
    /// It should not be there.
    Unknown,
    /// It is nothing that a tree can hold: a link, a device, an odd name.
    Stray,
    /// An input is not the one that the tree was made of.
    Input,
    /// The lock or a document of the project is not what the tool writes there.
    Generated,
}

impl What {
    /// Tells whether it is a file of the project, and not of the vendored tree.
    pub fn is_of_project(self) -> bool {
        matches!(self, What::Input | What::Generated)
    }

    /// Returns the end of a sentence that begins with the path.
    pub fn told(self) -> &'static str {
        match self {
            What::Changed => "was changed",
            What::Mode => "has another mode",
            What::Missing => "is missing",
            What::Unknown => "does not belong there",
            What::Stray => "is no plain file",
            What::Input => "is not what the tree was made of",
            What::Generated => "is not what the tool writes there",
        }
    }
}

/// Compares a tree with what it should be.
pub fn between(expected: &Entries, found: &Entries) -> Vec<(TreePath, What)> {
    let mut drift = Vec::new();
    for (path, entry) in &expected.0 {
        let what = match found.0.get(path) {
            None => What::Missing,
            Some(now) if now.digest != entry.digest => What::Changed,
            // Windows knows no modes.
            Some(now) if now.mode != entry.mode && cfg!(unix) => What::Mode,
            Some(_) => continue,
        };
        drift.push((path.clone(), what));
    }
    let unknown = found
        .0
        .keys()
        .filter(|path| !expected.0.contains_key(*path));
    drift.extend(unknown.map(|path| (path.clone(), What::Unknown)));
    drift.sort();
    drift
}

/// Compares the project's inputs with those that the lock's tree was made of.
pub fn of_inputs(lock: &Lock, inputs: &Inputs) -> Vec<Drift> {
    let input = |path: &str| Drift {
        path: path.to_owned(),
        what: What::Input,
        kind: None,
    };
    let mut drift = Vec::new();
    let manifest = &inputs.manifest;
    if manifest.rules_digest() != lock.tree.rules {
        drift.push(input(super::manifest::FILE));
    }
    let series = lock
        .tree
        .series
        .as_ref()
        .and_then(|base| inputs.series_of(base));
    let now = inputs.digests(&lock.upstream.version, series);
    let locked = &lock.inputs;
    let mut paths: Vec<&TreePath> = now.keys().chain(locked.keys()).collect();
    paths.sort();
    paths.dedup();
    let changed = paths
        .into_iter()
        .filter(|path| now.get(*path) != locked.get(*path));
    drift.extend(changed.map(|path| input(path.as_str())));
    drift
}
