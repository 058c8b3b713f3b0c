use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustix::fd::OwnedFd;
use rustix::io::{Errno, Result};
use rustix::net::SendFlags;
use tokio::io::Interest;
use tokio::task::coop::consume_budget;

use super::super::destination::{Destination, check_family};
use super::super::os::rustix::fd::AsFd;
use super::super::os::{BorrowedFd, Descriptor, SocketOption};
use super::super::steps::Steps;
use super::super::tcp::{poll_budget, poll_yield, system_error};
use super::super::{Network, Protocol, lock};
use super::detached::Detached;
use super::dual::disconnect_system;
use super::settings::Settings;
use super::socket::{Make, NetworkUdpSocket, Origin, UdpSocket, wildcard};
use super::{errno, would_block};

/// A [`UdpSocket`] that is used as that of `tokio` is: binding it, connecting
/// it and setting its options takes no more than a shared reference.
#[derive(Debug)]
pub struct SharedUdpSocket {
    origin: Origin,
    state: Mutex<State>,
    steps: Steps,
}

#[derive(Debug)]
struct State {
    socket: UdpSocket,
    settings: Settings,
}

impl SharedUdpSocket {
    /// Makes a socket that may use `network`. It has no descriptor yet; when one
    /// is needed, `make` makes it.
    pub fn detached<S: Into<OwnedFd> + 'static>(
        network: &Arc<Mutex<Network>>,
        ipv6: bool,
        make: impl Fn() -> io::Result<S> + Send + Sync + 'static,
    ) -> Detached {
        let make = Arc::new(move || Ok(make()?.into().into()));
        Detached(SharedUdpSocket::new(Some(Arc::clone(network)), ipv6, make))
    }

    pub(super) fn new(network: Option<Arc<Mutex<Network>>>, ipv6: bool, make: Make) -> Self {
        let state = State {
            socket: UdpSocket::Network(NetworkUdpSocket::default()),
            settings: Settings::new(ipv6, &make),
        };
        SharedUdpSocket {
            origin: Origin { network, make },
            state: Mutex::new(state),
            steps: Steps::default(),
        }
    }

    /// Makes the socket one of those that may use `network`.
    pub fn on(mut self, network: &Arc<Mutex<Network>>) -> SharedUdpSocket {
        self.origin.network = Some(Arc::clone(network));
        self
    }

    /// Returns the socket as it is now.
    pub fn current(&self) -> UdpSocket {
        lock(&self.state).socket.clone()
    }

    fn try_bind(&self, address: SocketAddr) -> io::Result<()> {
        let mut state = lock(&self.state);
        check_family(state.settings.is_ipv6(), address, Errno::INVAL)?;
        if state.socket.is_bound() {
            return Err(Errno::INVAL.into());
        }
        state.socket = self.origin.bind(address, &state.settings)?;
        Ok(())
    }

    /// Returns the socket, bound to its family's wildcard if it was not bound.
    fn bound(&self) -> io::Result<UdpSocket> {
        let mut state = lock(&self.state);
        if !state.socket.is_bound() {
            let address = wildcard(state.settings.is_ipv6());
            state.socket = self.origin.bind(address, &state.settings)?;
        }
        Ok(state.socket.clone())
    }

    /// Returns which side `remote` is on, and the socket, bound if it was not,
    /// if that can send there.
    ///
    /// # Errors
    ///
    /// `ipv4` for an IPv4 address and an IPv6 socket; those of `connect`.
    fn route(&self, remote: SocketAddr, ipv4: Errno) -> io::Result<(UdpSocket, Destination)> {
        let network = self.origin.network()?;
        check_family(lock(&self.state).settings.is_ipv6(), remote, ipv4)?;
        let to = Destination::of(network, Protocol::Udp, remote)?;
        let socket = self.bound()?;
        let to = match &socket {
            UdpSocket::Unspecified(socket) if socket.dual.is_answer(remote) => Destination::System,
            _ => to,
        };
        match (&socket, to) {
            // So says Linux, where it does so at all.
            (UdpSocket::Loopback(_), Destination::System) if remote.is_ipv4() => {
                Err(Errno::INVAL.into())
            }
            (UdpSocket::Loopback(_), Destination::System)
            | (UdpSocket::Network(_), Destination::Loopback) => Err(Errno::NETUNREACH.into()),
            _ => Ok((socket, to)),
        }
    }

    fn try_connect(&self, remote: SocketAddr) -> io::Result<()> {
        let (socket, to) = self.route(remote, Errno::AFNOSUPPORT)?;
        match &socket {
            UdpSocket::Network(_) => Ok(rustix::net::connect(system(&socket)?, &remote)?),
            UdpSocket::Loopback(socket) => socket.socket.connect(remote).map_err(system_error),
            UdpSocket::Unspecified(socket) => socket.dual.connect(remote, to),
        }
    }

    fn try_disconnect(&self) -> io::Result<()> {
        match self.current() {
            UdpSocket::Network(socket) => match &socket.descriptor {
                Some(descriptor) => disconnect_system(descriptor),
                None => Ok(()),
            },
            UdpSocket::Loopback(socket) => {
                socket.socket.disconnect();
                Ok(())
            }
            UdpSocket::Unspecified(socket) => socket.dual.disconnect(),
        }
    }

    /// Returns the address that it is bound to, the wildcard if none; once it
    /// is connected, the one that its peer sees.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self.current() {
            UdpSocket::Network(socket) => match &socket.descriptor {
                Some(descriptor) => descriptor.local_addr(),
                None => Ok(wildcard(lock(&self.state).settings.is_ipv6())),
            },
            UdpSocket::Loopback(socket) => Ok(socket.socket.local_addr()),
            UdpSocket::Unspecified(socket) => socket.dual.local_addr(),
        }
    }

    /// Returns the address that it is connected to.
    ///
    /// # Errors
    ///
    /// Those of `getpeername`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self.current() {
            UdpSocket::Network(socket) => match &socket.descriptor {
                Some(descriptor) => descriptor.peer_addr(),
                None => Err(Errno::NOTCONN.into()),
            },
            UdpSocket::Loopback(socket) => {
                let peer = socket.socket.peer_addr();
                peer.ok_or_else(|| Errno::NOTCONN.into())
            }
            UdpSocket::Unspecified(socket) => socket.dual.peer_addr(),
        }
    }

    /// Returns the side where the peer is, and the socket.
    fn connected(&self) -> io::Result<(UdpSocket, Destination)> {
        let socket = self.current();
        let to = match &socket {
            UdpSocket::Network(_) => Destination::System,
            UdpSocket::Loopback(_) => Destination::Loopback,
            UdpSocket::Unspecified(socket) => socket.dual.connected_to()?,
        };
        Ok((socket, to))
    }

    /// Sends a datagram to the peer.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub fn try_send(&self, data: &[u8]) -> io::Result<usize> {
        let (socket, to) = self.connected()?;
        match to {
            Destination::System => send_now(system(&socket)?, data, None),
            Destination::Loopback => send(&socket, data, None),
        }
    }

    /// Sends a datagram to `remote`.
    ///
    /// # Errors
    ///
    /// Those of `sendto`.
    pub fn try_send_to(&self, data: &[u8], remote: SocketAddr) -> io::Result<usize> {
        let (socket, to) = self.route(remote, Errno::NETUNREACH)?;
        match to {
            Destination::System => send_now(system(&socket)?, data, Some(remote)),
            Destination::Loopback => send(&socket, data, Some(remote)),
        }
    }

    /// Sends a datagram to the peer, and waits where the system has to.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub async fn send(&self, data: &[u8]) -> io::Result<usize> {
        let (socket, to) = self.connected()?;
        match to {
            Destination::System => {
                let socket = system(&socket)?;
                match send_now(socket, data, None) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        socket.send(data).await
                    }
                    sent => sent,
                }
            }
            Destination::Loopback => {
                consume_budget().await;
                send(&socket, data, None)
            }
        }
    }

    /// Sends a datagram to `remote`, and waits where the system has to.
    ///
    /// # Errors
    ///
    /// Those of `sendto`.
    pub async fn send_to(&self, data: &[u8], remote: SocketAddr) -> io::Result<usize> {
        let (socket, to) = self.route(remote, Errno::NETUNREACH)?;
        match to {
            Destination::System => {
                let socket = system(&socket)?;
                match send_now(socket, data, Some(remote)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        socket.send_to(data, remote).await
                    }
                    sent => sent,
                }
            }
            Destination::Loopback => {
                consume_budget().await;
                send(&socket, data, Some(remote))
            }
        }
    }

    /// Copies the next datagram into `into`, and returns its length and where
    /// it came from.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    pub fn try_recv_from(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self.current() {
            UdpSocket::Network(socket) => match &socket.descriptor {
                Some(descriptor) => descriptor.try_recv_from(into),
                None => Err(Errno::NOTCONN.into()),
            },
            UdpSocket::Loopback(socket) => socket.socket.try_recv(into).map_err(system_error),
            UdpSocket::Unspecified(socket) => socket.dual.try_recv_from(into),
        }
    }

    /// Waits for a datagram. Any number can wait at a time, and dropping what
    /// waits loses none.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    pub async fn recv_from(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        loop {
            self.readable().await;
            let result = self.try_recv_from(into);
            if !would_block(&result) {
                return result;
            }
        }
    }

    /// Waits for a datagram, and returns its length.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    pub async fn recv(&self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv_from(into).await?.0)
    }

    /// Waits until receiving or sending is worth a try.
    ///
    /// # Errors
    ///
    /// None: what is wrong comes again when it is tried.
    pub async fn ready(&self, interest: Interest) -> io::Result<()> {
        if interest.is_readable() {
            self.readable().await;
        } else if let Some(descriptor) = self.current().descriptor() {
            // Nobody ever waits to send on the loopback network.
            drop(descriptor.writable().await);
        }
        Ok(())
    }

    /// Waits until sending is worth a try.
    ///
    /// # Errors
    ///
    /// None, as with [`SharedUdpSocket::ready`].
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await
    }

    async fn readable(&self) {
        match self.current() {
            UdpSocket::Network(socket) => {
                if let Some(descriptor) = &socket.descriptor {
                    drop(descriptor.readable().await);
                }
            }
            UdpSocket::Loopback(socket) => socket.socket.readable().await,
            UdpSocket::Unspecified(socket) => socket.dual.readable().await,
        }
        // After the wait, which costs nothing. A datagram is no small step.
        self.steps.count_large();
        poll_fn(|cx| poll_yield(cx, |cx| self.steps.poll(|| poll_budget(cx)))).await;
    }
}

