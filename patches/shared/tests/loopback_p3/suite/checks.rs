//! What a host permits and is asked for.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use wash_wasi::WasiCtxBuilder;

use super::host::{ErrorCode, Guest, Socket, run_with};
use super::loopback_host::asked::{Checks, asked as uses_of, uses};
use super::loopback_host::p2::at_once;
use super::loopback_udp::p2::Shared;
use super::loopback_udp::{address, all_v4, figures, network, v4, v6};

/// Runs a guest of a host that notes what it is asked.
async fn asking(network: &Shared, body: impl AsyncFnOnce(&Guest, &Checks)) {
    let (checks, mut builder) = Checks::new();
    run_with(&mut builder, network, async |guest| {
        body(guest, &checks).await;
    })
    .await;
}

/// What is in use of the network.
fn used(network: &Shared) -> (usize, usize, usize) {
    let figures = figures(network);
    (figures.sockets, figures.ports, figures.bytes_held)
}

const DENIED: Result<(), ErrorCode> = Err(ErrorCode::AccessDenied);

#[tokio::test]
async fn each_use_of_tcp_is_asked_once_with_the_given_address() {
    let network = network();
    asking(&network, async |guest, asked| {
        for (at, other) in [
            (v4(0), v4(0)),
            (v6(7), address("[::]:0")),
            (address("127.0.0.9:0"), all_v4(0)),
        ] {
            let (listener, to, mut incoming) = guest.listener(at);
            let bind = uses_of(&["TcpBind"], at);
            let listens = uses_of(uses::TCP_LISTEN, to);
            assert_eq!(asked.taken(), [bind, listens].concat());
            let near = guest.tcp(at.is_ipv6());
            guest.bind(near, other).unwrap();
            assert_eq!(asked.taken(), uses_of(&["TcpBind"], other));
            guest.connect(near, to).await.unwrap();
            let far = incoming.next().await;
            let accept = uses_of(uses::TCP_ACCEPT, guest.local(near).unwrap());
            let connect = uses_of(&["TcpConnect"], to);
            assert_eq!(asked.taken(), [connect, accept].concat());
            guest.send_all(far, b"x").await.unwrap();
            assert_eq!(guest.receive(near).next(1).await, b"x");
            let near = guest.connected(to).await.unwrap();
            incoming.next().await;
            let accept = uses_of(uses::TCP_ACCEPT, guest.local(near).unwrap());
            let connect = uses_of(uses::TCP_CONNECT, to);
            assert_eq!(asked.taken(), [connect, accept].concat());
            // Nor is anything asked that fails for another reason twice.
            let taken = guest.tcp(at.is_ipv6());
            assert_eq!(guest.bind(taken, to), Err(ErrorCode::AddressInUse));
            assert_eq!(asked.taken(), uses_of(&["TcpBind"], to));
            guest.drop_socket(listener);
        }
    })
    .await;
}

#[tokio::test]
async fn each_use_of_udp_is_asked_once_with_the_given_address() {
    let network = network();
    asking(&network, async |guest, asked| {
        let guest = guest.udp();
        for at in [v4(1), all_v4(0)] {
            let socket = guest.bound(at);
            assert_eq!(asked.taken(), uses_of(&["UdpBind"], at));
            guest.connect(socket, v4(9)).unwrap();
            assert_eq!(asked.taken(), uses_of(uses::UDP_CONNECT, v4(9)));
            guest.send(socket, b"x", None).await.unwrap();
            guest.disconnect(socket).unwrap();
            assert_eq!(asked.taken(), uses_of(uses::UDP_SEND_CONNECTED, v4(9)));
            // The refusal of before is told, and asked for all the same.
            _ = guest.send(socket, b"x", v4(9)).await;
            guest.send(socket, b"x", v4(9)).await.unwrap();
            let twice = [uses::UDP_SEND, uses::UDP_SEND].concat();
            assert_eq!(asked.taken(), uses_of(&twice, v4(9)));
            let unbound = guest.create(false);
            guest.send(unbound, b"x", v4(9)).await.unwrap();
            assert_eq!(asked.taken(), uses_of(uses::UDP_SEND_UNBOUND, v4(9)));
            // What comes is asked for where it comes from.
            let own = v4(guest.local(socket).unwrap().port());
            guest.send(socket, b"own", own).await.unwrap();
            assert_eq!(asked.taken(), uses_of(uses::UDP_SEND, own));
            guest.receive(socket).await.unwrap();
            assert_eq!(asked.taken(), uses_of(uses::UDP_RECEIVE, own));
        }
    })
    .await;
}

