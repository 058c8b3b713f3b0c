//! Options are those of the system's sockets, which stand beside ours here: a
//! socket that is bound to the wildcard has a descriptor, and reads its options.

use std::net::SocketAddr;

use wash_wasi::p3::bindings::sockets::types::{HostTcpSocket, HostUdpSocket};

use super::host::{ErrorCode, Guest, Socket, run};
use super::loopback_udp::{address, network, v4, v6};

/// What the options are, or what setting them gave.
type Options = Vec<Result<u64, ErrorCode>>;

const SECOND: u64 = 1_000_000_000;

/// Values in and out of bounds, for all options alike.
const VALUES: [u64; 15] = [
    0,
    1,
    2,
    64,
    127,
    128,
    255,
    1_023,
    1_151,
    65_536,
    212_993,
    1_000_000,
    42 * SECOND,
    40_000 * SECOND,
    u64::MAX,
];

fn tcp(guest: &Guest, socket: Socket) -> Options {
    vec![
        guest
            .call(socket, |v, s| HostTcpSocket::get_keep_alive_enabled(v, s))
            .map(u64::from),
        guest.call(socket, |v, s| HostTcpSocket::get_keep_alive_idle_time(v, s)),
        guest.call(socket, |v, s| HostTcpSocket::get_keep_alive_interval(v, s)),
        guest
            .call(socket, |v, s| HostTcpSocket::get_keep_alive_count(v, s))
            .map(u64::from),
        guest
            .call(socket, |v, s| HostTcpSocket::get_hop_limit(v, s))
            .map(u64::from),
        guest.call(socket, |v, s| HostTcpSocket::get_receive_buffer_size(v, s)),
        guest.call(socket, |v, s| HostTcpSocket::get_send_buffer_size(v, s)),
    ]
}

/// Sets them all to one value, as far as it has a place in them.
fn set_tcp(guest: &Guest, socket: Socket, value: u64) -> Options {
    let small = u32::try_from(value).unwrap_or(u32::MAX);
    let hops = u8::try_from(value).unwrap_or(u8::MAX);
    let odd = value % 2 == 1;
    let set = [
        guest.call(socket, |v, s| {
            HostTcpSocket::set_keep_alive_enabled(v, s, odd)
        }),
        guest.call(socket, |v, s| {
            HostTcpSocket::set_keep_alive_idle_time(v, s, value)
        }),
        guest.call(socket, |v, s| {
            HostTcpSocket::set_keep_alive_interval(v, s, value)
        }),
        guest.call(socket, |v, s| {
            HostTcpSocket::set_keep_alive_count(v, s, small)
        }),
        guest.call(socket, |v, s| HostTcpSocket::set_hop_limit(v, s, hops)),
        guest.call(socket, |v, s| {
            HostTcpSocket::set_receive_buffer_size(v, s, value)
        }),
        guest.call(socket, |v, s| {
            HostTcpSocket::set_send_buffer_size(v, s, value)
        }),
        guest.call(socket, |v, s| {
            HostTcpSocket::set_listen_backlog_size(v, s, value)
        }),
    ];
    set.map(|set| set.map(|()| 0)).to_vec()
}

fn udp(guest: &Guest, socket: Socket) -> Options {
    vec![
        guest
            .call(socket, |v, s| HostUdpSocket::get_unicast_hop_limit(v, s))
            .map(u64::from),
        guest.call(socket, |v, s| HostUdpSocket::get_receive_buffer_size(v, s)),
        guest.call(socket, |v, s| HostUdpSocket::get_send_buffer_size(v, s)),
    ]
}

fn set_udp(guest: &Guest, socket: Socket, value: u64) -> Options {
    let hops = u8::try_from(value).unwrap_or(u8::MAX);
    let set = [
        guest.call(socket, |v, s| {
            HostUdpSocket::set_unicast_hop_limit(v, s, hops)
        }),
        guest.call(socket, |v, s| {
            HostUdpSocket::set_receive_buffer_size(v, s, value)
        }),
        guest.call(socket, |v, s| {
            HostUdpSocket::set_send_buffer_size(v, s, value)
        }),
    ];
    set.map(|set| set.map(|()| 0)).to_vec()
}

