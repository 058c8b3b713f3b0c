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
pub(super) use socket::{TRIES, bind_virtual};
pub use socket::{
    LoopbackTcpSocket, NetworkTcpSocket, SharedTcpSocket, TcpSocket, UnspecifiedTcpSocket,
};
pub use stream::TcpStream;

use std::io;

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
