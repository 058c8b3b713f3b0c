//! Upstream's releases from the package registry, reached as cargo reaches it.
//!
//! Everything that comes is proven: by the index's checksum, by the lock's
//! where there is one, and by what the package says of itself.

mod cache;
mod cargo_home;
mod client;
pub mod config;
mod index;
mod origin;
mod package;
mod packages;
mod unpack;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use host::Host;
use recipe::address::masked;
use recipe::error::{Error, Kind, Result};
use recipe::release::{Listed, Release};
use recipe::tree::Digest;
use semver::Version;

use self::cache::RegistryCache;
use self::client::RegistryClient;
use self::config::Config;
use self::index::IndexEntry;
use self::origin::{Origin, SparseRegistry};
use self::package::ExpectedPackage;
use self::packages::VerifiedPackage;
use super::SourceOptions;
use super::options::RUN_ONLINE;
use crate::http::HttpSettings;

/// What cargo waits for a sign of life, by default.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How many bytes must come in a second. Cargo's own 10 let a download run for hours.
const LEAST_SPEED: u64 = 1000;
/// What is waited for a sign of life where nothing depends on the answer.
const BRIEF_TIMEOUT: Duration = Duration::from_secs(5);
/// How often cargo tries again, by default.
const RETRIES: u32 = 3;
/// The wait before the first new try.
const BACKOFF: Duration = Duration::from_millis(500);

/// The package registry as a source of releases.
pub struct Registry<'a> {
    host: &'a Host,
    /// The crate's name.
    name: String,
    /// The crate's directory in upstream's repository; a package from elsewhere is refused.
    path_in_vcs: String,
    source: PackageSource,
    settings: HttpSettings,
    /// What forbids the network, in the user's words.
    offline: Option<&'static str>,
    client: OnceCell<RegistryClient<'a>>,
    entries: OnceCell<Vec<IndexEntry>>,
    packages: RefCell<BTreeMap<Version, Rc<VerifiedPackage>>>,
    /// Whether candidates are read that were withdrawn.
    candidates: bool,
}

enum PackageSource {
    Sparse(SparseRegistry, RegistryCache),
    /// A cargo `local-registry`.
    Local(PathBuf),
}

impl<'a> Registry<'a> {
    /// Reads cargo's configuration and finds out where packages come from.
    ///
    /// # Errors
    ///
    /// Fails where cargo's configuration is malformed, or leads to a source
    /// that cannot be read here. Nothing is reached yet.
    pub fn new(host: &'a Host, options: &SourceOptions) -> Result<Self> {
        let config = Config::read(&host.env, &host.env.dir().join(&options.project_dir))?;
        let origin = Origin::of_crates_io(&config)?;
        let settings = settings(&config)?;
        let offline = match (options.offline, config.flag(&["net", "offline"])?) {
            (true, _) => Some("`--offline` is given"),
            (false, Some(true)) => Some("cargo's `net.offline` is set"),
            _ => None,
        };
        host.status.detail(&format!("packages come from {origin}"));
        let source = match origin {
            Origin::Sparse(sparse) => {
                let cache = RegistryCache::new(&options.cache, &sparse.url);
                PackageSource::Sparse(sparse, cache)
            }
            Origin::Local(dir) => PackageSource::Local(dir),
        };
        Ok(Registry {
            host,
            name: options.name.clone(),
            path_in_vcs: options.path.to_string(),
            source,
            settings,
            offline,
            client: OnceCell::new(),
            entries: OnceCell::new(),
            packages: RefCell::default(),
            candidates: false,
        })
    }

    /// Returns how cargo's configuration has HTTP done.
    pub(crate) fn http_settings(host: &Host, options: &SourceOptions) -> Result<HttpSettings> {
        let config = Config::read(&host.env, &host.env.dir().join(&options.project_dir))?;
        settings(&config)
    }

    /// Reads candidates for a release, such as 51.0.0-rc.1, also where they were withdrawn:
    /// upstream withdraws each when the next one comes.
    #[must_use]
    pub fn with_candidates(mut self) -> Self {
        self.candidates = true;
        self
    }

    /// Asks once and does not wait for long: nothing depends on the answer.
    pub(super) fn brief(mut self) -> Self {
        self.settings.timeout = BRIEF_TIMEOUT;
        self.settings.retries = 0;
        self
    }

    /// Sets the wait before the first retry of a transient failure; it doubles with each.
    pub fn with_backoff(mut self, backoff: Duration) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// Tells whether [`Registry::release`] needs no network for a version, nor asks the index.
    ///
    /// A package that cannot be read or is damaged does not count.
    pub fn is_cached(&self, version: &Version) -> bool {
        match &self.source {
            PackageSource::Local(dir) => self.local_package(dir, version).is_file(),
            PackageSource::Sparse(_, cache) => {
                matches!(self.cached(cache, version, None), Ok(Some(_)))
            }
        }
    }

