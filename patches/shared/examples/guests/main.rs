//! Runs the fork's own guests: two components in two stores on one loopback network,
//! WASI P2 and P3 in each place, over TCP and UDP, IPv4 and IPv6. While they talk, no
//! socket of the host may appear; when they are gone, nothing of the network is held.
//! And one guest that gives up all it begins, of which nothing may be left meanwhile.
//!
//!     guests P2_COMPONENT P3_COMPONENT
//!
//! `ci/guests` builds the components and runs this. It ends with 0 where all is well.

mod guest;
mod host;
mod idle;
mod playing;
mod world;

use guest::{Guest, engine, linker};
use host::looking_finds;
use playing::Playing;
use std::io;
use std::process::{ExitCode, exit};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use wasmtime::{Error, Result};
use world::{World, nothing_held};

/// What the guests agree on: bytes each way over TCP, and datagrams each way.
const STREAM: u64 = 4 << 20;
const DATAGRAMS: u64 = 8;
/// A guest that waits for ever ends with everything else, long after all are done.
const WATCHDOG: Duration = Duration::from_secs(600);

/// What one test is about.
struct Case {
    server: Guest,
    client: Guest,
    protocol: &'static str,
    address: &'static str,
}

impl Case {
    /// Two stores on one network: all bytes and datagrams arrive, both ways.
    async fn together(&self) -> Result<String> {
        let world = World::default();
        let said = self.talk(&world, &world).await?;
        let (figures, looks) = (world.figures(), world.looks.load(Relaxed));
        let passed = match self.protocol {
            "tcp" => figures.bytes_passed == 2 * STREAM,
            _ => figures.datagrams_passed == 2 * DATAGRAMS,
        };
        if !passed || figures.queue_drops > 0 || looks == 0 {
            return Err(Error::msg(format!(
                "{figures:?} after {looks} looks at the host"
            )));
        }
        nothing_held(&world)?;
        Ok(format!("{said}, {looks} looks at the host"))
    }

    /// Two stores, each with a network to itself: the client finds nobody.
    async fn apart(&self) -> Result<String> {
        let (one, other) = (World::default(), World::default());
        let Err(fault) = self.talk(&one, &other).await else {
            return Err(Error::msg("they met"));
        };
        let fault = format!("{fault:#}");
        // For guests of P3 it is a name of an enum in older releases, a case of a variant in newer.
        let refused = ["connection-refused", "ConnectionRefused"];
        if !fault.contains("-client: fault: ") || !refused.iter().any(|code| fault.contains(code)) {
            return Err(Error::msg(fault));
        }
        nothing_held(&one)?;
        nothing_held(&other)?;
        Ok(fault)
    }

    /// A server that traps: its client's connection ends, all that it held goes back,
    /// and its port can be had again.
    async fn trapped(&self) -> Result<String> {
        let world = World::default();
        let mut server = Playing::start(&self.server, "tcp-trap".to_owned(), self.address, &world);
        server.ready().await?;
        let mut client =
            Playing::start(&self.client, "tcp-client".to_owned(), self.address, &world);
        let (ended, trap) = (client.end().await, server.end().await);
        client.stop().await;
        server.stop().await;
        nothing_held(&world)?;
        let (Err(ended), Err(trap)) = (ended, trap) else {
            return Err(Error::msg("nothing went wrong"));
        };
        let (ended, trap) = (format!("{ended:#}"), format!("{trap:#}"));
        if !trap.contains("unreachable") || !ended.contains("tcp-client: fault: ") {
            return Err(Error::msg(format!("{trap}; {ended}")));
        }
        self.talk(&world, &world).await?;
        nothing_held(&world)?;
        Ok(ended)
    }

    /// Runs server and client, each in its world; gives what they said.
    async fn talk(&self, served: &World, called: &World) -> Result<String> {
        let role = |what| format!("{}-{what}", self.protocol);
        let mut server = Playing::start(&self.server, role("server"), self.address, served);
        let said = async {
            server.ready().await?;
            let mut client = Playing::start(&self.client, role("client"), self.address, called);
            let said = client.end().await;
            client.stop().await;
            Ok(format!("{}, {}", said?, server.end().await?))
        };
        let said = said.await;
        server.stop().await;
        said
    }
}

/// Counts what was run, and tells of it.
#[derive(Default)]
struct Outcome {
    passed: u32,
    failed: u32,
}

impl Outcome {
    fn take(&mut self, name: &str, test: impl FnOnce() -> Result<String>) {
        let from = Instant::now();
        let result = test();
        let took = from.elapsed().as_millis();
        match result {
            Ok(said) => {
                self.passed += 1;
                println!("guests {name} ... ok ({said}; {took} ms)");
            }
            Err(error) => {
                self.failed += 1;
                println!("guests {name} ... FAILED ({error:#}; {took} ms)");
            }
        }
    }
}

fn runtimes() -> io::Result<[(&'static str, Runtime); 2]> {
    let mut many = Builder::new_multi_thread();
    Ok([
        (
            "one thread",
            Builder::new_current_thread().enable_all().build()?,
        ),
        ("two threads", many.worker_threads(2).enable_all().build()?),
    ])
}

fn run(paths: &[String; 2]) -> Result<Outcome> {
    let linker = linker(&engine()?)?;
    let [p2, p3] = paths.each_ref().map(|path| Guest::load(&linker, path));
    let guests = [("P2", p2?), ("P3", p3?)];
    let mut outcome = Outcome::default();
    outcome.take("looking at the host", looking_finds);
    let runtimes = runtimes()?;
    let (_, runtime) = &runtimes[0];
    for (plane, on_system) in [("the network", false), ("the system", true)] {
        let name = format!("P3 gives up what it begins on {plane}");
        outcome.take(&name, || {
            runtime.block_on(idle::given_up(&guests[1].1, on_system))
        });
    }
    for (threads, runtime) in &runtimes {
        for protocol in ["tcp", "udp"] {
            for address in ["127.0.0.1:7", "[::1]:7"] {
                for (server_name, server) in &guests {
                    for (client_name, client) in &guests {
                        let name = format!(
                            "{protocol} {server_name} server, {client_name} client, {address}, {threads}"
                        );
                        let case = Case {
                            server: server.clone(),
                            client: client.clone(),
                            protocol,
                            address,
                        };
                        outcome.take(&name, || runtime.block_on(case.together()));
                        if protocol == "tcp" {
                            outcome
                                .take(&format!("{name}, apart"), || runtime.block_on(case.apart()));
                            outcome.take(&format!("{name}, trapped"), || {
                                runtime.block_on(case.trapped())
                            });
                        }
                    }
                }
            }
        }
    }
    Ok(outcome)
}

fn main() -> ExitCode {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let Ok(paths) = paths.try_into() else {
        eprintln!("usage: guests P2_COMPONENT P3_COMPONENT");
        return ExitCode::from(2);
    };
    std::thread::spawn(|| {
        std::thread::sleep(WATCHDOG);
        eprintln!("guests: still not done after {WATCHDOG:?}");
        exit(1);
    });
    match run(&paths) {
        Ok(Outcome { passed, failed }) => {
            println!("{passed} passed, {failed} failed");
            ExitCode::from(u8::from(failed > 0))
        }
        Err(error) => {
            eprintln!("guests: {error:?}");
            ExitCode::FAILURE
        }
    }
}
