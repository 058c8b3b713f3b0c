use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::flow::{Flow, RESERVE, Readiness};
use super::meter::Meter;
use super::network::Lease;
use super::waiters::Wakers;
use super::{Error, Options, lock};

/// The end of a connection: 0 connected, 1 was accepted.
pub(super) type Side = usize;

/// How many sockets and bytes a connection takes from the network's limits.
const BYTES: usize = 2 * RESERVE;

/// What the two ends of a connection share.
#[derive(Debug)]
pub(super) struct Connection {
    /// What each side reads.
    directions: [Direction; 2],
    /// Whether it is still to be reported to each side that the other one reset the
    /// connection. As with Linux, it is reported once, by a read or by a write.
    faults: [AtomicBool; 2],
    options: Mutex<[Options; 2]>,
    lease: Lease,
    quota: Quota,
}

/// One direction, and what it was ready for when it was last unlocked: so asking
/// for that, which guests do before each write, needs no lock.
#[derive(Debug)]
struct Direction {
    flow: Mutex<Flow>,
    readiness: AtomicU8,
}

impl Direction {
    fn new(flow: Flow) -> Direction {
        let readiness = AtomicU8::new(flow.readiness().0);
        let flow = Mutex::new(flow);
        Direction { flow, readiness }
    }

    fn lock(&self) -> FlowGuard<'_> {
        FlowGuard {
            flow: lock(&self.flow),
            readiness: &self.readiness,
        }
    }
}

/// The hold on one direction of a connection.
pub(super) struct FlowGuard<'a> {
    flow: MutexGuard<'a, Flow>,
    readiness: &'a AtomicU8,
}

impl Deref for FlowGuard<'_> {
    type Target = Flow;

    fn deref(&self) -> &Flow {
        &self.flow
    }
}

impl DerefMut for FlowGuard<'_> {
    fn deref_mut(&mut self) -> &mut Flow {
        &mut self.flow
    }
}

impl Drop for FlowGuard<'_> {
    fn drop(&mut self) {
        // Still under the lock.
        let Readiness(readiness) = self.flow.readiness();
        self.readiness.store(readiness, Ordering::Release);
    }
}

/// A part of the network's limits, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Quota {
    meter: Arc<Meter>,
    sockets: usize,
}

impl Quota {
    /// Takes what a connection needs. A connecting socket that is bound has
    /// been counted already.
    pub(super) fn new(meter: &Arc<Meter>, bound: bool) -> Result<Quota, Error> {
        let sockets = if bound { 1 } else { 2 };
        meter.open(sockets)?;
        if meter.take(BYTES, BYTES).is_none() {
            meter.close(sockets);
            return Err(Error::LimitReached);
        }
        let meter = Arc::clone(meter);
        Ok(Quota { meter, sockets })
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        self.meter.close(self.sockets);
        self.meter.give_back(BYTES);
    }
}

impl Connection {
    /// Joins two sockets, which count themselves out when they are dropped.
    pub(super) fn new(lease: Lease, mut quota: Quota, options: [Options; 2]) -> Connection {
        quota.sockets = 0;
        let [connected, accepted] = options;
        let direction = |from: &Options, to| Direction::new(Flow::new(from.window(to)));
        Connection {
            directions: [
                direction(&accepted, &connected),
                direction(&connected, &accepted),
            ],
            faults: Default::default(),
            options: Mutex::new(options),
            lease,
            quota,
        }
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.quota.meter
    }

    /// Locks what `side` reads.
    pub(super) fn incoming(&self, side: Side) -> FlowGuard<'_> {
        self.directions[side].lock()
    }

    /// Locks what `side` writes.
    pub(super) fn outgoing(&self, side: Side) -> FlowGuard<'_> {
        self.directions[1 - side].lock()
    }

    /// Returns what the direction that `side` reads is ready for.
    pub(super) fn incoming_readiness(&self, side: Side) -> Readiness {
        Readiness(self.directions[side].readiness.load(Ordering::Acquire))
    }

    /// Returns what the direction that `side` writes is ready for.
    pub(super) fn outgoing_readiness(&self, side: Side) -> Readiness {
        self.incoming_readiness(1 - side)
    }

    pub(super) fn address(&self, side: Side) -> SocketAddr {
        self.lease.ends().addresses()[side]
    }

    /// Returns whether a reset is to be reported to `side` now, once.
    pub(super) fn take_fault(&self, side: Side) -> bool {
        self.faults[side].swap(false, Ordering::Relaxed)
    }

    /// Returns whether it is over for `side`: reset, or ended both ways.
    pub(super) fn is_over(&self, side: Side) -> bool {
        // One lock at a time: the other side takes them the other way round.
        let state = |flow: FlowGuard<'_>| (flow.is_finished(), flow.is_broken());
        let incoming = state(self.incoming(side));
        let outgoing = state(self.outgoing(side));
        (incoming.0 && outgoing.0) || incoming.1 || outgoing.1
    }

    pub(super) fn options(&self, side: Side) -> Options {
        lock(&self.options)[side]
    }

    /// Sets the options of a side, and the windows that follow from them.
    pub(super) fn set_options(&self, side: Side, options: Options) {
        let mut all = lock(&self.options);
        all[side] = options;
        let own = &all[side];
        let peer = &all[1 - side];
        let windows = [(side, peer.window(own)), (1 - side, own.window(peer))];
        let woken = windows.map(|(index, window)| {
            let mut flow = self.directions[index].lock();
            flow.set_window(window);
            flow.take_writers(self.meter())
        });
        drop(all);
        wake(woken);
    }

    /// Ends what `side` sends.
    pub(super) fn finish(&self, side: Side) {
        let mut flow = self.outgoing(side);
        flow.finish();
        let woken = [flow.readers.take(), flow.writers.take()];
        drop(flow);
        wake(woken);
        self.leave(side);
    }

    /// Ends what `side` receives.
    pub(super) fn discard(&self, side: Side) {
        let mut flow = self.incoming(side);
        flow.discard(self.meter());
        let woken = [flow.readers.take(), flow.writers.take()];
        drop(flow);
        wake(woken);
        self.leave(side);
    }

    /// Counts `side` as gone if it has ended both, so that who goes on writing
    /// to it gets an error: Linux answers that with a reset.
    fn leave(&self, side: Side) {
        if self.outgoing(side).is_finished() {
            self.incoming(side).leave();
        }
    }

    /// Ends both, because `side` goes away; if it left something unread, or
    /// is to `abort` the connection, with a reset.
    pub(super) fn close(&self, side: Side, abort: bool) {
        let mut flow = self.incoming(side);
        let resets = flow.abandon(abort, self.meter());
        let woken = [flow.readers.take(), flow.writers.take()];
        drop(flow);
        wake(woken);
        let mut flow = self.outgoing(side);
        if !resets {
            flow.finish();
        } else if flow.reset() {
            self.faults[1 - side].store(true, Ordering::Relaxed);
        }
        let woken = [flow.readers.take(), flow.writers.take()];
        drop(flow);
        wake(woken);
    }
}

fn wake(woken: [Wakers; 2]) {
    woken.into_iter().for_each(Wakers::wake);
}
