//! How a socket of WASI P3 is made to listen before release 40.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{Accessor, Resource, StreamReader};

use wash_wasi::p3::bindings::sockets::types::HostTcpSocketWithStore as _;
use wash_wasi::p3::sockets::SocketResult;
use wash_wasi::sockets::{TcpSocket, WasiSockets};

use crate::State;
use crate::at_once;

pub fn listen(
    guest: &Accessor<State, WasiSockets>,
    socket: Resource<TcpSocket>,
) -> SocketResult<StreamReader<Resource<TcpSocket>>> {
    at_once(WasiSockets::listen(guest, socket)).expect("listening does not wait")
}
