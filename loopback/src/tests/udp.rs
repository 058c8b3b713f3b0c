use super::super::mailbox::{OVERHEAD, Peer, RESERVE};
use super::*;

const BUFFER: usize = 106_496;

fn socket(network: &Shared, at: &str) -> DatagramSocket {
    let binding = Binding::new(network, Protocol::Udp, address(at)).unwrap();
    DatagramSocket::new(binding, BUFFER).unwrap()
}

fn receive(socket: &DatagramSocket) -> Result<(Vec<u8>, SocketAddr), Error> {
    let mut buffer = [0; 100];
    let (length, from) = socket.try_recv(&mut buffer)?;
    Ok((buffer[..length].to_vec(), from))
}

#[test]
fn a_datagram_arrives_with_its_sender() {
    let network = Shared::default();
    let server = socket(&network, "127.0.0.1:53");
    let client = socket(&network, "0.0.0.0:0");
    let port = client.local_addr().port();
    let routed = address(&format!("127.0.0.1:{port}"));
    client.send_to(b"question", server.local_addr()).unwrap();
    assert_eq!(receive(&server).unwrap(), (b"question".to_vec(), routed));
    server.send_to(b"", routed).unwrap();
    assert_eq!(receive(&client).unwrap(), (vec![], address("127.0.0.1:53")));
    assert_eq!(receive(&client).unwrap_err(), Error::WouldBlock);
    let figures = lock(&network).figures();
    assert_eq!((figures.datagrams_passed, figures.queue_drops), (2, 0));
    // Unconnected, it is bound to all addresses; connected, to the routed one.
    assert_eq!(client.local_addr(), address(&format!("0.0.0.0:{port}")));
    client.connect(server.local_addr()).unwrap();
    assert_eq!(
        (client.local_addr(), client.peer_addr()),
        (routed, Some(server.local_addr()))
    );
    drop((server, client));
    assert_unused(&network);
}

#[test]
fn a_datagram_longer_than_the_buffer_is_cut() {
    let network = Shared::default();
    let own = socket(&network, "127.0.0.1:0");
    own.send_to(b"abcdef", own.local_addr()).unwrap();
    let mut buffer = [0; 4];
    assert_eq!(own.try_recv(&mut buffer), Ok((4, own.local_addr())));
    assert_eq!(&buffer, b"abcd");
    assert_eq!(own.try_recv(&mut buffer), Err(Error::WouldBlock));
}

#[test]
fn a_full_queue_drops_the_newest_and_holds_up_nobody() {
    let network = Shared::default();
    let slow = socket(&network, "127.0.0.1:1");
    let other = socket(&network, "127.0.0.1:2");
    slow.set_receive_buffer(10 * (OVERHEAD + 1));
    for number in 0..50 {
        for to in [&slow, &other] {
            other.send_to(&[number], to.local_addr()).unwrap();
        }
    }
    let numbers = |socket: &DatagramSocket| -> Vec<u8> {
        std::iter::from_fn(|| receive(socket).ok().map(|(data, _)| data[0])).collect()
    };
    assert_eq!(numbers(&slow), (0..10).collect::<Vec<_>>());
    assert_eq!(numbers(&other), (0..50).collect::<Vec<_>>());
    assert_eq!(lock(&network).figures().queue_drops, 40);
    // With room again, the next are taken.
    other.send_to(&[99], slow.local_addr()).unwrap();
    assert_eq!(numbers(&slow), [99]);
}

#[test]
fn empty_datagrams_are_bounded_too() {
    let network = Shared::default();
    let sink = socket(&network, "127.0.0.1:1");
    for _ in 0..1_000_000 {
        sink.send_to(b"", sink.local_addr()).unwrap();
    }
    let figures = lock(&network).figures();
    assert!(figures.bytes_held <= BUFFER, "{figures:?}");
    let queued = u64::try_from(BUFFER / OVERHEAD).unwrap();
    assert_eq!(figures.queue_drops, 1_000_000 - queued);
    drop(sink);
    assert_unused(&network);
}

