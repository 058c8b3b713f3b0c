//! Idle sockets, however many, keep nothing from whatever waits beside them.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use wash_wasi::p3::bindings::sockets::types::HostTcpSocket;

use super::host::{Guest, run};
use super::loopback_host::p2::at_once;
use super::loopback_udp::{all_v4, network, v4};

const COUNTS: [usize; 4] = [1, 127, 128, 200];

type Waits<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Checks that a timer is seen behind what waits.
async fn sees_a_timer<T>(what: &str, mut idle: Vec<Waits<'_, T>>) {
    let timer = tokio::time::sleep(Duration::from_millis(1));
    let mut timer = Box::pin(timer);
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        assert!(polls < 1_000, "{what}, {} of them", idle.len());
        let ready = idle.iter_mut().any(|one| one.as_mut().poll(cx).is_ready());
        assert!(!ready, "{what}");
        timer.as_mut().poll(cx)
    })
    .await;
}

/// Connects once more, and returns whether that has to wait.
async fn is_full(guest: &Guest, to: SocketAddr) -> bool {
    let mut connect = Box::pin(guest.connected(to));
    for _ in 0..10 {
        if at_once(connect.as_mut()).is_some() {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

#[tokio::test]
async fn idle_sockets_leave_a_timer_its_part() {
    for count in COUNTS {
        run(&network(), async |guest| {
            for at in [v4(0), all_v4(0)] {
                let sockets: Vec<_> = (0..count).map(|_| guest.udp().bound(at)).collect();
                let receives = sockets.iter().map(|socket| -> Waits<'_, _> {
                    let socket = *socket;
                    Box::pin(async move { guest.udp().receive(socket).await.is_ok() })
                });
                sees_a_timer("receives", receives.collect()).await;
                let full = guest.tcp(false);
                guest.bind(full, v4(0)).unwrap();
                let limited = guest.call(full, |view, full| {
                    HostTcpSocket::set_listen_backlog_size(view, full, 1)
                });
                limited.unwrap();
                let incoming = guest.listen(full).unwrap();
                let to = guest.local(full).unwrap();
                // Some are in the listener's stream before its backlog is full.
                while !is_full(guest, to).await {}
                let connects = (0..count).map(|_| -> Waits<'_, _> {
                    let near = guest.tcp(false);
                    guest.bind(near, at).unwrap();
                    Box::pin(async move { guest.connect(near, to).await.is_ok() })
                });
                sees_a_timer("connects", connects.collect()).await;
                drop(incoming);
            }
        })
        .await;
    }
}
