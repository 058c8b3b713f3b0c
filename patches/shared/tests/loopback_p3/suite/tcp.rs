//! TCP, between guests of P3 and with guests of P2.

use tokio::sync::{mpsc, oneshot};
use wash_wasi::p3::bindings::sockets::types::HostTcpSocket;
use wash_wasi::sockets::loopback::Protocol;

use super::host::{ErrorCode, Guest, run};
use super::loopback_host::p2::{Host, at_once, soon};
use super::loopback_host::{address, network, v4, v6};
use crate::release::p3_send;

#[tokio::test]
async fn two_guests_echo_on_a_shared_network() {
    for address in [v4(7), v6(7)] {
        let network = network();
        let (told, tells) = oneshot::channel();
        let server = run(&network, async |guest| {
            let (_, at, mut incoming) = guest.listener(address);
            told.send(at).unwrap();
            let far = incoming.next().await;
            let (heard, end) = guest.receive(far).rest().await;
            assert_eq!(end, Ok(()));
            guest.send_all(far, &heard).await.unwrap();
        });
        let client = run(&network, async |guest| {
            let at = tells.await.unwrap();
            let near = guest.connected(at).await.unwrap();
            assert_eq!(guest.remote(near), Ok(at));
            guest.send_all(near, b"hello").await.unwrap();
            let (heard, end) = guest.receive(near).rest().await;
            assert_eq!((&heard[..], end), (&b"hello"[..], Ok(())));
        });
        tokio::join!(server, client);
    }
}

/// Each in a store of its own; neither waits for the other to be done.
#[tokio::test]
async fn four_mebibytes_go_both_ways_between_stores() {
    let network = network();
    let sent: Vec<u8> = (0..4_u32 << 20)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let talk = async |guest: &Guest, socket| {
        let heard = guest.receive(socket);
        let (send, heard) = tokio::join!(guest.send_all(socket, &sent), heard.rest());
        assert!(send == Ok(()) && heard == (sent.clone(), Ok(())));
    };
    let (told, tells) = oneshot::channel();
    let server = run(&network, async |guest| {
        let (_, at, mut incoming) = guest.listener(v4(0));
        told.send(at).unwrap();
        talk(guest, incoming.next().await).await;
    });
    let client = run(&network, async |guest| {
        let near = guest.connected(tells.await.unwrap()).await.unwrap();
        talk(guest, near).await;
    });
    tokio::join!(server, client);
    assert_eq!(network.lock().unwrap().figures().bytes_passed, 8 << 20);
}

#[tokio::test]
async fn a_full_backlog_pends_and_then_completes_or_is_refused() {
    run(&network(), async |guest| {
        let listener = guest.tcp(false);
        guest
            .call(listener, |v, s| {
                HostTcpSocket::set_listen_backlog_size(v, s, 1)
            })
            .unwrap();
        guest.bind(listener, v4(0)).unwrap();
        let mut incoming = guest.listen(listener).unwrap();
        let at = guest.local(listener).unwrap();
        // The stream accepts some by itself; so many more are queued.
        let sockets: [_; 9] = [(); 9].map(|()| guest.tcp(false));
        let mut pending = sockets.map(|socket| Some(Box::pin(guest.connect(socket, at))));
        let mut first = None;
        for (n, connect) in pending.iter_mut().enumerate() {
            match at_once(connect.as_mut().unwrap()) {
                Some(connected) => {
                    connected.unwrap();
                    *connect = None;
                }
                None => {
                    first.get_or_insert(n);
                }
            }
        }
        let first = first.unwrap();
        assert!((2..8).contains(&first) && pending[first..].iter().all(Option::is_some));
        for socket in &sockets[..first] {
            let far = incoming.next().await;
            assert_eq!(guest.remote(far), guest.local(*socket));
        }
        let next = pending[first].take().unwrap();
        soon("a connect", next).await.unwrap();
        let far = incoming.next().await;
        assert_eq!(guest.remote(far), guest.local(sockets[first]));
        drop(incoming);
        guest.drop_socket(listener);
        // Who was not queued by then is refused.
        let mut rest = Vec::new();
        for connect in pending.into_iter().flatten() {
            rest.push(soon("a connect", connect).await);
        }
        assert_eq!(rest.last(), Some(&Err(ErrorCode::ConnectionRefused)));
    })
    .await;
}

