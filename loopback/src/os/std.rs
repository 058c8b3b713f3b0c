//! Stands in the place of the standard library.

pub use ::std::*;

/// The sockets that those of `tokio` are made from.
pub mod net {
    pub use super::super::super::udp::Detached as UdpSocket;
    pub use ::std::net::*;
}
