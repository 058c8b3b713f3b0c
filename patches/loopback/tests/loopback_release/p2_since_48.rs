//! How the host's side of WASI P2 is called from release 48 on.
#![allow(dead_code, reason = "each test uses a part of it")]

use wasmtime::component::Resource;

pub use super::wash::p2::{TcpSocket, UdpSocket};

use super::wash::p2::SocketResult;
use super::wash::p2::bindings::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Network,
};
use super::wash::p2::bindings::sockets::tcp::HostTcpSocket;
use super::wash::p2::bindings::sockets::udp::{
    HostOutgoingDatagramStream, OutgoingDatagram, OutgoingDatagramStream,
};
use super::wash::p2::bindings::sockets::udp_create_socket::Host as _;
use super::wash::sockets::WasiSocketsCtxView;

/// Whether who closes without having read all resets the connection. From 48 on
/// upstream ends the direction of its own first, and the peer sees that end, as
/// with sockets of the system.
pub const CLOSING_RESETS: bool = false;

/// Whether `network-error-code` knows the errors of TCP streams.
pub const STREAM_ERRORS_HAVE_CODES: bool = false;

/// Whether a stream that has waited for a datagram holds the socket until its
/// drop has been waited for, so that the guest traps that takes streams before.
pub const WAITING_HOLDS_THE_SOCKET: bool = true;

/// Returns what the last operation on a stream failed with.
pub fn stream_code(error: wasmtime::Error) -> ErrorCode {
    match error.downcast::<super::wash::sockets::ErrorCode>() {
        Ok(code) => ErrorCode::from(code),
        Err(error) => error.downcast().unwrap(),
    }
}

pub async fn start_listen(
    view: &mut WasiSocketsCtxView<'_>,
    socket: Resource<TcpSocket>,
) -> SocketResult<()> {
    HostTcpSocket::start_listen(view, socket).await
}

pub async fn start_connect(
    view: &mut WasiSocketsCtxView<'_>,
    socket: Resource<TcpSocket>,
    network: Resource<Network>,
    address: IpSocketAddress,
) -> SocketResult<()> {
    HostTcpSocket::start_connect(view, socket, network, address)
}

pub async fn create_udp(
    view: &mut WasiSocketsCtxView<'_>,
    family: IpAddressFamily,
) -> SocketResult<Resource<UdpSocket>> {
    view.create_udp_socket(family).await
}

pub async fn send(
    view: &mut WasiSocketsCtxView<'_>,
    stream: Resource<OutgoingDatagramStream>,
    datagrams: Vec<OutgoingDatagram>,
) -> SocketResult<u64> {
    HostOutgoingDatagramStream::send(view, stream, datagrams)
}

pub async fn drop_outgoing(
    view: &mut WasiSocketsCtxView<'_>,
    stream: Resource<OutgoingDatagramStream>,
) -> wasmtime::Result<()> {
    HostOutgoingDatagramStream::drop(view, stream).await
}
