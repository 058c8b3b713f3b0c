//! Which TCP socket is on the loopback network, and which on the system's:
//! nothing here leaves the machine.

mod loopback_host;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use loopback_host::p2::{Host, Socket, Stream};
use loopback_host::{address, network, v4, v6};
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::sockets::loopback::Protocol;

/// Returns what the process has open, where the system tells.
fn descriptors() -> Option<usize> {
    let listed = std::fs::read_dir("/proc/self/fd").ok()?;
    Some(listed.count())
}

async fn bound(host: &mut Host, at: SocketAddr) -> (Socket, SocketAddr) {
    let socket = host.tcp(at.is_ipv6());
    host.bind(socket, at).await.unwrap();
    (socket, host.local(socket).unwrap())
}

/// Returns an address of the machine that is not its loopback's, if it has one.
fn outer() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    // This sends nothing; it only asks for the route.
    socket.connect("192.0.2.77:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[tokio::test]
async fn loopback_takes_nothing_of_the_system() {
    let network = network();
    let mut host = Host::new(&network);
    // What is asked of the system once for all, and the runtime's own.
    host.pair(v4(0)).await;
    let before = descriptors();
    let mut all = Vec::new();
    for n in 1..=200 {
        let (listener, at) = host.listener(v4(n)).await;
        let near = host.connected(at).await.unwrap();
        let far = host.accept(listener).await;
        host.write(near, "x").await.unwrap();
        host.write(far, "y").await.unwrap();
        all.push((listener, near, far));
        host.tcp(true);
    }
    // Other tests of this process may open some meanwhile, but not so many.
    let after = descriptors();
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + 100, "{before} descriptors became {after}");
    }
    // The ports are free on the system, but for those that others have there.
    let mut free = 0;
    for _ in 0..20 {
        let (_, at) = bound(&mut host, v4(0)).await;
        free += usize::from(TcpListener::bind(at).is_ok());
    }
    assert!(free > 0);
}

#[tokio::test]
async fn a_guest_never_reaches_the_hosts_loopback() {
    let network = network();
    let mut host = Host::new(&network);
    let real = TcpListener::bind("127.0.0.1:0").unwrap();
    real.set_nonblocking(true).unwrap();
    let port = real.local_addr().unwrap().port();
    let real6 = TcpListener::bind(("::1", port));
    for ip in ["127.0.0.1", "127.0.0.2", "127.255.255.254"] {
        let remote = SocketAddr::new(ip.parse().unwrap(), port);
        for local in [
            None,
            Some(v4(0)),
            Some(address("0.0.0.0:0")),
            Some(address("127.9.9.9:0")),
        ] {
            let socket = host.tcp(false);
            if let Some(local) = local {
                host.bind(socket, local).await.unwrap();
            }
            let refused = host.connect(socket, remote).await;
            assert_eq!(
                refused,
                Err(ErrorCode::ConnectionRefused),
                "{local:?} to {remote}"
            );
        }
    }
    let all = SocketAddr::new("127.255.255.255".parse().unwrap(), port);
    let unreachable = Err(ErrorCode::RemoteUnreachable);
    assert_eq!(host.connected(all).await, unreachable);
    for local in [None, Some(v6(0)), Some(address("[::]:0"))] {
        let socket = host.tcp(true);
        if let Some(local) = local {
            host.bind(socket, local).await.unwrap();
        }
        let refused = host.connect(socket, v6(port)).await;
        assert_eq!(refused, Err(ErrorCode::ConnectionRefused), "{local:?}");
    }
    // A socket of an outer address neither.
    if let Some(ip) = outer() {
        let socket = host.tcp(false);
        host.bind(socket, SocketAddr::new(ip, 0)).await.unwrap();
        let refused = host.connect(socket, v4(port)).await;
        assert_eq!(refused, Err(ErrorCode::RemoteUnreachable));
    }
    assert!(real.accept().is_err(), "somebody connected");
    drop(real6);
}

