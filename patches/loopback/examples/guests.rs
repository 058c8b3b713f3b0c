//! Runs the fork's own guests: two components in two stores on one loopback network,
//! WASI P2 and P3 in each place, over TCP and UDP, IPv4 and IPv6. While they talk, no
//! socket of the host may appear; when they are gone, nothing of the network is held.
//!
//!     guests P2_COMPONENT P3_COMPONENT
//!
//! `ci/guests` builds the components and runs this. It ends with 0 where all is well.

use std::collections::HashSet;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::process::{ExitCode, exit};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, DuplexStream, duplex};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use wash_wasi::cli::AsyncStdoutStream;
use wash_wasi::sockets::loopback::{Figures, Network};
use wash_wasi::{ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Error, Result, Store};

/// What the guests agree on: bytes each way over TCP, and datagrams each way.
const STREAM: u64 = 4 << 20;
const DATAGRAMS: u64 = 8;
/// How much a guest may compute; about twenty times what the longest needs.
const FUEL: u64 = 20_000_000_000;
/// A guest that waits for ever ends with everything else, long after all are done.
const WATCHDOG: Duration = Duration::from_secs(600);

type Shared = Arc<Mutex<Network>>;

struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// A component that can be run, any number of times.
#[derive(Clone)]
struct Guest {
    linker: Arc<Linker<Host>>,
    component: Component,
    /// The instance that holds `run`; its version is the release's.
    export: String,
}

impl Guest {
    fn load(linker: &Arc<Linker<Host>>, path: &str) -> Result<Guest> {
        let engine = linker.engine();
        let component = Component::from_file(engine, path)?;
        let export = component
            .component_type()
            .exports(engine)
            .map(|(name, _)| name.to_owned())
            .find(|name| name.starts_with("wasi:cli/run@"))
            .ok_or_else(|| Error::msg(format!("{path} is no command")))?;
        Ok(Guest {
            linker: Arc::clone(linker),
            component,
            export,
        })
    }

    /// Runs the guest to its end, in a store of its own that is dropped then.
    async fn run(self, network: Shared, arguments: [String; 2], out: DuplexStream) -> Result<bool> {
        let wasi = WasiCtxBuilder::new()
            .loopback_network(network)
            .inherit_network()
            .args(&arguments)
            .stdout(AsyncStdoutStream::new(4096, out))
            .build();
        let table = ResourceTable::new();
        let mut store = Store::new(self.linker.engine(), Host { wasi, table });
        store.set_fuel(FUEL)?;
        let instance = self
            .linker
            .instantiate_async(&mut store, &self.component)
            .await?;
        let run = instance
            .get_export_index(&mut store, None, &self.export)
            .and_then(|outer| instance.get_export_index(&mut store, Some(&outer), "run"))
            .ok_or_else(|| Error::msg("there is no `run`"))?;
        let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, run)?;
        Ok(run.call_async(&mut store, ()).await?.0.is_ok())
    }
}

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true).consume_fuel(true);
    #[allow(deprecated, reason = "needed up to 41, without effect from 43 on")]
    config.async_support(true);
    Engine::new(&config)
}

fn linker(engine: &Engine) -> Result<Arc<Linker<Host>>> {
    let mut linker = Linker::new(engine);
    wash_wasi::p2::add_to_linker_async(&mut linker)?;
    wash_wasi::p3::add_to_linker(&mut linker)?;
    Ok(Arc::new(linker))
}

/// A guest that is running, in a task of its own, and what it says.
struct Playing {
    task: JoinHandle<Result<bool>>,
    said: BufReader<DuplexStream>,
    role: String,
}

impl Playing {
    fn start(guest: &Guest, role: String, address: &str, world: &World) -> Playing {
        let (out, said) = duplex(4096);
        let arguments = [role.clone(), address.to_owned()];
        let run = guest
            .clone()
            .run(Arc::clone(&world.network), arguments, out);
        Playing {
            task: tokio::spawn(watched(world.clone(), run)),
            said: BufReader::new(said),
            role,
        }
    }

    /// Waits until a server can be reached.
    async fn ready(&mut self) -> Result<()> {
        let mut words = String::new();
        self.said.read_line(&mut words).await?;
        match words.as_str() {
            "ready\n" => Ok(()),
            _ => self.end().await.and(Err(Error::msg(words))),
        }
    }

