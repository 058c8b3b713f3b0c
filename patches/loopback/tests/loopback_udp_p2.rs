//! UDP on the loopback network through the host's side of WASI P2.

mod loopback_udp;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use loopback_udp::p2::Host;
use loopback_udp::{Forbidden, address, all_v4, assert_unused, figures, network, v4, v6};
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::p2::bindings::sockets::udp::HostUdpSocket as _;
use wash_wasi::sockets::loopback::{Limits, Protocol};

fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn wildcard(of: SocketAddr) -> SocketAddr {
    address(if of.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })
}

#[tokio::test]
async fn two_guests_talk_on_a_shared_network() {
    for at in [v4(53), v6(53)] {
        let network = network();
        let (mut server, mut client) = (Host::new(&network), Host::new(&network));
        let there = server.bound(at).await;
        let here = client.bound(wildcard(at)).await;
        client.send(&here, b"question", at).await.unwrap();
        let (data, from) = server.receive(&there).await.unwrap();
        assert_eq!(data, b"question");
        // The sender shows the address that the route gives.
        let port = client.local(&here).unwrap().port();
        assert!(port >= 32_768);
        assert_eq!(from, SocketAddr::new(at.ip(), port));
        server.send(&there, b"", from).await.unwrap();
        server.send(&there, b"answer", from).await.unwrap();
        client.ready(&here).await;
        let received = client.try_receive(&here, 10).unwrap();
        assert_eq!(received, [(vec![], at), (b"answer".to_vec(), at)]);
        assert_eq!(figures(&network).datagrams_passed, 3);
        // A store that goes away takes everything along.
        drop((server, client));
        assert_unused(&network);
    }
}

#[tokio::test]
async fn networks_that_are_not_shared_do_not_meet() {
    let (one, other) = (network(), network());
    let (mut server, mut client) = (Host::new(&one), Host::new(&other));
    let there = server.bound(v4(1_000)).await;
    let own = client.bound(v4(1_000)).await;
    client.send(&own, b"own", v4(1_000)).await.unwrap();
    assert_eq!(server.try_receive(&there, 1), Ok(vec![]));
    assert_eq!(client.receive(&own).await.unwrap().0, b"own");
}

#[tokio::test]
async fn a_taken_port_leaves_the_socket_usable() {
    let network = network();
    let mut host = Host::new(&network);
    let first = host.bound(v4(0)).await;
    let taken = host.local(&first).unwrap();
    let other = host.udp(false);
    assert_eq!(host.bind(&other, taken).await, Err(ErrorCode::AddressInUse));
    let wild = all_v4(taken.port());
    assert_eq!(host.bind(&other, wild).await, Err(ErrorCode::AddressInUse));
    let error = host.bind(&other, address("192.0.2.0:0")).await;
    assert_eq!(error, Err(ErrorCode::AddressNotBindable));
    assert_eq!(figures(&network).ports, 1);
    let elsewhere = SocketAddr::new([127, 0, 0, 2].into(), taken.port());
    host.bind(&other, elsewhere).await.unwrap();
    assert_eq!(host.local(&other), Ok(elsewhere));
    assert_eq!(host.bind(&other, v4(0)).await, Err(ErrorCode::InvalidState));
    // Low ports need no privilege.
    let low = host.bound(v4(1)).await;
    for socket in [first, other, low] {
        host.close(socket);
    }
    assert_unused(&network);
}

#[tokio::test]
async fn loopback_addresses_take_nothing_of_the_system() {
    let network = network();
    let mut host = Host::new(&network);
    for at in [v4(0), v6(0)] {
        let socket = host.bound(at).await;
        let at = host.local(&socket).unwrap();
        // The port of the system is free for others.
        if let Err(error) = std::net::UdpSocket::bind(at) {
            assert_ne!(error.kind(), std::io::ErrorKind::AddrInUse);
        }
    }
}