/// Binds to what is denied, and then to what is not.
fn denied_at_bind(
    network: &Shared,
    at: SocketAddr,
    socket: Socket,
    bind: impl Fn(Socket, SocketAddr) -> Result<(), ErrorCode>,
) {
    let before = used(network);
    assert_eq!(bind(socket, at), DENIED, "{at}");
    assert_eq!(used(network), before, "{at}");
    let own = if at.is_ipv6() { v6(0) } else { v4(0) };
    bind(socket, own).unwrap();
}

#[tokio::test]
async fn denial_leaves_tcp_as_it_was() {
    let network = network();
    asking(&network, async |guest, asked| {
        let mut free = 0;
        for any in ["0.0.0.0:0", "[::]:0"] {
            let Ok(system) = TcpListener::bind(any) else {
                continue; // The host does not have that family.
            };
            let both = system.local_addr().unwrap();
            drop(system);
            let loopback = if both.is_ipv6() { v6(80) } else { v4(80) };
            let elsewhere = address(if both.is_ipv6() {
                "[2001:db8::1]:9"
            } else {
                "192.0.2.1:9"
            });
            asked.deny(&[both, loopback, elsewhere]);
            let (_, at, mut incoming) = guest.listener(SocketAddr::new(loopback.ip(), 0));
            for denied in [both, loopback, elsewhere] {
                let socket = guest.tcp(both.is_ipv6());
                denied_at_bind(&network, denied, socket, |s, at| guest.bind(s, at));
                // A bound socket is not connected, and can be.
                let local = guest.local(socket);
                let before = used(&network);
                if denied != both && !uses::DENIED_CONNECT_CLOSES {
                    assert_eq!(guest.connect(socket, denied).await, DENIED);
                }
                assert_eq!((guest.local(socket), used(&network)), (local, before));
                guest.connect(socket, at).await.unwrap();
                incoming.next().await;
            }
            // Neither is an unbound one bound.
            let unbound = guest.tcp(both.is_ipv6());
            let before = used(&network);
            assert_eq!(guest.connect(unbound, loopback).await, DENIED);
            let unbound = guest.tcp(both.is_ipv6());
            assert_eq!(guest.connect(unbound, elsewhere).await, DENIED);
            let local = match uses::DENIED_CONNECT_CLOSES {
                false => ErrorCode::InvalidState,
                true => ErrorCode::AccessDenied,
            };
            assert_eq!(guest.local(unbound), Err(local));
            assert_eq!(used(&network), before);
            // Nothing has the port on the system, unless somebody else was faster.
            free += usize::from(TcpListener::bind(both).is_ok());
        }
        assert!(free > 0);
    })
    .await;
}

