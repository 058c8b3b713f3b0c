//! TCP sockets that are on the system's network, on the loopback network, or
//! on both: what stands in the place of those of `tokio`.

mod chunk;
mod connecting;
mod listener;
mod settings;
mod socket;
mod stream;
#[cfg(test)]
mod tests;

pub use chunk::Chunk;
pub use connecting::ConnectingTcpStream;
pub use listener::TcpListener;
pub(super) use settings::{DOUBLED, bounds as buffer_bounds};
pub(super) use socket::TRIES;
pub use socket::{
    LoopbackTcpSocket, NetworkTcpSocket, SharedTcpSocket, TcpSocket, UnspecifiedTcpSocket,
};
pub use stream::TcpStream;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use rustix::io::Errno;

use super::Error;

/// Returns the error that the system gives in the same situation.
pub(super) fn system_error(error: Error) -> io::Error {
    match error {
        Error::WouldBlock => Errno::WOULDBLOCK.into(),
        Error::AddressInUse => Errno::ADDRINUSE.into(),
        Error::AddressNotAvailable => Errno::ADDRNOTAVAIL.into(),
        Error::ConnectionRefused => Errno::CONNREFUSED.into(),
        Error::ConnectionReset => Errno::CONNRESET.into(),
        #[cfg(not(windows))]
        Error::BrokenPipe => Errno::PIPE.into(),
        #[cfg(windows)]
        Error::BrokenPipe => error.into(),
        Error::DatagramTooLarge => Errno::MSGSIZE.into(),
        Error::NotConnected => Errno::DESTADDRREQ.into(),
        Error::LimitReached => Errno::NOBUFS.into(),
    }
}

/// Lets the task yield from time to time, as the sockets of `tokio` do: those
/// of the loopback network are ready so often that a guest that talks to
/// itself would keep its thread from everybody else.
fn poll_budget(cx: &mut Context<'_>) -> Poll<()> {
    pin!(tokio::task::coop::consume_budget()).poll(cx)
}
