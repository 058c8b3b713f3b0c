//! The builder's part of the loopback network.

use std::sync::{Arc, Mutex};

use super::WasiCtxBuilder;
use crate::sockets::loopback::Network;

impl WasiCtxBuilder {
    /// Gives the context a loopback network.
    ///
    /// What a guest binds or connects at 127.0.0.0/8 or ::1 is on this network,
    /// never on the host's own loopback. Contexts that share the `Arc` share
    /// the network, so their guests reach each other; a context that is given
    /// none has one to itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use wash_wasi::WasiCtxBuilder;
    /// use wash_wasi::sockets::loopback::Network;
    ///
    /// let network = Arc::new(Mutex::new(Network::default()));
    /// let server = WasiCtxBuilder::new()
    ///     .loopback_network(Arc::clone(&network))
    ///     .build();
    /// let client = WasiCtxBuilder::new()
    ///     .loopback_network(Arc::clone(&network))
    ///     .build();
    /// assert_eq!(network.lock().unwrap().figures().sockets, 0);
    /// # drop((server, client));
    /// ```
    ///
    /// A guest that binds 0.0.0.0 or :: is bound on the network and, at the
    /// same port, on the system: there the host's own 127.0.0.1 and everybody
    /// else reach it too.
    ///
    /// Only `wasi:sockets` is virtual: `wasi:http` connects on the host's network, to
    /// the host's own loopback too.
    ///
    /// Guests take the network's lock on the executor's thread. It must not be held
    /// while they run, least of all across an `.await`: they would wait for it, and
    /// on a runtime of one thread for ever.
    ///
    /// The network can be bounded, read and changed at any time. Ports of
    /// 127.0.0.1 and ::1 can be left to the host's own loopback, so that the
    /// guests reach a database there, say; none are at first.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use wash_wasi::WasiCtxBuilder;
    /// use wash_wasi::sockets::loopback::{Limits, Network, Protocol};
    ///
    /// let mut network = Network::default();
    /// network.set_limits(Limits {
    ///     sockets: 1_000,
    ///     bytes: 64 << 20,
    ///     ..Limits::default()
    /// });
    /// network.pass_through(Protocol::Tcp, [5432]);
    /// let network = Arc::new(Mutex::new(network));
    /// let guest = WasiCtxBuilder::new()
    ///     .inherit_network()
    ///     .allow_tcp(true)
    ///     .loopback_network(Arc::clone(&network))
    ///     .build();
    /// let figures = network.lock().unwrap().figures();
    /// println!("{} sockets hold {} bytes", figures.sockets, figures.bytes_held);
    /// # assert_eq!((figures.sockets, figures.bytes_held), (0, 0));
    /// # drop(guest);
    /// ```
    pub fn loopback_network(&mut self, network: Arc<Mutex<Network>>) -> &mut Self {
        self.sockets.loopback = network;
        self
    }
}

#[cfg(test)]
mod tests;
