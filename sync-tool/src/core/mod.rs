//! The pure part: trees, rules, patches, merges. No files, no processes, no
//! clock, no network; values in, values out.

pub mod address;
pub mod cargo_lock;
pub mod cargo_toml;
pub mod compare;
pub mod diagnosis;
pub mod documents;
pub mod drift;
pub mod export;
pub mod format;
pub mod gate;
pub mod lock;
pub mod make;
pub mod manifest;
pub mod merge;
pub mod now_in;
mod outside;
pub mod patch;
pub mod plan;
pub mod preflight;
pub mod prepare;
pub mod refresh;
pub mod release;
pub mod report;
pub mod series;
pub mod stubs;
pub mod suite;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod tokens;
pub mod tree;
pub mod workspace;
