//! What cannot be seen from outside: which plane a socket is on, and what it holds.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::super::os::SocketOption;
use super::super::os::rustix::fd::AsFd as _;
use super::super::os::rustix::net::sockopt;
use super::super::tests::at_once;
use super::super::{Network, Protocol};
use super::socket::SharedTcpSocket;
use super::{TcpListener, TcpSocket, TcpStream};

fn network() -> Arc<Mutex<Network>> {
    Arc::default()
}

fn bound(network: &Arc<Mutex<Network>>, address: &str) -> TcpSocket {
    let address: SocketAddr = address.parse().unwrap();
    let mut socket = TcpSocket::new(network, address.is_ipv6());
    socket.bind(address).unwrap();
    socket
}

#[test]
fn the_address_chooses_the_plane() {
    let network = network();
    for (address, plane) in [
        ("127.0.0.1:0", "Loopback"),
        ("127.255.0.9:0", "Loopback"),
        ("[::1]:0", "Loopback"),
        ("0.0.0.0:0", "Unspecified"),
        ("[::]:0", "Unspecified"),
    ] {
        let socket = format!("{:?}", bound(&network, address));
        assert!(socket.starts_with(plane), "{address}: {socket}");
    }
    let unbound = TcpSocket::new(&network, false);
    let TcpSocket::Network(socket) = &unbound else {
        panic!("a new socket is {unbound:?}");
    };
    assert!(socket.descriptor.is_none());
    assert_eq!(unbound.local_addr().unwrap(), "0.0.0.0:0".parse().unwrap());
}

#[test]
fn a_socket_that_was_never_put_on_a_network_can_use_neither_side() {
    let down = Some(rustix::io::Errno::NETDOWN.raw_os_error());
    for (ipv6, addresses) in [
        (false, ["127.0.0.1:9", "0.0.0.0:9", "192.0.2.1:9"]),
        (true, ["[::1]:9", "[::]:9", "[2001:db8::1]:9"]),
    ] {
        let new = || match ipv6 {
            false => SharedTcpSocket::new_v4().unwrap(),
            true => SharedTcpSocket::new_v6().unwrap(),
        };
        for at in addresses {
            let at: SocketAddr = at.parse().unwrap();
            assert_eq!(new().bind(at).unwrap_err().raw_os_error(), down, "{at}");
            let connected = at_once(new().connect(at)).unwrap();
            assert_eq!(connected.unwrap_err().raw_os_error(), down, "{at}");
        }
        assert_eq!(new().listen(1).unwrap_err().raw_os_error(), down);
        let told = new().on(&network());
        told.bind(addresses[0].parse().unwrap()).unwrap();
    }
}

#[test]
fn a_family_binds_and_connects_its_own_only() {
    let network = network();
    let mut socket = TcpSocket::new(&network, true);
    for other in ["127.0.0.1:1", "0.0.0.0:1", "192.0.2.1:1"] {
        assert!(socket.bind(other.parse().unwrap()).is_err());
        let connect = TcpSocket::new(&network, true).connect(other.parse().unwrap());
        assert!(at_once(connect).unwrap().is_err());
    }
    // A mapped address is counted as IPv4, on the network only.
    socket
        .bind("[::ffff:127.0.0.1]:0".parse().unwrap())
        .unwrap();
    assert!(matches!(socket, TcpSocket::Loopback(_)));
}

#[test]
fn no_name_of_the_hosts_loopback_leads_there() {
    let network = network();
    for name in [
        "[::]:9",
        "[::ffff:0.0.0.0]:9",
        "[::127.0.0.1]:9",
        "[::ffff:127.0.0.1]:9",
    ] {
        let connect = TcpSocket::new(&network, true).connect(name.parse().unwrap());
        // Without a runtime, the system could not even be asked.
        assert!(at_once(connect).unwrap().is_err(), "{name}");
    }
}

#[test]
fn an_unbound_socket_that_listens_is_bound_to_the_wildcard() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    let network = network();
    let listener = TcpSocket::new(&network, false).listen(0).unwrap();
    assert!(matches!(listener, TcpListener::Unspecified(_)));
    let address = listener.local_addr().unwrap();
    assert!(address.ip().is_unspecified() && address.port() != 0);
}

