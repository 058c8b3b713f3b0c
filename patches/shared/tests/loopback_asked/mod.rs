//! What a host is asked about addresses.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use wash_wasi::WasiCtxBuilder;

#[path = "../loopback_release/uses.rs"]
pub mod uses;

/// An address, and what a guest wants of it.
pub type Asked = (SocketAddr, String);

/// Returns what is asked for some uses of an address. A bind among them is
/// implicit if it is not the only one: then it is to the wildcard.
pub fn asked(uses: &[&str], at: SocketAddr) -> Vec<Asked> {
    let one = |name: &&str| {
        let implicit = name.ends_with("Bind") && uses.len() > 1;
        let address = if implicit { wildcard(at) } else { at };
        (address, (*name).to_owned())
    };
    uses.iter().map(one).collect()
}

fn wildcard(of: SocketAddr) -> SocketAddr {
    match of {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    }
}

/// What a host notes of what it is asked, and what it denies.
#[derive(Default)]
pub struct Checks {
    asked: Mutex<Vec<Asked>>,
    denied: Mutex<Vec<(Option<SocketAddr>, String)>>,
}

impl Checks {
    /// Returns a host that denies nothing yet.
    pub fn new() -> (Arc<Checks>, WasiCtxBuilder) {
        let checks = Arc::<Checks>::default();
        let own = Arc::clone(&checks);
        let mut builder = WasiCtxBuilder::new();
        builder.allow_tcp(true).allow_udp(true);
        builder.socket_addr_check(move |address, reason| {
            let permitted = own.note(address, format!("{reason:?}"));
            Box::pin(async move { permitted })
        });
        (checks, builder)
    }

    fn note(&self, address: SocketAddr, name: String) -> bool {
        let denied = self.denied.lock().unwrap();
        let names = |(at, part): &(Option<SocketAddr>, String)| {
            at.is_none_or(|at| at == address) && name.contains(part.as_str())
        };
        let permitted = !denied.iter().any(names);
        self.asked.lock().unwrap().push((address, name));
        permitted
    }

    /// Returns what was asked since this was called last.
    pub fn taken(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Denies all uses of some addresses, and nothing else.
    pub fn deny(&self, addresses: &[SocketAddr]) {
        let all = addresses.iter().map(|at| (Some(*at), String::new()));
        *self.denied.lock().unwrap() = all.collect();
    }

    /// Denies one use, of one address or of all, and nothing else.
    pub fn deny_use(&self, name: &str, at: Option<SocketAddr>) {
        *self.denied.lock().unwrap() = vec![(at, name.to_owned())];
    }
}
