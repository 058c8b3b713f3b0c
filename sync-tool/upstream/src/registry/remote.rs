//! The registry over HTTP: its `config.json`, its index, its packages.

use std::cell::OnceCell;

use host::{Host, failpoint};
use recipe::error::{Error, Result};
use recipe::tree::Digest;
use reqwest::header;
use semver::Version;

use super::index::{self, Site};
use super::origin::Sparse;
use super::store::{Store, Validators};
use crate::http::{Http, Part, Request, Response, Settings};

/// The longest index file, in bytes; wasmtime-wasi's had 0.9 MB in 2026.
const INDEX_LIMIT: u64 = 16 << 20;
/// The longest package, in bytes; crates.io takes 10 MiB unless asked for more.
const PACKAGE_LIMIT: u64 = 64 << 20;
/// The longest `config.json`, in bytes.
const SITE_LIMIT: u64 = 1 << 20;

/// A registry that is reached over HTTP.
pub(super) struct Remote<'a> {
    host: &'a Host,
    http: Http<'a>,
    sparse: Sparse,
    site: OnceCell<Site>,
}

impl<'a> Remote<'a> {
    /// Prepares to reach a registry; no socket is opened yet.
    ///
    /// # Errors
    ///
    /// As [`Http::new`].
    pub(super) fn new(host: &'a Host, sparse: Sparse, settings: Settings) -> Result<Self> {
        Ok(Remote {
            host,
            http: Http::new(host, settings)?,
            sparse,
            site: OnceCell::new(),
        })
    }

    /// Returns the registry's `config.json`, asked for once.
    fn site(&self) -> Result<&Site> {
        if let Some(site) = self.site.get() {
            return Ok(site);
        }
        let ask = Request::new(format!("{}config.json", self.sparse.url));
        let mut answer = self.http.get(&ask, SITE_LIMIT)?;
        let mut place = ask.shown();
        if answer.status == 401 && self.sparse.token.is_some() {
            let ask = self.signed(ask)?;
            place = ask.shown();
            answer = self.http.get(&ask, SITE_LIMIT)?;
        }
        match answer.status {
            200 => {}
            401 | 403 => return Err(self.not_let_in(&place)),
            404 => {
                return Err(Error::upstream(format!(
                    "there is no registry at {}: {place} does not exist",
                    self.sparse_shown()
                ))
                .help("check the index URL in cargo's configuration"));
            }
            status => return Err(unexpected(&place, status)),
        }
        let site = Site::parse(&answer.body, &place)?;
        Ok(self.site.get_or_init(|| site))
    }

    /// Returns a crate's index file, asked for anew where the cached one is out of date.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the registry cannot be reached or has no such crate.
    pub(super) fn index(&self, name: &str, store: &Store) -> Result<Vec<u8>> {
        let step = self.host.status.step("reading the registry's index");
        let mut ask = Request::new(format!("{}{}", self.sparse.url, index::path(name)));
        step.at(&ask.shown());
        // Only who has a token needs to know whether it is wanted; without one, 401 says so.
        if self.sparse.token.is_some() && self.site()?.auth_required {
            ask = self.signed(ask)?;
        }
        let cached = store.index(name);
        if let Some((validators, _)) = &cached {
            ask = unless_unchanged(ask, validators)?;
        }
        let answer = self.http.get(&ask, INDEX_LIMIT)?;
        match (answer.status, cached) {
            (200, _) => {
                let Response {
                    etag,
                    last_modified,
                    body,
                    ..
                } = answer;
                store.keep_index(
                    name,
                    Validators {
                        etag,
                        last_modified,
                    },
                    &body,
                )?;
                Ok(body)
            }
            (304, Some((_, body))) => Ok(body),
            (401 | 403, _) => Err(self.not_let_in(&ask.shown())),
            (404 | 410 | 451, _) => Err(no_such_crate(name, &ask.shown())),
            (status, _) => Err(unexpected(&ask.shown(), status)),
        }
    }

