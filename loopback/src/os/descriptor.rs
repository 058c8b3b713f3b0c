use std::io;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use rustix::fd::AsFd;
use rustix::io::{Errno, Result};
use rustix::net::sockopt;

/// The options of sockets that guests can get at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketOption {
    /// `SO_REUSEADDR`, 0 or 1.
    ReuseAddress,
    /// `SO_KEEPALIVE`, 0 or 1.
    KeepAlive,
    /// `TCP_KEEPIDLE` in seconds.
    KeepAliveIdle,
    /// `TCP_KEEPINTVL` in seconds.
    KeepAliveInterval,
    /// `TCP_KEEPCNT`.
    KeepAliveCount,
    /// `IP_TTL`.
    TimeToLive,
    /// `IPV6_UNICAST_HOPS`; [`u32::MAX`] asks for the system's default.
    UnicastHops,
    /// `SO_RCVBUF` in bytes.
    ReceiveBuffer,
    /// `SO_SNDBUF` in bytes.
    SendBuffer,
}

/// What can be done to a socket through its descriptor, whether it has one or not.
pub trait Descriptor {
    /// Returns an option as the system gives it.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    fn option(&self, name: SocketOption) -> Result<u32>;

    /// Sets an option as the system takes it.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    fn set_option(&self, name: SocketOption, value: u32) -> Result<()>;

    /// Returns the address that the socket is bound to.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Returns the address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// Those of `getpeername`.
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(Errno::NOTCONN.into())
    }

    /// Binds the socket.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    fn bind(&self, _address: SocketAddr) -> Result<()> {
        Err(Errno::INVAL)
    }

    /// Connects the socket, where that takes no time.
    ///
    /// # Errors
    ///
    /// Those of `connect`.
    fn connect(&self, _address: SocketAddr) -> Result<()> {
        Err(Errno::OPNOTSUPP)
    }

    /// Dissolves the connection, where there is nothing else to it.
    ///
    /// # Errors
    ///
    /// Those of `connect`.
    fn disconnect(&self) -> Result<()> {
        Err(Errno::OPNOTSUPP)
    }

    /// Sets the backlog of a socket that listens.
    ///
    /// # Errors
    ///
    /// Those of `listen`.
    fn listen(&self, _backlog: i32) -> Result<()> {
        Err(Errno::OPNOTSUPP)
    }

    /// Ends one or both directions.
    ///
    /// # Errors
    ///
    /// Those of `shutdown`.
    fn shut(&self, _how: Shutdown) -> Result<()> {
        Err(Errno::NOTCONN)
    }
}

/// Stands in the place of a borrowed file descriptor.
#[derive(Clone, Copy)]
pub struct BorrowedFd<'a>(&'a (dyn Descriptor + Sync));

impl<'a> BorrowedFd<'a> {
    pub(crate) fn new(socket: &'a (dyn Descriptor + Sync)) -> Self {
        BorrowedFd(socket)
    }

    /// Ends one or both directions, as the sockets of the standard library do.
    ///
    /// # Errors
    ///
    /// Those of [`Descriptor::shut`].
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Ok(self.0.shut(how)?)
    }
}

