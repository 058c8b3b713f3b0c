//! How fast connections are made and used.

use std::future::Future;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::measure::{Compared, Verdicts, compare};
use super::p2::{End, Guest, Socket};
use super::plane::{Plane, network};

/// So many bytes are read at a time, as guests usually do.
pub const READ: u64 = 65_536;

/// The runtimes, and the place of their targets in a row.
pub const RUNTIMES: [&str; 2] = ["current-thread", "multi-thread"];

/// A third way: the first task is not spawned but run by the thread that blocks
/// on it, which is none of the workers. Whatever the system has for it comes
/// through a worker then.
const BLOCKED_ON: &str = "multi-thread, blocked on";

pub fn runtime(name: &str) -> Runtime {
    let mut builder = if name == RUNTIMES[0] {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Runs a task to its end where a guest would be: on a worker, if there are any.
pub fn run<T: Send + 'static>(
    runtime: &Runtime,
    task: impl Future<Output = T> + Send + 'static,
) -> T {
    runtime.block_on(async { tokio::spawn(task).await.unwrap() })
}

fn start<T: Send + 'static>(
    runtime: &Runtime,
    spawns: bool,
    task: impl Future<Output = T> + Send + 'static,
) -> T {
    match spawns {
        true => run(runtime, task),
        false => runtime.block_on(task),
    }
}

pub struct Target {
    pub what: &'static str,
    pub kind: Kind,
    /// How often it is done at a time.
    pub often: RangeInclusive<u32>,
    /// How many times faster it is to be, on each runtime.
    ratios: [Option<f64>; 2],
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// To a listener that has had so many connections.
    Connect {
        before: u32,
    },
    /// So many bytes at a time.
    Write(usize),
    RoundTrip,
}

/// The system remembers for a minute each connection that has been closed, and
/// looks the longer for a free pair of ports the more of them it remembers. So
/// both are told: what a connection to a new listener costs, and what one costs
/// to a listener that has been in use.
pub const TARGETS: [Target; 6] = [
    Target {
        what: "connect, accept, close: 30,000 before",
        kind: Kind::Connect { before: 30_000 },
        often: 500..=10_000,
        ratios: [Some(30.0), Some(60.0)],
    },
    Target {
        what: "connect, accept, close: new listener",
        kind: Kind::Connect { before: 0 },
        often: 500..=10_000,
        ratios: [None, None],
    },
    Target {
        what: "1 B writes",
        kind: Kind::Write(1),
        often: 1_024..=1 << 22,
        ratios: [Some(4.0), Some(5.0)],
    },
    Target {
        what: "1 KiB writes",
        kind: Kind::Write(1 << 10),
        often: 1_024..=1 << 22,
        ratios: [Some(3.0), Some(2.5)],
    },
    Target {
        what: "64 KiB writes",
        kind: Kind::Write(1 << 16),
        often: 64..=1 << 20,
        ratios: [Some(10.0), Some(2.0)],
    },
    Target {
        what: "round trip",
        kind: Kind::RoundTrip,
        often: 64..=1 << 20,
        ratios: [Some(10.0), Some(6.0)],
    },
];

pub fn p2(verdicts: &mut Verdicts) {
    heading("WASI P2");
    for target in chosen() {
        let ways = RUNTIMES.into_iter().zip(target.ratios);
        for (name, wanted) in ways.chain([(BLOCKED_ON, None)]) {
            let runtime = runtime(name);
            let spawns = name != BLOCKED_ON;
            let one = |plane| {
                let runtime = &runtime;
                let mut used = match target.kind {
                    Kind::Connect { before } if before > 0 => {
                        let listening = run(runtime, Listening::new(plane));
                        Some(run(runtime, listening.connects(before)).0)
                    }
                    _ => None,
                };
                move |count| match target.kind {
                    Kind::Connect { before } => {
                        let new = || run(runtime, Listening::new(plane));
                        let listening = used.take().unwrap_or_else(new);
                        let connects = listening.connects(count);
                        let (listening, time) = start(runtime, spawns, connects);
                        used = Some(listening).filter(|_| before > 0);
                        time
                    }
                    Kind::RoundTrip => start(runtime, spawns, round_trips(plane, count)),
                    Kind::Write(size) => start(runtime, spawns, writes(plane, size, count)),
                }
            };
            let often = target.often.clone();
            let compared = compare(often, one(Plane::Virtual), one(Plane::System));
            line(target.what, name, compared, wanted);
            if let Some(wanted) = wanted {
                let ratio = compared.ratio;
                let what = format!("P2, {}, {name}: {ratio:.1} of {wanted}", target.what);
                verdicts.add(what, ratio >= wanted);
            }
        }
    }
}

/// Returns the rows whose names have what `ROW` says in them.
pub fn chosen() -> impl Iterator<Item = &'static Target> {
    let row = std::env::var("ROW").unwrap_or_default();
    TARGETS
        .iter()
        .filter(move |target| target.what.contains(&row))
}

pub fn heading(title: &str) {
    println!("\n{title}: nanoseconds for each operation\n");
    println!(
        "| | runtime | loopback network | system | times faster | in all | times less work | to reach |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |");
}

pub fn line(what: &str, runtime: &str, compared: Compared, wanted: Option<f64>) {
    let Compared {
        virtually,
        system,
        ratio,
        in_all,
        frugality,
    } = compared;
    let wanted = match wanted {
        Some(wanted) if ratio >= wanted => format!("{wanted}"),
        Some(wanted) => format!("{wanted}, missed"),
        None => String::new(),
    };
    println!(
        "| {what} | {runtime} | {virtually:.0} | {system:.0} | {ratio:.1} | {in_all:.1} | {frugality:.1} | {wanted} |"
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

/// Two guests, of which one listens to the other.
struct Listening {
    client: Guest,
    server: Guest,
    listener: Socket,
    address: SocketAddr,
}

impl Listening {
    async fn new(plane: Plane) -> Listening {
        let network = network();
        let (client, mut server) = (Guest::new(&network), Guest::new(&network));
        let (listener, address) = server.listener(plane, &network).await;
        Listening {
            client,
            server,
            listener,
            address,
        }
    }

    async fn connects(mut self, count: u32) -> (Listening, Duration) {
        let start = Instant::now();
        for _ in 0..count {
            let near = self.client.connect(self.address).await;
            let far = self.server.accept(self.listener).await;
            self.client.close(near).await;
            self.server.close(far).await;
        }
        let elapsed = start.elapsed();
        (self, elapsed)
    }
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