#[test]
fn the_networks_limit_leaves_each_socket_its_reserve() {
    let network = Shared::default();
    let limits = Limits {
        bytes: 4 * RESERVE,
        ..Limits::default()
    };
    lock(&network).set_limits(limits);
    let greedy = socket(&network, "127.0.0.1:1");
    let modest = socket(&network, "127.0.0.1:2");
    for _ in 0..100 {
        greedy.send_to(&[0; 200], greedy.local_addr()).unwrap();
    }
    assert!(lock(&network).figures().bytes_held <= 4 * RESERVE);
    greedy.send_to(&[1; 1_472], modest.local_addr()).unwrap();
    assert_eq!(
        modest.try_recv(&mut [0; 1_472]),
        Ok((1_472, greedy.local_addr()))
    );
    // Without a reserve there is no socket, and no port is left behind.
    lock(&network).set_limits(Limits { bytes: 0, ..limits });
    let binding = Binding::new(&network, Protocol::Udp, address("127.0.0.1:3")).unwrap();
    let error = DatagramSocket::new(binding, BUFFER).unwrap_err();
    assert_eq!(error, Error::LimitReached);
    assert_eq!(lock(&network).figures().ports, 2);
    drop((greedy, modest));
    assert_unused(&network);
}

#[test]
fn a_connected_socket_hears_its_peer_only() {
    let network = Shared::default();
    let own = socket(&network, "127.0.0.1:1");
    let peer = socket(&network, "127.0.0.1:2");
    let other = socket(&network, "127.0.0.1:3");
    // Also among those that were queued before.
    other.send_to(b"before", own.local_addr()).unwrap();
    peer.send_to(b"one", own.local_addr()).unwrap();
    own.connect(peer.local_addr()).unwrap();
    assert!(own.poll_readable(&mut noop()).is_ready());
    other.send_to(b"after", own.local_addr()).unwrap();
    peer.send_to(b"two", own.local_addr()).unwrap();
    assert_eq!(receive(&own).unwrap().0, b"one");
    assert_eq!(receive(&own).unwrap().0, b"two");
    // A socket that only others write to is not readable.
    own.disconnect();
    other.send_to(b"again", own.local_addr()).unwrap();
    own.connect(peer.local_addr()).unwrap();
    assert!(own.poll_readable(&mut noop()).is_pending());
    own.disconnect();
    assert_eq!(own.local_addr(), address("127.0.0.1:1"));
    other.send_to(b"heard", own.local_addr()).unwrap();
    assert_eq!(receive(&own).unwrap().0, b"heard");
    own.set_peer(Peer::Elsewhere).wake();
    peer.send_to(b"unheard", own.local_addr()).unwrap();
    own.disconnect();
    assert_eq!(receive(&own), Err(Error::WouldBlock));
}

#[test]
fn nobody_there_is_told_to_the_connected_once() {
    let network = Shared::default();
    let own = socket(&network, "127.0.0.1:1");
    let nobody = address("127.0.0.1:9");
    own.send_to(b"unconnected", nobody).unwrap();
    assert_eq!(receive(&own), Err(Error::WouldBlock));
    assert_eq!(own.send(b"to whom"), Err(Error::NotConnected));
    own.connect(nobody).unwrap();
    let (counter, waker) = Counter::new();
    let mut cx = Context::from_waker(&waker);
    assert!(own.poll_readable(&mut cx).is_pending());
    own.send(b"1").unwrap();
    assert_eq!(counter.count(), 1);
    assert!(own.poll_readable(&mut cx).is_ready());
    assert_eq!(receive(&own), Err(Error::ConnectionRefused));
    assert_eq!(receive(&own), Err(Error::WouldBlock));
    own.send(b"2").unwrap();
    assert_eq!(own.send(b"3"), Err(Error::ConnectionRefused));
    // One that hears somebody else only is nobody too.
    let there = socket(&network, "127.0.0.1:9");
    there.connect(address("127.0.0.1:8")).unwrap();
    own.send(b"4").unwrap();
    there.disconnect();
    assert_eq!(own.send(b"5"), Err(Error::ConnectionRefused));
    own.send(b"6").unwrap();
    assert_eq!(receive(&there).unwrap().0, b"6");
}

#[test]
fn only_reachable_addresses_can_be_sent_to() {
    let network = Shared::default();
    let v4 = socket(&network, "0.0.0.0:1");
    let v6 = socket(&network, "[::]:1");
    for (from, to) in [
        (&v4, "192.0.2.1:1"),
        (&v4, "0.0.0.0:1"),
        (&v4, "127.0.0.1:0"),
        (&v4, "127.255.255.255:1"),
        (&v4, "[::1]:1"),
        (&v6, "127.0.0.1:1"),
        (&v6, "[::ffff:127.0.0.1]:1"),
        (&v6, "[2001:db8::1]:1"),
    ] {
        let to = address(to);
        assert_eq!(from.send_to(b"", to), Err(Error::AddressNotAvailable));
        assert_eq!(from.connect(to), Err(Error::AddressNotAvailable));
    }
    let tcp = bind(&network, "127.0.0.1:1").unwrap();
    let error = DatagramSocket::new(tcp, BUFFER).unwrap_err();
    assert_eq!(error, Error::AddressNotAvailable);
    drop((v4, v6));
    assert_unused(&network);
}

