//! How a socket of WASI P3 sends before release 43.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{Accessor, Resource, StreamReader};

use wash_wasi::p3::bindings::sockets::types::{ErrorCode, HostTcpSocketWithStore as _};
use wash_wasi::sockets::{TcpSocket, WasiSockets};

use crate::State;

/// Whether a socket sends the bytes of one stream only.
pub const TAKEN_ONCE: bool = false;

/// Sends what the stream has, and returns what became of it.
pub async fn send(
    guest: &Accessor<State, WasiSockets>,
    socket: Resource<TcpSocket>,
    data: StreamReader<u8>,
) -> Result<(), ErrorCode> {
    let sent = WasiSockets::send(guest, socket, data).await;
    sent.map_err(|error| error.downcast().expect("the guest would have trapped"))
}