#[tokio::test]
async fn the_hosts_loopback_cannot_be_reached() {
    let network = network();
    for ip in ["127.0.0.1", "::1"] {
        let Some(forbidden) = Forbidden::new(ip) else {
            continue;
        };
        let to = forbidden.address();
        let outer = outer_address(to.is_ipv6());
        let mut froms = vec![SocketAddr::new(to.ip(), 0), wildcard(to)];
        froms.extend(outer.map(|ip| SocketAddr::new(ip, 0)));
        for from in froms {
            let mut host = Host::new(&network);
            let mut socket = host.bound(from).await;
            let bound_outside = Some(from.ip()) == outer;
            let sent = host.send(&socket, b"sent", to).await;
            assert_eq!(sent.is_err(), bound_outside);
            let connected = host.stream(&mut socket, Some(to)).await;
            assert_eq!(connected.is_err(), bound_outside);
            if connected.is_ok() {
                host.send(&socket, b"connected", None).await.unwrap();
            }
            host.stream(&mut socket, None).await.unwrap();
            let mapped = address(&format!("[::ffff:127.0.0.1]:{}", to.port()));
            let sent = host.send(&socket, b"mapped", mapped).await;
            assert_eq!(sent, Err(ErrorCode::InvalidArgument));
            let other = address(&format!("127.1.2.3:{}", to.port()));
            let _ = host.send(&socket, b"other", other).await;
        }
        forbidden.assert_unreached();
    }
}

/// Returns an address of the host that is not its loopback, if it has one.
fn outer_address(ipv6: bool) -> Option<std::net::IpAddr> {
    let (any, far) = match ipv6 {
        false => ("0.0.0.0:0", "192.0.2.1:9"),
        true => ("[::]:0", "[2001:db8::1]:9"),
    };
    let socket = std::net::UdpSocket::bind(any).ok()?;
    socket.connect(far).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[tokio::test]
async fn a_socket_bound_to_loopback_goes_nowhere_else() {
    let network = network();
    let mut host = Host::new(&network);
    let peer = host.bound(all_v4(0)).await;
    let port = host.local(&peer).unwrap().port();
    let mut socket = host.bound(v4(0)).await;
    let mut outside = vec![address(&format!("192.0.2.1:{port}"))];
    outside.extend(outer_address(false).map(|ip| SocketAddr::new(ip, port)));
    for to in outside {
        let sent = host.send(&socket, b"out", to).await;
        assert_eq!(sent, Err(ErrorCode::InvalidArgument));
        let connected = host.stream(&mut socket, Some(to)).await;
        assert_eq!(connected, Err(ErrorCode::InvalidArgument));
        host.stream(&mut socket, None).await.unwrap();
    }
    let six = host.bound(v6(0)).await;
    let sent = host.send(&six, b"out", address("[2001:db8::1]:9")).await;
    assert_eq!(sent, Err(ErrorCode::RemoteUnreachable));
    assert_eq!(host.try_receive(&peer, 1), Ok(vec![]));
}

#[tokio::test]
async fn all_addresses_are_on_both_networks_at_one_port() {
    let network = network();
    let mut host = Host::new(&network);
    let socket = host.bound(all_v4(0)).await;
    let at = host.local(&socket).unwrap();
    let (virtually, system) = (v4(at.port()), std::net::UdpSocket::bind(v4(0)).unwrap());
    let error = std::net::UdpSocket::bind(all_v4(at.port())).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    let peer = host.bound(v4(0)).await;
    let conflict = host.udp(false);
    let taken = host.bind(&conflict, virtually).await;
    assert_eq!(taken, Err(ErrorCode::AddressInUse));
    // Both are heard, and neither starves the other.
    for number in 0..5 {
        system.send_to(&[number], virtually).unwrap();
    }
    host.ready(&socket).await;
    for number in 0..5 {
        host.send(&peer, &[number], virtually).await.unwrap();
    }
    let mut received = Vec::new();
    while received.len() < 10 {
        host.ready(&socket).await;
        received.extend(host.try_receive(&socket, 1).unwrap());
    }
    let (by_system, at_peer) = (system.local_addr().unwrap(), host.local(&peer).unwrap());
    for from in [by_system, at_peer] {
        let of: Vec<u8> = received
            .iter()
            .filter(|(_, sender)| *sender == from)
            .map(|(data, _)| data[0])
            .collect();
        assert_eq!(of, [0, 1, 2, 3, 4]);
    }
    let last_of = |from| received.iter().rposition(|(_, sender)| *sender == from);
    assert!(last_of(by_system) >= Some(8) && last_of(at_peer) >= Some(8));
    // A port that the host has is in use, on both sides and for any socket.
    let taken = std::net::UdpSocket::bind(all_v4(0)).unwrap();
    let at = all_v4(taken.local_addr().unwrap().port());
    let ports = figures(&network).ports;
    assert_eq!(host.bind(&conflict, at).await, Err(ErrorCode::AddressInUse));
    assert_eq!(figures(&network).ports, ports);
    host.bind(&conflict, v4(at.port())).await.unwrap();
}

#[tokio::test]
async fn what_the_network_passes_through_is_the_hosts() {
    let network = network();
    let mut host = Host::new(&network);
    let database = std::net::UdpSocket::bind(v4(0)).unwrap();
    let to = database.local_addr().unwrap();
    network
        .lock()
        .unwrap()
        .pass_through(Protocol::Udp, [to.port()]);
    let mut socket = host.bound(all_v4(0)).await;
    let port = host.local(&socket).unwrap().port();
    let peer = host.bound(v4(0)).await;
    let virtually = host.local(&peer).unwrap();
    let mut buffer = [0; 10];
    // Connected to the one side and to the other, the address is the routed
    // one, and only the peer is heard.
    for _ in 0..2 {
        host.stream(&mut socket, Some(to)).await.unwrap();
        assert_eq!(host.local(&socket), Ok(v4(port)));
        assert_eq!(host.remote(&socket), Ok(to));
        host.send(&socket, b"query", None).await.unwrap();
        let (length, from) = database.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (&b"query"[..], v4(port)));
        host.send(&peer, b"unheard", v4(port)).await.unwrap();
        database.send_to(b"rows", v4(port)).unwrap();
        assert_eq!(host.receive(&socket).await, Ok((b"rows".to_vec(), to)));
        assert_eq!(host.try_receive(&socket, 9), Ok(vec![]));
        host.stream(&mut socket, Some(virtually)).await.unwrap();
        assert_eq!(host.local(&socket), Ok(v4(port)));
        assert_eq!(host.remote(&socket), Ok(virtually));
        host.send(&socket, b"ping", None).await.unwrap();
        assert_eq!(host.receive(&peer).await, Ok((b"ping".to_vec(), v4(port))));
        host.send(&peer, b"pong", v4(port)).await.unwrap();
        assert_eq!(
            host.receive(&socket).await,
            Ok((b"pong".to_vec(), virtually))
        );
        host.stream(&mut socket, None).await.unwrap();
        assert_eq!(host.local(&socket), Ok(all_v4(port)));
        assert_eq!(host.remote(&socket), Err(ErrorCode::InvalidState));
    }
    // To such a port, nobody can be bound; nor does loopback alone lead there.
    let other = host.udp(false);
    assert_eq!(host.bind(&other, to).await, Err(ErrorCode::AddressInUse));
    let sent = host.send(&peer, b"x", to).await;
    assert_eq!(sent, Err(ErrorCode::InvalidArgument));
}

