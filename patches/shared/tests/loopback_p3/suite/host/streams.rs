//! What the ends of streams are tied to: channels.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Destination, Resource, Source, StreamConsumer, StreamProducer, StreamResult, VecBuffer,
};

use wash_wasi::sockets::TcpSocket;

/// Takes what comes out of a stream, as fast as it is taken from the channel.
pub struct Sink<T: Send + 'static> {
    sender: mpsc::Sender<Vec<T>>,
    most: usize,
    waits: Option<Pin<Box<dyn Future<Output = Option<Permit<T>>> + Send>>>,
}

type Permit<T> = mpsc::OwnedPermit<Vec<T>>;

impl<T: Send + 'static> Sink<T> {
    pub fn new(sender: mpsc::Sender<Vec<T>>, most: usize) -> Self {
        let waits = None;
        Sink {
            sender,
            most,
            waits,
        }
    }

    /// Returns a place in the channel, and none if nobody receives.
    fn poll_place(&mut self, cx: &mut Context<'_>) -> Poll<Option<Permit<T>>> {
        let waits = self.waits.get_or_insert_with(|| {
            let sender = self.sender.clone();
            Box::pin(async move { sender.reserve_owned().await.ok() })
        });
        let place = ready!(waits.as_mut().poll(cx));
        self.waits = None;
        Poll::Ready(place)
    }
}

impl<T: Send + 'static> Sink<T> {
    /// Takes what `read` reads when there is a place for it.
    fn consume(
        &mut self,
        cx: &mut Context<'_>,
        finish: bool,
        read: impl FnOnce(usize) -> wasmtime::Result<Vec<T>>,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.poll_place(cx) {
            Poll::Ready(Some(place)) => {
                place.send(read(self.most)?);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<D> StreamConsumer<D> for Sink<Resource<TcpSocket>> {
    type Item = Resource<TcpSocket>;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, Self::Item>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        self.consume(cx, finish, |most| {
            let mut items = Vec::with_capacity(most);
            source.read(store, &mut items)?;
            Ok(items)
        })
    }
}

impl<D> StreamConsumer<D> for Sink<u8> {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        self.consume(cx, finish, |most| {
            // `Source::read` gives bytes twice where it does not take all.
            let mut source = source.as_direct(store);
            let bytes = source.remaining();
            let bytes = bytes[..bytes.len().min(most)].to_vec();
            source.mark_read(bytes.len());
            Ok(bytes)
        })
    }
}

/// Puts what is sent into a stream.
pub struct Feed(pub mpsc::UnboundedReceiver<Vec<u8>>);

impl<D> StreamProducer<D> for Feed {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, u8, VecBuffer<u8>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.0.poll_recv(cx) {
            Poll::Ready(Some(bytes)) => {
                destination.set_buffer(VecBuffer::from(bytes));
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
