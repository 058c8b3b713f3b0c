//! Reads a release from the objects of a repository. Nothing is fetched and
//! nothing is written; what is not there is said.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use git2::{ObjectType, Odb, Oid, Repository};
use host::parallel;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::release::{Release, SourceKind, Workspace};
use recipe::tree::{File, Mode, Tree, TreePath, shown};
use semver::Version;

use super::error::{GitError, MissingObject};
use super::lacking::Lacking;
use super::links::Links;
use super::list::{CommitFiles, CrateLocation, LIMITS, LOCK, MANIFEST, TreeLimits, lacks, objects};
use super::manifest::PackageManifest;

impl CommitFiles {
    /// Reads the files that are in the crate's package.
    pub(super) fn read(
        mut self,
        repo: &Repository,
        location: CrateLocation<'_>,
        version: &Version,
        limits: TreeLimits,
    ) -> Result<Release, GitError> {
        let mut reader = TreeReader::new(repo, location, limits)?;
        let (workspace, package) = reader.manifests(&self)?;
        expect_version(&package.version, location, version)
            .map_err(|e| e.help(Lacking::Tags.next_step(repo)))?;
        let mut links = Links::new(repo, self.commit, limits)?;
        for (name, path) in &package.outside {
            if let Some(file) = links.file(path)? {
                self.files.entry(name.clone()).or_insert(file);
            }
        }
        links.follow(&mut self, location, package.is_walked())?;
        let selection = package.selection(self.files.keys().map(String::as_str));
        for (path, reason) in &self.unsupported {
            if selection.has(path) {
                reader.fault(path, reason.to_string());
            }
        }
        let files = self.files.iter().filter(|(path, _)| selection.has(path));
        let files: Vec<_> = files
            .map(|(path, (mode, id))| (path.as_str(), *mode, *id))
            .collect();
        reader.files(repo.path(), &files)?;
        let lock = self.lock.map(|id| reader.text(LOCK, id)).transpose()?;
        Ok(Release {
            version: version.clone(),
            commit: Some(self.commit.to_string()),
            checksum: None,
            source: SourceKind::Git,
            tree: reader.finish()?,
            workspace: Workspace::Root(workspace),
            cargo_lock: lock,
        })
    }

    /// Reads which version of the crate stands at the commit.
    pub(super) fn version(
        &self,
        repo: &Repository,
        location: CrateLocation<'_>,
    ) -> Result<Version, GitError> {
        let (_, package) = TreeReader::new(repo, location, LIMITS)?.manifests(self)?;
        Ok(package.version)
    }
}

fn expect_version(found: &Version, location: CrateLocation<'_>, version: &Version) -> Result<()> {
    if found == version {
        return Ok(());
    }
    let CrateLocation { name, place, .. } = location;
    Err(
        Error::upstream(format!("{place} has {name} {found}, not {version}"))
            .help(format!("check out the release {version} there")),
    )
}

fn expect_name(found: &str, location: CrateLocation<'_>) -> Result<()> {
    let CrateLocation { name, path, place } = location;
    if found == name {
        return Ok(());
    }
    let message = format!("{place} has the crate `{found}` in `{path}`, not `{name}`");
    Err(Error::upstream(message)
        .help("correct `crate` or `path` below `[upstream]` in manifest.toml"))
}

struct TreeReader<'a> {
    odb: Odb<'a>,
    location: CrateLocation<'a>,
    limits: TreeLimits,
    /// The bytes of all files, also of those that other threads read.
    total: Arc<AtomicUsize>,
    tree: Tree,
    faults: Vec<Fault>,
    missing: Vec<MissingObject>,
}

impl<'a> TreeReader<'a> {
    fn new(
        repo: &'a Repository,
        location: CrateLocation<'a>,
        limits: TreeLimits,
    ) -> Result<Self, GitError> {
        Ok(TreeReader {
            odb: objects(repo)?,
            location,
            limits,
            total: Arc::default(),
            tree: Tree::new(),
            faults: Vec::new(),
            missing: Vec::new(),
        })
    }

