//! Why a server gave no answer, and whether it is worth asking again.

use std::io::Read as _;
use std::time::Duration;

use recipe::address::{masked, masked_in};
use recipe::error::Error;

#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// The connection, or something on the way.
    #[error("{}", transport(.0))]
    Transport(reqwest::Error),
    /// The server refuses for now, and may ask for a pause.
    #[error("the server answers {status}")]
    Status {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// More came than may; `limit` is in bytes.
    #[error("the answer is longer than {} MiB", limit >> 20)]
    TooLong { limit: u64 },
    #[error("fewer than {least} bytes come in a second")]
    Slow { least: u64 },
    #[error("the server does not keep to HTTP: {0}")]
    Malformed(String),
}

fn transport(e: &reqwest::Error) -> String {
    if e.is_dns() {
        "the host is not found".to_owned()
    } else if e.is_timeout() {
        "nothing came for too long".to_owned()
    } else {
        innermost(e)
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(e: reqwest::Error) -> Self {
        HttpError::Transport(e)
    }
}

impl HttpError {
    /// Tells whether another attempt may go better.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            // Each of these takes long to be noticed, or stays as it is.
            HttpError::Transport(e) => {
                let slow = e.is_dns() || (e.is_connect() && e.is_timeout());
                !(slow || e.is_builder() || e.is_redirect() || certificate(e).is_some())
            }
            HttpError::Status { .. } | HttpError::Malformed(_) => true,
            HttpError::TooLong { .. } | HttpError::Slow { .. } => false,
        }
    }

    pub(super) fn requested_pause(&self) -> Option<Duration> {
        match self {
            HttpError::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(super) fn into_error(self, url: &str) -> Error {
        let help = match &self {
            HttpError::Transport(e) if certificate(e).is_some() => {
                "if a proxy of your network signs connections anew, name its certificate in cargo's `http.cainfo` or SSL_CERT_FILE"
            }
            HttpError::Transport(e) if e.is_builder() || e.is_redirect() => {
                "check the URL in cargo's configuration"
            }
            HttpError::Transport(_) => {
                "check the network and the proxy (cargo's `http.proxy`, or `https_proxy`), then run the same command again; with `--offline` only cached releases are used"
            }
            HttpError::Status { .. } | HttpError::Malformed(_) => {
                "try again later, or from another network"
            }
            HttpError::Slow { .. } => {
                "try again later, or from another network; on a line that is as slow, set cargo's `http.low-speed-limit` (or CARGO_HTTP_LOW_SPEED_LIMIT)"
            }
            HttpError::TooLong { .. } => "check that the URL is a package registry's",
        };
        let message = format!("cannot get {}: {self}", masked(url));
        let error = match self {
            HttpError::Transport(e) => Error::upstream(message).caused_by(e.without_url()),
            _ => Error::upstream(message),
        };
        error.help(help)
    }
}

/// Returns what rustls says of a connection, where it is rustls that refuses it.
fn certificate<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An I/O error's source is that of what it wraps: the wrapped error is passed over.
        let wrapped = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|w| certificate(w)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Returns the innermost cause: the outer ones only repeat the URL.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(tls) = certificate(error) {
        return format!("the secure connection is refused: {tls}");
    }
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    masked_in(&last.to_string())
}

/// Unpacks an answer, at most `limit` bytes of it.
pub(super) fn gunzip(packed: &[u8], limit: u64) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(packed).take(limit + 1);
    reader
        .read_to_end(&mut body)
        .map_err(|e| HttpError::Malformed(format!("its gzip is damaged: {e}")))?;
    if body.len() as u64 > limit {
        Err(HttpError::TooLong { limit })
    } else {
        Ok(body)
    }
}
