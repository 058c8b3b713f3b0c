use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::super::connection::FlowGuard;
use super::super::flow::Flow;
use super::super::waiters::{Ticket, Waiters};
use super::Stream;

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Interest {
    Read,
    Write,
}

/// Waits for a stream: see [`Stream::readable`] and [`Stream::writable`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Ready<'a> {
    stream: &'a Stream,
    interest: Interest,
    ticket: Ticket,
}

impl<'a> Ready<'a> {
    pub(super) fn new(stream: &'a Stream, interest: Interest) -> Ready<'a> {
        let ticket = Ticket::default();
        Ready {
            stream,
            interest,
            ticket,
        }
    }

    fn lock(&self) -> FlowGuard<'a> {
        let Stream {
            connection, side, ..
        } = self.stream;
        match self.interest {
            Interest::Read => connection.incoming(*side),
            Interest::Write => connection.outgoing(*side),
        }
    }

    fn poll_locked(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut flow = self.lock();
        let ready = self.is_ready(&flow);
        let waiters = self.interest.waiters(&mut flow);
        if ready {
            // While the lock is held anyway.
            let waker = waiters.remove(&self.ticket);
            self.ticket = Ticket::default();
            drop(flow);
            drop(waker);
            return Poll::Ready(());
        }
        let replaced = waiters.register_ticket(&mut self.ticket, cx.waker());
        drop(flow);
        drop(replaced);
        Poll::Pending
    }

    /// Gives up its place among the waiters.
    fn leave(&self) {
        let mut flow = self.lock();
        let waker = self.interest.waiters(&mut flow).remove(&self.ticket);
        drop(flow);
        drop(waker);
    }

    fn is_ready(&self, flow: &Flow) -> bool {
        match self.interest {
            Interest::Read => flow.is_readable(),
            Interest::Write => flow.is_writable(self.stream.connection.meter()),
        }
    }
}

impl Interest {
    fn waiters(self, flow: &mut Flow) -> &mut Waiters {
        match self {
            Interest::Read => &mut flow.readers,
            Interest::Write => &mut flow.writers,
        }
    }
}

impl Future for Ready<'_> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waits = self.ticket.is_used();
        if !waits && self.stream.seems_ready(self.interest) {
            return Poll::Ready(());
        }
        self.poll_locked(cx)
    }
}

impl Drop for Ready<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.ticket.is_used() {
            self.leave();
        }
    }
}
