//! How the host's side of WASI P3 is called before release 40: all of it takes
//! a while.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::Result;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use wash_wasi::p3::bindings::sockets::types::{
    ErrorCode, HostTcpSocketWithStore, HostUdpSocketWithStore, IpSocketAddress,
};
use wash_wasi::p3::sockets::SocketResult;
use wash_wasi::sockets::{TcpSocket, UdpSocket, WasiSockets};

use crate::State;
use crate::at_once;

type Guest = Accessor<State, WasiSockets>;

pub fn bind_tcp(
    guest: &Guest,
    socket: Resource<TcpSocket>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    let bound = <WasiSockets as HostTcpSocketWithStore>::bind(guest, socket, address);
    at_once(bound).expect("a bind does not wait")
}

pub fn receive(
    guest: &Guest,
    socket: Resource<TcpSocket>,
) -> Result<(StreamReader<u8>, FutureReader<Result<(), ErrorCode>>)> {
    let received = <WasiSockets as HostTcpSocketWithStore>::receive(guest, socket);
    at_once(received).expect("a stream does not wait")
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
