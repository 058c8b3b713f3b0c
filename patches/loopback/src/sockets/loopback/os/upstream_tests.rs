//! Stand-ins for the unit tests of upstream's socket code, which reach a guest
//! at 127.0.0.1 from the host: what they test is on the system.

pub use ::tokio;

use std::sync::{Arc, Mutex};

use super::super::Network;

/// Stands in the place of the crate's own.
pub struct WasiCtxBuilder;

impl WasiCtxBuilder {
    /// Makes a builder of contexts whose loopback addresses are the system's.
    #[expect(
        clippy::new_ret_no_self,
        reason = "it has the name that upstream gave it"
    )]
    pub fn new() -> crate::WasiCtxBuilder {
        let mut builder = crate::WasiCtxBuilder::new();
        builder.loopback_network(Arc::new(Mutex::new(Network::real())));
        builder
    }
}
