//! Paths that are safe and mean the same on every system.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::{self, is_control};

/// A path in a tree: relative, `/` between parts, no part that could leave the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TreePath(Arc<str>);

/// Why a text is not a path of a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PathFault {
    #[error("the path is empty")]
    Empty,
    #[error("`{0}` is absolute")]
    Absolute(String),
    #[error("`{0}` leaves the tree")]
    Leaves(String),
    #[error("`{0}` is not portable: {1}")]
    Unportable(String, &'static str),
}

impl TreePath {
    /// Checks a text and makes it a path.
    ///
    /// # Errors
    ///
    /// [`PathFault`] says which rule the text breaks.
    pub fn new(text: &str) -> Result<Self, PathFault> {
        let owned = || shown(text);
        if text.is_empty() {
            return Err(PathFault::Empty);
        }
        if text.starts_with('/') || text.as_bytes().get(1) == Some(&b':') {
            return Err(PathFault::Absolute(owned()));
        }
        if text.contains(is_control) {
            return Err(PathFault::Unportable(
                owned(),
                "it has a character that is not shown, or that changes how others are shown",
            ));
        }
        if text.contains(['\\', ':', '*', '?', '"', '<', '>', '|']) {
            return Err(PathFault::Unportable(
                owned(),
                "it has a character that not every system allows",
            ));
        }
        for part in text.split('/') {
            match part {
                ".." => return Err(PathFault::Leaves(owned())),
                "" | "." => return Err(PathFault::Unportable(owned(), "it has an empty part")),
                _ if part.eq_ignore_ascii_case(".git") => {
                    return Err(PathFault::Unportable(owned(), "`.git` is git's own"));
                }
                _ if is_device(part) => {
                    return Err(PathFault::Unportable(
                        owned(),
                        "a part is the name of a device on Windows",
                    ));
                }
                _ if part.ends_with(['.', ' ']) => {
                    return Err(PathFault::Unportable(
                        owned(),
                        "a part ends in a dot or a space",
                    ));
                }
                _ => {}
            }
        }
        Ok(TreePath(Arc::from(text)))
    }

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns where a path leads from this one.
    pub fn join(&self, below: &TreePath) -> TreePath {
        TreePath(Arc::from(format!("{self}/{below}")))
    }

    /// Returns the path with a portable text behind it, such as `.patch` or `/files`.
    pub(crate) fn with_suffix(&self, suffix: &str) -> TreePath {
        TreePath(Arc::from(format!("{self}{suffix}")))
    }

    /// Tells whether this is another path, or lies below it.
    pub fn is_within(&self, above: &TreePath) -> bool {
        let rest = self.0.strip_prefix(above.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns the path below a directory on disk.
    pub fn below(&self, root: &std::path::Path) -> std::path::PathBuf {
        self.0
            .split('/')
            .fold(root.to_path_buf(), |path, part| path.join(part))
    }
}

/// Returns a name as it can be printed: what acts on a terminal or is not seen is
/// written as Rust does.
pub fn shown(name: &str) -> String {
    text::line(name).into_owned()
}

/// Tells whether Windows takes a part of a path for a device, whatever follows its first dot.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_ascii_uppercase();
    let is_port = |name: &str| {
        let number = stem.strip_prefix(name).unwrap_or_default();
        let mut digits = number.chars();
        let digit = digits.next();
        digits.next().is_none() && digit.is_some_and(|c| "0123456789¹²³".contains(c))
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str())
        || is_port("COM")
        || is_port("LPT")
}

/// Returns where a path leads from a directory of a tree, by the names alone; `None`
/// where it leaves the tree.
pub fn joined(dir: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in dir.split('/').chain(path.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TreePath {
    type Error = PathFault;
    fn try_from(text: String) -> Result<Self, PathFault> {
        TreePath::new(&text)
    }
}

impl From<TreePath> for String {
    fn from(path: TreePath) -> String {
        path.0.as_ref().to_owned()
    }
}

impl std::borrow::Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}
