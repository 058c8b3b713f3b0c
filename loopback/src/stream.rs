mod ready;

use std::fmt;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;

pub use ready::Ready;

use super::connection::{Connection, Side};
use super::flow::Flow;
use super::queue::MIN_MOVED;
use super::steps::Steps;
use super::waiters::register;
use super::{Binding, Error, Options};
use ready::Interest;

/// From how many bytes on a read or write is not small.
const MIN_LARGE: usize = 4_096;

/// One end of a connection.
///
/// Everything works through a shared reference, so that reading, writing and
/// waiting can go on in different places. Dropping it closes this end: the
/// peer reads what was written and then the end, or [`Error::ConnectionReset`]
/// if something was left unread here.
pub struct Stream {
    connection: Arc<Connection>,
    side: Side,
    /// Whether closing is to reset the connection whatever has been read.
    abort: AtomicBool,
    steps: Steps,
    /// The port that the socket had been bound to before it connected.
    binding: Option<Binding>,
}

impl Stream {
    /// Makes the two ends of a connection: the one that connected, then the
    /// one to be accepted.
    pub(super) fn pair(connection: Connection, binding: Option<Binding>) -> [Stream; 2] {
        let connection = Arc::new(connection);
        let stream = |side, connection, binding| Stream {
            connection,
            side,
            abort: AtomicBool::new(false),
            steps: Steps::default(),
            binding,
        };
        [
            stream(0, Arc::clone(&connection), binding),
            stream(1, connection, None),
        ]
    }

    /// Returns the address of this end.
    pub fn local_addr(&self) -> SocketAddr {
        self.connection.address(self.side)
    }

    /// Returns the address of the other end.
    pub fn peer_addr(&self) -> SocketAddr {
        self.connection.address(1 - self.side)
    }

    /// Returns whether the connection is over, because it was reset or because
    /// both ends have ended what they send. There may still be something to read.
    pub fn is_over(&self) -> bool {
        self.connection.is_over(self.side)
    }

    /// Returns the options of this end.
    pub fn options(&self) -> Options {
        self.connection.options(self.side)
    }

    /// Sets the options of this end. Buffer sizes take effect at once.
    pub fn set_options(&self, options: Options) {
        self.connection.set_options(self.side, options);
    }

    /// Makes dropping this end reset the connection, whatever has been read.
    pub fn set_abort(&self, abort: bool) {
        self.abort.store(abort, Relaxed);
    }

    /// Copies bytes that have come into `into`, and returns how many; none,
    /// where it is not empty, means that no more will come.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; once, after everything has been read, also
    /// [`Error::ConnectionReset`].
    pub fn try_read(&self, into: &mut [u8]) -> Result<usize, Error> {
        let read = self.receive(None, |flow| flow.read(into, self.connection.meter()));
        self.count(read.unwrap_or(0));
        self.end_after_reset(read, 0)
    }

