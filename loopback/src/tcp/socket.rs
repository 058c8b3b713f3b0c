use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use rustix::io::{Errno, Result};

use super::super::destination::check_family;
use super::super::os::rustix::fd::AsFd;
use super::super::os::{BorrowedFd, Descriptor, SocketOption};
use super::super::{Binding, Listener, Network, Protocol, is_loopback, lock};
use super::settings::Settings;
use super::{ConnectingTcpStream, TcpListener, system_error};

/// How many ports are tried for a socket that is to have the same one on the
/// system and on the loopback network.
pub(in super::super) const MAX_TRIES: usize = 1_024;

/// A TCP socket before it connects or listens.
///
/// It starts on the system's network, and its first address says where it
/// belongs.
#[derive(Debug)]
pub enum TcpSocket {
    /// On the system's network, if it is bound already.
    Network(NetworkTcpSocket),
    /// Bound to a loopback address, and nowhere but on the loopback network.
    Loopback(LoopbackTcpSocket),
    /// Bound to all addresses, on both networks.
    Unspecified(UnspecifiedTcpSocket),
}

/// What all of them have.
#[derive(Debug, Clone)]
pub(super) struct Common {
    /// A socket that was never put on a network can use neither side.
    network: Option<Arc<Mutex<Network>>>,
    pub(super) settings: Settings,
}

/// A socket that is not bound, or bound to an address of the system.
#[derive(Debug)]
pub struct NetworkTcpSocket {
    pub(super) common: Common,
    /// It is made when the socket is bound or connects.
    pub(super) descriptor: Option<tokio::net::TcpSocket>,
}

/// A socket that is bound to a loopback address.
#[derive(Debug)]
pub struct LoopbackTcpSocket {
    pub(super) common: Common,
    pub(super) binding: Binding,
}

/// A socket that is bound to all addresses of its family: on the system, and
/// at the same port on the loopback network.
#[derive(Debug)]
pub struct UnspecifiedTcpSocket {
    pub(super) common: Common,
    pub(super) binding: Binding,
    pub(super) descriptor: tokio::net::TcpSocket,
}

impl TcpSocket {
    /// Makes a socket that may use `network`. It has no descriptor yet.
    pub fn new(network: &Arc<Mutex<Network>>, ipv6: bool) -> TcpSocket {
        TcpSocket::unbound(Some(Arc::clone(network)), Settings::new(ipv6))
    }

    fn unbound(network: Option<Arc<Mutex<Network>>>, settings: Settings) -> TcpSocket {
        TcpSocket::Network(NetworkTcpSocket {
            common: Common { network, settings },
            descriptor: None,
        })
    }

