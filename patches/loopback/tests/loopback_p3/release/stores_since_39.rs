//! Streams and what runs belong to a store.

use wasmtime::component::{Accessor, StreamProducer, StreamReader};
use wasmtime::{Result, Store};

use wash_wasi::sockets::WasiSockets;

use crate::suite::host::State;

/// Runs what a guest does in its store.
pub async fn run<R>(
    store: &mut Store<State>,
    body: impl AsyncFnOnce(&Accessor<State>) -> R,
) -> Result<R> {
    store.run_concurrent(body).await
}

/// Makes a stream of what a producer gives.
pub fn stream(
    guest: &Accessor<State, WasiSockets>,
    producer: impl StreamProducer<State, Item = u8>,
) -> StreamReader<u8> {
    guest.with(|mut access| StreamReader::new(&mut access, producer))
}