    /// Does what [`Stream::try_read`] does; the task is woken once it is worth
    /// trying again.
    pub fn poll_read(&self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<Result<usize, Error>> {
        let read = self.receive(Some(cx), |flow| flow.read(into, self.connection.meter()));
        pending(self.end_after_reset(read, 0))
    }

    /// Returns at most `max` of the bytes that have come. A chunk that was
    /// given to [`Stream::offer`] is handed on as it is, if `max` allows it.
    /// No bytes, where `max` is not 0, mean that no more will come.
    ///
    /// # Errors
    ///
    /// As [`Stream::try_read`].
    pub fn try_read_bytes(&self, max: usize) -> Result<Bytes, Error> {
        let read = self.receive(None, |flow| flow.read_bytes(max, self.connection.meter()));
        self.end_after_reset(read, Bytes::new())
    }

    /// Does what [`Stream::try_read_bytes`] does; the task is woken once it is
    /// worth trying again.
    pub fn poll_read_bytes(&self, cx: &mut Context<'_>, max: usize) -> Poll<Result<Bytes, Error>> {
        let meter = self.connection.meter();
        let read = self.receive(Some(cx), |flow| flow.read_bytes(max, meter));
        pending(self.end_after_reset(read, Bytes::new()))
    }

    /// Returns as many of the bytes that have come as `max` allows, in one
    /// piece. A chunk that was given to [`Stream::offer`] is handed on as it
    /// is if that saves more than it costs.
    ///
    /// # Errors
    ///
    /// As [`Stream::try_read`].
    pub fn try_read_most(&self, max: usize) -> Result<Bytes, Error> {
        let read = self.receive(None, |flow| flow.read_most(max, self.connection.meter()));
        self.count(read.as_ref().map_or(0, Bytes::len));
        self.end_after_reset(read, Bytes::new())
    }

    /// Returns what [`Stream::try_read_most`] does if there are bytes, and `None`
    /// for all else: that is left to who reads next.
    pub fn take_most(&self, max: usize) -> Option<Bytes> {
        let read = self.receive(None, |flow| flow.read_most(max, self.connection.meter()));
        let bytes = read.ok().filter(|bytes| !bytes.is_empty())?;
        self.count(bytes.len());
        Some(bytes)
    }

    /// Writes as many of the bytes as there is room for, and returns how many.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`] if there is none; [`Error::BrokenPipe`] after
    /// sending has been shut down or the peer is known to be gone, and once in
    /// its place [`Error::ConnectionReset`] if the peer reset the connection.
    pub fn try_write(&self, from: &[u8]) -> Result<usize, Error> {
        let written = self.send(None, |flow| flow.write(from, self.connection.meter()));
        self.count(written.unwrap_or(0));
        self.reset_of_break(written)
    }

    /// Does what [`Stream::try_write`] does; the task is woken once it is worth
    /// trying again.
    pub fn poll_write(&self, cx: &mut Context<'_>, from: &[u8]) -> Poll<Result<usize, Error>> {
        let written = self.send(Some(cx), |flow| flow.write(from, self.connection.meter()));
        pending(self.reset_of_break(written))
    }

    /// Takes a whole chunk, without copying it, and leaves `chunk` empty, if
    /// there is room for all of it and nothing else to be reported. Otherwise, and
    /// for small chunks always, it is left as it is, to be written in parts.
    #[inline]
    pub fn offer(&self, chunk: &mut Bytes) -> bool {
        chunk.len() >= MIN_MOVED && self.offer_large(chunk)
    }

    fn offer_large(&self, chunk: &mut Bytes) -> bool {
        // This copies only what somebody else holds as well.
        let owned = Vec::from(std::mem::take(chunk));
        let mut left = None;
        let offered = self.send(None, |flow| {
            let offered = flow.offer(owned, self.connection.meter());
            offered.map_err(|owned| {
                left = Some(owned);
                Error::WouldBlock
            })
        });
        *chunk = left.map(Bytes::from).unwrap_or_default();
        self.count(MIN_LARGE);
        offered.is_ok()
    }

    /// Waits until reading is worth a try.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.seems_ready(Interest::Read) {
            return Poll::Ready(());
        }
        let flow = self.connection.incoming(self.side);
        if flow.is_readable() {
            return Poll::Ready(());
        }
        register(flow, |flow| &mut flow.readers, cx.waker());
        Poll::Pending
    }

    /// Waits until writing is worth a try.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.seems_ready(Interest::Write) {
            return Poll::Ready(());
        }
        let flow = self.connection.outgoing(self.side);
        if flow.is_writable(self.connection.meter()) {
            return Poll::Ready(());
        }
        register(flow, |flow| &mut flow.writers, cx.waker());
        Poll::Pending
    }

    /// Waits until reading is worth a try. Any number can wait at a time.
    pub fn readable(&self) -> Ready<'_> {
        Ready::new(self, Interest::Read)
    }

    /// Waits until writing is worth a try. Any number can wait at a time.
    pub fn writable(&self) -> Ready<'_> {
        Ready::new(self, Interest::Write)
    }

    /// Calls `charge` once as much has been done since it last let that pass as
    /// with one read or write of a socket of the system, this counted as small.
    /// After many times in a row that it says to wait, the task may go on.
    pub fn poll_turn(&self, charge: impl FnOnce() -> Poll<()>) -> Poll<()> {
        self.steps.poll(charge)
    }

    /// Counts a read or write of so many bytes.
    fn count(&self, bytes: usize) {
        if bytes >= MIN_LARGE {
            self.steps.count_large();
        }
    }

    /// Ends one or both directions.
    ///
    /// The peer reads what has been written and then the end. What it writes
    /// after receiving has been shut down here succeeds, and is discarded.
    pub fn shutdown(&self, how: Shutdown) {
        if how != Shutdown::Write {
            self.connection.discard(self.side);
        }
        if how != Shutdown::Read {
            self.connection.finish(self.side);
        }
    }

    /// Returns whether it is ready for sure, without a lock.
    fn seems_ready(&self, direction: Interest) -> bool {
        let Stream {
            connection, side, ..
        } = self;
        match direction {
            Interest::Read => connection.incoming_readiness(*side).is_readable(),
            Interest::Write => {
                let readiness = connection.outgoing_readiness(*side);
                readiness.is_writable(connection.meter())
            }
        }
    }

    /// Reads, and wakes writers that have room now; or registers the task.
    fn receive<T>(
        &self,
        cx: Option<&mut Context<'_>>,
        read: impl FnOnce(&mut Flow) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut flow = self.connection.incoming(self.side);
        match read(&mut flow) {
            Ok(read) => {
                let woken = flow.take_writers(self.connection.meter());
                drop(flow);
                woken.wake();
                Ok(read)
            }
            Err(error) => {
                if let (Error::WouldBlock, Some(cx)) = (&error, cx) {
                    register(flow, |flow| &mut flow.readers, cx.waker());
                }
                Err(error)
            }
        }
    }

    /// Writes, and wakes readers; or registers the task.
    fn send<T>(
        &self,
        cx: Option<&mut Context<'_>>,
        write: impl FnOnce(&mut Flow) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut flow = self.connection.outgoing(self.side);
        match write(&mut flow) {
            Ok(written) => {
                let woken = flow.take_readers();
                drop(flow);
                woken.wake();
                Ok(written)
            }
            Err(error) => {
                if let (Error::WouldBlock, Some(cx)) = (&error, cx) {
                    register(flow, |flow| &mut flow.writers, cx.waker());
                }
                Err(error)
            }
        }
    }

    /// Replaces a reset that has been reported before by the end.
    fn end_after_reset<T>(&self, read: Result<T, Error>, end: T) -> Result<T, Error> {
        match read {
            Ok(read) => Ok(read),
            Err(Error::ConnectionReset) if !self.connection.take_fault(self.side) => Ok(end),
            Err(error) => Err(error),
        }
    }

    /// Replaces a broken pipe by the reset that broke it, the first time.
    fn reset_of_break<T>(&self, written: Result<T, Error>) -> Result<T, Error> {
        match written {
            Ok(written) => Ok(written),
            Err(Error::BrokenPipe) if self.connection.take_fault(self.side) => {
                Err(Error::ConnectionReset)
            }
            Err(error) => Err(error),
        }
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> [(usize, usize); 2] {
        let incoming = self.connection.incoming(self.side).held();
        [incoming, self.connection.outgoing(self.side).held()]
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.close(self.side, self.abort.load(Relaxed));
        // A bound socket is counted as long as its port is.
        if self.binding.is_none() {
            self.connection.meter().close(1);
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("local", &self.local_addr())
            .field("peer", &self.peer_addr())
            .finish_non_exhaustive()
    }
}

fn pending<T>(result: Result<T, Error>) -> Poll<Result<T, Error>> {
    match result {
        Err(Error::WouldBlock) => Poll::Pending,
        result => Poll::Ready(result),
    }
}
