//! What the tests of UDP on the loopback network have in common.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::{SocketAddr, UdpSocket};

pub use wash_wasi as wash;
use wash_wasi::sockets::loopback::Figures;

#[path = "../loopback_release/p2.rs"]
pub mod calls;
pub mod p2;

pub fn network() -> p2::Shared {
    p2::Shared::default()
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub fn v4(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

pub fn v6(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), port)
}

pub fn all_v4(port: u16) -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], port))
}

/// Returns the wildcard of an address's family, at any port.
pub fn wildcard(of: SocketAddr) -> SocketAddr {
    address(if of.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })
}

pub fn figures(network: &p2::Shared) -> Figures {
    network.lock().unwrap().figures()
}

/// Lets tasks end that were left in the background.
pub async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

/// Fails unless everything has been given back.
pub fn assert_unused(network: &p2::Shared) {
    let figures = figures(network);
    let used = (figures.sockets, figures.ports, figures.bytes_held);
    assert_eq!(used, (0, 0, 0));
}

/// A socket of the host on its own loopback, which no guest may reach.
pub struct Forbidden(UdpSocket);

impl Forbidden {
    /// Makes one, where the host has that family.
    pub fn new(ip: &str) -> Option<Forbidden> {
        UdpSocket::bind((ip, 0)).ok().map(Forbidden)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Fails if anything has come before what is sent now.
    pub fn assert_unreached(&self) {
        let own = UdpSocket::bind((self.address().ip(), 0)).unwrap();
        own.send_to(b"mark", self.address()).unwrap();
        let mut buffer = [0; 100];
        let (length, from) = self.0.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"mark");
        assert_eq!(from, own.local_addr().unwrap());
    }
}