    /// Waits for the end; gives what it said, or what went wrong.
    async fn end(&mut self) -> Result<String> {
        let mut words = String::new();
        self.said.read_to_string(&mut words).await?;
        match (&mut self.task).await?? {
            true => Ok(words.trim().to_owned()),
            false => Err(Error::msg(format!("{}: {}", self.role, words.trim()))),
        }
    }

    /// Ends it, and waits until its store is gone.
    async fn stop(self) {
        if !self.task.is_finished() {
            self.task.abort();
            let _ = self.task.await; // It was cancelled: that is what was asked for.
        }
    }
}

/// A network, and how often the host was looked at while it was in use.
#[derive(Clone, Default)]
struct World {
    network: Shared,
    looks: Arc<AtomicU64>,
}

impl World {
    fn figures(&self) -> Figures {
        let network = self.network.lock();
        network.unwrap_or_else(PoisonError::into_inner).figures()
    }
}

/// Looks at the host at each turn of a guest.
async fn watched(world: World, run: impl Future<Output = Result<bool>>) -> Result<bool> {
    let mut run = pin!(run);
    poll_fn(|context| {
        let polled = run.as_mut().poll(context);
        let found = sockets_of_the_host()?;
        if !found.is_empty() {
            return Err(Error::msg(format!("on the host: {}", found.join("; ")))).into();
        }
        if world.figures().sockets > 0 {
            world.looks.fetch_add(1, Relaxed);
        }
        polled
    })
    .await
}

/// Returns the lines of this process's TCP and UDP sockets in the system's tables.
#[cfg(target_os = "linux")]
fn sockets_of_the_host() -> io::Result<Vec<String>> {
    let mut inodes = HashSet::new();
    for descriptor in std::fs::read_dir("/proc/self/fd")? {
        // One that was closed meanwhile leads nowhere.
        let Ok(to) = std::fs::read_link(descriptor?.path()) else {
            continue;
        };
        let to = to.to_string_lossy().into_owned();
        if let Some(inode) = to
            .strip_prefix("socket:[")
            .and_then(|to| to.strip_suffix(']'))
        {
            inodes.insert(inode.to_owned());
        }
    }
    let mut found = Vec::new();
    if inodes.is_empty() {
        return Ok(found);
    }
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        // Without IPv6 there is no table of it.
        let lines = std::fs::read_to_string(format!("/proc/self/net/{table}")).unwrap_or_default();
        let ours = |line: &&str| {
            line.split_whitespace()
                .nth(9)
                .is_some_and(|inode| inodes.contains(inode))
        };
        found.extend(
            lines
                .lines()
                .filter(ours)
                .map(|line| format!("{table} {line}")),
        );
    }
    Ok(found)
}

/// Elsewhere there is no such table.
#[cfg(not(target_os = "linux"))]
fn sockets_of_the_host() -> io::Result<Vec<String>> {
    Ok(Vec::new())
}

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
        if !fault.contains("-client: fault: ") || !fault.contains("ConnectionRefused") {
            return Err(Error::msg(fault));
        }
        nothing_held(&one)?;
        nothing_held(&other)?;
        Ok(fault)
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

/// Says whether everything went back when the stores were dropped.
fn nothing_held(world: &World) -> Result<()> {
    let figures = world.figures();
    match (figures.sockets, figures.ports, figures.bytes_held) {
        (0, 0, 0) => Ok(()),
        _ => Err(Error::msg(format!("still held: {figures:?}"))),
    }
}

/// A socket of the host is seen where there is one.
fn looking_finds() -> Result<String> {
    if !sockets_of_the_host()?.is_empty() {
        return Err(Error::msg("this process has sockets already"));
    }
    let _listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let found = sockets_of_the_host()?.len();
    match found == 1 || !cfg!(target_os = "linux") {
        true => Ok(format!("{found} found")),
        false => Err(Error::msg(format!("{found} found"))),
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
                println!("guests {name} ... FAILED ({error:?}; {took} ms)");
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
    for (threads, runtime) in &runtimes()? {
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
