//! The same operations on the loopback network and on the system's loopback,
//! through the same host, give the same.
//!
//! Left out is what is documented to differ: binding where somebody is bound
//! that does not listen, sockets that are their own peers, data beyond what the
//! smaller of the buffers holds.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::ops::{Op, SLOTS, op};
use super::p2::{Host, Shared, Socket, Stream, Streams};
use crate::p2::bindings::sockets::network::ErrorCode;
use crate::p2::bindings::sockets::tcp::{HostTcpSocket as _, ShutdownType};
use crate::sockets::loopback::Network;

/// How much may be on its way in one direction.
const IN_FLIGHT: usize = 16_000;

/// One slot, in both worlds.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    sockets: Option<[Socket; 2]>,
    streams: Option<[Streams; 2]>,
    /// Where it listens or last was bound, in both worlds.
    at: Option<[SocketAddr; 2]>,
    listens: bool,
}

struct Worlds {
    hosts: [Host; 2],
    slots: [Slot; SLOTS],
    /// What has been written to and not read from each local port of ours.
    written: HashMap<(u16, u16), usize>,
    next_byte: u8,
}

/// What one operation gave; the bytes are those of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Done,
    Read(Bytes),
    Value(u64),
    Error(ErrorCode),
    Stream(Stream),
}

impl From<Result<(), ErrorCode>> for Outcome {
    fn from(result: Result<(), ErrorCode>) -> Self {
        result.map_or_else(Outcome::Error, |()| Outcome::Done)
    }
}

impl From<Result<(), Stream>> for Outcome {
    fn from(result: Result<(), Stream>) -> Self {
        result.map_or_else(Outcome::Stream, |()| Outcome::Done)
    }
}

fn read(result: Result<Bytes, Stream>) -> Outcome {
    result.map_or_else(Outcome::Stream, Outcome::Read)
}

/// Lets the runtime hear what the system has to tell.
async fn rest() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

impl Worlds {
    fn new() -> Worlds {
        let ours: Shared = Shared::default();
        let real = Arc::new(Mutex::new(Network::real()));
        Worlds {
            hosts: [Host::new(&ours), Host::new(&real)],
            slots: [Slot::default(); SLOTS],
            written: HashMap::new(),
            next_byte: 0,
        }
    }

    fn create(&mut self, slot: usize) {
        self.clear(slot);
        let sockets = [0, 1].map(|world| self.hosts[world].tcp(false));
        self.slots[slot].sockets = Some(sockets);
    }

    fn clear(&mut self, slot: usize) {
        self.drop_streams(slot);
        if let Some(sockets) = std::mem::take(&mut self.slots[slot]).sockets {
            for (host, socket) in self.hosts.iter_mut().zip(sockets) {
                host.drop_socket(socket);
            }
        }
    }

    fn drop_streams(&mut self, slot: usize) {
        if let Some(streams) = self.slots[slot].streams.take() {
            for (host, streams) in self.hosts.iter_mut().zip(streams) {
                host.drop_streams(streams);
            }
        }
    }

    /// Compares addresses. Their ports differ, but what is one port in our
    /// world is one in the other; ours come round only after all others.
    fn same(&mut self, ours: SocketAddr, real: SocketAddr) {
        assert_eq!(ours.ip(), real.ip());
        let known = self.slots.iter().filter_map(|slot| slot.at);
        let mut same = known.filter(|[known, _]| known.port() == ours.port());
        assert!(
            same.all(|[_, known]| known.port() == real.port()),
            "{ours} and {real}"
        );
    }

    async fn bind(&mut self, slot: usize, at: [SocketAddr; 2]) {
        let Some(sockets) = self.slots[slot].sockets else {
            return;
        };
        let mut bound = Vec::new();
        for world in [0, 1] {
            bound.push(self.hosts[world].bind(sockets[world], at[world]).await);
        }
        assert_eq!(bound[0], bound[1]);
        if bound[0].is_ok() {
            self.addresses(slot).await;
        }
    }

