use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use rustix::io::Errno;

use super::super::tcp::{MAX_TRIES, system_error};
use super::super::{Binding, DatagramSocket, Network, Protocol, is_loopback};
use super::dual::DualSocket;
use super::settings::Settings;

/// A UDP socket.
///
/// It starts on the system's network, and the address that it is bound to says
/// where it belongs.
#[derive(Debug, Clone)]
pub enum UdpSocket {
    /// On the system's network, if it is bound already.
    Network(NetworkUdpSocket),
    /// Bound to a loopback address, and nowhere but on the loopback network.
    Loopback(LoopbackUdpSocket),
    /// Bound to all addresses, on both networks.
    Unspecified(UnspecifiedUdpSocket),
}

/// A socket that is not bound, or bound to an address of the system.
#[derive(Debug, Clone, Default)]
pub struct NetworkUdpSocket {
    /// It is made when the socket is bound.
    pub(super) descriptor: Option<Arc<tokio::net::UdpSocket>>,
}

/// A socket that is bound to a loopback address.
#[derive(Debug, Clone)]
pub struct LoopbackUdpSocket {
    pub(super) socket: Arc<DatagramSocket>,
}

/// A socket that is bound to all addresses of its family: on the system, where
/// the host's own loopback reaches it too, and at the same port on the loopback
/// network.
#[derive(Debug, Clone)]
pub struct UnspecifiedUdpSocket {
    pub(super) dual: Arc<DualSocket>,
}

impl UdpSocket {
    pub(super) fn descriptor(&self) -> Option<&tokio::net::UdpSocket> {
        match self {
            UdpSocket::Network(socket) => socket.descriptor.as_deref(),
            UdpSocket::Loopback(_) => None,
            UdpSocket::Unspecified(socket) => Some(socket.dual.system()),
        }
    }

    pub(super) fn loopback(&self) -> Option<&DatagramSocket> {
        match self {
            UdpSocket::Network(_) => None,
            UdpSocket::Loopback(socket) => Some(&socket.socket),
            UdpSocket::Unspecified(socket) => Some(socket.dual.loopback()),
        }
    }

    pub(super) fn is_bound(&self) -> bool {
        self.descriptor().is_some() || self.loopback().is_some()
    }
}

/// What makes sockets of the system.
pub(super) type Make = Arc<dyn Fn() -> io::Result<std::net::UdpSocket> + Send + Sync>;

/// What a socket is made from when it is bound.
#[derive(Clone)]
pub(super) struct Origin {
    /// A socket that was never put on a network can use neither side.
    pub(super) network: Option<Arc<Mutex<Network>>>,
    pub(super) make: Make,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").finish_non_exhaustive()
    }
}

/// Returns the address that stands for all of a family, and any port.
pub(super) fn wildcard(ipv6: bool) -> SocketAddr {
    let ip = match ipv6 {
        false => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        true => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    SocketAddr::new(ip, 0)
}

impl Origin {
    pub(super) fn network(&self) -> io::Result<&Arc<Mutex<Network>>> {
        self.network.as_ref().ok_or_else(|| Errno::NETDOWN.into())
    }

    /// Makes a socket that is bound to `address`. Where that fails, nothing is
    /// left of it.
    pub(super) fn bind(&self, address: SocketAddr, settings: &Settings) -> io::Result<UdpSocket> {
        let network = self.network()?;
        let ip = address.ip().to_canonical();
        if is_loopback(ip) {
            let binding = Binding::new(network, Protocol::Udp, address);
            let socket = datagrams(binding.map_err(system_error)?, settings)?;
            let socket = Arc::new(socket);
            Ok(UdpSocket::Loopback(LoopbackUdpSocket { socket }))
        } else if ip.is_unspecified() {
            let dual = Arc::new(self.bind_both(address, settings)?);
            Ok(UdpSocket::Unspecified(UnspecifiedUdpSocket { dual }))
        } else {
            let system = self.system(settings)?;
            rustix::net::bind(&system, &address)?;
            let descriptor = Some(Arc::new(system));
            Ok(UdpSocket::Network(NetworkUdpSocket { descriptor }))
        }
    }

    /// Takes a port of the loopback network first, and then the same one of
    /// the system; where any will do, until one is free on both.
    fn bind_both(&self, address: SocketAddr, settings: &Settings) -> io::Result<DualSocket> {
        let system = self.system(settings)?;
        let tries = if address.port() == 0 { MAX_TRIES } else { 1 };
        let mut refused = Errno::ADDRINUSE;
        for _ in 0..tries {
            let binding = Binding::new(self.network()?, Protocol::Udp, address);
            let binding = binding.map_err(system_error)?;
            let mut same = address;
            same.set_port(binding.local_addr().port());
            match rustix::net::bind(&system, &same) {
                Ok(()) => return Ok(DualSocket::new(datagrams(binding, settings)?, system)),
                Err(error) => refused = error,
            }
            if refused != Errno::ADDRINUSE {
                break;
            }
        }
        Err(refused.into())
    }

    /// Makes a socket of the system, with the options that have been set.
    fn system(&self, settings: &Settings) -> io::Result<tokio::net::UdpSocket> {
        let socket = (self.make)()?;
        if settings.is_ipv6() {
            rustix::net::sockopt::set_ipv6_v6only(&socket, true)?;
        }
        settings.apply(&socket)?;
        crate::runtime::with_ambient_tokio_runtime(|| tokio::net::UdpSocket::from_std(socket))
    }
}

fn datagrams(binding: Binding, settings: &Settings) -> io::Result<DatagramSocket> {
    DatagramSocket::new(binding, settings.queue_limit()).map_err(system_error)
}
