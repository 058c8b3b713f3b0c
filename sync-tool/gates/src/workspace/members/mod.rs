//! Upstream's workspace, and the fork as one more member of it: which of upstream's
//! files are needed, and what the manifests say. No disk, no git.

mod crates;
mod root;
mod select;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(super) use crates::{Crates, Fault};
use recipe::tree::TreePath;
pub(super) use root::{member_dir, with_member};
pub(super) use select::{Need, Selection};

/// The manifests of a repository, by their directory; the root's is empty.
pub(super) type Manifests = BTreeMap<String, String>;

/// Returns the directory of a file, without a slash at its end; the root's is empty.
pub(super) fn dir_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Tells whether a path lies in a directory.
fn is_below(path: &str, dir: &str) -> bool {
    dir.is_empty()
        || path
            .strip_prefix(dir)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Returns the path of a file in a directory.
fn within(dir: &str, name: &str) -> String {
    match dir {
        "" => name.to_owned(),
        dir => format!("{dir}/{name}"),
    }
}

/// Makes a text a path of a tree, to be matched.
fn tree_path(text: &str) -> Option<TreePath> {
    TreePath::new(text).ok()
}
