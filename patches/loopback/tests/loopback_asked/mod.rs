//! What a host is asked about addresses.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

#[path = "../loopback_release/uses.rs"]
pub mod uses;

/// An address, and what a guest wants of it.
pub type Asked = (SocketAddr, String);

/// Returns what is asked for some uses of an address. A bind among them is
/// implicit if it is not the only one: then it is to the wildcard.
pub fn asked(uses: &[&str], at: SocketAddr) -> Vec<Asked> {
    let wildcard = match at {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let one = |name: &&str| {
        let implicit = name.ends_with("Bind") && uses.len() > 1;
        let address = if implicit { wildcard } else { at };
        (address, (*name).to_owned())
    };
    uses.iter().map(one).collect()
}
