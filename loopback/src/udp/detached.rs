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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use rustix::io::Errno;

    use super::super::super::os::rustix::net;
    use super::super::super::tests::at_once;
    use super::super::super::{Protocol, lock};
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_socket_that_was_never_put_on_a_network_can_use_neither_side() {
        for ipv6 in [false, true] {
            let socket = SharedUdpSocket::try_from(Detached::new(ipv6)).unwrap();
            let all = match ipv6 {
                false => ["127.0.0.1:9", "0.0.0.0:9", "192.0.2.1:9"],
                true => ["[::1]:9", "[::]:9", "[2001:db8::1]:9"],
            };
            for at in all.map(address) {
                assert_eq!(net::bind(&socket, &at), Err(Errno::NETDOWN), "{at}");
                assert_eq!(net::connect(&socket, &at), Err(Errno::NETDOWN), "{at}");
                let sent = at_once(socket.send_to(b"x", at)).unwrap().unwrap_err();
                assert_eq!(Errno::from_io_error(&sent), Some(Errno::NETDOWN), "{at}");
            }
            assert!(socket.current().descriptor().is_none());
        }
    }

    /// Nothing has told the runtime yet that the new descriptor can be written to.
    #[tokio::test]
    async fn the_first_datagram_to_the_system_does_not_wait_for_the_runtime() {
        let host = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = host.local_addr().unwrap();
        let network = Arc::<Mutex<Network>>::default();
        lock(&network).pass_through(Protocol::Udp, [to.port()]);
        for connects in [false, true] {
            let socket = SharedUdpSocket::try_from(Detached::new(false)).unwrap();
            let socket = socket.on(&network);
            assert!(at_once(socket.writable()).is_some());
            let sent = if connects {
                net::connect(&socket, &to).unwrap();
                at_once(socket.send(b"first"))
            } else {
                at_once(socket.send_to(b"first", to))
            };
            assert_eq!(sent.unwrap().unwrap(), 5);
            let mut buffer = [0; 9];
            assert_eq!(host.recv(&mut buffer).unwrap(), 5);
        }
    }
}