#[tokio::test]
async fn a_loopback_socket_reaches_nothing_else() {
    let network = network();
    let mut host = Host::new(&network);
    let mut others = vec![address("192.0.2.1:9")];
    others.extend(outer().map(|ip| {
        let real = TcpListener::bind((ip, 0)).unwrap();
        real.local_addr().unwrap()
    }));
    for remote in others {
        let (socket, _) = bound(&mut host, v4(0)).await;
        let refused = host.connect(socket, remote).await;
        assert_eq!(refused, Err(ErrorCode::InvalidArgument), "{remote}");
    }
    let (socket, _) = bound(&mut host, v6(0)).await;
    let refused = host.connect(socket, address("[2001:db8::1]:9")).await;
    assert_eq!(refused, Err(ErrorCode::RemoteUnreachable));
}

#[tokio::test]
async fn a_wildcard_is_reached_from_both_sides() {
    for wildcard in ["0.0.0.0:0", "[::]:0"] {
        let network = network();
        let (mut server, mut client) = (Host::new(&network), Host::new(&network));
        let (listener, at) = server.listener(address(wildcard)).await;
        assert!(at.ip().is_unspecified() && at.port() >= 32_768);
        let mut loopback = if at.is_ipv6() { v6(0) } else { v4(0) };
        loopback.set_port(at.port());
        let mut real = TcpStream::connect(loopback).unwrap();
        let near = client.connected(loopback).await.unwrap();
        let mut heard = Vec::new();
        for _ in 0..2 {
            let far = server.accept(listener).await;
            assert_eq!(server.local(far.socket), Ok(loopback));
            heard.push((server.remote(far.socket).unwrap(), far));
        }
        let of = |peer| heard.iter().find(|(remote, _)| *remote == peer).unwrap().1;
        let (virtually, really) = (
            of(client.local(near.socket).unwrap()),
            of(real.local_addr().unwrap()),
        );
        client.write(near, "virtual").await.unwrap();
        real.write_all(b"real").unwrap();
        assert_eq!(server.read(virtually, 100).await.unwrap(), "virtual");
        assert_eq!(server.read(really, 100).await.unwrap(), "real");
        server.write(really, "answer").await.unwrap();
        server.close(really);
        let mut text = String::new();
        real.read_to_string(&mut text).unwrap();
        assert_eq!(text, "answer");
    }
}

#[tokio::test]
async fn neither_side_starves_the_other() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(address("0.0.0.0:0")).await;
    let at = v4(at.port());
    let mut real = Vec::new();
    for _ in 0..8 {
        real.push(TcpStream::connect(at).unwrap());
        host.connected(at).await.unwrap();
    }
    // The runtime has to rest to hear that the system's side is ready.
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let mut system = Vec::new();
    let ports: Vec<_> = real.iter().map(|real| real.local_addr().unwrap()).collect();
    for _ in 0..16 {
        let far = host.accept(listener).await;
        let peer = host.remote(far.socket).unwrap();
        system.push(ports.iter().position(|port| *port == peer));
    }
    let order: Vec<_> = system.iter().flatten().copied().collect();
    assert_eq!(
        order,
        Vec::from_iter(0..8),
        "the system's are not first in, first out"
    );
    for pair in system.chunks(2) {
        let [one, other] = pair else { unreachable!() };
        assert_ne!(
            one.is_some(),
            other.is_some(),
            "one side went twice: {system:?}"
        );
    }
}

#[tokio::test]
async fn a_wildcard_that_connects_becomes_one_side() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    let mut free = 0;
    for _ in 0..20 {
        let (socket, wildcard) = bound(&mut host, address("0.0.0.0:0")).await;
        let near = host.connect(socket, at).await.unwrap();
        assert_eq!(host.local(near.socket), Ok(v4(wildcard.port())));
        let far = host.accept(listener).await;
        assert_eq!(host.remote(far.socket), Ok(v4(wildcard.port())));
        // The system's side is free again, unless somebody else was faster.
        free += usize::from(TcpListener::bind(wildcard).is_ok());
    }
    assert!(free > 0);
    // And the other way round.
    if let Some(ip) = outer() {
        let real = TcpListener::bind((ip, 0)).unwrap();
        let (socket, wildcard) = bound(&mut host, address("0.0.0.0:0")).await;
        let near = host
            .connect(socket, real.local_addr().unwrap())
            .await
            .unwrap();
        let local = SocketAddr::new(ip, wildcard.port());
        assert_eq!(host.local(near.socket), Ok(local));
        let (mut far, peer) = real.accept().unwrap();
        assert_eq!(peer, local);
        far.write_all(b"hello").unwrap();
        assert_eq!(host.read(near, 100).await.unwrap(), "hello");
        host.listener(v4(wildcard.port())).await;
    }
}

