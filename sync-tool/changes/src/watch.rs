//! The watch list: what a maintainer has to look for at an upgrade, as data.
//!
//! `watch.toml` has an entry for each thing to look for. Its rule collects names from the
//! files of both releases, and the entry is reported where these names differ.

mod compare;
mod entry;
mod source;

use std::sync::OnceLock;

use recipe::tree::{Tree, TreePath};
use serde::Serialize;

use entry::Entry;
pub use entry::{Change, WatchListError};

/// The entries of a watch list, ready to be compared with releases.
#[derive(Debug)]
pub struct WatchList(Vec<Entry>);

impl WatchList {
    /// Returns the tool's own list, `watch.toml`.
    ///
    /// # Panics
    ///
    /// Where that file is faulty, which its test shows.
    pub fn builtin() -> &'static Self {
        static LIST: OnceLock<WatchList> = OnceLock::new();
        LIST.get_or_init(|| Self::parse(include_str!("watch.toml")).expect("a sound watch list"))
    }

    /// Reads a list in the form of `watch.toml`.
    ///
    /// # Errors
    ///
    /// All faults of all entries.
    pub fn parse(text: &str) -> Result<Self, WatchListError> {
        entry::parse(text).map(Self)
    }

    /// Returns the id of each entry, in the list's order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entry| entry.id.as_str())
    }

    /// Returns the ids of the entries that find nothing at all in a release: their rules may
    /// look where upstream has nothing any more.
    pub fn without_matches(&self, tree: &Tree) -> Vec<&str> {
        let mut release = compare::Release::of(tree.iter().collect());
        let blind = self
            .0
            .iter()
            .filter(|entry| release.names(entry).is_empty());
        blind.map(|entry| entry.id.as_str()).collect()
    }

    /// Returns the entries whose names differ between two releases, in the list's order.
    pub fn findings(&self, old: &Tree, new: &Tree) -> Vec<Finding> {
        let mut trees = compare::Trees::new(old, new);
        let found = self.0.iter().filter_map(|entry| {
            let changes = trees.changes(entry);
            let total = changes.len();
            (total > 0).then(|| Finding {
                id: entry.id.clone(),
                title: entry.title.clone(),
                action: entry.action.clone(),
                note: entry.note.clone(),
                docs: entry.docs.clone(),
                changes: changes.into_iter().take(MAX_CHANGES).collect(),
                total,
            })
        });
        found.collect()
    }
}

/// The most changes that a finding lists; `total` counts all.
pub const MAX_CHANGES: usize = 200;
/// The most places on each side of a change; its `total` counts all.
pub const MAX_PLACES: usize = 20;

/// An entry of the watch list that concerns an upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The entry's name in `watch.toml`.
    pub id: String,
    /// What such a change is, as a sentence.
    pub title: String,
    /// What a maintainer has to do about it.
    pub action: String,
    /// The title in a few words.
    pub note: String,
    /// Where it is documented.
    pub docs: Option<String>,
    /// At most [`MAX_CHANGES`], in the order of their names.
    pub changes: Vec<NameChange>,
    /// How many names changed.
    pub total: usize,
}

/// A name that differs between two releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NameChange {
    /// How it differs.
    pub change: Change,
    /// What the entry's rule captured as the name, on one line.
    pub name: String,
    /// Where the old release has it.
    pub old: Places,
    /// Where the new release has it.
    pub new: Places,
}

/// Where a release has a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Places {
    /// At most [`MAX_PLACES`], in the order of files and lines.
    pub listed: Vec<Place>,
    /// How many there are.
    pub total: usize,
}

/// A place in a file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Place {
    /// The file, from the crate's root.
    pub path: TreePath,
    /// From 1; `None` where the file's path itself is what was found.
    pub line: Option<usize>,
    /// What the rule captured as the value, on one line; empty where it captures none.
    pub value: String,
}
