//! Idle sockets, however many, keep nothing from whatever waits beside them; and what
//! is always ready lets others run. A task of `tokio` has a budget of 128 per turn.

mod loopback_host;
mod loopback_udp;

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use loopback_host::p2::{Host, Streams};
use loopback_host::{calls, network, v4};
use loopback_udp::{all_v4, p2 as udp};
use tokio::task::coop::{consume_budget, has_budget_remaining};
use wash_wasi::p2::bindings::io::poll::{Host as _, HostPollable};
use wash_wasi::p2::bindings::sockets::network::ErrorCode;
use wash_wasi::p2::bindings::sockets::tcp::HostTcpSocket as _;
use wash_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime::component::{Resource, ResourceTable};

const COUNTS: [usize; 4] = [1, 127, 128, 200];

/// As that of a clock.
struct Timer;

#[async_trait::async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Fails if a future is polled again and again without an end.
async fn few_polls<T>(what: &str, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        assert!(polls < 1_000, "{what}: nothing comes");
        future.as_mut().poll(cx)
    })
    .await
}

/// Polls as a guest does, and returns which of them is ready.
async fn poll(what: &str, table: &mut ResourceTable, all: &[Resource<DynPollable>]) -> Vec<u32> {
    let all = all.iter().map(|one| Resource::new_borrow(one.rep()));
    few_polls(what, table.poll(all.collect())).await.unwrap()
}

/// Checks that a timer, and then the last of the sockets, is seen behind the others,
/// on which nothing happens.
async fn sees_the_last(
    what: &str,
    table: &mut ResourceTable,
    mut idle: Vec<Resource<DynPollable>>,
    last: Resource<DynPollable>,
) {
    let what = format!("{what}, {} of them", idle.len());
    let timer = table.push(Timer).unwrap();
    let place = [u32::try_from(idle.len()).unwrap()];
    idle.push(subscribe(table, timer).unwrap());
    assert_eq!(poll(&what, table, &idle).await, place, "{what}");
    idle.pop();
    idle.push(last);
    assert_eq!(poll(&what, table, &idle).await, place, "{what}");
}

#[tokio::test]
async fn listeners() {
    for (at, count) in [v4(0), all_v4(0)]
        .into_iter()
        .flat_map(|at| COUNTS.map(|count| (at, count)))
    {
        let mut host = Host::new(&network());
        let mut idle = Vec::new();
        for _ in 0..count {
            let (socket, _) = host.listener(at).await;
            idle.push(subscribe(host.table(), socket.resource()).unwrap());
        }
        let (last, address) = host.listener(at).await;
        host.connected(v4(address.port())).await.unwrap();
        let last = subscribe(host.table(), last.resource()).unwrap();
        sees_the_last(&format!("listeners at {at}"), host.table(), idle, last).await;
    }
}

#[tokio::test]
async fn connects_on_a_full_backlog() {
    for (from, count) in [v4(0), all_v4(0)]
        .into_iter()
        .flat_map(|at| COUNTS.map(|count| (at, count)))
    {
        let mut host = Host::new(&network());
        let full = host.tcp(false);
        host.bind(full, v4(0)).await.unwrap();
        host.view()
            .set_listen_backlog_size(full.resource(), 1)
            .unwrap();
        host.listen(full).unwrap();
        let address = host.local(full).unwrap();
        let (_, other) = host.listener(v4(0)).await;
        let mut all = Vec::new();
        for to in std::iter::repeat_n(address, count + 2).chain([other]) {
            let socket = host.tcp(false);
            host.bind(socket, from).await.unwrap();
            host.start_connect(socket, to).await.unwrap();
            all.push(socket);
        }
        for queued in all.drain(..2) {
            host.ready(queued).await;
        }
        let pollables = all
            .iter()
            .map(|socket| subscribe(host.table(), socket.resource()));
        let mut idle: Vec<_> = pollables.collect::<Result<_, _>>().unwrap();
        let last = idle.pop().unwrap();
        sees_the_last(&format!("connects from {from}"), host.table(), idle, last).await;
    }
}

/// Returns connections whose near ends have nothing to read and no room to write, and
/// a last one whose near end has both.
async fn connections(host: &mut Host, at: std::net::SocketAddr, count: usize) -> Vec<Streams> {
    let (listener, address) = host.listener(at).await;
    let address = v4(address.port());
    let mut all = Vec::new();
    for n in 0..=count {
        let near = host.connected(address).await.unwrap();
        let far = host.accept(listener).await;
        if n == count {
            host.try_write(far, "x".into()).unwrap();
        } else {
            while host.check_write(near).unwrap() > 0 {
                host.try_write(near, vec![0; 65_536].into()).unwrap();
            }
        }
        all.push(near);
    }
    all
}

#[tokio::test]
async fn streams() {
    for (at, count) in [v4(0), all_v4(0)]
        .into_iter()
        .flat_map(|at| COUNTS.map(|count| (at, count)))
    {
        let mut host = Host::new(&network());
        let all = connections(&mut host, at, count).await;
        for direction in ["reading", "writing"] {
            let pollables = all.iter().map(|near| match direction {
                "reading" => host.subscribe_input(*near),
                _ => host.subscribe_output(*near),
            });
            let mut idle: Vec<_> = pollables.collect();
            let last = idle.pop().unwrap();
            sees_the_last(&format!("{direction} at {at}"), host.table(), idle, last).await;
        }
    }
}

