//! A host of WASI P3 whose UDP sockets are used as a guest would use them.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasmtime::component::{Accessor, Resource, ResourceTable};
use wasmtime::{Config, Engine, Store};

use wash_wasi::p3::bindings::sockets::types::{
    ErrorCode, HostUdpSocket, HostUdpSocketWithStore, IpAddressFamily, IpSocketAddress,
};
use wash_wasi::p3::sockets::SocketError;
use wash_wasi::sockets::{UdpSocket, WasiSockets, WasiSocketsCtxView};
use wash_wasi::{WasiCtx, WasiCtxBuilder};

use super::loopback_udp::p2::Shared;

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
    let ran = store.run_concurrent(async |accessor| {
        body(&Guest(accessor.with_getter::<WasiSockets>(State::sockets))).await
    });
    ran.await.unwrap()
}

fn code(error: SocketError) -> ErrorCode {
    error.downcast().expect("the guest would have trapped")
}

/// Returns what a future gives at once.
pub fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// A socket of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket(u32);

impl Socket {
    fn resource(self) -> Resource<UdpSocket> {
        Resource::new_borrow(self.0)
    }
}

impl Guest {
    fn view<R>(&self, call: impl FnOnce(&mut WasiSocketsCtxView<'_>) -> R) -> R {
        self.0.with(|mut access| call(&mut access.get()))
    }

    pub fn udp(&self, ipv6: bool) -> Socket {
        let family = match ipv6 {
            false => IpAddressFamily::Ipv4,
            true => IpAddressFamily::Ipv6,
        };
        let socket = self.view(|view| HostUdpSocket::create(view, family));
        Socket(socket.map_err(code).unwrap().rep())
    }

    pub fn bind(&self, socket: Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        let address = IpSocketAddress::from(address);
        let bound = self.view(|view| {
            let bound = HostUdpSocket::bind(view, socket.resource(), address);
            at_once(bound).expect("a bind does not wait")
        });
        bound.map_err(code)
    }

    /// Returns a new socket that is bound to an address.
    pub fn bound(&self, address: SocketAddr) -> Socket {
        let socket = self.udp(address.is_ipv6());
        self.bind(socket, address).unwrap();
        socket
    }

    pub fn connect(&self, socket: Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        let address = IpSocketAddress::from(address);
        let connected = self.view(|view| {
            let connected = HostUdpSocket::connect(view, socket.resource(), address);
            at_once(connected).expect("a connect does not wait")
        });
        connected.map_err(code)
    }

    pub fn disconnect(&self, socket: Socket) -> Result<(), ErrorCode> {
        let done = self.view(|view| HostUdpSocket::disconnect(view, socket.resource()));
        done.map_err(code)
    }

    pub async fn send(
        &self,
        socket: Socket,
        data: &[u8],
        remote: impl Into<Option<SocketAddr>>,
    ) -> Result<(), ErrorCode> {
        let remote = remote.into().map(IpSocketAddress::from);
        let sent = WasiSockets::send(&self.0, socket.resource(), data.to_vec(), remote);
        sent.await.map_err(code)
    }

    pub async fn receive(&self, socket: Socket) -> Result<(Vec<u8>, SocketAddr), ErrorCode> {
        let received = WasiSockets::receive(&self.0, socket.resource()).await;
        let (data, from) = received.map_err(code)?;
        Ok((data, from.into()))
    }

    pub fn local(&self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.view(|view| HostUdpSocket::get_local_address(view, socket.resource()));
        address.map(SocketAddr::from).map_err(code)
    }

    pub fn remote(&self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.view(|view| HostUdpSocket::get_remote_address(view, socket.resource()));
        address.map(SocketAddr::from).map_err(code)
    }

    pub fn set_receive_buffer(&self, socket: Socket, size: u64) {
        let set =
            self.view(|view| HostUdpSocket::set_receive_buffer_size(view, socket.resource(), size));
        set.map_err(code).unwrap();
    }

    /// Returns the hop limit and the sizes of both buffers.
    pub fn options(&self, socket: Socket) -> (u8, u64, u64) {
        self.view(|view| {
            (
                HostUdpSocket::get_unicast_hop_limit(view, socket.resource()).unwrap(),
                HostUdpSocket::get_receive_buffer_size(view, socket.resource()).unwrap(),
                HostUdpSocket::get_send_buffer_size(view, socket.resource()).unwrap(),
            )
        })
    }

    pub fn close(&self, socket: Socket) {
        let own = Resource::new_own(socket.0);
        self.view(|view| HostUdpSocket::drop(view, own)).unwrap();
    }
}
