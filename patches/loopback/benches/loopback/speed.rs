//! How fast connections are made and used.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::measure::{Compared, Verdicts, compare};
use super::p2::{End, Guest};
use super::plane::{Plane, network};

/// So many bytes are read at a time, as guests usually do.
pub const READ: u64 = 65_536;

/// The runtimes, and the place of their targets in a row.
pub const RUNTIMES: [&str; 2] = ["current-thread", "multi-thread"];

pub fn runtime(name: &str) -> Runtime {
    let mut builder = if name == RUNTIMES[0] {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Runs a task to its end, on a worker where there is one.
pub fn run<T: Send + 'static>(
    runtime: &Runtime,
    task: impl Future<Output = T> + Send + 'static,
) -> T {
    runtime.block_on(async { tokio::spawn(task).await.unwrap() })
}

pub struct Target {
    pub what: &'static str,
    /// What is written at a time, where that is what is done.
    pub size: usize,
    /// How many times faster it is to be, on each runtime.
    ratios: [f64; 2],
    pub most: u32,
}

pub const CONNECT: &str = "connect, accept, close";
pub const ROUND_TRIP: &str = "round trip";

pub const TARGETS: [Target; 5] = [
    Target {
        what: CONNECT,
        size: 0,
        ratios: [30.0, 60.0],
        most: 10_000,
    },
    Target {
        what: "1 B writes",
        size: 1,
        ratios: [4.0, 5.0],
        most: 1 << 22,
    },
    Target {
        what: "1 KiB writes",
        size: 1 << 10,
        ratios: [3.0, 2.5],
        most: 1 << 22,
    },
    Target {
        what: "64 KiB writes",
        size: 1 << 16,
        ratios: [10.0, 2.0],
        most: 1 << 20,
    },
    Target {
        what: ROUND_TRIP,
        size: 1,
        ratios: [10.0, 6.0],
        most: 1 << 20,
    },
];

pub fn p2(verdicts: &mut Verdicts) {
    heading("WASI P2");
    for target in &TARGETS {
        for (name, wanted) in RUNTIMES.into_iter().zip(target.ratios) {
            let runtime = runtime(name);
            let one = |plane| {
                let runtime = &runtime;
                move |count| match target.what {
                    CONNECT => run(runtime, connects(plane, count)),
                    ROUND_TRIP => run(runtime, round_trips(plane, count)),
                    _ => run(runtime, writes(plane, target.size, count)),
                }
            };
            let compared = compare(target.most, one(Plane::Virtual), one(Plane::System));
            let reached = compared.ratio >= wanted;
            line(target.what, name, compared, &format!("{wanted}"), reached);
            let what = format!(
                "P2, {}, {name}: {:.1} of {wanted}",
                target.what, compared.ratio
            );
            verdicts.add(what, reached);
        }
    }
}

pub fn heading(title: &str) {
    println!("\n{title}: nanoseconds for each operation\n");
    println!(
        "| | runtime | loopback network | system | times faster | times less work | to reach |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | --- |");
}

pub fn line(what: &str, runtime: &str, compared: Compared, wanted: &str, reached: bool) {
    let Compared {
        virtually,
        system,
        ratio,
        frugality,
    } = compared;
    let missed = if reached { "" } else { ", missed" };
    println!(
        "| {what} | {runtime} | {virtually:.0} | {system:.0} | {ratio:.1} | {frugality:.1} | {wanted}{missed} |"
    );
}

/// Two guests with a connection, the one that connected first.
pub async fn connected(plane: Plane) -> [(Guest, End); 2] {
    let network = network();
    let (mut client, mut server) = (Guest::new(&network), Guest::new(&network));
    let (listener, address) = server.listener(plane, &network).await;
    let near = client.connect(address).await;
    let far = server.accept(listener).await;
    server.drop_socket(listener);
    [(client, near), (server, far)]
}

pub async fn connects(plane: Plane, count: u32) -> Duration {
    let network = network();
    let (mut client, mut server) = (Guest::new(&network), Guest::new(&network));
    let (listener, address) = server.listener(plane, &network).await;
    let mut start = Instant::now();
    for turn in 0..2 * count {
        if turn == count {
            start = Instant::now();
        }
        let near = client.connect(address).await;
        let far = server.accept(listener).await;
        client.close(near).await;
        server.close(far).await;
    }
    start.elapsed()
}

/// One task writes, the other one reads. The first time warms both up.
pub async fn writes(plane: Plane, size: usize, count: u32) -> Duration {
    let [(mut client, near), (mut server, far)] = connected(plane).await;
    let mut elapsed = Duration::ZERO;
    for _ in 0..2 {
        let start = Instant::now();
        let writer = tokio::spawn(async move {
            let data = vec![7; size];
            for _ in 0..count {
                client.write(near, &data).await;
            }
            client
        });
        let mut left = u64::from(count) * size as u64;
        while left > 0 {
            left -= server.read(far, READ).await.len() as u64;
        }
        elapsed = start.elapsed();
        client = writer.await.unwrap();
    }
    elapsed
}

/// One task sends back what the other one sends.
pub async fn round_trips(plane: Plane, count: u32) -> Duration {
    let [(mut client, near), (mut server, far)] = connected(plane).await;
    let echo = tokio::spawn(async move {
        for _ in 0..2 * count {
            let heard = server.read(far, READ).await;
            server.write(far, &heard).await;
        }
        server
    });
    let mut start = Instant::now();
    for turn in 0..2 * count {
        if turn == count {
            start = Instant::now();
        }
        client.write(near, &[7]).await;
        let heard = client.read(near, READ).await;
        assert_eq!(heard, [7]);
    }
    let elapsed = start.elapsed();
    echo.await.unwrap();
    elapsed
}
