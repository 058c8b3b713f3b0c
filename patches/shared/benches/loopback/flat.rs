//! Whether operations cost the same however many sockets there are.

use std::time::{Duration, Instant};

use super::idle::{Idle, connections};
use super::measure::{Verdicts, median, rounds};
use super::plane::{Plane, Shared};
use super::speed::runtime;

/// How many sockets there are; two make a connection.
const SOCKETS: [usize; 4] = [10, 500, 5_000, 50_000];
/// Caches get colder with more of them, so that a little more is still flat.
const FLAT: f64 = 2.0;
const TIMES: u32 = 2_000;
/// Whether it is about the network, or about how much memory is touched.
const WHAT: [(&str, bool); 4] = [
    ("connect, accept, close", true),
    ("bind, drop", true),
    ("1 KiB across one connection", true),
    ("1 KiB across each in turn", false),
];

pub fn run(verdicts: &mut Verdicts) {
    println!("\nNanoseconds for each operation, as sockets grow in number\n");
    println!(
        "| | {} | last to first |",
        SOCKETS.map(|n| n.to_string()).join(" | ")
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let runtime = runtime("current-thread");
    let networks = SOCKETS.map(|_| Shared::default());
    let mut all: Vec<Idle> = SOCKETS
        .iter()
        .zip(&networks)
        .map(|(count, network)| runtime.block_on(connections(network.clone(), count / 2)))
        .collect();
    for (which, (what, verdict)) in WHAT.into_iter().enumerate() {
        let mut times = SOCKETS.map(|_| Vec::new());
        for _ in 0..rounds() {
            for (index, idle) in all.iter_mut().enumerate() {
                let network = &networks[index];
                let time = runtime.block_on(async {
                    match which {
                        0 => connect(idle, network).await,
                        1 => bind(idle).await,
                        2 => talk(idle, 0).await,
                        _ => talk(idle, 7_919).await,
                    }
                });
                times[index].push(time.as_secs_f64() * 1e9 / f64::from(TIMES));
            }
        }
        let growth = |round: usize| times[SOCKETS.len() - 1][round] / times[0][round];
        let growth = median((0..times[0].len()).map(growth).collect());
        let medians = times.map(|times| format!("{:.0}", median(times)));
        println!("| {what} | {} | {growth:.2} |", medians.join(" | "));
        if verdict {
            let text = format!("flat: {what} costs {growth:.2} times as much, of {FLAT}");
            verdicts.add(text, growth <= FLAT);
        }
    }
}

async fn connect(idle: &mut Idle, network: &Shared) -> Duration {
    let [client, server] = &mut idle.guests;
    let (listener, address) = server.listener(Plane::Virtual, network).await;
    let start = Instant::now();
    for _ in 0..TIMES {
        let near = client.connect(address).await;
        let far = server.accept(listener).await;
        client.close(near).await;
        server.close(far).await;
    }
    let elapsed = start.elapsed();
    server.drop_socket(listener);
    elapsed
}

/// Writes to every so manieth connection. With a step none stays in a cache:
/// that tells what memory costs, and the network has no part in it.
async fn talk(idle: &mut Idle, step: usize) -> Duration {
    let [client, server] = &mut idle.guests;
    let data = [7; 1_024];
    let start = Instant::now();
    for turn in 0..TIMES as usize {
        let [near, far] = idle.ends[turn * step % idle.ends.len()];
        client.write(near, &data).await;
        assert_eq!(server.read(far, 2_048).await.len(), data.len());
    }
    start.elapsed()
}

async fn bind(idle: &mut Idle) -> Duration {
    let [client, _] = &mut idle.guests;
    let start = Instant::now();
    for _ in 0..TIMES {
        let socket = client.tcp();
        client.bind(socket, Plane::Virtual.listen_at()).await;
        client.drop_socket(socket);
    }
    start.elapsed()
}
