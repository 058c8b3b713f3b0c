//! How the host's side is called: all of it takes a while, and streams belong
//! to an instance.

use wasmtime::component::{
    Accessor, Component, FutureReader, Linker, Resource, StreamProducer, StreamReader,
};
use wasmtime::{Result, Store};

use wash_wasi::p3::bindings::sockets::types::{
    ErrorCode, HostTcpSocketWithStore, HostUdpSocketWithStore, IpSocketAddress,
};
use wash_wasi::p3::sockets::SocketResult;
use wash_wasi::sockets::{TcpSocket, UdpSocket, WasiSockets};

use crate::host::State;
use crate::loopback_host::p2::at_once;

type Guest = Accessor<State, WasiSockets>;

/// A component without anything in it.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

/// Runs what a guest does in its store.
pub async fn run<R>(
    store: &mut Store<State>,
    body: impl AsyncFnOnce(&Accessor<State>) -> R,
) -> Result<R> {
    let component = Component::new(store.engine(), EMPTY)?;
    let linker = Linker::new(store.engine());
    let instance = linker.instantiate_async(&mut *store, &component).await?;
    instance.run_concurrent(store, body).await
}

pub fn bind_tcp(
    guest: &Guest,
    socket: Resource<TcpSocket>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    let bound = <WasiSockets as HostTcpSocketWithStore>::bind(guest, socket, address);
    at_once(bound).expect("a bind does not wait")
}

pub fn listen(
    guest: &Guest,
    socket: Resource<TcpSocket>,
) -> SocketResult<StreamReader<Resource<TcpSocket>>> {
    at_once(WasiSockets::listen(guest, socket)).expect("listening does not wait")
}

pub fn receive(
    guest: &Guest,
    socket: Resource<TcpSocket>,
) -> Result<(StreamReader<u8>, FutureReader<Result<(), ErrorCode>>)> {
    let received = <WasiSockets as HostTcpSocketWithStore>::receive(guest, socket);
    at_once(received).expect("a stream does not wait")
}

/// Makes a stream of what a producer gives.
pub fn stream(
    guest: &Guest,
    producer: impl StreamProducer<State, Item = u8>,
) -> StreamReader<u8> {
    let instance = guest.instance();
    guest.with(|mut access| StreamReader::new(instance, &mut access, producer))
}

pub fn bind_udp(
    guest: &Guest,
    socket: Resource<UdpSocket>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    let bound = <WasiSockets as HostUdpSocketWithStore>::bind(guest, socket, address);
    at_once(bound).expect("a bind does not wait")
}

pub fn connect_udp(
    guest: &Guest,
    socket: Resource<UdpSocket>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    let connected = <WasiSockets as HostUdpSocketWithStore>::connect(guest, socket, address);
    at_once(connected).expect("a connect does not wait")
}
