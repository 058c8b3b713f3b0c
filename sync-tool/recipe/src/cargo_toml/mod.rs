//! The fork's `Cargo.toml`: upstream's own, with workspace inheritance resolved,
//! the package renamed, unpublished development dependencies left out, and the
//! fork's targets, dependencies and lints added.
//!
//! Beside it there is the *workspace form*, in which the fork is one more member of
//! upstream's workspace and runs upstream's own tests.
//!
//! What upstream inherits can be read from git or from the published package;
//! [`Inherited`] is the same for both, and so is what [`generate`] makes of it.

mod additions;
mod dependency;
pub mod edit;
mod error;
mod generate;
mod include;
mod inherited;
mod lints;
mod outside;
mod plain;
mod reader;
#[cfg(test)]
mod tests;

pub use additions::{AddedDependency, Additions, Fault, Target, TargetKind};
pub use dependency::{Dependency, DependencyTable, Purpose};
pub use error::{Error, Errors, Text};
pub use generate::{generate, unlisted_tests, workspace_form};
pub use include::{PackagePatterns, PatternError};
pub use inherited::Inherited;
pub use lints::{Lint, Lints};
pub use outside::check_paths;
pub use plain::Plain;
use serde::Serialize;

/// What the fork calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkPackage {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its authors.
    pub authors: Vec<String>,
    /// Its description.
    pub description: String,
    /// The URL of its repository.
    pub repository: String,
    /// The lines of the comment at the head: that the file is generated, from
    /// which upstream version and commit, by what recipe.
    pub notice: Vec<String>,
    /// The comment where something was left out: how upstream's tests are run.
    pub unpublished_note: String,
}

/// The fork's manifest, and what a report tells about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Generated {
    /// The text of `Cargo.toml`.
    pub text: String,
    /// What upstream has and the fork has not, in upstream's order.
    pub dropped: Vec<Dropped>,
    /// The oldest Rust that upstream says it builds with.
    pub rust_version: Option<String>,
    /// The edition.
    pub edition: String,
}

/// Something of upstream's manifest that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The table it stood in: `dev-dependencies`, `test`.
    pub table: String,
    /// Its name.
    pub name: String,
    /// The reason, as the end of a sentence that begins with its name.
    pub why: &'static str,
}
