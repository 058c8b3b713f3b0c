//! Stand-ins for the crates that upstream's socket code works with.
//!
//! A file of upstream that says
//! `use crate::sockets::loopback::os::{io_lifetimes, rustix, tokio};`
//! means by these names what is here, in its own `use` lines too: a module
//! shadows the crate of the same name. Each of them is the crate itself, but
//! for the sockets and what can be done to a descriptor.

#![allow(
    dead_code,
    unused_imports,
    reason = "what upstream uses depends on the release"
)]

pub mod bytes;
mod descriptor;
pub mod io_lifetimes;
pub mod rustix;
pub mod std;
mod sync;
pub mod tokio;

pub use super::tcp::Chunk;
pub use descriptor::{BorrowedFd, Descriptor, SocketOption, set_system_option, system_option};