/// As with Linux, where it can be bound to but is not sent from.
#[test]
fn nobody_sees_the_address_that_means_all() {
    let network = Shared::default();
    let all = socket(&network, "127.255.255.255:1");
    let peer = socket(&network, "127.0.0.1:2");
    all.send_to(b"x", peer.local_addr()).unwrap();
    assert_eq!(receive(&peer).unwrap().1, address("127.0.0.1:1"));
    all.connect(peer.local_addr()).unwrap();
    assert_eq!(all.local_addr(), address("127.255.255.255:1"));
    let listener = listen(&network, "127.0.0.1:80", 1);
    let binding = bind(&network, "127.255.255.255:3").unwrap();
    let to = listener.local_addr();
    let connected = poll_once(Connecting::new(
        &network,
        Some(binding),
        to,
        Options::default(),
    ));
    assert!(matches!(connected, Poll::Ready(Ok(_))));
    let accepted = listener.try_accept().unwrap();
    assert_eq!(accepted.peer_addr(), address("127.0.0.1:3"));
}

#[test]
fn all_who_wait_are_woken_and_those_who_left_are_not() {
    let network = Shared::default();
    let own = socket(&network, "127.0.0.1:1");
    let counters: Vec<_> = (0..3).map(|_| Counter::new()).collect();
    let mut waiting: Vec<_> = counters.iter().map(|_| Box::pin(own.readable())).collect();
    for (future, (_, waker)) in waiting.iter_mut().zip(&counters) {
        assert!(
            future
                .as_mut()
                .poll(&mut Context::from_waker(waker))
                .is_pending()
        );
    }
    drop(waiting.remove(1));
    own.send_to(b"x", own.local_addr()).unwrap();
    let counts = counters.iter().map(|(counter, _)| counter.count());
    assert_eq!(counts.collect::<Vec<_>>(), [1, 0, 1]);
    // Dropping those that are ready loses nothing.
    assert!(waiting[0].as_mut().poll(&mut noop()).is_ready());
    drop(waiting);
    assert_eq!(receive(&own).unwrap().0, b"x");
}

#[test]
fn connecting_wakes_whoever_waits() {
    let network = Shared::default();
    let own = socket(&network, "127.0.0.1:1");
    let (counter, waker) = Counter::new();
    assert!(
        own.poll_readable(&mut Context::from_waker(&waker))
            .is_pending()
    );
    own.connect(address("127.0.0.1:2")).unwrap();
    assert_eq!(counter.count(), 1);
}

#[test]
fn a_hundred_thousand_sockets_leave_nothing() {
    let network = Shared::default();
    for round in 0..100_000 {
        let own = socket(&network, "127.0.0.1:0");
        if round % 3 == 0 {
            own.connect(own.local_addr()).unwrap();
        }
        own.send_to(b"left behind", own.local_addr()).unwrap();
    }
    assert_unused(&network);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders_and_receivers_on_threads_lose_no_wake_up() {
    const EACH: usize = 20_000;
    let network = Shared::default();
    let server = Arc::new(socket(&network, "127.0.0.1:1"));
    server.set_receive_buffer(usize::MAX);
    let to = server.local_addr();
    let mut senders = Vec::new();
    for _ in 0..4 {
        let client = socket(&network, "127.0.0.1:0");
        senders.push(tokio::spawn(async move {
            for _ in 0..EACH {
                client.send_to(b"x", to).unwrap();
                tokio::task::yield_now().await;
            }
        }));
    }
    let received = Arc::new(AtomicUsize::new(0));
    let mut receivers = Vec::new();
    for _ in 0..3 {
        let (server, received) = (Arc::clone(&server), Arc::clone(&received));
        receivers.push(tokio::spawn(async move {
            while received.load(SeqCst) < 4 * EACH {
                server.readable().await;
                if receive(&server).is_ok() && received.fetch_add(1, SeqCst) + 1 == 4 * EACH {
                    // Lets the others see that it is over.
                    for _ in 0..3 {
                        server.send_to(b"end", to).unwrap();
                    }
                }
            }
        }));
    }
    for task in senders.into_iter().chain(receivers) {
        task.await.unwrap();
    }
}
