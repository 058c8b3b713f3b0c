//! Reads a release from the objects of a repository. Nothing is fetched and
//! nothing is written; what is not there is said.

use std::collections::BTreeMap;
use std::fmt;

use git2::{ErrorCode, ObjectType, Odb, OdbLookupFlags, Oid, Repository, Tree as GitTree};
use semver::Version;

use super::package::Package;
use crate::core::release::{Release, SourceKind, Workspace};
use crate::core::tree::{File, Mode, Tree, TreePath};
use crate::error::{Error, Fault, Kind, Place, Result};

/// The manifest of a crate or a workspace.
const MANIFEST: &str = "Cargo.toml";

/// What is wanted of a repository.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The crate's name.
    pub(super) name: &'a str,
    /// The crate's directory.
    pub(super) path: &'a TreePath,
    /// The release.
    pub(super) version: &'a Version,
    /// What messages call the place, such as `tag v41.0.0 of ../wasmtime`.
    pub(super) place: &'a str,
}

/// What a release may hold at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes in all.
    pub(super) total: usize,
    /// Bytes of one file.
    pub(super) file: usize,
    /// Files and directories.
    pub(super) entries: usize,
}

/// Those of the registry's packages.
pub(super) const LIMITS: Limits = Limits {
    total: 64 << 20,
    file: 16 << 20,
    entries: 10_000,
};

/// Why a release cannot be read.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Objects are not in the repository.
    Missing(Vec<Missing>),
    /// The repository has objects that are not what their ids say.
    Damaged(String),
    /// What was read is nothing to take.
    Refused(Error),
}

/// An object that is not in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// The file or directory that it is the content of.
    pub(super) path: String,
    /// Its id.
    pub(super) id: Oid,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Refused(error)
    }
}

impl Trouble {
    /// Tells a missing object from a damaged one.
    pub(super) fn with(e: &git2::Error, path: impl Into<String>, id: Oid) -> Self {
        let path = path.into();
        if e.code() == ErrorCode::NotFound {
            return Trouble::Missing(vec![Missing { path, id }]);
        }
        Trouble::Damaged(format!("{path} ({id}): {}", e.message()))
    }
}

/// What stands below a crate's directory at a commit, without content.
#[derive(Debug)]
pub(super) struct Listing {
    commit: Oid,
    workspace: Oid,
    files: BTreeMap<String, (Mode, Oid)>,
    odd: Vec<(String, Oddity)>,
}

/// What cannot be in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Oddity {
    Link,
    Submodule,
    NotText,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Oddity::Link => "it is a symbolic link",
            Oddity::Submodule => "it is a submodule",
            Oddity::NotText => "its name is not UTF-8",
        })
    }
}

/// Lists what a release has at a commit.
///
/// # Errors
///
/// [`Trouble`]; refused where the commit has no such crate, or far too many files.
pub(super) fn list(repo: &Repository, commit: Oid, wanted: Wanted<'_>, limits: Limits) -> Result<Listing, Trouble> {
    let found = repo.find_commit(commit);
    let found = found.map_err(|e| Trouble::with(&e, "the commit", commit))?;
    let root = found.tree();
    let root = root.map_err(|e| Trouble::with(&e, "the root directory", found.tree_id()))?;
    let workspace = match root.get_name(MANIFEST) {
        Some(entry) if entry.kind() == Some(ObjectType::Blob) => entry.id(),
        _ => return Err(lacks(wanted, MANIFEST).into()),
    };
    let mut listing = Listing {
        commit,
        workspace,
        files: BTreeMap::new(),
        odd: Vec::new(),
    };
    listing.walk(repo, directory(repo, root, wanted)?, wanted, limits)?;
    if !listing.files.contains_key(MANIFEST) {
        return Err(lacks(wanted, &format!("{}/{MANIFEST}", wanted.path)).into());
    }
    Ok(listing)
}

