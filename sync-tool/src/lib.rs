//! Keeps `wash-wasi`, a fork of `wasmtime-wasi` with an in-memory loopback
//! network, in step with upstream wasmtime releases.
//!
//! The shape of the whole is told in `docs/architecture.md`.

pub mod cli;
pub mod commands;
pub mod core;
pub mod error;
pub mod listing;
pub mod ports;
pub mod render;

pub use error::{Error, Kind, Result};