#[tokio::test]
async fn denial_leaves_udp_as_it_was() {
    let network = network();
    asking(&network, async |guest, asked| {
        let guest = guest.udp();
        let system = UdpSocket::bind(all_v4(0)).unwrap();
        let both = system.local_addr().unwrap();
        drop(system);
        let elsewhere = address("192.0.2.1:9");
        asked.deny(&[both, v4(9), elsewhere]);
        let there = guest.bound(v4(8));
        for denied in [both, v4(9), elsewhere] {
            let socket = guest.create(false);
            denied_at_bind(&network, denied, socket, |s, at| guest.bind(s, at));
            for socket in [socket, guest.bound(all_v4(0))] {
                let before = (guest.local(socket), used(&network));
                assert_eq!(guest.connect(socket, v4(9)), DENIED);
                assert_eq!(guest.remote(socket), Err(ErrorCode::InvalidState));
                assert_eq!(guest.send(socket, b"x", v4(9)).await, DENIED);
                assert_eq!(guest.send(socket, b"x", elsewhere).await, DENIED);
                assert_eq!((guest.local(socket), used(&network)), before);
                guest.send(socket, b"y", v4(8)).await.unwrap();
                assert_eq!(guest.receive(there).await.unwrap().0, b"y");
            }
        }
        // Neither is an unbound one bound.
        let unbound = guest.create(false);
        let before = used(&network);
        assert_eq!(guest.send(unbound, b"x", v4(9)).await, DENIED);
        assert_eq!(guest.send(unbound, b"x", elsewhere).await, DENIED);
        assert_eq!(guest.local(unbound), Err(ErrorCode::InvalidState));
        assert_eq!(used(&network), before);
        // Nothing has the port on the system, unless somebody else was faster.
        let free = |_: &u32| UdpSocket::bind(both).is_ok();
        assert!((0..100).any(|n| free(&n)));
    })
    .await;
}

