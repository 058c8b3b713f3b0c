//! What guests do to TCP on the loopback network in bulk, and what is left of it.

mod loopback_host;

use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Builder;

use loopback_host::p2::{Host, Stream, at_once};
use loopback_host::{network, v4};
use wash_wasi::p2::Pollable as _;
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::p2::bindings::sockets::tcp::HostTcpSocket as _;

#[tokio::test]
async fn a_hundred_thousand_binds_leave_nothing() {
    let network = network();
    let mut host = Host::new(&network);
    let before = network.lock().unwrap().figures();
    for _ in 0..100_000 {
        let socket = host.tcp(false);
        host.bind(socket, v4(0)).await.unwrap();
        host.drop_socket(socket);
    }
    assert_eq!(network.lock().unwrap().figures(), before);
}

#[tokio::test]
async fn seventy_thousand_refused_connects_leave_nothing() {
    let network = network();
    let mut host = Host::new(&network);
    let before = network.lock().unwrap().figures();
    for _ in 0..70_000 {
        let socket = host.tcp(false);
        let refused = host.connect(socket, v4(9)).await;
        assert_eq!(refused, Err(ErrorCode::ConnectionRefused));
        host.drop_socket(socket);
    }
    assert_eq!(network.lock().unwrap().figures(), before);
}

#[tokio::test]
async fn twenty_thousand_connections_live_at_one_listener() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    let mut all = Vec::new();
    for n in 0..20_000_u32 {
        let near = host.connected(at).await.unwrap();
        let far = host.accept(listener).await;
        host.write(near, n.to_le_bytes().to_vec()).await.unwrap();
        all.push((near, far));
    }
    for (n, (_, far)) in (0_u32..).zip(&all) {
        assert_eq!(host.read(*far, 9).await.unwrap(), n.to_le_bytes()[..]);
    }
    assert_eq!(network.lock().unwrap().figures().sockets, 40_001);
    drop(host);
    assert_eq!(network.lock().unwrap().figures().sockets, 0);
}

/// The connect waits for a place, and then has it.
#[test]
fn a_connect_to_a_full_backlog_needs_no_timers_of_the_hosts_runtime() {
    let network = network();
    let mut host = Host::new(&network);
    let timers = Builder::new_current_thread().enable_time().build().unwrap();
    let (full, to, queued) = timers.block_on(async {
        let full = host.tcp(false);
        host.bind(full, v4(0)).await.unwrap();
        let limited = host.option(full, |view, full| view.set_listen_backlog_size(full, 1));
        limited.unwrap();
        host.listen(full).unwrap();
        let to = host.local(full).unwrap();
        let queued = [host.connected(to).await, host.connected(to).await];
        (full, to, queued.map(Result::unwrap))
    });
    let none = Builder::new_current_thread().enable_io().build().unwrap();
    none.block_on(async {
        let waits = host.tcp(false);
        host.start_connect(waits, to).await.unwrap();
        assert_eq!(host.finish_connect(waits), Err(ErrorCode::WouldBlock));
        assert!(at_once(host.ready(waits)).is_none());
        host.try_accept(full).unwrap();
        at_once(host.ready(waits)).expect("there is a place");
        let near = host.finish_connect(waits).unwrap();
        for near in queued.into_iter().chain([near]) {
            assert_eq!(host.try_read(near, 1), Ok(Bytes::new()));
        }
    });
}

#[tokio::test]
async fn whoever_panics_with_the_lock_harms_nobody() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    let held = Arc::clone(&network);
    let panics = std::thread::spawn(move || {
        let _guard = held.lock().unwrap();
        panic!("on purpose");
    });
    assert!(panics.join().is_err() && network.is_poisoned());
    let mut other = Host::new(&network);
    let near = other.connected(at).await.unwrap();
    let far = host.accept(listener).await;
    other.write(near, "on").await.unwrap();
    assert_eq!(host.read(far, 9).await.unwrap(), "on");
    other.close(near);
    assert_eq!(host.read(far, 9).await, Err(Stream::Closed));
}

#[tokio::test]
async fn what_is_cancelled_loses_nothing() {
    let network = network();
    let mut host = Host::new(&network);
    let (listener, at) = host.listener(v4(0)).await;
    // Each wait is dropped without having been over.
    for _ in 0..10 {
        assert!(at_once(host.ready(listener)).is_none());
    }
    let near = host.connected(at).await.unwrap();
    _ = at_once(host.ready(listener));
    _ = at_once(host.ready(listener));
    let far = host.accept(listener).await;
    for n in 0..10 {
        assert!(at_once(host.input(far).ready()).is_none());
        host.write(near, vec![n]).await.unwrap();
        _ = at_once(host.input(far).ready());
        assert_eq!(host.read(far, 9).await.unwrap(), vec![n]);
    }
    let mut written = 0_usize;
    while host.check_write(near).unwrap() > 0 {
        host.try_write(near, vec![1; 999].into()).unwrap();
        written += 999;
    }
    for _ in 0..10 {
        assert!(at_once(host.output(near).ready()).is_none());
    }
    let mut heard = 0;
    while heard < written {
        heard += host.read(far, 65_536).await.unwrap().len();
    }
    host.output(near).ready().await;
    assert!(host.check_write(near).unwrap() > 0);
}

#[tokio::test]
async fn single_bytes_are_exact_and_bounded() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, far] = host.pair(v4(0)).await;
    let mut sent = 0_u32;
    while host.check_write(near).unwrap() > 0 {
        host.try_write(near, vec![sent as u8].into()).unwrap();
        sent += 1;
    }
    let held = network.lock().unwrap().figures().bytes_held;
    assert!(held <= 200_000, "{sent} bytes hold {held}");
    host.close(near);
    let (heard, _) = host.read_all(far).await;
    assert!(heard.iter().copied().eq((0..sent).map(|n| n as u8)));
}

#[tokio::test]
async fn large_writes_are_exact_and_bounded() {
    let network = network();
    let mut host = Host::new(&network);
    let [near, far] = host.pair(v4(0)).await;
    // Of an open connection, something is always in reserve.
    let before = network.lock().unwrap().figures().bytes_held;
    let byte = |n: usize| (n as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0];
    let (mut sent, mut heard, mut most) = (0, 0, 0);
    while heard < 4 << 20 {
        // Reading begins when nothing more goes in.
        while sent < 4 << 20 && host.check_write(near).unwrap() > 0 {
            let chunk: Vec<_> = (sent..sent + 65_536).map(byte).collect();
            host.try_write(near, chunk.into()).unwrap();
            sent += 65_536;
        }
        most = most.max(network.lock().unwrap().figures().bytes_held);
        let bytes = host.read(far, 50_000).await.unwrap();
        assert!(
            bytes
                .iter()
                .copied()
                .eq((heard..).map(byte).take(bytes.len()))
        );
        heard += bytes.len();
        tokio::task::yield_now().await;
    }
    let left = network.lock().unwrap().figures().bytes_held;
    assert_eq!((heard, left), (sent, before));
    assert!(most <= 400_000, "{most} bytes were held");
}
