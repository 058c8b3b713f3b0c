//! A component, and how it is run in a store of its own.

use crate::world::Shared;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use tokio::sync::mpsc::UnboundedSender;
use wash_wasi::cli::{IsTerminal, StdoutStream};
use wash_wasi::{ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Error, Result, Store};

/// How much a guest may compute; about twenty times what the longest needs.
const FUEL: u64 = 5_000_000_000;
pub struct Host {
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

/// A guest's standard output: what is written is there at once, and stays when the
/// guest's store is dropped.
#[derive(Clone)]
pub struct Words(pub UnboundedSender<Vec<u8>>);

impl AsyncWrite for Words {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = self.0.send(bytes.to_vec());
        Poll::Ready(sent.map(|()| bytes.len()).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl IsTerminal for Words {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Words {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

/// A component that can be run, any number of times.
#[derive(Clone)]
pub struct Guest {
    linker: Arc<Linker<Host>>,
    component: Component,
    /// The instance that holds `run`; its version is the release's.
    export: String,
}

impl Guest {
    pub fn load(linker: &Arc<Linker<Host>>, path: &str) -> Result<Guest> {
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
    pub async fn run(self, network: Shared, arguments: [String; 2], out: Words) -> Result<bool> {
        let wasi = WasiCtxBuilder::new()
            .loopback_network(network)
            .inherit_network()
            .allow_tcp(true)
            .allow_udp(true)
            .args(&arguments)
            .stdout(out)
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

pub fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true).consume_fuel(true);
    #[allow(deprecated, reason = "needed up to 41, without effect from 43 on")]
    config.async_support(true);
    Engine::new(&config)
}

pub fn linker(engine: &Engine) -> Result<Arc<Linker<Host>>> {
    let mut linker = Linker::new(engine);
    wash_wasi::p2::add_to_linker_async(&mut linker)?;
    wash_wasi::p3::add_to_linker(&mut linker)?;
    Ok(Arc::new(linker))
}
