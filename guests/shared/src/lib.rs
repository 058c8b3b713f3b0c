//! What the guests for WASI P2 and P3 have in common: the roles, and what is said.
//!
//! - TCP: the client sends [`STREAM`] bytes of a pattern, reads at the same time, and
//!   ends its side; the server sends back what it gets, until the end.
//! - UDP: the client sends datagrams of [`DATAGRAMS`] sizes, one after the other, and
//!   waits for each to come back; the server sends each back to where it is from.
//! - TCP, trapping: a server that takes some bytes of its first connection and traps,
//!   with everything still open.
//!
//! - Giving up, P3 alone: a client that begins reads, writes and accepts on sockets where
//!   nothing happens, [`GIVEN_UP`] times each, and cancels them.
//!
//! A server writes [`READY`] to its standard output when it can be reached.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes that go through a TCP connection, each way.
pub const STREAM: usize = 4 << 20;
/// Bytes that a guest hands over or asks for at a time.
pub const CHUNK: usize = 64 << 10;
/// The sizes of the datagrams, up to the largest that IPv4 has.
pub const DATAGRAMS: [usize; 8] = [1, 0, 2, 512, 1472, 9000, 65_506, 65_507];
/// How often each operation is begun and cancelled.
pub const GIVEN_UP: usize = 300_000;
/// What a server says when it can be reached.
pub const READY: &str = "ready\n";

/// What went wrong, for people.
pub type Fault = String;

/// What a guest is told to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    TcpServer,
    TcpClient,
    TcpTrap,
    UdpServer,
    UdpClient,
    /// With its own listener bound to all addresses, or to a loopback address.
    GivesUp {
        everywhere: bool,
    },
}

/// Returns the role and the server's address: the last two arguments.
pub fn told(arguments: &[String]) -> Result<(Role, SocketAddr), Fault> {
    let [.., role, address] = arguments else {
        return Err("a role and an address are needed".to_owned());
    };
    let role = match role.as_str() {
        "tcp-server" => Role::TcpServer,
        "tcp-client" => Role::TcpClient,
        "tcp-trap" => Role::TcpTrap,
        "udp-server" => Role::UdpServer,
        "udp-client" => Role::UdpClient,
        "gives-up" => Role::GivesUp { everywhere: false },
        "gives-up-everywhere" => Role::GivesUp { everywhere: true },
        other => return Err(format!("no such role: {other}")),
    };
    let address = address
        .parse()
        .map_err(|error| format!("not an address: {address}: {error}"))?;
    Ok((role, address))
}

/// Returns where a client of that server is bound: a loopback address, at a free port.
pub fn beside(server: SocketAddr) -> SocketAddr {
    match server {
        SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, 0).into(),
    }
}

/// Makes a closure that says what was tried, for `map_err`.
pub fn at<E: core::fmt::Debug>(what: &'static str) -> impl Fn(E) -> Fault {
    move |error| format!("{what}: {error:?}")
}

/// Returns `length` bytes of the pattern, from its byte `from` on.
///
/// Its period is prime, so a chunk that is lost, doubled or moved shows.
pub fn pattern(from: usize, length: usize) -> Vec<u8> {
    (from..from + length).map(|at| (at % 251) as u8).collect()
}

/// Compares what arrives with the pattern.
#[derive(Default)]
pub struct Arrivals {
    bytes: usize,
}

impl Arrivals {
    /// Takes the next bytes; fails at the first that is not the pattern's.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if bytes != pattern(self.bytes, bytes.len()) {
            return Err(format!("wrong bytes after {}", self.bytes));
        }
        self.bytes += bytes.len();
        if self.bytes > STREAM {
            return Err(format!("{} bytes, {STREAM} were sent", self.bytes));
        }
        Ok(())
    }

    /// Says that all is here; fails where some is missing.
    pub fn end(&self) -> Result<String, Fault> {
        if self.bytes != STREAM {
            return Err(format!("ended after {} bytes of {STREAM}", self.bytes));
        }
        Ok(format!("{STREAM} bytes came back"))
    }
}

/// Checks one datagram that came back.
pub fn returned(size: usize, data: &[u8]) -> Result<(), Fault> {
    if data != pattern(size, size) {
        return Err(format!("{} bytes came back for {size}", data.len()));
    }
    Ok(())
}
