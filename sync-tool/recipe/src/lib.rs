//! How upstream becomes the fork: tree = f(upstream, manifest, patches).
//!
//! Manifest, trees, patches, merges, series, `Cargo.toml`, the lock. No files, processes,
//! clock or network: values in, values out.

pub mod address;
pub mod cargo_lock;
pub mod cargo_toml;
pub mod compare;
pub mod documents;
pub mod drift;
pub mod error;
pub mod export;
mod files;
pub mod format;
pub mod line_ends;
pub mod listing;
pub mod lock;
pub mod make;
pub mod manifest;
pub mod merge;
pub mod now_in;
mod outside;
pub mod patch;
pub mod plan;
pub mod prepare;
mod reader;
pub mod refresh;
pub mod release;
pub mod rust_version;
pub mod series;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod tokens;
pub mod tree;

pub use error::{Error, Kind, Result};
