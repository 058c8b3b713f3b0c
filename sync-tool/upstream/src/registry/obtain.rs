//! Obtains a package, from the nearest place that has it: the tool's cache,
//! cargo's, the registry. And the index in the same way.

use std::rc::Rc;

use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::release::{Listed, offer};
use recipe::tree::Digest;
use semver::Version;

use super::index::{self, Entry};
use super::origin::{Origin, Sparse};
use super::remote::Remote;
use super::store::Store;
use super::{Registry, cargo_home};

/// A package whose checksum is proven.
#[derive(Debug)]
pub(super) struct Package {
    /// The `.crate`.
    pub(super) bytes: Vec<u8>,
    /// Its checksum.
    pub(super) checksum: Digest,
    /// Where it lies.
    pub(super) place: String,
}

impl<'a> Registry<'a> {
    /// Returns the package of a version, with a checksum where one is wanted.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where nobody has it, it is yanked, or is not as wanted.
    pub(super) fn package(&self, version: &Version, wanted: Option<Digest>) -> Result<Rc<Package>> {
        let (Origin::Sparse(sparse), Some(store)) = (&self.origin, &self.store) else {
            return self.local_package(version, wanted);
        };
        if let Some(package) = self.hold_cached(store, version, wanted)? {
            return Ok(package);
        }
        self.evict_damaged(store, version, wanted)?;
        // A checksum that is known needs no index.
        if let Some(checksum) = wanted
            && let Some(package) = self.in_cargo_cache(store, version, checksum)?
        {
            return Ok(package);
        }
        let checksum = self.chosen(version, wanted, &recipe::address::masked(&sparse.url))?;
        if wanted.is_none() {
            if let Some(package) = self.hold_cached(store, version, Some(checksum))? {
                return Ok(package);
            }
            if let Some(package) = self.in_cargo_cache(store, version, checksum)? {
                return Ok(package);
            }
        }
        let Some(remote) = self.remote(sparse)? else {
            return Err(self.absent_offline(&format!("{} {version}", self.options.crate_name)));
        };
        let bytes = remote.download(&self.options.crate_name, version, checksum, store)?;
        let place = store
            .path(&self.options.crate_name, version, checksum)
            .display()
            .to_string();
        Ok(self.hold(
            version,
            Package {
                bytes,
                checksum,
                place,
            },
        ))
    }

    /// Returns the package of a `local-registry`, or fails for what has no packages.
    fn local_package(&self, version: &Version, wanted: Option<Digest>) -> Result<Rc<Package>> {
        if let Some(held) = self.held(version, wanted) {
            return Ok(held);
        }
        let Origin::Local(dir) = &self.origin else {
            return Err(Error::general(format!("{} has no packages", self.origin)));
        };
        let path = dir.join(format!("{}-{version}.crate", self.options.crate_name));
        let place = path.display().to_string();
        let checksum = self.chosen(version, wanted, &dir.display().to_string())?;
        let bytes = std::fs::read(&path)
            .map_err(|e| Error::io("read", &path, e).of_kind(Kind::Upstream))?;
        let came = Digest::of(&bytes);
        if came != checksum {
            return Err(Error::upstream(format!(
                "{place} is damaged: the index promises checksum {checksum}, it has {came}"
            ))
            .help("make the local registry anew (`cargo local-registry`)"));
        }
        Ok(self.hold(
            version,
            Package {
                bytes,
                checksum,
                place,
            },
        ))
    }

    fn held(&self, version: &Version, wanted: Option<Digest>) -> Option<Rc<Package>> {
        let held = self.held.borrow().get(version).map(Rc::clone)?;
        wanted.is_none_or(|w| w == held.checksum).then_some(held)
    }

    fn hold(&self, version: &Version, package: Package) -> Rc<Package> {
        let package = Rc::new(package);
        self.held
            .borrow_mut()
            .insert(version.clone(), Rc::clone(&package));
        package
    }

    /// Takes a package from the tool's cache.
    pub(super) fn hold_cached(
        &self,
        store: &Store,
        version: &Version,
        wanted: Option<Digest>,
    ) -> Result<Option<Rc<Package>>> {
        if let Some(held) = self.held(version, wanted) {
            return Ok(Some(held));
        }
        let name = &self.options.crate_name;
        Ok(store
            .find(name, version, wanted)?
            .valid
            .map(|(checksum, bytes)| {
                let place = store.path(name, version, checksum).display().to_string();
                self.hold(
                    version,
                    Package {
                        bytes,
                        checksum,
                        place,
                    },
                )
            }))
    }

    /// Takes a package from cargo's cache into the tool's.
    pub(super) fn in_cargo_cache(
        &self,
        store: &Store,
        version: &Version,
        checksum: Digest,
    ) -> Result<Option<Rc<Package>>> {
        let name = &self.options.crate_name;
        let Some(home) = self.host.env.cargo_home() else {
            return Ok(None);
        };
        let passed_over = |path: &std::path::Path| {
            let note = format!(
                "{} does not have the checksum {checksum}; passed over",
                path.display()
            );
            self.host.status.note(&note);
        };
        let Some(bytes) = cargo_home::package(&home, name, version, checksum, passed_over) else {
            return Ok(None);
        };
        store.add(name, version, checksum, &bytes)?;
        let place = store.path(name, version, checksum).display().to_string();
        Ok(Some(self.hold(
            version,
            Package {
                bytes,
                checksum,
                place,
            },
        )))
    }

