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
