use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::address::{Endpoint, Family, Host};
use super::mailbox::{Datagram, Delivery, Mailbox, Peer};
use super::waiters::{Ticket, Wakers};
use super::{Binding, Error, Protocol, lock};

/// The most bytes that a datagram can carry over IPv4.
const MAX_V4: usize = 65_507;
/// The most bytes that a datagram can carry over IPv6.
const MAX_V6: usize = 65_527;

/// A bound socket that sends and receives datagrams.
///
/// What is sent is queued at its receiver at once, or dropped and counted where
/// that has no room; nobody ever waits to send. What a datagram costs is the
/// memory it holds. Dropping the socket frees its port, and what is queued.
pub struct DatagramSocket {
    mailbox: Arc<Mailbox>,
    binding: Binding,
}

impl DatagramSocket {
    /// Makes a socket whose queue holds at most `receive_buffer` bytes of
    /// memory, but always one datagram of any size.
    ///
    /// # Errors
    ///
    /// [`Error::AddressNotAvailable`] if the binding is not one of UDP;
    /// [`Error::LimitReached`].
    pub fn new(binding: Binding, receive_buffer: usize) -> Result<DatagramSocket, Error> {
        if binding.protocol() != Protocol::Udp {
            return Err(Error::AddressNotAvailable);
        }
        let at = binding.endpoint();
        let mut tables = lock(binding.tables());
        let mailbox = Mailbox::new(at, receive_buffer, tables.meter())?;
        let mailbox = Arc::new(mailbox);
        tables.add_mailbox(at, &mailbox);
        drop(tables);
        Ok(DatagramSocket { mailbox, binding })
    }

    /// Returns the address that the socket is bound to; once it is connected,
    /// the one that its peer sees.
    pub fn local_addr(&self) -> SocketAddr {
        let host = self.mailbox.lock().local();
        let bound = self.binding.endpoint();
        Endpoint { host, ..bound }.address()
    }

