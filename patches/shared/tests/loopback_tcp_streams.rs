//! The streams of TCP on the loopback network, and their end, through the
//! host's side of WASI P2.

mod loopback_host;

use std::sync::{Arc, Mutex};

use loopback_host::p2::{Host, Stream, at_once};
use loopback_host::{calls, network, v4};
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::p2::bindings::sockets::tcp::{HostTcpSocket as _, ShutdownType};
use wash_wasi::p2::{Pollable as _, StreamError};
use wash_wasi::sockets::loopback::{Figures, Limits, Network, Protocol};

fn figures(network: &Arc<Mutex<Network>>) -> Figures {
    network.lock().unwrap().figures()
}

#[tokio::test]
async fn half_a_connection_closes() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, far] = host.pair(v4(0)).await;
    host.write(near, "last words").await.unwrap();
    host.shutdown(near.socket, ShutdownType::Send).unwrap();
    assert_eq!(host.check_write(near), Err(Stream::Closed));
    assert_eq!(
        host.read_all(far).await,
        (b"last words".to_vec(), Stream::Closed)
    );
    host.write(far, "answer").await.unwrap();
    assert_eq!(host.read(near, 100).await.unwrap(), "answer");
    // What nobody wants to receive is written all the same.
    let [near, far] = host.pair(v4(0)).await;
    host.shutdown(near.socket, ShutdownType::Receive).unwrap();
    assert_eq!(host.try_read(near, 1), Err(Stream::Closed));
    for _ in 0..100 {
        host.write(far, vec![0; 65_536]).await.unwrap();
    }
    host.write(near, "answer").await.unwrap();
    assert_eq!(host.read(far, 100).await.unwrap(), "answer");
    // But once that does not send either, a write brings the news.
    host.shutdown(near.socket, ShutdownType::Send).unwrap();
    host.write(far, "into the void").await.unwrap();
    assert_eq!(host.write(far, "x").await, Err(Stream::Closed));
}

#[tokio::test]
async fn errors_of_streams_have_codes_where_upstreams_have() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    let near = host.connected(at).await.unwrap();
    host.drop_socket(listener);
    let Err(StreamError::LastOperationFailed(error)) = host.input(near).read(1) else {
        panic!("the connection was reset");
    };
    let reset = calls::STREAM_ERRORS_HAVE_CODES.then_some(ErrorCode::ConnectionReset);
    assert_eq!(host.error_code(error), reset);
}

/// What a guest finds out about a connection that its peer has reset.
#[tokio::test]
async fn a_reset_is_seen_as_on_the_system() {
    let network = network();
    let mut host = Host::new(&network);
    for asks_before in [false, true] {
        let (listener, at) = host.listener(v4(0)).await;
        let real = std::net::TcpListener::bind(v4(0)).unwrap();
        let real_at = real.local_addr().unwrap();
        let passed = [real_at.port()];
        network.lock().unwrap().pass_through(Protocol::Tcp, passed);
        let mut both = Vec::new();
        for at in [at, real_at] {
            let near = host.connected(at).await.unwrap();
            if asks_before {
                assert_eq!(host.remote(near.socket), Ok(at));
            }
            both.push((near, at));
        }
        // Neither has accepted.
        host.drop_socket(listener);
        drop(real);
        let mut seen = Vec::new();
        for (near, at) in both {
            let read = host.read(near, 1).await;
            let remote = host.remote(near.socket).map(|remote| remote == at);
            let again = host.try_read(near, 1);
            let written = host.write(near, "x").await;
            seen.push((
                read,
                remote,
                again,
                written,
                host.remote(near.socket).is_ok(),
            ));
        }
        let reset = Err(Stream::Failed(ErrorCode::ConnectionReset));
        assert_eq!(seen[0].0, reset);
        assert_eq!(seen[0], seen[1], "asked before: {asks_before}");
    }
}

#[tokio::test]
async fn closing_with_unread_data_resets() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, far] = host.pair(v4(0)).await;
    host.write(near, "for the peer").await.unwrap();
    host.write(far, "unread").await.unwrap();
    host.close(near);
    assert_eq!(host.read(far, 100).await.unwrap(), "for the peer");
    let end = host.read(far, 100).await;
    match calls::CLOSING_RESETS {
        true => assert_eq!(end, Err(Stream::Failed(ErrorCode::ConnectionReset))),
        false => assert_eq!(end, Err(Stream::Closed)),
    }
    let end = host
        .check_write(far)
        .and_then(|_| host.try_write(far, "x".into()));
    assert_eq!(end, Err(Stream::Closed));
}

