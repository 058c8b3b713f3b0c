//! Upstream's workspace in the tool's cache, with the fork as one more member:
//! where `cargo test -p <fork>` runs upstream's own tests.

use std::path::{Path, PathBuf};

use semver::Version;

use crate::core::manifest::Manifest;
use crate::core::release::Release;
use crate::core::tree::Tree;
use crate::error::{Error, Result};
use crate::ports::host::Host;
use crate::ports::upstream::Upstream;

/// What a workspace is laid out from.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// The run's surroundings.
    pub host: &'a Host,
    /// The tool's cache directory.
    pub cache: &'a Path,
    /// Where upstream's files come from.
    pub upstream: &'a Upstream<'a>,
    /// The release, as it was read from there.
    pub release: &'a Release,
    /// The fork's tree at that release, vendored or staged.
    pub tree: &'a Tree,
    /// The manifest, with the fork's version for that release.
    pub manifest: &'a Manifest,
    /// The command line, for who finds the workspace held.
    pub line: &'a str,
}

/// A directory in which `cargo test -p <fork>` can run. Nobody else touches it
/// until this is dropped.
#[derive(Debug)]
pub struct Workspace {
    /// Its directory; cargo's target directory is not in it.
    pub dir: PathBuf,
    /// The fork's directory in it.
    pub member: PathBuf,
    /// The fork's package name.
    pub fork: String,
    /// Upstream's package name: its own crate is there too, unmodified.
    pub upstream: String,
    /// The release.
    pub release: Version,
    /// The commit it was read at.
    pub commit: Option<String>,
    /// The oldest Rust that upstream says it builds with.
    pub rust_version: Option<Version>,
    /// Whether the whole of upstream's part was there already.
    pub reused: bool,
}

impl Workspace {
    /// Lays the workspace out in the cache, or what is not as it should be of it.
    ///
    /// # Errors
    ///
    /// [`crate::Kind::Upstream`] where upstream is the registry, which does not
    /// have the test programs, or lacks a file that is needed; those of the disk;
    /// where another run holds the workspace.
    pub fn lay_out(_parts: Parts<'_>) -> Result<Workspace> {
        Err(Error::general("not there yet"))
    }

    /// Compares the `Cargo.lock` that cargo has written with upstream's.
    ///
    /// # Errors
    ///
    /// Names the packages that are gone, in another version, or there without
    /// the fork needing them.
    pub fn check_lock(&self) -> Result<()> {
        Err(Error::general("not there yet"))
    }
}
