//! Lists what a release has at a commit: names, modes and ids, without content.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use git2::{ObjectType, Odb, OdbLookupFlags, Oid, Repository, Tree as GitTree, TreeEntry};
use recipe::error::{Error, Result};
use recipe::tree::{Mode, TreePath};

use super::error::{GitError, MissingObject};

/// The manifest of a crate or a workspace.
pub(super) const MANIFEST: &str = "Cargo.toml";
/// The workspace's lock file.
pub(super) const LOCK: &str = "Cargo.lock";

/// What is location of a repository.
#[derive(Debug, Clone, Copy)]
pub(super) struct CrateLocation<'a> {
    /// The crate's name.
    pub(super) name: &'a str,
    /// The crate's directory.
    pub(super) path: &'a TreePath,
    /// What messages call the place, such as `tag v41.0.0 of ../wasmtime`.
    pub(super) place: &'a str,
}

/// What a release may hold at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct TreeLimits {
    /// Bytes in all.
    pub(super) total: usize,
    /// Bytes of one file.
    pub(super) file: usize,
    /// Files and directories.
    pub(super) entries: usize,
}

/// Those of the registry's packages.
pub(super) const LIMITS: TreeLimits = TreeLimits {
    total: 64 << 20,
    file: 16 << 20,
    entries: 10_000,
};

/// What stands below a directory at a commit, without content.
#[derive(Debug)]
pub(super) struct CommitFiles {
    /// The commit.
    pub(super) commit: Oid,
    /// The workspace's manifest.
    pub(super) workspace: Oid,
    /// The workspace's lock file, if it has one.
    pub(super) lock: Option<Oid>,
    /// The files below the directory.
    pub(super) files: BTreeMap<String, (Mode, Oid)>,
    /// The symbolic links below it, until they are followed.
    pub(super) links: Vec<(String, Oid)>,
    /// What stands there that cannot be in a tree.
    pub(super) unsupported: Vec<(String, UnsupportedEntry)>,
}

/// What cannot be in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum UnsupportedEntry {
    /// A symbolic link out of the repository.
    LinkOutside,
    /// A symbolic link that leads nowhere, or in circles.
    LinkNowhere,
    /// A commit of another repository.
    Submodule,
    /// Its name is not UTF-8.
    NotText,
    /// A directory has its name twice.
    Twice,
}

impl fmt::Display for UnsupportedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnsupportedEntry::LinkOutside => {
                "it is a symbolic link that leads out of the repository"
            }
            UnsupportedEntry::LinkNowhere => "it is a symbolic link that leads nowhere",
            UnsupportedEntry::Submodule => "it is a submodule",
            UnsupportedEntry::NotText => "its name is not UTF-8",
            UnsupportedEntry::Twice => "it is there twice",
        })
    }
}

/// Lists what a release has at a commit.
///
/// # Errors
///
/// [`GitError`]; refused where the commit has no such crate, or far too many files.
pub(super) fn list(
    repo: &Repository,
    commit: Oid,
    location: CrateLocation<'_>,
    limits: TreeLimits,
) -> Result<CommitFiles, GitError> {
    let (root, mut listing) = bare(repo, commit, location)?;
    listing.walk(repo, directory(repo, root, location)?, location, limits)?;
    if !listing.files.contains_key(MANIFEST) {
        return Err(lacks(location, &format!("{}/{MANIFEST}", location.path)).into());
    }
    Ok(listing)
}

/// Lists all that a repository has at a commit, by its paths from the root.
///
/// # Errors
///
/// As [`list`].
pub(super) fn everything(
    repo: &Repository,
    commit: Oid,
    location: CrateLocation<'_>,
    limits: TreeLimits,
) -> Result<CommitFiles, GitError> {
    let (root, mut listing) = bare(repo, commit, location)?;
    listing.walk(repo, root, location, limits)?;
    Ok(listing)
}

/// Returns the root directory at a commit, and a listing without files.
fn bare<'r>(
    repo: &'r Repository,
    commit: Oid,
    location: CrateLocation<'_>,
) -> Result<(GitTree<'r>, CommitFiles), GitError> {
    let found = repo.find_commit(commit);
    let found = found.map_err(|e| GitError::of_object(&e, "the commit", commit))?;
    let root = found.tree();
    let root = root.map_err(|e| GitError::of_object(&e, "the root directory", found.tree_id()))?;
    let blob = |name: &str| {
        let entry = root.get_name(name)?;
        (entry.kind() == Some(ObjectType::Blob)).then(|| entry.id())
    };
    let (workspace, lock) = (blob(MANIFEST), blob(LOCK));
    let workspace = workspace.ok_or_else(|| lacks(location, MANIFEST))?;
    let listing = CommitFiles {
        commit,
        workspace,
        lock,
        files: BTreeMap::new(),
        links: Vec::new(),
        unsupported: Vec::new(),
    };
    Ok((root, listing))
}

