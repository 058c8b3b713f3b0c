//! The same random operations on the network and on the system's own loopback.
//!
//! Some differences are known and left out: a full queue, which Linux measures
//! in another way; sockets that lose their port when they disconnect, which
//! with Linux are those that have not asked for one by its number; and sockets
//! bound to all addresses, which with Linux leave the others free for as long
//! as they are connected.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

use proptest::collection::vec;
use proptest::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::udp_model::{Op, Outcome, PORTS, Places, Virtual, op, payload};
use super::*;

/// Sockets of the system.
struct Kernel {
    places: Places,
    sockets: Vec<Option<UdpSocket>>,
}

impl Kernel {
    /// Does `op`, after the network has with the result `expected`, for which
    /// it waits where the system may take its time.
    fn apply(&mut self, step: usize, op: &Op, expected: &Outcome) -> Outcome {
        let result = match *op {
            Op::Bind(slot, at) => {
                self.sockets[slot] = None;
                UdpSocket::bind(self.places.bound(at)).and_then(|socket| {
                    socket.set_nonblocking(true)?;
                    let local = socket.local_addr()?;
                    self.sockets[slot] = Some(socket);
                    Ok(Outcome::Done(Some(local), None))
                })
            }
            Op::Close(slot) => Ok(match self.sockets[slot].take() {
                Some(_) => Outcome::Done(None, None),
                None => Outcome::Missing,
            }),
            Op::Connect(slot, _)
            | Op::Disconnect(slot)
            | Op::Send(slot, _)
            | Op::SendTo(slot, ..)
            | Op::Recv(slot)
            | Op::SetLimit(slot, _) => match &self.sockets[slot] {
                Some(socket) => self.operate(socket, step, op, expected),
                None => Ok(Outcome::Missing),
            },
        };
        result.unwrap_or_else(|error| Outcome::Failed(translated(&error)))
    }

    fn operate(
        &self,
        socket: &UdpSocket,
        step: usize,
        op: &Op,
        expected: &Outcome,
    ) -> std::io::Result<Outcome> {
        match *expected {
            Outcome::Failed(Error::ConnectionRefused) => wait(socket, PollFlags::ERR),
            Outcome::Received(..) => wait(socket, PollFlags::IN),
            _ => {}
        }
        match *op {
            Op::Connect(_, to) => socket.connect(self.places.remote(to))?,
            Op::Disconnect(_) => rustix::net::connect_unspec(socket)?,
            Op::Send(_, length) => drop(socket.send(&payload(step, length))?),
            Op::SendTo(_, to, length) => {
                socket.send_to(&payload(step, length), self.places.remote(to))?;
            }
            _ => return receive(socket),
        }
        let peer = socket.peer_addr().ok();
        Ok(Outcome::Done(Some(socket.local_addr()?), peer))
    }
}

/// Receives as upstream does, which itself drops what a connected socket has
/// got from others before it was connected.
fn receive(socket: &UdpSocket) -> std::io::Result<Outcome> {
    let mut buffer = vec![0; 65_536];
    loop {
        let (length, from) = socket.recv_from(&mut buffer)?;
        if socket.peer_addr().is_ok_and(|peer| peer != from) {
            continue;
        }
        let mark = buffer[..length].first().copied();
        return Ok(Outcome::Received(length, mark, from));
    }
}

fn wait(socket: &UdpSocket, what: PollFlags) {
    // The system nearly always delivers at once; it may not do so under load.
    while !poll_now(socket).intersects(what) {
        std::thread::yield_now();
    }
}

fn poll_now(socket: &UdpSocket) -> PollFlags {
    let mut fds = [PollFd::new(socket, PollFlags::IN)];
    let now = rustix::event::Timespec::default();
    poll(&mut fds, Some(&now)).unwrap();
    fds[0].revents()
}

