//! UDP, between guests of P3 and with guests of P2.

use std::net::SocketAddr;

use wash_wasi::sockets::loopback::Protocol;

use super::host::{ErrorCode, run};
use super::loopback_host::asked::uses;
use super::loopback_host::p2::at_once;
use super::loopback_udp::p2::Host;
use super::loopback_udp::{
    Forbidden, address, all_v4, assert_unused, figures, network, v4, v6, wildcard,
};

#[tokio::test]
async fn p2_and_p3_talk_both_ways() {
    for at in [v4(53), v6(53)] {
        let network = network();
        let mut two = Host::new(&network);
        let there = two.bound(at).await;
        run(&network, async |guest| {
            let guest = guest.udp();
            let here = guest.bound(wildcard(at));
            guest.connect(here, at).unwrap();
            let own = guest.local(here).unwrap();
            assert_eq!((own.ip(), guest.remote(here)), (at.ip(), Ok(at)));
            guest.send(here, b"", None).await.unwrap();
            guest.send(here, b"question", at).await.unwrap();
            assert_eq!(two.receive(&there).await.unwrap(), (vec![], own));
            assert_eq!(
                two.receive(&there).await.unwrap(),
                (b"question".to_vec(), own)
            );
            two.send(&there, b"answer", own).await.unwrap();
            assert_eq!(guest.receive(here).await, Ok((b"answer".to_vec(), at)));
        })
        .await;
        two.close(there).await;
        assert_unused(&network);
    }
}

#[tokio::test]
async fn an_unbound_socket_sends_from_the_wildcard() {
    let network = network();
    run(&network, async |guest| {
        let guest = guest.udp();
        let fresh = guest.create(false);
        let nobody = guest.send(fresh, b"x", None).await;
        assert_eq!(nobody, Err(ErrorCode::InvalidArgument));
        assert_eq!(guest.receive(fresh).await, Err(ErrorCode::InvalidState));
        assert_eq!(guest.disconnect(fresh), Err(ErrorCode::InvalidState));
        assert_eq!(figures(&network).sockets, 0);
        let other = guest.create(false);
        // Whether a connect binds depends on the release.
        match guest.connect(other, v4(9)) {
            Ok(()) => {
                assert_eq!(guest.local(other).unwrap().ip(), v4(0).ip());
                assert_eq!(figures(&network).sockets, 1);
            }
            Err(error) => assert_eq!(error, ErrorCode::InvalidState),
        }
        guest.close(other);
        assert_eq!(figures(&network).sockets, 0);
        let there = guest.bound(v4(9));
        for _ in 0..2 {
            guest.send(fresh, b"x", v4(9)).await.unwrap();
        }
        let (_, from) = guest.receive(there).await.unwrap();
        assert_eq!(from.ip(), v4(0).ip());
        assert_eq!(guest.receive(there).await, Ok((b"x".to_vec(), from)));
        // The port is taken on both networks, and given back.
        assert_eq!(figures(&network).ports, 2);
        let taken = std::net::UdpSocket::bind(all_v4(from.port())).unwrap_err();
        assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
        // By which error depends on the release.
        let again = guest.bind(fresh, v4(0));
        let refused = [ErrorCode::InvalidArgument, ErrorCode::InvalidState];
        assert!(again.is_err_and(|error| refused.contains(&error)));
        guest.close(fresh);
        assert_eq!(figures(&network).ports, 1);
    })
    .await;
    assert_unused(&network);
}

#[tokio::test]
async fn a_taken_port_leaves_the_socket_usable() {
    let network = network();
    run(&network, async |guest| {
        let guest = guest.udp();
        let first = guest.bound(v4(0));
        let taken = guest.local(first).unwrap();
        let other = guest.create(false);
        for at in [taken, all_v4(taken.port())] {
            assert_eq!(guest.bind(other, at), Err(ErrorCode::AddressInUse));
        }
        assert_eq!(figures(&network).ports, 1);
        guest.bind(other, v4(1)).unwrap();
        guest.send(other, b"x", taken).await.unwrap();
        assert_eq!(guest.receive(first).await, Ok((b"x".to_vec(), v4(1))));
    })
    .await;
}

