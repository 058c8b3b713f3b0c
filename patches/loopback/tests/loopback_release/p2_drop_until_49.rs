//! How a stream of incoming datagrams is dropped before release 49.
#![allow(dead_code, reason = "each test uses a part of it")]

use wasmtime::component::Resource;

use super::wash::p2::bindings::sockets::udp::{HostIncomingDatagramStream, IncomingDatagramStream};
use super::wash::sockets::WasiSocketsCtxView;

/// Whether what a guest does without waiting spends the budget of its task.
pub const POLLS_SPEND_THE_BUDGET: bool = true;

pub async fn drop_incoming(
    view: &mut WasiSocketsCtxView<'_>,
    stream: Resource<IncomingDatagramStream>,
) -> wasmtime::Result<()> {
    HostIncomingDatagramStream::drop(view, stream)?;
    // At 48, a task that has waited for a datagram holds the socket until the
    // runtime has ended it.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    Ok(())
}
