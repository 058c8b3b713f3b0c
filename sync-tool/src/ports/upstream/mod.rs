//! Upstream's releases, from a git repository or from the package registry.

mod front;
pub mod git;
pub mod registry;

pub use front::{Buildable, Locked, Options, SourceChoice, Upstream};

use semver::Version;

use crate::core::release::{Listed, Release};
use crate::error::Result;

/// A place that has upstream's releases.
pub trait Source {
    /// Lists the releases that the source has, in ascending order.
    ///
    /// # Errors
    ///
    /// [`crate::Kind::Upstream`] where the source cannot be reached.
    fn list(&self) -> Result<Vec<Listed>>;

    /// Reads one release.
    ///
    /// # Errors
    ///
    /// [`crate::Kind::Upstream`] where the source cannot be reached, has no such
    /// release (with the nearest it has), or what came is not what was promised.
    fn release(&self, version: &Version) -> Result<Release>;

    /// Returns the commit that the source gives for a release, without reading it.
    ///
    /// # Errors
    ///
    /// As [`Source::release`].
    fn commit(&self, version: &Version) -> Result<Option<String>>;
}
