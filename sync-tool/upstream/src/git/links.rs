//! Follows symbolic links at a commit: a package has what they lead to, as files.

use git2::{ObjectType, Odb, Oid, Repository, Tree as GitTree, TreeEntry};
use recipe::error::Error;
use recipe::tree::Mode;

use super::error::{GitError, MissingObject};
use super::list::{CommitFiles, CrateLocation, TreeLimits, UnsupportedEntry, objects};

/// How many links may lie on one way, as on Linux.
const MAX_HOPS: usize = 40;
/// How many directories may lie in each other.
const MAX_DEPTH: usize = 200;
/// The longest path that a link may have, in bytes, as on Linux.
const MAX_PATH: usize = 4096;

enum LinkTarget<'r> {
    File(Mode, Oid),
    /// A directory, with its own path.
    Directory(String, GitTree<'r>),
    /// Nothing that a package could have.
    Nothing(UnsupportedEntry),
}

pub(super) struct Links<'r> {
    repo: &'r Repository,
    odb: Odb<'r>,
    root: GitTree<'r>,
    limits: TreeLimits,
    /// What was found below links. They can make more files of few directories, or
    /// of none, than any disk has.
    seen: usize,
    /// Links whose own content is not in the repository.
    missing: Vec<MissingObject>,
}

impl<'r> Links<'r> {
    pub(super) fn new(
        repo: &'r Repository,
        commit: Oid,
        limits: TreeLimits,
    ) -> Result<Self, GitError> {
        let root = repo.find_commit(commit).and_then(|commit| commit.tree());
        let root = root.map_err(|e| GitError::of_object(&e, "the root directory", commit))?;
        Ok(Links {
            repo,
            odb: objects(repo)?,
            root,
            limits,
            seen: 0,
            missing: Vec::new(),
        })
    }

    /// Puts the files that links lead to in the links' places.
    ///
    /// A directory that is inside of itself is left out, as cargo does, which looks
    /// for one from the crate's directory on (`is_walked`) or from the link.
    pub(super) fn follow(
        mut self,
        files: &mut CommitFiles,
        location: CrateLocation<'_>,
        is_walked: bool,
    ) -> Result<(), GitError> {
        for (path, _) in std::mem::take(&mut files.links) {
            let whole = format!("{}/{path}", location.path);
            let above = whole.match_indices('/').map(|(end, _)| &whole[..end]);
            let above = above.filter(|dir| is_walked && dir.len() >= location.path.as_str().len());
            let mut above: Vec<String> = above.map(str::to_owned).collect();
            self.link(files, path, &whole, &mut above)?;
            if self.is_too_much(&above) {
                let CrateLocation { place, path, .. } = location;
                let most = self.limits.entries;
                return Err(Error::upstream(format!(
                    "{place} has links in `{path}` that lead to more than {most} files, or too deep"
                ))
                .into());
            }
        }
        match self.missing {
            missing if missing.is_empty() => Ok(()),
            missing => Err(GitError::Missing(missing)),
        }
    }

    fn is_too_much(&self, above: &[String]) -> bool {
        self.seen > self.limits.entries || above.len() > MAX_DEPTH
    }

    /// Follows the link that is at `whole` of the repository, and at `path` of the package.
    fn link(
        &mut self,
        files: &mut CommitFiles,
        path: String,
        whole: &str,
        above: &mut Vec<String>,
    ) -> Result<(), GitError> {
        match self.target(whole)? {
            Some(LinkTarget::File(mode, id)) => _ = files.files.insert(path, (mode, id)),
            Some(LinkTarget::Directory(real, tree)) => {
                self.directory(files, &path, real, &tree, above)?;
            }
            Some(LinkTarget::Nothing(reason)) => files.unsupported.push((path, reason)),
            None => {}
        }
        Ok(())
    }

