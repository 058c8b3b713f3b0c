//! HTTP: proxies, timeouts, retries, bounded answers, resumed downloads.

mod failure;
mod part;
mod route;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use failure::Failure;
use host::Host;
pub use part::Part;
use recipe::address::masked;
use recipe::error::{Error, Result};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, StatusCode};

/// The user agent: the tool and its version.
pub const USER_AGENT: &str = concat!("wash-wasi-sync/", env!("CARGO_PKG_VERSION"));

/// The longest wait that a server's `Retry-After` can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How connections are made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The proxy for everything, before what the environment says; empty is none at all.
    pub proxy: Option<String>,
    /// A file of certificates in PEM form that are trusted besides the system's.
    pub certificates: Option<PathBuf>,
    /// How long nothing may come before a connection counts as dead; zero is for ever.
    pub timeout: Duration,
    /// How many bytes must come in a second, over the time of `timeout`; zero is any number.
    pub least_speed: u64,
    /// How often a transient failure is tried again.
    pub retries: u32,
    /// The wait before the first new try; it doubles with each.
    pub backoff: Duration,
}

/// A question to a server.
#[derive(Debug, Clone, Default)]
pub struct Request {
    url: String,
    headers: HeaderMap,
}

impl Request {
    /// Asks for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Request {
            url: url.into(),
            headers: HeaderMap::new(),
        }
    }

    /// Adds a header. Its value is never shown.
    ///
    /// # Errors
    ///
    /// Fails where the value has characters that no header may have.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self> {
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
    pub fn shown(&self) -> String {
        masked(&self.url)
    }
}

/// What a server said.
#[derive(Debug)]
pub struct Response {
    /// The status; transient failures have been tried again before it is given.
    pub status: u16,
    /// The entity tag.
    pub etag: Option<String>,
    /// When it was last changed, in the server's words.
    pub last_modified: Option<String>,
    /// The content, unpacked where it came packed.
    pub body: Vec<u8>,
}

/// A client with its connections.
pub struct Http<'a> {
    host: &'a Host,
    client: Client,
    settings: Settings,
}

impl<'a> Http<'a> {
    /// Makes a client. The system's certificates are read; no socket is opened.
    ///
    /// # Errors
    ///
    /// Fails where a proxy is malformed or no certificates is available.
    pub fn new(host: &'a Host, settings: Settings) -> Result<Self> {
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
            Error::general(format!("cannot prepare for HTTPS: {}", failure::innermost(&e)))
                .caused_by(e)
                .help("install the system's certificates (`ca-certificates`), or name a file of them in SSL_CERT_FILE or cargo's `http.cainfo`")
        })?;
        Ok(Http {
            host,
            client,
            settings,
        })
    }

    /// Gets what stands at a URL, at most `limit` bytes of it.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where no server answers, it still fails after
    /// the retries, or the answer is longer.
    pub fn get(&self, ask: &Request, limit: u64) -> Result<Response> {
        self.host.status.detail(&format!("getting {}", ask.shown()));
        self.host
            .run(self.retrying(ask, async || self.get_once(ask, limit).await))
    }

    /// Downloads what stands at a URL into a file, at most `limit` bytes of it.
    ///
    /// What the file holds already is kept and only the rest asked for, where
    /// the server can do that. `progress` is told the bytes done and in all.
    /// Returns the status, and whether some of the content came from an earlier
    /// connection; the file holds the content only if the status is 200.
    ///
    /// # Errors
    ///
    /// As [`Http::get`], and where the file cannot be written.
    pub fn download(
        &self,
        ask: &Request,
        file: &mut Part,
        limit: u64,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Download> {
        self.host
            .status
            .detail(&format!("downloading {}", ask.shown()));
        let file = tokio::sync::Mutex::new(file);
        self.host.run(self.retrying(ask, async || {
            let mut file = file.lock().await;
            self.download_once(ask, &mut file, limit, progress).await
        }))
    }

    async fn retrying<T>(
        &self,
        ask: &Request,
        mut attempt: impl AsyncFnMut() -> Result<T, Failure>,
    ) -> Result<T> {
        let mut tried = 0;
        loop {
            let failure = match attempt().await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if tried == self.settings.retries || !failure.is_transient() {
                return Err(failure.into_error(&ask.url));
            }
            let pause = self.settings.backoff.saturating_mul(1 << tried.min(6));
            let pause = failure
                .wanted_pause()
                .map_or(pause, |wanted| pause.max(wanted.min(LONGEST_WAIT)));
            tried += 1;
            self.host.status.detail(&format!(
                "{failure}; trying again ({tried} of {})",
                self.settings.retries
            ));
            tokio::time::sleep(pause).await;
        }
    }

    async fn send(&self, ask: &Request, more: HeaderMap) -> Result<reqwest::Response, Failure> {
        let request = self
            .client
            .get(&ask.url)
            .headers(ask.headers.clone())
            .headers(more);
        let response = request.send().await?;
        let status = response.status();
        if status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
            )
        {
            let after = text(&response, header::RETRY_AFTER)
                .and_then(|t| t.parse().ok())
                .map(Duration::from_secs);
            return Err(Failure::Status {
                status: status.as_u16(),
                after,
            });
        }
        Ok(response)
    }

    async fn get_once(&self, ask: &Request, limit: u64) -> Result<Response, Failure> {
        let packed =
            HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        let mut response = self.send(ask, packed).await?;
        let mut body = Vec::new();
        let mut pace = Pace::of(&self.settings);
        while let Some(chunk) = response.chunk().await? {
            pace.keep(chunk.len())?;
            if body.len() as u64 + chunk.len() as u64 > limit {
                return Err(Failure::TooLong { limit });
            }
            body.extend_from_slice(&chunk);
        }
        if text(&response, header::CONTENT_ENCODING).as_deref() == Some("gzip") {
            body = failure::gunzip(&body, limit)?;
        }
        Ok(Response {
            status: response.status().as_u16(),
            etag: text(&response, header::ETAG),
            last_modified: text(&response, header::LAST_MODIFIED),
            body,
        })
    }

    async fn download_once(
        &self,
        ask: &Request,
        part: &mut Part,
        limit: u64,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Download, Failure> {
        let held = part.len();
        let mut range = HeaderMap::new();
        if held > 0 {
            let value = HeaderValue::from_str(&format!("bytes={held}-"))
                .map_err(|_| Failure::Malformed("a length".into()))?;
            range.insert(header::RANGE, value);
        }
        let mut response = self.send(ask, range).await?;
        let Some(resumed) = goes_on(part, &response)? else {
            return Ok(Download {
                status: response.status().as_u16(),
                resumed: false,
            });
        };
        let total = response
            .content_length()
            .map_or(0, |rest| part.len().saturating_add(rest));
        let mut pace = Pace::of(&self.settings);
        while let Some(chunk) = response.chunk().await? {
            pace.keep(chunk.len())?;
            if part.len() + chunk.len() as u64 > limit {
                part.restart()?;
                return Err(Failure::TooLong { limit });
            }
            part.append(&chunk)?;
            progress(part.len(), total.max(part.len()));
        }
        Ok(Download {
            status: 200,
            resumed,
        })
    }
}

