//! Stands in the place of the crate `bytes`.

pub use ::bytes::*;

/// A buffer that is filled by one read. It is allocated only if that does not
/// give it a chunk that is there already.
#[derive(Debug)]
pub struct BytesMut {
    capacity: usize,
    read: Bytes,
}

impl BytesMut {
    /// Returns an empty buffer for at most that many bytes.
    pub fn with_capacity(capacity: usize) -> BytesMut {
        let read = Bytes::new();
        BytesMut { capacity, read }
    }

    /// Fills it by something that does so with a buffer of the crate.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn fill<E>(
        &mut self,
        read: impl FnOnce(&mut ::bytes::BytesMut) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let mut buffer = ::bytes::BytesMut::with_capacity(self.capacity);
        let count = read(&mut buffer)?;
        self.read = buffer.freeze();
        Ok(count)
    }

    /// Fills it by something that gives at most the number of bytes it is given.
    ///
    /// # Errors
    ///
    /// Those of `take`.
    pub fn put<E>(&mut self, take: impl FnOnce(usize) -> Result<Bytes, E>) -> Result<usize, E> {
        self.read = take(self.capacity)?;
        Ok(self.read.len())
    }

    /// Leaves no more than the first `count` bytes.
    pub fn truncate(&mut self, count: usize) {
        self.read.truncate(count);
    }

    /// Returns what has been read.
    pub fn freeze(self) -> Bytes {
        self.read
    }
}