#[tokio::test]
async fn a_connected_socket_hears_its_peer_only() {
    let network = network();
    let mut host = Host::new(&network);
    for bind in [v4(0), all_v4(0)] {
        let mut socket = host.bound(bind).await;
        let at = v4(host.local(&socket).unwrap().port());
        let (peer, other) = (host.bound(v4(0)).await, host.bound(v4(0)).await);
        let from = host.local(&peer).unwrap();
        host.send(&other, b"before", at).await.unwrap();
        host.send(&peer, b"one", at).await.unwrap();
        host.stream(&mut socket, Some(from)).await.unwrap();
        host.send(&other, b"after", at).await.unwrap();
        host.send(&peer, b"two", at).await.unwrap();
        host.ready(&socket).await;
        let received = host.try_receive(&socket, 10).unwrap();
        assert_eq!(received, [(b"one".to_vec(), from), (b"two".to_vec(), from)]);
        host.send(&other, b"never", at).await.unwrap();
        assert!(at_once(host.ready(&socket)).is_none());
        let elsewhere = host.local(&other).unwrap();
        let sent = host.send(&socket, b"x", elsewhere).await;
        assert_eq!(sent, Err(ErrorCode::InvalidArgument));
        host.send(&socket, b"given", from).await.unwrap();
        assert_eq!(host.receive(&peer).await, Ok((b"given".to_vec(), at)));
        // It keeps its port when it is disconnected, and hears all again.
        host.stream(&mut socket, None).await.unwrap();
        assert_eq!(host.local(&socket).unwrap().port(), at.port());
        host.send(&other, b"again", at).await.unwrap();
        assert_eq!(host.receive(&socket).await.unwrap().0, b"again");
    }
}

