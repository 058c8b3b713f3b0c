//! A host of WASI P3 that is called directly, as a guest would call it.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::{mpsc, oneshot};
use wasmtime::component::{
    Accessor, Destination, FutureConsumer, FutureReader, Lift, Resource, ResourceTable, Source,
    StreamConsumer, StreamProducer, StreamReader, StreamResult, VecBuffer,
};
use wasmtime::{Config, Engine, Store, StoreContextMut};

use super::p2::{Shared, soon};
use super::wash::p3::bindings::sockets::types::{
    ErrorCode, HostTcpSocket, HostTcpSocketWithStore, IpAddressFamily, IpSocketAddress,
};
use super::wash::p3::sockets::SocketError;
use super::wash::sockets::{TcpSocket, WasiSockets, WasiSocketsCtxView};
use super::wash::{WasiCtx, WasiCtxBuilder};

/// What belongs to one guest.
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

/// A guest that runs.
pub struct Guest(Accessor<State, WasiSockets>);

/// Runs what a guest does, in a store of its own.
pub async fn run<R>(network: &Shared, body: impl AsyncFnOnce(&Guest) -> R) -> R {
    let mut builder = WasiCtxBuilder::new();
    let builder = builder
        .inherit_network()
        .loopback_network(Arc::clone(network));
    run_with(builder, body).await
}

pub async fn run_with<R>(builder: &mut WasiCtxBuilder, body: impl AsyncFnOnce(&Guest) -> R) -> R {
    let mut config = Config::new();
    config.async_support(true);
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config).unwrap();
    let (ctx, table) = (builder.build(), ResourceTable::new());
    let mut store = Store::new(&engine, State { ctx, table });
    let ran = store.run_concurrent(async |accessor| {
        body(&Guest(accessor.with_getter::<WasiSockets>(State::sockets))).await
    });
    soon("the guest's end", ran).await.unwrap()
}

fn code(error: SocketError) -> ErrorCode {
    error.downcast().expect("the guest would have trapped")
}

/// A socket of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket(u32);

impl Socket {
    fn resource(self) -> Resource<TcpSocket> {
        Resource::new_borrow(self.0)
    }
}

/// The sockets that a listener's stream gives; dropping it ends the stream.
pub struct Incoming(mpsc::Receiver<Vec<Resource<TcpSocket>>>);

impl Incoming {
    pub async fn next(&mut self) -> Socket {
        let sockets = soon("a connection", self.0.recv()).await.unwrap();
        let [socket] = &sockets[..] else {
            panic!("{} sockets came at once", sockets.len());
        };
        Socket(socket.rep())
    }
}

/// The bytes that a socket receives, and what becomes of it in the end.
pub struct Received {
    bytes: mpsc::Receiver<Vec<u8>>,
    rest: Vec<u8>,
    end: oneshot::Receiver<Result<(), ErrorCode>>,
}

impl Received {
    pub async fn next(&mut self, count: usize) -> Vec<u8> {
        while self.rest.len() < count
            && let Some(bytes) = soon("a byte", self.bytes.recv()).await
        {
            self.rest.extend(bytes);
        }
        let rest = self.rest.split_off(count.min(self.rest.len()));
        std::mem::replace(&mut self.rest, rest)
    }

    /// Reads to the end.
    pub async fn rest(mut self) -> (Vec<u8>, Result<(), ErrorCode>) {
        let all = self.next(usize::MAX).await;
        (all, soon("the result", self.end).await.unwrap())
    }
}