#[tokio::test]
async fn p2_and_p3_meet() {
    let network = network();
    let mut other = Host::new(&network);
    let (listener, at) = other.listener(v4(0)).await;
    run(&network, async |guest| {
        let near = guest.connected(at).await.unwrap();
        let far = other.accept(listener).await;
        guest.send_all(near, b"from 3").await.unwrap();
        assert_eq!(other.read_all(far).await.0, b"from 3");
        other.write(far, "from 2").await.unwrap();
        other.close(far);
        assert_eq!(
            guest.receive(near).rest().await,
            (b"from 2".to_vec(), Ok(()))
        );
        // And the other way round.
        let (_, at, mut incoming) = guest.listener(v4(0));
        let near = other.connected(at).await.unwrap();
        let far = incoming.next().await;
        other.write(near, "again").await.unwrap();
        assert_eq!(guest.receive(far).next(5).await, b"again");
    })
    .await;
}

#[tokio::test]
async fn nobody_listening_refuses() {
    let network = network();
    run(&network, async |guest| {
        for remote in [v4(9), v6(9), address("127.0.0.2:9")] {
            let refused = guest.connected(remote).await;
            assert_eq!(refused, Err(ErrorCode::ConnectionRefused));
        }
        for remote in ["0.0.0.0:9", "[::]:9", "127.0.0.1:0", "[::ffff:127.0.0.1]:9"] {
            let refused = guest.connected(address(remote)).await;
            assert_eq!(refused, Err(ErrorCode::InvalidArgument), "{remote}");
        }
        let socket = guest.tcp(false);
        guest.bind(socket, v4(0)).unwrap();
        let refused = guest.connect(socket, address("192.0.2.1:9")).await;
        assert_eq!(refused, Err(ErrorCode::InvalidArgument));
    })
    .await;
}

#[tokio::test]
async fn a_taken_port_leaves_the_socket_usable() {
    let network = network();
    run(&network, async |guest| {
        let (_, at, _incoming) = guest.listener(v4(80));
        let socket = guest.tcp(false);
        assert_eq!(guest.bind(socket, at), Err(ErrorCode::AddressInUse));
        guest.bind(socket, v4(81)).unwrap();
        assert_eq!(guest.bind(socket, v4(82)), Err(ErrorCode::InvalidState));
    })
    .await;
}

#[tokio::test]
async fn closing_with_unread_data_resets() {
    let network = network();
    run(&network, async |guest| {
        let (_, at, mut incoming) = guest.listener(v4(0));
        let near = guest.connected(at).await.unwrap();
        let far = incoming.next().await;
        guest.send_all(far, b"unread").await.unwrap();
        guest.drop_socket(far);
        assert_eq!(
            guest.receive(near).rest().await,
            (b"unread".to_vec(), Ok(()))
        );
        let near = guest.connected(at).await.unwrap();
        let far = incoming.next().await;
        guest.send_all(near, b"unread").await.unwrap();
        guest.drop_socket(far);
        let (heard, end) = guest.receive(near).rest().await;
        assert_eq!(
            (&heard[..], end),
            (&b""[..], Err(ErrorCode::ConnectionReset))
        );
    })
    .await;
}

