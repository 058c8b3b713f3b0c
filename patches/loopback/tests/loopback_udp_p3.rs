//! UDP on the loopback network through the host's side of WASI P3.

mod loopback_udp;
// Its host side differs by release, so the other tests do without it.
#[path = "loopback_udp/p3.rs"]
mod p3;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use loopback_udp::p2::Host;
use loopback_udp::{Forbidden, address, all_v4, assert_unused, figures, network, v4, v6};
use p3::{at_once, run, run_with};
use wash_wasi::WasiCtxBuilder;
use wash_wasi::p3::bindings::sockets::types::ErrorCode;
use wash_wasi::sockets::loopback::Protocol;

fn wildcard(of: SocketAddr) -> SocketAddr {
    address(if of.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })
}

#[tokio::test]
async fn p2_and_p3_talk_both_ways() {
    for at in [v4(53), v6(53)] {
        let network = network();
        let mut two = Host::new(&network);
        let there = two.bound(at).await;
        run(&network, async |guest| {
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
        two.close(there);
        assert_unused(&network);
    }
}

#[tokio::test]
async fn an_unbound_socket_sends_from_the_wildcard() {
    let network = network();
    run(&network, async |guest| {
        let fresh = guest.udp(false);
        let nobody = guest.send(fresh, b"x", None).await;
        assert_eq!(nobody, Err(ErrorCode::InvalidArgument));
        assert_eq!(guest.receive(fresh).await, Err(ErrorCode::InvalidState));
        assert_eq!(guest.connect(fresh, v4(9)), Err(ErrorCode::InvalidState));
        assert_eq!(guest.disconnect(fresh), Err(ErrorCode::InvalidState));
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
        assert_eq!(guest.bind(fresh, v4(0)), Err(ErrorCode::InvalidArgument));
        guest.close(fresh);
        assert_eq!(figures(&network).ports, 1);
    })
    .await;
    assert_unused(&network);
}

#[tokio::test]
async fn connecting_filters_and_disconnecting_keeps_the_port() {
    let network = network();
    run(&network, async |guest| {
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
async fn sizes_and_options_are_those_of_the_system() {
    let network = network();
    run(&network, async |guest| {
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
            let system = guest.udp(at.is_ipv6());
            if guest.bind(system, wildcard(at)).is_ok() {
                for size in [1, 20_000, u64::MAX] {
                    assert_eq!(guest.options(socket), guest.options(system));
                    guest.set_receive_buffer(socket, size);
                    guest.set_receive_buffer(system, size);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn cancelled_and_concurrent_receives_lose_nothing() {
    let network = network();
    run(&network, async |guest| {
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
            guest.send(guest.udp(to.is_ipv6()), b"x", to).await.unwrap();
            for from in [wildcard(to), SocketAddr::new(to.ip(), 0)] {
                let socket = guest.bound(from);
                guest.send(socket, b"x", to).await.unwrap();
                guest.connect(socket, to).unwrap();
                guest.send(socket, b"x", None).await.unwrap();
            }
            let six = guest.udp(true);
            for ip in [
                "[::ffff:127.0.0.1]",
                "[::127.0.0.1]",
                "[ff01::1]",
                "[ff02::1%1]",
            ] {
                let to = address(&format!("{ip}:{}", to.port()));
                let sent = guest.send(six, b"x", to).await;
                let error = match ip.contains("ffff") {
                    true => ErrorCode::RemoteUnreachable,
                    false => ErrorCode::InvalidArgument,
                };
                assert_eq!(sent, Err(error), "{ip}");
            }
            // Upstream does not look at what P3 sends to.
            for (to, error) in [
                ("127.0.0.1:0", ErrorCode::InvalidArgument),
                ("0.0.0.0:9", ErrorCode::InvalidArgument),
                ("[::1]:9", ErrorCode::NotSupported),
            ] {
                let fresh = guest.udp(false);
                let sent = guest.send(fresh, b"x", address(to)).await;
                assert_eq!(sent, Err(error), "{to}");
            }
        })
        .await;
        forbidden.assert_unreached();
    }
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
        let socket = guest.udp(false);
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

#[tokio::test]
async fn each_use_is_asked_once() {
    let network = network();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&calls);
    let mut builder = WasiCtxBuilder::new();
    builder.socket_addr_check(move |address, reason| {
        noted.lock().unwrap().push((address, format!("{reason:?}")));
        Box::pin(async move { address.port() != 13 })
    });
    let taken = || std::mem::take(&mut *calls.lock().unwrap());
    run_with(&mut builder, &network, async |guest| {
        let socket = guest.udp(false);
        assert_eq!(guest.bind(socket, v4(13)), Err(ErrorCode::AccessDenied));
        assert_eq!(figures(&network).ports, 0);
        guest.bind(socket, v4(1)).unwrap();
        let use_of = |port, reason: &str| (v4(port), reason.to_owned());
        assert_eq!(taken(), [use_of(13, "UdpBind"), use_of(1, "UdpBind")]);
        assert_eq!(guest.connect(socket, v4(13)), Err(ErrorCode::AccessDenied));
        guest.connect(socket, v4(1)).unwrap();
        assert_eq!(taken(), [use_of(13, "UdpConnect"), use_of(1, "UdpConnect")]);
        guest.send(socket, b"x", None).await.unwrap();
        assert_eq!(taken(), []);
        let denied = guest.send(socket, b"x", v4(13)).await;
        assert_eq!(denied, Err(ErrorCode::AccessDenied));
        guest.send(socket, b"x", v4(1)).await.unwrap();
        let reason = "UdpOutgoingDatagram";
        assert_eq!(taken(), [use_of(13, reason), use_of(1, reason)]);
        let fresh = guest.udp(false);
        let denied = guest.send(fresh, b"x", v4(13)).await;
        assert_eq!(denied, Err(ErrorCode::AccessDenied));
        assert_eq!(figures(&network).ports, 1);
    })
    .await;
}