    async fn addresses(&mut self, slot: usize) {
        let Some(sockets) = self.slots[slot].sockets else {
            return;
        };
        let [ours, real] = [0, 1].map(|world| self.hosts[world].local(sockets[world]));
        if let (Ok(ours), Ok(real)) = (ours, real) {
            self.slots[slot].at = Some([ours, real]);
            self.same(ours, real);
        } else {
            assert_eq!(ours, real);
        }
        let ours = self.hosts[0].remote(sockets[0]);
        let started = Instant::now();
        let real = loop {
            let real = self.hosts[1].remote(sockets[1]);
            if real.is_ok() == ours.is_ok() || late(started) {
                break real;
            }
            rest().await;
        };
        if let (Ok(ours), Ok(real)) = (ours, real) {
            self.same(ours, real);
        } else {
            assert_eq!(ours, real);
        }
    }

    async fn connect(&mut self, slot: usize, to: usize) {
        let (Some(sockets), Some(at)) = (self.slots[slot].sockets, self.slots[to].at) else {
            return;
        };
        // To itself it would connect, with nobody listening.
        if slot == to && !self.slots[to].listens {
            return;
        }
        let mut connected = Vec::new();
        for world in [0, 1] {
            let connect = self.hosts[world].connect(sockets[world], at[world]);
            connected.push(connect.await);
        }
        match (connected[0], connected[1]) {
            (Ok(ours), Ok(real)) => {
                self.slots[slot].streams = Some([ours, real]);
                self.addresses(slot).await;
            }
            // One in 17,000 sockets is given the very port that it connects to, if
            // that is a client's (Linux 6.18), and is its own peer then.
            (Err(ErrorCode::ConnectionRefused), Ok(_)) if self.is_its_own_peer(sockets[1]) => {
                self.clear(slot);
            }
            (ours, real) => assert_eq!(ours.err(), real.err()),
        }
    }

    fn is_its_own_peer(&mut self, real: Socket) -> bool {
        let local = self.hosts[1].local(real);
        local.is_ok() && local == self.hosts[1].remote(real)
    }

    async fn accept(&mut self, slot: usize, into: usize) {
        let Some(sockets) = self.slots[slot].sockets else {
            return;
        };
        if slot == into {
            return;
        }
        let ours = self.hosts[0].try_accept(sockets[0]);
        let started = Instant::now();
        let real = loop {
            let real = self.hosts[1].try_accept(sockets[1]);
            if real != Err(ErrorCode::WouldBlock) || ours == real || late(started) {
                break real;
            }
            rest().await;
        };
        match (ours, real) {
            (Ok(ours), Ok(real)) => {
                self.clear(into);
                self.slots[into].sockets = Some([ours.socket, real.socket]);
                self.slots[into].streams = Some([ours, real]);
                self.addresses(into).await;
            }
            (ours, real) => assert_eq!(ours.err(), real.err()),
        }
    }

    /// Returns the two ports that tell a direction, seen from the writer.
    fn direction(&mut self, slot: usize) -> Option<(u16, u16)> {
        let socket = self.slots[slot].sockets?[0];
        let local = self.hosts[0].local(socket).ok()?;
        let remote = self.hosts[0].remote(socket).ok()?;
        Some((local.port(), remote.port()))
    }

    async fn write(&mut self, slot: usize, size: usize) {
        let Some(streams) = self.slots[slot].streams else {
            return;
        };
        let Some(direction) = self.direction(slot) else {
            return;
        };
        let written = self.written.entry(direction).or_default();
        if *written + size > IN_FLIGHT {
            return;
        }
        *written += size;
        self.next_byte = self.next_byte.wrapping_add(1);
        let bytes = Bytes::from(vec![self.next_byte; size]);
        let ours = self.hosts[0].write(streams[0], bytes.clone()).await;
        let started = Instant::now();
        let real = loop {
            let real = self.hosts[1].write(streams[1], bytes.clone()).await;
            // What the system still holds back may be what brings the news.
            if real.is_ok() == ours.is_ok() || ours.is_ok() || late(started) {
                break real;
            }
            rest().await;
        };
        assert_eq!(Outcome::from(ours), Outcome::from(real));
    }

