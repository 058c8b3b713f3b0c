//! Identifiers that have other names in the other release.

/// An identifier that upstream gave another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// What it was called.
    pub from: String,
    /// What it is called.
    pub to: String,
}