/// An implicit bind is asked for as one to the wildcard, where it is.
#[tokio::test]
async fn who_may_not_bind_does_nothing_unbound() {
    let network = network();
    asking(&network, async |guest, asked| {
        let (_, at, _incoming) = guest.listener(v4(0));
        let there = guest.udp().bound(v4(9));
        let (bound, other) = (guest.tcp(false), guest.udp().bound(v4(0)));
        guest.bind(bound, v4(0)).unwrap();
        asked.deny(&[all_v4(0)]);
        let before = used(&network);
        let connected = guest.connected(at).await;
        match uses::TCP_CONNECT.contains(&"TcpBind") {
            true => assert_eq!(
                (connected, used(&network)),
                (DENIED.map(|()| bound), before)
            ),
            false => assert!(connected.is_ok()),
        }
        let unbound = guest.udp().create(false);
        let before = used(&network);
        let sent = guest.udp().send(unbound, b"x", v4(9)).await;
        match uses::UDP_SEND_UNBOUND.contains(&"UdpBind") {
            true => assert_eq!((sent, used(&network)), (DENIED, before)),
            false => assert_eq!(sent, Ok(())),
        }
        guest.connect(bound, at).await.unwrap();
        guest.udp().send(other, b"x", v4(9)).await.unwrap();
        guest.udp().receive(there).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn denied_listening_leaves_no_port_taken() {
    let network = network();
    asking(&network, async |guest, asked| {
        asked.deny_use("TcpListen", None);
        for own in [Some(v4(0)), Some(v6(0)), Some(all_v4(0)), None] {
            let socket = guest.tcp(own.is_some_and(|own| own.is_ipv6()));
            if let Some(own) = own {
                guest.bind(socket, own).unwrap();
            }
            let listens = guest.listen(socket).map(|_| ());
            match uses::TCP_LISTEN.is_empty() {
                // Whether it is bound implicitly depends on the release.
                true => assert!(listens.is_ok() || own.is_none()),
                false => assert_eq!((listens, used(&network)), (DENIED, (0, 0, 0))),
            }
            guest.drop_socket(socket);
        }
    })
    .await;
}

/// Who comes from elsewhere is accepted all the same.
#[tokio::test]
async fn who_may_not_be_accepted_is_reset() {
    let network = network();
    asking(&network, async |guest, asked| {
        for own in [v4(0), all_v4(0)] {
            let (socket, local, mut incoming) = guest.listener(own);
            assert!(at_once(incoming.next()).is_none());
            let at = v4(local.port());
            let denied = guest.tcp(false);
            guest.bind(denied, v4(0)).unwrap();
            asked.deny_use("TcpAccept", guest.local(denied).ok());
            guest.connect(denied, at).await.unwrap();
            let permitted = guest.connected(at).await.unwrap();
            if uses::TCP_ACCEPT.is_empty() {
                incoming.next().await;
            }
            let far = incoming.next().await;
            assert_eq!(guest.remote(far), guest.local(permitted));
            if !uses::TCP_ACCEPT.is_empty() {
                let reset = (vec![], Err(ErrorCode::ConnectionReset));
                assert_eq!(guest.receive(denied).rest().await, reset);
            }
            guest.drop_socket(socket);
        }
    })
    .await;
}

/// What comes from elsewhere is received all the same.
#[tokio::test]
async fn what_may_not_be_received_is_left_out() {
    let network = network();
    asking(&network, async |guest, asked| {
        let guest = guest.udp();
        for at in [v4(0), all_v4(0)] {
            let socket = guest.bound(at);
            let to = v4(guest.local(socket).unwrap().port());
            let (denied, permitted) = (guest.bound(v4(0)), guest.bound(v4(0)));
            asked.deny_use("UdpReceive", guest.local(denied).ok());
            guest.send(denied, b"denied", to).await.unwrap();
            guest.send(permitted, b"permitted", to).await.unwrap();
            if uses::UDP_RECEIVE.is_empty() {
                assert_eq!(guest.receive(socket).await.unwrap().0, b"denied");
            }
            let from = guest.local(permitted).unwrap();
            let received = guest.receive(socket).await;
            assert_eq!(received, Ok((b"permitted".to_vec(), from)));
            assert!(at_once(guest.receive(socket)).is_none());
            // Each of what a connect needs can be denied.
            for name in uses::UDP_CONNECT_DENIED_BY {
                asked.deny_use(name, Some(from));
                assert_eq!(guest.connect(socket, from), DENIED, "{name}");
                assert_eq!(guest.remote(socket), Err(ErrorCode::InvalidState));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn creation_is_gated() {
    let network = network();
    let denied = Some(ErrorCode::AccessDenied);
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_network().allow_tcp(false).allow_udp(true);
    run_with(&mut builder, &network, async |guest| {
        for ipv6 in [false, true] {
            assert_eq!(guest.try_tcp(ipv6).err(), denied);
            guest.udp().create(ipv6);
        }
    })
    .await;
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_network().allow_tcp(true).allow_udp(false);
    run_with(&mut builder, &network, async |guest| {
        for ipv6 in [false, true] {
            assert_eq!(guest.udp().try_create(ipv6).err(), denied);
            guest.tcp(ipv6);
        }
    })
    .await;
}

#[tokio::test]
async fn by_default_nothing_is_permitted() {
    let network = network();
    run_with(&mut WasiCtxBuilder::new(), &network, async |guest| {
        for created in [guest.try_tcp(false), guest.udp().try_create(true)] {
            assert_eq!(created.is_ok(), uses::CREATED_BY_DEFAULT);
        }
    })
    .await;
    let mut builder = WasiCtxBuilder::new();
    builder.allow_tcp(true).allow_udp(true);
    run_with(&mut builder, &network, async |guest| {
        for at in [v4(0), all_v4(0), v6(0)] {
            let tcp = guest.tcp(at.is_ipv6());
            assert_eq!(guest.bind(tcp, at), DENIED);
            let (own, own_udp) = (guest.tcp(false), guest.udp().create(false));
            assert_eq!(guest.connect(own, v4(9)).await, DENIED);
            let udp = guest.udp().create(at.is_ipv6());
            assert_eq!(guest.udp().bind(udp, at), DENIED);
            assert_eq!(guest.udp().send(own_udp, b"x", v4(9)).await, DENIED);
        }
    })
    .await;
    assert_eq!(used(&network), (0, 0, 0));
}
