//! The port table beside a naive one that looks at everything.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::address::Host;
use super::super::ports::{Pair, Ports};
use super::*;

const HOSTS: [Host; 4] = [
    Host::WILDCARD,
    Host(0x7f00_0001),
    Host(0x7f00_0002),
    Host(0x7fff_ffff),
];

const SOURCE: Host = HOSTS[1];

#[derive(Debug, Clone)]
enum Op {
    Bind(Host, u16),
    Unbind(usize),
    Connect(Pair),
    ConnectFrom(Host, u16),
    Disconnect(usize),
}

fn host() -> impl Strategy<Value = Host> {
    proptest::sample::select(&HOSTS[..])
}

fn port() -> impl Strategy<Value = u16> {
    // Few enough to collide, at both sides of the ephemeral range's borders.
    prop_oneof![Just(0_u16), 1..4_u16, 32_766..32_768_u16, border()]
}

/// Where the range begins and where it ends.
fn border() -> impl Strategy<Value = u16> {
    prop_oneof![32_768..32_772_u16, 65_534..=65_535_u16]
}

fn op() -> impl Strategy<Value = Op> {
    let end = || (host(), port());
    prop_oneof![
        4 => end().prop_map(|(host, port)| Op::Bind(host, port)),
        2 => any::<usize>().prop_map(Op::Unbind),
        2 => (end(), end()).prop_map(|(from, to)| Op::Connect(Pair { from, to })),
        4 => end().prop_map(|(host, port)| Op::ConnectFrom(host, port)),
        2 => any::<usize>().prop_map(Op::Disconnect),
    ]
}

#[derive(Debug, Default)]
struct Model {
    bound: Vec<(Host, u16)>,
    /// Connections, and whether their local port is implicit.
    pairs: Vec<(Pair, bool)>,
}

impl Model {
    fn is_bound(&self, host: Host, port: u16) -> bool {
        let meet = |other: Host| other == host || other == Host::WILDCARD || host == Host::WILDCARD;
        let mut bound = self.bound.iter();
        bound.any(|(other, own)| *own == port && meet(*other))
    }

    fn is_implicit(&self, port: u16) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.any(|(pair, implicit)| *implicit && pair.from.1 == port)
    }

    fn conflicts(&self, host: Host, port: u16) -> bool {
        let meets = host == SOURCE || host == Host::WILDCARD;
        self.is_bound(host, port) || meets && self.is_implicit(port)
    }

    fn has(&self, from: (Host, u16), to: (Host, u16)) -> bool {
        self.pairs
            .iter()
            .any(|(pair, _)| *pair == Pair { from, to })
    }

    fn taken(&self) -> usize {
        let implicit = self.pairs.iter().filter(|(_, implicit)| *implicit);
        let mut ports: Vec<_> = implicit.map(|(pair, _)| pair.from.1).collect();
        ports.sort_unstable();
        ports.dedup();
        self.bound.len() + ports.len()
    }

    fn check(&mut self, ports: &mut Ports, op: Op) {
        match op {
            Op::Bind(host, port) => self.bind(ports, host, port),
            Op::Unbind(at) if !self.bound.is_empty() => {
                let (host, port) = self.bound.swap_remove(at % self.bound.len());
                ports.unbind(host, port);
            }
            Op::Connect(pair) => {
                let taken = self.has(pair.from, pair.to) || self.has(pair.to, pair.from);
                let expected = if taken {
                    Err(Error::AddressNotAvailable)
                } else {
                    Ok(())
                };
                assert_eq!(ports.connect(pair), expected);
                self.pairs.extend((!taken).then_some((pair, false)));
            }
            Op::ConnectFrom(host, port) => {
                // Far fewer than all are ever taken.
                let pair = ports.connect_from(SOURCE, (host, port)).unwrap();
                assert_eq!((pair.from.0, pair.to), (SOURCE, (host, port)));
                assert!(pair.from.1 >= 32_768);
                assert!(!self.is_bound(SOURCE, pair.from.1));
                assert!(!self.has(pair.from, pair.to));
                // Where the other end is implicit nobody can listen.
                let reversed = (pair.to, pair.from);
                let mut bound = self.pairs.iter().filter(|(_, implicit)| !implicit);
                assert!(!bound.any(|(other, _)| (other.from, other.to) == reversed));
                self.pairs.push((pair, true));
            }
            Op::Disconnect(at) if !self.pairs.is_empty() => {
                let (pair, implicit) = self.pairs.swap_remove(at % self.pairs.len());
                ports.disconnect(pair, implicit);
            }
            Op::Unbind(_) | Op::Disconnect(_) => {}
        }
        assert_eq!(ports.taken(), self.taken());
    }

    fn bind(&mut self, ports: &mut Ports, host: Host, port: u16) {
        match (port, ports.bind(host, port)) {
            (0, Ok(found)) => {
                assert!(found >= 32_768 && !self.conflicts(host, found));
                self.bound.push((host, found));
            }
            (0, Err(error)) => panic!("nearly all ports are free: {error}"),
            (_, result) if self.conflicts(host, port) => {
                assert_eq!(result, Err(Error::AddressInUse));
            }
            (_, result) => {
                assert_eq!(result, Ok(port));
                self.bound.push((host, port));
            }
        }
    }
}

