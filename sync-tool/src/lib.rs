//! Keeps `wash-wasi`, a fork of `wasmtime-wasi` with an in-memory loopback
//! network, in step with upstream wasmtime releases.
//!
//! The shape of the whole is described in `docs/architecture.md`.

pub mod cli;
pub mod commands;
mod draft;
mod open_upgrade;
pub mod render;
pub mod report;
pub mod rustfmt;
pub mod stage;

pub use recipe::error::{Error, Kind, Result};
