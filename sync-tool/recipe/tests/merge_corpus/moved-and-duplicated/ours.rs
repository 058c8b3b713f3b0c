use bytes::{Bytes, BytesMut};
use std::io;
use std::task::{Context, Poll};

bindings!({
    path: "wit",
    world: "streams",
    imports: {
        "streams.read": async,
        "streams.write": async,
        default: trappable,
    },
    with: {
        "streams.input": InputStream,
        "streams.output": OutputStream,
    },
});

/// What a guest reads from.
pub struct InputStream {
    source: Box<dyn Source>,
    buffer: BytesMut,
    closed: bool,
}

/// What a guest writes to.
pub struct OutputStream {
    sink: Box<dyn Sink>,
    budget: usize,
}

impl InputStream {
    /// Reads at most `size` bytes.
    pub fn read(&mut self, size: usize) -> Result<Bytes, StreamError> {
        if self.closed {
            return Err(StreamError::Closed);
        }
        if self.buffer.is_empty() {
            self.fill(size)?;
        }
        let size = size.min(self.buffer.len());
        Ok(self.buffer.split_to(size).freeze())
    }

    fn fill(&mut self, size: usize) -> Result<(), StreamError> {
        let read = self.source.read(&mut self.buffer, size)?;
        self.closed = read == 0;
        Ok(())
    }

    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.closed || !self.buffer.is_empty() {
            return Poll::Ready(());
        }
        self.source.poll_ready(cx)
    }
}

impl OutputStream {
    /// Returns how many bytes may be written now.
    pub fn check_write(&self) -> usize {
        self.sink.capacity().min(self.budget).max(1)
    }

    pub fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        if bytes.len() > self.check_write() {
            return Err(StreamError::Trap("more than was allowed"));
        }
        self.sink.write(bytes).map_err(StreamError::Failed)
    }
}

#[cfg(unix)]
pub fn close_handle(handle: RawHandle) -> io::Result<()> {
    let code = sys::close(handle);
    check_code(code)
}

#[cfg(windows)]
pub fn close_handle(handle: RawHandle) -> io::Result<()> {
    let code = sys::close_socket(handle);
    check_code(code)
}

fn check_code(code: i32) -> io::Result<()> {
    match code {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