impl<'a> std::ops::Deref for BorrowedFd<'a> {
    type Target = dyn Descriptor + Sync + 'a;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

/// Returns an option of a socket of the system.
///
/// # Errors
///
/// Those of `getsockopt`.
pub fn system_option(socket: impl AsFd, name: SocketOption) -> Result<u32> {
    let seconds = |value: Duration| u32::try_from(value.as_secs()).unwrap_or(u32::MAX);
    let bytes = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    match name {
        SocketOption::ReuseAddress => sockopt::socket_reuseaddr(socket).map(u32::from),
        SocketOption::KeepAlive => sockopt::socket_keepalive(socket).map(u32::from),
        SocketOption::KeepAliveIdle => sockopt::tcp_keepidle(socket).map(seconds),
        SocketOption::KeepAliveInterval => sockopt::tcp_keepintvl(socket).map(seconds),
        SocketOption::KeepAliveCount => sockopt::tcp_keepcnt(socket),
        SocketOption::TimeToLive => sockopt::ip_ttl(socket),
        SocketOption::UnicastHops => sockopt::ipv6_unicast_hops(socket).map(u32::from),
        SocketOption::ReceiveBuffer => sockopt::socket_recv_buffer_size(socket).map(bytes),
        SocketOption::SendBuffer => sockopt::socket_send_buffer_size(socket).map(bytes),
    }
}

/// Sets an option of a socket of the system.
///
/// # Errors
///
/// Those of `setsockopt`.
pub fn set_system_option(socket: impl AsFd, name: SocketOption, value: u32) -> Result<()> {
    let seconds = Duration::from_secs(value.into());
    let flag = value != 0;
    match name {
        SocketOption::ReuseAddress => sockopt::set_socket_reuseaddr(socket, flag),
        SocketOption::KeepAlive => sockopt::set_socket_keepalive(socket, flag),
        SocketOption::KeepAliveIdle => sockopt::set_tcp_keepidle(socket, seconds),
        SocketOption::KeepAliveInterval => sockopt::set_tcp_keepintvl(socket, seconds),
        SocketOption::KeepAliveCount => sockopt::set_tcp_keepcnt(socket, value),
        SocketOption::TimeToLive => sockopt::set_ip_ttl(socket, value),
        SocketOption::UnicastHops => {
            sockopt::set_ipv6_unicast_hops(socket, u8::try_from(value).ok())
        }
        SocketOption::ReceiveBuffer => sockopt::set_socket_recv_buffer_size(socket, value as usize),
        SocketOption::SendBuffer => sockopt::set_socket_send_buffer_size(socket, value as usize),
    }
}

/// Lets the functions that take our descriptors take sockets of the system too.
macro_rules! system {
    ($($socket:ty { $($more:item)* })*) => {$(
        impl Descriptor for $socket {
            fn option(&self, name: SocketOption) -> Result<u32> {
                system_option(self, name)
            }

            fn set_option(&self, name: SocketOption, value: u32) -> Result<()> {
                set_system_option(self, name, value)
            }

            fn local_addr(&self) -> io::Result<SocketAddr> {
                self.local_addr()
            }

            $($more)*
        }

        impl super::rustix::fd::AsFd for $socket {
            fn as_fd(&self) -> BorrowedFd<'_> {
                BorrowedFd::new(self)
            }
        }
    )*};
}

system! {
    tokio::net::TcpSocket {
        fn bind(&self, address: SocketAddr) -> Result<()> {
            rustix::net::bind(self, &address)
        }
    }
    tokio::net::TcpListener {
        fn listen(&self, backlog: i32) -> Result<()> {
            rustix::net::listen(self, backlog)
        }
    }
    tokio::net::TcpStream {
        fn peer_addr(&self) -> io::Result<SocketAddr> {
            self.peer_addr()
        }

        fn shut(&self, how: Shutdown) -> Result<()> {
            shut(self, how)
        }
    }
    tokio::net::UdpSocket {
        fn peer_addr(&self) -> io::Result<SocketAddr> {
            self.peer_addr()
        }

        fn bind(&self, address: SocketAddr) -> Result<()> {
            rustix::net::bind(self, &address)
        }

        fn connect(&self, address: SocketAddr) -> Result<()> {
            rustix::net::connect(self, &address)
        }

        fn disconnect(&self) -> Result<()> {
            rustix::net::connect_unspec(self)
        }
    }
}

fn shut(socket: impl AsFd, how: Shutdown) -> Result<()> {
    let how = match how {
        Shutdown::Read => rustix::net::Shutdown::Read,
        Shutdown::Write => rustix::net::Shutdown::Write,
        Shutdown::Both => rustix::net::Shutdown::Both,
    };
    rustix::net::shutdown(socket, how)
}
