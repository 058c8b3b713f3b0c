//! A connection beside a naive model of one, over random operations.

use std::collections::VecDeque;
use std::net::Shutdown;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::polls::forget_first;
use super::*;

#[derive(Debug, Clone, Copy)]
enum Act {
    Write(usize),
    Offer(usize),
    Read(usize),
    ReadBytes(usize),
    WaitToRead,
    WaitToWrite,
    Shutdown(Shutdown),
    Resize(u32),
    Drop(bool),
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![0..4_usize, 1..700_usize, 500..6_000_usize]
}

fn act() -> impl Strategy<Value = Act> {
    let how = proptest::sample::select(&[Shutdown::Read, Shutdown::Write, Shutdown::Both][..]);
    prop_oneof![
        30 => size().prop_map(Act::Write),
        10 => size().prop_map(Act::Offer),
        30 => size().prop_map(Act::Read),
        10 => size().prop_map(Act::ReadBytes),
        10 => Just(Act::WaitToRead),
        10 => Just(Act::WaitToWrite),
        1 => how.prop_map(Act::Shutdown),
        2 => (0..4_000_u32).prop_map(Act::Resize),
        1 => any::<bool>().prop_map(Act::Drop),
    ]
}

/// One direction, as anybody would write it down.
#[derive(Debug, Default)]
struct Direction {
    bytes: VecDeque<u8>,
    finished: bool,
    reset: bool,
    discarding: bool,
    unread: bool,
    reader_gone: bool,
    writer_knows: bool,
}

impl Direction {
    fn is_readable(&self) -> bool {
        !self.bytes.is_empty() || self.finished || self.discarding
    }

    fn is_done(&self) -> bool {
        self.finished || self.discarding || self.reader_gone
    }
}

/// A task that waits: who, for reading or writing, and its counter.
type Waiting = (usize, bool, Arc<Counter>);

struct Model {
    ends: [Option<Stream>; 2],
    /// What each side reads.
    directions: [Direction; 2],
    faults: [bool; 2],
    waiting: Vec<Waiting>,
    next: u8,
}

impl Model {
    fn new(network: &Shared) -> Model {
        let options = Options {
            receive_buffer: 1_152,
            send_buffer: 2_304,
            ..Options::default()
        };
        Model {
            ends: pair_with(network, options).map(Some),
            directions: Default::default(),
            faults: [false; 2],
            waiting: Vec::new(),
            next: 0,
        }
    }

    fn act(&mut self, side: usize, act: Act) {
        if let Act::Drop(abort) = act {
            return self.drop(side, abort);
        }
        let Some(end) = self.ends[side].take() else {
            return;
        };
        match act {
            Act::Write(size) => self.write(side, &end, size),
            Act::Offer(size) => self.offer(side, &end, size),
            Act::Read(size) => {
                let mut into = vec![0; size];
                let result = end.try_read(&mut into);
                // Reading goes on over the borders of segments.
                let all = self.directions[side].bytes.len().min(size);
                assert!(result.is_err() || self.directions[side].discarding || result == Ok(all));
                self.read(side, size, result.map(|count| into[..count].to_vec()));
            }
            Act::ReadBytes(size) => {
                let result = end.try_read_bytes(size);
                self.read(side, size, result.map(|bytes| bytes.to_vec()));
            }
            Act::WaitToRead => self.wait(side, &end, true),
            Act::WaitToWrite => self.wait(side, &end, false),
            Act::Shutdown(how) => {
                end.shutdown(how);
                self.shut_down(side, how);
            }
            Act::Resize(receive_buffer) => end.set_options(Options {
                receive_buffer,
                ..end.options()
            }),
            Act::Drop(_) => {}
        }
        self.ends[side] = Some(end);
    }

    fn write(&mut self, side: usize, end: &Stream, size: usize) {
        let bytes = self.bytes(size);
        let result = end.try_write(&bytes);
        self.wrote(side, &bytes, result);
    }

    fn offer(&mut self, side: usize, end: &Stream, size: usize) {
        let bytes = self.bytes(size);
        let mut left = Bytes::from(bytes.clone());
        if end.offer(&mut left) {
            assert!(left.is_empty() && !self.directions[1 - side].is_done());
            self.wrote(side, &bytes, Ok(size));
        } else {
            assert_eq!(left, bytes);
        }
    }

    fn wait(&mut self, side: usize, end: &Stream, reading: bool) {
        let (counter, waker) = Counter::new();
        let mut cx = Context::from_waker(&waker);
        let ready = if reading {
            let ready = end.poll_read_ready(&mut cx).is_ready();
            assert_eq!(ready, self.directions[side].is_readable());
            ready
        } else {
            end.poll_write_ready(&mut cx).is_ready()
        };
        self.waiting
            .extend((!ready).then_some((side, reading, counter)));
        forget_first(&mut self.waiting, |(at, what, _)| {
            (*at, *what) == (side, reading)
        });
    }