/// How fast an answer comes. That anything comes at all, the client's timeout sees to.
struct Pace {
    window: Duration,
    least: u64,
    begun: Instant,
    bytes: u64,
}

impl Pace {
    fn of(settings: &Settings) -> Self {
        Pace {
            window: settings.timeout,
            least: settings.least_speed,
            begun: Instant::now(),
            bytes: 0,
        }
    }

    /// Counts what came, and fails where too little did since the last time.
    fn keep(&mut self, bytes: usize) -> Result<(), Failure> {
        self.bytes += bytes as u64;
        if self.window.is_zero() || self.begun.elapsed() < self.window {
            return Ok(());
        }
        if self.bytes < self.least.saturating_mul(self.window.as_secs()) {
            return Err(Failure::Slow { least: self.least });
        }
        self.begun = Instant::now();
        self.bytes = 0;
        Ok(())
    }
}

/// How a download ended.
#[derive(Debug, Clone, Copy)]
pub struct Download {
    /// The status: 200 where the content is all there.
    pub status: u16,
    /// Whether some of the content came by an earlier connection.
    pub resumed: bool,
}

/// Tells whether a response goes on from what a file holds, having emptied the
/// file where it begins anew; `None` where it brings no content at all.
fn goes_on(part: &mut Part, response: &reqwest::Response) -> Result<Option<bool>, Failure> {
    let held = part.len();
    match response.status() {
        StatusCode::PARTIAL_CONTENT if held > 0 => {
            let range = text(response, header::CONTENT_RANGE);
            if range.is_some_and(|r| r.starts_with(&format!("bytes {held}-"))) {
                return Ok(Some(true));
            }
            part.restart()?;
            Err(Failure::Malformed(
                "it sent another part than was asked for".into(),
            ))
        }
        StatusCode::RANGE_NOT_SATISFIABLE if held > 0 => {
            part.restart()?;
            Err(Failure::Malformed(
                "it has less than was downloaded before".into(),
            ))
        }
        StatusCode::OK => {
            part.restart()?;
            Ok(Some(false))
        }
        _ => Ok(None),
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
