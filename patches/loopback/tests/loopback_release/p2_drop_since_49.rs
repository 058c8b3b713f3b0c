//! How a stream of incoming datagrams is dropped from release 49 on.
#![allow(dead_code, reason = "each test uses a part of it")]

use wasmtime::component::Resource;

use super::wash::p2::bindings::sockets::udp::{HostIncomingDatagramStream, IncomingDatagramStream};
use super::wash::sockets::WasiSocketsCtxView;

/// Whether what a guest does without waiting spends the budget of its task.
pub const POLLS_SPEND_THE_BUDGET: bool = false;

pub async fn drop_incoming(
    view: &mut WasiSocketsCtxView<'_>,
    stream: Resource<IncomingDatagramStream>,
) -> wasmtime::Result<()> {
    HostIncomingDatagramStream::drop(view, stream).await
}
