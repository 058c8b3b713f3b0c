use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::Error;

/// What a host allows the sockets of one loopback network together, whichever
/// contexts they are of: none has a part of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many sockets can be bound or connected at a time.
    pub sockets: usize,
    /// How many bytes of memory the network can hold for data on its way,
    /// those that each connection is sure of included.
    pub bytes: usize,
    /// The largest backlog of a listener.
    pub backlog: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            sockets: 1 << 20,
            bytes: 1 << 30,
            backlog: 4_096,
        }
    }
}

/// What one loopback network is doing, and has done since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Sockets that are bound or connected.
    pub sockets: usize,
    /// Ports that are taken, those of different addresses and protocols apart.
    pub ports: usize,
    /// Bytes of memory held for data on its way.
    pub bytes_held: usize,
    /// Bytes of TCP that have been read. Those of a block count once it has
    /// been read to its end.
    pub bytes_passed: u64,
    /// Datagrams that have been received.
    pub datagrams_passed: u64,
    /// Datagrams that were dropped because their receiver's queue was full.
    pub queue_drops: u64,
}

/// The counters behind [`Limits`] and [`Figures`], used without any lock.
#[derive(Debug)]
pub(super) struct Meter {
    sockets: AtomicUsize,
    max_sockets: AtomicUsize,
    bytes: AtomicUsize,
    max_bytes: AtomicUsize,
    max_backlog: AtomicUsize,
    bytes_passed: AtomicU64,
    datagrams_passed: AtomicU64,
    queue_drops: AtomicU64,
}

impl Default for Meter {
    fn default() -> Self {
        let Limits {
            sockets,
            bytes,
            backlog,
        } = Limits::default();
        Meter {
            sockets: AtomicUsize::new(0),
            max_sockets: AtomicUsize::new(sockets),
            bytes: AtomicUsize::new(0),
            max_bytes: AtomicUsize::new(bytes),
            max_backlog: AtomicUsize::new(backlog),
            bytes_passed: AtomicU64::new(0),
            datagrams_passed: AtomicU64::new(0),
            queue_drops: AtomicU64::new(0),
        }
    }
}

impl Meter {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            sockets: self.max_sockets.load(Relaxed),
            bytes: self.max_bytes.load(Relaxed),
            backlog: self.max_backlog.load(Relaxed),
        }
    }

    pub(super) fn set_limits(&self, limits: Limits) {
        self.max_sockets.store(limits.sockets, Relaxed);
        self.max_bytes.store(limits.bytes, Relaxed);
        self.max_backlog.store(limits.backlog, Relaxed);
    }

    /// Returns the figures, but for the ports, which are not counted here.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            sockets: self.sockets.load(Relaxed),
            ports: 0,
            bytes_held: self.bytes.load(Relaxed),
            bytes_passed: self.bytes_passed.load(Relaxed),
            datagrams_passed: self.datagrams_passed.load(Relaxed),
            queue_drops: self.queue_drops.load(Relaxed),
        }
    }

    /// Counts new sockets, unless that would be more than the host allows.
    pub(super) fn open(&self, sockets: usize) -> Result<(), Error> {
        take(
            &self.sockets,
            self.max_sockets.load(Relaxed),
            sockets,
            sockets,
        )
        .map(|_| ())
        .ok_or(Error::LimitReached)
    }

    pub(super) fn close(&self, sockets: usize) {
        self.sockets.fetch_sub(sockets, Relaxed);
    }

    /// Takes as many bytes as there are left, from `least` to `most` of them.
    pub(super) fn take(&self, least: usize, most: usize) -> Option<usize> {
        take(&self.bytes, self.max_bytes.load(Relaxed), least, most)
    }

    /// Returns whether that many bytes could be taken now.
    pub(super) fn has(&self, bytes: usize) -> bool {
        let held = self.bytes.load(Relaxed);
        bytes <= self.max_bytes.load(Relaxed).saturating_sub(held)
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Relaxed);
    }

    pub(super) fn passed(&self, bytes: u64) {
        self.bytes_passed.fetch_add(bytes, Relaxed);
    }

    /// Counts a datagram that has been received.
    pub(super) fn received(&self) {
        self.datagrams_passed.fetch_add(1, Relaxed);
    }

    /// Counts a datagram that found its receiver's queue full.
    pub(super) fn dropped(&self) {
        self.queue_drops.fetch_add(1, Relaxed);
    }
}

/// Adds from `least` to `most` to a counter that may not get above `max`, and
/// returns how much.
fn take(counter: &AtomicUsize, max: usize, least: usize, most: usize) -> Option<usize> {
    let mut now = counter.load(Relaxed);
    loop {
        let taken = max.saturating_sub(now).min(most);
        if taken < least {
            return None;
        }
        match counter.compare_exchange_weak(now, now + taken, Relaxed, Relaxed) {
            Ok(_) => return Some(taken),
            Err(other) => now = other,
        }
    }
}