/// As on Linux, a connect that nobody makes place for is not waited for without end.
#[tokio::test]
async fn a_connect_to_a_full_backlog_is_given_up_in_the_end() {
    let network = network();
    let listener = bound(&network, "127.0.0.1:0").listen(0).unwrap();
    let to = listener.local_addr().unwrap();
    let connect = || TcpSocket::new(&network, false).connect(to);
    let queued = connect().await.unwrap();
    let before = network.lock().unwrap().figures();
    let given_up = connect().await.unwrap_err();
    assert_eq!(given_up.kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(network.lock().unwrap().figures(), before);
    let waits = queued.try_read(&mut [0]).unwrap_err();
    assert_eq!(waits.kind(), std::io::ErrorKind::WouldBlock);
}

/// Both ends of a connection, which need no runtime.
fn pair(network: &Arc<Mutex<Network>>) -> [TcpStream; 2] {
    let listener = bound(network, "127.0.0.1:0").listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = TcpSocket::new(network, false).connect(address);
    let connected = at_once(connect).unwrap().unwrap();
    let (accepted, peer) = at_once(listener.accept()).unwrap().unwrap();
    assert_eq!(peer, connected.local_addr().unwrap());
    [connected, accepted]
}

#[test]
fn a_stream_does_what_those_of_tokio_do() {
    let network = network();
    let [near, far] = pair(&network);
    assert!(at_once(far.readable()).is_none());
    let blocked = far.try_read(&mut [0; 9]).unwrap_err();
    assert_eq!(blocked.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(near.try_write(&b"hello"[..]).unwrap(), 5);
    at_once(far.readable()).unwrap().unwrap();
    let mut read = super::super::os::bytes::BytesMut::with_capacity(3);
    assert_eq!(far.try_read_buf(&mut read).unwrap(), 3);
    assert_eq!(far.try_read(&mut [0; 9]).unwrap(), 2);
    let mut chunk = bytes::Bytes::from(vec![1; 5_000]);
    assert_eq!(near.try_write(&mut chunk).unwrap(), 0);
    assert!(chunk.is_empty());
    assert_eq!(far.try_read(&mut [0; 9]).unwrap(), 9);
    // Closing with the rest unread resets.
    drop(far);
    let reset = near.try_read(&mut [0; 9]).unwrap_err();
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(near.try_read(&mut [0; 9]).unwrap(), 0);
    let broken = near.try_write(&b"x"[..]).unwrap_err();
    assert_eq!(broken.kind(), std::io::ErrorKind::BrokenPipe);
}

#[test]
fn zero_linger_resets() {
    let network = network();
    let [near, far] = pair(&network);
    far.set_zero_linger().unwrap();
    drop(far);
    let reset = near.try_read(&mut [0; 9]).unwrap_err();
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn what_is_no_descriptor_is_used_as_one() {
    let network = network();
    let [near, far] = pair(&network);
    super::super::os::rustix::net::shutdown(&near, rustix::net::Shutdown::Write).unwrap();
    assert_eq!(far.try_read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(near.as_fd().peer_addr().unwrap(), far.local_addr().unwrap());
    let socket = SharedTcpSocket::new_v6().unwrap().on(&network);
    sockopt::set_ipv6_unicast_hops(&socket, Some(3)).unwrap();
    assert_eq!(sockopt::ipv6_unicast_hops(&socket).unwrap(), 3);
    let default = sockopt::ipv6_unicast_hops(SharedTcpSocket::new_v6().unwrap()).unwrap();
    sockopt::set_ipv6_unicast_hops(&socket, None).unwrap();
    assert_eq!(sockopt::ipv6_unicast_hops(&socket).unwrap(), default);
}

/// The bounds of the kernel itself, below what upstream lets through.
#[test]
fn options_have_the_bounds_of_the_system() {
    let network = network();
    let real = tokio::net::TcpSocket::new_v4().unwrap();
    let ours = SharedTcpSocket::new_v4().unwrap().on(&network);
    for name in [
        SocketOption::ReuseAddress,
        SocketOption::KeepAlive,
        SocketOption::KeepAliveIdle,
        SocketOption::KeepAliveInterval,
        SocketOption::KeepAliveCount,
        SocketOption::TimeToLive,
        SocketOption::ReceiveBuffer,
        SocketOption::SendBuffer,
    ] {
        for value in [
            0,
            1,
            2,
            127,
            128,
            255,
            256,
            1_151,
            1_153,
            32_767,
            32_768,
            1 << 20,
            1 << 30,
        ] {
            let set = ours.as_fd().set_option(name, value);
            assert_eq!(
                set,
                real.as_fd().set_option(name, value),
                "{name:?} = {value}"
            );
            let got = ours.as_fd().option(name);
            assert_eq!(got, real.as_fd().option(name), "{name:?} = {value}");
        }
    }
}

#[test]
fn a_port_that_is_passed_through_is_given_to_nobody() {
    let network = network();
    let most = 32_768..=u16::MAX - 1;
    network.lock().unwrap().pass_through(Protocol::Tcp, most);
    let only = bound(&network, "127.0.0.1:0").local_addr().unwrap();
    assert_eq!(only.port(), u16::MAX);
    let elsewhere = bound(&network, "127.0.0.2:0").local_addr().unwrap();
    assert_ne!(elsewhere.port(), 0);
}
