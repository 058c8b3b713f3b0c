use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::flow::{Flow, Outlook, RESERVE};
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
    lanes: [Lane; 2],
    /// Whether each side has yet to be told that the other one reset the
    /// connection. As with Linux, it is told once, by a read or by a write.
    faults: [AtomicBool; 2],
    options: Mutex<[Options; 2]>,
    lease: Lease,
    share: Share,
}

/// One direction, and what was to be expected of it when it was last let go:
/// so asking whether it is ready, which guests do before each write, needs no
/// lock.
#[derive(Debug)]
struct Lane {
    flow: Mutex<Flow>,
    outlook: AtomicU8,
}

impl Lane {
    fn new(flow: Flow) -> Lane {
        let outlook = AtomicU8::new(flow.outlook().0);
        let flow = Mutex::new(flow);
        Lane { flow, outlook }
    }

    fn lock(&self) -> FlowGuard<'_> {
        FlowGuard {
            flow: lock(&self.flow),
            outlook: &self.outlook,
        }
    }
}

/// The hold on one direction of a connection.
pub(super) struct FlowGuard<'a> {
    flow: MutexGuard<'a, Flow>,
    outlook: &'a AtomicU8,
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
        let Outlook(outlook) = self.flow.outlook();
        self.outlook.store(outlook, Ordering::Release);
    }
}

/// A part of the network's limits, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    meter: Arc<Meter>,
    sockets: usize,
}

impl Share {
    /// Takes what a connection needs. A connecting socket that is bound has
    /// been counted already.
    pub(super) fn new(meter: &Arc<Meter>, bound: bool) -> Result<Share, Error> {
        let sockets = if bound { 1 } else { 2 };
        meter.open(sockets)?;
        if meter.take(BYTES, BYTES).is_none() {
            meter.close(sockets);
            return Err(Error::LimitReached);
        }
        let meter = Arc::clone(meter);
        Ok(Share { meter, sockets })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.meter.close(self.sockets);
        self.meter.give_back(BYTES);
    }
}

impl Connection {
    /// Joins two sockets, which count themselves out when they are dropped.
    pub(super) fn new(lease: Lease, mut share: Share, options: [Options; 2]) -> Connection {
        share.sockets = 0;
        let [connected, accepted] = options;
        let lane = |from: &Options, to| Lane::new(Flow::new(from.window(to)));
        Connection {
            lanes: [lane(&accepted, &connected), lane(&connected, &accepted)],
            faults: Default::default(),
            options: Mutex::new(options),
            lease,
            share,
        }
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.share.meter
    }

    /// Locks what `side` reads.
    pub(super) fn incoming(&self, side: Side) -> FlowGuard<'_> {
        self.lanes[side].lock()
    }

    /// Locks what `side` writes.
    pub(super) fn outgoing(&self, side: Side) -> FlowGuard<'_> {
        self.lanes[1 - side].lock()
    }

    /// Returns what is to be expected of what `side` reads.
    pub(super) fn incoming_outlook(&self, side: Side) -> Outlook {
        Outlook(self.lanes[side].outlook.load(Ordering::Acquire))
    }

    /// Returns what is to be expected of what `side` writes.
    pub(super) fn outgoing_outlook(&self, side: Side) -> Outlook {
        self.incoming_outlook(1 - side)
    }

    pub(super) fn address(&self, side: Side) -> SocketAddr {
        self.lease.ends().addresses()[side]
    }

    /// Returns whether `side` has to be told of a reset now, once.
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
            let mut flow = self.lanes[index].lock();
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
    /// to it is told: Linux answers that with a reset.
    fn leave(&self, side: Side) {
        if self.outgoing(side).is_finished() {
            self.incoming(side).leave();
        }
    }

    /// Ends both, because `side` goes away; if it left something unread, or
    /// does so `rudely`, with a reset.
    pub(super) fn close(&self, side: Side, rudely: bool) {
        let mut flow = self.incoming(side);
        let rude = flow.abandon(rudely, self.meter());
        let woken = [flow.readers.take(), flow.writers.take()];
        drop(flow);
        wake(woken);
        let mut flow = self.outgoing(side);
        if !rude {
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
