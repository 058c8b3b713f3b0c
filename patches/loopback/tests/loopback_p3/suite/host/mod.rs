//! A host of WASI P3 that is called directly, as a guest would call it.

mod streams;
mod tcp;
mod udp;

use std::sync::Arc;

use wasmtime::component::{Accessor, Resource, ResourceTable};
use wasmtime::{Config, Engine, Store};

use wash_wasi::p3::bindings::sockets::types::{ErrorCode, IpAddressFamily};
use wash_wasi::p3::sockets::{SocketError, SocketResult};
use wash_wasi::sockets::{WasiSockets, WasiSocketsCtxView};
use wash_wasi::{WasiCtx, WasiCtxBuilder};

use super::loopback_host::p2::{Shared, soon};
use crate::stores;

/// What belongs to one guest.
pub struct State {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl State {
    fn sockets(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView {
            ctx: self.ctx.sockets(),
            table: &mut self.table,
        }
    }
}

/// A guest that runs.
pub struct Guest(Accessor<State, WasiSockets>);

/// Runs what a guest does, in a store of its own.
pub async fn run<R>(network: &Shared, body: impl AsyncFnOnce(&Guest) -> R) -> R {
    run_with(WasiCtxBuilder::new().inherit_network(), network, body).await
}

/// Does the same with what the host allows.
pub async fn run_with<R>(
    builder: &mut WasiCtxBuilder,
    network: &Shared,
    body: impl AsyncFnOnce(&Guest) -> R,
) -> R {
    let mut config = Config::new();
    config.async_support(true);
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config).unwrap();
    let ctx = builder.loopback_network(Arc::clone(network)).build();
    let table = ResourceTable::new();
    let mut store = Store::new(&engine, State { ctx, table });
    let ran = stores::run(&mut store, async |accessor| {
        body(&Guest(accessor.with_getter::<WasiSockets>(State::sockets))).await
    });
    soon("the guest's end", ran).await.unwrap()
}

/// A socket of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket(u32);

impl Socket {
    fn resource<T: 'static>(self) -> Resource<T> {
        Resource::new_borrow(self.0)
    }
}

fn code(error: SocketError) -> ErrorCode {
    error.downcast().expect("the guest would have trapped")
}

fn family(ipv6: bool) -> IpAddressFamily {
    match ipv6 {
        false => IpAddressFamily::Ipv4,
        true => IpAddressFamily::Ipv6,
    }
}

impl Guest {
    fn view<R>(&self, call: impl FnOnce(&mut WasiSocketsCtxView<'_>) -> R) -> R {
        self.0.with(|mut access| call(&mut access.get()))
    }

    /// Calls one of the functions of a socket that need nothing but it.
    pub fn call<T: 'static, R>(
        &self,
        socket: Socket,
        call: impl FnOnce(&mut WasiSocketsCtxView<'_>, Resource<T>) -> SocketResult<R>,
    ) -> Result<R, ErrorCode> {
        self.view(|view| call(view, socket.resource()).map_err(code))
    }
}
