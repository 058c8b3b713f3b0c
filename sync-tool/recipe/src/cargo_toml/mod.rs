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
mod generate;
mod include;
mod inherited;
mod lints;
mod outside;
mod plain;
#[cfg(test)]
mod tests;

pub use additions::{AddedTarget, AddedTargetKind, Additions};
pub use dependency::{Dependency, DependencySpec, DependencyTable, Purpose};
pub use generate::{generate, unlisted_tests, workspace_form};
pub use include::{PackagePatterns, PatternError};
pub use inherited::Inherited;
pub use lints::{Lint, Lints};
pub use outside::check_paths;
pub use plain::Plain;
use serde::Serialize;
use toml_edit::{Document, Table};

use crate::error::{Error, Fault, Kind, Location, Result};
use crate::files::CARGO_TOML;
use crate::reader::{SAME_RELEASE, TomlFile};

/// Returns the name of the package that a `Cargo.toml` is of.
pub(crate) fn package_name(manifest: &Table) -> Option<&str> {
    manifest.get("package")?.get("name")?.as_str()
}

const CANNOT_MAKE: &str = "the fork's Cargo.toml cannot be made";

/// What the fork calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ForkPackage {
    pub name: String,
    pub version: String,
    pub authors: Vec<String>,
    pub description: String,
    pub repository: String,
    /// The lines of the comment at the head: that the file is generated, from
    /// which upstream version and commit, by what recipe.
    pub notice: Vec<String>,
    /// The comment where something was left out: how upstream's tests are run.
    pub unpublished_note: String,
}

/// The fork's manifest, and what a report tells about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Generated {
    pub text: String,
    /// What upstream has and the fork has not, in upstream's order.
    pub dropped: Vec<Dropped>,
    /// The oldest Rust that upstream says it builds with.
    pub rust_version: Option<String>,
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

/// Parses a text that nothing can be made without.
fn parse(file: TomlFile, text: &str) -> Result<Document<&str>> {
    file.parse(text).map_err(|fault| cannot_make(vec![fault]))
}

fn cannot_make(faults: Vec<Fault>) -> Error {
    Error::faults(Kind::General, CANNOT_MAKE, faults)
}

/// Makes a fault of the `Cargo.toml` as a whole.
fn fault(message: String, help: impl Into<String>) -> Fault {
    let place = Location::file(CARGO_TOML);
    Fault::new(message).at(place).help(help)
}

/// Says that one text of upstream has something that the other lacks, or says otherwise.
fn unmatched(key: &str) -> Fault {
    let message = format!("`{key}` is not the same in the texts of upstream that were read");
    fault(message, SAME_RELEASE)
}
