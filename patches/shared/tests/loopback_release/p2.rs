//! How the host's side of WASI P2 is called. Some of its functions give a future in some
//! releases, and their result at once in others.
#![allow(dead_code, unused_imports, reason = "each test uses a part of it")]

#[path = "p2_release.rs"]
mod release;

use std::future::{Ready, ready};

use wasmtime::component::Resource;

pub use super::wash::p2::bindings::sockets::tcp::TcpSocket;
pub use super::wash::p2::bindings::sockets::udp::UdpSocket;

pub use release::*;

use super::wash;
use super::wash::p2::SocketResult;
use super::wash::p2::bindings::sockets::network::{IpAddressFamily, IpSocketAddress, Network};
use super::wash::p2::bindings::sockets::tcp::HostTcpSocket;
use super::wash::p2::bindings::sockets::udp::{
    HostIncomingDatagramStream, HostOutgoingDatagramStream, IncomingDatagramStream,
    OutgoingDatagram, OutgoingDatagramStream,
};
use super::wash::p2::bindings::sockets::udp_create_socket::Host as _;
use super::wash::sockets::WasiSocketsCtxView;

/// What a function of the host gave: a future, or else the result. Method calls look
/// at a value first and at references to it then, so that `result` is that of the
/// future where there is one.
pub struct Called<T>(Option<T>);

pub fn called<T>(given: T) -> Called<T> {
    Called(Some(given))
}

pub trait InTime {
    type Output;

    async fn result(self) -> Self::Output;
}

impl<F: Future> InTime for Called<F> {
    type Output = F::Output;

    async fn result(self) -> F::Output {
        self.0.expect("it is called once").await
    }
}

pub trait AtOnce {
    type Output;

    fn result(self) -> Ready<Self::Output>;
}

impl<T> AtOnce for &mut Called<T> {
    type Output = T;

    fn result(self) -> Ready<T> {
        ready(self.0.take().expect("it is called once"))
    }
}

pub async fn start_listen(
    view: &mut WasiSocketsCtxView<'_>,
    socket: Resource<TcpSocket>,
) -> SocketResult<()> {
    called(HostTcpSocket::start_listen(view, socket))
        .result()
        .await
}

pub async fn start_connect(
    view: &mut WasiSocketsCtxView<'_>,
    socket: Resource<TcpSocket>,
    network: Resource<Network>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    let started = HostTcpSocket::start_connect(view, socket, network, address);
    called(started).result().await
}

pub async fn create_udp(
    view: &mut WasiSocketsCtxView<'_>,
    family: IpAddressFamily,
) -> SocketResult<Resource<UdpSocket>> {
    called(view.create_udp_socket(family)).result().await
}

pub async fn send(
    view: &mut WasiSocketsCtxView<'_>,
    stream: Resource<OutgoingDatagramStream>,
    datagrams: Vec<OutgoingDatagram>,
) -> SocketResult<u64> {
    let sent = HostOutgoingDatagramStream::send(view, stream, datagrams);
    called(sent).result().await
}

pub async fn drop_outgoing(
    view: &mut WasiSocketsCtxView<'_>,
    stream: Resource<OutgoingDatagramStream>,
) -> wasmtime::Result<()> {
    let dropped = HostOutgoingDatagramStream::drop(view, stream);
    called(dropped).result().await
}

pub async fn drop_incoming(
    view: &mut WasiSocketsCtxView<'_>,
    stream: Resource<IncomingDatagramStream>,
) -> wasmtime::Result<()> {
    let dropped = HostIncomingDatagramStream::drop(view, stream);
    called(dropped).result().await?;
    // At 48, a task that has waited for a datagram holds the socket until the
    // runtime has ended it.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    Ok(())
}
