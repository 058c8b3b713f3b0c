use std::{fmt, io};

/// Why an operation on the loopback network did not succeed.
///
/// The names follow the errors that Linux gives in the same situation; what
/// a guest sees is up to the layer that joins the network to its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
// As wide as what is returned in its place, so that results stay in registers.
#[repr(usize)]
pub enum Error {
    /// Nothing can be done now; the socket has to be waited for (`EAGAIN`).
    WouldBlock,
    /// The port is taken at this address (`EADDRINUSE`).
    AddressInUse,
    /// The address is none of this network, or no free port is left to
    /// connect from (`EADDRNOTAVAIL`).
    AddressNotAvailable,
    /// Nobody listens there, or whoever did went away (`ECONNREFUSED`).
    ConnectionRefused,
    /// The peer went away without reading everything (`ECONNRESET`).
    ConnectionReset,
    /// Sending has been shut down, or the peer is gone (`EPIPE`).
    BrokenPipe,
    /// The datagram is larger than any can be (`EMSGSIZE`).
    DatagramTooLarge,
    /// Nobody is named to whom to send, nor is the socket connected
    /// (`EDESTADDRREQ`).
    NotConnected,
    /// A limit that the host has set is reached (`ENOBUFS`).
    LimitReached,
}

impl Error {
    /// Returns the kind that the standard library gives this error.
    pub fn kind(self) -> io::ErrorKind {
        match self {
            Error::WouldBlock => io::ErrorKind::WouldBlock,
            Error::AddressInUse => io::ErrorKind::AddrInUse,
            Error::AddressNotAvailable => io::ErrorKind::AddrNotAvailable,
            Error::ConnectionRefused => io::ErrorKind::ConnectionRefused,
            Error::ConnectionReset => io::ErrorKind::ConnectionReset,
            Error::BrokenPipe => io::ErrorKind::BrokenPipe,
            // There is no stable kind for it.
            Error::DatagramTooLarge => io::ErrorKind::InvalidInput,
            Error::NotConnected => io::ErrorKind::NotConnected,
            Error::LimitReached => io::ErrorKind::OutOfMemory,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::WouldBlock => "the operation would block",
            Error::AddressInUse => "the address is in use",
            Error::AddressNotAvailable => "the address is not available",
            Error::ConnectionRefused => "the connection was refused",
            Error::ConnectionReset => "the connection was reset by the peer",
            Error::BrokenPipe => "nobody reads what is written",
            Error::DatagramTooLarge => "the datagram is too large",
            Error::NotConnected => "nobody is named to whom to send",
            Error::LimitReached => "a limit of the loopback network is reached",
        })
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        // Such an error needs no memory of its own.
        error.kind().into()
    }
}
