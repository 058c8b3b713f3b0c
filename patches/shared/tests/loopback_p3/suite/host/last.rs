//! What the end of a future is tied to: a channel.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{FutureConsumer, Lift, Source};

/// Takes the one value of a future.
pub struct Last<T>(pub Option<oneshot::Sender<T>>);

impl<T: Lift + Send + 'static, D> FutureConsumer<D> for Last<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, T>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut value = None;
        source.read(store, &mut value)?;
        if let (Some(sender), Some(value)) = (self.0.take(), value) {
            _ = sender.send(value);
        }
        Poll::Ready(Ok(()))
    }
}