#[tokio::test]
async fn a_wildcard_needs_its_port_on_both_sides() {
    let network = network();
    let mut host = Host::new(&network);
    let real = TcpListener::bind("0.0.0.0:0").unwrap();
    let taken = real.local_addr().unwrap();
    let socket = host.tcp(false);
    assert_eq!(host.bind(socket, taken).await, Err(ErrorCode::AddressInUse));
    // Nothing is left of the try: neither there nor here.
    host.listener(v4(taken.port())).await;
    drop(real);
    assert_eq!(host.bind(socket, taken).await, Err(ErrorCode::AddressInUse));
    host.bind(socket, address("0.0.0.0:0")).await.unwrap();
    // Any port means one that is free on both.
    let next = host.local(socket).unwrap().port();
    let held: Vec<_> = (1..20)
        .filter_map(|n| TcpListener::bind(("0.0.0.0", next.checked_add(n)?)).ok())
        .collect();
    let (_, at) = bound(&mut host, address("0.0.0.0:0")).await;
    let held_at = |held: &TcpListener| held.local_addr().unwrap().port();
    assert!(held.iter().all(|held| held_at(held) != at.port()));
}

/// Each network looks for free ports from a place of its own; else all would
/// try on the system what those before them hold.
#[tokio::test]
async fn networks_are_not_in_each_others_way_on_the_system() {
    let mut held = Vec::new();
    for _ in 0..32 {
        let mut host = Host::new(&network());
        let (_, at) = bound(&mut host, address("0.0.0.0:0")).await;
        held.push((at.port(), host));
    }
    held.sort_by_key(|(port, _)| *port);
    let ports: Vec<_> = held.iter().map(|(port, _)| *port).collect();
    assert!(ports[31] - ports[0] > 1_024, "{ports:?}");
}

#[tokio::test]
async fn listed_ports_go_to_the_hosts_loopback() {
    let network = network();
    let mut host = Host::new(&network);
    let real = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = real.local_addr().unwrap();
    assert_eq!(host.connected(at).await, Err(ErrorCode::ConnectionRefused));
    network
        .lock()
        .unwrap()
        .pass_through(Protocol::Tcp, [at.port()]);
    for local in [None, Some(address("0.0.0.0:0"))] {
        let socket = host.tcp(false);
        if let Some(local) = local {
            host.bind(socket, local).await.unwrap();
        }
        let near = host.connect(socket, at).await.unwrap();
        let (mut far, peer) = real.accept().unwrap();
        assert_eq!(host.local(near.socket), Ok(peer));
        far.write_all(b"database").unwrap();
        drop(far);
        let (heard, end) = host.read_all(near).await;
        assert_eq!((&heard[..], end), (&b"database"[..], Stream::Closed));
    }
    // Nobody can take the host's place, nor get there from the network.
    let socket = host.tcp(false);
    drop(real);
    for at in [at, address(&format!("0.0.0.0:{}", at.port()))] {
        assert_eq!(host.bind(socket, at).await, Err(ErrorCode::AddressInUse));
    }
    host.bind(socket, v4(0)).await.unwrap();
    assert_eq!(
        host.connect(socket, at).await,
        Err(ErrorCode::InvalidArgument)
    );
    let other = SocketAddr::new("127.0.0.2".parse().unwrap(), at.port());
    assert_eq!(
        host.connected(other).await,
        Err(ErrorCode::ConnectionRefused)
    );
    network.lock().unwrap().pass_through(Protocol::Tcp, []);
    assert_eq!(host.connected(at).await, Err(ErrorCode::ConnectionRefused));
}
