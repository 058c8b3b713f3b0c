//! What sockets of one family give for addresses of both, beside those of the
//! system. Nothing here leaves the machine.
//!
//! Both hosts use their sockets through the same stand-ins: what these give is
//! what guests of P2 and of P3 are told, where upstream asks them at all.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{SendFlags, SocketType, sockopt};

use super::super::os::rustix::net;
use super::super::os::tokio::net::{TcpSocket, UdpSocket};
use super::*;

const ADDRESSES: [&str; 11] = [
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.255.255.255",
    "255.255.255.255",
    "0.0.0.0",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:127.255.255.255",
    "::ffff:0.0.0.0",
];

/// A port where nobody is.
const NOBODY: u16 = 9;

/// How the system's socket comes to be, bound to `local` if that is given.
fn system(kind: SocketType, ipv6: bool, local: Option<SocketAddr>) -> OwnedFd {
    let family = match ipv6 {
        false => rustix::net::AddressFamily::INET,
        true => rustix::net::AddressFamily::INET6,
    };
    let socket = rustix::net::socket(family, kind, None).unwrap();
    if ipv6 {
        sockopt::set_ipv6_v6only(&socket, true).unwrap();
    }
    if let Some(local) = local {
        rustix::net::bind(&socket, &local).unwrap();
    }
    socket
}

fn udp(local: Option<SocketAddr>, ipv6: bool) -> UdpSocket {
    let family = match ipv6 {
        false => rustix::net::AddressFamily::INET,
        true => rustix::net::AddressFamily::INET6,
    };
    let flags = net::SocketFlags::empty();
    let socket = net::socket_with(family, SocketType::DGRAM, flags, None).unwrap();
    let socket = socket.on(&Shared::default());
    let socket = UdpSocket::try_from(socket).unwrap();
    if let Some(local) = local {
        net::bind(&socket, &local).unwrap();
    }
    socket
}

fn tcp(local: Option<SocketAddr>, ipv6: bool) -> TcpSocket {
    let socket = match ipv6 {
        false => TcpSocket::new_v4(),
        true => TcpSocket::new_v6(),
    };
    let socket = socket.unwrap().on(&Shared::default());
    if let Some(local) = local {
        socket.bind(local).unwrap();
    }
    socket
}

fn errno<T>(result: io::Result<T>) -> Result<(), Errno> {
    result
        .map(drop)
        .map_err(|error| Errno::from_io_error(&error).unwrap())
}

/// What each operation gives, ours and the system's. Binding is tried with the
/// address at any port.
fn outcomes(
    ipv6: bool,
    local: Option<SocketAddr>,
    to: SocketAddr,
) -> [(&'static str, [Result<(), Errno>; 2]); 5] {
    let any = SocketAddr::new(to.ip(), 0);
    let datagrams = || system(SocketType::DGRAM, ipv6, local);
    let stream = || system(SocketType::STREAM, ipv6, local);
    [
        (
            "UDP bind",
            [
                net::bind(udp(local, ipv6), &any),
                rustix::net::bind(datagrams(), &any),
            ],
        ),
        (
            "UDP connect",
            [
                net::connect(udp(local, ipv6), &to),
                rustix::net::connect(datagrams(), &to),
            ],
        ),
        (
            "UDP send",
            [
                errno(udp(local, ipv6).try_send_to(b"x", to)),
                rustix::net::sendto(datagrams(), b"x", SendFlags::empty(), &to).map(drop),
            ],
        ),
        (
            "TCP bind",
            [
                errno(tcp(local, ipv6).bind(any)),
                rustix::net::bind(stream(), &any),
            ],
        ),
        (
            "TCP connect",
            [
                match poll_once(tcp(local, ipv6).connect(to)) {
                    Poll::Ready(result) => errno(result),
                    Poll::Pending => panic!("a connect to {to} waits"),
                },
                rustix::net::connect(stream(), &to),
            ],
        ),
    ]
}

/// Returns whether it is documented that an operation gives something else.
fn differs(operation: &str, ipv6: bool, to: SocketAddr) -> bool {
    let own = to.is_ipv6() == ipv6;
    match operation {
        // Addresses mapped into IPv6 are counted as IPv4.
        "UDP bind" | "TCP bind" => own && to.ip() != to.ip().to_canonical(),
        // No other names lead to the host's loopback, and none to nobody. Upstream
        // does not let a socket connect to them either.
        "UDP connect" => own && (to.ip().is_unspecified() || to.port() == 0),
        _ => own && to.ip().is_unspecified(),
    }
}

#[test]
fn errors_are_those_of_the_system_for_each_family() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    let mut wrong = Vec::new();
    for (ipv6, locals) in [
        (false, ["127.0.0.1:0", "0.0.0.0:0"]),
        (true, ["[::1]:0", "[::]:0"]),
    ] {
        if std::net::UdpSocket::bind(locals[0]).is_err() {
            continue; // The host does not have that family.
        }
        let locals = locals.map(|local| Some(address(local)));
        for local in [None].into_iter().chain(locals) {
            for (ip, port) in ADDRESSES.iter().flat_map(|ip| [(ip, 0), (ip, NOBODY)]) {
                let to = SocketAddr::new(ip.parse().unwrap(), port);
                let outcomes = outcomes(ipv6, local, to);
                for (operation, [ours, systems]) in outcomes {
                    if ours != systems && !differs(operation, ipv6, to) {
                        wrong.push(format!(
                            "{operation} {to} at {local:?}, IPv6 {ipv6}: {ours:?}, {systems:?}"
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
