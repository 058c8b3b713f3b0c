use bytes::Bytes;

use super::Error;
use super::meter::Meter;
use super::queue::{Freed, OVERHEAD, Queue};
use super::waiters::{Waiters, Wakers};

/// The memory that each direction of a connection is sure of, whatever the
/// others hold. It lets every writer go on once its own reader has read, so
/// that connections cannot starve each other of the network's bytes.
pub(super) const RESERVE: usize = 512;

/// The smallest window: room for several of the smallest blocks.
const LEAST_WINDOW: usize = 1_024;

/// The smallest block that is worth its overhead, the one that a first small
/// write gets, and the largest that small writes ever share.
const LEAST_BLOCK: usize = 64;
const FIRST_BLOCK: usize = 256;
const LARGEST_BLOCK: usize = 16_384;

/// One direction of a connection: from one end's writes to the other's reads.
#[derive(Debug)]
pub(super) struct Flow {
    queue: Queue,
    /// How much memory the queue may hold.
    window: usize,
    /// The size of the next block for small writes. It doubles while the
    /// reader lags behind.
    block: usize,
    /// The writer has ended it: what is queued is the rest.
    finished: bool,
    /// The writer went away without reading all it was sent.
    reset: bool,
    /// The reader wants no more: what is written counts as received.
    discarding: bool,
    /// Something was discarded that nobody had read.
    unread: bool,
    reader: Reader,
    pub(super) readers: Waiters,
    pub(super) writers: Waiters,
}

/// What became of the end that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Present,
    /// It is gone, and the writer does not know yet: as with Linux, whose
    /// first write to a closed socket succeeds and brings the news.
    Gone,
    /// It is gone, and the writer knows.
    Missed,
}

/// What a direction is ready for, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Readiness(pub(super) u8);

impl Readiness {
    /// Reading gives something: bytes, the end, or an error.
    const READABLE: u8 = 1;
    /// Writing gives something, whatever the network has left.
    const WRITABLE: u8 = 2;
    /// There is room in the window for more.
    const ROOM: u8 = 4;

    /// Returns whether reading is worth a try.
    pub(super) fn is_readable(self) -> bool {
        self.0 & Readiness::READABLE != 0
    }

    /// Returns whether writing is worth a try for sure. Where it is not, it may
    /// be all the same: [`Flow::is_writable`] knows.
    pub(super) fn is_writable(self, meter: &Meter) -> bool {
        let has_room = self.0 & Readiness::ROOM != 0;
        self.0 & Readiness::WRITABLE != 0 || has_room && meter.has(LEAST_BLOCK + OVERHEAD)
    }
}

impl Flow {
    pub(super) fn new(window: usize) -> Flow {
        Flow {
            queue: Queue::default(),
            window: window.max(LEAST_WINDOW),
            block: FIRST_BLOCK,
            finished: false,
            reset: false,
            discarding: false,
            unread: false,
            reader: Reader::Present,
            readers: Waiters::default(),
            writers: Waiters::default(),
        }
    }

    pub(super) fn set_window(&mut self, window: usize) {
        self.window = window.max(LEAST_WINDOW);
    }

    /// Writes as much of `from` as there is room for, and returns how much.
    #[inline]
    pub(super) fn write(&mut self, from: &[u8], meter: &Meter) -> Result<usize, Error> {
        if self.finished || self.reader == Reader::Missed {
            return Err(Error::BrokenPipe);
        }
        if from.is_empty() {
            return Ok(0);
        }
        if self.reader == Reader::Gone {
            self.reader = Reader::Missed;
            return Ok(from.len());
        }
        if self.discarding {
            self.unread = true;
            return Ok(from.len());
        }
        match self.queue.fill(from) {
            all if all == from.len() => Ok(all),
            part => self.write_blocks(part, from, meter),
        }
    }

