//! The sockets of a guest: what it may open, and where its packets go.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

mod addresses;
#[cfg(feature = "loopback")]
mod loopback;
mod tcp;
mod udp;
mod util;

pub use addresses::{AddressCheck, AddressUse};
pub use tcp::TcpSocket;
pub use udp::UdpSocket;

/// The largest number of sockets that one guest may have open.
pub const MAX_OPEN: usize = 256;

/// What a guest may do with sockets.
#[derive(Clone)]
pub struct SocketsCtx {
    pub(crate) check: AddressCheck,
    pub(crate) allowed: Allowed,
    pub(crate) open: usize,
}

/// Which uses of the network are allowed at all.
#[derive(Clone)]
pub struct Allowed {
    pub name_lookup: bool,
    pub tcp: bool,
    pub udp: bool,
}

impl SocketsCtx {
    /// Starts with nothing allowed.
    pub fn new(check: AddressCheck) -> Self {
        Self {
            check,
            allowed: Allowed::nothing(),
            open: 0,
        }
    }

    /// Counts a socket that is opened, and refuses one too many.
    pub(crate) fn open_one(&mut self) -> Result<(), OpenError> {
        if self.open >= MAX_OPEN {
            return Err(OpenError::TooMany);
        }
        self.open += 1;
        Ok(())
    }

    pub(crate) async fn allows(&self, address: SocketAddr, usage: AddressUse) -> bool {
        if usage.is_tcp() && !self.allowed.tcp {
            return false;
        }
        self.check.check(address, usage).await
    }
}

/// Why a socket cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    TooMany,
    Denied,
}
