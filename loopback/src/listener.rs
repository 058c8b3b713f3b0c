use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use super::address::Endpoint;
use super::backlog::{Backlog, Entered, Request};
use super::connection::Quota;
use super::network::Lease;
use super::waiters::{Ticket, register};
use super::{Binding, Error, Network, Options, Protocol, Stream, lock};

/// A socket that accepts connections.
///
/// Dropping it frees its port, refuses the connects that still wait, and
/// resets the connections that nobody accepted. Those that were accepted live on.
pub struct Listener {
    backlog: Arc<Backlog>,
    binding: Binding,
}

impl Listener {
    /// Starts to listen. `backlog` connections and one more can be queued; it
    /// is silently brought below the network's limit.
    ///
    /// # Errors
    ///
    /// [`Error::AddressNotAvailable`] if the binding is not one of TCP.
    pub fn new(binding: Binding, backlog: usize, options: Options) -> Result<Listener, Error> {
        if binding.protocol() != Protocol::Tcp {
            return Err(Error::AddressNotAvailable);
        }
        let mut tables = lock(binding.tables());
        let limit = backlog.min(tables.meter().limits().backlog);
        let backlog = Arc::new(Backlog::new(limit, options));
        tables.add_listener(binding.endpoint(), &backlog);
        drop(tables);
        Ok(Listener { backlog, binding })
    }

    /// Returns the address that it listens at.
    pub fn local_addr(&self) -> SocketAddr {
        self.binding.local_addr()
    }

    /// Sets how many connections can be queued, and one more.
    pub fn set_backlog(&self, backlog: usize) {
        let limit = backlog.min(lock(self.binding.tables()).meter().limits().backlog);
        let promoted = self.backlog.lock().set_limit(limit);
        promoted.wake();
    }

    /// Returns the options that connections queued from now on take over.
    pub fn options(&self) -> Options {
        *self.backlog.lock().options()
    }

    /// Sets the options that connections queued from now on take over.
    pub fn set_options(&self, options: Options) {
        *self.backlog.lock().options() = options;
    }

    /// Returns the connection that was queued first.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`] if none is.
    pub fn try_accept(&self) -> Result<Stream, Error> {
        let accepted = self.backlog.lock().accept();
        let (stream, promoted) = accepted.ok_or(Error::WouldBlock)?;
        promoted.wake();
        Ok(stream)
    }

    /// Returns the connection that was queued first; the task is woken when
    /// there is one.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Stream> {
        let mut state = self.backlog.lock();
        let Some((stream, promoted)) = state.accept() else {
            register(state, |state| &mut state.acceptors, cx.waker());
            return Poll::Pending;
        };
        drop(state);
        promoted.wake();
        Poll::Ready(stream)
    }

    /// Waits until a connection is queued, and leaves it there.
    pub fn poll_accept_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let state = self.backlog.lock();
        if !state.is_empty() {
            return Poll::Ready(());
        }
        register(state, |state| &mut state.acceptors, cx.waker());
        Poll::Pending
    }

    /// Waits for a connection. Any number can wait at a time, and dropping
    /// what waits loses no connection.
    pub fn accept(&self) -> Accept<'_> {
        let ticket = Ticket::default();
        Accept {
            listener: self,
            ticket,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(self.binding.tables()).remove_listener(self.binding.endpoint());
        self.backlog.close();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.local_addr();
        f.debug_struct("Listener")
            .field("local", &local)
            .finish_non_exhaustive()
    }
}

/// Waits for a connection: see [`Listener::accept`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Accept<'a> {
    listener: &'a Listener,
    ticket: Ticket,
}

impl Future for Accept<'_> {
    type Output = Stream;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Stream> {
        let mut state = self.listener.backlog.lock();
        if let Some((stream, promoted)) = state.accept() {
            drop(state);
            promoted.wake();
            return Poll::Ready(stream);
        }
        let replaced = state
            .acceptors
            .register_ticket(&mut self.ticket, cx.waker());
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Accept<'_> {
    fn drop(&mut self) {
        if self.ticket.is_used() {
            let mut state = self.listener.backlog.lock();
            let waker = state.acceptors.remove(&self.ticket);
            drop(state);
            drop(waker);
        }
    }
}

/// A connect in progress. It is done when the connection is queued at its
/// listener, whether or not that accepts it; dropping it before gives
/// everything back. It waits for a place there without limit: who polls it sets
/// one, as the sockets of guests do.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Connecting(Progress);

#[derive(Debug)]
enum Progress {
    Done(Option<Result<Stream, Error>>),
    Waits(Arc<Backlog>, u64),
}

impl Connecting {
    /// Connects to `remote`, from the address in `binding` or, without one,
    /// from a port that no other connection to `remote` has.
    ///
    /// The future gives [`Error::ConnectionRefused`] if nobody listens there
    /// or the listener goes away while this waits for a place in its queue,
    /// [`Error::AddressNotAvailable`] if no such connection is possible, or
    /// [`Error::LimitReached`].
    pub fn new(
        network: &Arc<Mutex<Network>>,
        binding: Option<Binding>,
        remote: SocketAddr,
        options: Options,
    ) -> Connecting {
        let progress = match start(network, binding, remote, options) {
            Ok((_, Entered::Connected(stream))) => Progress::Done(Some(Ok(stream))),
            Ok((backlog, Entered::Waits(number))) => Progress::Waits(backlog, number),
            Err(error) => Progress::Done(Some(Err(error))),
        };
        Connecting(progress)
    }
}

fn start(
    network: &Arc<Mutex<Network>>,
    binding: Option<Binding>,
    remote: SocketAddr,
    options: Options,
) -> Result<(Arc<Backlog>, Entered), Error> {
    let remote = Endpoint::new(remote).ok_or(Error::AddressNotAvailable)?;
    let from = binding.as_ref().map(Binding::endpoint);
    let tables = match &binding {
        Some(binding) => Arc::clone(binding.tables()),
        None => Network::tables(network),
    };
    let mut locked = lock(&tables);
    let meter = Arc::clone(locked.meter());
    let routed = locked.route(from, remote);
    drop(locked);
    let (backlog, ends) = routed?;
    let request = Request {
        lease: Lease::new(tables, ends),
        quota: Quota::new(&meter, binding.is_some())?,
        options,
        binding,
    };
    let entered = backlog.enter(request)?;
    Ok((backlog, entered))
}

impl Future for Connecting {
    type Output = Result<Stream, Error>;

    /// Returns the connection.
    ///
    /// # Panics
    ///
    /// Panics, as futures do, if it is polled after it has returned.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &mut self.0 {
            Progress::Done(result) => result.take(),
            Progress::Waits(backlog, number) => Some(ready!(backlog.poll(*number, cx.waker()))),
        };
        self.0 = Progress::Done(None);
        Poll::Ready(result.expect("a connect is polled once it is done"))
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        if let Progress::Waits(backlog, number) = &self.0 {
            backlog.leave(*number);
        }
    }
}
