//! What a host permits and asks for, where UDP is on the loopback network.

mod loopback_udp;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use loopback_udp::asked::{asked, uses};
use loopback_udp::p2::Host;
use loopback_udp::{address, all_v4, assert_unused, network, v4};
use wash_wasi::WasiCtxBuilder;
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::sockets::SocketAddrUse;

type Calls = Arc<Mutex<Vec<(SocketAddr, String)>>>;

/// Returns a host that notes what it is asked, and denies one use.
fn host(network: &loopback_udp::p2::Shared, denied: &'static str) -> (Host, Calls) {
    let calls = Calls::default();
    let noted = Arc::clone(&calls);
    let mut builder = WasiCtxBuilder::new();
    builder.allow_tcp(true).allow_udp(true);
    builder.socket_addr_check(move |address, reason: SocketAddrUse| {
        let reason = format!("{reason:?}");
        let permitted = reason != denied;
        noted.lock().unwrap().push((address, reason));
        Box::pin(async move { permitted })
    });
    (Host::with(&mut builder, network), calls)
}

fn taken(calls: &Calls) -> Vec<(SocketAddr, String)> {
    std::mem::take(&mut calls.lock().unwrap())
}

#[tokio::test]
async fn each_use_is_asked_once_with_the_given_address() {
    for at in [v4(4_000), all_v4(0)] {
        let network = network();
        let (mut host, calls) = host(&network, "");
        let mut socket = host.udp(false);
        assert_eq!(taken(&calls), []);
        host.bind(&socket, at).await.unwrap();
        assert_eq!(taken(&calls), [(at, "UdpBind".into())]);
        host.stream(&mut socket, Some(v4(9))).await.unwrap();
        assert_eq!(taken(&calls), asked(uses::UDP_CONNECT, v4(9)));
        host.send(&socket, b"x", None).await.unwrap();
        host.stream(&mut socket, None).await.unwrap();
        assert_eq!(taken(&calls), asked(uses::UDP_SEND_CONNECTED, v4(9)));
        let _ = host.send(&socket, b"refused before", v4(8)).await;
        host.send(&socket, b"x", v4(8)).await.unwrap();
        let twice = [uses::UDP_SEND, uses::UDP_SEND].concat();
        assert_eq!(taken(&calls), asked(&twice, v4(8)));
        // What comes is asked for where it comes from.
        let own = v4(host.local(&socket).unwrap().port());
        host.send(&socket, b"own", own).await.unwrap();
        assert_eq!(taken(&calls), asked(uses::UDP_SEND, own));
        host.receive(&socket).await.unwrap();
        assert_eq!(taken(&calls), asked(uses::UDP_RECEIVE, own));
    }
}

#[tokio::test]
async fn denial_leaves_nothing_behind() {
    let network = network();
    for at in [v4(4_000), all_v4(0), address("192.0.2.1:9")] {
        let (mut host, _) = host(&network, "UdpBind");
        let socket = host.udp(false);
        assert_eq!(host.bind(&socket, at).await, Err(ErrorCode::AccessDenied));
        assert_unused(&network);
    }
    for at in [v4(0), all_v4(0)] {
        let (mut connects, _) = host(&network, uses::UDP_CONNECT[0]);
        let mut socket = connects.bound(at).await;
        let denied = connects.stream(&mut socket, Some(v4(9))).await;
        assert_eq!(denied, Err(ErrorCode::AccessDenied));
        assert_eq!(connects.remote(&socket), Err(ErrorCode::InvalidState));
        let (mut sends, _) = host(&network, uses::UDP_SEND[0]);
        let there = connects.bound(v4(9)).await;
        let socket = sends.bound(at).await;
        let denied = sends.send(&socket, b"x", v4(9)).await;
        assert_eq!(denied, Err(ErrorCode::AccessDenied));
        assert_eq!(connects.try_receive(&there, 1), Ok(vec![]));
        connects.close(there).await;
    }
}

#[tokio::test]
async fn a_host_without_udp_makes_no_sockets() {
    let network = network();
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_network().allow_udp(false);
    let mut host = Host::with(&mut builder, &network);
    assert_eq!(host.try_udp(false), Err(ErrorCode::AccessDenied));
}

#[tokio::test]
async fn by_default_nothing_is_permitted() {
    let created = Host::with(&mut WasiCtxBuilder::new(), &network()).try_udp(false);
    assert_eq!(created.is_ok(), uses::CREATED_BY_DEFAULT);
    let mut host = Host::with(WasiCtxBuilder::new().allow_udp(true), &network());
    let socket = host.udp(false);
    assert_eq!(
        host.bind(&socket, v4(0)).await,
        Err(ErrorCode::AccessDenied)
    );
}