    /// Binds it; where that fails it can be bound to something else.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    pub fn bind(&mut self, address: SocketAddr) -> io::Result<()> {
        check_family(self.common().settings.is_ipv6(), address, Errno::INVAL)?;
        match self {
            TcpSocket::Network(socket) if socket.descriptor.is_none() => {
                *self = socket.common.bind(address)?;
                Ok(())
            }
            _ => Err(Errno::INVAL.into()),
        }
    }

    /// Listens. A socket that is not bound gets a port of its family's wildcard.
    ///
    /// # Errors
    ///
    /// Those of `listen`, and of `bind`.
    pub fn listen(mut self, backlog: u32) -> io::Result<TcpListener> {
        if let TcpSocket::Network(socket) = &self
            && socket.descriptor.is_none()
        {
            self = socket.common.bind(self.wildcard())?;
        }
        match self {
            TcpSocket::Network(socket) => match socket.descriptor {
                Some(descriptor) => Ok(TcpListener::Network(descriptor.listen(backlog)?)),
                None => Err(Errno::INVAL.into()),
            },
            TcpSocket::Loopback(socket) => {
                let listener = listener(socket.binding, backlog, &socket.common)?;
                Ok(TcpListener::Loopback(listener))
            }
            TcpSocket::Unspecified(socket) => {
                let system = socket.descriptor.listen(backlog)?;
                let loopback = listener(socket.binding, backlog, &socket.common)?;
                Ok(TcpListener::unspecified(system, loopback))
            }
        }
    }

    /// Connects, once what this returns is polled.
    pub fn connect(self, remote: SocketAddr) -> ConnectingTcpStream {
        ConnectingTcpStream::new(self, remote)
    }

    pub(super) fn common(&self) -> &Common {
        match self {
            TcpSocket::Network(socket) => &socket.common,
            TcpSocket::Loopback(socket) => &socket.common,
            TcpSocket::Unspecified(socket) => &socket.common,
        }
    }

    fn settings_mut(&mut self) -> &mut Settings {
        match self {
            TcpSocket::Network(socket) => &mut socket.common.settings,
            TcpSocket::Loopback(socket) => &mut socket.common.settings,
            TcpSocket::Unspecified(socket) => &mut socket.common.settings,
        }
    }

    fn descriptor(&self) -> Option<&tokio::net::TcpSocket> {
        match self {
            TcpSocket::Network(socket) => socket.descriptor.as_ref(),
            TcpSocket::Loopback(_) => None,
            TcpSocket::Unspecified(socket) => Some(&socket.descriptor),
        }
    }

    fn wildcard(&self) -> SocketAddr {
        let ip = match self.common().settings.is_ipv6() {
            false => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            true => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        SocketAddr::new(ip, 0)
    }

    /// Returns the address that it is bound to, the wildcard if none.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            TcpSocket::Loopback(socket) => Ok(socket.binding.local_addr()),
            _ => match self.descriptor() {
                Some(descriptor) => descriptor.local_addr(),
                None => Ok(self.wildcard()),
            },
        }
    }

    fn option(&self, name: SocketOption) -> Result<u32> {
        match self.descriptor() {
            Some(descriptor) => Descriptor::option(descriptor, name),
            None => Ok(self.common().settings.get(name)),
        }
    }

    fn set_option(&mut self, name: SocketOption, value: u32) -> Result<()> {
        if let Some(descriptor) = self.descriptor() {
            descriptor.set_option(name, value)?;
        }
        self.settings_mut().set(name, value)
    }
}

fn listener(binding: Binding, backlog: u32, common: &Common) -> io::Result<Listener> {
    let backlog = usize::try_from(backlog).unwrap_or(usize::MAX);
    Listener::new(binding, backlog, common.settings.options).map_err(system_error)
}

impl Common {
    pub(super) fn network(&self) -> io::Result<&Arc<Mutex<Network>>> {
        self.network.as_ref().ok_or_else(|| Errno::NETDOWN.into())
    }

    /// Makes a socket of the system, with the options that have been set.
    pub(super) fn descriptor(&self) -> io::Result<tokio::net::TcpSocket> {
        let socket = if self.settings.is_ipv6() {
            let socket = tokio::net::TcpSocket::new_v6()?;
            rustix::net::sockopt::set_ipv6_v6only(&socket, true)?;
            socket
        } else {
            tokio::net::TcpSocket::new_v4()?
        };
        self.settings.apply(&socket)?;
        Ok(socket)
    }

    fn bind(&self, address: SocketAddr) -> io::Result<TcpSocket> {
        let ip = address.ip().to_canonical();
        let real = lock(&Network::tables(self.network()?)).is_real();
        if is_loopback(ip) && !real {
            self.bind_loopback(address)
        } else if ip.is_unspecified() && !real {
            self.bind_both(address)
        } else {
            let descriptor = self.descriptor()?;
            descriptor.bind(address)?;
            Ok(TcpSocket::Network(NetworkTcpSocket {
                common: self.clone(),
                descriptor: Some(descriptor),
            }))
        }
    }

    fn bind_loopback(&self, address: SocketAddr) -> io::Result<TcpSocket> {
        let binding = Binding::new(self.network()?, Protocol::Tcp, address);
        let binding = binding.map_err(system_error)?;
        let common = self.clone();
        Ok(TcpSocket::Loopback(LoopbackTcpSocket { common, binding }))
    }

