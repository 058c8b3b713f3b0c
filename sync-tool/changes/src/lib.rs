//! What upstream changed between two releases, and what of it concerns the fork.
//!
//! All of it is told from the files of the releases and the texts that upstream publishes
//! with them; nothing here reads a disk or a network.

pub mod api;
pub mod notes;
pub mod radar;
pub mod watch;