    /// Returns the address that the socket is connected to.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        let Peer::One(host, port) = self.peer() else {
            return None;
        };
        let family = self.family();
        Some(Endpoint { family, host, port }.address())
    }

    /// Connects to `peer`: what is sent goes there, and only what comes from
    /// there is received, also of what is queued already.
    ///
    /// # Errors
    ///
    /// [`Error::AddressNotAvailable`] if the address is none that the socket
    /// can reach. It stays connected as it was.
    pub fn connect(&self, peer: SocketAddr) -> Result<(), Error> {
        self.set_peer(self.peer_at(peer)?).wake();
        Ok(())
    }

    /// Takes back that the socket is connected. It keeps its port.
    pub fn disconnect(&self) {
        self.set_peer(Peer::Anybody).wake();
    }

    pub(super) fn peer(&self) -> Peer {
        self.mailbox.lock().peer()
    }

    /// Returns what a socket that is connected to `address` has as its peer.
    pub(super) fn peer_at(&self, address: SocketAddr) -> Result<Peer, Error> {
        let Endpoint { host, port, .. } = self.reachable(address)?;
        Ok(Peer::One(host, port))
    }

    /// Sets the peer, and returns whom to wake once no lock is held.
    pub(super) fn set_peer(&self, peer: Peer) -> Wakers {
        let local = match (self.binding.endpoint().host, peer) {
            (Host::WILDCARD, Peer::One(..)) => Host::source(self.family()),
            (host, _) => host,
        };
        self.mailbox.set_peer(local, peer)
    }

    /// Sets how many bytes of memory the queue may hold. What is queued stays.
    pub fn set_receive_buffer(&self, bytes: usize) {
        self.mailbox.set_limit(bytes);
    }

    /// Sends a datagram to the peer.
    ///
    /// # Errors
    ///
    /// [`Error::NotConnected`], and those of [`DatagramSocket::send_to`].
    pub fn send(&self, data: &[u8]) -> Result<(), Error> {
        self.transmit(data, None)
    }

    /// Sends a datagram.
    ///
    /// # Errors
    ///
    /// [`Error::ConnectionRefused`], and the datagram is not sent, if an earlier
    /// one to the peer found nobody; [`Error::DatagramTooLarge`];
    /// [`Error::AddressNotAvailable`] if the address is none that the socket
    /// can reach.
    pub fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), Error> {
        self.transmit(data, Some(to))
    }

    fn transmit(&self, data: &[u8], to: Option<SocketAddr>) -> Result<(), Error> {
        let given = to.map(|to| self.reachable(to)).transpose()?;
        let mut state = self.mailbox.lock();
        let to = match (given, state.peer()) {
            (Some(to), _) => to,
            (None, Peer::One(host, port)) => {
                let family = self.family();
                Endpoint { family, host, port }
            }
            (None, _) => return Err(Error::NotConnected),
        };
        if data.len() > self.max_len() {
            return Err(Error::DatagramTooLarge);
        }
        state.take_refusal()?;
        let local = state.local();
        drop(state);
        let from = (local.or_source(to.family), self.binding.endpoint().port);
        let data = data.into();
        let mailbox = lock(self.binding.tables()).mailbox(to);
        let delivery = mailbox.map_or(Delivery::Nobody, |mailbox| {
            mailbox.deliver(to.host, Datagram { from, data })
        });
        if delivery == Delivery::Nobody {
            self.mailbox.refuse(to.host, to.port);
        }
        Ok(())
    }

    /// Copies the datagram that was queued first into `into`, as much of it as
    /// fits, and returns how much that was and where it came from.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`] if there is none; [`Error::ConnectionRefused`] once,
    /// if a datagram to the peer found nobody.
    pub fn try_recv(&self, into: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
        let datagram = self.mailbox.receive()?;
        let count = datagram.data.len().min(into.len());
        into[..count].copy_from_slice(&datagram.data[..count]);
        let (host, port) = datagram.from;
        let family = self.family();
        Ok((count, Endpoint { family, host, port }.address()))
    }

    /// Waits until [`DatagramSocket::try_recv`] would give something else than
    /// [`Error::WouldBlock`].
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let readable = self
            .mailbox
            .is_readable(|readers| readers.register(cx.waker()));
        match readable {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Waits as [`DatagramSocket::poll_readable`] does. Any number can wait at
    /// a time, and dropping what waits loses no datagram.
    pub fn readable(&self) -> Readable<'_> {
        let ticket = Ticket::default();
        Readable {
            socket: self,
            ticket,
        }
    }

    fn family(&self) -> Family {
        self.binding.endpoint().family
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    fn max_len(&self) -> usize {
        match self.family() {
            Family::V4 => MAX_V4,
            Family::V6 => MAX_V6,
        }
    }

    fn reachable(&self, address: SocketAddr) -> Result<Endpoint, Error> {
        Endpoint::new(address)
            .filter(|to| to.family == self.family() && to.host.is_reachable() && to.port != 0)
            .ok_or(Error::AddressNotAvailable)
    }
}

impl Drop for DatagramSocket {
    fn drop(&mut self) {
        lock(self.binding.tables()).remove_mailbox(self.binding.endpoint());
        self.mailbox.close();
    }
}

impl fmt::Debug for DatagramSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramSocket")
            .field("local", &self.local_addr())
            .field("peer", &self.peer_addr())
            .finish_non_exhaustive()
    }
}

/// Waits for a datagram: see [`DatagramSocket::readable`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Readable<'a> {
    socket: &'a DatagramSocket,
    ticket: Ticket,
}

impl Future for Readable<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Readable { socket, ticket } = &mut *self;
        let readable = socket
            .mailbox
            .is_readable(|readers| readers.register_ticket(ticket, cx.waker()));
        match readable {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Drop for Readable<'_> {
    fn drop(&mut self) {
        if self.ticket.is_used() {
            let mut state = self.socket.mailbox.lock();
            let waker = state.readers.remove(&self.ticket);
            drop(state);
            drop(waker);
        }
    }
}