#[tokio::test]
async fn datagrams_have_the_systems_largest_size() {
    let network = network();
    let mut host = Host::new(&network);
    for (at, max) in [(v4(0), 65_507), (v6(0), 65_527)] {
        let socket = host.bound(at).await;
        let to = host.local(&socket).unwrap();
        let data = vec![7; 65_536];
        for size in [max + 1, 65_535, 65_536] {
            let sent = host.send(&socket, &data[..size], to).await;
            assert_eq!(sent, Err(ErrorCode::DatagramTooLarge));
        }
        host.send(&socket, &data[..max], to).await.unwrap();
        let (received, _) = host.receive(&socket).await.unwrap();
        assert!(received == data[..max]);
    }
}

#[tokio::test]
async fn a_slow_receiver_holds_up_nobody() {
    let network = network();
    let mut host = Host::new(&network);
    let (slow, quick, sender) = (
        host.bound(v4(1)).await,
        host.bound(v4(2)).await,
        host.bound(v4(3)).await,
    );
    host.view()
        .set_receive_buffer_size(slow.resource(), 4_000)
        .unwrap();
    for number in 0..100_u8 {
        for to in [v4(1), v4(2)] {
            host.send(&sender, &[number; 100], to).await.unwrap();
        }
        assert_eq!(host.receive(&quick).await.unwrap().0, [number; 100]);
    }
    let kept = host.try_receive(&slow, 200).unwrap();
    assert!(!kept.is_empty() && kept.len() <= 40);
    for (number, (data, _)) in kept.iter().enumerate() {
        assert_eq!(usize::from(data[0]), number);
    }
    let dropped = u64::try_from(100 - kept.len()).unwrap();
    assert_eq!(figures(&network).queue_drops, dropped);
    host.send(&sender, b"new", v4(1)).await.unwrap();
    assert_eq!(host.receive(&slow).await.unwrap().0, b"new");
}

#[tokio::test]
async fn nobody_there_is_told_once() {
    let network = network();
    let mut host = Host::new(&network);
    for bind in [v4(0), all_v4(0)] {
        let mut socket = host.bound(bind).await;
        host.send(&socket, b"unconnected", v4(9)).await.unwrap();
        assert_eq!(host.try_receive(&socket, 1), Ok(vec![]));
        host.stream(&mut socket, Some(v4(9))).await.unwrap();
        host.send(&socket, b"1", None).await.unwrap();
        host.ready(&socket).await;
        let refused = Err(ErrorCode::ConnectionRefused);
        assert_eq!(host.try_receive(&socket, 1), refused);
        assert_eq!(host.try_receive(&socket, 1), Ok(vec![]));
        host.send(&socket, b"2", None).await.unwrap();
        let sent = host.send(&socket, b"3", None).await;
        assert_eq!(sent, Err(ErrorCode::ConnectionRefused));
        host.send(&socket, b"4", None).await.unwrap();
        host.close(socket);
    }
}

#[tokio::test]
async fn permits_and_polls_lose_nothing() {
    let network = network();
    let mut host = Host::new(&network);
    let socket = host.bound(v4(1)).await;
    let one: (&[u8], _) = (b"x", Some(v4(1)));
    assert!(
        host.send_all(&socket, &[one])
            .await
            .unwrap_err()
            .downcast()
            .is_err()
    );
    assert_eq!(host.check_send(&socket), 16);
    assert_eq!(host.check_send(&socket), 16);
    let many = [one; 17];
    assert!(
        host.send_all(&socket, &many)
            .await
            .unwrap_err()
            .downcast()
            .is_err()
    );
    assert_eq!(host.send_all(&socket, &many[..16]).await.unwrap(), 16);
    assert!(host.send_all(&socket, &[one]).await.is_err());
    host.ready_to_send(&socket).await;
    assert_eq!(host.check_send(&socket), 16);
    assert_eq!(host.send_all(&socket, &[]).await.unwrap(), 0);
    // A poll that is given up, and one too many, take nothing away.
    host.ready(&socket).await;
    host.ready(&socket).await;
    assert_eq!(host.try_receive(&socket, 0), Ok(vec![]));
    assert_eq!(host.try_receive(&socket, 10).unwrap().len(), 10);
    assert!(at_once(host.ready(&socket)).is_some());
    assert_eq!(host.try_receive(&socket, 10).unwrap().len(), 6);
    assert!(at_once(host.ready(&socket)).is_none());
    // Some of several are sent: the first error is left out.
    host.check_send(&socket);
    let mixed = [one, (b"x", Some(address("192.0.2.1:1"))), one];
    assert_eq!(host.send_all(&socket, &mixed).await.unwrap(), 1);
}

