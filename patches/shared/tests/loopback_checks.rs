//! What a host permits and is asked for, where addresses are on the loopback network.

mod loopback_host;
mod loopback_udp;

use std::net::SocketAddr;

use loopback_host::asked::{Checks, asked, uses};
use loopback_host::p2::{Host, Stream, at_once};
use loopback_udp::p2::{Host as UdpHost, Shared};
use loopback_udp::{address, all_v4, assert_unused, figures, network, v4, v6};
use wash_wasi::WasiCtxBuilder;
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::sockets::loopback::Protocol;

const DENIED: ErrorCode = ErrorCode::AccessDenied;

/// What is in use of the network.
fn used(network: &Shared) -> (usize, usize, usize) {
    let figures = figures(network);
    (figures.sockets, figures.ports, figures.bytes_held)
}

#[tokio::test]
async fn each_use_of_tcp_is_asked_once_with_the_given_address() {
    let (checks, mut builder) = Checks::new();
    let mut host = Host::with(&mut builder, &network());
    for own in [v4(0), all_v4(0), v6(0)] {
        let (listener, local) = host.listener(own).await;
        let bind = asked(&["TcpBind"], own);
        let listen = asked(uses::TCP_LISTEN, local);
        assert_eq!(checks.taken(), [bind, listen].concat());
        let loopback = if own.is_ipv6() { v6(0) } else { v4(0) };
        let at = SocketAddr::new(loopback.ip(), local.port());
        let near = host.connected(at).await.unwrap();
        assert_eq!(checks.taken(), asked(uses::TCP_CONNECT, at));
        host.accept(listener).await;
        let peer = host.local(near.socket).unwrap();
        assert_eq!(checks.taken(), asked(uses::TCP_ACCEPT, peer));
        // One that is bound asks for no bind.
        let bound = host.tcp(own.is_ipv6());
        host.bind(bound, loopback).await.unwrap();
        checks.taken();
        host.connect(bound, at).await.unwrap();
        assert_eq!(checks.taken(), asked(&["TcpConnect"], at));
    }
}

#[tokio::test]
async fn each_use_of_udp_is_asked_once_with_the_given_address() {
    let (checks, mut builder) = Checks::new();
    let mut host = UdpHost::with(&mut builder, &network());
    for at in [v4(4_000), all_v4(0)] {
        let mut socket = host.udp(false);
        assert_eq!(checks.taken(), []);
        host.bind(&socket, at).await.unwrap();
        assert_eq!(checks.taken(), [(at, "UdpBind".into())]);
        host.stream(&mut socket, Some(v4(9))).await.unwrap();
        assert_eq!(checks.taken(), asked(uses::UDP_CONNECT, v4(9)));
        host.send(&socket, b"x", None).await.unwrap();
        host.stream(&mut socket, None).await.unwrap();
        assert_eq!(checks.taken(), asked(uses::UDP_SEND_CONNECTED, v4(9)));
        let _ = host.send(&socket, b"refused before", v4(8)).await;
        host.send(&socket, b"x", v4(8)).await.unwrap();
        let twice = [uses::UDP_SEND, uses::UDP_SEND].concat();
        assert_eq!(checks.taken(), asked(&twice, v4(8)));
        // What comes is asked for where it comes from.
        let own = v4(host.local(&socket).unwrap().port());
        host.send(&socket, b"own", own).await.unwrap();
        assert_eq!(checks.taken(), asked(uses::UDP_SEND, own));
        host.receive(&socket).await.unwrap();
        assert_eq!(checks.taken(), asked(uses::UDP_RECEIVE, own));
    }
}

#[tokio::test]
async fn denial_leaves_tcp_as_it_was() {
    let network = network();
    let (checks, mut builder) = Checks::new();
    let mut host = Host::with(&mut builder, &network);
    for denied in [v4(13), all_v4(13), v6(13)] {
        checks.deny(&[denied, v4(13), v6(13)]);
        let (own, peer) = match denied.is_ipv6() {
            false => (v4(0), v4(13)),
            true => (v6(0), v6(13)),
        };
        let socket = host.tcp(denied.is_ipv6());
        let before = network.lock().unwrap().figures();
        assert_eq!(host.bind(socket, denied).await, Err(DENIED));
        assert_eq!(host.connect(socket, peer).await, Err(DENIED));
        assert_eq!(network.lock().unwrap().figures(), before);
        let both = [asked(&["TcpBind"], denied), asked(uses::TCP_CONNECT, peer)];
        assert_eq!(checks.taken(), both.concat());
        let again = host.bind(socket, own).await;
        assert_eq!(again.is_ok(), !uses::DENIED_CONNECT_CLOSES);
        host.drop_socket(socket);
        assert_unused(&network);
        checks.taken();
    }
}