fn system(socket: &UdpSocket) -> io::Result<&tokio::net::UdpSocket> {
    // One that is not bound has no peer either.
    let descriptor = socket.descriptor();
    descriptor.ok_or_else(|| Errno::DESTADDRREQ.into())
}

/// Sends on the system, if that takes the datagram now.
///
/// This asks the system itself: a descriptor is made late, and `tokio` says of
/// each new one that it cannot be written to until its runtime has rested. If the
/// system takes nothing, `tokio` has to learn that, or it calls the socket writable.
pub(super) fn send_now(
    socket: &tokio::net::UdpSocket,
    data: &[u8],
    to: Option<SocketAddr>,
) -> io::Result<usize> {
    let sent = match to {
        Some(to) => rustix::net::sendto(socket, data, SendFlags::empty(), &to),
        None => rustix::net::send(socket, data, SendFlags::empty()),
    };
    match (sent, to) {
        (Err(Errno::WOULDBLOCK), Some(to)) => socket.try_send_to(data, to),
        (Err(Errno::WOULDBLOCK), None) => socket.try_send(data),
        (sent, _) => Ok(sent?),
    }
}

/// Sends on the loopback network, which takes datagrams whole.
fn send(socket: &UdpSocket, data: &[u8], to: Option<SocketAddr>) -> io::Result<usize> {
    let loopback = socket.loopback().ok_or(Errno::NETUNREACH)?;
    let sent = match to {
        Some(to) => loopback.send_to(data, to),
        None => loopback.send(data),
    };
    sent.map_err(system_error)?;
    Ok(data.len())
}

impl Descriptor for SharedUdpSocket {
    fn option(&self, name: SocketOption) -> Result<u32> {
        let state = lock(&self.state);
        match state.socket.descriptor() {
            Some(descriptor) => Descriptor::option(descriptor, name),
            None => state.settings.get(name),
        }
    }

    fn set_option(&self, name: SocketOption, value: u32) -> Result<()> {
        let mut state = lock(&self.state);
        if let Some(descriptor) = state.socket.descriptor() {
            descriptor.set_option(name, value)?;
        }
        state.settings.set(name, value)?;
        if let Some(loopback) = state.socket.loopback() {
            loopback.set_receive_buffer(state.settings.queue_limit());
        }
        Ok(())
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.peer_addr()
    }

    fn bind(&self, address: SocketAddr) -> Result<()> {
        self.try_bind(address).map_err(|error| errno(&error))
    }

    fn connect(&self, address: SocketAddr) -> Result<()> {
        self.try_connect(address).map_err(|error| errno(&error))
    }

    fn disconnect(&self) -> Result<()> {
        self.try_disconnect().map_err(|error| errno(&error))
    }
}

impl AsFd for SharedUdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd::new(self)
    }
}