/// Fails where sockets of ours and the system's, the first, differ in their
/// defaults or in what setting them gives.
fn compare(
    guest: &Guest,
    [system, others @ ..]: [Socket; 3],
    get: impl Fn(&Guest, Socket) -> Options,
    set: impl Fn(&Guest, Socket, u64) -> Options,
) {
    let expected = get(guest, system);
    assert!(expected.iter().all(Result::is_ok), "{expected:?}");
    for other in others {
        assert_eq!(get(guest, other), expected, "the defaults");
    }
    for value in VALUES {
        let given = set(guest, system, value);
        let expected = get(guest, system);
        for other in others {
            assert_eq!(set(guest, other, value), given, "setting {value}");
            assert_eq!(get(guest, other), expected, "after setting {value}");
        }
    }
}

fn families() -> [(SocketAddr, SocketAddr); 2] {
    [(address("0.0.0.0:0"), v4(0)), (address("[::]:0"), v6(0))]
}

#[tokio::test]
async fn options_of_tcp_are_those_of_a_real_socket() {
    run(&network(), async |guest| {
        for (wildcard, loopback) in families() {
            let [system, ours, unbound] = [(); 3].map(|()| guest.tcp(loopback.is_ipv6()));
            if guest.bind(system, wildcard).is_err() {
                continue; // The host does not have that family.
            }
            guest.bind(ours, loopback).unwrap();
            compare(guest, [system, ours, unbound], tcp, set_tcp);
            // What was set before there was a descriptor is handed on to it.
            guest.bind(unbound, wildcard).unwrap();
            assert_eq!(tcp(guest, unbound), tcp(guest, system));
            // Those that listen and that are connected still have theirs.
            let mut incoming = guest.listen(ours).unwrap();
            guest.listen(system).unwrap();
            assert_eq!(tcp(guest, ours), tcp(guest, system));
            let near = guest.tcp(loopback.is_ipv6());
            set_tcp(guest, near, 65_536);
            let before = tcp(guest, near);
            guest
                .connect(near, guest.local(ours).unwrap())
                .await
                .unwrap();
            incoming.next().await;
            assert_eq!(tcp(guest, near), before);
        }
    })
    .await;
}

#[tokio::test]
async fn options_of_udp_are_those_of_a_real_socket() {
    run(&network(), async |guest| {
        for (wildcard, loopback) in families() {
            let [system, ours, unbound] = [(); 3].map(|()| guest.udp().create(loopback.is_ipv6()));
            if guest.udp().bind(system, wildcard).is_err() {
                continue; // The host does not have that family.
            }
            guest.udp().bind(ours, loopback).unwrap();
            compare(guest, [system, ours, unbound], udp, set_udp);
            guest.udp().bind(unbound, wildcard).unwrap();
            assert_eq!(udp(guest, unbound), udp(guest, system));
        }
    })
    .await;
}

/// What a socket of the system and one of ours take over from one listener.
#[tokio::test]
async fn accepted_sockets_take_over_what_real_ones_do() {
    run(&network(), async |guest| {
        let listener = guest.tcp(false);
        guest.bind(listener, address("0.0.0.0:0")).unwrap();
        let set = |seconds| {
            for (option, set) in set_tcp(guest, listener, seconds * SECOND)
                .iter()
                .enumerate()
            {
                assert_eq!(*set, Ok(0), "option {option}");
            }
            // Of the buffers, sizes that the system has for real.
            let size = 1_024 * seconds;
            let more = [
                guest.call(listener, |v, s| {
                    HostTcpSocket::set_receive_buffer_size(v, s, size)
                }),
                guest.call(listener, |v, s| {
                    HostTcpSocket::set_send_buffer_size(v, s, size)
                }),
                guest.call(listener, |v, s| {
                    HostTcpSocket::set_keep_alive_enabled(v, s, true)
                }),
            ];
            assert_eq!(more, [Ok(()); 3]);
            tcp(guest, listener)
        };
        let at = v4(guest.local(listener).unwrap().port());
        let mut incoming = None;
        for seconds in [41, 43] {
            let expected = set(seconds);
            let incoming = incoming.get_or_insert_with(|| guest.listen(listener).unwrap());
            let real = tokio::net::TcpStream::connect(at).await.unwrap();
            let near = guest.connected(at).await.unwrap();
            let mut peers = vec![real.local_addr().unwrap(), guest.local(near).unwrap()];
            for _ in 0..2 {
                let far = incoming.next().await;
                let peer = guest.remote(far).unwrap();
                assert_eq!(tcp(guest, far), expected, "from {peer} of {peers:?}");
                peers.retain(|other| *other != peer);
            }
            assert_eq!(peers, []);
        }
    })
    .await;
}
