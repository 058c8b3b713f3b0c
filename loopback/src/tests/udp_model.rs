//! Random operations on the sockets of one family, and a naive model of what
//! they give, beside which the network is run.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::mailbox::{OVERHEAD, RESERVE};
use super::*;

/// How many ports the sockets are bound to.
pub(super) const PORTS: usize = 4;
const SLOTS: usize = 4;

/// Addresses by their place in [`World::hosts`], ports by theirs in a case's.
type At = (usize, usize);

#[derive(Debug, Clone)]
pub(super) enum Op {
    Bind(usize, At),
    Close(usize),
    Connect(usize, At),
    Disconnect(usize),
    Send(usize, usize),
    SendTo(usize, At, usize),
    Recv(usize),
    SetLimit(usize, usize),
}

/// What an operation gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is no such socket.
    Missing,
    /// It is done, and these are the socket's two addresses.
    Done(Option<SocketAddr>, Option<SocketAddr>),
    /// A datagram was received: its length, its mark, its sender.
    Received(usize, Option<u8>, SocketAddr),
    Failed(Error),
}

/// The addresses of a case.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The wildcard, and those that can be sent to.
    pub(super) hosts: Vec<std::net::IpAddr>,
    pub(super) ports: [u16; PORTS],
}

impl Places {
    pub(super) fn new(v6: bool, ports: [u16; PORTS]) -> Places {
        let hosts: &[&str] = match v6 {
            false => &["0.0.0.0", "127.0.0.1", "127.0.0.2"],
            true => &["::", "::1"],
        };
        let hosts = hosts.iter().map(|ip| ip.parse().unwrap()).collect();
        Places { hosts, ports }
    }

    pub(super) fn bound(&self, (host, port): At) -> SocketAddr {
        SocketAddr::new(self.hosts[host % self.hosts.len()], self.ports[port])
    }

    pub(super) fn remote(&self, (host, port): At) -> SocketAddr {
        let host = 1 + host % (self.hosts.len() - 1);
        SocketAddr::new(self.hosts[host], self.ports[port])
    }

    fn wildcard(&self) -> std::net::IpAddr {
        self.hosts[0]
    }

    pub(super) fn max(&self) -> usize {
        if self.wildcard().is_ipv4() {
            65_507
        } else {
            65_527
        }
    }
}

fn at() -> impl Strategy<Value = At> {
    (0..3_usize, 0..PORTS)
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..3_usize, 4 => 100..1_500_usize, 1 => 65_528..65_536_usize]
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let slot = || 0..SLOTS;
    prop_oneof![
        4 => (slot(), at()).prop_map(|(slot, at)| Op::Bind(slot, at)),
        1 => slot().prop_map(Op::Close),
        4 => (slot(), at()).prop_map(|(slot, at)| Op::Connect(slot, at)),
        2 => slot().prop_map(Op::Disconnect),
        5 => (slot(), length()).prop_map(|(slot, length)| Op::Send(slot, length)),
        8 => (slot(), at(), length()).prop_map(|(slot, at, length)| Op::SendTo(slot, at, length)),
        8 => slot().prop_map(Op::Recv),
    ]
}

/// Marks the payload of a step, to tell datagrams apart.
pub(super) fn payload(step: usize, length: usize) -> Vec<u8> {
    vec![step.to_le_bytes()[0]; length]
}

/// The sockets of the network.
#[derive(Debug)]
pub(super) struct Virtual {
    pub(super) network: Shared,
    pub(super) places: Places,
    pub(super) sockets: [Option<DatagramSocket>; SLOTS],
}

impl Virtual {
    pub(super) fn new(places: &Places) -> Virtual {
        Virtual {
            network: Shared::default(),
            places: places.clone(),
            sockets: Default::default(),
        }
    }