#[tokio::test]
async fn connecting_filters_and_disconnecting_keeps_the_port() {
    let network = network();
    run(&network, async |guest| {
        let guest = guest.udp();
        for bind in [v4(0), all_v4(0)] {
            let socket = guest.bound(bind);
            let at = v4(guest.local(socket).unwrap().port());
            let (peer, other) = (guest.bound(v4(0)), guest.bound(v4(0)));
            let from = guest.local(peer).unwrap();
            guest.send(other, b"before", at).await.unwrap();
            guest.send(peer, b"one", at).await.unwrap();
            guest.connect(socket, from).unwrap();
            guest.send(other, b"after", at).await.unwrap();
            assert_eq!(guest.receive(socket).await, Ok((b"one".to_vec(), from)));
            assert!(at_once(guest.receive(socket)).is_none());
            let elsewhere = guest.local(other).unwrap();
            let sent = guest.send(socket, b"x", elsewhere).await;
            assert_eq!(sent, Err(ErrorCode::InvalidArgument));
            guest.disconnect(socket).unwrap();
            assert_eq!(guest.local(socket).unwrap().port(), at.port());
            assert_eq!(guest.remote(socket), Err(ErrorCode::InvalidState));
            guest.send(other, b"again", at).await.unwrap();
            assert_eq!(guest.receive(socket).await.unwrap().0, b"again");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_there_is_told_once() {
    run(&network(), async |guest| {
        let guest = guest.udp();
        let socket = guest.bound(v4(0));
        guest.send(socket, b"unconnected", v4(9)).await.unwrap();
        guest.connect(socket, v4(9)).unwrap();
        guest.send(socket, b"1", None).await.unwrap();
        let refused = ErrorCode::ConnectionRefused;
        assert_eq!(guest.receive(socket).await, Err(refused));
        guest.send(socket, b"2", None).await.unwrap();
        assert_eq!(guest.send(socket, b"3", v4(9)).await, Err(refused));
        assert!(at_once(guest.receive(socket)).is_none());
    })
    .await;
}

#[tokio::test]
async fn sizes_are_those_of_the_system() {
    let network = network();
    run(&network, async |guest| {
        let guest = guest.udp();
        for (at, max) in [(v4(0), 65_507), (v6(0), 65_527)] {
            let socket = guest.bound(at);
            let to = guest.local(socket).unwrap();
            let data = vec![7; 65_536];
            for size in [max + 1, 65_535, 65_536] {
                let sent = guest.send(socket, &data[..size], to).await;
                assert_eq!(sent, Err(ErrorCode::DatagramTooLarge));
            }
            guest.send(socket, &data[..max], to).await.unwrap();
            assert!(guest.receive(socket).await.unwrap().0 == data[..max]);
        }
    })
    .await;
}

#[tokio::test]
async fn cancelled_and_concurrent_receives_lose_nothing() {
    let network = network();
    run(&network, async |guest| {
        let guest = guest.udp();
        for bind in [v4(0), all_v4(0)] {
            let socket = guest.bound(bind);
            let to = v4(guest.local(socket).unwrap().port());
            // One that waited and was dropped.
            assert!(at_once(guest.receive(socket)).is_none());
            let sender = guest.bound(v4(0));
            guest.send(sender, b"kept", to).await.unwrap();
            assert_eq!(guest.receive(socket).await.unwrap().0, b"kept");
            let (one, other, ()) =
                tokio::join!(guest.receive(socket), guest.receive(socket), async {
                    tokio::task::yield_now().await;
                    for data in [b"1", b"2"] {
                        guest.send(sender, data, to).await.unwrap();
                    }
                });
            let mut both = [one.unwrap().0, other.unwrap().0];
            both.sort();
            assert_eq!(both, [b"1", b"2"]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_hosts_loopback_cannot_be_reached() {
    let network = network();
    for ip in ["127.0.0.1", "::1"] {
        let Some(forbidden) = Forbidden::new(ip) else {
            continue;
        };
        let to = forbidden.address();
        run(&network, async |guest| {
            let guest = guest.udp();
            guest
                .send(guest.create(to.is_ipv6()), b"x", to)
                .await
                .unwrap();
            for from in [wildcard(to), SocketAddr::new(to.ip(), 0)] {
                let socket = guest.bound(from);
                guest.send(socket, b"x", to).await.unwrap();
                guest.connect(socket, to).unwrap();
                guest.send(socket, b"x", None).await.unwrap();
            }
            let six = guest.create(true);
            for ip in [
                "[::ffff:127.0.0.1]",
                "[::127.0.0.1]",
                "[ff01::1]",
                "[ff02::1%1]",
            ] {
                let to = address(&format!("{ip}:{}", to.port()));
                let sent = guest.send(six, b"x", to).await;
                let error = match ip.contains("ffff") && !uses::UDP_SEND_IS_CHECKED {
                    true => ErrorCode::RemoteUnreachable,
                    false => ErrorCode::InvalidArgument,
                };
                assert_eq!(sent, Err(error), "{ip}");
            }
            let other_family = match uses::UDP_SEND_IS_CHECKED {
                false => ErrorCode::NotSupported,
                true => ErrorCode::InvalidArgument,
            };
            for (to, error) in [
                ("127.0.0.1:0", ErrorCode::InvalidArgument),
                ("0.0.0.0:9", ErrorCode::InvalidArgument),
                ("[::1]:9", other_family),
            ] {
                let fresh = guest.create(false);
                let sent = guest.send(fresh, b"x", address(to)).await;
                assert_eq!(sent, Err(error), "{to}");
            }
        })
        .await;
        forbidden.assert_unreached();
    }
}

/// Before release 47 upstream lets P3 send wherever the system may be asked to.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn sending_fails_as_with_the_systems_sockets() {
    use rustix::net::{AddressFamily, SendFlags, SocketType, sendto, sockopt};

    let network = network();
    for (ipv6, family) in [(false, AddressFamily::INET), (true, AddressFamily::INET6)] {
        let Ok(system) = rustix::net::socket(family, SocketType::DGRAM, None) else {
            continue; // The host does not have that family.
        };
        if ipv6 {
            sockopt::set_ipv6_v6only(&system, true).unwrap();
        }
        run(&network, async |guest| {
            let guest = guest.udp();
            for to in [
                "127.0.0.1:9",
                "127.0.0.1:0",
                "127.255.255.255:9",
                "255.255.255.255:9",
                "[::1]:9",
                "[::1]:0",
                "[::ffff:127.0.0.1]:9",
                "[::ffff:0.0.0.0]:0",
            ] {
                let to = address(to);
                let by_system = sendto(&system, b"x", SendFlags::empty(), &to);
                let ip = to.ip().to_canonical();
                let is_checked = uses::UDP_SEND_IS_CHECKED
                    && (to.port() == 0
                        || ip.is_unspecified()
                        || [ip.is_ipv6(), to.is_ipv6()] != [ipv6; 2]);
                let expected = match by_system {
                    _ if is_checked => Err(ErrorCode::InvalidArgument),
                    by_system => by_system.map(|_| ()).map_err(ErrorCode::from),
                };
                for socket in [
                    guest.create(ipv6),
                    guest.bound(if ipv6 { v6(0) } else { v4(0) }),
                ] {
                    let sent = guest.send(socket, b"x", to).await;
                    assert_eq!(sent, expected, "{to}, IPv6: {ipv6}");
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_goes_to_where_the_datagram_came_from() {
    let network = network();
    let system = std::net::UdpSocket::bind(v4(0)).unwrap();
    system.set_nonblocking(true).unwrap();
    let at = system.local_addr().unwrap();
    run(&network, async |guest| {
        let guest = guest.udp();
        let (socket, same) = (guest.bound(all_v4(0)), guest.bound(at));
        let own = v4(guest.local(socket).unwrap().port());
        for _ in 0..2 {
            system.send_to(b"question", own).unwrap();
            let question = (b"question".to_vec(), at);
            assert_eq!(guest.receive(socket).await, Ok(question));
            guest.send(socket, b"answer", at).await.unwrap();
            assert_eq!(system.recv(&mut [0; 10]).unwrap(), 6);
            guest.send(same, b"own", own).await.unwrap();
            assert_eq!(guest.receive(socket).await, Ok((b"own".to_vec(), at)));
            guest.send(socket, b"answer", at).await.unwrap();
            assert_eq!(guest.receive(same).await.unwrap().0, b"answer");
        }
        assert!(system.recv(&mut [0; 10]).is_err());
    })
    .await;
}

#[tokio::test]
async fn what_is_passed_through_is_the_hosts() {
    let network = network();
    let database = std::net::UdpSocket::bind(v4(0)).unwrap();
    let to = database.local_addr().unwrap();
    network
        .lock()
        .unwrap()
        .pass_through(Protocol::Udp, [to.port()]);
    run(&network, async |guest| {
        let guest = guest.udp();
        let socket = guest.create(false);
        guest.send(socket, b"query", to).await.unwrap();
        let mut buffer = [0; 10];
        let (length, from) = database.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from.ip()), (&b"query"[..], to.ip()));
        let bound = guest.bound(all_v4(0));
        guest.connect(bound, to).unwrap();
        guest.send(bound, b"again", None).await.unwrap();
        let (_, from) = database.recv_from(&mut buffer).unwrap();
        assert_eq!(Ok(from), guest.local(bound));
        database.send_to(b"rows", from).unwrap();
        assert_eq!(guest.receive(bound).await, Ok((b"rows".to_vec(), to)));
    })
    .await;
}
