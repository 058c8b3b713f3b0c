use std::collections::VecDeque;

use bytes::Bytes;

/// What a segment costs beside its bytes: its place in the queue, which grows
/// by doubling, and what the allocator adds.
pub(super) const OVERHEAD: usize = 96;

/// From how many bytes on a chunk is moved; copying fewer is as cheap, and
/// lets small writes share a block.
pub(super) const MIN_MOVED: usize = 512;

/// How many places the queue keeps when it runs empty.
const KEPT: usize = 8;

/// The bytes on their way from one end to the other, in segments. Each is a
/// buffer of its own, charged by all the memory it holds until it is read to
/// its end.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The segment that is read next; empty only if the whole queue is.
    head: Segment,
    rest: VecDeque<Segment>,
    /// What all segments cost.
    charged: usize,
}

#[derive(Debug, Default)]
struct Segment {
    data: Vec<u8>,
    /// How many bytes have been read.
    start: usize,
    /// The capacity that is charged; no more than that is used.
    capacity: usize,
}

impl Segment {
    fn unread(&self) -> &[u8] {
        self.data.get(self.start..).unwrap_or_default()
    }

    fn spare(&self) -> usize {
        self.capacity - self.data.len()
    }
}

/// What reading has set free.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Freed {
    /// The memory that is no longer charged.
    pub(super) memory: usize,
    /// The bytes that the segments gone had carried.
    pub(super) bytes: u64,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.head.unread().is_empty()
    }

    /// Returns the memory that is held.
    pub(super) fn charged(&self) -> usize {
        self.charged
    }

    /// Copies as much of `from` as fits into the last segment, and returns how
    /// much that was.
    pub(super) fn fill(&mut self, from: &[u8]) -> usize {
        let last = self.rest.back_mut().unwrap_or(&mut self.head);
        let fits = last.spare().min(from.len());
        last.data.extend_from_slice(&from[..fits]);
        fits
    }

    /// Adds a segment, which holds at least one byte and is charged by `capacity`.
    pub(super) fn push(&mut self, data: Vec<u8>, capacity: usize) {
        self.charged += capacity + OVERHEAD;
        let segment = Segment {
            data,
            start: 0,
            capacity,
        };
        if self.is_empty() {
            self.head = segment;
        } else {
            self.rest.push_back(segment);
        }
    }

    /// Copies bytes out until `into` is full or nothing is left, and returns
    /// how many.
    pub(super) fn read(&mut self, into: &mut [u8]) -> (usize, Freed) {
        let mut freed = Freed::default();
        let mut read = 0;
        while read < into.len() && !self.is_empty() {
            let unread = self.head.unread();
            let count = unread.len().min(into.len() - read);
            into[read..read + count].copy_from_slice(&unread[..count]);
            read += count;
            self.consume(count, &mut freed);
        }
        (read, freed)
    }

    /// Takes as many bytes out as `max` allows. The first segment is moved if
    /// that does not leave much behind; else all are copied into one piece.
    pub(super) fn read_most(&mut self, max: usize) -> (Bytes, Freed) {
        let unread = self.head.unread().len();
        let most = unread >= max / 2 || self.rest.is_empty();
        if most && unread <= max {
            return self.read_bytes(max);
        }
        let mut freed = Freed::default();
        let mut all = Vec::with_capacity(max.min(self.charged));
        while all.len() < max && !self.is_empty() {
            let unread = self.head.unread();
            let count = unread.len().min(max - all.len());
            all.extend_from_slice(&unread[..count]);
            self.consume(count, &mut freed);
        }
        (all.into(), freed)
    }

    /// Takes bytes of the first segment out: all of them, moved, if they are
    /// enough for that and not more than `max`; else a copy of the first ones.
    pub(super) fn read_bytes(&mut self, max: usize) -> (Bytes, Freed) {
        let mut freed = Freed::default();
        let unread = self.head.unread();
        let count = unread.len();
        if (MIN_MOVED..=max).contains(&count) {
            let Segment { data, start, .. } = self.pop(&mut freed);
            let mut bytes = Bytes::from(data);
            return (bytes.split_off(start), freed);
        }
        let count = count.min(max);
        let bytes = Bytes::copy_from_slice(&unread[..count]);
        self.consume(count, &mut freed);
        (bytes, freed)
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) -> Freed {
        let freed = Freed {
            memory: self.charged,
            bytes: 0,
        };
        *self = Queue::default();
        freed
    }

    fn consume(&mut self, count: usize, freed: &mut Freed) {
        self.head.start += count;
        if self.head.start == self.head.data.len() {
            self.pop(freed);
        }
    }

    /// Takes the first segment out.
    fn pop(&mut self, freed: &mut Freed) -> Segment {
        let next = self.rest.pop_front().unwrap_or_default();
        let segment = std::mem::replace(&mut self.head, next);
        let memory = segment.capacity + OVERHEAD;
        self.charged -= memory;
        freed.memory += memory;
        freed.bytes += segment.data.len() as u64;
        if self.is_empty() && self.rest.capacity() > KEPT {
            self.rest = VecDeque::new();
        }
        segment
    }
}