    /// Takes a port of the loopback network first, and then the same one of
    /// the system; where any will do, until one is free on both.
    fn bind_both(&self, address: SocketAddr) -> io::Result<TcpSocket> {
        let descriptor = self.descriptor()?;
        let tries = if address.port() == 0 { MAX_TRIES } else { 1 };
        let mut result = Err(Errno::ADDRINUSE.into());
        for _ in 0..tries {
            let binding = Binding::new(self.network()?, Protocol::Tcp, address);
            let binding = binding.map_err(system_error)?;
            let port = binding.local_addr().port();
            result = descriptor.bind(SocketAddr::new(address.ip(), port));
            match &result {
                Ok(()) => {
                    let common = self.clone();
                    return Ok(TcpSocket::Unspecified(UnspecifiedTcpSocket {
                        common,
                        binding,
                        descriptor,
                    }));
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(_) => break,
            }
        }
        Err(result.err().unwrap_or_else(|| Errno::ADDRINUSE.into()))
    }
}

/// A [`TcpSocket`] that is used as those of `tokio` are: binding it and
/// setting its options takes no more than a shared reference.
#[derive(Debug)]
pub struct SharedTcpSocket(Mutex<TcpSocket>);

#[allow(dead_code, reason = "upstream uses it")]
impl SharedTcpSocket {
    /// Makes an IPv4 socket, to be put [on](SharedTcpSocket::on) a network.
    ///
    /// # Errors
    ///
    /// None; those of the system come when one of its sockets is needed.
    pub fn new_v4() -> io::Result<SharedTcpSocket> {
        Ok(SharedTcpSocket::detached(false))
    }

    /// Makes an IPv6 socket, to be put [on](SharedTcpSocket::on) a network.
    ///
    /// # Errors
    ///
    /// None, as with [`SharedTcpSocket::new_v4`].
    pub fn new_v6() -> io::Result<SharedTcpSocket> {
        Ok(SharedTcpSocket::detached(true))
    }

    fn detached(ipv6: bool) -> SharedTcpSocket {
        let socket = TcpSocket::unbound(None, Settings::new(ipv6));
        SharedTcpSocket(Mutex::new(socket))
    }

    /// Makes the socket one of those that may use `network`.
    pub fn on(self, network: &Arc<Mutex<Network>>) -> SharedTcpSocket {
        let settings = self.into_inner().common().settings;
        let socket = TcpSocket::unbound(Some(Arc::clone(network)), settings);
        SharedTcpSocket(Mutex::new(socket))
    }

    /// Does what [`TcpSocket::bind`] does.
    ///
    /// # Errors
    ///
    /// Those of [`TcpSocket::bind`].
    pub fn bind(&self, address: SocketAddr) -> io::Result<()> {
        lock(&self.0).bind(address)
    }

    /// Does what [`TcpSocket::listen`] does.
    ///
    /// # Errors
    ///
    /// Those of [`TcpSocket::listen`].
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.into_inner().listen(backlog)
    }

    /// Does what [`TcpSocket::connect`] does.
    pub fn connect(self, remote: SocketAddr) -> ConnectingTcpStream {
        self.into_inner().connect(remote)
    }

    /// Does what [`TcpSocket::local_addr`] does.
    ///
    /// # Errors
    ///
    /// Those of [`TcpSocket::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        lock(&self.0).local_addr()
    }

    fn into_inner(self) -> TcpSocket {
        let inner = self.0.into_inner();
        inner.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Descriptor for SharedTcpSocket {
    fn option(&self, name: SocketOption) -> Result<u32> {
        lock(&self.0).option(name)
    }

    fn set_option(&self, name: SocketOption, value: u32) -> Result<()> {
        lock(&self.0).set_option(name, value)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}

impl AsFd for SharedTcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd::new(self)
    }
}
