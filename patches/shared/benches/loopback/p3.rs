//! A guest of WASI P3, as its host sees it. Its streams are read and written
//! by the host itself, in the place of a component.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wash_wasi::p3::bindings::sockets::types::{
    HostTcpSocket, HostTcpSocketWithStore as _, IpAddressFamily,
};
use wash_wasi::sockets::{TcpSocket, WasiSockets, WasiSocketsCtxView};
use wash_wasi::{WasiCtx, WasiCtxBuilder};
use wasmtime::component::{
    Accessor, Destination, Resource, ResourceTable, Source, StreamConsumer, StreamProducer,
    StreamResult, VecBuffer,
};
use wasmtime::{Config, Engine, Store, StoreContextMut};

use super::plane::{Plane, Shared, network};
use super::release::{p3, p3_listen, p3_send, p3_store};
use super::speed::READ;

pub struct State {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl State {
    fn sockets(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView {
            ctx: self.ctx.sockets(),
            table: &mut self.table,
        }
    }
}

/// Returns what a future gives at once.
pub fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut cx) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

struct Guest(Accessor<State, WasiSockets>);

/// A socket, by its number in the table.
#[derive(Debug, Clone, Copy)]
struct Socket(u32);

impl Socket {
    fn resource(self) -> Resource<TcpSocket> {
        Resource::new_borrow(self.0)
    }
}

/// Runs what a guest does, in a store of its own.
async fn run<R>(network: &Shared, body: impl AsyncFnOnce(&Guest) -> R) -> R {
    let mut config = Config::new();
    #[allow(deprecated, reason = "later releases support it without being asked")]
    config.async_support(true);
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config).unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_network().allow_tcp(true);
    builder.loopback_network(Arc::clone(network));
    let (ctx, table) = (builder.build(), ResourceTable::new());
    let mut store = Store::new(&engine, State { ctx, table });
    let ran = p3_store::run(&mut store, async |accessor| {
        body(&Guest(accessor.with_getter::<WasiSockets>(State::sockets))).await
    });
    ran.await.unwrap()
}

