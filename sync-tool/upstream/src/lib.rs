//! Upstream's releases, from a git repository or from the package registry.

mod cache_lock;
pub mod git;
mod http;
mod options;
pub mod registry;
mod source;

pub use options::{SourceChoice, SourceOptions};
use recipe::error::Result;
use recipe::release::{Listed, Release};
use semver::Version;
pub use source::{Buildable, Locked, Upstream};

/// A place that has upstream's releases.
pub trait Source {
    /// Lists the releases that the source has, in ascending order.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the source cannot be reached.
    fn list(&self) -> Result<Vec<Listed>>;

    /// Reads one release.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where the source cannot be reached, has no such
    /// release (with the nearest it has), or what came is not what was promised.
    fn release(&self, version: &Version) -> Result<Release>;

    /// Returns the commit that the source gives for a release, without reading it.
    ///
    /// # Errors
    ///
    /// As [`Source::release`].
    fn commit(&self, version: &Version) -> Result<Option<String>>;
}
