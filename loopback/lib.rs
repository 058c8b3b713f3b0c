//! The loopback network of the fork, as a crate to work in.
//!
//! The fork has the files of `src` as its module `sockets::loopback`. What stands beside
//! `src` takes the place of the rest of the fork's crate, and stays here.

#[path = "src/mod.rs"]
mod loopback;
mod runtime;

pub use loopback::*;
