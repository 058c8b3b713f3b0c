//! How a store is used in release 38: streams and what runs belong to an instance of it.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{
    Accessor, Component, FutureConsumer, FutureReader, Lift, Linker, StreamConsumer,
    StreamProducer, StreamReader,
};
use wasmtime::{Result, Store};

use wash_wasi::sockets::WasiSockets;

use crate::State;

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

/// Ties a stream to what takes its items.
pub fn pipe<T: 'static>(
    guest: &Accessor<State, WasiSockets>,
    stream: StreamReader<T>,
    consumer: impl StreamConsumer<State, Item = T>,
) {
    guest.with(|mut access| stream.pipe(&mut access, consumer));
}

/// Ties a future to what takes its value.
pub fn pipe_last<T: Lift + 'static>(
    guest: &Accessor<State, WasiSockets>,
    future: FutureReader<T>,
    consumer: impl FutureConsumer<State, Item = T> + Unpin,
) {
    guest.with(|mut access| future.pipe(&mut access, consumer));
}
