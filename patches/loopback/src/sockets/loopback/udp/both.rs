use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;

use rustix::io::Errno;

use super::super::destination::Destination;
use super::super::tcp::system_error;
use super::super::{DatagramSocket, lock};
use super::would_block;

/// The two sides of a socket that is bound to all addresses of its family, at
/// one port.
#[derive(Debug)]
pub(super) struct Both {
    loopback: DatagramSocket,
    system: tokio::net::UdpSocket,
    peer: Mutex<Option<Peer>>,
    /// Whether the system's side is asked first the next time.
    systems_turn: AtomicBool,
}

/// The side that a connected socket is connected on.
#[derive(Debug, Clone, Copy)]
enum Peer {
    Loopback,
    System(SocketAddr),
}

impl Both {
    pub(super) fn new(loopback: DatagramSocket, system: tokio::net::UdpSocket) -> Both {
        Both {
            loopback,
            system,
            peer: Mutex::new(None),
            systems_turn: AtomicBool::new(false),
        }
    }

    pub(super) fn loopback(&self) -> &DatagramSocket {
        &self.loopback
    }

    pub(super) fn system(&self) -> &tokio::net::UdpSocket {
        &self.system
    }

    fn peer(&self) -> Option<Peer> {
        *lock(&self.peer)
    }

    pub(super) fn connect(&self, remote: SocketAddr, to: Destination) -> io::Result<()> {
        let mut peer = lock(&self.peer);
        match to {
            Destination::Loopback => {
                if let Some(Peer::System(_)) = peer.take() {
                    disconnect_system(&self.system)?;
                }
                self.loopback.connect(remote).map_err(system_error)?;
                *peer = Some(Peer::Loopback);
            }
            Destination::System => {
                rustix::net::connect(&self.system, &remote)?;
                *peer = Some(Peer::System(remote));
                drop(peer);
                self.loopback.detach();
            }
        }
        Ok(())
    }

    pub(super) fn disconnect(&self) -> io::Result<()> {
        let before = lock(&self.peer).take();
        self.loopback.disconnect();
        match before {
            Some(Peer::System(_)) => disconnect_system(&self.system),
            Some(Peer::Loopback) | None => Ok(()),
        }
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self.peer() {
            Some(Peer::System(_)) => self.system.local_addr(),
            Some(Peer::Loopback) | None => Ok(self.loopback.local_addr()),
        }
    }

    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self.peer() {
            Some(Peer::System(_)) => self.system.peer_addr(),
            Some(Peer::Loopback) | None => {
                let peer = self.loopback.peer_addr();
                peer.ok_or_else(|| Errno::NOTCONN.into())
            }
        }
    }

    /// Returns the side that a datagram to nobody in particular goes to.
    pub(super) fn connected_to(&self) -> io::Result<Destination> {
        match self.peer() {
            Some(Peer::Loopback) => Ok(Destination::Loopback),
            Some(Peer::System(_)) => Ok(Destination::System),
            None => Err(Errno::DESTADDRREQ.into()),
        }
    }

    /// Receives from the side where the peer is; without one from both, the
    /// one first that did not give the last datagram.
    pub(super) fn try_recv_from(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self.peer() {
            Some(Peer::Loopback) => self.try_loopback(into),
            Some(Peer::System(peer)) => self.try_system(into, Some(peer)),
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
            true => self.try_system(into, None),
            false => self.try_loopback(into),
        };
        if !would_block(&result) {
            self.systems_turn.store(!system, Relaxed);
        }
        result
    }

    fn try_loopback(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.loopback.try_recv(into).map_err(system_error)
    }

    /// Receives from the system, also there only what the peer has sent.
    fn try_system(
        &self,
        into: &mut [u8],
        peer: Option<SocketAddr>,
    ) -> io::Result<(usize, SocketAddr)> {
        loop {
            let (length, from) = self.system.try_recv_from(into)?;
            let of_peer = |peer: SocketAddr| (peer.ip(), peer.port()) == (from.ip(), from.port());
            if peer.is_none_or(of_peer) {
                return Ok((length, from));
            }
        }
    }

    /// Waits until receiving is worth a try.
    pub(super) async fn readable(&self) {
        let mut loopback = pin!(self.loopback.readable());
        let mut system = pin!(self.system.readable());
        let mut system_ready = false;
        // The peer may change meanwhile, of which the loopback's side tells.
        poll_fn(|cx| {
            let loopback_ready = loopback.as_mut().poll(cx).is_ready();
            // An error counts too: it comes again when receiving is tried.
            system_ready = system_ready || system.as_mut().poll(cx).is_ready();
            let ready = match self.peer() {
                Some(Peer::Loopback) => loopback_ready,
                Some(Peer::System(_)) => system_ready,
                None => loopback_ready || system_ready,
            };
            if ready {
                Poll::Ready(())
            } else {
                Poll::Pending
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