#[tokio::test]
async fn a_waiting_guest_is_woken() {
    let network = network();
    let (mut server, mut client) = (Host::new(&network), Host::new(&network));
    for bind in [v4(0), all_v4(0)] {
        let there = server.bound(bind).await;
        let to = v4(server.local(&there).unwrap().port());
        let here = client.bound(v4(0)).await;
        let sending = async {
            tokio::task::yield_now().await;
            client.send(&here, b"wake", to).await.unwrap();
        };
        let (received, ()) = tokio::join!(server.receive(&there), sending);
        assert_eq!(received.unwrap().0, b"wake");
    }
}

#[tokio::test]
async fn options_are_those_of_the_system() {
    let network = network();
    let mut host = Host::new(&network);
    for family in [false, true] {
        let loopback = if family { v6(0) } else { v4(0) };
        let system = host.udp(family);
        if host.bind(&system, wildcard(loopback)).await.is_err() {
            continue; // The host does not have that family.
        }
        let bound = host.bound(loopback).await;
        let fresh = host.udp(family);
        let all = |host: &mut Host, set: Option<(u8, u64)>| {
            let mut given = Vec::new();
            for socket in [&system, &bound, &fresh] {
                let mut view = host.view();
                if let Some((hops, size)) = set {
                    let hops = view.set_unicast_hop_limit(socket.resource(), hops);
                    let results = [
                        hops,
                        view.set_receive_buffer_size(socket.resource(), size),
                        view.set_send_buffer_size(socket.resource(), size),
                    ];
                    let errors = results.map(|result| result.err().map(loopback_udp::p2::code));
                    given.push(format!("{errors:?}"));
                }
                let hops = view.unicast_hop_limit(socket.resource()).unwrap();
                let receive = view.receive_buffer_size(socket.resource()).unwrap();
                let send = view.send_buffer_size(socket.resource()).unwrap();
                given.push(format!("{hops} {receive} {send}"));
            }
            let each = given.len() / 3;
            assert_eq!(given[..each], given[each..2 * each], "{set:?}");
            assert_eq!(given[..each], given[2 * each..], "{set:?}");
        };
        all(&mut host, None);
        for size in [
            1,
            1_000,
            1_151,
            16_000,
            65_536,
            212_992,
            212_993,
            u64::MAX,
            0,
        ] {
            for hops in [1, 64, 255, 0] {
                all(&mut host, Some((hops, size)));
            }
        }
        // What was set before holds when a descriptor is made.
        let view = &mut host.view();
        view.set_unicast_hop_limit(fresh.resource(), 42).unwrap();
        view.set_receive_buffer_size(fresh.resource(), 30_000)
            .unwrap();
        view.set_send_buffer_size(fresh.resource(), 20_000).unwrap();
        host.bind(&fresh, wildcard(loopback)).await.unwrap();
        let view = &mut host.view();
        assert_eq!(view.unicast_hop_limit(fresh.resource()).unwrap(), 42);
        assert_eq!(view.receive_buffer_size(fresh.resource()).unwrap(), 30_000);
        assert_eq!(view.send_buffer_size(fresh.resource()).unwrap(), 20_000);
    }
}

#[tokio::test]
async fn limits_of_the_host_hold() {
    let network = network();
    network.lock().unwrap().set_limits(Limits {
        sockets: 2,
        ..Limits::default()
    });
    let mut host = Host::new(&network);
    let sockets = [host.bound(v4(0)).await, host.bound(all_v4(0)).await];
    let more = host.udp(false);
    for at in [v4(0), all_v4(0)] {
        let bound = host.bind(&more, at).await;
        assert_eq!(bound, Err(ErrorCode::OutOfMemory));
    }
    for socket in sockets {
        host.close(socket);
    }
    assert_unused(&network);
    host.bind(&more, v4(0)).await.unwrap();
}

#[tokio::test]
async fn a_panic_under_the_lock_leaves_other_stores_working() {
    let network = network();
    let (mut one, mut two) = (Host::new(&network), Host::new(&network));
    let there = one.bound(v4(1)).await;
    let held = network.clone();
    let panicked = std::thread::spawn(move || {
        let _guard = held.lock().unwrap();
        std::panic::resume_unwind(Box::new("held"));
    });
    assert!(panicked.join().is_err() && network.is_poisoned());
    let here = two.bound(v4(0)).await;
    two.send(&here, b"fine", v4(1)).await.unwrap();
    assert_eq!(one.receive(&there).await.unwrap().0, b"fine");
}
