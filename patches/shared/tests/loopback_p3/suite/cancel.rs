//! What is given up half-way loses nothing.

use tokio::sync::mpsc;

use super::host::run;
use super::loopback_host::p2::{at_once, soon};
use super::loopback_udp::{all_v4, figures, network, v4};

/// So many bytes that no part of them is like another.
fn bytes(count: u32) -> Vec<u8> {
    let number = |n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8;
    (0..count).map(number).collect()
}

#[tokio::test]
async fn accepts_that_are_given_up_lose_no_connection() {
    run(&network(), async |guest| {
        for at in [v4(0), all_v4(0)] {
            let (_, at, mut incoming) = guest.listener(at);
            let at = v4(at.port());
            let mut peers = Vec::new();
            for round in 0..20 {
                for _ in 0..round % 3 {
                    assert!(at_once(incoming.next()).is_none());
                    tokio::task::yield_now().await;
                }
                for _ in 0..round {
                    let near = guest.connected(at).await.unwrap();
                    peers.push(guest.local(near));
                }
                // And one while they come.
                let mut waits = Box::pin(incoming.next());
                if let Some(far) = at_once(waits.as_mut()) {
                    assert_eq!(guest.remote(far), peers.remove(0));
                }
                drop(waits);
                for peer in peers.drain(..) {
                    let far = incoming.next().await;
                    assert_eq!(guest.remote(far), peer);
                }
            }
            assert!(at_once(incoming.next()).is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn reads_that_are_given_up_lose_no_byte() {
    run(&network(), async |guest| {
        let (_, at, mut incoming) = guest.listener(v4(0));
        for most in [1, 7, 65_536] {
            let near = guest.connected(at).await.unwrap();
            let far = incoming.next().await;
            let sent = bytes(4_000);
            let (sender, receiver) = mpsc::unbounded_channel();
            let mut heard = guest.receive_by(far, most);
            let mut all = Vec::new();
            let talk = async {
                for (n, piece) in sent.chunks(100).enumerate() {
                    assert!(at_once(heard.next(1)).is_none());
                    sender.send(piece.to_vec()).unwrap();
                    // More is wanted than there is: it is given up half-way.
                    for _ in 0..n {
                        assert!(at_once(heard.next(101)).is_none());
                        tokio::task::yield_now().await;
                    }
                    all.extend(heard.next(100).await);
                }
                drop(sender);
            };
            let (send, ()) = tokio::join!(guest.send(near, receiver), talk);
            assert_eq!(send, Ok(()));
            assert_eq!(heard.rest().await, (vec![], Ok(())));
            assert!(all == sent);
        }
    })
    .await;
}

/// A stream whose receiving end is dropped half-way takes what it has asked
/// for along, as with any socket: the rest of the connection goes on.
#[tokio::test]
async fn a_stream_that_is_given_up_leaves_the_other_direction() {
    run(&network(), async |guest| {
        let (_, at, mut incoming) = guest.listener(v4(0));
        let near = guest.connected(at).await.unwrap();
        let far = incoming.next().await;
        let mut heard = guest.receive(far);
        let (sender, receiver) = mpsc::unbounded_channel();
        let sent = bytes(1 << 20);
        let talk = async {
            sender.send(b"some".to_vec()).unwrap();
            assert_eq!(heard.next(4).await, b"some");
            drop(heard);
            for piece in sent.chunks(50_000) {
                sender.send(piece.to_vec()).unwrap();
            }
            drop(sender);
        };
        let (send, ()) = tokio::join!(guest.send(near, receiver), talk);
        assert_eq!(send, Ok(()));
        let (send, heard) = tokio::join!(guest.send_all(far, &sent), guest.receive(near).rest());
        assert!(send == Ok(()) && heard == (sent, Ok(())));
    })
    .await;
}

#[tokio::test]
async fn writes_that_are_given_up_lose_no_byte() {
    run(&network(), async |guest| {
        let (_, at, mut incoming) = guest.listener(v4(0));
        // The last two are more than the window takes, so that there is no
        // room when the caller goes.
        for size in [1_000, 65_536, 1 << 20, 4 << 20] {
            let near = guest.connected(at).await.unwrap();
            let far = incoming.next().await;
            let sent = bytes(size);
            let (first, second) = sent.split_at(sent.len() / 2);
            let (sender, receiver) = mpsc::unbounded_channel();
            let give = |bytes: &[u8]| {
                for piece in bytes.chunks(30_000) {
                    sender.send(piece.to_vec()).unwrap();
                }
            };
            let mut send = Box::pin(guest.send(near, receiver));
            give(first);
            for _ in 0..100 {
                assert!(at_once(send.as_mut()).is_none());
                tokio::task::yield_now().await;
            }
            // Whoever called is gone, but what was handed over is on its way.
            drop(send);
            give(second);
            drop(sender);
            let heard = guest.receive(far).rest().await;
            assert!(heard == (sent, Ok(())));
        }
    })
    .await;
}

#[tokio::test]
async fn connects_that_are_given_up_leave_nothing() {
    let network = network();
    run(&network, async |guest| {
        let listener = guest.tcp(false);
        guest.bind(listener, v4(0)).unwrap();
        let mut incoming = guest.listen(listener).unwrap();
        let at = guest.local(listener).unwrap();
        let mut queued = Vec::new();
        let before = loop {
            let before = figures(&network).sockets;
            let near = guest.tcp(false);
            let mut connect = Box::pin(guest.connect(near, at));
            match at_once(connect.as_mut()) {
                Some(connected) => connected.unwrap(),
                None => break before,
            }
            queued.push(guest.local(near));
        };
        // The one that waited has gone, and so has what it had taken.
        assert_eq!(figures(&network).sockets, before);
        for peer in queued {
            let far = soon("a connection", incoming.next()).await;
            assert_eq!(guest.remote(far), peer);
        }
        assert!(at_once(incoming.next()).is_none());
    })
    .await;
}

#[tokio::test]
async fn receives_that_are_given_up_lose_no_datagram() {
    run(&network(), async |guest| {
        let guest = guest.udp();
        for bind in [v4(0), all_v4(0)] {
            let socket = guest.bound(bind);
            let to = v4(guest.local(socket).unwrap().port());
            let sender = guest.bound(v4(0));
            let from = guest.local(sender).unwrap();
            for n in 0..100_u8 {
                // Several wait; each is dropped without having been over, the
                // one before and the one after the datagram has come.
                let mut waits = [(); 3].map(|()| Box::pin(guest.receive(socket)));
                for wait in &mut waits {
                    assert!(at_once(wait.as_mut()).is_none());
                }
                drop(waits);
                let mut waits = Box::pin(guest.receive(socket));
                assert!(at_once(waits.as_mut()).is_none());
                guest.send(sender, &[n], to).await.unwrap();
                drop(waits);
                assert_eq!(guest.receive(socket).await, Ok((vec![n], from)));
            }
            assert!(at_once(guest.receive(socket)).is_none());
        }
    })
    .await;
}
