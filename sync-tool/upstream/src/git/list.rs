//! Lists what a release has at a commit: names, modes and ids, without content.

use std::collections::{BTreeMap, BTreeSet};

use git2::{ObjectType, Odb, OdbLookupFlags, Oid, Repository, Tree as GitTree, TreeEntry};
use recipe::error::{Error, Result};
use recipe::tree::{Mode, TreePath};

use super::error::{GitError, MissingObject};

pub(super) const MANIFEST: &str = "Cargo.toml";
pub(super) const LOCK: &str = "Cargo.lock";

/// A crate, and where it is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct CrateLocation<'a> {
    pub(super) name: &'a str,
    /// The crate's directory in the repository.
    pub(super) path: &'a TreePath,
    /// What messages call the place, such as `tag v41.0.0 of ../wasmtime`.
    pub(super) place: &'a str,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct TreeLimits {
    /// In bytes.
    pub(super) total: usize,
    /// In bytes.
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
    pub(super) commit: Oid,
    pub(super) workspace: Oid,
    pub(super) lock: Option<Oid>,
    /// The files below the directory.
    pub(super) files: BTreeMap<String, (Mode, Oid)>,
    /// The symbolic links below it, until they are followed.
    pub(super) links: Vec<(String, Oid)>,
    /// What stands there that cannot be in a tree.
    pub(super) unsupported: Vec<(String, UnsupportedEntry)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnsupportedEntry {
    #[error("it is a symbolic link that leads out of the repository")]
    LinkOutside,
    /// Also a link that leads in circles.
    #[error("it is a symbolic link that leads nowhere")]
    LinkNowhere,
    #[error("it is a submodule")]
    Submodule,
    #[error("its name is not UTF-8")]
    NotUtf8,
    #[error("it is there twice")]
    Twice,
}

/// Lists what a release has at a commit.
pub(super) fn list(
    repo: &Repository,
    commit: Oid,
    location: CrateLocation<'_>,
    limits: TreeLimits,
) -> Result<CommitFiles, GitError> {
    let (root, mut files) = root(repo, commit, location)?;
    files.walk(repo, directory(repo, root, location)?, location, limits)?;
    if !files.files.contains_key(MANIFEST) {
        return Err(lacks(location, &format!("{}/{MANIFEST}", location.path)).into());
    }
    Ok(files)
}

/// Returns the content of a file at a commit; `None` where it is not there.
pub(super) fn content(
    repo: &Repository,
    commit: Oid,
    path: &TreePath,
) -> Result<Option<Vec<u8>>, GitError> {
    let lost = |id: Oid, e: git2::Error| GitError::of_object(&e, path.as_str(), id);
    let found = repo.find_commit(commit).map_err(|e| lost(commit, e))?;
    let mut tree = found.tree().map_err(|e| lost(found.tree_id(), e))?;
    let mut parts = path.as_str().split('/').peekable();
    while let Some(part) = parts.next() {
        let Some(id) = tree.get_name(part).map(|entry| entry.id()) else {
            return Ok(None);
        };
        if parts.peek().is_none() {
            let blob = repo.find_blob(id).map_err(|e| lost(id, e))?;
            return Ok(Some(blob.content().to_vec()));
        }
        tree = repo.find_tree(id).map_err(|e| lost(id, e))?;
    }
    Ok(None)
}

/// Lists all that a repository has at a commit, by its paths from the root.
pub(super) fn everything(
    repo: &Repository,
    commit: Oid,
    location: CrateLocation<'_>,
    limits: TreeLimits,
) -> Result<CommitFiles, GitError> {
    let (root, mut files) = root(repo, commit, location)?;
    files.walk(repo, root, location, limits)?;
    Ok(files)
}

/// Returns the root directory at a commit, and no files yet.
fn root<'r>(
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
    let files = CommitFiles {
        commit,
        workspace,
        lock,
        files: BTreeMap::new(),
        links: Vec::new(),
        unsupported: Vec::new(),
    };
    Ok((root, files))
}

fn directory<'r>(
    repo: &'r Repository,
    root: GitTree<'r>,
    location: CrateLocation<'_>,
) -> Result<GitTree<'r>, GitError> {
    let path = location.path.as_str();
    path.split('/').try_fold(root, |above, part| {
        let entry = above.get_name(part);
        let entry = entry.filter(|e| e.kind() == Some(ObjectType::Tree));
        let id = entry.ok_or_else(|| lacks(location, path))?.id();
        let tree = repo.find_tree(id);
        tree.map_err(|e| GitError::of_object(&e, part, id))
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
            _ if std::str::from_utf8(entry.name_bytes()).is_err() => UnsupportedEntry::NotUtf8,
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

    pub(super) fn missing(&self, repo: &Repository) -> Result<Vec<MissingObject>, GitError> {
        let odb = objects(repo)?;
        let files = self.files.iter();
        let files = files.map(|(path, (_, id))| (path.as_str(), *id));
        let links = self.links.iter().map(|(path, id)| (path.as_str(), *id));
        let root = self.lock.map(|id| (LOCK, id));
        let root = root.into_iter().chain([(MANIFEST, self.workspace)]);
        Ok(missing(&odb, files.chain(links).chain(root)))
    }
}

/// Returns those of the contents that are not in the repository.
pub(super) fn missing<'p>(
    odb: &Odb<'_>,
    contents: impl Iterator<Item = (&'p str, Oid)>,
) -> Vec<MissingObject> {
    let absent = contents.filter(|(_, id)| !odb.exists_ext(*id, OdbLookupFlags::NO_REFRESH));
    let missing = absent.map(|(path, id)| MissingObject {
        path: path.to_owned(),
        id,
    });
    missing.collect()
}

pub(super) fn objects(repo: &Repository) -> Result<Odb<'_>, GitError> {
    repo.odb()
        .map_err(|e| GitError::Damaged(e.message().to_owned()))
}
