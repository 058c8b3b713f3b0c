//! How a socket of WASI P3 is made to listen from release 40 on.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{Accessor, Resource, StreamReader};

use wash_wasi::p3::bindings::sockets::types::HostTcpSocketWithStore as _;
use wash_wasi::p3::sockets::SocketResult;
use wash_wasi::sockets::{TcpSocket, WasiSockets};

use super::p3::access;
use crate::State;

pub fn listen(
    guest: &Accessor<State, WasiSockets>,
    socket: Resource<TcpSocket>,
) -> SocketResult<StreamReader<Resource<TcpSocket>>> {
    access(guest, |own| WasiSockets::listen(own, socket))
}
