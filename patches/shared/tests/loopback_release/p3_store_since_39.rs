//! How a store is used from release 39 on: streams and what runs belong to it.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{
    Accessor, FutureConsumer, FutureReader, Lift, StreamConsumer, StreamProducer, StreamReader,
};
use wasmtime::{Result, Store};

use wash_wasi::sockets::WasiSockets;

use crate::State;

/// What is given from release 43 on as a result.
trait Given<T> {
    fn given(self) -> T;
}

impl<T> Given<StreamReader<T>> for StreamReader<T> {
    fn given(self) -> StreamReader<T> {
        self
    }
}

impl Given<()> for () {
    fn given(self) {}
}

impl<T> Given<T> for Result<T> {
    fn given(self) -> T {
        self.unwrap()
    }
}

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
    guest.with(|mut access| StreamReader::new(&mut access, producer).given())
}

/// Ties a stream to what takes its items.
pub fn pipe<T: 'static>(
    guest: &Accessor<State, WasiSockets>,
    stream: StreamReader<T>,
    consumer: impl StreamConsumer<State, Item = T>,
) {
    guest.with(|mut access| stream.pipe(&mut access, consumer).given());
}

/// Ties a future to what takes its value.
pub fn pipe_last<T: Lift + 'static>(
    guest: &Accessor<State, WasiSockets>,
    future: FutureReader<T>,
    consumer: impl FutureConsumer<State, Item = T> + Unpin,
) {
    guest.with(|mut access| future.pipe(&mut access, consumer).given());
}
