//! The pure part: trees, rules, patches, merges. No files, no processes, no
//! clock, no network; values in, values out.

pub mod cargo_lock;
pub mod cargo_toml;
pub mod format;
pub mod gate;
pub mod merge;
pub mod patch;
pub mod release;
pub mod tree;
