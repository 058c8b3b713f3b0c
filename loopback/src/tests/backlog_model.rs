//! A listener beside a naive queue of two parts, over random operations.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::pin::Pin;

use proptest::collection::vec;
use proptest::prelude::*;

use super::polls::forget_first;
use super::*;

#[derive(Debug, Clone, Copy)]
enum Op {
    Connect,
    Poll(usize),
    Leave(usize),
    Accept,
    Wait,
    SetBacklog(usize),
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => Just(Op::Connect),
        4 => any::<usize>().prop_map(Op::Poll),
        2 => any::<usize>().prop_map(Op::Leave),
        6 => Just(Op::Accept),
        3 => Just(Op::Wait),
        1 => (0..5_usize).prop_map(Op::SetBacklog),
        1 => Just(Op::Close),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Waits,
    Queued,
    Refused,
}

struct Client {
    connecting: Connecting,
    fate: Fate,
    counter: Option<Arc<Counter>>,
}

struct Model {
    network: Shared,
    listener: Option<Listener>,
    limit: usize,
    /// Connects that are not done, by their number.
    clients: HashMap<usize, Client>,
    streams: Vec<Stream>,
    /// The numbers of those that are queued, then of those that wait.
    queued: VecDeque<Option<usize>>,
    waiting: VecDeque<usize>,
    acceptors: Vec<Arc<Counter>>,
    next: usize,
    /// The addresses of those whose connect is done.
    known: HashMap<usize, SocketAddr>,
}

impl Model {
    fn new() -> Model {
        let network = Shared::default();
        Model {
            listener: Some(listen(&network, "127.0.0.1:80", 1)),
            network,
            limit: 1,
            clients: HashMap::new(),
            streams: Vec::new(),
            queued: VecDeque::new(),
            waiting: VecDeque::new(),
            acceptors: Vec::new(),
            next: 0,
            known: HashMap::new(),
        }
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::Connect => self.connect(),
            Op::Poll(at) => self.poll(at),
            Op::Leave(at) => self.leave(at),
            Op::Accept => self.accept(),
            Op::Wait => self.wait(),
            Op::SetBacklog(limit) => {
                if let Some(listener) = &self.listener {
                    listener.set_backlog(limit);
                    self.limit = limit;
                }
            }
            Op::Close => self.close(),
        }
        self.promote();
        self.check();
    }

    fn connect(&mut self) {
        let connecting = connecting(&self.network, address("127.0.0.1:80"));
        let fate = if self.listener.is_some() {
            Fate::Waits
        } else {
            Fate::Refused
        };
        let number = self.next;
        self.next += 1;
        if fate == Fate::Waits {
            self.waiting.push_back(number);
        }
        let counter = None;
        let client = Client {
            connecting,
            fate,
            counter,
        };
        self.clients.insert(number, client);
    }

    /// Picks one of the connects that are not done.
    fn pick(&self, at: usize) -> Option<usize> {
        let mut numbers: Vec<_> = self.clients.keys().copied().collect();
        numbers.sort_unstable();
        numbers.get(at.checked_rem(numbers.len())?).copied()
    }

    fn poll(&mut self, at: usize) {
        let Some(number) = self.pick(at) else {
            return;
        };
        let client = self.clients.get_mut(&number).unwrap();
        let (counter, waker) = Counter::new();
        let polled = Pin::new(&mut client.connecting).poll(&mut Context::from_waker(&waker));
        match (client.fate, polled) {
            (Fate::Waits, Poll::Pending) => client.counter = Some(counter),
            (Fate::Queued, Poll::Ready(Ok(stream))) => {
                self.known.insert(number, stream.local_addr());
                self.streams.push(stream);
                self.clients.remove(&number);
            }
            (Fate::Refused, Poll::Ready(Err(Error::ConnectionRefused))) => {
                self.clients.remove(&number);
            }
            (fate, polled) => panic!("{fate:?}, but {polled:?}"),
        }
    }

    fn leave(&mut self, at: usize) {
        if let Some(number) = self.pick(at) {
            self.clients.remove(&number);
            self.waiting.retain(|waiting| *waiting != number);
            for queued in &mut self.queued {
                *queued = queued.filter(|queued| *queued != number);
            }
        }
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else {
            return;
        };
        match (listener.try_accept(), self.queued.pop_front()) {
            (Ok(stream), Some(number)) => {
                let known = number.and_then(|number| self.known.get(&number));
                assert!(known.is_none_or(|known| *known == stream.peer_addr()));
                self.streams.push(stream);
            }
            (Err(Error::WouldBlock), None) => {}
            (result, expected) => panic!("{result:?} in place of {expected:?}"),
        }
    }

    fn wait(&mut self) {
        if let Some(listener) = &self.listener {
            let (counter, waker) = Counter::new();
            let ready = listener
                .poll_accept_ready(&mut Context::from_waker(&waker))
                .is_ready();
            assert_eq!(ready, !self.queued.is_empty());
            self.acceptors.extend((!ready).then_some(counter));
            forget_first(&mut self.acceptors, |_| true);
        }
    }

    fn close(&mut self) {
        self.listener = None;
        self.queued.clear();
        for number in self.waiting.drain(..) {
            self.clients.get_mut(&number).unwrap().fate = Fate::Refused;
        }
        for acceptor in self.acceptors.drain(..) {
            assert_eq!(acceptor.count(), 1);
        }
    }

    fn promote(&mut self) {
        while self.queued.len() <= self.limit
            && let Some(number) = self.waiting.pop_front()
        {
            self.clients.get_mut(&number).unwrap().fate = Fate::Queued;
            self.queued.push_back(Some(number));
        }
    }

    /// Checks that nobody is forgotten.
    fn check(&mut self) {
        for client in self.clients.values() {
            let woken = client.counter.as_ref().map(|counter| counter.count());
            let expected = usize::from(client.fate != Fate::Waits);
            assert!(woken.is_none_or(|woken| woken == expected));
        }
        let queued = !self.queued.is_empty();
        self.acceptors.retain(|acceptor| {
            assert!(!queued || acceptor.count() == 1);
            acceptor.count() == 0
        });
    }
}

proptest! {
    #![proptest_config(unrecorded())]

    #[test]
    fn a_listener_does_what_a_naive_one_does(ops in vec(op(), 1..150)) {
        let mut model = Model::new();
        for op in ops {
            model.run(op);
        }
        let network = Arc::clone(&model.network);
        drop(model);
        assert_unused(&network);
    }
}