/// An implicit bind is asked for as one to the wildcard, where it is.
#[tokio::test]
async fn who_may_not_bind_does_not_connect_unbound() {
    let network = network();
    let (checks, mut builder) = Checks::new();
    let mut host = Host::with(&mut builder, &network);
    let (_, at) = host.listener(v4(0)).await;
    let bound = host.tcp(false);
    host.bind(bound, v4(0)).await.unwrap();
    checks.deny(&[all_v4(0)]);
    let before = used(&network);
    let connected = host.connected(at).await;
    match uses::TCP_CONNECT.contains(&"TcpBind") {
        true => assert_eq!((connected, used(&network)), (Err(DENIED), before)),
        false => assert!(connected.is_ok()),
    }
    host.connect(bound, at).await.unwrap();
}

#[tokio::test]
async fn denied_listening_leaves_no_port_taken() {
    let network = network();
    let (checks, mut builder) = Checks::new();
    let mut host = Host::with(&mut builder, &network);
    checks.deny_use("TcpListen", None);
    let mut free = 0;
    for own in [v4(0), v6(0), all_v4(0), all_v4(0), all_v4(0)] {
        let socket = host.tcp(own.is_ipv6());
        host.bind(socket, own).await.unwrap();
        let local = host.local(socket).unwrap();
        let listens = host.listen(socket);
        if uses::TCP_LISTEN.is_empty() {
            assert_eq!(listens, Ok(()));
            host.drop_socket(socket);
            continue;
        }
        assert_eq!(listens, Err(DENIED));
        assert_unused(&network);
        // Nothing has the port on the system, unless somebody else was faster.
        free += usize::from(std::net::TcpListener::bind(local).is_ok());
        host.drop_socket(socket);
    }
    assert_eq!(free > 0, !uses::TCP_LISTEN.is_empty());
}

/// Who comes from elsewhere is accepted all the same.
#[tokio::test]
async fn who_may_not_be_accepted_is_reset() {
    let network = network();
    let (checks, mut builder) = Checks::new();
    let mut host = Host::with(&mut builder, &network);
    let mut others = Host::new(&network);
    for own in [v4(0), all_v4(0)] {
        let (listener, local) = host.listener(own).await;
        let at = v4(local.port());
        let denied = others.connected(at).await.unwrap();
        checks.deny_use("TcpAccept", Some(others.local(denied.socket).unwrap()));
        let permitted = others.connected(at).await.unwrap();
        if uses::TCP_ACCEPT.is_empty() {
            host.accept(listener).await;
        }
        let far = host.accept(listener).await;
        let peer = others.local(permitted.socket);
        assert_eq!(host.remote(far.socket), peer);
        assert_eq!(host.try_accept(listener), Err(ErrorCode::WouldBlock));
        if uses::TCP_ACCEPT.is_empty() {
            continue;
        }
        let reset = others.read(denied, 1).await;
        assert_eq!(reset, Err(Stream::Failed(ErrorCode::ConnectionReset)));
        // So it is for those of the host.
        if own == all_v4(0) {
            checks.deny_use("TcpAccept", None);
            let mut real = std::net::TcpStream::connect(at).unwrap();
            real.set_nonblocking(true).unwrap();
            let end = loop {
                assert_eq!(host.try_accept(listener), Err(ErrorCode::WouldBlock));
                match std::io::Read::read(&mut real, &mut [0]) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    end => break end,
                }
                tokio::task::yield_now().await;
            };
            assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        }
    }
}

#[tokio::test]
async fn denial_leaves_udp_as_it_was() {
    let network = network();
    let (checks, mut builder) = Checks::new();
    let mut host = UdpHost::with(&mut builder, &network);
    let there = host.bound(v4(9)).await;
    for at in [v4(4_000), all_v4(0), address("192.0.2.1:9")] {
        checks.deny_use("UdpBind", None);
        let before = used(&network);
        let socket = host.udp(false);
        assert_eq!(host.bind(&socket, at).await, Err(DENIED));
        assert_eq!(used(&network), before);
    }
    for at in [v4(0), all_v4(0)] {
        // Each of what a connect needs can be denied.
        for name in uses::UDP_CONNECT_DENIED_BY {
            checks.deny_use("", Some(v4(1)));
            let mut socket = host.bound(at).await;
            checks.deny_use(name, Some(v4(9)));
            let denied = host.stream(&mut socket, Some(v4(9))).await;
            assert_eq!(denied, Err(DENIED), "{name}");
            assert_eq!(host.remote(&socket), Err(ErrorCode::InvalidState));
            host.stream(&mut socket, Some(v4(8))).await.unwrap();
            host.close(socket).await;
        }
        let socket = host.bound(at).await;
        checks.deny_use(uses::UDP_SEND[0], None);
        let denied = host.send(&socket, b"x", v4(9)).await;
        assert_eq!(denied, Err(DENIED));
        assert_eq!(host.try_receive(&there, 1), Ok(vec![]));
    }
}