    pub(super) fn apply(&mut self, step: usize, op: &Op) -> Outcome {
        if let Op::Bind(slot, at) = *op {
            self.sockets[slot] = None;
            let binding = Binding::new(&self.network, Protocol::Udp, self.places.bound(at));
            let socket = match binding.and_then(|binding| DatagramSocket::new(binding, 106_496)) {
                Ok(socket) => socket,
                Err(error) => return Outcome::Failed(error),
            };
            let done = Outcome::Done(Some(socket.local_addr()), None);
            self.sockets[slot] = Some(socket);
            return done;
        }
        let (Op::Bind(slot, _)
        | Op::Close(slot)
        | Op::Connect(slot, _)
        | Op::Disconnect(slot)
        | Op::Send(slot, _)
        | Op::SendTo(slot, ..)
        | Op::Recv(slot)
        | Op::SetLimit(slot, _)) = *op;
        let Some(socket) = &self.sockets[slot] else {
            return Outcome::Missing;
        };
        let result = match *op {
            Op::Close(_) => {
                self.sockets[slot] = None;
                return Outcome::Done(None, None);
            }
            Op::Bind(..) => Ok(()),
            Op::Connect(_, to) => socket.connect(self.places.remote(to)),
            Op::Disconnect(_) => {
                socket.disconnect();
                Ok(())
            }
            Op::Send(_, length) => socket.send(&payload(step, length)),
            Op::SendTo(_, to, length) => {
                socket.send_to(&payload(step, length), self.places.remote(to))
            }
            Op::SetLimit(_, limit) => {
                socket.set_receive_buffer(limit);
                Ok(())
            }
            Op::Recv(_) => return receive(socket),
        };
        match result {
            Ok(()) => Outcome::Done(Some(socket.local_addr()), socket.peer_addr()),
            Err(error) => Outcome::Failed(error),
        }
    }
}

impl Virtual {
    /// Returns whether a connected socket has that port.
    #[cfg(target_os = "linux")]
    pub(super) fn is_connected_at(&self, port: usize) -> bool {
        let port = self.places.ports[port];
        let mut sockets = self.sockets.iter().flatten();
        sockets.any(|socket| socket.peer_addr().is_some() && socket.local_addr().port() == port)
    }
}

#[cfg(target_os = "linux")]
impl DatagramSocket {
    pub(super) fn has_news(&self) -> bool {
        self.mailbox().lock().has_news()
    }
}

fn receive(socket: &DatagramSocket) -> Outcome {
    let readable = socket.poll_readable(&mut noop()).is_ready();
    let mut buffer = vec![0; 65_536];
    let result = socket.try_recv(&mut buffer);
    assert_eq!(readable, result != Err(Error::WouldBlock));
    match result {
        Ok((length, from)) => Outcome::Received(length, buffer[..length].first().copied(), from),
        Err(error) => Outcome::Failed(error),
    }
}

/// What the network is to do, told in the plainest way.
#[derive(Debug)]
struct Model {
    places: Places,
    sockets: Vec<Option<Plain>>,
    received: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Plain {
    bound: SocketAddr,
    peer: Option<SocketAddr>,
    queue: Vec<(usize, u8, SocketAddr)>,
    limit: usize,
    refused: bool,
}

impl Plain {
    fn local(&self, source: SocketAddr) -> SocketAddr {
        match self.bound.ip().is_unspecified() {
            true => SocketAddr::new(source.ip(), self.bound.port()),
            false => self.bound,
        }
    }

    fn held(&self) -> usize {
        self.queue
            .iter()
            .map(|(length, ..)| length + OVERHEAD)
            .sum()
    }
}

impl Model {
    fn apply(&mut self, step: usize, op: &Op) -> Outcome {
        let source = self.places.remote((0, 0));
        match *op {
            Op::Bind(slot, at) => return self.bind(slot, self.places.bound(at)),
            Op::Send(slot, length) => return self.send(step, slot, None, length),
            Op::SendTo(slot, to, length) => {
                let to = self.places.remote(to);
                return self.send(step, slot, Some(to), length);
            }
            Op::Close(slot) => {
                let closed = self.sockets[slot].take();
                return closed.map_or(Outcome::Missing, |_| Outcome::Done(None, None));
            }
            _ => {}
        }
        let (Op::Connect(slot, _) | Op::Disconnect(slot) | Op::Recv(slot) | Op::SetLimit(slot, _)) =
            *op
        else {
            unreachable!("the others are above");
        };
        let Some(socket) = &mut self.sockets[slot] else {
            return Outcome::Missing;
        };
        match *op {
            Op::Connect(_, to) => socket.peer = Some(self.places.remote(to)),
            Op::Disconnect(_) => socket.peer = None,
            Op::SetLimit(_, limit) => socket.limit = limit,
            _ => {
                let outcome = socket.receive();
                self.received += u64::from(matches!(outcome, Outcome::Received(..)));
                return outcome;
            }
        }
        socket.done(source)
    }