impl Guest {
    fn view<R>(&self, call: impl FnOnce(&mut WasiSocketsCtxView<'_>) -> R) -> R {
        self.0.with(|mut access| call(&mut access.get()))
    }

    fn tcp(&self) -> Socket {
        let socket = self.view(|view| HostTcpSocket::create(view, IpAddressFamily::Ipv4));
        Socket(socket.unwrap().rep())
    }

    /// Returns what listens on that plane, where to connect to it, and the
    /// sockets that it accepts.
    async fn listener(
        &self,
        plane: Plane,
        network: &Shared,
    ) -> (Socket, SocketAddr, Taken<Resource<TcpSocket>>) {
        let socket = self.tcp();
        let address = plane.listen_at().into();
        p3::bind_tcp(&self.0, socket.resource(), address).unwrap();
        let stream = p3_listen::listen(&self.0, socket.resource()).unwrap();
        let (taken, accepted) = take(1);
        p3_store::pipe(&self.0, stream, taken);
        let address = self.view(|view| HostTcpSocket::get_local_address(view, socket.resource()));
        let address = plane.connect_to(network, address.unwrap().into());
        (socket, address, accepted)
    }

    async fn connect(&self, to: SocketAddr) -> Socket {
        let socket = self.tcp();
        let connected = WasiSockets::connect(&self.0, socket.resource(), to.into());
        connected.await.unwrap();
        socket
    }

    /// Sends what is given, until nothing more comes.
    async fn send(&self, socket: Socket, given: impl StreamProducer<State, Item = u8>) {
        let data = p3_store::stream(&self.0, given);
        let sent = p3_send::send(&self.0, socket.resource(), data);
        sent.await.unwrap();
    }

    fn receive(&self, socket: Socket) -> Taken<u8> {
        let (stream, mut result) = p3::receive(&self.0, socket.resource()).unwrap();
        let (taken, bytes) = take(READ as usize);
        p3_store::pipe(&self.0, stream, taken);
        self.0.with(|mut access| _ = result.close(&mut access));
        bytes
    }

    fn drop_socket(&self, socket: Socket) {
        let own = Resource::new_own(socket.0);
        self.view(|view| HostTcpSocket::drop(view, own)).unwrap();
    }
}

/// What has come out of a stream. The stream goes on once it is asked for.
struct Taken<T> {
    items: UnboundedReceiver<Vec<T>>,
    asks: UnboundedSender<()>,
}

impl<T> Taken<T> {
    async fn next(&mut self) -> Vec<T> {
        self.asks.send(()).unwrap();
        self.items.recv().await.unwrap()
    }
}

struct Taking<T> {
    items: UnboundedSender<Vec<T>>,
    asked: UnboundedReceiver<()>,
    most: usize,
}

fn take<T>(most: usize) -> (Taking<T>, Taken<T>) {
    let (sender, items) = unbounded_channel();
    let (asks, asked) = unbounded_channel();
    let taking = Taking {
        items: sender,
        asked,
        most,
    };
    (taking, Taken { items, asks })
}

impl<T> Taking<T> {
    /// Waits until somebody asks, and gives what `read` reads then.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        finish: bool,
        read: impl FnOnce(usize) -> wasmtime::Result<Vec<T>>,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.asked.poll_recv(cx) {
            Poll::Ready(Some(())) => {
                _ = self.items.send(read(self.most)?);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<D> StreamConsumer<D> for Taking<Resource<TcpSocket>> {
    type Item = Resource<TcpSocket>;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, Self::Item>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        self.poll(cx, finish, |most| {
            let mut items = Vec::with_capacity(most);
            source.read(store, &mut items)?;
            Ok(items)
        })
    }
}

impl<D> StreamConsumer<D> for Taking<u8> {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        self.poll(cx, finish, |most| {
            let mut source = source.as_direct(store);
            let all = source.remaining();
            let bytes = all[..all.len().min(most)].to_vec();
            source.mark_read(bytes.len());
            Ok(bytes)
        })
    }
}

/// Puts what is given into a stream.
struct Given(UnboundedReceiver<Vec<u8>>);

impl<D> StreamProducer<D> for Given {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, u8, VecBuffer<u8>>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        Poll::Ready(Ok(match ready!(self.0.poll_recv(cx)) {
            Some(bytes) => {
                destination.set_buffer(VecBuffer::from(bytes));
                StreamResult::Completed
            }
            None => StreamResult::Dropped,
        }))
    }
}

/// Puts so many copies of the same bytes into a stream.
struct Copies(Vec<u8>, u32);

impl<D> StreamProducer<D> for Copies {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, u8, VecBuffer<u8>>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let Some(left) = self.1.checked_sub(1) else {
            return Poll::Ready(Ok(StreamResult::Dropped));
        };
        self.1 = left;
        destination.set_buffer(VecBuffer::from(self.0.clone()));
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

/// Runs a guest that has both ends of a connection: stores do not run within
/// each other.
async fn connected<R>(plane: Plane, body: impl AsyncFnOnce(&Guest, [Socket; 2]) -> R) -> R {
    let network = network();
    run(&network, async |guest| {
        let (_listener, address, mut accepted) = guest.listener(plane, &network).await;
        let near = guest.connect(address).await;
        let far = Socket(accepted.next().await[0].rep());
        body(guest, [near, far]).await
    })
    .await
}

pub async fn connects(plane: Plane, count: u32) -> Duration {
    let network = network();
    run(&network, async |guest| {
        let (_listener, address, mut accepted) = guest.listener(plane, &network).await;
        let start = Instant::now();
        for _ in 0..count {
            let near = guest.connect(address).await;
            let far = Socket(accepted.next().await[0].rep());
            guest.drop_socket(near);
            guest.drop_socket(far);
        }
        start.elapsed()
    })
    .await
}

pub async fn writes(plane: Plane, size: usize, count: u32) -> Duration {
    connected(plane, async |guest, [near, far]| {
        let mut heard = guest.receive(far);
        let start = Instant::now();
        let send = guest.send(near, Copies(vec![7; size], count));
        let receive = async {
            let mut left = u64::from(count) * size as u64;
            while left > 0 {
                left -= heard.next().await.len() as u64;
            }
            start.elapsed()
        };
        tokio::join!(send, receive).1
    })
    .await
}

pub async fn round_trips(plane: Plane, count: u32) -> Duration {
    connected(plane, async |guest, [near, far]| {
        let (mut asked, mut answered) = (guest.receive(far), guest.receive(near));
        let (ask, asks) = unbounded_channel();
        let (answer, answers) = unbounded_channel();
        let sends = async {
            tokio::join!(
                guest.send(near, Given(asks)),
                guest.send(far, Given(answers))
            )
        };
        let talk = async {
            let mut start = Instant::now();
            for turn in 0..2 * count {
                if turn == count {
                    start = Instant::now();
                }
                ask.send(vec![7]).unwrap();
                let heard = asked.next().await;
                answer.send(heard).unwrap();
                assert_eq!(answered.next().await, [7]);
            }
            drop((ask, answer));
            start.elapsed()
        };
        tokio::join!(sends, talk).1
    })
    .await
}