proptest! {
    #![proptest_config(unrecorded())]

    #[test]
    fn the_table_does_what_a_naive_one_does(start in border(), ops in vec(op(), 1..200)) {
        let mut model = Model::default();
        let mut ports = Ports::starting_at(start);
        for op in ops {
            model.check(&mut ports, op);
        }
        for (host, port) in std::mem::take(&mut model.bound) {
            ports.unbind(host, port);
        }
        for (pair, implicit) in std::mem::take(&mut model.pairs) {
            ports.disconnect(pair, implicit);
        }
        prop_assert!(ports.is_unused());
    }
}

const LISTENER: Host = HOSTS[1];

/// All sources towards a listener are taken when it goes; its port would be
/// the only one that nobody has.
#[test]
fn a_port_that_nobody_can_connect_to_is_not_given_out() {
    let mut ports = Ports::starting_at(32_768);
    let listener = HOSTS[2];
    let gone = ports.bind(listener, 0).unwrap();
    let mut pairs = Vec::new();
    while let Ok(pair) = ports.connect_from(SOURCE, (listener, gone)) {
        pairs.push(pair);
    }
    assert_eq!(pairs.len(), 32_768);
    ports.unbind(listener, gone);
    let port = ports.bind(listener, 0).unwrap();
    let pair = ports.connect_from(SOURCE, (listener, port)).unwrap();
    ports.unbind(listener, port);
    for pair in pairs.into_iter().chain([pair]) {
        ports.disconnect(pair, true);
    }
    assert!(ports.is_unused());
}

#[test]
fn a_connection_takes_its_pair_from_both_ends() {
    let mut ports = Ports::starting_at(32_768);
    let (near, far) = ((SOURCE, 4_000), (LISTENER, 32_768));
    let pair = Pair {
        from: near,
        to: far,
    };
    ports.connect(pair).unwrap();
    // What both were bound to is free again, and others have it.
    let others = (0..32_767).map(|_| ports.connect_from(SOURCE, near).unwrap());
    let others: Vec<_> = others.collect();
    assert!(others.iter().all(|other| other.from != far));
    let full = ports.connect_from(SOURCE, near);
    assert_eq!(full, Err(Error::AddressNotAvailable));
    ports.disconnect(pair, false);
    let last = ports.connect_from(SOURCE, near).unwrap();
    assert_eq!(last.from, far);
    for pair in others.into_iter().chain([last]) {
        ports.disconnect(pair, true);
    }
    assert!(ports.is_unused());
}
