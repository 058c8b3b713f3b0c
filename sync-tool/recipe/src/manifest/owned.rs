//! `[[owned]]`: fork-owned files that depend on the release, and directories of them that
//! stand elsewhere in the crate.

use std::ops::Range;

use semver::Version;
use serde::Serialize;

use super::Manifest;
use crate::reader::{Reader, Section};
use crate::tree::TreePath;

/// One row: which file stands at a path of the crate, and for which releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnedFile {
    /// Where it stands in the crate.
    pub path: TreePath,
    /// The file, from the directory of fork-owned files.
    pub file: TreePath,
    /// The first upstream version that has it.
    pub since: Option<Version>,
    /// The first upstream version that no longer has it.
    pub until: Option<Version>,
    /// The row's place in the manifest.
    #[serde(skip)]
    pub span: Range<usize>,
}

impl OwnedFile {
    /// Tells whether an upstream version has the file.
    pub fn fits(&self, upstream: &Version) -> bool {
        self.since.as_ref().is_none_or(|since| since <= upstream)
            && self.until.as_ref().is_none_or(|until| upstream < until)
    }

    /// Tells whether a version exists that would have both at one path.
    fn overlaps(&self, other: &OwnedFile) -> bool {
        let begins_in = |one: &OwnedFile, other: &OwnedFile| match (&one.since, &other.until) {
            (Some(since), Some(until)) => since < until,
            _ => true,
        };
        self.path == other.path && begins_in(self, other) && begins_in(other, self)
    }
}

/// One row: a directory of the project whose files stand in one of the crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnedDir {
    /// The directory, from the project's root.
    pub from: TreePath,
    /// Where its files stand in the crate.
    pub to: TreePath,
    /// The row's place in the manifest.
    #[serde(skip)]
    pub span: Range<usize>,
}

impl Manifest {
    /// Returns the directory of the project that a fork-owned file is kept in, and its path
    /// in there. `path` is where the file stands in the crate, or would by its name.
    pub fn owned_home<'a>(&'a self, path: &'a str) -> (&'a TreePath, &'a str) {
        let inner = |dir: &OwnedDir| path.strip_prefix(dir.to.as_str())?.strip_prefix('/');
        let home = self
            .owned_dirs
            .iter()
            .find_map(|dir| Some((&dir.from, inner(dir)?)));
        home.unwrap_or((&self.fork.owned, path))
    }

    /// Returns where a fork-owned file is kept, from the project's root.
    pub fn owned_source(&self, path: &str) -> TreePath {
        let (dir, inner) = self.owned_home(path);
        dir.with_suffix("/").with_suffix(inner)
    }

    /// Returns the directories that a tree is made of, from the project's root.
    pub fn input_dirs(&self) -> impl Iterator<Item = &TreePath> {
        let owned = self.owned_dirs.iter().map(|dir| &dir.from);
        let series = self.series.iter().map(|series| &series.patches);
        [&self.fork.owned, &self.fork.locks, &self.fork.resolutions]
            .into_iter()
            .chain(owned)
            .chain(series)
    }

    /// Returns the directory that holds an input, and nothing else: the one that a row of
    /// `[[owned]]` names, else the topmost.
    pub fn directory_of_input<'p>(&'p self, path: &'p str) -> &'p str {
        let mut named = self.owned_dirs.iter().map(|dir| dir.from.as_str());
        let is_below = |dir: &&str| path.strip_prefix(dir).is_some_and(|p| p.starts_with('/'));
        let top = path.split('/').next().unwrap_or(path);
        named.find(is_below).unwrap_or(top)
    }
}

/// Reads all rows; two that meet at one path are a fault.
pub(super) fn read(r: &mut Reader, root: &Section<'_>) -> (Vec<OwnedFile>, Vec<OwnedDir>) {
    let mut rows: Vec<OwnedFile> = Vec::new();
    let mut dirs: Vec<OwnedDir> = Vec::new();
    for section in r.sections(root, "owned") {
        if ["from", "to"].iter().any(|key| section.get(key).is_some()) {
            let dir = directory(r, &section, &dirs);
            dirs.extend(dir);
            continue;
        }
        let Some(row) = row(r, &section) else {
            continue;
        };
        if rows.iter().any(|before| before.overlaps(&row)) {
            r.fault(
                row.span.clone(),
                format!("two files stand at `{}` in one release", row.path),
                "let one row's `until` be the next one's `since`",
            );
        }
        rows.push(row);
    }
    (rows, dirs)
}

/// Reads a directory. Each path of the crate is to have one place in the project, also
/// where a file system folds case.
fn directory(r: &mut Reader, s: &Section<'_>, before: &[OwnedDir]) -> Option<OwnedDir> {
    r.keys(s, &["from", "to"], &[]);
    let (from, to) = (r.path(s, "from"), r.path(s, "to"));
    let (from, to, span) = (from?, to?, s.span.clone());
    let folded = |path: &TreePath| TreePath::new(&path.as_str().to_lowercase()).ok();
    let meets = |other: &&OwnedDir| match (folded(&to), folded(&other.to)) {
        (Some(a), Some(b)) => a.is_within(&b) || b.is_within(&a),
        _ => false,
    };
    if let Some(other) = before.iter().find(meets) {
        let message = format!("`{from}` and `{}` both give files of `{to}`", other.from);
        let help = "give each directory a `to` of its own";
        r.fault(span.clone(), message, help);
    }
    Some(OwnedDir { from, to, span })
}

fn row(r: &mut Reader, s: &Section<'_>) -> Option<OwnedFile> {
    r.keys(s, &["path"], &["file", "since", "until"]);
    let path = r.path(s, "path")?;
    let file = match s.get("file") {
        Some(_) => r.path(s, "file"),
        None => Some(path.clone()),
    };
    let (since, until) = (r.version(s, "since"), r.version(s, "until"));
    if let (Some(since), Some(until)) = (&since, &until)
        && since >= until
    {
        r.fault(
            s.span.clone(),
            format!("no version is at or above {since} and below {until}"),
            "exchange `since` and `until`, or correct them",
        );
    }
    Some(OwnedFile {
        path,
        file: file?,
        since,
        until,
        span: s.span.clone(),
    })
}
