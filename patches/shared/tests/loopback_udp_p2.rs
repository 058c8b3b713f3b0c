//! UDP on the loopback network through the host's side of WASI P2.

mod loopback_udp;

use std::net::SocketAddr;

use loopback_udp::p2::{Host, at_once};
use loopback_udp::{
    address, all_v4, assert_unused, calls, figures, network, settle, v4, v6, wildcard,
};
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::p2::bindings::sockets::udp::HostUdpSocket as _;
use wash_wasi::sockets::loopback::Limits;

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
        settle().await;
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
        host.close(socket).await;
    }
    assert_unused(&network);
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
async fn what_means_all_addresses_is_denied() {
    let network = network();
    let mut host = Host::new(&network);
    for bind in [v4(0), all_v4(0)] {
        let mut socket = host.bound(bind).await;
        for all in ["127.255.255.255:9", "255.255.255.255:9"] {
            let all = address(all);
            let denied = Err(ErrorCode::AccessDenied);
            assert_eq!(host.send(&socket, b"x", all).await, denied, "{all}");
            assert_eq!(host.stream(&mut socket, Some(all)).await, denied, "{all}");
            host.stream(&mut socket, None).await.unwrap();
        }
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
    let mut kept = Vec::new();
    loop {
        match host.try_receive(&slow, 200).unwrap() {
            more if more.is_empty() => break,
            more => kept.extend(more),
        }
    }
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
        host.close(socket).await;
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
async fn a_stream_that_waited_holds_the_socket_as_upstream_has_it() {
    let network = network();
    let mut host = Host::new(&network);
    for waits in [false, true] {
        let mut socket = host.bound(v4(0)).await;
        if waits {
            assert_eq!(host.try_receive(&socket, 1), Ok(vec![]));
        }
        // Nobody waits for the end of the drop.
        _ = at_once(host.drop_streams(&mut socket));
        let again = host.view().stream(socket.resource(), None).await;
        let holds = waits && calls::WAITING_HOLDS_THE_SOCKET;
        assert_eq!(again.is_err(), holds);
    }
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
        host.close(socket).await;
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
