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
    pub fn loopback_network(&mut self, network: Arc<Mutex<Network>>) -> &mut Self {
        self.sockets.loopback = network;
        self
    }
}