    /// Makes bytes that tell their place in the stream.
    fn bytes(&mut self, size: usize) -> Vec<u8> {
        let bytes = (0..size).map(|_| {
            self.next = self.next.wrapping_mul(5).wrapping_add(1);
            self.next
        });
        bytes.collect()
    }

    fn wrote(&mut self, side: usize, bytes: &[u8], result: Result<usize, Error>) {
        let to = &mut self.directions[1 - side];
        if to.finished || to.writer_knows {
            let reset = std::mem::take(&mut self.faults[side]);
            let error = if reset {
                Error::ConnectionReset
            } else {
                Error::BrokenPipe
            };
            assert_eq!(result, Err(error));
        } else if bytes.is_empty() {
            assert_eq!(result, Ok(0));
        } else if to.reader_gone {
            assert_eq!(result, Ok(bytes.len()));
            to.writer_knows = true;
        } else if to.discarding {
            assert_eq!(result, Ok(bytes.len()));
            to.unread = true;
        } else if let Ok(count) = result {
            assert!((1..=bytes.len()).contains(&count));
            to.bytes.extend(&bytes[..count]);
        } else {
            assert_eq!(result, Err(Error::WouldBlock));
            // There is always room for something in an empty pipe.
            assert!(!to.bytes.is_empty());
        }
    }

    fn read(&mut self, side: usize, size: usize, result: Result<Vec<u8>, Error>) {
        let from = &mut self.directions[side];
        if size == 0 || from.discarding {
            assert_eq!(result, Ok(Vec::new()));
        } else if !from.bytes.is_empty() {
            let read = result.unwrap();
            assert!((1..=size).contains(&read.len()));
            assert!(from.bytes.drain(..read.len()).eq(read));
        } else if from.reset && std::mem::take(&mut self.faults[side]) {
            assert_eq!(result, Err(Error::ConnectionReset));
        } else if from.finished {
            assert_eq!(result, Ok(Vec::new()));
        } else {
            assert_eq!(result, Err(Error::WouldBlock));
        }
    }

    fn shut_down(&mut self, side: usize, how: Shutdown) {
        if how != Shutdown::Write {
            let own = &mut self.directions[side];
            own.unread |= !own.bytes.is_empty();
            own.bytes.clear();
            own.discarding = true;
        }
        if how != Shutdown::Read {
            self.directions[1 - side].finished = true;
        }
        // Who neither reads nor writes any more is gone.
        let finished = self.directions[1 - side].finished;
        let own = &mut self.directions[side];
        own.reader_gone |= finished && own.discarding;
    }

    fn drop(&mut self, side: usize, abort: bool) {
        let Some(end) = self.ends[side].take() else {
            return;
        };
        end.set_abort(abort);
        drop(end);
        let own = &mut self.directions[side];
        let reset = abort || own.unread || !own.bytes.is_empty();
        own.bytes.clear();
        own.reader_gone = true;
        own.writer_knows |= reset;
        let other = &mut self.directions[1 - side];
        if reset && !other.finished {
            other.reset = true;
            self.faults[1 - side] = true;
        }
        other.finished = true;
        self.waiting.retain(|(who, ..)| *who != side);
    }

    /// Checks that nobody is forgotten, and that memory is bounded.
    fn check(&mut self) {
        let ready = |side: usize, reading: bool| match &self.ends[side] {
            None => false,
            Some(end) if reading => end.poll_read_ready(&mut noop()).is_ready(),
            Some(end) => end.poll_write_ready(&mut noop()).is_ready(),
        };
        let now = [0, 1].map(|side| [false, true].map(|reading| ready(side, reading)));
        self.waiting.retain(|(side, reading, counter)| {
            let now = now[*side][usize::from(*reading)];
            assert!(counter.count() <= 1);
            assert!(!now || counter.count() == 1, "a waiter is forgotten");
            counter.count() == 0
        });
        for side in [0, 1] {
            let direction = &self.directions[1 - side];
            let empty = direction.bytes.is_empty();
            assert!(now[side][0] || !empty || self.ends[side].is_none());
            let Some(end) = &self.ends[side] else {
                continue;
            };
            let [_, (held, _)] = end.held();
            // No buffer was ever larger than this window.
            assert!(held <= 2_304 + 4_000 && held >= direction.bytes.len());
            assert_eq!(held == 0, empty);
        }
    }
}

proptest! {
    #![proptest_config(unrecorded())]

    #[test]
    fn a_connection_does_what_a_naive_one_does(acts in vec((0..2_usize, act()), 1..300)) {
        let network = Shared::default();
        let mut model = Model::new(&network);
        for (side, act) in acts {
            model.act(side, act);
            model.check();
        }
        drop(model);
        assert_unused(&network);
    }
}
