//! Upstream's releases, from a git repository or from the package registry.

mod cache_lock;
pub mod git;
mod http;
mod options;
pub mod registry;
mod source;

pub use options::{SourceChoice, SourceOptions};
pub use source::{Buildable, Locked, Upstream};