/// What comes from elsewhere is received all the same.
#[tokio::test]
async fn what_may_not_be_received_is_left_out() {
    let network = network();
    let (checks, mut builder) = Checks::new();
    let mut host = UdpHost::with(&mut builder, &network);
    let mut others = UdpHost::new(&network);
    let (denied, permitted) = (others.bound(v4(0)).await, others.bound(v4(0)).await);
    let from = others.local(&permitted).unwrap();
    for at in [v4(0), all_v4(0)] {
        let socket = host.bound(at).await;
        let to = v4(host.local(&socket).unwrap().port());
        checks.deny_use("UdpReceive", others.local(&denied).ok());
        if at == all_v4(0) {
            // So it is for those of the host.
            let real = std::net::UdpSocket::bind(v4(0)).unwrap();
            let real_at = real.local_addr().unwrap();
            real.send_to(b"real", to).unwrap();
            assert_eq!(host.receive(&socket).await, Ok((b"real".to_vec(), real_at)));
            checks.deny_use("UdpReceive", None);
            real.send_to(b"real", to).unwrap();
            if uses::UDP_RECEIVE.is_empty() {
                host.receive(&socket).await.unwrap();
            } else {
                checks.taken();
                while checks.taken().is_empty() {
                    assert_eq!(host.try_receive(&socket, 1), Ok(vec![]));
                    tokio::task::yield_now().await;
                }
                assert_eq!(host.try_receive(&socket, 1), Ok(vec![]));
            }
            checks.deny_use("UdpReceive", others.local(&denied).ok());
        }
        others.send(&denied, b"denied", to).await.unwrap();
        others.send(&permitted, b"permitted", to).await.unwrap();
        if uses::UDP_RECEIVE.is_empty() {
            assert_eq!(host.receive(&socket).await.unwrap().0, b"denied");
        }
        let received = host.receive(&socket).await;
        assert_eq!(received, Ok((b"permitted".to_vec(), from)));
        assert_eq!(host.try_receive(&socket, 1), Ok(vec![]));
        assert!(at_once(host.ready(&socket)).is_none());
    }
}

#[tokio::test]
async fn a_host_without_tcp_or_udp_makes_no_sockets() {
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_network().allow_tcp(false).allow_udp(false);
    let created = Host::with(&mut builder, &network()).try_tcp(false);
    assert_eq!(created, Err(DENIED));
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_network().allow_tcp(false).allow_udp(false);
    let created = UdpHost::with(&mut builder, &network()).try_udp(false);
    assert_eq!(created, Err(DENIED));
}

#[tokio::test]
async fn by_default_nothing_is_permitted() {
    let network = network();
    let created = Host::with(&mut WasiCtxBuilder::new(), &network).try_tcp(false);
    assert_eq!(created.is_ok(), uses::CREATED_BY_DEFAULT);
    let created = UdpHost::with(&mut WasiCtxBuilder::new(), &network).try_udp(false);
    assert_eq!(created.is_ok(), uses::CREATED_BY_DEFAULT);
    let mut tcp = Host::with(WasiCtxBuilder::new().allow_tcp(true), &network);
    let mut udp = UdpHost::with(WasiCtxBuilder::new().allow_udp(true), &network);
    let mut server = Host::new(&network);
    let (_, listens) = server.listener(v4(0)).await;
    let before = used(&network);
    for at in [v4(0), all_v4(0), v6(0)] {
        let socket = tcp.tcp(at.is_ipv6());
        assert_eq!(tcp.bind(socket, at).await, Err(DENIED));
        assert_eq!(tcp.connected(listens).await, Err(DENIED));
        let socket = udp.udp(at.is_ipv6());
        assert_eq!(udp.bind(&socket, at).await, Err(DENIED));
        assert_eq!(used(&network), before);
    }
    // Nor are ports of the host's that the network passes through.
    network.lock().unwrap().pass_through(Protocol::Tcp, [9]);
    assert_eq!(tcp.connected(v4(9)).await, Err(DENIED));
}
