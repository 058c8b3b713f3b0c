use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use super::address::{Endpoint, Host};
use super::meter::Meter;
use super::waiters::{Waiters, Wakers};
use super::{Error, lock};

/// What a datagram costs beside its bytes: its place in the queue, which grows
/// by doubling, and what the allocator adds.
pub(super) const OVERHEAD: usize = 96;

/// The memory that each socket is sure of, whatever the others hold: datagrams
/// of usual sizes pass also where the network's bytes are used up.
pub(super) const RESERVE: usize = 2_048;

/// How many places the queue keeps when it runs empty.
const KEPT: usize = 8;

/// A datagram, and the address within the family that it came from.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) from: (Host, u16),
    pub(super) data: Box<[u8]>,
}

impl Datagram {
    fn cost(&self) -> usize {
        self.data.len() + OVERHEAD
    }
}

/// What a datagram has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It has been queued, or dropped because the queue is full.
    Taken,
    /// Nobody is there who would have it.
    Nobody,
}

/// Where the datagrams for a socket are put.
#[derive(Debug)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    meter: Arc<Meter>,
}

#[derive(Debug)]
pub(super) struct State {
    queue: VecDeque<Datagram>,
    /// The memory that the queue holds.
    charged: usize,
    /// How much it may hold.
    limit: usize,
    /// The only address that datagrams are taken for, or the wildcard.
    local: Host,
    /// The only address that datagrams are taken from.
    peer: Peer,
    /// Whether a datagram to the peer found nobody, which is reported once.
    refused: bool,
    /// Those who wait for a datagram, or for the report that one was refused.
    pub(super) readers: Waiters,
}

/// Whom a socket is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// Nobody: datagrams of all are taken.
    Anybody,
    /// Datagrams of this address are taken.
    One(Host, u16),
    /// None are: the peer is on another network, or the socket is gone.
    Elsewhere,
}

impl Peer {
    fn sends_from(self, from: (Host, u16)) -> bool {
        match self {
            Peer::Anybody => true,
            Peer::One(host, port) => (host, port) == from,
            Peer::Elsewhere => false,
        }
    }
}

