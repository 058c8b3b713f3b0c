//! Options of TCP sockets: those of the loopback network are those of the system.

mod loopback_host;

use std::net::SocketAddr;

use loopback_host::p2::{Host, Socket};
use loopback_host::{address, network, v4, v6};
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::p2::bindings::sockets::tcp::HostTcpSocket as _;

async fn bound(host: &mut Host, at: SocketAddr) -> (Socket, SocketAddr) {
    let socket = host.tcp(at.is_ipv6());
    host.bind(socket, at).await.unwrap();
    (socket, host.local(socket).unwrap())
}

/// Sets and reads every option, in order, and returns what that gave.
fn options(host: &mut Host, socket: Socket, ask: &[Option<u64>]) -> Vec<Result<u64, ErrorCode>> {
    let mut all = Vec::new();
    for value in ask {
        let Some(value) = *value else {
            all.push(
                host.option(socket, |v, s| v.keep_alive_enabled(s))
                    .map(u64::from),
            );
            all.push(host.option(socket, |v, s| v.keep_alive_idle_time(s)));
            all.push(host.option(socket, |v, s| v.keep_alive_interval(s)));
            all.push(
                host.option(socket, |v, s| v.keep_alive_count(s))
                    .map(u64::from),
            );
            all.push(host.option(socket, |v, s| v.hop_limit(s)).map(u64::from));
            all.push(host.option(socket, |v, s| v.receive_buffer_size(s)));
            all.push(host.option(socket, |v, s| v.send_buffer_size(s)));
            continue;
        };
        let small = u32::try_from(value).unwrap_or(u32::MAX);
        let hops = u8::try_from(value).unwrap_or(u8::MAX);
        let sets = [
            host.option(socket, |v, s| v.set_keep_alive_enabled(s, value % 2 == 1)),
            host.option(socket, |v, s| v.set_keep_alive_idle_time(s, value)),
            host.option(socket, |v, s| v.set_keep_alive_interval(s, value)),
            host.option(socket, |v, s| v.set_keep_alive_count(s, small)),
            host.option(socket, |v, s| v.set_hop_limit(s, hops)),
            host.option(socket, |v, s| v.set_receive_buffer_size(s, value)),
            host.option(socket, |v, s| v.set_send_buffer_size(s, value)),
        ];
        all.extend(sets.map(|set| set.map(|()| 0)));
    }
    all
}

const SECOND: u64 = 1_000_000_000;

#[tokio::test]
async fn options_are_those_of_a_real_socket() {
    let network = network();
    for ipv6 in [false, true] {
        let wildcard = address(if ipv6 { "[::]:0" } else { "0.0.0.0:0" });
        let loopback = if ipv6 { v6(0) } else { v4(0) };
        let mut ask = vec![None];
        for value in [
            0,
            1,
            42 * SECOND,
            65_536,
            1_000_000,
            u64::MAX,
            1_023,
            2,
            127,
            128,
        ] {
            ask.extend([Some(value), None]);
        }
        let mut host = Host::new(&network);
        let (real, _) = bound(&mut host, wildcard).await;
        let (virtually, _) = bound(&mut host, loopback).await;
        let unbound = host.tcp(ipv6);
        let expected = options(&mut host, real, &ask);
        assert_eq!(options(&mut host, virtually, &ask), expected);
        assert_eq!(options(&mut host, unbound, &ask), expected);
        // What was set before there was a descriptor is handed on to it.
        host.bind(unbound, wildcard).await.unwrap();
        let now = options(&mut host, real, &[None]);
        assert_eq!(options(&mut host, unbound, &[None]), now);
    }
}

#[tokio::test]
async fn accepted_sockets_have_the_options_of_when_they_were_queued() {
    let network = network();
    let mut host = Host::new(&network);
    let set = |host: &mut Host, socket, seconds: u64| {
        for (_, set) in options(host, socket, &[Some(seconds * SECOND)])
            .iter()
            .enumerate()
        {
            set.unwrap();
        }
        let size = seconds * 1_024;
        host.option(socket, |v, s| v.set_receive_buffer_size(s, size))
            .unwrap();
        host.option(socket, |v, s| v.set_send_buffer_size(s, size))
            .unwrap();
        options(host, socket, &[None])
    };
    let listener = host.tcp(false);
    let before = set(&mut host, listener, 41);
    host.bind(listener, v4(0)).await.unwrap();
    host.listen(listener).unwrap();
    let at = host.local(listener).unwrap();
    assert_eq!(options(&mut host, listener, &[None]), before);
    host.connected(at).await.unwrap();
    let after = set(&mut host, listener, 43);
    host.connected(at).await.unwrap();
    let first = host.accept(listener).await.socket;
    let second = host.accept(listener).await.socket;
    assert_ne!(before, after);
    assert_eq!(options(&mut host, first, &[None]), before);
    assert_eq!(options(&mut host, second, &[None]), after);
}
