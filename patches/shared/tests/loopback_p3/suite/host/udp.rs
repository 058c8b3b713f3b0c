//! UDP sockets of a guest.

use std::net::SocketAddr;

use wasmtime::component::Resource;

use wash_wasi::p3::bindings::sockets::types::{
    HostUdpSocket, HostUdpSocketWithStore as _, IpSocketAddress,
};
use wash_wasi::sockets::{UdpSocket, WasiSockets};

use super::super::loopback_host::calls::called;
#[allow(
    unused_imports,
    reason = "which of them is needed depends on the release"
)]
use super::super::loopback_host::calls::{AtOnce as _, InTime as _};
use super::super::loopback_host::p2::at_once;
use super::{ErrorCode, Guest, Socket, code, family};
use crate::release::p3;

/// What a guest does with UDP sockets.
pub struct Udp<'a>(&'a Guest);

impl Guest {
    pub fn udp(&self) -> Udp<'_> {
        Udp(self)
    }
}

impl Udp<'_> {
    pub fn try_create(&self, ipv6: bool) -> Result<Socket, ErrorCode> {
        let socket = self.0.view(|view| {
            let created = called(HostUdpSocket::create(view, family(ipv6))).result();
            at_once(created).expect("making one does not wait")
        });
        Ok(Socket(socket.map_err(code)?.rep()))
    }

    pub fn create(&self, ipv6: bool) -> Socket {
        self.try_create(ipv6).unwrap()
    }

    pub fn bind(&self, socket: Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        p3::bind_udp(&self.0.0, socket.resource(), address.into()).map_err(code)
    }

    /// Returns a new socket that is bound to an address.
    pub fn bound(&self, address: SocketAddr) -> Socket {
        let socket = self.create(address.is_ipv6());
        self.bind(socket, address).unwrap();
        socket
    }

    pub fn connect(&self, socket: Socket, address: SocketAddr) -> Result<(), ErrorCode> {
        p3::connect_udp(&self.0.0, socket.resource(), address.into()).map_err(code)
    }

    pub fn disconnect(&self, socket: Socket) -> Result<(), ErrorCode> {
        self.0.call(socket, |view, socket| {
            HostUdpSocket::disconnect(view, socket)
        })
    }

    pub async fn send(
        &self,
        socket: Socket,
        data: &[u8],
        remote: impl Into<Option<SocketAddr>>,
    ) -> Result<(), ErrorCode> {
        let remote = remote.into().map(IpSocketAddress::from);
        let sent = WasiSockets::send(&self.0.0, socket.resource(), data.to_vec(), remote);
        sent.await.map_err(code)
    }

    pub async fn receive(&self, socket: Socket) -> Result<(Vec<u8>, SocketAddr), ErrorCode> {
        let received = WasiSockets::receive(&self.0.0, socket.resource()).await;
        let (data, from) = received.map_err(code)?;
        Ok((data, from.into()))
    }

    pub fn local(&self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.0.call(socket, |view, socket| {
            HostUdpSocket::get_local_address(view, socket)
        });
        address.map(SocketAddr::from)
    }

    pub fn remote(&self, socket: Socket) -> Result<SocketAddr, ErrorCode> {
        let address = self.0.call(socket, |view, socket| {
            HostUdpSocket::get_remote_address(view, socket)
        });
        address.map(SocketAddr::from)
    }

    pub fn close(&self, socket: Socket) {
        let own = Resource::<UdpSocket>::new_own(socket.0);
        self.0.view(|view| HostUdpSocket::drop(view, own)).unwrap();
    }
}
