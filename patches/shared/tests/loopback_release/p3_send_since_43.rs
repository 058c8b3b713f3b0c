//! How a socket of WASI P3 sends from release 43 on.
#![allow(dead_code, reason = "each target uses a part of it")]

use tokio::sync::oneshot;
use wasmtime::component::{Accessor, Resource, StreamReader};

use wash_wasi::p3::bindings::sockets::types::{ErrorCode, HostTcpSocketWithStore as _};
use wash_wasi::sockets::{TcpSocket, WasiSockets};

use super::p3::access;
use crate::Last;
use crate::State;

/// Whether a socket sends the bytes of one stream only.
pub const TAKEN_ONCE: bool = true;

/// Sends what the stream has, and returns what became of it.
pub async fn send(
    guest: &Accessor<State, WasiSockets>,
    socket: Resource<TcpSocket>,
    data: StreamReader<u8>,
) -> Result<(), ErrorCode> {
    let (ended, result) = oneshot::channel();
    let sent = access(guest, |own| WasiSockets::send(own, socket, data)).unwrap();
    guest.with(|mut access| sent.pipe(&mut access, Last(Some(ended))).unwrap());
    result.await.unwrap()
}