    /// Writes the rest into blocks of its own.
    fn write_blocks(
        &mut self,
        mut written: usize,
        from: &[u8],
        meter: &Meter,
    ) -> Result<usize, Error> {
        while let left @ [_, ..] = &from[written..]
            && let Some(capacity) = self.take_block(left.len(), meter)
        {
            let count = left.len().min(capacity);
            let mut data = Vec::with_capacity(capacity);
            data.extend_from_slice(&left[..count]);
            self.queue.push(data, capacity);
            written += count;
        }
        if written == 0 {
            return Err(Error::WouldBlock);
        }
        Ok(written)
    }

    /// Takes a whole chunk without copying it, or gives it back if there is no
    /// room for all the memory it holds, or anything else to be reported.
    pub(super) fn offer(&mut self, chunk: Vec<u8>, meter: &Meter) -> Result<(), Vec<u8>> {
        let open = !self.finished && !self.discarding && self.reader == Reader::Present;
        let memory = chunk.capacity().saturating_add(OVERHEAD);
        let fits = memory <= self.window.saturating_sub(self.queue.charged());
        // What is mostly empty is better copied.
        let full = chunk.len() >= chunk.capacity() / 2;
        let over = memory.saturating_sub(self.in_reserve());
        if !(open && fits && full && meter.take(over, over).is_some()) {
            return Err(chunk);
        }
        let capacity = chunk.capacity();
        self.queue.push(chunk, capacity);
        Ok(())
    }

    /// Copies out what has come; nothing means that no more will.
    ///
    /// A reset is reported every time, once everything has been read.
    pub(super) fn read(&mut self, into: &mut [u8], meter: &Meter) -> Result<usize, Error> {
        if into.is_empty() || self.check_readable()? {
            return Ok(0);
        }
        let (read, freed) = self.queue.read(into);
        self.settle(freed, meter);
        Ok(read)
    }

    /// Does the same with a chunk moved out where that is possible.
    pub(super) fn read_bytes(&mut self, max: usize, meter: &Meter) -> Result<Bytes, Error> {
        if max == 0 || self.check_readable()? {
            return Ok(Bytes::new());
        }
        let (bytes, freed) = self.queue.read_bytes(max);
        self.settle(freed, meter);
        Ok(bytes)
    }

    /// Does the same with as much as `max` allows.
    pub(super) fn read_most(&mut self, max: usize, meter: &Meter) -> Result<Bytes, Error> {
        if max == 0 || self.check_readable()? {
            return Ok(Bytes::new());
        }
        let (bytes, freed) = self.queue.read_most(max);
        self.settle(freed, meter);
        Ok(bytes)
    }

    /// Returns whether reading gives the end; if it gives nothing at all, an error.
    fn check_readable(&self) -> Result<bool, Error> {
        match self.queue.is_empty() {
            _ if self.discarding => Ok(true),
            false => Ok(false),
            true if self.reset => Err(Error::ConnectionReset),
            true if self.finished => Ok(true),
            true => Err(Error::WouldBlock),
        }
    }

    /// Returns whether it has been ended.
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Returns whether a reset has ended it, of either end and for sure.
    pub(super) fn is_broken(&self) -> bool {
        self.reset || self.reader == Reader::Missed
    }

    pub(super) fn is_readable(&self) -> bool {
        self.check_readable() != Err(Error::WouldBlock)
    }

    /// Returns whether a writer can do something: write, or learn that it
    /// cannot. As with Linux it takes a third of the window to be free, so
    /// that writers are not woken for every few bytes.
    pub(super) fn is_writable(&self, meter: &Meter) -> bool {
        let over = (LEAST_BLOCK + OVERHEAD).saturating_sub(self.in_reserve());
        self.takes_anything() || self.has_room() && (over == 0 || meter.has(over))
    }

    /// Returns whether every write ends at once, be it with an error.
    fn takes_anything(&self) -> bool {
        self.finished || self.discarding || self.reader != Reader::Present
    }

    fn has_room(&self) -> bool {
        self.window.saturating_sub(self.queue.charged()) >= self.window / 3
    }

