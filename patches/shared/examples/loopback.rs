//! Runs two components, each in a store of its own, on one loopback network.
//!
//!     loopback SERVER [ARGUMENT ...] -- CLIENT [ARGUMENT ...]
//!
//! Both are commands of WASI P2. The client is started when the server has a port. With
//! the guests that `ci/guests` builds:
//!
//!     loopback p2.wasm tcp-server 127.0.0.1:80 -- p2.wasm tcp-client 127.0.0.1:80

use std::sync::{Arc, Mutex};
use wash_wasi::p2::{add_to_linker_async, bindings::Command};
use wash_wasi::sockets::loopback::Network;
use wash_wasi::{ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Error, Result, Store};

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

async fn run(engine: Engine, network: Arc<Mutex<Network>>, command: Vec<String>) -> Result<()> {
    let wasi = WasiCtxBuilder::new()
        .loopback_network(network)
        .allow_tcp(true)
        .allow_udp(true)
        // Who connects unbound is asked for the wildcard from 47 on. From 48 on
        // that gives no more: who listens there is asked for the port as well.
        .socket_addr_check(|address, _| {
            let implicit = address.ip().is_unspecified() && address.port() == 0;
            Box::pin(async move { address.ip().is_loopback() || implicit })
        })
        .args(&command)
        .inherit_stdio()
        .build();
    let table = ResourceTable::new();
    let mut store = Store::new(&engine, Host { wasi, table });
    let mut linker = Linker::new(&engine);
    add_to_linker_async(&mut linker)?;
    let component = Component::from_file(&engine, &command[0])?;
    let command = Command::instantiate_async(&mut store, &component, &linker).await?;
    let done = command.wasi_cli_run().call_run(&mut store).await?;
    done.map_err(|()| Error::msg("a component says that it failed"))
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let commands: Vec<&[String]> = arguments.split(|argument| argument == "--").collect();
    let [server @ [_, ..], client @ [_, ..]] = commands[..] else {
        return Err(Error::msg("usage: loopback SERVER ... -- CLIENT ..."));
    };
    let mut config = Config::new();
    #[allow(deprecated, reason = "needed up to 41, without effect from 43 on")]
    config.async_support(true);
    let engine = Engine::new(&config)?;

    // Whoever has this has the network.
    let network = Arc::new(Mutex::new(Network::default()));
    let server = run(engine.clone(), Arc::clone(&network), server.to_vec());
    let server = tokio::spawn(server);
    let has_port = || {
        network
            .lock()
            .is_ok_and(|network| network.figures().ports > 0)
    };
    while !has_port() && !server.is_finished() {
        tokio::task::yield_now().await;
    }
    run(engine, Arc::clone(&network), client.to_vec()).await?;
    server.await?
}
