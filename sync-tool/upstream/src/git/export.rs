//! All files of a release, beyond those of the crate: their names at once, their
//! contents as they are asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use git2::{ErrorCode, ObjectType, OdbLookupFlags, Oid, Repository};
use host::parallel;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::tree::Mode;
use semver::Version;

use super::fetch::Fetch;
use super::list::{self, Limits, Listing, Missing, Trouble, UnsupportedEntry, objects};
use super::{Failure, Git, RepositoryKind, locked};

/// What a whole repository may hold at most. Upstream's has some 6,300 files.
const LIMITS: Limits = Limits {
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
    objects: Objects,
    /// What messages call the place, such as `tag v41.0.0 of ../wasmtime`.
    pub place: String,
    /// The commit.
    pub commit: Oid,
    /// The files by their paths.
    pub files: BTreeMap<String, Blob>,
    /// What stands there that is not a file, with the reason.
    pub odd: BTreeMap<String, String>,
}

/// Where contents are read, by several threads.
struct Objects {
    repository: PathBuf,
    place: String,
}

impl<'g> Git<'g> {
    /// Lists all files of a release, at the commit where given.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where the repository cannot be reached or has no such
    /// release there.
    pub fn export(&'g self, version: &Version, commit: Option<&str>) -> Result<Export<'g>> {
        let locked = locked(commit)?;
        let (repository, commit, place) = match &self.place {
            RepositoryKind::Local(local) => local.located(&self.subject, version, locked)?,
            RepositoryKind::Remote(remote) => {
                let (dir, commit) = match remote.located(&self.subject, version, locked) {
                    Some(found) => found,
                    None => {
                        let fetched = remote.release(&self.subject, version, locked);
                        fetched.map_err(Failure::into_error)?;
                        let found = remote.located(&self.subject, version, locked);
                        found.ok_or_else(|| self.lost(version))?
                    }
                };
                (dir, commit, remote.place(&self.subject, version))
            }
        };
        self.listed(version, repository, commit, place)
    }

    /// Returns the error for a cache that is gone while it is read.
    fn lost(&self, version: &Version) -> Error {
        let tag = self.subject.tags.tag(version);
        Error::upstream(format!("the cache of {tag} is not there any more"))
            .help("run the same command again; another run may have made it anew")
    }

    fn listed(
        &'g self,
        version: &Version,
        repository: PathBuf,
        commit: Oid,
        place: String,
    ) -> Result<Export<'g>> {
        let objects = Objects {
            repository,
            place: place.clone(),
        };
        let listing = objects
            .open()
            .and_then(|repo| list::everything(&repo, commit, self.subject.wanted(&place), LIMITS));
        let Listing {
            files, links, odd, ..
        } = listing.map_err(|trouble| objects.describe(trouble))?;
        let files = files
            .into_iter()
            .map(|(path, (mode, id))| (path, Blob { mode, id }));
        let odd = odd.into_iter();
        let odd = odd.map(|(path, oddity): (String, UnsupportedEntry)| (path, oddity.to_string()));
        let links = links.into_iter();
        let odd = odd.chain(links.map(|(path, _)| (path, "it is a symbolic link".to_owned())));
        Ok(Export {
            git: self,
            version: version.clone(),
            files: files.collect(),
            odd: odd.collect(),
            objects,
            place,
            commit,
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
        let RepositoryKind::Remote(remote) = &self.git.place else {
            return Ok(());
        };
        let paths: Vec<&str> = paths.into_iter().collect();
        if self.absent(&paths)?.is_empty() {
            return Ok(());
        }
        let locked = Some(self.commit);
        if remote.is_offline() {
            let absent = self.absent(&paths)?;
            return Err(remote.not_fetched(absent.len(), &self.place));
        }
        let _turn = remote.cache.lock(remote.host)?;
        // Another run may have fetched them while this one waited.
        let absent = self.absent(&paths)?;
        if absent.is_empty() {
            return Ok(());
        }
        let fetch = Fetch {
            remote,
            subject: &self.git.subject,
            version: &self.version,
            locked,
        };
        fetch.more(&absent).map_err(Failure::into_error)
    }

    /// Returns those of the paths whose contents are not in the repository.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where the repository is damaged.
    pub(super) fn absent(&self, paths: &[&str]) -> Result<Vec<Missing>> {
        let looked = self.objects.open().and_then(|repo| {
            let odb = objects(&repo)?;
            let found = paths
                .iter()
                .filter_map(|path| self.files.get_key_value(*path));
            let absent =
                found.filter(|(_, blob)| !odb.exists_ext(blob.id, OdbLookupFlags::NO_REFRESH));
            let missing = absent.map(|(path, blob)| Missing {
                path: path.clone(),
                id: blob.id,
            });
            Ok(missing.collect())
        });
        looked.map_err(|trouble| self.objects.describe(trouble))
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
        let objects = &self.objects;
        let missing = parallel::each(&shares, threads, |share| objects.read(share, &each))?;
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
        let message = format!(
            "{} lacks files that upstream's tests are built from",
            self.place
        );
        let error = Error::faults(Kind::Upstream, message, faults);
        match &self.git.place {
            RepositoryKind::Local(_) => error
                .help(format!(
                    "if it is a partial clone, complete it: `git -C {} archive {} >/dev/null`",
                    self.objects.repository.display(),
                    self.commit
                ))
                .help("or give a repository that has them: `--upstream PATH|URL`"),
            RepositoryKind::Remote(_) => {
                // Another run may have made the cache anew in the meantime.
                error.help("run the same command again; if it says the same, give a repository that has them: `--upstream PATH|URL`")
            }
        }
    }
}

impl Objects {
    fn open(&self) -> Result<Repository, Trouble> {
        let opened = Repository::open(&self.repository);
        opened.map_err(|e| Trouble::Damaged(e.message().to_owned()))
    }

    /// Reads contents one after the other; returns the paths of those that are not there.
    fn read<'p>(
        &self,
        files: &[(&'p str, Blob)],
        each: &impl Fn(&'p str, Blob, &[u8]) -> Result<()>,
    ) -> Result<Vec<&'p str>> {
        let trouble = |trouble| self.describe(trouble);
        // Each thread has a handle of its own: they cannot be shared.
        let repo = self.open().map_err(trouble)?;
        let odb = objects(&repo).map_err(trouble)?;
        let mut missing = Vec::new();
        for (path, blob) in files {
            let damaged =
                |why: &str| trouble(Trouble::Damaged(format!("{path} ({}): {why}", blob.id)));
            // Known beforehand: what is too large is never read.
            let size = odb.read_header(blob.id).map_or(0, |(size, _)| size);
            if size > LIMITS.file {
                let message = format!("{} has {path} with {size} bytes", self.place);
                return Err(Error::upstream(message)
                    .help("sources are smaller: see whether the repository is upstream's"));
            }
            match odb.read(blob.id) {
                Ok(object) if object.kind() == ObjectType::Blob => {
                    each(path, *blob, object.data())?;
                }
                Ok(_) => return Err(damaged("it is not a file")),
                Err(e) if e.code() == ErrorCode::NotFound => missing.push(*path),
                Err(e) => return Err(damaged(e.message())),
            }
        }
        Ok(missing)
    }

    fn describe(&self, trouble: Trouble) -> Error {
        let (place, path) = (&self.place, self.repository.display());
        match trouble {
            Trouble::Refused(error) => error,
            Trouble::Damaged(what) => Error::upstream(format!("{place} is damaged: {what}")).help(
                format!("see what is wrong with `git -C {path} fsck`, or give another repository"),
            ),
            Trouble::Missing(missing) => {
                let first = missing.first().map_or("", |m| m.path.as_str());
                Error::upstream(format!("{place} lacks the directory `{first}`"))
                    .help("give a repository that has it: `--upstream PATH|URL`")
            }
        }
    }
}
