//! Streams and what runs belong to an instance of a store.

use wasmtime::component::{Accessor, Component, Linker, StreamProducer, StreamReader};
use wasmtime::{Result, Store};

use wash_wasi::sockets::WasiSockets;

use crate::suite::host::State;

/// A component without anything in it.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

/// Runs what a guest does in its store.
pub async fn run<R>(
    store: &mut Store<State>,
    body: impl AsyncFnOnce(&Accessor<State>) -> R,
) -> Result<R> {
    let component = Component::new(store.engine(), EMPTY)?;
    let linker = Linker::new(store.engine());
    let instance = linker.instantiate_async(&mut *store, &component).await?;
    instance.run_concurrent(store, body).await
}

/// Makes a stream of what a producer gives.
pub fn stream(
    guest: &Accessor<State, WasiSockets>,
    producer: impl StreamProducer<State, Item = u8>,
) -> StreamReader<u8> {
    let instance = guest.instance();
    guest.with(|mut access| StreamReader::new(instance, &mut access, producer))
}
