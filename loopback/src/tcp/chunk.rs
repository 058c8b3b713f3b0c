use bytes::Bytes;

use super::super::Stream;

/// Bytes to be written, and the way to hand them over.
pub trait Chunk {
    /// Returns the bytes.
    fn bytes(&self) -> &[u8];

    /// Hands all the bytes over without copying them, if they can be moved
    /// and there is room. Then there are none left here.
    fn offer_to(&mut self, stream: &Stream) -> bool;
}

impl Chunk for &[u8] {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn offer_to(&mut self, _stream: &Stream) -> bool {
        false
    }
}

impl Chunk for &Bytes {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn offer_to(&mut self, _stream: &Stream) -> bool {
        false
    }
}

impl Chunk for &mut Bytes {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn offer_to(&mut self, stream: &Stream) -> bool {
        stream.offer(self)
    }
}
