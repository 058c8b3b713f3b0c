//! TCP on the loopback network through the host's side of WASI P2.

mod loopback_host;

use loopback_host::p2::{Host, Stream, at_once};
use loopback_host::{address, network, v4, v6};
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::p2::bindings::sockets::tcp::{HostTcpSocket as _, ShutdownType};

#[tokio::test]
async fn two_guests_echo_on_a_shared_network() {
    for address in [v4(7), v6(7)] {
        let network = network();
        let (mut server, mut client) = (Host::new(&network), Host::new(&network));
        let (listener, at) = server.listener(address).await;
        assert_eq!(at, address);
        let near = client.connected(at).await.unwrap();
        let far = server.accept(listener).await;
        client.write(near, "hello").await.unwrap();
        let heard = server.read(far, 100).await.unwrap();
        server.write(far, heard).await.unwrap();
        assert_eq!(client.read(near, 100).await.unwrap(), "hello");
        assert_eq!(client.remote(near.socket), Ok(at));
        assert_eq!(client.local(near.socket), server.remote(far.socket));
        assert_eq!(server.local(far.socket), Ok(at));
    }
}

#[tokio::test]
async fn four_mebibytes_go_both_ways() {
    let network = network();
    let (mut server, mut client) = (Host::new(&network), Host::new(&network));
    let (listener, at) = server.listener(v4(0)).await;
    let near = client.connected(at).await.unwrap();
    let far = server.accept(listener).await;
    let sent: Vec<u8> = (0..4_u32 << 20)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let echo = async {
        loop {
            match server.read(far, 65_536).await {
                Ok(bytes) => server.write(far, bytes).await.unwrap(),
                Err(end) => break assert_eq!(end, Stream::Closed),
            }
        }
        server.close(far);
    };
    let talk = async {
        let mut heard = Vec::new();
        for chunk in sent.chunks(50_000) {
            // Whoever only writes to an echo stops it.
            while client.check_write(near).unwrap() == 0 {
                heard.extend(client.read(near, 65_536).await.unwrap());
            }
            client.try_write(near, chunk.to_vec().into()).unwrap();
        }
        client.shutdown(near.socket, ShutdownType::Send).unwrap();
        let (rest, end) = client.read_all(near).await;
        heard.extend(rest);
        assert_eq!(end, Stream::Closed);
        assert!(heard == sent);
    };
    tokio::join!(echo, talk);
}

#[tokio::test]
async fn a_connect_is_done_before_it_is_accepted() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    let near = host.connected(at).await.unwrap();
    host.write(near, "early").await.unwrap();
    let far = host.try_accept(listener).unwrap();
    assert_eq!(host.try_read(far, 100).unwrap(), "early");
}

#[tokio::test]
async fn networks_that_are_not_shared_do_not_meet() {
    let (mut one, mut other) = (Host::new(&network()), Host::new(&network()));
    let (_, at) = one.listener(v4(8080)).await;
    let (_, same) = other.listener(v4(8080)).await;
    assert_eq!(at, same);
    let mut third = Host::new(&network());
    assert_eq!(third.connected(at).await, Err(ErrorCode::ConnectionRefused));
}

#[tokio::test]
async fn a_taken_port_leaves_the_socket_usable() {
    for (taken, wanted) in [
        (v4(80), v4(80)),
        (v4(80), address("0.0.0.0:80")),
        (v6(80), v6(80)),
    ] {
        let network = network();
        let mut host = Host::new(&network);
        host.listener(taken).await;
        let socket = host.tcp(taken.is_ipv6());
        let refused = host.bind(socket, wanted).await;
        assert_eq!(refused, Err(ErrorCode::AddressInUse), "{taken} {wanted}");
        let mut elsewhere = taken;
        elsewhere.set_port(81);
        host.bind(socket, elsewhere).await.unwrap();
        assert_eq!(host.local(socket), Ok(elsewhere));
    }
}

#[tokio::test]
async fn addresses_conflict_as_on_the_system() {
    let network = network();
    let mut host = Host::new(&network);
    host.listener(v4(1)).await;
    host.listener(address("127.0.0.2:1")).await;
    host.listener(v6(1)).await;
    let refused = host.connected(address("127.0.0.3:1")).await;
    assert_eq!(refused, Err(ErrorCode::ConnectionRefused));
    for at in ["127.0.0.1:1", "127.0.0.2:1", "[::1]:1"] {
        host.connected(address(at)).await.unwrap();
    }
}

#[tokio::test]
async fn states_are_those_of_upstream() {
    let network = network();
    let mut host = Host::new(&network);
    let socket = host.tcp(false);
    assert_eq!(host.local(socket), Err(ErrorCode::InvalidState));
    assert_eq!(host.listen(socket), Err(ErrorCode::InvalidState));
    host.bind(socket, v4(0)).await.unwrap();
    assert_eq!(host.bind(socket, v4(0)).await, Err(ErrorCode::InvalidState));
    assert_eq!(host.remote(socket), Err(ErrorCode::InvalidState));
    host.listen(socket).unwrap();
    assert_eq!(host.try_accept(socket), Err(ErrorCode::WouldBlock));
    let at = host.local(socket).unwrap();
    assert_eq!(
        host.start_connect(socket, at).await,
        Err(ErrorCode::InvalidState)
    );
    // A socket whose connect failed is of no more use.
    let socket = host.tcp(false);
    let refused = host.connect(socket, v4(9)).await;
    assert_eq!(refused, Err(ErrorCode::ConnectionRefused));
    assert_eq!(host.bind(socket, v4(0)).await, Err(ErrorCode::InvalidState));
}

