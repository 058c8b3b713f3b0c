//! What P2's streams of the loopback network do without copying.

use bytes::Bytes;

use super::{TcpReceiveStream, TcpSendStream};

impl TcpSendStream {
    /// Hands a chunk over, if it can be moved and there is room for all of it.
    /// Then nothing of it is left to be written.
    pub(crate) fn offer(&self, chunk: &mut Bytes) {
        self.inner.offer(chunk);
    }
}

impl TcpReceiveStream {
    /// Returns bytes that have come, at most so many, if they need not be copied.
    pub(crate) fn chunk(&self, most: usize) -> Option<Bytes> {
        self.inner.chunk(most)
    }
}

/// Stand-ins for the unit tests of upstream's socket code, which reach a guest at
/// 127.0.0.1 from the host: what they test is on the system.
#[cfg(test)]
#[allow(
    dead_code,
    unused_imports,
    reason = "releases before 50 have no such tests"
)]
pub(super) mod upstream_tests {
    pub use ::tokio;

    use std::sync::{Arc, Mutex};

    use crate::sockets::loopback::Network;

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
}
