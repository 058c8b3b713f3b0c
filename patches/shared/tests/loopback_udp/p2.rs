//! A host of WASI P2 whose UDP sockets are used as a guest would use them.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use wasmtime::component::{Resource, ResourceTable};

use wash_wasi::p2::bindings::sockets::instance_network::Host as _;
use wash_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use wash_wasi::p2::bindings::sockets::udp::{
    HostIncomingDatagramStream as _, HostOutgoingDatagramStream as _, HostUdpSocket,
    IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream,
};
use wash_wasi::p2::{Pollable, SocketError};
use wash_wasi::sockets::WasiSocketsCtxView;
use wash_wasi::sockets::loopback::Network;
use wash_wasi::{WasiCtx, WasiCtxBuilder};

use super::calls::{self, UdpSocket};

pub type Shared = Arc<Mutex<Network>>;
pub type Received = Vec<(Vec<u8>, SocketAddr)>;

/// What belongs to one guest.
pub struct Host {
    ctx: WasiCtx,
    table: ResourceTable,
}

/// A socket of a guest, and its streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    socket: u32,
    streams: Option<(u32, u32)>,
}

pub fn code(error: SocketError) -> ErrorCode {
    error.downcast().expect("the guest would have trapped")
}

impl Socket {
    pub fn resource(&self) -> Resource<UdpSocket> {
        Resource::new_borrow(self.socket)
    }

    pub fn incoming(&self) -> Resource<IncomingDatagramStream> {
        Resource::new_borrow(self.streams.expect("there are streams").0)
    }

    pub fn outgoing(&self) -> Resource<OutgoingDatagramStream> {
        Resource::new_borrow(self.streams.expect("there are streams").1)
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

    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    pub fn view(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView {
            ctx: self.ctx.sockets(),
            table: &mut self.table,
        }
    }

    pub fn try_udp(&mut self, ipv6: bool) -> Result<Socket, ErrorCode> {
        let family = match ipv6 {
            false => IpAddressFamily::Ipv4,
            true => IpAddressFamily::Ipv6,
        };
        let mut view = self.view();
        let socket = at_once(calls::create_udp(&mut view, family));
        let socket = socket.expect("making one does not wait").map_err(code)?;
        Ok(Socket {
            socket: socket.rep(),
            streams: None,
        })
    }

    pub fn udp(&mut self, ipv6: bool) -> Socket {
        self.try_udp(ipv6).unwrap()
    }

    pub async fn bind(&mut self, socket: &Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        let network = self.view().instance_network().unwrap();
        let address = IpSocketAddress::from(address);
        let mut view = self.view();
        let started = view.start_bind(socket.resource(), network, address);
        started.await.map_err(code)?;
        self.view().finish_bind(socket.resource()).map_err(code)
    }

    /// Connects or disconnects, and takes new streams.
    pub async fn stream(
        &mut self,
        socket: &mut Socket,
        remote: Option<SocketAddr>,
    ) -> Result<(), ErrorCode> {
        self.drop_streams(socket).await;
        let remote = remote.map(IpSocketAddress::from);
        let mut view = self.view();
        let streams = view.stream(socket.resource(), remote).await;
        let (incoming, outgoing) = streams.map_err(code)?;
        socket.streams = Some((incoming.rep(), outgoing.rep()));
        Ok(())
    }

    /// Returns a new socket with streams, bound to an address.
    pub async fn bound(&mut self, address: SocketAddr) -> Socket {
        let mut socket = self.udp(address.is_ipv6());
        self.bind(&socket, address).await.unwrap();
        self.stream(&mut socket, None).await.unwrap();
        socket
    }

    pub fn check_send(&mut self, socket: &Socket) -> u64 {
        self.view().check_send(socket.outgoing()).unwrap()
    }

    pub async fn send_all(
        &mut self,
        socket: &Socket,
        datagrams: &[(&[u8], Option<SocketAddr>)],
    ) -> Result<u64, SocketError> {
        let datagrams = datagrams.iter().map(|(data, remote)| OutgoingDatagram {
            data: data.to_vec(),
            remote_address: remote.map(IpSocketAddress::from),
        });
        let datagrams = datagrams.collect();
        let mut view = self.view();
        calls::send(&mut view, socket.outgoing(), datagrams).await
    }

    /// Sends one datagram, and waits where the system has to.
    pub async fn send(
        &mut self,
        socket: &Socket,
        data: &[u8],
        remote: impl Into<Option<SocketAddr>>,
    ) -> Result<(), ErrorCode> {
        let datagrams = [(data, remote.into())];
        loop {
            if self.check_send(socket) > 0
                && self.send_all(socket, &datagrams).await.map_err(code)? > 0
            {
                return Ok(());
            }
            self.ready_to_send(socket).await;
        }
    }

    pub fn try_receive(&mut self, socket: &Socket, max: u64) -> Result<Received, ErrorCode> {
        let received = self.view().receive(socket.incoming(), max).map_err(code)?;
        let datagrams = received.into_iter();
        Ok(datagrams
            .map(|datagram| (datagram.data, SocketAddr::from(datagram.remote_address)))
            .collect())
    }

    /// Waits for one datagram.
    pub async fn receive(&mut self, socket: &Socket) -> Result<(Vec<u8>, SocketAddr), ErrorCode> {
        loop {
            if let Some(datagram) = self.try_receive(socket, 1)?.pop() {
                return Ok(datagram);
            }
            self.ready(socket).await;
        }
    }

    /// Waits until receiving is worth a try.
    pub async fn ready(&mut self, socket: &Socket) {
        let incoming = self.table.get_mut(&socket.incoming()).unwrap();
        Pollable::ready(incoming).await;
    }

    /// Waits until sending is worth a try.
    pub async fn ready_to_send(&mut self, socket: &Socket) {
        let outgoing = self.table.get_mut(&socket.outgoing()).unwrap();
        Pollable::ready(outgoing).await;
    }

    pub fn local(&mut self, socket: &Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.view().local_address(socket.resource());
        address.map(SocketAddr::from).map_err(code)
    }

    pub fn remote(&mut self, socket: &Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.view().remote_address(socket.resource());
        address.map(SocketAddr::from).map_err(code)
    }

    pub async fn drop_streams(&mut self, socket: &mut Socket) {
        if let Some((incoming, outgoing)) = socket.streams.take() {
            let mut view = self.view();
            let (incoming, outgoing) = (Resource::new_own(incoming), Resource::new_own(outgoing));
            calls::drop_outgoing(&mut view, outgoing).await.unwrap();
            calls::drop_incoming(&mut view, incoming).await.unwrap();
        }
    }

    pub async fn close(&mut self, mut socket: Socket) {
        self.drop_streams(&mut socket).await;
        HostUdpSocket::drop(&mut self.view(), Resource::new_own(socket.socket)).unwrap();
    }
}