#[tokio::test]
async fn addresses_that_no_socket_can_have() {
    let network = network();
    let mut host = Host::new(&network);
    let (_, at) = host.listener(v4(0)).await;
    let mapped = format!("[::ffff:127.0.0.1]:{}", at.port());
    for (ipv6, remote) in [
        (false, "0.0.0.0:47"),
        (true, "[::]:47"),
        (false, "127.0.0.1:0"),
        (false, "[::1]:47"),
        (true, "127.0.0.1:47"),
        (true, &mapped),
        (true, "[::127.0.0.1]:47"),
        (false, "255.255.255.255:47"),
        (false, "224.254.0.0:47"),
        (true, "[ff00::]:47"),
    ] {
        let socket = host.tcp(ipv6);
        let refused = host.connect(socket, address(remote)).await;
        assert_eq!(refused, Err(ErrorCode::InvalidArgument), "{remote}");
    }
    for (ipv6, local) in [
        (false, "[::1]:0"),
        (true, "127.0.0.1:0"),
        (true, "[::ffff:127.0.0.1]:0"),
        (false, "255.255.255.255:0"),
    ] {
        let socket = host.tcp(ipv6);
        let refused = host.bind(socket, address(local)).await;
        assert_eq!(refused, Err(ErrorCode::InvalidArgument), "{local}");
        let own = if ipv6 { v6(0) } else { v4(0) };
        host.bind(socket, own).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_can_be_bound() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    let client = host.tcp(false);
    host.bind(client, address("127.0.0.9:1234")).await.unwrap();
    let near = host.connect(client, at).await.unwrap();
    assert_eq!(host.local(client), Ok(address("127.0.0.9:1234")));
    let far = host.accept(listener).await;
    assert_eq!(host.remote(far.socket), Ok(address("127.0.0.9:1234")));
    // The port is taken for as long as the connection lives.
    let other = host.tcp(false);
    let taken = host.bind(other, address("127.0.0.9:1234")).await;
    assert_eq!(taken, Err(ErrorCode::AddressInUse));
    host.close(near);
    host.bind(other, address("127.0.0.9:1234")).await.unwrap();
}

#[tokio::test]
async fn a_listener_that_goes_frees_its_port_and_no_more() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    let near = host.connected(at).await.unwrap();
    let far = host.accept(listener).await;
    let queued = host.connected(at).await.unwrap();
    host.drop_socket(listener);
    assert_eq!(host.connected(at).await, Err(ErrorCode::ConnectionRefused));
    let reset = host.read(queued, 1).await;
    assert_eq!(reset, Err(Stream::Failed(ErrorCode::ConnectionReset)));
    host.write(near, "still").await.unwrap();
    assert_eq!(host.read(far, 100).await.unwrap(), "still");
    host.listener(at).await;
}

#[tokio::test]
async fn a_full_backlog_pends_and_then_completes_or_is_refused() {
    let network = network();
    let mut host = Host::new(&network);
    let listener = host.tcp(false);
    host.bind(listener, v4(0)).await.unwrap();
    host.option(listener, |view, socket| {
        view.set_listen_backlog_size(socket, 1)
    })
    .unwrap();
    host.listen(listener).unwrap();
    let at = host.local(listener).unwrap();
    let queued = [
        host.connected(at).await.unwrap(),
        host.connected(at).await.unwrap(),
    ];
    let pending = [host.tcp(false), host.tcp(false), host.tcp(false)];
    for socket in pending {
        host.start_connect(socket, at).await.unwrap();
        assert_eq!(host.finish_connect(socket), Err(ErrorCode::WouldBlock));
    }
    host.accept(listener).await;
    let first = host.finish_connect(pending[0]).unwrap();
    assert_eq!(host.finish_connect(pending[1]), Err(ErrorCode::WouldBlock));
    host.option(listener, |view, socket| {
        view.set_listen_backlog_size(socket, 2)
    })
    .unwrap();
    host.finish_connect(pending[1]).unwrap();
    // A pending connect whose socket goes leaves its place.
    host.drop_socket(pending[2]);
    let last = host.tcp(false);
    host.start_connect(last, at).await.unwrap();
    assert!(at_once(host.ready(last)).is_none());
    host.drop_socket(listener);
    host.ready(last).await;
    assert_eq!(host.finish_connect(last), Err(ErrorCode::ConnectionRefused));
    for streams in [queued[1], first] {
        let reset = host.read(streams, 1).await;
        assert_eq!(reset, Err(Stream::Failed(ErrorCode::ConnectionReset)));
    }
}
