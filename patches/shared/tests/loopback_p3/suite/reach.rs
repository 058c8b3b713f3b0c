//! Whom a guest does not reach: those on other networks, and the host.

use std::net::{SocketAddr, TcpListener};

use super::host::{ErrorCode, run};
use super::loopback_host::p2;
use super::loopback_udp::{address, network, v4, v6};

#[tokio::test]
async fn networks_that_are_not_shared_do_not_meet() {
    let mut other = p2::Host::new(&network());
    let (listener, at) = other.listener(v4(8080)).await;
    run(&network(), async |guest| {
        let refused = guest.connected(at).await;
        assert_eq!(refused, Err(ErrorCode::ConnectionRefused));
        // The same port is another one here.
        let (_, same, mut incoming) = guest.listener(at);
        assert_eq!(same, at);
        let near = guest.connected(at).await.unwrap();
        assert_eq!(guest.remote(incoming.next().await), guest.local(near));
        let udp = guest.udp();
        let here = udp.bound(at);
        udp.send(here, b"own", at).await.unwrap();
        assert_eq!(udp.receive(here).await, Ok((b"own".to_vec(), at)));
    })
    .await;
    assert!(p2::at_once(other.ready(listener)).is_none());
}

#[tokio::test]
async fn the_hosts_loopback_cannot_be_reached() {
    for (ip, others, wildcard) in [
        ("127.0.0.1", ["127.0.0.2", "127.255.255.254"], "0.0.0.0:0"),
        ("::1", ["::1", "::1"], "[::]:0"),
    ] {
        let Ok(real) = TcpListener::bind((ip, 0)) else {
            continue; // The host does not have that family.
        };
        real.set_nonblocking(true).unwrap();
        let port = real.local_addr().unwrap().port();
        run(&network(), async |guest| {
            let locals = [None, Some(address(wildcard)), Some(v4(0)), Some(v6(0))];
            for name in [ip, others[0], others[1]] {
                let remote = SocketAddr::new(name.parse().unwrap(), port);
                let of_family = |local: &Option<SocketAddr>| {
                    local.is_none_or(|local| local.is_ipv6() == remote.is_ipv6())
                };
                for local in locals.into_iter().filter(of_family) {
                    let socket = guest.tcp(remote.is_ipv6());
                    if let Some(local) = local {
                        guest.bind(socket, local).unwrap();
                    }
                    let refused = guest.connect(socket, remote).await;
                    let expected = Err(ErrorCode::ConnectionRefused);
                    assert_eq!(refused, expected, "{local:?} to {remote}");
                }
            }
            // Nor by other names of it.
            for name in [
                "[::ffff:127.0.0.1]",
                "[::127.0.0.1]",
                "[::ffff:0.0.0.0]",
                "[::]",
            ] {
                let remote = address(&format!("{name}:{port}"));
                let refused = guest.connected(remote).await;
                assert_eq!(refused, Err(ErrorCode::InvalidArgument), "{remote}");
            }
            let refused = guest.connected(address(&format!("0.0.0.0:{port}"))).await;
            assert_eq!(refused, Err(ErrorCode::InvalidArgument));
        })
        .await;
        assert!(real.accept().is_err(), "somebody connected");
    }
}