    /// Reads the workspace's manifest, and the one of the crate that was asked for.
    fn manifests(&self, files: &CommitFiles) -> Result<(String, PackageManifest), GitError> {
        let own = format!("{}/{MANIFEST}", self.location.path);
        let id = files.files.get(MANIFEST).map(|(_, id)| *id);
        let id = id.ok_or_else(|| lacks(self.location, &own))?;
        let workspace = self.text(MANIFEST, files.workspace)?;
        let package = PackageManifest::parse(
            &self.text(&own, id)?,
            &workspace,
            self.location.path.as_str(),
        )?;
        expect_name(&package.name, self.location)?;
        Ok((workspace, package))
    }

    fn fault(&mut self, path: &str, message: String) {
        let place = Location::file(format!("{}/{}", self.location.path, shown(path)));
        self.faults.push(Fault::new(message).at(place));
    }

    /// Reads content, or says that it has more bytes than a file may have.
    fn content(&self, path: &str, id: Oid) -> Result<Result<Vec<u8>, String>, GitError> {
        let error = |e: git2::Error| GitError::of_object(&e, path, id);
        let (size, _) = self.odb.read_header(id).map_err(error)?;
        if size > self.limits.file {
            return Ok(Err(format!("it has more than {} bytes", self.limits.file)));
        }
        let object = self.odb.read(id).map_err(error)?;
        if object.kind() != ObjectType::Blob {
            return Err(GitError::Damaged(format!(
                "{path} ({id}): it is not a file"
            )));
        }
        Ok(Ok(object.data().to_vec()))
    }

    fn text(&self, path: &str, id: Oid) -> Result<String, GitError> {
        let place = self.location.place;
        let bytes = self.content(path, id)?;
        let bytes = bytes.map_err(|why| Error::upstream(format!("`{path}` of {place}: {why}")))?;
        let text = String::from_utf8(bytes);
        Ok(text.map_err(|_| Error::upstream(format!("`{path}` of {place} is not UTF-8")))?)
    }

    /// Reads files, several at a time: most of the work is to unpack them.
    fn files(&mut self, repo: &Path, files: &[(&str, Mode, Oid)]) -> Result<(), GitError> {
        let threads = parallel::processors(files.len());
        let shares: Vec<_> = files.chunks(files.len().div_ceil(threads).max(1)).collect();
        let (location, limits, total) = (self.location, self.limits, &self.total);
        let read = parallel::each(&shares, threads, |share| -> Result<_, GitError> {
            // Each has a handle of its own: they cannot be shared.
            let repo = Repository::open(repo);
            let repo = repo.map_err(|e| GitError::Damaged(e.message().to_owned()))?;
            let mut reader = TreeReader::new(&repo, location, limits)?;
            reader.total = Arc::clone(total);
            for (path, mode, id) in *share {
                reader.file(path, *mode, *id)?;
            }
            Ok((reader.tree, reader.faults, reader.missing))
        })?;
        for (tree, faults, missing) in read {
            self.tree.extend(tree);
            self.faults.extend(faults);
            self.missing.extend(missing);
        }
        Ok(())
    }

    fn file(&mut self, path: &str, mode: Mode, id: Oid) -> Result<(), GitError> {
        let checked = match TreePath::new(path) {
            Ok(checked) => checked,
            Err(fault) => {
                self.fault(path, fault.to_string());
                return Ok(());
            }
        };
        match self.content(&format!("{}/{path}", self.location.path), id) {
            Ok(Ok(bytes)) => {
                let before = self.total.fetch_add(bytes.len(), Ordering::Relaxed);
                if before + bytes.len() > self.limits.total {
                    let (place, limit) = (self.location.place, self.limits.total);
                    return Err(Error::upstream(format!(
                        "{place} has more than {limit} bytes in `{}`",
                        self.location.path
                    ))
                    .into());
                }
                self.tree.insert(checked, File::new(bytes, mode));
            }
            Ok(Err(why)) => self.fault(path, why),
            Err(GitError::Missing(missing)) => self.missing.extend(missing),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Tree, GitError> {
        for collision in self.tree.collisions() {
            let [path, _] = collision.paths();
            self.fault(path.as_str(), collision.to_string());
        }
        if !self.faults.is_empty() {
            let message = format!("{} has files that cannot be taken", self.location.place);
            return Err(Error::faults(Kind::Upstream, message, self.faults)
                .help("take another release, and report it upstream")
                .into());
        }
        if !self.missing.is_empty() {
            return Err(GitError::Missing(self.missing));
        }
        Ok(self.tree)
    }
}

#[cfg(test)]
#[path = "read_names_tests.rs"]
mod names_tests;
#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
