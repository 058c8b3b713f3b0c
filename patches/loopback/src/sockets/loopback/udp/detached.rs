use std::io;

use super::super::os::BorrowedFd;
use super::super::os::io_lifetimes::raw::{FromRawSocketlike, IntoRawSocketlike};
use super::super::os::rustix::fd::AsFd;
use super::SharedUdpSocket;

/// A socket on its way through what upstream does to make one of `tokio`.
#[derive(Debug)]
pub struct Detached(pub(super) SharedUdpSocket);

impl AsFd for Detached {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl IntoRawSocketlike for Detached {
    type Raw = Detached;

    fn into_raw_socketlike(self) -> Detached {
        self
    }
}

impl FromRawSocketlike<Detached> for std::net::UdpSocket {
    type Socket = Detached;

    #[expect(unsafe_code, reason = "upstream calls it as an unsafe function")]
    unsafe fn from_raw_socketlike(raw: Detached) -> Detached {
        raw
    }
}

impl TryFrom<Detached> for SharedUdpSocket {
    type Error = io::Error;

    fn try_from(socket: Detached) -> io::Result<Self> {
        Ok(socket.0)
    }
}
