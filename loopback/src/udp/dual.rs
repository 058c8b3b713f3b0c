use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;

use rustix::io::Errno;

use super::super::destination::Destination;
use super::super::mailbox::Peer;
use super::super::tcp::system_error;
use super::super::waiters::Wakers;
use super::super::{DatagramSocket, lock};
use super::senders::Senders;
use super::would_block;

/// The two sides of a socket that is bound to all addresses of its family, at
/// one port.
///
/// The loopback's side alone knows whether the socket is connected, and where. It
/// wakes those who wait when that changes, after which each looks at both sides
/// again.
#[derive(Debug)]
pub(super) struct DualSocket {
    loopback: DatagramSocket,
    system: tokio::net::UdpSocket,
    /// Held while the sides are connected and disconnected, for one to follow the
    /// other. Nobody is woken meanwhile.
    changing: Mutex<()>,
    senders: Mutex<Senders>,
    /// Whether the system's side is asked first the next time.
    systems_turn: AtomicBool,
}

impl DualSocket {
    pub(super) fn new(loopback: DatagramSocket, system: tokio::net::UdpSocket) -> DualSocket {
        DualSocket {
            loopback,
            system,
            changing: Mutex::default(),
            senders: Mutex::default(),
            systems_turn: AtomicBool::new(false),
        }
    }

    pub(super) fn loopback(&self) -> &DatagramSocket {
        &self.loopback
    }

    pub(super) fn system(&self) -> &tokio::net::UdpSocket {
        &self.system
    }

    /// Returns the side on which the socket is connected.
    fn peers_side(&self) -> Option<Destination> {
        match self.loopback.peer() {
            Peer::Anybody => None,
            Peer::One(..) => Some(Destination::Loopback),
            Peer::Elsewhere => Some(Destination::System),
        }
    }

    /// Returns whether a loopback address is one of the host's own that the
    /// socket has heard from, and not of the network since.
    pub(super) fn is_answer(&self, to: SocketAddr) -> bool {
        lock(&self.senders).contains(to)
    }

    /// Connects one side, and has the other take nothing. Where that fails the
    /// socket is not connected any more, but if it could not be disconnected.
    pub(super) fn connect(&self, remote: SocketAddr, to: Destination) -> io::Result<()> {
        let peer = match to {
            Destination::Loopback => self.loopback.peer_at(remote).map_err(system_error)?,
            Destination::System => Peer::Elsewhere,
        };
        let changing = lock(&self.changing);
        let before = self.dissolve()?;
        let connected = match to {
            Destination::Loopback => {
                self.deafen_system();
                Ok(())
            }
            Destination::System => rustix::net::connect(&self.system, &remote),
        };
        let woken = connected.map(|()| self.loopback.set_peer(peer));
        drop(changing);
        before.wake();
        woken?.wake();
        Ok(())
    }

    pub(super) fn disconnect(&self) -> io::Result<()> {
        let changing = lock(&self.changing);
        let woken = self.dissolve();
        drop(changing);
        woken?.wake();
        Ok(())
    }

    /// Disconnects both sides, the one first that can fail, and returns whom to
    /// wake.
    fn dissolve(&self) -> io::Result<Wakers> {
        if self.peers_side().is_none() {
            return Ok(Wakers::default());
        }
        disconnect_system(&self.system)?;
        Ok(self.loopback.set_peer(Peer::Anybody))
    }

