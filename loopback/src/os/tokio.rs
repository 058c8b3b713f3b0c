//! Stands in the place of the crate `tokio`.

pub use ::tokio::*;

/// The sockets of the loopback network and of the system.
pub mod net {
    pub use super::super::super::tcp::{SharedTcpSocket as TcpSocket, TcpListener, TcpStream};
    pub use super::super::super::udp::SharedUdpSocket as UdpSocket;
    pub use ::tokio::net::*;
}

/// The lock around the streams of a connection.
pub mod sync {
    pub use super::super::sync::{Mutex, MutexGuard, TryLockError};
    pub use ::tokio::sync::*;
}
