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

use super::links::Links;
use super::list::{
    LIMITS, LOCK, Limits, Listing, MANIFEST, Missing, Trouble, Wanted, lacks, objects,
};
use super::package::Package;

impl Listing {
    /// Reads the files that are in the crate's package.
    ///
    /// # Errors
    ///
    /// [`Trouble`]; refused with every file that cannot be taken, or where the
    /// crate is another than was asked for.
    pub(super) fn read(
        mut self,
        repo: &Repository,
        wanted: Wanted<'_>,
        version: &Version,
        limits: Limits,
    ) -> Result<Release, Trouble> {
        let mut reading = Reading::new(repo, wanted, limits)?;
        let (workspace, package) = reading.manifests(&self)?;
        expect(&package, wanted, version)?;
        let mut links = Links::new(repo, self.commit, limits)?;
        for (name, path) in &package.outside {
            let file = links.file(path)?;
            self.files.extend(
                file.filter(|_| !self.files.contains_key(name))
                    .map(|file| (name.clone(), file)),
            );
        }
        links.follow(&mut self, wanted, package.is_walked())?;
        let selection = package.selection(self.files.keys().map(String::as_str));
        for (path, oddity) in &self.odd {
            if selection.has(path) {
                reading.fault(path, oddity.to_string());
            }
        }
        let files = self.files.iter().filter(|(path, _)| selection.has(path));
        let files: Vec<_> = files
            .map(|(path, (mode, id))| (path.as_str(), *mode, *id))
            .collect();
        reading.files(repo.path(), &files)?;
        let lock = self.lock.map(|id| reading.text(LOCK, id)).transpose()?;
        Ok(Release {
            version: version.clone(),
            commit: Some(self.commit.to_string()),
            checksum: None,
            source: SourceKind::Git,
            tree: reading.finish()?,
            workspace: Workspace::Root(workspace),
            cargo_lock: lock,
        })
    }

    /// Reads which version of the crate stands at the commit.
    ///
    /// # Errors
    ///
    /// [`Trouble`]; refused where it is another crate.
    pub(super) fn version(
        &self,
        repo: &Repository,
        wanted: Wanted<'_>,
    ) -> Result<Version, Trouble> {
        let (_, package) = Reading::new(repo, wanted, LIMITS)?.manifests(self)?;
        expect_name(&package, wanted)?;
        Ok(package.version)
    }
}

/// Makes sure that the crate is the one that was asked for.
fn expect(package: &Package, wanted: Wanted<'_>, version: &Version) -> Result<()> {
    expect_name(package, wanted)?;
    if package.version == *version {
        return Ok(());
    }
    let Wanted { name, place, .. } = wanted;
    Err(Error::upstream(format!(
        "{place} has {name} {}, not {version}",
        package.version
    ))
    .help(format!(
        "check out the release {version} there, or fetch the tags: `git fetch --tags`"
    )))
}

fn expect_name(package: &Package, wanted: Wanted<'_>) -> Result<()> {
    let Wanted { name, path, place } = wanted;
    if package.name == name {
        return Ok(());
    }
    let is = &package.name;
    Err(Error::upstream(format!(
        "{place} has the crate `{is}` in `{path}`, not `{name}`"
    ))
    .help("correct `crate` or `path` below `[upstream]` in manifest.toml"))
}

/// A tree that is being read.
struct Reading<'a> {
    odb: Odb<'a>,
    wanted: Wanted<'a>,
    limits: Limits,
    /// The bytes of all files, also of those that other threads read.
    total: Arc<AtomicUsize>,
    tree: Tree,
    faults: Vec<Fault>,
    missing: Vec<Missing>,
}

impl<'a> Reading<'a> {
    fn new(repo: &'a Repository, wanted: Wanted<'a>, limits: Limits) -> Result<Self, Trouble> {
        Ok(Reading {
            odb: objects(repo)?,
            wanted,
            limits,
            total: Arc::default(),
            tree: Tree::new(),
            faults: Vec::new(),
            missing: Vec::new(),
        })
    }

    /// Reads the workspace's manifest, and what the crate's says.
    fn manifests(&self, listing: &Listing) -> Result<(String, Package), Trouble> {
        let own = format!("{}/{MANIFEST}", self.wanted.path);
        let id = listing.files.get(MANIFEST).map(|(_, id)| *id);
        let id = id.ok_or_else(|| lacks(self.wanted, &own))?;
        let workspace = self.text(MANIFEST, listing.workspace)?;
        let package = Package::parse(&self.text(&own, id)?, &workspace, self.wanted.path.as_str())?;
        Ok((workspace, package))
    }

    fn fault(&mut self, path: &str, message: String) {
        let place = Location::file(format!("{}/{}", self.wanted.path, shown(path)));
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
            return Err(Trouble::Damaged(format!("{path} ({id}): it is not a file")));
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

    /// Reads files, several at a time: most of the work is to unpack them.
    fn files(&mut self, repo: &Path, files: &[(&str, Mode, Oid)]) -> Result<(), Trouble> {
        let threads = parallel::processors(files.len());
        let shares: Vec<_> = files.chunks(files.len().div_ceil(threads).max(1)).collect();
        let (wanted, limits, total) = (self.wanted, self.limits, &self.total);
        let read = parallel::each(&shares, threads, |share| -> Result<_, Trouble> {
            // Each has a handle of its own: they cannot be shared.
            let repo = Repository::open(repo);
            let repo = repo.map_err(|e| Trouble::Damaged(e.message().to_owned()))?;
            let mut reading = Reading::new(&repo, wanted, limits)?;
            reading.total = Arc::clone(total);
            for (path, mode, id) in *share {
                reading.file(path, *mode, *id)?;
            }
            Ok((reading.tree, reading.faults, reading.missing))
        })?;
        for (tree, faults, missing) in read {
            self.tree.extend(tree);
            self.faults.extend(faults);
            self.missing.extend(missing);
        }
        Ok(())
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
                let before = self.total.fetch_add(bytes.len(), Ordering::Relaxed);
                if before + bytes.len() > self.limits.total {
                    let (place, limit) = (self.wanted.place, self.limits.total);
                    return Err(Error::upstream(format!(
                        "{place} has more than {limit} bytes in `{}`",
                        self.wanted.path
                    ))
                    .into());
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
        for collision in self.tree.collisions() {
            let [path, _] = collision.paths();
            self.fault(path.as_str(), collision.to_string());
        }
        if !self.faults.is_empty() {
            let message = format!("{} has files that cannot be taken", self.wanted.place);
            return Err(Error::faults(Kind::Upstream, message, self.faults)
                .help("take another release, and report it upstream")
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
