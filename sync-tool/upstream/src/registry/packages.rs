//! Obtains a package from the nearest place that has it: the tool's cache,
//! cargo's, the registry.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use recipe::address::masked;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::release::{Listed, offer};
use recipe::tree::Digest;
use semver::Version;

use super::cache::RegistryCache;
use super::origin::SparseRegistry;
use super::{PackageSource, Registry, cargo_home};
use crate::options::RUN_ONLINE;

/// A package with the checksum that it must have.
#[derive(Debug)]
pub(super) struct VerifiedPackage {
    /// The `.crate`.
    pub(super) bytes: Vec<u8>,
    pub(super) checksum: Digest,
    /// Where it lies, for messages.
    pub(super) place: String,
}

impl VerifiedPackage {
    /// Compares a package with a checksum; the checksum that it has instead is the error.
    pub(super) fn new(bytes: Vec<u8>, checksum: Digest, place: String) -> Result<Self, Digest> {
        match Digest::of(&bytes) {
            found if found == checksum => Ok(VerifiedPackage {
                bytes,
                checksum,
                place,
            }),
            found => Err(found),
        }
    }
}

impl Registry<'_> {
    /// Returns the package of a version, with a checksum where one is wanted.
    pub(super) fn package(
        &self,
        version: &Version,
        wanted: Option<Digest>,
    ) -> Result<Rc<VerifiedPackage>> {
        if let Some(package) = self.held(version, wanted) {
            return Ok(package);
        }
        let package = match &self.source {
            PackageSource::Sparse(sparse, cache) => {
                self.of_sparse_registry(sparse, cache, version, wanted)?
            }
            PackageSource::Local(dir) => self.of_local_registry(dir, version, wanted)?,
        };
        Ok(self.hold(version, package))
    }

    /// Returns a package that is in the tool's cache or, where its checksum is known, in cargo's.
    pub(super) fn cached(
        &self,
        cache: &RegistryCache,
        version: &Version,
        wanted: Option<Digest>,
    ) -> Result<Option<Rc<VerifiedPackage>>> {
        if let Some(package) = self.held(version, wanted) {
            return Ok(Some(package));
        }
        let name = &self.name;
        let package = match (cache.find(name, version, wanted)?.valid, wanted) {
            (None, Some(checksum)) => self.of_cargo(cache, version, checksum)?,
            (valid, _) => valid,
        };
        Ok(package.map(|package| self.hold(version, package)))
    }

    fn held(&self, version: &Version, wanted: Option<Digest>) -> Option<Rc<VerifiedPackage>> {
        let held = self.packages.borrow().get(version).map(Rc::clone)?;
        wanted.is_none_or(|w| w == held.checksum).then_some(held)
    }

    fn hold(&self, version: &Version, package: VerifiedPackage) -> Rc<VerifiedPackage> {
        let package = Rc::new(package);
        let mut packages = self.packages.borrow_mut();
        packages.insert(version.clone(), Rc::clone(&package));
        package
    }

    fn of_sparse_registry(
        &self,
        sparse: &SparseRegistry,
        cache: &RegistryCache,
        version: &Version,
        wanted: Option<Digest>,
    ) -> Result<VerifiedPackage> {
        let name = &self.name;
        let found = cache.find(name, version, wanted)?;
        if let Some(package) = found.valid {
            return Ok(package);
        }
        self.evict_damaged(&found.damaged)?;
        // A checksum that is known needs no index.
        if let Some(checksum) = wanted
            && let Some(package) = self.of_cargo(cache, version, checksum)?
        {
            return Ok(package);
        }
        let checksum = self.expected_checksum(version, wanted, &masked(&sparse.url))?;
        if wanted.is_none() {
            if let Some(package) = cache.find(name, version, Some(checksum))?.valid {
                return Ok(package);
            }
            if let Some(package) = self.of_cargo(cache, version, checksum)? {
                return Ok(package);
            }
        }
        match self.client(sparse)? {
            Some(client) => client.download(name, version, checksum, cache),
            None => Err(self.not_cached(&format!("{name} {version}"))),
        }
    }

    fn of_local_registry(
        &self,
        dir: &Path,
        version: &Version,
        wanted: Option<Digest>,
    ) -> Result<VerifiedPackage> {
        let path = self.local_package(dir, version);
        let place = path.display().to_string();
        let checksum = self.expected_checksum(version, wanted, &dir.display().to_string())?;
        let bytes = std::fs::read(&path)
            .map_err(|e| Error::io("read", &path, e).of_kind(Kind::Upstream))?;
        VerifiedPackage::new(bytes, checksum, place.clone()).map_err(|found| {
            Error::upstream(format!(
                "{place} is damaged: the index promises checksum {checksum}, it has {found}"
            ))
            .help("make the local registry anew (`cargo local-registry`)")
        })
    }

    pub(super) fn local_package(&self, dir: &Path, version: &Version) -> PathBuf {
        dir.join(format!("{}-{version}.crate", self.name))
    }

    /// Takes a package from cargo's cache into the tool's.
    fn of_cargo(
        &self,
        cache: &RegistryCache,
        version: &Version,
        checksum: Digest,
    ) -> Result<Option<VerifiedPackage>> {
        let name = &self.name;
        let Some(home) = self.host.env.cargo_home() else {
            return Ok(None);
        };
        let passed_over = |path: &Path| {
            self.host.status.note(&format!(
                "{} does not have the checksum {checksum}; passed over",
                path.display()
            ));
        };
        let package = cargo_home::package(&home, name, version, checksum, passed_over);
        package
            .map(|package| cache.add(name, version, package))
            .transpose()
    }

    /// Clears damaged packages away, or says that they cannot be replaced offline.
    fn evict_damaged(&self, damaged: &[PathBuf]) -> Result<()> {
        for path in damaged {
            let shown = path.display();
            if let Some(why) = self.offline {
                return Err(Error::upstream(format!(
                    "{shown} in the cache is damaged, and cannot be downloaded again because {why}"
                ))
                .help(RUN_ONLINE));
            }
            let note = format!("{shown} is damaged; the package is fetched again");
            self.host.status.note(&note);
            std::fs::remove_file(path).map_err(|e| Error::io("remove", path, e))?;
        }
        Ok(())
    }

    /// Returns the checksum that the index gives a version, compared with the wanted one.
    fn expected_checksum(
        &self,
        version: &Version,
        wanted: Option<Digest>,
        place: &str,
    ) -> Result<Digest> {
        let name = &self.name;
        let entries = self.entries()?;
        let refused = |why: &str| {
            let listed: Vec<Listed> = entries.iter().map(|e| e.listed.clone()).collect();
            let error = Error::upstream(format!("{name} {version} {why} the registry {place}"));
            match offer(&listed, version, |v| format!("v{v}")) {
                None => error,
                Some(text) => error.help(text),
            }
        };
        let Some(entry) = entries.iter().find(|e| e.listed.version == *version) else {
            return Err(refused("does not exist in"));
        };
        let given = entry.checksum;
        match wanted {
            Some(wanted) if wanted != given => {
                let message = format!("the lock has checksum {wanted}, the registry gives {given}");
                let fault = Fault::new(message).at(Location::file(place));
                let message = format!("{name} {version} is not as locked");
                return Err(Error::faults(Kind::Upstream, message, vec![fault])
                    .help("a published package never changes: find out why this one did, and which registry cargo's configuration names, before trusting it"));
            }
            None if self.candidates && !version.pre.is_empty() => {}
            None if entry.listed.yanked => return Err(refused("was yanked from")),
            Some(_) if entry.listed.yanked => self.host.status.warn(&format!(
                "{name} {version} was yanked; it is read because the lock has it"
            )),
            _ => {}
        }
        Ok(given)
    }
}
