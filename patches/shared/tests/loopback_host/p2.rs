//! A host of WASI P2 that is called directly, as a guest would call it.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use wasmtime::component::{Resource, ResourceTable};

use super::calls::{self, TcpSocket};
use super::wash::p2::bindings::sockets::instance_network::Host as _;
use super::wash::p2::bindings::sockets::network::{
    ErrorCode, Host as _, IpAddressFamily, IpSocketAddress, Network as GuestNetwork,
};
use super::wash::p2::bindings::sockets::tcp::{HostTcpSocket, ShutdownType};
use super::wash::p2::bindings::sockets::tcp_create_socket::Host as _;
use super::wash::p2::{
    DynInputStream, DynOutputStream, DynPollable, Pollable, SocketError, SocketResult, StreamError,
    subscribe,
};
use super::wash::sockets::WasiSocketsCtxView;
use super::wash::sockets::loopback::Network;
use super::wash::{WasiCtx, WasiCtxBuilder};

pub type Shared = Arc<Mutex<Network>>;

/// What belongs to one guest.
pub struct Host {
    ctx: WasiCtx,
    table: ResourceTable,
}

/// A socket of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket(u32);

/// The streams of a connected socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    pub socket: Socket,
    input: u32,
    output: u32,
}

/// What an operation on a stream gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stream {
    Closed,
    Failed(ErrorCode),
}

fn code(error: SocketError) -> ErrorCode {
    error.downcast().expect("the guest would have trapped")
}

impl Socket {
    pub fn resource(self) -> Resource<TcpSocket> {
        Resource::new_borrow(self.0)
    }
}

/// Waits for what has to come soon.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} does not come"),
    }
}