impl Mailbox {
    /// Makes a mailbox for a socket bound to `at`, which takes its reserve.
    pub(super) fn new(at: Endpoint, limit: usize, meter: &Arc<Meter>) -> Result<Mailbox, Error> {
        meter.take(RESERVE, RESERVE).ok_or(Error::LimitReached)?;
        let state = State {
            queue: VecDeque::new(),
            charged: 0,
            limit,
            local: at.host,
            peer: Peer::Anybody,
            refused: false,
            readers: Waiters::default(),
        };
        Ok(Mailbox {
            state: Mutex::new(state),
            meter: Arc::clone(meter),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Takes a datagram in that was sent to `to`, if the socket would have it.
    /// It is dropped where the queue is full.
    pub(super) fn deliver(&self, to: Host, datagram: Datagram) -> Delivery {
        let mut state = self.lock();
        if !state.accepts(to, datagram.from) {
            return Delivery::Nobody;
        }
        if !state.make_room(datagram.cost(), &self.meter) {
            drop(state);
            self.meter.dropped();
            return Delivery::Taken;
        }
        state.queue.push_back(datagram);
        let woken = state.readers.take();
        drop(state);
        woken.wake();
        Delivery::Taken
    }

    /// Returns the datagram that was queued first, of those that the socket
    /// takes.
    ///
    /// # Errors
    ///
    /// [`Error::ConnectionRefused`] once, if a datagram to the peer found
    /// nobody; [`Error::WouldBlock`] if there is none.
    pub(super) fn receive(&self) -> Result<Datagram, Error> {
        let mut state = self.lock();
        state.take_refusal()?;
        if !state.has_any(&self.meter) {
            return Err(Error::WouldBlock);
        }
        let datagram = state.pop(&self.meter).ok_or(Error::WouldBlock)?;
        drop(state);
        self.meter.received();
        Ok(datagram)
    }

    /// Returns whether a receive would give something, or registers who waits;
    /// `register` returns the waker that this displaces.
    pub(super) fn is_readable(&self, register: impl FnOnce(&mut Waiters) -> Option<Waker>) -> bool {
        let mut state = self.lock();
        if state.refused || state.has_any(&self.meter) {
            return true;
        }
        let displaced = register(&mut state.readers);
        // A waker may own a task, which may own a socket.
        drop(state);
        drop(displaced);
        false
    }

    /// Connects to somebody, or takes back that it is; the address of a socket
    /// that is bound to the wildcard becomes `local` with it. Returns those that
    /// may have something now, or nothing more to wait for.
    pub(super) fn set_peer(&self, local: Host, peer: Peer) -> Wakers {
        let mut state = self.lock();
        state.local = local;
        state.peer = peer;
        // Whoever is connected elsewhere learns what is there.
        state.refused &= peer != Peer::Elsewhere;
        state.readers.take()
    }

    /// Notes that a datagram to that address found nobody, which a socket that
    /// is connected to it gets an error at its next operation.
    pub(super) fn refuse(&self, host: Host, port: u16) {
        let mut state = self.lock();
        if state.peer != Peer::One(host, port) {
            return;
        }
        state.refused = true;
        let woken = state.readers.take();
        drop(state);
        woken.wake();
    }

    /// Sets how much memory the queue may hold from now on.
    pub(super) fn set_limit(&self, limit: usize) {
        self.lock().limit = limit;
    }

    /// Ends the mailbox: nothing is taken in or held any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.peer = Peer::Elsewhere;
        let queue = std::mem::take(&mut state.queue);
        let charged = std::mem::take(&mut state.charged);
        let woken = state.readers.take();
        drop(state);
        drop(queue);
        self.meter.give_back(charged.max(RESERVE));
        woken.wake();
    }
}

impl State {
    pub(super) fn local(&self) -> Host {
        self.local
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// Returns whether anything is queued, whoever sent it, or to be reported.
    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn has_news(&self) -> bool {
        self.refused || !self.queue.is_empty()
    }

    /// Fails once after a datagram to the peer has found nobody.
    pub(super) fn take_refusal(&mut self) -> Result<(), Error> {
        match std::mem::take(&mut self.refused) {
            true => Err(Error::ConnectionRefused),
            false => Ok(()),
        }
    }

    fn accepts(&self, to: Host, from: (Host, u16)) -> bool {
        let addressed = self.local.is_wildcard() || self.local == to;
        addressed && self.peer.sends_from(from)
    }

    /// Charges what a datagram costs. As with Linux, an empty queue takes one
    /// of any size.
    fn make_room(&mut self, cost: usize, meter: &Meter) -> bool {
        let charged = self.charged.saturating_add(cost);
        if charged > self.limit && !self.queue.is_empty() {
            return false;
        }
        let more = charged.max(RESERVE) - self.charged.max(RESERVE);
        if more > 0 && meter.take(more, more).is_none() {
            return false;
        }
        self.charged = charged;
        true
    }

    /// Returns whether a datagram is queued that the socket takes. Those of
    /// others before it, queued until it was connected, are dropped.
    fn has_any(&mut self, meter: &Meter) -> bool {
        while let Some(first) = self.queue.front() {
            if self.peer.sends_from(first.from) {
                return true;
            }
            drop(self.pop(meter));
        }
        false
    }

    fn pop(&mut self, meter: &Meter) -> Option<Datagram> {
        let datagram = self.queue.pop_front()?;
        let charged = self.charged.saturating_sub(datagram.cost());
        let back = self.charged.max(RESERVE) - charged.max(RESERVE);
        if back > 0 {
            meter.give_back(back);
        }
        self.charged = charged;
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
        Some(datagram)
    }
}
