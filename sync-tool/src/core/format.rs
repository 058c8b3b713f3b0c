//! Formatting: what the core wants of a formatter.

use std::sync::Arc;

use super::tree::TreePath;
use crate::error::Result;

/// Formats Rust sources.
pub trait Formatter {
    /// Formats sources of an edition; the results are in the order of the files.
    ///
    /// # Errors
    ///
    /// Fails where there is no formatter, or with each file that does not parse.
    fn format(&self, edition: &str, files: &[(TreePath, Arc<str>)]) -> Result<Formatted>;
}

/// What a formatter made.
#[derive(Debug, Clone)]
pub struct Formatted {
    /// The texts.
    pub texts: Vec<Arc<str>>,
    /// The formatter's name and version, such as `rustfmt 1.8.0-stable`.
    pub version: String,
}