/// Goes down to the crate's directory.
fn directory<'r>(repo: &'r Repository, root: GitTree<'r>, wanted: Wanted<'_>) -> Result<GitTree<'r>, Trouble> {
    wanted.path.as_str().split('/').try_fold(root, |above, part| {
        let entry = above.get_name(part).filter(|e| e.kind() == Some(ObjectType::Tree));
        let id = entry.ok_or_else(|| lacks(wanted, wanted.path.as_str()))?.id();
        repo.find_tree(id).map_err(|e| Trouble::with(&e, part, id))
    })
}

fn lacks(wanted: Wanted<'_>, path: &str) -> Error {
    Error::upstream(format!("{} has no `{path}`", wanted.place))
        .help("correct `path` below `[upstream]` in manifest.toml, or give the repository that has the crate")
}

impl Listing {
    fn walk(&mut self, repo: &Repository, top: GitTree<'_>, wanted: Wanted<'_>, limits: Limits) -> Result<(), Trouble> {
        let mut open = vec![(String::new(), top)];
        let mut seen = 0;
        while let Some((above, tree)) = open.pop() {
            for entry in &tree {
                seen += 1;
                if seen > limits.entries {
                    return Err(Error::upstream(format!(
                        "{} has more than {} files in `{}`",
                        wanted.place, limits.entries, wanted.path
                    ))
                    .into());
                }
                let name = String::from_utf8_lossy(entry.name_bytes());
                let path = format!("{above}{name}");
                if std::str::from_utf8(entry.name_bytes()).is_err() {
                    self.odd.push((path, Oddity::NotText));
                    continue;
                }
                match entry.filemode_raw() {
                    0o120000 => self.odd.push((path, Oddity::Link)),
                    0o160000 => self.odd.push((path, Oddity::Submodule)),
                    0o040000 => {
                        let inner = repo.find_tree(entry.id());
                        let inner = inner.map_err(|e| Trouble::with(&e, format!("{}/{path}", wanted.path), entry.id()))?;
                        open.push((format!("{path}/"), inner));
                    }
                    mode => {
                        let mode = Mode::from_bits(mode.cast_unsigned());
                        self.files.insert(path, (mode, entry.id()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the contents that the repository lacks.
    ///
    /// # Errors
    ///
    /// [`Trouble::Damaged`] where the repository's objects cannot be looked through.
    pub(super) fn missing(&self, repo: &Repository) -> Result<Vec<Missing>, Trouble> {
        let odb = objects(repo)?;
        let files = self.files.iter().map(|(path, (_, id))| (path.as_str(), *id));
        let all = files.chain([(MANIFEST, self.workspace)]);
        let absent = all.filter(|(_, id)| !odb.exists_ext(*id, OdbLookupFlags::NO_REFRESH));
        Ok(absent
            .map(|(path, id)| Missing {
                path: path.to_owned(),
                id,
            })
            .collect())
    }

    /// Reads the files that are in the crate's package.
    ///
    /// # Errors
    ///
    /// [`Trouble`]; refused with every file that cannot be taken, or where the
    /// crate is another than was asked for.
    pub(super) fn read(&self, repo: &Repository, wanted: Wanted<'_>, limits: Limits) -> Result<Release, Trouble> {
        let mut reading = Reading {
            odb: objects(repo)?,
            wanted,
            limits,
            total: 0,
            tree: Tree::new(),
            faults: Vec::new(),
            missing: Vec::new(),
        };
        let workspace = reading.text(MANIFEST, self.workspace)?;
        let own = format!("{}/{MANIFEST}", wanted.path);
        let (_, id) = self.files.get(MANIFEST).ok_or_else(|| lacks(wanted, &own))?;
        let package = Package::parse(&reading.text(&own, *id)?, &workspace, wanted.path.as_str())?;
        expect(&package, wanted)?;
        let selection = package.selection(self.files.keys().map(String::as_str));
        for (path, oddity) in &self.odd {
            if selection.has(path) {
                reading.fault(path, oddity.to_string());
            }
        }
        for (path, (mode, id)) in self.files.iter().filter(|(path, _)| selection.has(path)) {
            reading.file(path, *mode, *id)?;
        }
        Ok(Release {
            version: wanted.version.clone(),
            commit: Some(self.commit.to_string()),
            checksum: None,
            source: SourceKind::Git,
            tree: reading.finish()?,
            workspace: Workspace::Root(workspace),
            cargo_lock: None,
        })
    }
}

/// Makes sure that the crate is the one that was asked for.
fn expect(package: &Package, wanted: Wanted<'_>) -> Result<()> {
    if package.name != wanted.name {
        return Err(Error::upstream(format!(
            "{} has the crate `{}` in `{}`, not `{}`",
            wanted.place, package.name, wanted.path, wanted.name
        ))
        .help("correct `crate` or `path` below `[upstream]` in manifest.toml"));
    }
    if package.version != *wanted.version {
        return Err(Error::upstream(format!(
            "{} has {} {}, not {}",
            wanted.place, wanted.name, package.version, wanted.version
        ))
        .help(format!(
            "check out the release {} there, or fetch the tags: `git fetch --tags`",
            wanted.version
        )));
    }
    Ok(())
}

fn objects(repo: &Repository) -> Result<Odb<'_>, Trouble> {
    repo.odb().map_err(|e| Trouble::Damaged(e.message().to_owned()))
}

/// A tree that is being read.
struct Reading<'a> {
    odb: Odb<'a>,
    wanted: Wanted<'a>,
    limits: Limits,
    total: usize,
    tree: Tree,
    faults: Vec<Fault>,
    missing: Vec<Missing>,
}

impl Reading<'_> {
    fn fault(&mut self, path: &str, message: String) {
        let place = Place::file(format!("{}/{path}", self.wanted.path));
        self.faults.push(Fault::new(message).at(place));
    }

    /// Reads content, or says that it has more bytes than a file may have.
    fn content(&self, path: &str, id: Oid) -> Result<Result<Vec<u8>, String>, Trouble> {
        let trouble = |e: git2::Error| Trouble::with(&e, path, id);
        let (size, _) = self.odb.read_header(id).map_err(trouble)?;
        if size > self.limits.file {
            return Ok(Err(format!("it has more than {} bytes", self.limits.file)));
        }
        let object = self.odb.read(id).map_err(trouble)?;
        if object.kind() != ObjectType::Blob {
            return Err(Trouble::Damaged(format!("{path} ({id}): it is no file")));
        }
        Ok(Ok(object.data().to_vec()))
    }

    fn text(&self, path: &str, id: Oid) -> Result<String, Trouble> {
        let place = self.wanted.place;
        let bytes = self.content(path, id)?;
        let bytes = bytes.map_err(|why| Error::upstream(format!("`{path}` of {place}: {why}")))?;
        let text = String::from_utf8(bytes);
        Ok(text.map_err(|_| Error::upstream(format!("`{path}` of {place} is not UTF-8")))?)
    }

    fn file(&mut self, path: &str, mode: Mode, id: Oid) -> Result<(), Trouble> {
        let checked = match TreePath::new(path) {
            Ok(checked) => checked,
            Err(fault) => {
                self.fault(path, fault.to_string());
                return Ok(());
            }
        };
        match self.content(&format!("{}/{path}", self.wanted.path), id) {
            Ok(Ok(bytes)) => {
                self.total += bytes.len();
                if self.total > self.limits.total {
                    let (place, limit) = (self.wanted.place, self.limits.total);
                    return Err(Error::upstream(format!("{place} has more than {limit} bytes in `{}`", self.wanted.path)).into());
                }
                self.tree.insert(checked, File::new(bytes, mode));
            }
            Ok(Err(why)) => self.fault(path, why),
            Err(Trouble::Missing(missing)) => self.missing.extend(missing),
            Err(trouble) => return Err(trouble),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Tree, Trouble> {
        for (one, other) in self.tree.case_collisions() {
            self.fault(one.as_str(), format!("it is one file with `{other}` where case is folded"));
        }
        if !self.faults.is_empty() {
            let message = format!("{} has files that cannot be taken", self.wanted.place);
            return Err(Error::faults(Kind::Upstream, message, self.faults)
                .help("take another release, and tell upstream")
                .into());
        }
        if !self.missing.is_empty() {
            return Err(Trouble::Missing(self.missing));
        }
        Ok(self.tree)
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