    fn directory(
        &mut self,
        files: &mut CommitFiles,
        path: &str,
        real: String,
        tree: &GitTree<'r>,
        above: &mut Vec<String>,
    ) -> Result<(), GitError> {
        if above.contains(&real) {
            return Ok(());
        }
        above.push(real.clone());
        for entry in tree {
            self.seen += 1;
            if self.is_too_much(above) {
                return Ok(());
            }
            let name = String::from_utf8_lossy(entry.name_bytes());
            let (path, real) = (format!("{path}/{name}"), join(&real, &name));
            if let Some(inner) = files.add(&path, &entry) {
                match inner {
                    ObjectType::Tree => {
                        let tree = self.tree(&real, &entry)?;
                        self.directory(files, &path, real, &tree, above)?;
                    }
                    _ => self.link(files, path, &real, above)?,
                }
            }
        }
        above.pop();
        Ok(())
    }

    /// Returns what a path of the repository leads to, each part by itself; `None`
    /// where a link on the way is not in the repository.
    pub(super) fn file(&mut self, path: &str) -> Result<Option<(Mode, Oid)>, GitError> {
        Ok(match self.target(path)? {
            Some(LinkTarget::File(mode, id)) => Some((mode, id)),
            _ => None,
        })
    }

    fn target(&mut self, path: &str) -> Result<Option<LinkTarget<'r>>, GitError> {
        let mut above: Vec<(String, GitTree<'r>)> = vec![(String::new(), self.root.clone())];
        let mut ahead: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut hops = 0;
        let nothing = |reason| Ok(Some(LinkTarget::Nothing(reason)));
        while let Some(part) = ahead.pop() {
            let Some((dir, tree)) = above.last() else {
                return nothing(UnsupportedEntry::LinkOutside);
            };
            let entry = match part.as_str() {
                "" | "." => continue,
                ".." => {
                    above.pop();
                    continue;
                }
                // No name has one, and the lookup panics at it.
                part if part.contains('\0') => None,
                part => tree.get_name(part).map(|entry| entry.to_owned()),
            };
            let whole = join(dir, &part);
            match entry.map(|entry| (entry.filemode_raw(), entry)) {
                Some((0o040000, entry)) => {
                    let tree = self.tree(&whole, &entry)?;
                    above.push((whole, tree));
                }
                Some((0o120000, entry)) => {
                    hops += 1;
                    let Some(target) = self.read(&whole, entry.id())? else {
                        return Ok(None);
                    };
                    if target.starts_with('/') {
                        return nothing(UnsupportedEntry::LinkOutside);
                    }
                    if hops > MAX_HOPS {
                        return nothing(UnsupportedEntry::LinkNowhere);
                    }
                    ahead.extend(target.rsplit('/').map(str::to_owned));
                }
                Some((mode, entry))
                    if entry.kind() == Some(ObjectType::Blob) && ahead.is_empty() =>
                {
                    let mode = Mode::from_bits(mode.cast_unsigned());
                    return Ok(Some(LinkTarget::File(mode, entry.id())));
                }
                _ => return nothing(UnsupportedEntry::LinkNowhere),
            }
        }
        Ok(Some(match above.pop() {
            Some((real, tree)) => LinkTarget::Directory(real, tree),
            None => LinkTarget::Nothing(UnsupportedEntry::LinkOutside),
        }))
    }

    fn tree(&self, path: &str, entry: &TreeEntry<'_>) -> Result<GitTree<'r>, GitError> {
        let tree = self.repo.find_tree(entry.id());
        tree.map_err(|e| GitError::of_object(&e, path, entry.id()))
    }

    fn read(&mut self, path: &str, id: Oid) -> Result<Option<String>, GitError> {
        if self
            .odb
            .read_header(id)
            .is_ok_and(|(size, _)| size > MAX_PATH)
        {
            // No system follows it.
            return Ok(Some("/".to_owned()));
        }
        match self.odb.read(id) {
            Ok(object) => Ok(Some(String::from_utf8_lossy(object.data()).into_owned())),
            Err(e) => match GitError::of_object(&e, path, id) {
                GitError::Missing(missing) => {
                    self.missing.extend(missing);
                    Ok(None)
                }
                error => Err(error),
            },
        }
    }
}

fn join(dir: &str, name: &str) -> String {
    match dir {
        "" => name.to_owned(),
        dir => format!("{dir}/{name}"),
    }
}
