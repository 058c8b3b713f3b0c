//! TCP sockets of a guest.

use std::net::SocketAddr;

use tokio::sync::{mpsc, oneshot};
use wasmtime::component::Resource;

use wash_wasi::p3::bindings::sockets::types::{
    self, HostTcpSocket, HostTcpSocketWithStore as _, IpSocketAddress,
};
use wash_wasi::sockets::{TcpSocket, WasiSockets};

use super::super::loopback_host::p2::soon;
use super::last::Last;
use super::streams::{Feed, Sink};
use super::{ErrorCode, Guest, Socket, code, family};
use crate::release::{p3, p3_listen, p3_send, p3_store};

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
    end: oneshot::Receiver<Result<(), types::ErrorCode>>,
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
        let end = soon("the result", self.end).await.unwrap();
        (all, end.map_err(ErrorCode::from))
    }
}

impl Guest {
    pub fn try_tcp(&self, ipv6: bool) -> Result<Socket, ErrorCode> {
        let socket = self.view(|view| HostTcpSocket::create(view, family(ipv6)));
        Ok(Socket(socket.map_err(code)?.rep()))
    }

    pub fn tcp(&self, ipv6: bool) -> Socket {
        self.try_tcp(ipv6).unwrap()
    }

    pub fn bind(&self, socket: Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        p3::bind_tcp(&self.0, socket.resource(), address.into()).map_err(code)
    }

    pub fn listen(&self, socket: Socket) -> Result<Incoming, ErrorCode> {
        let stream = p3_listen::listen(&self.0, socket.resource()).map_err(code)?;
        let (sender, receiver) = mpsc::channel(1);
        p3_store::pipe(&self.0, stream, Sink::new(sender, 1));
        Ok(Incoming(receiver))
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
        let data = p3_store::stream(&self.0, Feed(data));
        let sent = p3_send::send(&self.0, socket.resource(), data);
        sent.await.map_err(ErrorCode::from)
    }

    /// Sends some bytes, and then the end.
    pub async fn send_all(&self, socket: Socket, bytes: &[u8]) -> Result<(), ErrorCode> {
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(bytes.to_vec()).unwrap();
        drop(sender);
        soon("the end of sending", self.send(socket, receiver)).await
    }

    pub fn receive(&self, socket: Socket) -> Received {
        self.receive_by(socket, 65_536)
    }

    /// Receives not more than so many bytes at a time.
    pub fn receive_by(&self, socket: Socket, most: usize) -> Received {
        let (stream, end) = p3::receive(&self.0, socket.resource()).unwrap();
        let (sender, bytes) = mpsc::channel(1);
        let (ended, result) = oneshot::channel();
        p3_store::pipe(&self.0, stream, Sink::new(sender, most));
        p3_store::pipe_last(&self.0, end, Last(Some(ended)));
        Received {
            bytes,
            rest: Vec::new(),
            end: result,
        }
    }

    pub fn local(&self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.call(socket, |view, socket| {
            HostTcpSocket::get_local_address(view, socket)
        });
        address.map(SocketAddr::from)
    }

    pub fn remote(&self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.call(socket, |view, socket| {
            HostTcpSocket::get_remote_address(view, socket)
        });
        address.map(SocketAddr::from)
    }

    pub fn drop_socket(&self, socket: Socket) {
        let own = Resource::<TcpSocket>::new_own(socket.0);
        self.view(|view| HostTcpSocket::drop(view, own)).unwrap();
    }
}
