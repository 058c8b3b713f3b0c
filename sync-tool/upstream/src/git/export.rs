//! All files of a release, beyond those of the crate: their names at once, their
//! contents as they are asked for.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid};
use host::parallel;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::tree::Mode;
use semver::Version;

use super::commit::ReleaseCommit;
use super::error::{GitError, MissingObject};
use super::fetch::Fetch;
use super::lacking::with_next_steps;
use super::list::{self, TreeLimits, objects};
use super::{Git, RepositoryKind, parse_locked};

/// What a whole repository may hold at most. Upstream's has some 6,300 files.
const LIMITS: TreeLimits = TreeLimits {
    total: 1 << 30,
    file: 64 << 20,
    entries: 100_000,
};

/// A file of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// Its mode.
    pub mode: Mode,
    /// The id of its content.
    pub id: Oid,
}

/// The files of a release.
pub struct Export<'g> {
    git: &'g Git<'g>,
    version: Version,
    at: ReleaseCommit,
    /// What messages call the place, such as `tag v41.0.0 of ../wasmtime`.
    pub place: String,
    /// The commit.
    pub commit: Oid,
    /// The files by their paths.
    pub files: BTreeMap<String, Blob>,
    /// What stands there that is not a file, with the reason.
    pub odd: BTreeMap<String, String>,
}

impl<'g> Git<'g> {
    /// Lists all files of a release, at the commit where given.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where the repository cannot be reached or has no such
    /// release there.
    pub fn export(&'g self, version: &Version, commit: Option<&str>) -> Result<Export<'g>> {
        let locked = parse_locked(commit)?;
        let at = match &self.repository {
            RepositoryKind::Local(local) => local.located(&self.spec, version, locked)?,
            RepositoryKind::Remote(remote) => remote
                .located(&self.spec, version, locked)
                .map_err(GitError::into_error)?,
        };
        let listed = at.open().and_then(|repo| {
            list::everything(&repo, at.commit, self.spec.located(&at.place), LIMITS)
        });
        let listed = listed.map_err(|e| at.describe(e))?;
        let files = listed.files.into_iter();
        let files = files.map(|(path, (mode, id))| (path, Blob { mode, id }));
        let unsupported = listed.unsupported.into_iter();
        let unsupported = unsupported.map(|(path, reason)| (path, reason.to_string()));
        let links = listed.links.into_iter();
        let links = links.map(|(path, _)| (path, "it is a symbolic link".to_owned()));
        Ok(Export {
            git: self,
            version: version.clone(),
            files: files.collect(),
            odd: unsupported.chain(links).collect(),
            place: at.place.clone(),
            commit: at.commit,
            at,
        })
    }
}

impl Export<'_> {
    /// Fetches the contents that the repository lacks, all in one request. What
    /// stands in a repository on this machine is all there is.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where the repository cannot be reached or refuses some.
    pub fn fetch<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> Result<()> {
        let RepositoryKind::Remote(remote) = &self.git.repository else {
            return Ok(());
        };
        let paths: Vec<&str> = paths.into_iter().collect();
        let absent = self.absent(&paths)?;
        if absent.is_empty() {
            return Ok(());
        }
        if remote.offline {
            return Err(remote.files_not_cached(absent.len(), &self.place));
        }
        let _lock = remote.cache.lock(remote.host)?;
        // Another run may have fetched them while this one waited.
        let absent = self.absent(&paths)?;
        if absent.is_empty() {
            return Ok(());
        }
        let fetch = Fetch {
            remote,
            spec: &self.git.spec,
            version: &self.version,
            locked: Some(self.commit),
        };
        let fetched = fetch.fetch_contents(&remote.cache.dir(), &absent);
        fetched.map_err(GitError::into_error)
    }

    /// Returns those of the paths whose contents are not in the repository.
    fn absent(&self, paths: &[&str]) -> Result<Vec<MissingObject>> {
        let absent = self.at.open().and_then(|repo| {
            let paths = paths.iter();
            let found = paths.filter_map(|path| self.files.get_key_value(*path));
            let contents = found.map(|(path, blob)| (path.as_str(), blob.id));
            Ok(list::missing(&objects(&repo)?, contents))
        });
        absent.map_err(|e| self.at.describe(e))
    }

    /// Reads contents, several at a time, and hands each on. Returns the paths
    /// whose contents are not in the repository.
    ///
    /// # Errors
    ///
    /// Those of `each`; [`Kind::Upstream`] where the repository is damaged.
    pub fn read<'p>(
        &self,
        paths: &[&'p str],
        each: impl Fn(&'p str, Blob, &[u8]) -> Result<()> + Sync,
    ) -> Result<Vec<&'p str>> {
        let files = &self.files;
        let found = paths.iter();
        let found: Vec<(&'p str, Blob)> = found
            .filter_map(|path| Some((*path, *files.get(*path)?)))
            .collect();
        let threads = parallel::processors(found.len());
        let shares: Vec<_> = found.chunks(found.len().div_ceil(threads).max(1)).collect();
        let at = &self.at;
        let missing = parallel::each(&shares, threads, |share| read(at, share, &each))?;
        Ok(missing.concat())
    }

    /// Returns the error for contents that are needed and not there.
    pub fn lacks(&self, paths: &[&str]) -> Error {
        let fault = |path: &&str| {
            let id = self.files.get(*path).map(|blob| blob.id.to_string());
            let message = format!("its content {} is not there", id.unwrap_or_default());
            Fault::new(message).at(Location::file(*path))
        };
        let faults: Vec<Fault> = paths.iter().map(fault).collect();
        let message = format!("{} lacks files that are read", self.place);
        let error = Error::faults(Kind::Upstream, message, faults);
        match &self.git.repository {
            RepositoryKind::Local(_) => match self.at.open() {
                Ok(repo) => with_next_steps(error, &repo, self.commit),
                Err(_) => error,
            },
            RepositoryKind::Remote(_) => {
                // Another run may have made the cache anew in the meantime.
                error.help("run the same command again; if it says the same, give a repository that has them: `--upstream PATH|URL`")
            }
        }
    }
}

/// Reads contents one after the other; returns the paths of those that are not there.
fn read<'p>(
    at: &ReleaseCommit,
    files: &[(&'p str, Blob)],
    each: &impl Fn(&'p str, Blob, &[u8]) -> Result<()>,
) -> Result<Vec<&'p str>> {
    let describe = |error| at.describe(error);
    // Each thread has a handle of its own: they cannot be shared.
    let repo = at.open().map_err(describe)?;
    let odb = objects(&repo).map_err(describe)?;
    let mut missing = Vec::new();
    for (path, blob) in files {
        // Known beforehand: what is too large is never read.
        let size = odb.read_header(blob.id).map_or(0, |(size, _)| size);
        if size > LIMITS.file {
            let message = format!("{} has {path} with {size} bytes", at.place);
            return Err(Error::upstream(message)
                .help("sources are smaller: see whether the repository is upstream's"));
        }
        match odb.read(blob.id) {
            Ok(object) if object.kind() == ObjectType::Blob => {
                each(path, *blob, object.data())?;
            }
            Ok(_) => {
                let what = format!("{path} ({}): it is not a file", blob.id);
                return Err(describe(GitError::Damaged(what)));
            }
            Err(e) => match GitError::of_object(&e, *path, blob.id) {
                GitError::Missing(_) => missing.push(*path),
                error => return Err(describe(error)),
            },
        }
    }
    Ok(missing)
}