    fn bind(&mut self, slot: usize, at: SocketAddr) -> Outcome {
        self.sockets[slot] = None;
        let meets = |other: &Plain| {
            let (ip, own) = (other.bound.ip(), at.ip());
            let hosts = ip == own || ip.is_unspecified() || own.is_unspecified();
            other.bound.port() == at.port() && hosts
        };
        if self.sockets.iter().flatten().any(meets) {
            return Outcome::Failed(Error::AddressInUse);
        }
        self.sockets[slot] = Some(Plain {
            bound: at,
            peer: None,
            queue: Vec::new(),
            limit: 106_496,
            refused: false,
        });
        Outcome::Done(Some(at), None)
    }

    fn send(&mut self, step: usize, slot: usize, to: Option<SocketAddr>, length: usize) -> Outcome {
        let source = self.places.remote((0, 0));
        let Some(socket) = &mut self.sockets[slot] else {
            return Outcome::Missing;
        };
        let Some(to) = to.or(socket.peer) else {
            return Outcome::Failed(Error::NotConnected);
        };
        if length > self.places.max() {
            return Outcome::Failed(Error::DatagramTooLarge);
        }
        if std::mem::take(&mut socket.refused) {
            return Outcome::Failed(Error::ConnectionRefused);
        }
        let from = socket.local(source);
        let takes = |other: &&mut Plain| {
            let local = match other.peer {
                Some(_) => other.local(source),
                None => other.bound,
            };
            let addressed = local == to || local.ip().is_unspecified() && local.port() == to.port();
            addressed && other.peer.is_none_or(|peer| peer == from)
        };
        match self.sockets.iter_mut().flatten().find(takes) {
            Some(other)
                if other.queue.is_empty() || other.held() + length + OVERHEAD <= other.limit =>
            {
                other.queue.push((length, step.to_le_bytes()[0], from));
            }
            Some(_) => self.dropped += 1,
            None => {
                let socket = self.sockets[slot].as_mut().unwrap();
                socket.refused |= socket.peer == Some(to);
            }
        }
        self.sockets[slot].as_ref().unwrap().done(source)
    }
}

impl Plain {
    fn done(&self, source: SocketAddr) -> Outcome {
        let local = match self.peer {
            Some(_) => self.local(source),
            None => self.bound,
        };
        Outcome::Done(Some(local), self.peer)
    }

    fn receive(&mut self) -> Outcome {
        if std::mem::take(&mut self.refused) {
            return Outcome::Failed(Error::ConnectionRefused);
        }
        while !self.queue.is_empty() {
            let (length, mark, from) = self.queue.remove(0);
            if self.peer.is_none_or(|peer| peer == from) {
                return Outcome::Received(length, (length > 0).then_some(mark), from);
            }
        }
        Outcome::Failed(Error::WouldBlock)
    }
}

/// Also operations that fill queues, which the kernel counts in another way.
fn any_op() -> impl Strategy<Value = Op> {
    let limit = prop_oneof![0..500_usize, 1_000..6_000_usize];
    let set = (0..SLOTS, limit).prop_map(|(slot, limit)| Op::SetLimit(slot, limit));
    prop_oneof![8 => op(), 1 => set]
}

proptest! {
    #![proptest_config(unrecorded())]

    #[test]
    fn sockets_do_what_naive_ones_do(v6: bool, ops in vec(any_op(), 1..150)) {
        let places = Places::new(v6, [1, 80, 4_000, 65_535]);
        let mut world = Virtual::new(&places);
        let mut model = Model {
            places,
            sockets: (0..SLOTS).map(|_| None).collect(),
            received: 0,
            dropped: 0,
        };
        for (step, op) in ops.iter().enumerate() {
            prop_assert_eq!(world.apply(step, op), model.apply(step, op), "{} {:?}", step, op);
            let figures = lock(&world.network).figures();
            let plain = || model.sockets.iter().flatten();
            prop_assert_eq!(figures.sockets, plain().count());
            prop_assert_eq!(figures.ports, plain().count());
            prop_assert_eq!(figures.datagrams_passed, model.received);
            prop_assert_eq!(figures.queue_drops, model.dropped);
            let most: usize = plain().map(|socket| socket.held().max(RESERVE)).sum();
            prop_assert!(figures.bytes_held <= most);
        }
        world.sockets = Default::default();
        assert_unused(&world.network);
    }
}
