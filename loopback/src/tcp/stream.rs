use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use rustix::io::{Errno, Result};

use super::super::Stream;
use super::super::os::bytes::BytesMut;
use super::super::os::rustix::fd::AsFd;
use super::super::os::{BorrowedFd, Descriptor, SocketOption};
use super::{Chunk, poll_budget, poll_yield, settings, system_error};

/// One end of a TCP connection.
#[derive(Debug)]
pub enum TcpStream {
    /// On the system's network.
    Network(tokio::net::TcpStream),
    /// On the loopback network.
    Loopback(Stream),
}

impl TcpStream {
    /// Copies bytes that have come into `into`; none mean the end.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            TcpStream::Network(stream) => stream.try_read(into),
            TcpStream::Loopback(stream) => stream.try_read(into).map_err(system_error),
        }
    }

    /// Takes bytes that have come, as many as there is room for; none mean
    /// the end.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn try_read_buf(&self, into: &mut BytesMut) -> io::Result<usize> {
        match self {
            TcpStream::Network(stream) => into.fill(|buffer| stream.try_read_buf(buffer)),
            TcpStream::Loopback(stream) => {
                into.put(|max| stream.try_read_most(max).map_err(system_error))
            }
        }
    }

    /// Writes as many bytes as there is room for, and returns how many of
    /// those are written that are still to be taken from the chunk.
    ///
    /// # Errors
    ///
    /// Those of `write`.
    pub fn try_write(&self, mut chunk: impl Chunk) -> io::Result<usize> {
        match self {
            TcpStream::Network(stream) => stream.try_write(chunk.bytes()),
            TcpStream::Loopback(stream) if chunk.offer_to(stream) => Ok(0),
            TcpStream::Loopback(stream) => match stream.try_write(chunk.bytes()) {
                Ok(written) => Ok(written),
                Err(error) => Err(system_error(error)),
            },
        }
    }

    /// Hands a chunk over whole, if it can be moved and there is room for it.
    pub fn offer(&self, mut chunk: &mut Bytes) {
        if let TcpStream::Loopback(stream) = self {
            chunk.offer_to(stream);
        }
    }

    /// Returns bytes that have come, at most so many, if they need not be
    /// copied; reading reports what else there is.
    pub fn chunk(&self, most: usize) -> Option<Bytes> {
        match self {
            TcpStream::Network(_) => None,
            TcpStream::Loopback(stream) => stream.take_most(most),
        }
    }

    /// Waits until reading is worth a try.
    ///
    /// # Errors
    ///
    /// None on the loopback network.
    pub async fn readable(&self) -> io::Result<()> {
        match self {
            TcpStream::Network(stream) => stream.readable().await?,
            TcpStream::Loopback(stream) => {
                stream.readable().await;
                poll_fn(|cx| poll_turn(stream, cx)).await;
            }
        }
        Ok(())
    }

    /// Waits until writing is worth a try.
    ///
    /// # Errors
    ///
    /// None on the loopback network.
    pub async fn writable(&self) -> io::Result<()> {
        match self {
            TcpStream::Network(stream) => stream.writable().await?,
            TcpStream::Loopback(stream) => {
                stream.writable().await;
                poll_fn(|cx| poll_turn(stream, cx)).await;
            }
        }
        Ok(())
    }

    /// Returns whether reading is worth a try; if not, the task is woken.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            TcpStream::Network(stream) => stream.poll_read_ready(cx),
            TcpStream::Loopback(stream) => {
                ready!(stream.poll_read_ready(cx));
                poll_turn(stream, cx).map(Ok)
            }
        }
    }

    /// Returns whether writing is worth a try; if not, the task is woken.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            TcpStream::Network(stream) => stream.poll_write_ready(cx),
            TcpStream::Loopback(stream) => {
                ready!(stream.poll_write_ready(cx));
                poll_turn(stream, cx).map(Ok)
            }
        }
    }

    /// Returns the address of this end.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            TcpStream::Network(stream) => stream.local_addr(),
            TcpStream::Loopback(stream) => Ok(stream.local_addr()),
        }
    }

    /// Returns the address of the other end, while there is one.
    ///
    /// # Errors
    ///
    /// Those of `getpeername`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            TcpStream::Network(stream) => stream.peer_addr(),
            TcpStream::Loopback(stream) if stream.is_over() => Err(Errno::NOTCONN.into()),
            TcpStream::Loopback(stream) => Ok(stream.peer_addr()),
        }
    }

    /// Calls `f` with a stream of the system. One of the loopback network has
    /// its listener's options already, so nothing is left to be done there.
    pub fn on_system(&self, f: impl FnOnce(&tokio::net::TcpStream)) {
        if let TcpStream::Network(stream) = self {
            f(stream);
        }
    }

    /// Makes dropping it reset the connection.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        match self {
            TcpStream::Network(stream) => {
                rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
            }
            TcpStream::Loopback(stream) => stream.set_abort(true),
        }
        Ok(())
    }
}

/// Charges the task as often as sockets of the system would in the same time.
fn poll_turn(stream: &Stream, cx: &mut Context<'_>) -> Poll<()> {
    poll_yield(cx, |cx| stream.poll_turn(|| poll_budget(cx)))
}

impl Descriptor for TcpStream {
    fn option(&self, name: SocketOption) -> Result<u32> {
        match self {
            TcpStream::Network(stream) => stream.option(name),
            TcpStream::Loopback(stream) => Ok(settings::get(&stream.options(), name)),
        }
    }

    fn set_option(&self, name: SocketOption, value: u32) -> Result<()> {
        match self {
            TcpStream::Network(stream) => stream.set_option(name, value),
            TcpStream::Loopback(stream) => {
                let mut options = stream.options();
                settings::set(&mut options, stream.local_addr().is_ipv6(), name, value)?;
                stream.set_options(options);
                Ok(())
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.peer_addr()
    }

    fn shut(&self, how: Shutdown) -> Result<()> {
        match self {
            TcpStream::Network(stream) => stream.shut(how),
            TcpStream::Loopback(stream) => {
                stream.shutdown(how);
                Ok(())
            }
        }
    }
}

impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd::new(self)
    }
}