#[tokio::test]
async fn datagrams() {
    for (at, count) in [v4(0), all_v4(0)]
        .into_iter()
        .flat_map(|at| COUNTS.map(|count| (at, count)))
    {
        let mut host = udp::Host::new(&network());
        let mut all = Vec::new();
        for _ in 0..=count {
            let socket = host.bound(at).await;
            let incoming = subscribe(host.table(), socket.incoming()).unwrap();
            all.push((socket, incoming));
        }
        let (last, incoming) = all.pop().unwrap();
        let to = v4(host.local(&last).unwrap().port());
        host.send(&last, b"x", to).await.unwrap();
        let idle = all.into_iter().map(|(_, incoming)| incoming).collect();
        sees_the_last(&format!("datagrams at {at}"), host.table(), idle, incoming).await;
    }
}

/// Returns how often what is ready is told to be, of many times that a guest asks.
async fn ready(table: &mut ResourceTable, pollable: &Resource<DynPollable>) -> usize {
    let mut ready = 0;
    for _ in 0..2_000 {
        let asked = Resource::new_borrow(pollable.rep());
        ready += usize::from(HostPollable::ready(table, asked).await.unwrap());
    }
    ready
}

/// A guest that never blocks gets on all the same, also after others have used up
/// what its task may do in a turn.
#[tokio::test]
async fn who_asks_without_waiting_is_told() {
    let mut host = Host::new(&network());
    let [near, far] = host.pair(v4(0)).await;
    host.try_write(far, "x".into()).unwrap();
    let mut datagrams = udp::Host::new(&network());
    let socket = datagrams.bound(v4(0)).await;
    let to = datagrams.local(&socket).unwrap();
    datagrams.send(&socket, b"x", to).await.unwrap();
    for spent in [false, true] {
        while spent && has_budget_remaining() {
            consume_budget().await;
        }
        for n in 0..2_000 {
            assert!(host.check_write(near).unwrap() > 0, "{n}");
        }
        assert_eq!(has_budget_remaining(), !spent);
        let input = host.subscribe_input(near);
        assert!(ready(host.table(), &input).await >= 100);
        let output = host.subscribe_output(near);
        assert!(ready(host.table(), &output).await >= 100);
        let incoming = subscribe(datagrams.table(), socket.incoming()).unwrap();
        assert!(ready(datagrams.table(), &incoming).await >= 100);
        tokio::task::yield_now().await;
    }
}

/// From release 49 on nothing that a guest of P2 does without waiting depends on what
/// else its task has done in a turn.
#[tokio::test]
async fn who_takes_what_is_there_is_served() {
    let mut host = Host::new(&network());
    let (listener, at) = host.listener(v4(0)).await;
    let mut datagrams = udp::Host::new(&network());
    let socket = datagrams.bound(v4(0)).await;
    let to = datagrams.local(&socket).unwrap();
    while has_budget_remaining() {
        consume_budget().await;
    }
    for n in 0..200 {
        let near = host.tcp(false);
        host.start_connect(near, at).await.unwrap();
        let connected = host.finish_connect(near);
        if calls::POLLS_SPEND_THE_BUDGET {
            assert_eq!(connected, Err(ErrorCode::WouldBlock));
            return;
        }
        let near = connected.unwrap();
        let far = host.try_accept(listener).unwrap();
        host.try_write(near, "x".into()).unwrap();
        assert_eq!(host.try_read(far, 2).unwrap(), "x", "{n}");
        datagrams.check_send(&socket);
        let one = [(&b"x"[..], Some(to))];
        assert_eq!(datagrams.send_all(&socket, &one).await.unwrap(), 1);
        let received = datagrams.try_receive(&socket, 1).unwrap();
        assert_eq!(received.len(), 1, "{n}");
    }
    assert!(!has_budget_remaining(), "nothing was to be waited for");
}

/// Fails if another task does not run while a step is done again and again.
async fn lets_others_run(mut step: impl AsyncFnMut()) {
    let other = tokio::spawn(async {});
    for _ in 0..10_000 {
        if other.is_finished() {
            return;
        }
        step().await;
    }
    panic!("the other task never runs");
}

/// A guest that finds everything ready must yield all the same. From release 49 on
/// upstream asks for datagrams without its task's budget, those of the system too.
#[tokio::test]
async fn who_is_always_ready_lets_others_run() {
    if calls::POLLS_SPEND_THE_BUDGET {
        let mut host = udp::Host::new(&network());
        let socket = host.bound(v4(0)).await;
        let to = host.local(&socket).unwrap();
        lets_others_run(async || {
            host.send(&socket, b"x", to).await.unwrap();
            host.ready(&socket).await;
            assert_eq!(host.try_receive(&socket, 1).unwrap().len(), 1);
        })
        .await;
    }
    let mut host = Host::new(&network());
    let [one, other] = [host.pair(v4(0)).await, host.pair(v4(0)).await];
    let all = [one, other].map(|[near, _]| host.subscribe_output(near));
    lets_others_run(async || {
        assert!(!poll("streams", host.table(), &all).await.is_empty());
    })
    .await;
}
