//! TCP sockets that are on the system's network, on the loopback network, or
//! on both: what stands in the place of those of `tokio`.

mod chunk;
mod connecting;
mod listener;
mod settings;
mod socket;
mod stream;
#[cfg(test)]
mod tests;

pub use chunk::Chunk;
pub use connecting::ConnectingTcpStream;
pub use listener::TcpListener;
pub(super) use settings::{BUFFER_FACTOR, bounds as buffer_bounds};
pub(super) use socket::MAX_TRIES;
pub use socket::{
    LoopbackTcpSocket, NetworkTcpSocket, SharedTcpSocket, TcpSocket, UnspecifiedTcpSocket,
};
pub use stream::TcpStream;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use tokio::task::coop::{consume_budget, has_budget_remaining};

use super::Error;
use super::waiters::is_noop;

/// Returns the error that the system gives in the same situation.
pub(super) fn system_error(error: Error) -> io::Error {
    match error {
        Error::WouldBlock => Errno::WOULDBLOCK.into(),
        Error::AddressInUse => Errno::ADDRINUSE.into(),
        Error::AddressNotAvailable => Errno::ADDRNOTAVAIL.into(),
        Error::ConnectionRefused => Errno::CONNREFUSED.into(),
        Error::ConnectionReset => Errno::CONNRESET.into(),
        #[cfg(not(windows))]
        Error::BrokenPipe => Errno::PIPE.into(),
        #[cfg(windows)]
        Error::BrokenPipe => error.into(),
        Error::DatagramTooLarge => Errno::MSGSIZE.into(),
        Error::NotConnected => Errno::DESTADDRREQ.into(),
        Error::LimitReached => Errno::NOBUFS.into(),
    }
}

/// Polls what gives something that cannot be put back, and has the task yield
/// from time to time, as the sockets of `tokio` do: a guest that talks to itself
/// would keep its thread from everybody else. What comes is charged for, and
/// waiting is not: idle sockets, however many, leave the rest of the task its part.
fn poll_charged<T>(
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    if !has_budget_remaining() {
        ready!(poll_budget(cx));
    }
    let polled = poll(cx);
    if polled.is_ready() {
        // There was some left, so that this does not wait.
        _ = poll_budget(cx);
    }
    polled
}

/// Charges the task that has found a socket ready, so that it yields from time to
/// time. Who only asks, with a waker that wakes nobody, is answered for nothing.
pub(super) fn poll_yield(
    cx: &mut Context<'_>,
    charge: impl FnOnce(&mut Context<'_>) -> Poll<()>,
) -> Poll<()> {
    match is_noop(cx.waker()) {
        true => Poll::Ready(()),
        false => charge(cx),
    }
}

pub(super) fn poll_budget(cx: &mut Context<'_>) -> Poll<()> {
    pin!(consume_budget()).poll(cx)
}