#[tokio::test]
async fn streams_outlive_their_socket() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, far] = host.pair(v4(0)).await;
    // The table keeps a parent while it has children, as upstream asks for.
    host.write(near, "to the end").await.unwrap();
    host.drop_streams(near);
    assert_eq!(host.read(far, 100).await.unwrap(), "to the end");
    assert_eq!(at_once(host.input(far).ready()), None);
    host.drop_socket(near.socket);
    assert_eq!(host.read(far, 100).await, Err(Stream::Closed));
}

#[tokio::test]
async fn a_store_that_is_dropped_gives_everything_back() {
    let network = network();
    let before = figures(&network);
    let mut other = Host::new(&network);
    let (listener, at) = other.listener(v4(0)).await;
    let mut host = Host::new(&network);
    host.listener(v4(5)).await;
    let near = host.connected(at).await.unwrap();
    let far = other.accept(listener).await;
    host.write(near, "rest").await.unwrap();
    drop(host);
    assert_eq!(
        other.read_all(far).await,
        (b"rest".to_vec(), Stream::Closed)
    );
    drop(other);
    assert_eq!(
        Figures {
            bytes_passed: 0,
            ..figures(&network)
        },
        before
    );
}

#[tokio::test]
async fn a_shutdown_loses_no_write_in_the_background() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, far] = host.pair(v4(0)).await;
    host.option(near.socket, |view, socket| {
        view.set_send_buffer_size(socket, 1_024)
    })
    .unwrap();
    let small = host
        .option(near.socket, |view, socket| view.send_buffer_size(socket))
        .unwrap();
    let granted = host.check_write(near).unwrap();
    assert!(granted as u64 > small);
    let sent = vec![7; granted.min(100 * usize::try_from(small).unwrap())];
    host.try_write(near, sent.clone().into()).unwrap();
    host.shutdown(near.socket, ShutdownType::Send).unwrap();
    assert!(host.read_all(far).await == (sent, Stream::Closed));
}

#[tokio::test]
async fn a_writer_without_room_waits_and_is_woken() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, far] = host.pair(v4(0)).await;
    let mut written = 0;
    while host.check_write(near).unwrap() > 0 {
        host.try_write(near, vec![1; 1_000].into()).unwrap();
        written += 1_000;
    }
    assert!(written <= 200_000, "{written} bytes are in flight");
    assert!(at_once(host.output(near).ready()).is_none());
    host.shutdown(near.socket, ShutdownType::Send).unwrap();
    let (heard, end) = host.read_all(far).await;
    assert_eq!((heard.len(), end), (written, Stream::Closed));
    // So it is by the end of its peer.
    let [near, far] = host.pair(v4(0)).await;
    while host.check_write(near).unwrap() > 0 {
        host.try_write(near, vec![1; 1_000].into()).unwrap();
    }
    host.close(far);
    host.output(near).ready().await;
    let end = host
        .check_write(near)
        .and_then(|_| host.try_write(near, "x".into()));
    assert!(end.is_err());
}

#[tokio::test]
async fn ten_million_empty_writes_hold_nothing() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, _far] = host.pair(v4(0)).await;
    let before = figures(&network).bytes_held;
    let output = host.output(near);
    for _ in 0..10_000_000 {
        output.write(bytes::Bytes::new()).unwrap();
    }
    assert_eq!(figures(&network).bytes_held, before);
}

#[tokio::test]
async fn a_chunk_is_moved_where_it_is_taken_whole() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, far] = host.pair(v4(0)).await;
    let chunk = bytes::Bytes::from(vec![1; 40_000]);
    let at = chunk.as_ptr();
    host.try_write(near, chunk).unwrap();
    let read = host.try_read(far, 65_536).unwrap();
    assert_eq!((read.as_ptr(), read.len()), (at, 40_000));
}

#[tokio::test]
async fn limits_bind_guests() {
    let network = network();
    network.lock().unwrap().set_limits(Limits {
        sockets: 3,
        ..Limits::default()
    });
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    host.connected(at).await.unwrap();
    assert_eq!(host.connected(at).await, Err(ErrorCode::OutOfMemory));
    host.accept(listener).await;
}

/// A guest that talks to itself is always ready, and must yield all the same.
#[tokio::test]
async fn a_busy_guest_lets_others_run() {
    let network = network();
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let busy = tokio::spawn(async move {
        let mut host = Host::new(&network);
        let [near, far] = host.pair(v4(0)).await;
        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
            host.output(near).ready().await;
            host.try_write(near, "x".into()).unwrap();
            host.input(far).ready().await;
            host.try_read(far, 1).unwrap();
        }
        let (listener, at) = host.listener(v4(0)).await;
        for _ in 0..1_000 {
            let near = host.connected(at).await.unwrap();
            let far = host.accept(listener).await;
            host.close(near);
            host.close(far);
        }
    });
    tokio::spawn(async move { done.store(true, std::sync::atomic::Ordering::Relaxed) });
    busy.await.unwrap();
}