    /// Clears damaged packages away, or says that they cannot be replaced offline.
    fn evict_damaged(
        &self,
        store: &Store,
        version: &Version,
        wanted: Option<Digest>,
    ) -> Result<()> {
        for path in store
            .find(&self.options.crate_name, version, wanted)?
            .damaged
        {
            if let Some(why) = self.offline {
                return Err(Error::upstream(format!(
                    "{} in the cache is damaged, and cannot be downloaded again because {why}",
                    path.display()
                ))
                .help("run the same command once with the network"));
            }
            self.host.status.note(&format!(
                "{} is damaged; the package is fetched again",
                path.display()
            ));
            std::fs::remove_file(&path).map_err(|e| Error::io("remove", &path, e))?;
        }
        Ok(())
    }

    /// Returns the checksum that the index gives a version.
    fn chosen(&self, version: &Version, wanted: Option<Digest>, place: &str) -> Result<Digest> {
        let name = &self.options.crate_name;
        let entries = self.entries()?;
        let Some(entry) = entries.iter().find(|e| e.listed.version == *version) else {
            return Err(self.offer(
                Error::upstream(format!(
                    "{name} {version} does not exist in the registry {place}"
                )),
                version,
            ));
        };
        self.as_locked(version, wanted, entry.checksum, place)?;
        if !entry.listed.yanked {
            return Ok(entry.checksum);
        }
        if wanted.is_none() {
            return Err(self.offer(
                Error::upstream(format!(
                    "{name} {version} was yanked from the registry {place}"
                )),
                version,
            ));
        }
        self.host.status.warn(&format!(
            "{name} {version} was yanked; it is read because the lock has it"
        ));
        Ok(entry.checksum)
    }

    /// Fails where a package is not the one that is locked.
    pub(super) fn as_locked(
        &self,
        version: &Version,
        wanted: Option<Digest>,
        given: Digest,
        place: &str,
    ) -> Result<()> {
        let Some(wanted) = wanted.filter(|w| *w != given) else {
            return Ok(());
        };
        let fault = Fault::new(format!(
            "the lock has checksum {wanted}, the registry gives {given}"
        ))
        .at(Location::file(place));
        let message = format!("{} {version} is not as locked", self.options.crate_name);
        Err(Error::faults(Kind::Upstream, message, vec![fault])
            .help("a published package never changes: find out why this one did, and which registry cargo's configuration names, before trusting it"))
    }

    fn offer(&self, error: Error, version: &Version) -> Error {
        let listed: Vec<Listed> = self
            .entries
            .get()
            .into_iter()
            .flatten()
            .map(|e| e.listed.clone())
            .collect();
        match offer(&listed, version, |v| format!("v{v}")) {
            None => error,
            Some(text) => error.help(text),
        }
    }

    /// Returns all releases that the index has, asked for once.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where the index is unavailable or is malformed.
    pub(super) fn entries(&self) -> Result<&[Entry]> {
        if self.entries.get().is_none() {
            let entries = self.read_entries()?;
            return Ok(self.entries.get_or_init(|| entries));
        }
        Ok(self.entries.get().map_or(&[], Vec::as_slice))
    }

    fn read_entries(&self) -> Result<Vec<Entry>> {
        let name = self.options.crate_name.as_str();
        let below = index::path(name);
        match (&self.origin, &self.store) {
            (Origin::Sparse(sparse), Some(store)) => {
                let text = match self.remote(sparse)? {
                    Some(remote) => remote.index(name, store)?,
                    None => self.index_offline(sparse, store)?,
                };
                index::parse(
                    &text,
                    name,
                    &recipe::address::masked(&format!("{}{below}", sparse.url)),
                )
            }
            (Origin::Local(dir), _) => {
                let path = below
                    .split('/')
                    .fold(dir.join("index"), |path, part| path.join(part));
                let text = std::fs::read(&path).map_err(|e| {
                    Error::io("read the local registry's index", &path, e)
                        .of_kind(Kind::Upstream)
                        .help(format!("put `{name}` into the local registry, or take upstream from git: `--source git`"))
                })?;
                index::parse(&text, name, &path.display().to_string())
            }
            _ => Err(Error::general(format!("{} has no index", self.origin))),
        }
    }

    fn index_offline(&self, sparse: &Sparse, store: &Store) -> Result<Vec<u8>> {
        let name = &self.options.crate_name;
        let host = reqwest::Url::parse(&sparse.url)
            .ok()
            .and_then(|u| u.host_str().map(str::to_owned));
        let of_cargo = || cargo_home::index(&self.host.env.cargo_home()?, &host?, name);
        let text = store.index(name).map(|(_, text)| text).or_else(of_cargo);
        text.ok_or_else(|| self.absent_offline(&format!("the index entry of {name}")))
    }

    fn absent_offline(&self, what: &str) -> Error {
        let why = self.offline.unwrap_or("the network is not used");
        Error::upstream(format!(
            "{what} is in no cache, and cannot be fetched because {why}"
        ))
        .help("run the same command once with the network")
    }

    /// Returns the way to the registry, or `None` where the network is forbidden.
    fn remote(&self, sparse: &Sparse) -> Result<Option<&Remote<'a>>> {
        if self.offline.is_some() {
            return Ok(None);
        }
        if self.remote.get().is_none() {
            let remote = Remote::new(self.host, sparse.clone(), self.settings.clone())?;
            let _ = self.remote.set(remote);
        }
        Ok(self.remote.get())
    }
}
