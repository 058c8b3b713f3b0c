//! Why a server gave no answer, and whether it is worth asking again.

use std::fmt;
use std::io::Read as _;
use std::time::Duration;

use recipe::address::{masked, masked_in};
use recipe::error::Error;

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection, or something on the way.
    Transport(reqwest::Error),
    /// The server says that it cannot now.
    Status {
        /// The status it gave.
        status: u16,
        /// The pause it asks for.
        after: Option<Duration>,
    },
    /// More came than may.
    TooLong {
        /// What may come, in bytes.
        limit: u64,
    },
    /// It comes so slowly that it would not end.
    Slow {
        /// What must come in a second, in bytes.
        least: u64,
    },
    /// The server does not speak as it should.
    Malformed(String),
    /// Something here, such as the disk.
    Own(Error),
}

impl From<reqwest::Error> for Failure {
    fn from(e: reqwest::Error) -> Self {
        Failure::Transport(e)
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Failure::Own(e)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Transport(e) if e.is_dns() => f.write_str("the host is not found"),
            Failure::Transport(e) if e.is_timeout() => f.write_str("nothing came for too long"),
            Failure::Transport(e) => f.write_str(&innermost(e)),
            Failure::Status { status, .. } => write!(f, "the server answers {status}"),
            Failure::TooLong { limit } => {
                write!(f, "the answer is longer than {} MiB", limit >> 20)
            }
            Failure::Slow { least } => {
                write!(f, "fewer than {least} bytes come in a second")
            }
            Failure::Malformed(what) => write!(f, "the server does not keep to HTTP: {what}"),
            Failure::Own(e) => e.fmt(f),
        }
    }
}

impl Failure {
    /// Tells whether another attempt may go better.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            // Each of these takes long to be noticed, or stays as it is.
            Failure::Transport(e) => {
                let slow = e.is_dns() || (e.is_connect() && e.is_timeout());
                !(slow || e.is_builder() || e.is_redirect() || certificate(e).is_some())
            }
            Failure::Status { .. } | Failure::Malformed(_) => true,
            Failure::TooLong { .. } | Failure::Slow { .. } | Failure::Own(_) => false,
        }
    }

    /// Returns the pause that the server asks for.
    pub(super) fn wanted_pause(&self) -> Option<Duration> {
        match self {
            Failure::Status { after, .. } => *after,
            _ => None,
        }
    }

    /// Makes the error that the user sees.
    pub(super) fn into_error(self, url: &str) -> Error {
        let help = match &self {
            Failure::Own(_) => None,
            Failure::Transport(e) if certificate(e).is_some() => Some(
                "if a proxy of your network signs connections anew, name its certificate in cargo's `http.cainfo` or SSL_CERT_FILE",
            ),
            Failure::Transport(e) if e.is_builder() || e.is_redirect() => {
                Some("check the URL in cargo's configuration")
            }
            Failure::Transport(_) => Some(
                "check the network and the proxy (cargo's `http.proxy`, or `https_proxy`), then run the same command again; with `--offline` only cached releases are used",
            ),
            Failure::Status { .. } | Failure::Malformed(_) => {
                Some("try again later, or from another network")
            }
            Failure::Slow { .. } => Some(
                "try again later, or from another network; on a line that is as slow, set cargo's `http.low-speed-limit` (or CARGO_HTTP_LOW_SPEED_LIMIT)",
            ),
            Failure::TooLong { .. } => Some("check that the URL is a package registry's"),
        };
        let message = format!("cannot get {}: {self}", masked(url));
        let error = match self {
            Failure::Own(error) => return error,
            Failure::Transport(e) => Error::upstream(message).caused_by(e.without_url()),
            _ => Error::upstream(message),
        };
        match help {
            Some(help) => error.help(help),
            None => error,
        }
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
pub(super) fn gunzip(packed: &[u8], limit: u64) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(packed).take(limit + 1);
    reader
        .read_to_end(&mut body)
        .map_err(|e| Failure::Malformed(format!("its gzip is damaged: {e}")))?;
    if body.len() as u64 > limit {
        Err(Failure::TooLong { limit })
    } else {
        Ok(body)
    }
}