fn translated(error: &std::io::Error) -> Error {
    match Errno::from_io_error(error) {
        Some(Errno::AGAIN) => Error::WouldBlock,
        Some(Errno::ADDRINUSE) => Error::AddressInUse,
        Some(Errno::CONNREFUSED) => Error::ConnectionRefused,
        Some(Errno::DESTADDRREQ) => Error::NotConnected,
        Some(Errno::MSGSIZE) => Error::DatagramTooLarge,
        _ => panic!("the system gave {error}"),
    }
}

/// Finds ports that the system has free, outside of the range that it gives out by itself.
/// They are free as long as the listeners live: these tests may run in several processes,
/// and a TCP port keeps the others from the UDP port of the same number.
fn free_ports(wildcard: &str) -> Option<([u16; PORTS], Vec<TcpListener>)> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 8_000).unwrap() + 20_000;
    let (mut ports, mut held) = (Vec::new(), Vec::new());
    for _ in 0..1_000 {
        let port = start + NEXT.fetch_add(1, Relaxed) % 4_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port))
            && UdpSocket::bind((wildcard, port)).is_ok()
        {
            ports.push(port);
            held.push(listener);
        }
        if let Ok(ports) = <[u16; PORTS]>::try_from(&ports[..]) {
            return Some((ports, held));
        }
    }
    None
}

fn compare(places: Places, ops: &[Op]) -> Result<(), TestCaseError> {
    let mut world = Virtual::new(&places);
    let mut kernel = Kernel {
        places,
        sockets: (0..4).map(|_| None).collect(),
    };
    for (step, op) in ops.iter().enumerate() {
        let expected = world.apply(step, op);
        let mut given = kernel.apply(step, op, &expected);
        if let (Op::Bind(slot, at), Outcome::Failed(Error::AddressInUse)) = (op, &expected)
            && world.is_connected_at(at.1)
        {
            kernel.sockets[*slot] = None;
            given = expected.clone();
        }
        prop_assert_eq!(given, expected, "{} {:?}", step, op);
        for (socket, virtually) in kernel.sockets.iter().zip(&world.sockets) {
            let (Some(socket), Some(virtually)) = (socket, virtually) else {
                continue;
            };
            // Wherever a datagram or a refusal has arrived, both know of it.
            if virtually.has_news() {
                wait(socket, PollFlags::IN | PollFlags::ERR);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(unrecorded())]

    #[test]
    fn ipv4_does_what_the_system_does(ops in vec(op(), 1..100)) {
        let (ports, _held) = free_ports("0.0.0.0").expect("the system has UDP ports left");
        compare(Places::new(false, ports), &ops)?;
    }

    #[test]
    fn ipv6_does_what_the_system_does(ops in vec(op(), 1..100)) {
        // A system may have no IPv6.
        if let Some((ports, _held)) = free_ports("::") {
            compare(Places::new(true, ports), &ops)?;
        }
    }
}

/// Returns whether the largest datagram passes, and one byte more does not.
fn limit_of(send: impl Fn(&[u8]) -> Result<(), Error>, max: usize) -> [Result<(), Error>; 2] {
    let data = vec![0; max + 1];
    [send(&data[1..]), send(&data)]
}

#[test]
fn the_largest_datagram_is_that_of_the_system() {
    for (ip, max) in [("127.0.0.1", 65_507), ("::1", 65_527)] {
        let Ok(system) = UdpSocket::bind((ip, 0)) else {
            continue;
        };
        let at = system.local_addr().unwrap();
        let by_system = limit_of(
            |data| {
                let sent = system.send_to(data, at);
                sent.map(|_| ()).map_err(|error| translated(&error))
            },
            max,
        );
        let binding = Binding::new(&Shared::default(), Protocol::Udp, at).unwrap();
        let socket = DatagramSocket::new(binding, 1).unwrap();
        assert_eq!(limit_of(|data| socket.send_to(data, at), max), by_system);
        assert_eq!(by_system, [Ok(()), Err(Error::DatagramTooLarge)]);
        let mut buffer = vec![0; 65_536];
        assert_eq!(socket.try_recv(&mut buffer), Ok((max, at)));
        assert_eq!(system.recv_from(&mut buffer).unwrap(), (max, at));
    }
}