    /// Tells whether a release with a checksum needs no network: it is in the
    /// tool's cache or in cargo's.
    pub fn is_cached_as(&self, version: &Version, checksum: &str) -> bool {
        match (&self.source, Digest::parse(checksum)) {
            (_, None) => false,
            (PackageSource::Local(_), Some(_)) => self.is_cached(version),
            (PackageSource::Sparse(_, cache), checksum) => {
                matches!(self.cached(cache, version, checksum), Ok(Some(_)))
            }
        }
    }

    /// Lists the releases in ascending order.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the index cannot be reached.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let entries = self.entries()?.iter();
        Ok(entries.map(|entry| entry.listed.clone()).collect())
    }

    /// Reads one release.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the registry cannot be reached, has no such
    /// release (with the nearest it has), or what came is not what was promised.
    pub fn release(&self, version: &Version) -> Result<Release> {
        self.release_checked(version, None)
    }

    /// Returns the commit that the package of a release was made from.
    ///
    /// # Errors
    ///
    /// As [`Registry::release`].
    pub fn commit(&self, version: &Version) -> Result<Option<String>> {
        // Only the package itself tells; it is cached for when it is read.
        Ok(self.release(version)?.commit)
    }

    /// Reads one release that must have a checksum, such as the lock's.
    ///
    /// With a checksum a yanked release is read too: who has it in the lock has
    /// taken it before it was withdrawn, or on purpose.
    ///
    /// # Errors
    ///
    /// As [`Registry::release`], and [`recipe::Kind::Upstream`] where the registry
    /// has another package under the same version.
    pub fn release_checked(&self, version: &Version, checksum: Option<&str>) -> Result<Release> {
        let wanted = checksum.map(|text| {
            Digest::parse(text).ok_or_else(|| {
                Error::general(format!("`{text}` is not a SHA-256 checksum"))
                    .help("restore the lock from version control")
            })
        });
        let package = self.package(version, wanted.transpose()?)?;
        let name = self.name.as_str();
        let root = format!("{name}-{version}");
        let files = unpack::unpack(&package.bytes, &root, &package.place, unpack::LIMITS)?;
        let expected = ExpectedPackage {
            name,
            version,
            path_in_vcs: &self.path_in_vcs,
            checksum: package.checksum,
        };
        package::release(files, expected, &package.place)
    }

    /// Returns all releases that the index has, asked for once.
    fn entries(&self) -> Result<&[IndexEntry]> {
        if let Some(entries) = self.entries.get() {
            return Ok(entries);
        }
        let entries = self.read_entries()?;
        Ok(self.entries.get_or_init(|| entries))
    }

    fn read_entries(&self) -> Result<Vec<IndexEntry>> {
        let name = self.name.as_str();
        let below = index::path(name);
        let (text, place) = match &self.source {
            PackageSource::Sparse(sparse, cache) => {
                let cached = || cache.index(name).map(|(_, text)| text);
                let lacking = || self.not_cached(&format!("the index entry of {name}"));
                let text = match self.client(sparse)? {
                    Some(client) => client.index(name, cache)?,
                    None => cached().ok_or_else(lacking)?,
                };
                (text, masked(&format!("{}{below}", sparse.url)))
            }
            PackageSource::Local(dir) => {
                let path = dir.join("index").join(&below);
                let help = format!(
                    "put `{name}` into the local registry, or take upstream from git: `--source git`"
                );
                let text = std::fs::read(&path).map_err(|e| {
                    let error = Error::io("read the local registry's index", &path, e);
                    error.of_kind(Kind::Upstream).help(help)
                })?;
                (text, path.display().to_string())
            }
        };
        index::parse(&text, name, &place)
    }

    fn not_cached(&self, what: &str) -> Error {
        let why = self.offline.unwrap_or("the network is not used");
        let message = format!("{what} is in no cache, and cannot be fetched because {why}");
        Error::upstream(message).help(RUN_ONLINE)
    }

    /// Returns the client, or `None` where the network is forbidden.
    fn client(&self, sparse: &SparseRegistry) -> Result<Option<&RegistryClient<'a>>> {
        if self.offline.is_some() {
            return Ok(None);
        }
        if let Some(client) = self.client.get() {
            return Ok(Some(client));
        }
        let client = RegistryClient::new(self.host, sparse.clone(), self.settings.clone())?;
        Ok(Some(self.client.get_or_init(|| client)))
    }
}

fn settings(config: &Config) -> Result<HttpSettings> {
    let number = |table, key| config.number(&[table, key]);
    let retries = number("net", "retry")?.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    Ok(HttpSettings {
        proxy: config.proxy()?,
        certificates: config.path(&["http", "cainfo"])?,
        timeout: number("http", "timeout")?.map_or(TIMEOUT, Duration::from_secs),
        least_speed: number("http", "low-speed-limit")?.unwrap_or(LEAST_SPEED),
        retries: retries.unwrap_or(RETRIES),
        backoff: BACKOFF,
    })
}

/// Unpacks a package of `net-1.0.0`, for the fuzz target.
///
/// # Errors
///
/// All that is wrong with it.
#[cfg(fuzzing)]
pub fn fuzzed_unpack(packed: &[u8]) -> Result<recipe::tree::Tree> {
    unpack::unpack(packed, "net-1.0.0", "net-1.0.0.crate", unpack::LIMITS)
}
