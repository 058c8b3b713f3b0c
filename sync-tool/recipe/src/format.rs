//! Formatting as the recipe sees it: texts in, texts out; the program says who formats.

mod code;

use std::sync::Arc;

pub use code::same_code;

use super::tree::TreePath;
use crate::error::Result;

/// Formats Rust sources.
pub trait Formatter {
    /// Formats sources as an edition wants them; the result is in the order of the input.
    ///
    /// # Errors
    ///
    /// Fails where there is no formatter, or a source does not parse; all sources
    /// that do not are named together.
    fn format(&self, edition: &str, files: &[(TreePath, Arc<str>)]) -> Result<Formatted>;
}

/// What a formatter made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The formatted texts, in the order of the input.
    pub texts: Vec<Arc<str>>,
    /// The formatter that made every one of them, as in `rustfmt 1.8.0-stable`;
    /// empty where there was nothing to format.
    pub version: String,
}