    /// Downloads a package, proves its checksum, and puts it in the cache.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where it is unavailable or is not what the
    /// index promises; the file is not kept then.
    pub(super) fn download(
        &self,
        name: &str,
        version: &Version,
        checksum: Digest,
        store: &Store,
    ) -> Result<Vec<u8>> {
        let site = self.site()?;
        let mut ask = Request::new(site.download(name, version, checksum));
        if site.auth_required {
            ask = self.signed(ask)?;
        }
        let _turn = store.lock(self.host)?;
        if let Some((_, bytes)) = store.find(name, version, Some(checksum))?.valid {
            return Ok(bytes);
        }
        let path = store.part(name, version, checksum)?;
        let mut part = Part::open(&path)?;
        let outcome = self.fill(&mut part, &ask, &format!("{name} {version}"), checksum);
        let (empty, synced) = (part.is_empty(), part.sync());
        drop(part);
        if empty && outcome.is_err() {
            // Nothing of worth is lost, whatever becomes of this.
            let _ = std::fs::remove_file(&path);
        }
        let bytes = outcome?;
        synced?;
        let place = store.path(name, version, checksum);
        failpoint::hit("registry-cache.downloaded");
        std::fs::rename(&path, &place).map_err(|e| Error::io("write", &place, e))?;
        failpoint::hit("registry-cache.placed");
        Ok(bytes)
    }

    /// Fills a file until its checksum is right, and returns what it holds.
    fn fill(&self, part: &mut Part, ask: &Request, what: &str, wanted: Digest) -> Result<Vec<u8>> {
        let step = self.host.status.step(&format!("downloading {what}"));
        step.at(&ask.shown());
        let mut again = true;
        loop {
            let before = part.bytes()?;
            if Digest::of(&before) == wanted {
                return Ok(before);
            }
            let download = self
                .http
                .download(ask, part, PACKAGE_LIMIT, &|done, of| step.done(done, of))?;
            if download.status != 200 {
                return Err(self.no_package(download.status, what, &ask.shown()));
            }
            let bytes = part.bytes()?;
            let came = Digest::of(&bytes);
            if came == wanted {
                return Ok(bytes);
            }
            part.restart()?;
            if !(download.resumed && again) {
                return Err(Error::upstream(format!(
                    "{what} is damaged or was replaced: the index promises checksum {wanted}, {} gave {came}",
                    ask.shown()
                ))
                .help("run the same command again; if that does not help, take upstream from git: `--source git`"));
            }
            again = false;
            self.host
                .status
                .detail("the parts of the download do not fit together; beginning anew");
        }
    }

    fn no_package(&self, status: u16, what: &str, place: &str) -> Error {
        match status {
            401 | 403 => self.not_let_in(place),
            404 | 410 | 451 => Error::upstream(format!(
                "the registry lists {what}, but does not have it at {place}"
            ))
            .help("try again later, or take upstream from git: `--source git`"),
            status => unexpected(place, status),
        }
    }

    fn signed(&self, ask: Request) -> Result<Request> {
        match &self.sparse.token {
            Some(token) => ask.header(header::AUTHORIZATION, token),
            None => Err(self.not_let_in(&ask.shown())),
        }
    }

    fn sparse_shown(&self) -> String {
        recipe::address::masked(&self.sparse.url)
    }

    fn not_let_in(&self, place: &str) -> Error {
        let help = match &self.sparse.name {
            Some(name) => format!(
                "run `cargo login --registry {name}`, or set CARGO_REGISTRIES_{}_TOKEN",
                name.to_uppercase().replace('-', "_")
            ),
            None => format!(
                "name the registry in cargo's configuration (`[registries.NAME] index = \"sparse+{}\"`), then run `cargo login --registry NAME`",
                self.sparse_shown()
            ),
        };
        Error::upstream(format!("the registry does not let this user in: {place}")).help(help)
    }
}

/// Adds that an answer is wanted only if something changed since the last one.
fn unless_unchanged(mut ask: Request, last: &Validators) -> Result<Request> {
    let headers = [
        (header::IF_NONE_MATCH, &last.etag),
        (header::IF_MODIFIED_SINCE, &last.last_modified),
    ];
    for (header, value) in headers {
        if let Some(value) = value {
            ask = ask.header(header, value)?;
        }
    }
    Ok(ask)
}

fn no_such_crate(name: &str, place: &str) -> Error {
    Error::upstream(format!("the registry has no crate `{name}`: {place} does not exist"))
        .help("check `crate` under `[upstream]` in manifest.toml, and the registry in cargo's configuration")
}

fn unexpected(place: &str, status: u16) -> Error {
    Error::upstream(format!(
        "{place} answers {status}, which a registry should not"
    ))
    .help("check the index URL and the proxy in cargo's configuration")
}
