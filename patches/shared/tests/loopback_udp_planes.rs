//! Which network UDP sockets are on, through the host's side of WASI P2.

mod loopback_udp;

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};

use loopback_udp::p2::{Host, Socket};
use loopback_udp::{Forbidden, address, all_v4, figures, network, v4, v6, wildcard};
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::sockets::loopback::Protocol;

#[tokio::test]
async fn loopback_addresses_take_nothing_of_the_system() {
    let network = network();
    let mut host = Host::new(&network);
    for at in [v4(0), v6(0)] {
        // The ports are free on the system, but for those that others have there.
        let mut taken = 0;
        for _ in 0..50 {
            let socket = host.bound(at).await;
            let at = host.local(&socket).unwrap();
            let error = UdpSocket::bind(at).err().map(|e| e.kind());
            taken += usize::from(error == Some(ErrorKind::AddrInUse));
        }
        assert!(taken < 50, "{at}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_binds_leave_nothing() {
    let network = network();
    let mut host = Host::new(&network);
    let before = figures(&network);
    for _ in 0..100_000 {
        let socket = host.udp(false);
        host.bind(&socket, v4(0)).await.unwrap();
        host.close(socket).await;
    }
    assert_eq!(figures(&network), before);
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
    let socket = UdpSocket::bind(any).ok()?;
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
    let (virtually, system) = (v4(at.port()), UdpSocket::bind(v4(0)).unwrap());
    let error = UdpSocket::bind(all_v4(at.port())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
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
    let taken = UdpSocket::bind(all_v4(0)).unwrap();
    let at = all_v4(taken.local_addr().unwrap().port());
    let ports = figures(&network).ports;
    assert_eq!(host.bind(&conflict, at).await, Err(ErrorCode::AddressInUse));
    assert_eq!(figures(&network).ports, ports);
    host.bind(&conflict, v4(at.port())).await.unwrap();
}

/// Returns a socket of the host's loopback that has spoken to `to`.
async fn heard(host: &mut Host, socket: &Socket, data: &[u8], system: &UdpSocket) {
    let to = v4(host.local(socket).unwrap().port());
    system.send_to(data, to).unwrap();
    let from = system.local_addr().unwrap();
    assert_eq!(host.receive(socket).await, Ok((data.to_vec(), from)));
}

#[tokio::test]
async fn an_answer_goes_to_where_the_datagram_came_from() {
    let network = network();
    let mut host = Host::new(&network);
    let system = UdpSocket::bind(v4(0)).unwrap();
    system.set_nonblocking(true).unwrap();
    let at = system.local_addr().unwrap();
    let mut buffer = [0; 10];
    let mut by_system = || {
        system
            .recv_from(&mut buffer)
            .map(|(length, _)| buffer[..length].to_vec())
    };
    // A guest has the same address on the network.
    let guest = host.bound(at).await;
    let mut socket = host.bound(all_v4(0)).await;
    let own = v4(host.local(&socket).unwrap().port());
    host.send(&socket, b"first", at).await.unwrap();
    assert_eq!(host.receive(&guest).await, Ok((b"first".to_vec(), own)));
    for _ in 0..2 {
        heard(&mut host, &socket, b"question", &system).await;
        for answer in [b"one", b"two"] {
            host.send(&socket, answer, at).await.unwrap();
            assert_eq!(by_system().unwrap(), answer);
        }
        // Connected, too.
        host.stream(&mut socket, Some(at)).await.unwrap();
        host.send(&socket, b"three", None).await.unwrap();
        assert_eq!(by_system().unwrap(), b"three");
        heard(&mut host, &socket, b"more", &system).await;
        host.stream(&mut socket, None).await.unwrap();
        assert_eq!(host.try_receive(&guest, 1), Ok(vec![]));
        // Whoever spoke last is answered.
        host.send(&guest, b"own", own).await.unwrap();
        assert_eq!(host.receive(&socket).await, Ok((b"own".to_vec(), at)));
        host.send(&socket, b"four", at).await.unwrap();
        assert_eq!(host.receive(&guest).await, Ok((b"four".to_vec(), own)));
        host.stream(&mut socket, Some(at)).await.unwrap();
        host.send(&socket, b"five", None).await.unwrap();
        assert_eq!(host.receive(&guest).await, Ok((b"five".to_vec(), own)));
        host.stream(&mut socket, None).await.unwrap();
    }
    // It is an answer of that socket alone.
    heard(&mut host, &socket, b"question", &system).await;
    let other = host.bound(all_v4(0)).await;
    host.send(&other, b"other", at).await.unwrap();
    assert_eq!(host.receive(&guest).await.unwrap().0, b"other");
    assert_eq!(by_system().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn only_the_last_senders_of_the_host_are_answered() {
    let network = network();
    let mut host = Host::new(&network);
    let socket = host.bound(all_v4(0)).await;
    let mut senders = Vec::new();
    for _ in 0..65 {
        let system = UdpSocket::bind(v4(0)).unwrap();
        system.set_nonblocking(true).unwrap();
        heard(&mut host, &socket, b"question", &system).await;
        senders.push(system);
    }
    let guest = host.bound(senders[0].local_addr().unwrap()).await;
    for system in &senders {
        host.send(&socket, b"answer", system.local_addr().unwrap())
            .await
            .unwrap();
    }
    assert_eq!(host.receive(&guest).await.unwrap().0, b"answer");
    for system in &senders[1..] {
        assert_eq!(system.recv(&mut [0; 10]).unwrap(), 6);
    }
    let forgotten = senders.swap_remove(0);
    assert!(forgotten.recv(&mut [0; 10]).is_err());
}

#[tokio::test]
async fn a_connected_socket_hears_its_peer_only_on_both_networks() {
    let network = network();
    let mut host = Host::new(&network);
    let system = UdpSocket::bind(v4(0)).unwrap();
    let peers = [host.bound(v4(0)).await, host.bound(v4(0)).await];
    let at = host.local(&peers[0]).unwrap();
    let mut socket = host.bound(all_v4(0)).await;
    let own = v4(host.local(&socket).unwrap().port());
    let outsiders = async |host: &mut Host, data: &[u8]| {
        system.send_to(data, own).unwrap();
        host.send(&peers[1], data, own).await.unwrap();
    };
    for to in [at, address("192.0.2.1:9")] {
        // What came before is kept, as long as nobody has received meanwhile.
        outsiders(&mut host, b"before").await;
        if host.stream(&mut socket, Some(to)).await.is_err() {
            break; // The host has no way out.
        }
        outsiders(&mut host, b"meanwhile").await;
        host.stream(&mut socket, None).await.unwrap();
        outsiders(&mut host, b"after").await;
        let mut received = Vec::new();
        while received.len() < 4 {
            host.ready(&socket).await;
            received.extend(host.try_receive(&socket, 9).unwrap());
        }
        let count = |of: &[u8]| received.iter().filter(|(data, _)| data == of).count();
        let counts = [count(b"before"), count(b"meanwhile"), count(b"after")];
        assert_eq!(counts, [2, 0, 2], "{received:?}");
    }
}

/// Each network looks for free ports from a place of its own; else all would
/// try on the system what those before them hold.
#[tokio::test]
async fn networks_are_not_in_each_others_way_on_the_system() {
    let mut held = Vec::new();
    for _ in 0..32 {
        let mut host = Host::new(&network());
        let socket = host.bound(all_v4(0)).await;
        held.push((host.local(&socket).unwrap().port(), host));
    }
    held.sort_by_key(|(port, _)| *port);
    let ports: Vec<_> = held.iter().map(|(port, _)| *port).collect();
    assert!(ports[31] - ports[0] > 1_024, "{ports:?}");
}

#[tokio::test]
async fn what_the_network_passes_through_is_the_hosts() {
    let network = network();
    let mut host = Host::new(&network);
    let database = UdpSocket::bind(v4(0)).unwrap();
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
    // To such a port, nobody can be bound, not where the host has nobody there
    // either; nor does loopback alone lead there.
    drop(database);
    let other = host.udp(false);
    for at in [to, all_v4(to.port())] {
        assert_eq!(host.bind(&other, at).await, Err(ErrorCode::AddressInUse));
    }
    let sent = host.send(&peer, b"x", to).await;
    assert_eq!(sent, Err(ErrorCode::InvalidArgument));
}