    async fn read(&mut self, slot: usize, size: usize) {
        let Some(streams) = self.slots[slot].streams else {
            return;
        };
        let ours = read(self.hosts[0].try_read(streams[0], size));
        let wanted = match &ours {
            Outcome::Read(bytes) => bytes.len(),
            _ => 0,
        };
        let real = self.read_real(streams[1], size, wanted, &ours).await;
        assert_eq!(ours, real);
        if let Some((local, remote)) = self.direction(slot)
            && let Some(written) = self.written.get_mut(&(remote, local))
        {
            *written = written.saturating_sub(wanted);
        }
    }

    /// Reads what is `wanted`, or, if that is nothing, what else there is. The
    /// system may take its time, and cuts what it gives as it likes.
    async fn read_real(
        &mut self,
        streams: Streams,
        size: usize,
        wanted: usize,
        ours: &Outcome,
    ) -> Outcome {
        let size = if wanted == 0 { size } else { wanted };
        let mut all = Vec::new();
        let started = Instant::now();
        loop {
            match self.hosts[1].try_read(streams, size - all.len()) {
                Ok(bytes) => all.extend_from_slice(&bytes),
                Err(end) => return read(Err(end)),
            }
            let now = Outcome::Read(all.clone().into());
            if now == *ours || (wanted == 0 && !all.is_empty()) || late(started) {
                return now;
            }
            rest().await;
        }
    }

    fn both(&mut self, slot: usize, call: impl Fn(&mut Host, Socket) -> Outcome) {
        let Some(sockets) = self.slots[slot].sockets else {
            return;
        };
        let [ours, real] = [0, 1].map(|world| call(&mut self.hosts[world], sockets[world]));
        assert_eq!(ours, real);
    }

    async fn apply(&mut self, op: &Op) {
        let any = |ip: u8| [SocketAddr::from(([127, 0, 0, ip], 0)); 2];
        match *op {
            Op::Create(slot) => self.create(slot),
            Op::Bind(slot, ip) => self.bind(slot, any(ip)).await,
            Op::BindLike(slot, like, ip) => {
                let other = self.slots[like];
                if let (true, Some(at)) = (other.listens, other.at)
                    && at[0].ip() == any(ip)[0].ip()
                {
                    self.bind(slot, at).await;
                }
            }
            Op::Listen(slot) => {
                self.both(slot, |host, socket| host.listen(socket).into());
                if let Some(sockets) = self.slots[slot].sockets {
                    let listens = self.hosts[0].option(sockets[0], |view, socket| {
                        Ok(view.is_listening(socket).unwrap())
                    });
                    self.slots[slot].listens = listens.unwrap();
                }
            }
            Op::Connect(slot, to) => self.connect(slot, to).await,
            Op::Accept(slot, into) => self.accept(slot, into).await,
            Op::Write(slot, size) => self.write(slot, size).await,
            Op::Read(slot, size) => self.read(slot, size).await,
            Op::Shutdown(slot, how) => self.both(slot, |host, socket| {
                let how = match how {
                    0 => ShutdownType::Receive,
                    1 => ShutdownType::Send,
                    _ => ShutdownType::Both,
                };
                host.shutdown(socket, how).into()
            }),
            Op::DropStreams(slot) => self.drop_streams(slot),
            Op::Addresses(slot) => self.addresses(slot).await,
            Op::KeepAlive(slot, value) => self.both(slot, |host, socket| {
                let seconds = u64::from(value) * 1_000_000_000;
                let set = host.option(socket, |v, s| v.set_keep_alive_idle_time(s, seconds));
                let got = host.option(socket, |v, s| v.keep_alive_idle_time(s));
                match (set, got) {
                    (Ok(()), Ok(value)) => Outcome::Value(value),
                    (Err(error), _) | (_, Err(error)) => Outcome::Error(error),
                }
            }),
        }
    }
}

fn late(started: Instant) -> bool {
    started.elapsed() > Duration::from_secs(5)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_network_does_what_the_system_does(ops in vec(op(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut worlds = Worlds::new();
            // Half of the slots are of use from the start.
            for slot in 0..SLOTS {
                worlds.create(slot);
            }
            for listener in [0, 1] {
                worlds.apply(&Op::Bind(listener, 1)).await;
                worlds.apply(&Op::Listen(listener)).await;
            }
            for op in &ops {
                worlds.apply(op).await;
            }
        });
    }
}
