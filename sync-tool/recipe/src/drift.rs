//! Drift: what is not as upstream, manifest and patches give it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::lock::Lock;
use super::manifest::{FileKind, Manifest};
use super::series::Inputs;
use super::tree::{Entries, TreePath};
use crate::error::Fault;
use crate::line_ends::{self, is_converted};

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The path: in the vendored tree, or of a file of the project from its root.
    pub path: String,
    /// What is wrong with it.
    pub what: DriftKind,
    /// The kind of a vendored file; `None` for inputs and files that belong to nobody.
    pub kind: Option<FileKind>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
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
    /// Its line ends are CRLF, and nothing else differs: git converted it. The path is
    /// from the project's root, and may be a directory in which that holds for files.
    LineEnds,
    /// The tree is as a run put it in place, and the lock is of another one, as after a
    /// pull. The path is from the project's root.
    Earlier,
    /// An input is not the one that the tree was made of.
    Input,
    /// The lock or a document of the project is not what the tool writes there.
    Generated,
}

impl DriftKind {
    /// Tells whether it is a file of the project, and not of the vendored tree.
    pub fn is_of_project(self) -> bool {
        matches!(
            self,
            DriftKind::Input | DriftKind::LineEnds | DriftKind::Earlier | DriftKind::Generated
        )
    }

    /// Returns the end of a sentence that begins with the path.
    pub fn description(self) -> &'static str {
        match self {
            DriftKind::Changed => "was changed",
            DriftKind::Mode => "has another mode",
            DriftKind::Missing => "is missing",
            DriftKind::Unknown => "does not belong there",
            DriftKind::Stray => "is not a plain file with a portable name",
            DriftKind::LineEnds => "has line ends that git converted to CRLF",
            DriftKind::Earlier => "is as it was made for another lock",
            DriftKind::Input => "is not what the tree was made of",
            DriftKind::Generated => "is not what the tool writes there",
        }
    }
}

/// Compares a tree with what it should be.
pub fn compare(expected: &Entries, found: &Entries) -> Vec<(TreePath, DriftKind)> {
    let mut drift = Vec::new();
    for (path, entry) in &expected.0 {
        let what = match found.0.get(path) {
            None => DriftKind::Missing,
            Some(now) if now.digest != entry.digest => DriftKind::Changed,
            // Windows knows no modes.
            Some(now) if now.mode != entry.mode && cfg!(unix) => DriftKind::Mode,
            Some(_) => continue,
        };
        drift.push((path.clone(), what));
    }
    let unknown = found
        .0
        .keys()
        .filter(|path| !expected.0.contains_key(*path));
    drift.extend(unknown.map(|path| (path.clone(), DriftKind::Unknown)));
    drift.sort();
    drift
}

/// Puts files whose line ends git converted together: one finding for the vendored
/// tree and one for each directory of the inputs. Returns besides the cause of each.
pub fn group_converted(manifest: &Manifest, all: Vec<Drift>) -> (Vec<Drift>, Vec<Fault>) {
    let tree = &manifest.fork.path;
    let (of_git, mut drift): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.what == DriftKind::LineEnds);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in of_git {
        let is_of_tree = one.path.starts_with(&format!("{tree}/"));
        let dir = match is_of_tree {
            true => tree.as_str(),
            false => manifest.directory_of_input(&one.path),
        };
        *counts.entry(dir.to_owned()).or_default() += 1;
    }
    let mut causes = Vec::new();
    for (path, files) in counts {
        causes.push(line_ends::fault(files, &path, tree));
        drift.push(Drift {
            path,
            what: DriftKind::LineEnds,
            kind: None,
        });
    }
    (drift, causes)
}

/// Compares the project's inputs with those that the lock's tree was made of.
pub fn of_inputs(lock: &Lock, inputs: &Inputs) -> Vec<Drift> {
    let input = |path: &str| Drift {
        path: path.to_owned(),
        what: DriftKind::Input,
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
    let files = inputs.files(&lock.upstream.version, series);
    let now: BTreeMap<_, _> = files
        .iter()
        .map(|(path, file)| (path, file.digest()))
        .collect();
    let locked = &lock.inputs;
    let mut paths: Vec<&TreePath> = files.keys().chain(locked.keys()).collect();
    paths.sort();
    paths.dedup();
    let changed = paths
        .into_iter()
        .filter(|path| now.get(path) != locked.get(*path));
    drift.extend(changed.map(|path| {
        let both = files.get(path).zip(locked.get(path));
        let is_converted = both.is_some_and(|(file, was)| is_converted(file.bytes(), *was));
        Drift {
            what: if is_converted {
                DriftKind::LineEnds
            } else {
                DriftKind::Input
            },
            ..input(path.as_str())
        }
    }));
    drift
}
