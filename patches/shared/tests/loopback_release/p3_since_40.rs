//! How the host's side of WASI P3 is called from release 40 on: binding and
//! receiving are done at once.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{Access, Accessor, FutureReader, Resource, StreamReader};
use wasmtime::{AsContextMut as _, Result};

use wash_wasi::p3::bindings::sockets::types::{
    ErrorCode, HostTcpSocket, HostTcpSocketWithStore as _, HostUdpSocket, IpSocketAddress,
};
use wash_wasi::p3::sockets::SocketResult;
use wash_wasi::sockets::{TcpSocket, UdpSocket, WasiSockets};

use crate::State;
use crate::at_once;

type Guest = Accessor<State, WasiSockets>;

/// Calls what works on the store.
pub fn access<R>(guest: &Guest, call: impl FnOnce(Access<'_, State, WasiSockets>) -> R) -> R {
    guest.with(|mut access| {
        let getter = access.getter();
        call(Access::<State, WasiSockets>::new(
            access.as_context_mut(),
            getter,
        ))
    })
}

pub fn bind_tcp(
    guest: &Guest,
    socket: Resource<TcpSocket>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    guest.with(|mut access| {
        let mut view = access.get();
        let bound = HostTcpSocket::bind(&mut view, socket, address);
        at_once(bound).expect("a bind does not wait")
    })
}

pub fn receive(
    guest: &Guest,
    socket: Resource<TcpSocket>,
) -> Result<(StreamReader<u8>, FutureReader<Result<(), ErrorCode>>)> {
    access(guest, |own| WasiSockets::receive(own, socket))
}

pub fn bind_udp(
    guest: &Guest,
    socket: Resource<UdpSocket>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    guest.with(|mut access| {
        let mut view = access.get();
        let bound = HostUdpSocket::bind(&mut view, socket, address);
        at_once(bound).expect("a bind does not wait")
    })
}

pub fn connect_udp(
    guest: &Guest,
    socket: Resource<UdpSocket>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    guest.with(|mut access| {
        let mut view = access.get();
        let connected = HostUdpSocket::connect(&mut view, socket, address);
        at_once(connected).expect("a connect does not wait")
    })
}