    /// Returns what it is ready for, to be known without its lock.
    pub(super) fn readiness(&self) -> Readiness {
        let bit = |is: bool, bit| if is { bit } else { 0 };
        Readiness(
            bit(self.is_readable(), Readiness::READABLE)
                | bit(self.takes_anything(), Readiness::WRITABLE)
                | bit(self.has_room(), Readiness::ROOM),
        )
    }

    /// Takes those who wait for something to read, if there is something now.
    #[inline]
    pub(super) fn take_readers(&mut self) -> Wakers {
        if !self.readers.is_empty() && self.is_readable() {
            self.readers.take()
        } else {
            Wakers::default()
        }
    }

    /// Takes those who wait for room, if there is some now.
    #[inline]
    pub(super) fn take_writers(&mut self, meter: &Meter) -> Wakers {
        if !self.writers.is_empty() && self.is_writable(meter) {
            self.writers.take()
        } else {
            Wakers::default()
        }
    }

    /// Ends it after what is queued.
    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    /// Ends it after what is queued, with an error unless it had been ended
    /// before. Returns whether that is so.
    pub(super) fn reset(&mut self) -> bool {
        let reset = !self.finished;
        self.reset |= reset;
        self.finished = true;
        reset
    }

    /// Drops what is queued and what is written from now on.
    pub(super) fn discard(&mut self, meter: &Meter) {
        self.unread |= !self.queue.is_empty();
        self.discarding = true;
        let freed = self.queue.clear();
        self.settle(freed, meter);
    }

    /// Counts a reader that wants no more as gone, because it does not send
    /// any more either.
    pub(super) fn leave(&mut self) {
        if self.discarding && self.reader == Reader::Present {
            self.reader = Reader::Gone;
        }
    }

    /// Drops what is queued, because the reading end goes away. Returns
    /// whether there was anything it should have read; then, or if it is
    /// to `abort`, the writer gets an error at once.
    pub(super) fn abandon(&mut self, abort: bool, meter: &Meter) -> bool {
        self.discard(meter);
        let resets = self.unread || abort;
        self.reader = match self.reader {
            Reader::Missed => Reader::Missed,
            _ if resets => Reader::Missed,
            _ => Reader::Gone,
        };
        resets
    }

    /// Returns how much of the reserve is left.
    fn in_reserve(&self) -> usize {
        RESERVE.saturating_sub(self.queue.charged())
    }

    /// Makes room for a block of at least the smallest size, for a write of
    /// `wanted` bytes. Returns its size.
    fn take_block(&mut self, wanted: usize, meter: &Meter) -> Option<usize> {
        let free = self.window.checked_sub(self.queue.charged())?;
        let room = free.checked_sub(OVERHEAD)?;
        let shared = self.block.min(self.window / 8);
        let capacity = wanted.max(shared).min(room);
        if capacity < LEAST_BLOCK {
            return None;
        }
        let sure = self.in_reserve();
        let most = (capacity + OVERHEAD).saturating_sub(sure);
        if most > 0 {
            let least = (LEAST_BLOCK + OVERHEAD).saturating_sub(sure);
            let taken = meter.take(least, most)?;
            if taken < most {
                return Some(sure + taken - OVERHEAD);
            }
        }
        self.block = (self.block * 2).min(LARGEST_BLOCK);
        Some(capacity)
    }

    /// Gives memory back that is no longer charged, but for the reserve.
    fn settle(&mut self, freed: Freed, meter: &Meter) {
        let after = self.queue.charged();
        let before = after + freed.memory;
        let back = before.max(RESERVE) - after.max(RESERVE);
        if back > 0 {
            meter.give_back(back);
        }
        if freed.bytes > 0 {
            meter.passed(freed.bytes);
        }
        if self.queue.is_empty() {
            self.block = FIRST_BLOCK;
        }
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.queue.charged(), self.window)
    }
}
