//! What the tests of the loopback network have in common.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

pub use wash_wasi as wash;
use wash_wasi::sockets::loopback::Network;

#[path = "../loopback_asked/mod.rs"]
pub mod asked;
#[path = "../loopback_release/p2.rs"]
pub mod calls;
pub mod p2;

pub fn network() -> p2::Shared {
    Arc::new(Mutex::new(Network::default()))
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
