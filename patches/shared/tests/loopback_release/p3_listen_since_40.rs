//! How a socket of WASI P3 is made to listen from release 40 on.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{Accessor, Resource, StreamReader};

use wash_wasi::p3::bindings::sockets::types::HostTcpSocketWithStore as _;
use wash_wasi::p3::sockets::SocketResult;
use wash_wasi::sockets::{TcpSocket, WasiSockets};

use super::p3::access;
use crate::State;
use crate::at_once;
#[allow(
    unused_imports,
    reason = "which of them is needed depends on the release"
)]
use crate::calls::{AtOnce as _, InTime as _, called};

pub fn listen(
    guest: &Accessor<State, WasiSockets>,
    socket: Resource<TcpSocket>,
) -> SocketResult<StreamReader<Resource<TcpSocket>>> {
    access(guest, |own| {
        let listens = called(WasiSockets::listen(own, socket)).result();
        at_once(listens).expect("listening does not wait")
    })
}