impl Guest {
    fn view<R>(&self, call: impl FnOnce(&mut WasiSocketsCtxView<'_>) -> R) -> R {
        self.0.with(|mut access| call(&mut access.get()))
    }

    pub fn tcp(&self, ipv6: bool) -> Socket {
        let family = match ipv6 {
            false => IpAddressFamily::Ipv4,
            true => IpAddressFamily::Ipv6,
        };
        let socket = self.view(|view| HostTcpSocket::create(view, family));
        Socket(socket.map_err(code).unwrap().rep())
    }

    pub fn bind(&self, socket: Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        let address = IpSocketAddress::from(address);
        let bound = self.view(|view| {
            let bound = HostTcpSocket::bind(view, socket.resource(), address);
            super::p2::at_once(bound).expect("a bind does not wait")
        });
        bound.map_err(code)
    }

    pub fn listen(&self, socket: Socket) -> Result<Incoming, ErrorCode> {
        self.0.with(|mut access| {
            let getter = access.getter();
            let store = wasmtime::AsContextMut::as_context_mut(&mut access);
            let own = wasmtime::component::Access::<State, WasiSockets>::new(store, getter);
            let stream = WasiSockets::listen(own, socket.resource()).map_err(code)?;
            let (sender, receiver) = mpsc::channel(1);
            stream.pipe(&mut access, Sink::new(sender, 1));
            Ok(Incoming(receiver))
        })
    }

    /// Returns what listens, where, and what comes there.
    pub fn listener(&self, address: SocketAddr) -> (Socket, SocketAddr, Incoming) {
        let socket = self.tcp(address.is_ipv6());
        self.bind(socket, address).unwrap();
        let incoming = self.listen(socket).unwrap();
        (socket, self.local(socket).unwrap(), incoming)
    }

    pub async fn connect(&self, socket: Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        let address = IpSocketAddress::from(address);
        let connected = WasiSockets::connect(&self.0, socket.resource(), address);
        connected.await.map_err(code)
    }

    /// Connects a new socket.
    pub async fn connected(&self, address: SocketAddr) -> Result<Socket, ErrorCode> {
        let socket = self.tcp(address.is_ipv6());
        soon("a connect", self.connect(socket, address)).await?;
        Ok(socket)
    }

    /// Sends what is given to the sender, until that is dropped.
    pub async fn send(
        &self,
        socket: Socket,
        data: mpsc::UnboundedReceiver<Vec<u8>>,
    ) -> Result<(), ErrorCode> {
        let data = self
            .0
            .with(|mut access| StreamReader::new(&mut access, Feed(data)));
        let sent = WasiSockets::send(&self.0, socket.resource(), data);
        sent.await.map_err(code)
    }

    /// Sends some bytes, and then the end.
    pub async fn send_all(&self, socket: Socket, bytes: &[u8]) -> Result<(), ErrorCode> {
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(bytes.to_vec()).unwrap();
        drop(sender);
        soon("the end of sending", self.send(socket, receiver)).await
    }

    pub fn receive(&self, socket: Socket) -> Received {
        self.0.with(|mut access| {
            let getter = access.getter();
            let store = wasmtime::AsContextMut::as_context_mut(&mut access);
            let own = wasmtime::component::Access::<State, WasiSockets>::new(store, getter);
            let received = WasiSockets::receive(own, socket.resource());
            let (stream, end): (_, FutureReader<_>) = received.unwrap();
            let (sender, bytes) = mpsc::channel(1);
            stream.pipe(&mut access, Sink::new(sender, 65_536));
            let (sender, receiver) = oneshot::channel();
            end.pipe(&mut access, Last(Some(sender)));
            Received {
                bytes,
                rest: Vec::new(),
                end: receiver,
            }
        })
    }

    pub fn local(&self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.view(|view| HostTcpSocket::get_local_address(view, socket.resource()));
        address.map(SocketAddr::from).map_err(code)
    }

    pub fn remote(&self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.view(|view| HostTcpSocket::get_remote_address(view, socket.resource()));
        address.map(SocketAddr::from).map_err(code)
    }

    pub fn drop_socket(&self, socket: Socket) {
        let own = Resource::new_own(socket.0);
        self.view(|view| HostTcpSocket::drop(view, own)).unwrap();
    }
}

/// Takes what comes out of a stream, as fast as it is taken from the channel.
struct Sink<T: Send + 'static> {
    sender: mpsc::Sender<Vec<T>>,
    most: usize,
    waits: Option<Pin<Box<dyn Future<Output = Option<Permit<T>>> + Send>>>,
}

type Permit<T> = mpsc::OwnedPermit<Vec<T>>;

impl<T: Send + 'static> Sink<T> {
    fn new(sender: mpsc::Sender<Vec<T>>, most: usize) -> Self {
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

impl<T: Lift + Send + 'static, D> StreamConsumer<D> for Sink<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'_, D>,
        mut source: Source<'_, T>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.poll_place(cx) {
            Poll::Ready(Some(place)) => {
                let count = source.remaining(&mut store).min(self.most);
                let mut items = Vec::with_capacity(count);
                source.read(&mut store, &mut items)?;
                place.send(items);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Takes the one value of a future.
struct Last<T>(Option<oneshot::Sender<T>>);

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

/// Puts what is sent into a stream.
struct Feed(mpsc::UnboundedReceiver<Vec<u8>>);

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