/// Returns what a future gives at once.
pub fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl Host {
    pub fn new(network: &Shared) -> Host {
        let mut builder = WasiCtxBuilder::new();
        builder.inherit_network().allow_tcp(true).allow_udp(true);
        Host::with(&mut builder, network)
    }

    pub fn with(builder: &mut WasiCtxBuilder, network: &Shared) -> Host {
        let ctx = builder.loopback_network(Arc::clone(network)).build();
        let table = ResourceTable::new();
        Host { ctx, table }
    }

    pub fn view(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView {
            ctx: self.ctx.sockets(),
            table: &mut self.table,
        }
    }

    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    pub fn try_tcp(&mut self, ipv6: bool) -> Result<Socket, ErrorCode> {
        let family = match ipv6 {
            false => IpAddressFamily::Ipv4,
            true => IpAddressFamily::Ipv6,
        };
        let socket = self.view().create_tcp_socket(family).map_err(code)?;
        Ok(Socket(socket.rep()))
    }

    pub fn tcp(&mut self, ipv6: bool) -> Socket {
        self.try_tcp(ipv6).unwrap()
    }

    fn network(&mut self) -> Resource<GuestNetwork> {
        self.view().instance_network().unwrap()
    }

    pub async fn bind(&mut self, socket: Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        let network = self.network();
        let address = IpSocketAddress::from(address);
        let mut view = self.view();
        let started = view.start_bind(socket.resource(), network, address);
        started.await.map_err(code)?;
        self.view().finish_bind(socket.resource()).map_err(code)
    }

    pub fn listen(&mut self, socket: Socket) -> Result<(), ErrorCode> {
        let mut view = self.view();
        let started = at_once(calls::start_listen(&mut view, socket.resource()));
        started.expect("listening does not wait").map_err(code)?;
        self.view().finish_listen(socket.resource()).map_err(code)
    }

    /// Returns a socket that listens, and where.
    pub async fn listener(&mut self, address: SocketAddr) -> (Socket, SocketAddr) {
        let socket = self.tcp(address.is_ipv6());
        self.bind(socket, address).await.unwrap();
        self.listen(socket).unwrap();
        (socket, self.local(socket).unwrap())
    }

    pub async fn start_connect(
        &mut self,
        socket: Socket,
        address: SocketAddr,
    ) -> Result<(), ErrorCode> {
        let network = self.network();
        let address = IpSocketAddress::from(address);
        let mut view = self.view();
        let started = calls::start_connect(&mut view, socket.resource(), network, address);
        started.await.map_err(code)
    }

    pub fn finish_connect(&mut self, socket: Socket) -> Result<Streams, ErrorCode> {
        let finished = self.view().finish_connect(socket.resource());
        let (input, output) = finished.map_err(code)?;
        let (input, output) = (input.rep(), output.rep());
        Ok(Streams {
            socket,
            input,
            output,
        })
    }

    pub async fn connect(
        &mut self,
        socket: Socket,
        address: SocketAddr,
    ) -> Result<Streams, ErrorCode> {
        self.start_connect(socket, address).await?;
        soon("a connect", self.ready(socket)).await;
        self.finish_connect(socket)
    }

    /// Connects a new socket.
    pub async fn connected(&mut self, address: SocketAddr) -> Result<Streams, ErrorCode> {
        let socket = self.tcp(address.is_ipv6());
        self.connect(socket, address).await
    }

    /// Waits until a socket can be accepted from or is connected.
    pub async fn ready(&mut self, socket: Socket) {
        let socket = self.table.get_mut(&socket.resource()).unwrap();
        Pollable::ready(socket).await;
    }

    pub fn try_accept(&mut self, socket: Socket) -> Result<Streams, ErrorCode> {
        let accepted = self.view().accept(socket.resource());
        let (socket, input, output) = accepted.map_err(code)?;
        Ok(Streams {
            socket: Socket(socket.rep()),
            input: input.rep(),
            output: output.rep(),
        })
    }

    pub async fn accept(&mut self, socket: Socket) -> Streams {
        soon("a connection", self.ready(socket)).await;
        self.try_accept(socket).unwrap()
    }

    /// Returns both ends of a new connection: the one that connected first.
    pub async fn pair(&mut self, address: SocketAddr) -> [Streams; 2] {
        let (listener, address) = self.listener(address).await;
        let connected = self.connected(address).await.unwrap();
        let accepted = self.accept(listener).await;
        self.drop_socket(listener);
        [connected, accepted]
    }

    pub fn local(&mut self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.view().local_address(socket.resource());
        address.map(SocketAddr::from).map_err(code)
    }

    pub fn remote(&mut self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.view().remote_address(socket.resource());
        address.map(SocketAddr::from).map_err(code)
    }

    pub fn shutdown(&mut self, socket: Socket, how: ShutdownType) -> Result<(), ErrorCode> {
        self.view().shutdown(socket.resource(), how).map_err(code)
    }

    /// Calls one of the functions that read or set an option.
    pub fn option<T>(
        &mut self,
        socket: Socket,
        call: impl FnOnce(&mut WasiSocketsCtxView<'_>, Resource<TcpSocket>) -> SocketResult<T>,
    ) -> Result<T, ErrorCode> {
        call(&mut self.view(), socket.resource()).map_err(code)
    }

    fn stream<T>(&mut self, result: Result<T, StreamError>) -> Result<T, Stream> {
        result.map_err(|error| match error {
            StreamError::Closed => Stream::Closed,
            StreamError::LastOperationFailed(error) => Stream::Failed(calls::stream_code(error)),
            StreamError::Trap(trap) => panic!("the guest would have trapped: {trap}"),
        })
    }

    pub fn input(&mut self, streams: Streams) -> &mut DynInputStream {
        let input = Resource::<DynInputStream>::new_borrow(streams.input);
        self.table.get_mut(&input).unwrap()
    }

    pub fn output(&mut self, streams: Streams) -> &mut DynOutputStream {
        let output = Resource::<DynOutputStream>::new_borrow(streams.output);
        self.table.get_mut(&output).unwrap()
    }

    pub fn subscribe_input(&mut self, streams: Streams) -> Resource<DynPollable> {
        let input = Resource::<DynInputStream>::new_borrow(streams.input);
        subscribe(&mut self.table, input).unwrap()
    }

    pub fn subscribe_output(&mut self, streams: Streams) -> Resource<DynPollable> {
        let output = Resource::<DynOutputStream>::new_borrow(streams.output);
        subscribe(&mut self.table, output).unwrap()
    }

    pub fn try_read(&mut self, streams: Streams, size: usize) -> Result<Bytes, Stream> {
        let read = self.input(streams).read(size);
        self.stream(read)
    }

    /// Returns what `network-error-code` says of the error of a stream.
    pub fn error_code(&mut self, error: wasmtime::Error) -> Option<ErrorCode> {
        let error = self.table.push(error).unwrap();
        self.view().network_error_code(error).unwrap()
    }

    /// Reads at least one byte.
    pub async fn read(&mut self, streams: Streams, size: usize) -> Result<Bytes, Stream> {
        loop {
            let bytes = self.try_read(streams, size)?;
            if !bytes.is_empty() {
                return Ok(bytes);
            }
            soon("a byte", self.input(streams).ready()).await;
        }
    }

    /// Reads to the end.
    pub async fn read_all(&mut self, streams: Streams) -> (Vec<u8>, Stream) {
        let mut all = Vec::new();
        loop {
            match self.read(streams, 65_536).await {
                Ok(bytes) => all.extend_from_slice(&bytes),
                Err(end) => return (all, end),
            }
        }
    }

    pub fn check_write(&mut self, streams: Streams) -> Result<usize, Stream> {
        let permitted = self.output(streams).check_write();
        self.stream(permitted)
    }

    /// Writes, whether there is room or not.
    pub fn try_write(&mut self, streams: Streams, bytes: Bytes) -> Result<(), Stream> {
        self.check_write(streams)?;
        let written = self.output(streams).write(bytes);
        self.stream(written)
    }

    /// Waits until writing is possible, and writes.
    pub async fn write(&mut self, streams: Streams, bytes: impl Into<Bytes>) -> Result<(), Stream> {
        while self.check_write(streams)? == 0 {
            soon("room", self.output(streams).ready()).await;
        }
        self.try_write(streams, bytes.into())
    }

    pub fn drop_streams(&mut self, streams: Streams) {
        let input = Resource::<DynInputStream>::new_own(streams.input);
        let output = Resource::<DynOutputStream>::new_own(streams.output);
        self.table.delete(input).unwrap();
        self.table.delete(output).unwrap();
    }

    pub fn drop_socket(&mut self, socket: Socket) {
        let socket = Resource::new_own(socket.0);
        HostTcpSocket::drop(&mut self.view(), socket).unwrap();
    }

    /// Drops the streams and their socket.
    pub fn close(&mut self, streams: Streams) {
        self.drop_streams(streams);
        self.drop_socket(streams.socket);
    }
}
