use std::io;
use std::sync::{Arc, Mutex};

use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::super::Network;
use super::super::os::BorrowedFd;
use super::super::os::io_lifetimes::raw::{FromRawSocketlike, IntoRawSocketlike};
use super::super::os::rustix::fd::AsFd;
use super::SharedUdpSocket;

/// A socket on its way through what upstream does to make one of `tokio`.
#[derive(Debug)]
pub struct Detached(pub(super) SharedUdpSocket);

impl Detached {
    /// Makes a socket that has neither a descriptor nor a network yet.
    pub fn new(ipv6: bool) -> Detached {
        let make = Arc::new(move || descriptor(ipv6));
        Detached(SharedUdpSocket::new(None, ipv6, make))
    }

    /// Makes the socket one of those that may use `network`.
    pub fn on(self, network: &Arc<Mutex<Network>>) -> Detached {
        Detached(self.0.on(network))
    }
}

/// Makes a socket of the system as upstream does: it neither blocks nor is
/// inherited by other programs.
fn descriptor(ipv6: bool) -> io::Result<std::net::UdpSocket> {
    let family = match ipv6 {
        false => AddressFamily::INET,
        true => AddressFamily::INET6,
    };
    #[cfg(not(any(windows, target_vendor = "apple")))]
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    #[cfg(any(windows, target_vendor = "apple"))]
    let flags = SocketFlags::empty();
    let socket = rustix::net::socket_with(family, SocketType::DGRAM, flags, None)?;
    #[cfg(target_vendor = "apple")]
    rustix::io::ioctl_fioclex(&socket)?;
    #[cfg(any(windows, target_vendor = "apple"))]
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(std::net::UdpSocket::from(socket))
}

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
