//! Upstream's releases from the package registry, reached as cargo reaches it.
//!
//! Everything that comes is proven: by the index's checksum, by the lock's
//! where there is one, and by what the package says of itself.

mod cargo_home;
pub mod config;
mod index;
mod obtain;
mod origin;
mod package;
mod remote;
mod store;
mod unpack;
mod vendored;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use host::Host;
use recipe::error::{Error, Result};
use recipe::release::{Listed, Release};
use recipe::tree::Digest;
use semver::Version;

use self::config::Config;
use self::index::Entry;
use self::obtain::Package;
use self::origin::Origin;
use self::package::Expected;
use self::remote::Remote;
use self::store::Store;
use super::Source;
use crate::http::Settings;

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

/// Which crate is followed, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The crate's name.
    pub crate_name: String,
    /// The crate's directory in upstream's repository; a package from elsewhere is refused.
    pub path_in_vcs: String,
    /// The tool's cache directory.
    pub cache: PathBuf,
    /// Whether the network is forbidden.
    pub offline: bool,
    /// The directory whose cargo configuration holds.
    pub project_dir: PathBuf,
    /// The wait before the first new try after a transient failure; it doubles with each.
    pub backoff: Duration,
    /// Whether it is asked once and not for long, for nothing depends on the answer.
    pub brief: bool,
}

impl Options {
    /// Makes options that use the network.
    pub fn new(
        crate_name: impl Into<String>,
        path_in_vcs: impl Into<String>,
        cache: impl Into<PathBuf>,
        project_dir: impl Into<PathBuf>,
    ) -> Self {
        Options {
            crate_name: crate_name.into(),
            path_in_vcs: path_in_vcs.into(),
            cache: cache.into(),
            offline: false,
            project_dir: project_dir.into(),
            backoff: BACKOFF,
            brief: false,
        }
    }
}

/// The package registry as a source of releases.
pub struct Registry<'a> {
    host: &'a Host,
    options: Options,
    origin: Origin,
    settings: Settings,
    /// What forbids the network, in the user's words.
    offline: Option<&'static str>,
    store: Option<Store>,
    remote: OnceCell<Remote<'a>>,
    entries: OnceCell<Vec<Entry>>,
    held: RefCell<BTreeMap<Version, Rc<Package>>>,
}

impl<'a> Registry<'a> {
    /// Reads cargo's configuration and finds out where packages come from.
    ///
    /// # Errors
    ///
    /// Fails where cargo's configuration is malformed, or leads to a source
    /// that cannot be read here. Nothing is reached yet.
    pub fn new(host: &'a Host, options: Options) -> Result<Self> {
        let config = Config::read(&host.env, &host.env.dir().join(&options.project_dir))?;
        let origin = Origin::of_crates_io(&config)?;
        let settings = Settings {
            proxy: config.proxy()?,
            certificates: config.path(&["http", "cainfo"])?,
            timeout: config
                .number(&["http", "timeout"])?
                .map_or(TIMEOUT, Duration::from_secs),
            least_speed: config
                .number(&["http", "low-speed-limit"])?
                .unwrap_or(LEAST_SPEED),
            retries: config
                .number(&["net", "retry"])?
                .map_or(RETRIES, |n| u32::try_from(n).unwrap_or(u32::MAX)),
            backoff: options.backoff,
        };
        let settings = match options.brief {
            false => settings,
            true => Settings {
                timeout: BRIEF_TIMEOUT,
                retries: 0,
                ..settings
            },
        };
        let offline = match (options.offline, config.flag(&["net", "offline"])?) {
            (true, _) => Some("`--offline` is given"),
            (false, Some(true)) => Some("cargo's `net.offline` is set"),
            _ => None,
        };
        let store = match &origin {
            Origin::Sparse(sparse) => Some(Store::new(&options.cache, &sparse.url)),
            Origin::Local(_) | Origin::Directory(_) => None,
        };
        host.status.detail(&format!("packages come from {origin}"));
        Ok(Registry {
            host,
            options,
            origin,
            settings,
            offline,
            store,
            remote: OnceCell::new(),
            entries: OnceCell::new(),
            held: RefCell::default(),
        })
    }

    /// Tells whether [`Source::release`] needs no network for a version, nor asks the index.
    ///
    /// A package that cannot be read or is damaged does not count.
    pub fn is_cached(&self, version: &Version) -> bool {
        match (&self.origin, &self.store) {
            (Origin::Local(dir), _) => dir
                .join(format!("{}-{version}.crate", self.options.crate_name))
                .is_file(),
            (Origin::Directory(dir), _) => vendored::list(dir, &self.options.crate_name)
                .is_ok_and(|all| all.iter().any(|listed| listed.version == *version)),
            (_, Some(store)) => self
                .hold_cached(store, version, None)
                .is_ok_and(|package| package.is_some()),
            (_, None) => false,
        }
    }

    /// Tells whether a release with a checksum needs no network: it is in the
    /// tool's cache or in cargo's.
    pub fn is_cached_as(&self, version: &Version, checksum: &str) -> bool {
        let Some(checksum) = Digest::parse(checksum) else {
            return false;
        };
        match &self.store {
            None => self.is_cached(version),
            Some(store) => {
                self.hold_cached(store, version, Some(checksum))
                    .is_ok_and(|package| package.is_some())
                    || self
                        .in_cargo_cache(store, version, checksum)
                        .is_ok_and(|package| package.is_some())
            }
        }
    }

    /// Reads one release that must have a checksum, such as the lock's.
    ///
    /// With a checksum a yanked release is read too: who has it in the lock has
    /// taken it before it was withdrawn, or on purpose.
    ///
    /// # Errors
    ///
    /// As [`Source::release`], and [`recipe::Kind::Upstream`] where the registry
    /// has another package under the same version.
    pub fn release_checked(
        &self,
        version: &Version,
        expected_checksum: Option<&str>,
    ) -> Result<Release> {
        let wanted = expected_checksum.map(|text| {
            Digest::parse(text).ok_or_else(|| {
                Error::general(format!("`{text}` is not a SHA-256 checksum"))
                    .help("restore the lock from version control")
            })
        });
        let wanted = wanted.transpose()?;
        let name = self.options.crate_name.as_str();
        let (files, checksum, place) = if let Origin::Directory(dir) = &self.origin {
            let (files, checksum) = vendored::read(dir, name, version)?;
            let place = dir.display().to_string();
            self.as_locked(version, wanted, checksum, &place)?;
            (files, checksum, place)
        } else {
            let package = self.package(version, wanted)?;
            let files = unpack::unpack(
                &package.bytes,
                &format!("{name}-{version}"),
                &package.place,
                unpack::LIMITS,
            )?;
            (files, package.checksum, package.place.clone())
        };
        let expected = Expected {
            name,
            version,
            path_in_vcs: &self.options.path_in_vcs,
            checksum,
        };
        package::release(files, expected, &place)
    }
}

impl Source for Registry<'_> {
    fn list(&self) -> Result<Vec<Listed>> {
        match &self.origin {
            Origin::Directory(dir) => vendored::list(dir, &self.options.crate_name),
            _ => Ok(self
                .entries()?
                .iter()
                .map(|entry| entry.listed.clone())
                .collect()),
        }
    }

    fn release(&self, version: &Version) -> Result<Release> {
        self.release_checked(version, None)
    }

    fn commit(&self, version: &Version) -> Result<Option<String>> {
        // Only the package itself tells; it is cached for when it is read.
        Ok(self.release(version)?.commit)
    }
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
