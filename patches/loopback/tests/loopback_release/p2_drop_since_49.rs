//! How a stream of incoming datagrams is dropped from release 49 on.
#![allow(dead_code, reason = "each test uses a part of it")]

use wasmtime::component::Resource;

use super::wash::p2::bindings::sockets::udp::{HostIncomingDatagramStream, IncomingDatagramStream};
use super::wash::sockets::WasiSocketsCtxView;

pub async fn drop_incoming(
    view: &mut WasiSocketsCtxView<'_>,
    stream: Resource<IncomingDatagramStream>,
) -> wasmtime::Result<()> {
    HostIncomingDatagramStream::drop(view, stream).await
}
