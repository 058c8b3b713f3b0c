//! Upstream's release notes.