    /// Has the system's side take nothing: connected to itself, it has a peer that
    /// never sends. Where the system refuses that, what others send is received
    /// when the socket is disconnected.
    fn deafen_system(&self) {
        let at = self.loopback.local_addr();
        let ip = match at.is_ipv4() {
            true => IpAddr::V4(Ipv4Addr::LOCALHOST),
            false => IpAddr::V6(Ipv6Addr::LOCALHOST),
        };
        let own = SocketAddr::new(ip, at.port());
        _ = rustix::net::connect(&self.system, &own);
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self.peers_side() {
            Some(Destination::System) => self.system.local_addr(),
            Some(Destination::Loopback) | None => Ok(self.loopback.local_addr()),
        }
    }

    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self.peers_side() {
            Some(Destination::System) => self.system.peer_addr(),
            Some(Destination::Loopback) | None => {
                let peer = self.loopback.peer_addr();
                peer.ok_or_else(|| Errno::NOTCONN.into())
            }
        }
    }

    /// Returns the side that a datagram to nobody in particular goes to.
    pub(super) fn connected_to(&self) -> io::Result<Destination> {
        self.peers_side().ok_or_else(|| Errno::DESTADDRREQ.into())
    }

    /// Receives from the side where the peer is; without one from both, the
    /// one first that did not give the last datagram.
    pub(super) fn try_recv_from(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self.peers_side() {
            Some(Destination::Loopback) => self.try_loopback(into),
            Some(Destination::System) => self.try_system(into),
            None => {
                let first = self.systems_turn.load(Relaxed);
                let result = self.try_side(first, into);
                match would_block(&result) {
                    true => self.try_side(!first, into),
                    false => result,
                }
            }
        }
    }

    fn try_side(&self, system: bool, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let result = match system {
            true => self.try_system(into),
            false => self.try_loopback(into),
        };
        if !would_block(&result) {
            self.systems_turn.store(!system, Relaxed);
        }
        result
    }

    fn try_loopback(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (length, from) = self.loopback.try_recv(into).map_err(system_error)?;
        lock(&self.senders).note(from, Destination::Loopback);
        Ok((length, from))
    }

    /// Receives from the system; once it is connected there, only what its peer
    /// has sent, also of what was queued before.
    fn try_system(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        loop {
            let (length, from) = self.system.try_recv_from(into)?;
            // Asked afterwards: what has come since it was disconnected is kept.
            let is_connected = self.peers_side() == Some(Destination::System);
            let peer = is_connected.then(|| self.system.peer_addr().ok()).flatten();
            let of_peer = |peer: SocketAddr| (peer.ip(), peer.port()) == (from.ip(), from.port());
            if peer.is_none_or(of_peer) {
                lock(&self.senders).note(from, Destination::System);
                return Ok((length, from));
            }
        }
    }

    /// Waits until receiving is worth a try.
    pub(super) async fn readable(&self) {
        let mut loopback = pin!(self.loopback.readable());
        let mut system = pin!(self.system.readable());
        let mut system_ready = false;
        poll_fn(|cx| {
            let loopback_ready = loopback.as_mut().poll(cx).is_ready();
            // An error counts too: it comes again when receiving is tried.
            system_ready = system_ready || system.as_mut().poll(cx).is_ready();
            // Looked at last: where the loopback's side is not ready, it wakes for
            // what is changed from now on.
            let is_systems = || self.peers_side() != Some(Destination::Loopback);
            match loopback_ready || system_ready && is_systems() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}

/// Disconnects a socket of the system, which some report as an error.
pub(super) fn disconnect_system(socket: &tokio::net::UdpSocket) -> io::Result<()> {
    match rustix::net::connect_unspec(socket) {
        #[cfg(target_os = "macos")]
        Err(Errno::INVAL | Errno::AFNOSUPPORT) => Ok(()),
        result => Ok(result?),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Weak};
    use std::task::{Context, Wake, Waker};

    use super::super::super::{Binding, Network, Protocol};
    use super::*;

    /// Notes whether the sides were being changed when it was woken.
    struct Noted(Weak<DualSocket>, Mutex<Vec<bool>>);

    impl Wake for Noted {
        fn wake(self: Arc<Self>) {
            let dual = self.0.upgrade().unwrap();
            lock(&self.1).push(dual.changing.try_lock().is_err());
        }
    }

    #[tokio::test]
    async fn nobody_is_woken_while_the_sides_change() {
        let system = tokio::net::UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let network = Arc::<Mutex<Network>>::default();
        let at = system.local_addr().unwrap();
        let binding = Binding::new(&network, Protocol::Udp, at).unwrap();
        let loopback = DatagramSocket::new(binding, 1_000).unwrap();
        let dual = Arc::new(DualSocket::new(loopback, system));
        let noted = Arc::new(Noted(Arc::downgrade(&dual), Mutex::default()));
        let waker = Waker::from(Arc::clone(&noted));
        let mut waiting = pin!(dual.readable());
        for side in [Some(Destination::Loopback), Some(Destination::System), None] {
            let polled = waiting.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            let changed = match side {
                // Towards the system's loopback, to which nothing is sent.
                Some(side) => dual.connect("127.0.0.1:9".parse().unwrap(), side),
                None => dual.disconnect(),
            };
            changed.unwrap();
            assert!(!lock(&noted.1).is_empty(), "{side:?}");
            assert!(
                std::mem::take(&mut *lock(&noted.1))
                    .iter()
                    .all(|held| !held)
            );
            assert_eq!(dual.peers_side(), side);
        }
    }
}
