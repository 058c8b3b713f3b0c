//! The registry over HTTP: its `config.json`, its index, its packages.

use std::cell::OnceCell;

use host::Host;
use recipe::address::masked;
use recipe::error::{Error, Result};
use recipe::tree::Digest;
use reqwest::header;
use semver::Version;

use super::cache::{RegistryCache, Validators};
use super::index::{self, RegistryConfig};
use super::origin::SparseRegistry;
use super::packages::VerifiedPackage;
use crate::http::{Http, HttpSettings, Request, Response};

/// The longest index file, in bytes; wasmtime-wasi's had 0.9 MB in 2026.
const INDEX_LIMIT: u64 = 16 << 20;
/// The longest package, in bytes; crates.io takes 10 MiB unless asked for more.
const PACKAGE_LIMIT: u64 = 64 << 20;
/// The longest `config.json`, in bytes.
const CONFIG_LIMIT: u64 = 1 << 20;

pub(super) struct RegistryClient<'a> {
    host: &'a Host,
    http: Http<'a>,
    sparse: SparseRegistry,
    config: OnceCell<RegistryConfig>,
}

impl<'a> RegistryClient<'a> {
    /// Prepares to reach a registry; no socket is opened yet.
    pub(super) fn new(
        host: &'a Host,
        sparse: SparseRegistry,
        settings: HttpSettings,
    ) -> Result<Self> {
        Ok(RegistryClient {
            host,
            http: Http::new(host, settings)?,
            sparse,
            config: OnceCell::new(),
        })
    }

    /// Returns the registry's `config.json`, asked for once.
    fn config(&self) -> Result<&RegistryConfig> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let get = |request: &Request| self.http.get(request, CONFIG_LIMIT, &|_, _| {});
        let request = Request::new(format!("{}config.json", self.sparse.url)).compressed();
        let place = request.shown();
        let mut response = get(&request)?;
        if response.status == 401 && self.sparse.token.is_some() {
            response = get(&self.signed(request)?)?;
        }
        match response.status {
            200 => {}
            401 | 403 => return Err(self.access_denied(&place)),
            404 => {
                return Err(Error::upstream(format!(
                    "there is no registry at {}: {place} does not exist",
                    masked(&self.sparse.url)
                ))
                .help("check the index URL in cargo's configuration"));
            }
            status => return Err(unexpected(&place, status)),
        }
        let config = RegistryConfig::parse(&response.body, &place)?;
        Ok(self.config.get_or_init(|| config))
    }

    /// Returns a crate's index file, asked for anew where the cached one is out of date.
    pub(super) fn index(&self, name: &str, cache: &RegistryCache) -> Result<Vec<u8>> {
        let step = self.host.status.step("reading the registry's index");
        let url = format!("{}{}", self.sparse.url, index::path(name));
        let mut request = Request::new(url).compressed();
        let place = request.shown();
        step.at(&place);
        // Only who has a token needs to know whether it is wanted; without one, 401 says so.
        if self.sparse.token.is_some() && self.config()?.auth_required {
            request = self.signed(request)?;
        }
        let cached = cache.index(name);
        if let Some((validators, _)) = &cached {
            request = unless_unchanged(request, validators)?;
        }
        let response = self.http.get(&request, INDEX_LIMIT, &|_, _| {})?;
        match (response.status, cached) {
            (200, _) => {
                let Response {
                    etag,
                    last_modified,
                    body,
                    ..
                } = response;
                let validators = Validators {
                    etag,
                    last_modified,
                };
                cache.keep_index(name, validators, &body)?;
                Ok(body)
            }
            (304, Some((_, body))) => Ok(body),
            (401 | 403, _) => Err(self.access_denied(&place)),
            (404 | 410 | 451, _) => Err(Error::upstream(format!(
                "the registry has no crate `{name}`: {place} does not exist"
            ))
            .help("check `crate` under `[upstream]` in manifest.toml, and the registry in cargo's configuration")),
            (status, _) => Err(unexpected(&place, status)),
        }
    }

    /// Downloads a package, proves its checksum, and puts it in the cache. What is not
    /// as the index promises is not kept.
    pub(super) fn download(
        &self,
        name: &str,
        version: &Version,
        checksum: Digest,
        cache: &RegistryCache,
    ) -> Result<VerifiedPackage> {
        let config = self.config()?;
        let mut request = Request::new(config.download(name, version, checksum));
        if config.auth_required {
            request = self.signed(request)?;
        }
        let _lock = cache.lock(self.host)?;
        // Another run may have downloaded it while this one waited.
        if let Some(package) = cache.find(name, version, Some(checksum))?.valid {
            return Ok(package);
        }
        let (what, place) = (format!("{name} {version}"), request.shown());
        let step = self.host.status.step(&format!("downloading {what}"));
        step.at(&place);
        let progress = |done, total| step.done(done, total);
        let response = self.http.get(&request, PACKAGE_LIMIT, &progress)?;
        match response.status {
            200 => {}
            401 | 403 => return Err(self.access_denied(&place)),
            404 | 410 | 451 => {
                let message = format!("the registry lists {what}, but does not have it at {place}");
                return Err(Error::upstream(message)
                    .help("try again later, or take upstream from git: `--source git`"));
            }
            status => return Err(unexpected(&place, status)),
        }
        let package = VerifiedPackage::new(response.body, checksum, place.clone());
        let package = package.map_err(|found| {
            Error::upstream(format!(
                "{what} is damaged or was replaced: the index promises checksum {checksum}, {place} gave {found}"
            ))
            .help("run the same command again; if that does not help, take upstream from git: `--source git`")
        })?;
        cache.add(name, version, package)
    }

    fn signed(&self, request: Request) -> Result<Request> {
        match &self.sparse.token {
            Some(token) => request.header(header::AUTHORIZATION, token),
            None => Err(self.access_denied(&request.shown())),
        }
    }

    fn access_denied(&self, place: &str) -> Error {
        let help = match &self.sparse.name {
            Some(name) => format!(
                "run `cargo login --registry {name}`, or set CARGO_REGISTRIES_{}_TOKEN",
                name.to_uppercase().replace('-', "_")
            ),
            None => format!(
                "name the registry in cargo's configuration (`[registries.NAME] index = \"sparse+{}\"`), then run `cargo login --registry NAME`",
                masked(&self.sparse.url)
            ),
        };
        Error::upstream(format!("the registry denies access to {place}")).help(help)
    }
}

/// Adds that an answer is wanted only if something changed since the last one.
fn unless_unchanged(mut request: Request, last: &Validators) -> Result<Request> {
    if let Some(etag) = &last.etag {
        request = request.header(header::IF_NONE_MATCH, etag)?;
    }
    if let Some(date) = &last.last_modified {
        request = request.header(header::IF_MODIFIED_SINCE, date)?;
    }
    Ok(request)
}

fn unexpected(place: &str, status: u16) -> Error {
    Error::upstream(format!(
        "{place} answers {status}, which a registry should not"
    ))
    .help("check the index URL and the proxy in cargo's configuration")
}