/// What a guest finds out about a connection that its peer has reset.
#[tokio::test]
async fn a_reset_is_seen_as_on_the_system() {
    let network = network();
    run(&network, async |guest| {
        for asks_before in [false, true] {
            let mut other = Host::new(&network);
            let (_, at) = other.listener(v4(0)).await;
            let real = std::net::TcpListener::bind(v4(0)).unwrap();
            let real_at = real.local_addr().unwrap();
            let passed = [real_at.port()];
            network.lock().unwrap().pass_through(Protocol::Tcp, passed);
            let mut both = Vec::new();
            for at in [at, real_at] {
                let near = guest.connected(at).await.unwrap();
                if asks_before {
                    assert_eq!(guest.remote(near), Ok(at));
                }
                both.push((near, at));
            }
            // Neither has accepted.
            drop((other, real));
            let mut seen = Vec::new();
            for (near, at) in both {
                let received = guest.receive(near).rest().await;
                let remote = guest.remote(near).map(|remote| remote == at);
                let sent = guest.send_all(near, b"x").await;
                seen.push((received, remote, sent));
            }
            let reset = (vec![], Err(ErrorCode::ConnectionReset));
            assert_eq!(seen[0].0, reset);
            // What a send gives is the release's: 43 takes a broken pipe for a good end.
            assert_eq!(seen[0], seen[1], "asked before: {asks_before}");
        }
    })
    .await;
}

#[tokio::test]
async fn taking_a_direction_twice_is_an_error_and_loses_nothing() {
    let network = network();
    run(&network, async |guest| {
        let (_, at, mut incoming) = guest.listener(v4(0));
        let near = guest.connected(at).await.unwrap();
        let far = incoming.next().await;
        let first = guest.receive(near);
        let (bytes, end) = guest.receive(near).rest().await;
        assert_eq!((&bytes[..], end), (&b""[..], Err(ErrorCode::InvalidState)));
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut sent = Box::pin(guest.send(far, receiver));
        assert!(at_once(sent.as_mut()).is_none());
        if p3_send::TAKEN_ONCE {
            let again = guest.send_all(far, b"not this").await;
            assert_eq!(again, Err(ErrorCode::InvalidState));
        }
        sender.send(b"all of it".to_vec()).unwrap();
        drop(sender);
        assert_eq!(sent.await, Ok(()));
        assert_eq!(first.rest().await, (b"all of it".to_vec(), Ok(())));
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_shuts_its_half() {
    let network = network();
    run(&network, async |guest| {
        let (_, at, mut incoming) = guest.listener(v4(0));
        let near = guest.connected(at).await.unwrap();
        let far = incoming.next().await;
        // What nobody wants to receive is sent all the same.
        drop(guest.receive(near));
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(vec![1; 1 << 20]).unwrap();
        let send = guest.send(far, receiver);
        let answer = async {
            guest.send_all(near, b"answer").await.unwrap();
            assert_eq!(
                guest.receive(far).rest().await,
                (b"answer".to_vec(), Ok(()))
            );
            drop(sender);
        };
        let (sent, ()) = tokio::join!(send, answer);
        assert_eq!(sent, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn a_wildcard_is_reached_from_both_sides() {
    let network = network();
    run(&network, async |guest| {
        let (_, at, mut incoming) = guest.listener(address("0.0.0.0:0"));
        let at = v4(at.port());
        let near = guest.connected(at).await.unwrap();
        let far = incoming.next().await;
        assert_eq!(guest.remote(far), guest.local(near));
        let real = tokio::net::TcpStream::connect(at).await.unwrap();
        let far = incoming.next().await;
        assert_eq!(guest.remote(far), Ok(real.local_addr().unwrap()));
        drop(real);
        assert_eq!(guest.receive(far).rest().await, (vec![], Ok(())));
    })
    .await;
}

#[tokio::test]
async fn a_guest_that_ends_gives_everything_back() {
    let network = network();
    let before = network.lock().unwrap().figures();
    let mut other = Host::new(&network);
    let (listener, at) = other.listener(v4(0)).await;
    let far = run(&network, async |guest| {
        let near = guest.connected(at).await.unwrap();
        let far = other.accept(listener).await;
        guest.send_all(near, b"rest").await.unwrap();
        guest.listener(v4(5));
        far
    })
    .await;
    assert_eq!(other.read_all(far).await.0, b"rest");
    drop(other);
    let after = network.lock().unwrap().figures();
    assert_eq!(
        (after.sockets, after.ports, after.bytes_held),
        (before.sockets, before.ports, before.bytes_held)
    );
}
