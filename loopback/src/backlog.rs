use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::{Mutex, MutexGuard};
use std::task::{Poll, Waker};

use super::connection::{Connection, Quota};
use super::network::Lease;
use super::waiters::Waiters;
use super::{Binding, Error, Options, Stream, lock};

/// Connections on their way to a listener.
#[derive(Debug)]
pub(super) struct Backlog(Mutex<State>);

#[derive(Debug)]
pub(super) struct State {
    /// Connections that are made and wait to be accepted.
    queued: VecDeque<Stream>,
    /// One more than this many are queued, as with Linux.
    limit: usize,
    /// What accepted sockets take over.
    options: Options,
    /// Connections that have to wait for a place, first come first served.
    waiting: BTreeMap<u64, Waiting>,
    /// Those that got one and have not been polled since.
    connected: BTreeMap<u64, Stream>,
    next: u64,
    closed: bool,
    pub(super) acceptors: Waiters,
}

/// A connection that is wanted; nothing of it exists but its hold on the network.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) lease: Lease,
    pub(super) quota: Quota,
    pub(super) options: Options,
    pub(super) binding: Option<Binding>,
}

#[derive(Debug)]
struct Waiting {
    request: Request,
    waker: Option<Waker>,
}

/// What became of a request.
pub(super) enum Entered {
    Connected(Stream),
    /// It waits for a place, under this number.
    Waits(u64),
}

impl Backlog {
    pub(super) fn new(limit: usize, options: Options) -> Backlog {
        Backlog(Mutex::new(State {
            queued: VecDeque::new(),
            limit,
            options,
            waiting: BTreeMap::new(),
            connected: BTreeMap::new(),
            next: 0,
            closed: false,
            acceptors: Waiters::default(),
        }))
    }

    /// Locks it. Neither a stream nor a waker may be dropped meanwhile.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Queues a connection, or lets it wait for a place.
    pub(super) fn enter(&self, request: Request) -> Result<Entered, Error> {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return Err(Error::ConnectionRefused);
        }
        // Nobody waits while there is a place.
        if state.has_place() {
            let stream = state.queue(request);
            let woken = state.acceptors.take();
            drop(state);
            woken.wake();
            return Ok(Entered::Connected(stream));
        }
        let number = state.next;
        state.next += 1;
        let waker = None;
        state.waiting.insert(number, Waiting { request, waker });
        Ok(Entered::Waits(number))
    }

    /// Tells a waiting request what became of it, or registers its task.
    pub(super) fn poll(&self, number: u64, waker: &Waker) -> Poll<Result<Stream, Error>> {
        let mut state = self.lock();
        if let Some(stream) = state.connected.remove(&number) {
            return Poll::Ready(Ok(stream));
        }
        let Some(waiting) = state.waiting.get_mut(&number) else {
            return Poll::Ready(Err(Error::ConnectionRefused));
        };
        let replaced = waiting.waker.replace(waker.clone());
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Forgets a request whose socket is gone.
    pub(super) fn leave(&self, number: u64) {
        let mut state = self.lock();
        let waiting = state.waiting.remove(&number);
        let connected = state.connected.remove(&number);
        drop(state);
        drop((waiting, connected));
    }

    /// Refuses those that wait and resets those that are queued.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let queued = mem::take(&mut state.queued);
        let waiting = mem::take(&mut state.waiting);
        let acceptors = state.acceptors.take();
        drop(state);
        for stream in queued {
            stream.set_abort(true);
        }
        for Waiting { request, waker } in waiting.into_values() {
            // Whoever is woken finds the port free.
            drop(request);
            waker.into_iter().for_each(Waker::wake);
        }
        acceptors.wake();
    }
}

impl State {
    /// Takes the connection that has been queued longest, and those to wake
    /// because there is a place again.
    pub(super) fn accept(&mut self) -> Option<(Stream, Promoted)> {
        let stream = self.queued.pop_front()?;
        Some((stream, self.promote()))
    }

    pub(super) fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    /// Sets how many can be queued, and queues those that wait for it.
    pub(super) fn set_limit(&mut self, limit: usize) -> Promoted {
        self.limit = limit;
        self.promote()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queued.is_empty()
    }

    fn has_place(&self) -> bool {
        self.queued.len() <= self.limit
    }

    /// Makes the connection and queues its other end, which takes over the
    /// listener's options of this moment.
    fn queue(&mut self, request: Request) -> Stream {
        let Request {
            lease,
            quota,
            options,
            binding,
        } = request;
        let connection = Connection::new(lease, quota, [options, self.options]);
        let [connected, accepted] = Stream::pair(connection, binding);
        self.queued.push_back(accepted);
        connected
    }

    /// Queues those that wait, as far as there are places. No acceptor waits
    /// then: the queue was not empty.
    fn promote(&mut self) -> Promoted {
        let mut wakers = Vec::new();
        while self.has_place()
            && let Some((number, waiting)) = self.waiting.pop_first()
        {
            let stream = self.queue(waiting.request);
            self.connected.insert(number, stream);
            wakers.extend(waiting.waker);
        }
        Promoted(wakers)
    }
}

/// Those to wake because their connections have been queued.
#[derive(Debug)]
#[must_use = "whoever waits has to be woken"]
pub(super) struct Promoted(Vec<Waker>);

impl Promoted {
    /// Wakes them. No lock may be held.
    pub(super) fn wake(self) {
        self.0.into_iter().for_each(Waker::wake);
    }
}
