//! A host of WASI P3 that is called directly, as a guest would call it.

pub mod last;
mod streams;
mod tcp;
mod udp;

use std::sync::Arc;

use wasmtime::component::{Accessor, Resource, ResourceTable};
use wasmtime::{Config, Engine, Store};

use wash_wasi::p3::bindings::sockets::types::{self, IpAddressFamily};
use wash_wasi::p3::sockets::{SocketError, SocketResult};
use wash_wasi::sockets::{WasiSockets, WasiSocketsCtxView};
use wash_wasi::{WasiCtx, WasiCtxBuilder};

use super::loopback_host::p2::{Shared, soon};
use crate::release::p3_store;

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
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_network().allow_tcp(true).allow_udp(true);
    run_with(&mut builder, network, body).await
}

/// Does the same with what the host allows.
pub async fn run_with<R>(
    builder: &mut WasiCtxBuilder,
    network: &Shared,
    body: impl AsyncFnOnce(&Guest) -> R,
) -> R {
    let mut config = Config::new();
    #[allow(deprecated, reason = "later releases support it without being asked")]
    config.async_support(true);
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config).unwrap();
    let ctx = builder.loopback_network(Arc::clone(network)).build();
    let table = ResourceTable::new();
    let mut store = Store::new(&engine, State { ctx, table });
    let ran = p3_store::run(&mut store, async |accessor| {
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

/// An error code of the guest's, which can be compared and copied in every release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    AccessDenied,
    AddressInUse,
    /// From release 44 on.
    ConnectionBroken,
    ConnectionRefused,
    ConnectionReset,
    DatagramTooLarge,
    InvalidArgument,
    InvalidState,
    NotSupported,
    RemoteUnreachable,
    Other,
}

impl From<types::ErrorCode> for ErrorCode {
    fn from(code: types::ErrorCode) -> ErrorCode {
        match code {
            types::ErrorCode::AccessDenied => ErrorCode::AccessDenied,
            types::ErrorCode::AddressInUse => ErrorCode::AddressInUse,
            types::ErrorCode::ConnectionRefused => ErrorCode::ConnectionRefused,
            types::ErrorCode::ConnectionReset => ErrorCode::ConnectionReset,
            types::ErrorCode::DatagramTooLarge => ErrorCode::DatagramTooLarge,
            types::ErrorCode::InvalidArgument => ErrorCode::InvalidArgument,
            types::ErrorCode::InvalidState => ErrorCode::InvalidState,
            types::ErrorCode::NotSupported => ErrorCode::NotSupported,
            types::ErrorCode::RemoteUnreachable => ErrorCode::RemoteUnreachable,
            code if format!("{code:?}").ends_with("ConnectionBroken") => {
                ErrorCode::ConnectionBroken
            }
            _ => ErrorCode::Other,
        }
    }
}

impl From<rustix::io::Errno> for ErrorCode {
    fn from(errno: rustix::io::Errno) -> ErrorCode {
        use rustix::io::Errno;

        match errno {
            Errno::ACCESS => ErrorCode::AccessDenied,
            Errno::INVAL => ErrorCode::InvalidArgument,
            Errno::NETUNREACH => ErrorCode::RemoteUnreachable,
            Errno::AFNOSUPPORT => ErrorCode::NotSupported,
            _ => ErrorCode::Other,
        }
    }
}

fn code(error: SocketError) -> ErrorCode {
    error
        .downcast()
        .expect("the guest would have trapped")
        .into()
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