/// Goes down to the crate's directory.
fn directory<'r>(
    repo: &'r Repository,
    root: GitTree<'r>,
    location: CrateLocation<'_>,
) -> Result<GitTree<'r>, GitError> {
    location
        .path
        .as_str()
        .split('/')
        .try_fold(root, |above, part| {
            let entry = above
                .get_name(part)
                .filter(|e| e.kind() == Some(ObjectType::Tree));
            let id = entry
                .ok_or_else(|| lacks(location, location.path.as_str()))?
                .id();
            repo.find_tree(id)
                .map_err(|e| GitError::of_object(&e, part, id))
        })
}

/// Returns the error for a path that a commit lacks.
pub(super) fn lacks(location: CrateLocation<'_>, path: &str) -> Error {
    Error::upstream(format!("{} has no `{path}`", location.place))
        .help("correct `path` below `[upstream]` in manifest.toml, or give the repository that has the crate")
}

impl CommitFiles {
    fn walk(
        &mut self,
        repo: &Repository,
        top: GitTree<'_>,
        location: CrateLocation<'_>,
        limits: TreeLimits,
    ) -> Result<(), GitError> {
        let mut open = vec![(String::new(), top)];
        let mut seen = 0;
        while let Some((above, tree)) = open.pop() {
            let mut names = BTreeSet::new();
            for entry in &tree {
                seen += 1;
                if seen > limits.entries {
                    let CrateLocation { place, path, .. } = location;
                    let most = limits.entries;
                    let message = format!("{place} has more than {most} files in `{path}`");
                    return Err(Error::upstream(message).into());
                }
                let path = format!("{above}{}", String::from_utf8_lossy(entry.name_bytes()));
                if !names.insert(entry.name_bytes().to_vec()) {
                    self.unsupported.push((path, UnsupportedEntry::Twice));
                    continue;
                }
                let inner = self.add(&path, &entry);
                if inner == Some(ObjectType::Blob) {
                    self.links.push((path, entry.id()));
                } else if inner.is_some() {
                    let inner = repo.find_tree(entry.id()).map_err(|e| {
                        GitError::of_object(&e, format!("{}/{path}", location.path), entry.id())
                    })?;
                    open.push((format!("{path}/"), inner));
                }
            }
        }
        Ok(())
    }

    /// Adds what stands at a path, unless more has to be read: a directory (`Tree`) to
    /// go into, or a link (`Blob`) to follow.
    pub(super) fn add(&mut self, path: &str, entry: &TreeEntry<'_>) -> Option<ObjectType> {
        let mode = entry.filemode_raw();
        let reason = match mode {
            _ if std::str::from_utf8(entry.name_bytes()).is_err() => UnsupportedEntry::NotText,
            0o120000 => return Some(ObjectType::Blob),
            0o160000 => UnsupportedEntry::Submodule,
            0o040000 => return Some(ObjectType::Tree),
            _ => {
                let mode = Mode::from_bits(mode.cast_unsigned());
                self.files.insert(path.to_owned(), (mode, entry.id()));
                return None;
            }
        };
        self.unsupported.push((path.to_owned(), reason));
        None
    }

    /// Returns the contents that the repository lacks.
    ///
    /// # Errors
    ///
    /// [`GitError::Damaged`] where the repository's objects cannot be looked through.
    pub(super) fn missing(&self, repo: &Repository) -> Result<Vec<MissingObject>, GitError> {
        let odb = objects(repo)?;
        let files = self
            .files
            .iter()
            .map(|(path, (_, id))| (path.as_str(), *id));
        let links = self.links.iter().map(|(path, id)| (path.as_str(), *id));
        let files = files.chain(links);
        let root = self.lock.map(|id| (LOCK, id));
        let all = files.chain([(MANIFEST, self.workspace)]).chain(root);
        let absent = all.filter(|(_, id)| !odb.exists_ext(*id, OdbLookupFlags::NO_REFRESH));
        Ok(absent
            .map(|(path, id)| MissingObject {
                path: path.to_owned(),
                id,
            })
            .collect())
    }
}

/// Opens a repository's objects.
///
/// # Errors
///
/// [`GitError::Damaged`] where they cannot be looked through.
pub(super) fn objects(repo: &Repository) -> Result<Odb<'_>, GitError> {
    repo.odb()
        .map_err(|e| GitError::Damaged(e.message().to_owned()))
}
