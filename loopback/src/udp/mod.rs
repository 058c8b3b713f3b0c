//! UDP sockets that are on the system's network, on the loopback network, or
//! on both: what stands in the place of that of `tokio`.

#[allow(dead_code, reason = "what upstream uses depends on the release")]
mod detached;
mod dual;
mod senders;
mod settings;
#[allow(dead_code, reason = "what upstream uses depends on the release")]
mod shared;
mod socket;
#[cfg(all(test, target_os = "linux"))]
mod tests;

pub use detached::Detached;
pub use shared::SharedUdpSocket;
pub use socket::{LoopbackUdpSocket, NetworkUdpSocket, UdpSocket, UnspecifiedUdpSocket};

use std::io;

use rustix::io::Errno;

/// Returns the number of an error; one that has none comes from a runtime that
/// is shut down.
fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::NETDOWN)
}

/// Returns whether trying again later is worth it.
fn would_block<T>(result: &io::Result<T>) -> bool {
    let error = result.as_ref().err();
    error.is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}
