use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use rustix::io::Result;

use super::super::Listener;
use super::super::os::rustix::fd::AsFd;
use super::super::os::{BorrowedFd, Descriptor, SocketOption};
use super::settings;
use super::{TcpStream, poll_charged};

/// A TCP socket that listens.
#[derive(Debug)]
pub enum TcpListener {
    /// At an address of the system.
    Network(tokio::net::TcpListener),
    /// At a loopback address.
    Loopback(Listener),
    /// At all addresses, on both networks.
    Unspecified(UnspecifiedTcpListener),
}

/// A socket that listens at all addresses: on the system, where the host's own
/// loopback reaches it too, and on the loopback network.
#[derive(Debug)]
pub struct UnspecifiedTcpListener {
    system: tokio::net::TcpListener,
    loopback: Listener,
    /// Whether the system's side is asked first the next time.
    systems_turn: AtomicBool,
}

type Accepted = (TcpStream, SocketAddr);

impl TcpListener {
    pub(super) fn unspecified(system: tokio::net::TcpListener, loopback: Listener) -> Self {
        let systems_turn = AtomicBool::new(false);
        TcpListener::Unspecified(UnspecifiedTcpListener {
            system,
            loopback,
            systems_turn,
        })
    }

    /// Returns a connection and where it comes from; the task is woken when
    /// there is one.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        match self {
            TcpListener::Network(system) => accept_system(system, cx),
            TcpListener::Loopback(loopback) => accept_loopback(loopback, cx),
            TcpListener::Unspecified(both) => both.poll_accept(cx),
        }
    }

    /// Waits for a connection; dropping what waits loses none.
    ///
    /// # Errors
    ///
    /// Those of `accept`.
    pub async fn accept(&self) -> io::Result<Accepted> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// Returns the address that it listens at.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self.sides() {
            (Some(system), _) => system.local_addr(),
            (None, Some(loopback)) => Ok(loopback.local_addr()),
            (None, None) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn sides(&self) -> (Option<&tokio::net::TcpListener>, Option<&Listener>) {
        match self {
            TcpListener::Network(system) => (Some(system), None),
            TcpListener::Loopback(loopback) => (None, Some(loopback)),
            TcpListener::Unspecified(both) => (Some(&both.system), Some(&both.loopback)),
        }
    }
}

impl UnspecifiedTcpListener {
    /// Asks both sides, the one first that did not give the last connection,
    /// so that neither can starve the other.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        let first = self.systems_turn.load(Relaxed);
        for system in [first, !first] {
            let accepted = match system {
                true => accept_system(&self.system, cx),
                false => accept_loopback(&self.loopback, cx),
            };
            if accepted.is_ready() {
                self.systems_turn.store(!system, Relaxed);
                return accepted;
            }
        }
        Poll::Pending
    }
}

fn accept_system(
    system: &tokio::net::TcpListener,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Accepted>> {
    let accepted = system.poll_accept(cx);
    accepted.map_ok(|(stream, address)| (TcpStream::Network(stream), address))
}

fn accept_loopback(loopback: &Listener, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
    poll_charged(cx, |cx| loopback.poll_accept(cx)).map(|stream| {
        let address = stream.peer_addr();
        Ok((TcpStream::Loopback(stream), address))
    })
}

impl Descriptor for TcpListener {
    fn option(&self, name: SocketOption) -> Result<u32> {
        match self.sides() {
            (Some(system), _) => system.option(name),
            (None, loopback) => {
                let options = loopback.map(Listener::options).unwrap_or_default();
                Ok(settings::get(&options, name))
            }
        }
    }

    fn set_option(&self, name: SocketOption, value: u32) -> Result<()> {
        let (system, loopback) = self.sides();
        if let Some(system) = system {
            system.set_option(name, value)?;
        }
        if let Some(loopback) = loopback {
            let mut options = loopback.options();
            let ipv6 = loopback.local_addr().is_ipv6();
            settings::set(&mut options, ipv6, name, value)?;
            loopback.set_options(options);
        }
        Ok(())
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    fn listen(&self, backlog: i32) -> Result<()> {
        let (system, loopback) = self.sides();
        if let Some(system) = system {
            Descriptor::listen(system, backlog)?;
        }
        if let Some(loopback) = loopback {
            // What is negative is a large number to Linux.
            loopback.set_backlog(usize::try_from(backlog).unwrap_or(usize::MAX));
        }
        Ok(())
    }
}

impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd::new(self)
    }
}
