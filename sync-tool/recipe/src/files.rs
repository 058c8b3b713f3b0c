//! The names of the files that are read and written.

/// What people write: upstream, pin, rules.
pub const MANIFEST: &str = "manifest.toml";
/// What the vendored tree was made of, and what it is.
pub const LOCK: &str = "manifest.lock";
/// The manifest of a crate.
pub const CARGO_TOML: &str = "Cargo.toml";
/// The lock of a crate.
pub const CARGO_LOCK: &str = "Cargo.lock";
