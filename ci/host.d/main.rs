//! A host as its author writes it: upstream's crates alone, `wasmtime-wasi-http` among
//! them, and two components that talk over the loopback network.
//!
//!     host COMPONENT SERVER-ARGUMENT CLIENT-ARGUMENT ADDRESS

use std::sync::{Arc, Mutex};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Error, Result, Store};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::sockets::loopback::Network;
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;

// The form that the release has.
mod http;

struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
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

async fn run(engine: Engine, network: Arc<Mutex<Network>>, command: [String; 3]) -> Result<()> {
    let wasi = WasiCtxBuilder::new()
        .loopback_network(network)
        .allow_tcp(true)
        // Who connects unbound is asked for the wildcard from 47 on.
        .socket_addr_check(|address, _| {
            let implicit = address.ip().is_unspecified() && address.port() == 0;
            Box::pin(async move { address.ip().is_loopback() || implicit })
        })
        .args(&command)
        .inherit_stdio()
        .build();
    let host = Host {
        wasi,
        http: WasiHttpCtx::new(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(&engine, host);
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    // It wants a `WasiView` of the crate that it was built with: there may be one only.
    linker.allow_shadowing(true);
    http::add_to_linker_async(&mut linker)?;
    let component = Component::from_file(&engine, &command[0])?;
    let command = Command::instantiate_async(&mut store, &component, &linker).await?;
    let done = command.wasi_cli_run().call_run(&mut store).await?;
    done.map_err(|()| Error::msg("a component says that it failed"))
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [component, server, client, address] = &arguments[..] else {
        return Err(Error::msg("usage: host COMPONENT SERVER CLIENT ADDRESS"));
    };
    let command = |role: &String| [component.clone(), role.clone(), address.clone()];
    let mut config = Config::new();
    #[allow(deprecated, reason = "needed up to 41, without effect from 43 on")]
    config.async_support(true);
    let engine = Engine::new(&config)?;

    let network = Arc::new(Mutex::new(Network::default()));
    let figures = || network.lock().expect("nobody panics").figures();
    let server = run(engine.clone(), Arc::clone(&network), command(server));
    let server = tokio::spawn(server);
    while figures().ports == 0 && !server.is_finished() {
        tokio::task::yield_now().await;
    }
    run(engine, Arc::clone(&network), command(client)).await?;
    server.await.map_err(|e| Error::msg(e.to_string()))??;
    let bytes = figures().bytes_passed;
    if bytes == 0 {
        return Err(Error::msg("nothing passed the loopback network"));
    }
    println!("host: {bytes} bytes passed the loopback network");
    Ok(())
}
