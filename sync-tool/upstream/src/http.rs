//! HTTP: proxies, timeouts, retries, bounded answers.

mod error;
mod route;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use error::HttpError;
use host::Host;
use recipe::address::masked;
use recipe::error::{Error, Result};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, StatusCode};

/// The user agent: the tool and its version.
pub(crate) const USER_AGENT: &str = concat!("wash-wasi-sync/", env!("CARGO_PKG_VERSION"));

/// The longest wait that a server's `Retry-After` can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(crate) struct HttpSettings {
    /// The proxy for everything, before what the environment says; empty is none at all.
    pub(crate) proxy: Option<String>,
    /// A file of certificates in PEM form that are trusted besides the system's.
    pub(crate) certificates: Option<PathBuf>,
    /// How long nothing may come before a connection counts as dead; zero is for ever.
    pub(crate) timeout: Duration,
    /// How many bytes must come in a second, over the time of `timeout`; zero is any number.
    pub(crate) least_speed: u64,
    /// How often a transient failure is tried again.
    pub(crate) retries: u32,
    /// The wait before the first new try; it doubles with each.
    pub(crate) backoff: Duration,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    url: String,
    headers: HeaderMap,
}

impl Request {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        Request {
            url: url.into(),
            headers: HeaderMap::new(),
        }
    }

    /// Lets the server compress the answer.
    pub(crate) fn compressed(mut self) -> Self {
        let gzip = HeaderValue::from_static("gzip");
        self.headers.insert(header::ACCEPT_ENCODING, gzip);
        self
    }

    /// Adds a header. Its value is never shown.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(value).map_err(|e| {
            Error::upstream(format!(
                "the header `{name}` for {} is malformed",
                masked(&self.url)
            ))
            .caused_by(e)
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Returns the URL as it may be shown.
    pub(crate) fn shown(&self) -> String {
        masked(&self.url)
    }
}

#[derive(Debug)]
pub(crate) struct Response {
    /// The status; transient failures have been tried again before it is given.
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    /// When it was last changed, in the server's words.
    pub(crate) last_modified: Option<String>,
    /// The content, unpacked where it came packed.
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Http<'a> {
    host: &'a Host,
    client: Client,
    settings: HttpSettings,
}

impl<'a> Http<'a> {
    /// Makes a client. The system's certificates are read; no socket is opened.
    pub(crate) fn new(host: &'a Host, settings: HttpSettings) -> Result<Self> {
        // An error says that a provider is there already: that is all that is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder().user_agent(USER_AGENT).no_proxy();
        if !settings.timeout.is_zero() {
            builder = builder
                .connect_timeout(settings.timeout)
                .read_timeout(settings.timeout);
        }
        for proxy in route::proxies(&host.env, settings.proxy.as_deref())? {
            builder = builder.proxy(proxy);
        }
        if let Some(file) = &settings.certificates {
            builder = builder.tls_certs_merge(route::certificates(file)?);
        }
        let client = builder.build().map_err(|e| {
            Error::general(format!("cannot prepare for HTTPS: {}", error::innermost(&e)))
                .caused_by(e)
                .help("install the system's certificates (`ca-certificates`), or name a file of them in SSL_CERT_FILE or cargo's `http.cainfo`")
        })?;
        Ok(Http {
            host,
            client,
            settings,
        })
    }

    /// Gets what stands at a URL, at most `limit` bytes of it. `progress` gets the bytes
    /// that came and, where the server says it, the bytes in all.
    pub(crate) fn get(
        &self,
        request: &Request,
        limit: u64,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Response> {
        let line = format!("getting {}", request.shown());
        self.host.status.detail(&line);
        self.host.run(self.retrying(request, async || {
            self.get_once(request, limit, progress).await
        }))
    }

    async fn retrying<T>(
        &self,
        request: &Request,
        mut attempt: impl AsyncFnMut() -> Result<T, HttpError>,
    ) -> Result<T> {
        let mut tried = 0;
        loop {
            let failure = match attempt().await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if tried == self.settings.retries || !failure.is_transient() {
                return Err(failure.into_error(&request.url));
            }
            let pause = self.settings.backoff.saturating_mul(1 << tried.min(6));
            let pause = failure
                .requested_pause()
                .map_or(pause, |wanted| pause.max(wanted.min(LONGEST_WAIT)));
            tried += 1;
            self.host.status.detail(&format!(
                "{failure}; trying again ({tried} of {})",
                self.settings.retries
            ));
            tokio::time::sleep(pause).await;
        }
    }

    async fn send(&self, request: &Request) -> Result<reqwest::Response, HttpError> {
        let builder = self.client.get(&request.url);
        let response = builder.headers(request.headers.clone()).send().await?;
        let status = response.status();
        if status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
            )
        {
            let seconds = text(&response, header::RETRY_AFTER).and_then(|t| t.parse().ok());
            return Err(HttpError::Status {
                status: status.as_u16(),
                retry_after: seconds.map(Duration::from_secs),
            });
        }
        Ok(response)
    }

    async fn get_once(
        &self,
        request: &Request,
        limit: u64,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Response, HttpError> {
        let mut response = self.send(request).await?;
        let total = response.content_length().unwrap_or_default();
        let mut body = Vec::new();
        let mut speed = SpeedLimit::new(&self.settings);
        // What another answer says at length is not shown, and may be long.
        while response.status() == StatusCode::OK
            && let Some(chunk) = response.chunk().await?
        {
            speed.count(chunk.len())?;
            let received = body.len() as u64 + chunk.len() as u64;
            if received > limit {
                return Err(HttpError::TooLong { limit });
            }
            body.extend_from_slice(&chunk);
            progress(received, total.max(received));
        }
        // A package is a gzip file, which some servers call an encoding.
        let asked = request.headers.contains_key(header::ACCEPT_ENCODING);
        if asked && text(&response, header::CONTENT_ENCODING).as_deref() == Some("gzip") {
            body = error::gunzip(&body, limit)?;
        }
        Ok(Response {
            status: response.status().as_u16(),
            etag: text(&response, header::ETAG),
            last_modified: text(&response, header::LAST_MODIFIED),
            body,
        })
    }
}

/// Gives up an answer that comes too slowly. That anything comes at all, the client's
/// timeout sees to.
struct SpeedLimit {
    window: Duration,
    least: u64,
    begun: Instant,
    bytes: u64,
}

impl SpeedLimit {
    fn new(settings: &HttpSettings) -> Self {
        SpeedLimit {
            window: settings.timeout,
            least: settings.least_speed,
            begun: Instant::now(),
            bytes: 0,
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), HttpError> {
        self.bytes += bytes as u64;
        if self.window.is_zero() || self.begun.elapsed() < self.window {
            return Ok(());
        }
        if self.bytes < self.least.saturating_mul(self.window.as_secs()) {
            return Err(HttpError::Slow { least: self.least });
        }
        self.begun = Instant::now();
        self.bytes = 0;
        Ok(())
    }
}

fn text(response: &reqwest::Response, name: HeaderName) -> Option<String> {
    response
        .headers()
        .get(name)?
        .to_str()
        .ok()
        .map(str::to_owned)
}
