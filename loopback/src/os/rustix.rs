//! Stands in the place of the crate `rustix`.

pub use ::rustix::*;

/// What has, or stands for, a file descriptor.
pub mod fd {
    pub use super::super::super::udp::Detached as OwnedFd;
    pub use super::super::BorrowedFd;
    pub use ::rustix::fd::*;

    use std::sync::Arc;

    /// What socket functions can be applied to.
    pub trait AsFd {
        /// Returns the descriptor, or what stands in its place.
        fn as_fd(&self) -> BorrowedFd<'_>;
    }

    impl<S: AsFd + ?Sized> AsFd for &S {
        fn as_fd(&self) -> BorrowedFd<'_> {
            S::as_fd(self)
        }
    }

    impl<S: AsFd + ?Sized> AsFd for Arc<S> {
        fn as_fd(&self) -> BorrowedFd<'_> {
            S::as_fd(self)
        }
    }

    impl AsFd for BorrowedFd<'_> {
        fn as_fd(&self) -> BorrowedFd<'_> {
            *self
        }
    }
}

/// What is done to descriptors.
pub mod io {
    pub use ::rustix::io::*;

    use super::fd::OwnedFd;

    /// Does nothing: a descriptor is closed on `exec` from when it is made.
    pub fn ioctl_fioclex(_socket: &OwnedFd) -> Result<()> {
        Ok(())
    }

    /// Does nothing: a descriptor does not block from when it is made.
    pub fn ioctl_fionbio(_socket: &OwnedFd, _value: bool) -> Result<()> {
        Ok(())
    }
}

/// What is done to sockets.
pub mod net {
    pub use ::rustix::net::*;

    use std::net::SocketAddr;

    use super::fd::{AsFd, OwnedFd};
    use super::io::Result;

    /// Makes a UDP socket. It has no descriptor until the system is needed,
    /// and is of no use before it is put [on](OwnedFd::on) a network.
    ///
    /// # Errors
    ///
    /// [`Errno::OPNOTSUPP`](super::io::Errno::OPNOTSUPP) for any other kind.
    pub fn socket_with(
        domain: AddressFamily,
        kind: SocketType,
        _flags: SocketFlags,
        protocol: Option<Protocol>,
    ) -> Result<OwnedFd> {
        match (domain, kind, protocol) {
            (AddressFamily::INET, SocketType::DGRAM, None) => Ok(OwnedFd::new(false)),
            (AddressFamily::INET6, SocketType::DGRAM, None) => Ok(OwnedFd::new(true)),
            _ => Err(super::io::Errno::OPNOTSUPP),
        }
    }

    /// Binds a socket.
    pub fn bind(socket: impl AsFd, address: &SocketAddr) -> Result<()> {
        socket.as_fd().bind(*address)
    }

    /// Connects a socket whose connect does not take time.
    pub fn connect(socket: impl AsFd, address: &SocketAddr) -> Result<()> {
        socket.as_fd().connect(*address)
    }

    /// Dissolves what a connect has made.
    pub fn connect_unspec(socket: impl AsFd) -> Result<()> {
        socket.as_fd().disconnect()
    }

    /// Sets the backlog of a socket that listens.
    pub fn listen(socket: impl AsFd, backlog: i32) -> Result<()> {
        socket.as_fd().listen(backlog)
    }

    /// Ends one or both directions of a connection.
    pub fn shutdown(socket: impl AsFd, how: Shutdown) -> Result<()> {
        socket.as_fd().shut(match how {
            Shutdown::Read => std::net::Shutdown::Read,
            Shutdown::Write => std::net::Shutdown::Write,
            Shutdown::Both => std::net::Shutdown::Both,
        })
    }

    /// The options of sockets.
    pub mod sockopt {
        pub use ::rustix::net::sockopt::*;

        use std::time::Duration;

        use super::super::super::SocketOption as Name;
        use super::{AsFd, Result};

        fn get(socket: impl AsFd, name: Name) -> Result<u32> {
            socket.as_fd().option(name)
        }

        fn set(socket: impl AsFd, name: Name, value: u32) -> Result<()> {
            socket.as_fd().set_option(name, value)
        }

        fn seconds(value: Duration) -> u32 {
            u32::try_from(value.as_secs()).unwrap_or(u32::MAX)
        }

        fn bytes(value: usize) -> u32 {
            u32::try_from(value).unwrap_or(u32::MAX)
        }

        /// Does nothing: no IPv6 socket here ever takes IPv4.
        pub fn set_ipv6_v6only(_socket: impl AsFd, _value: bool) -> Result<()> {
            Ok(())
        }

        /// Sets `SO_REUSEADDR`.
        pub fn set_socket_reuseaddr(socket: impl AsFd, value: bool) -> Result<()> {
            set(socket, Name::ReuseAddress, value.into())
        }

        /// Returns `SO_KEEPALIVE`.
        pub fn socket_keepalive(socket: impl AsFd) -> Result<bool> {
            Ok(get(socket, Name::KeepAlive)? != 0)
        }

        /// Sets `SO_KEEPALIVE`.
        pub fn set_socket_keepalive(socket: impl AsFd, value: bool) -> Result<()> {
            set(socket, Name::KeepAlive, value.into())
        }

        /// Returns `TCP_KEEPIDLE`.
        pub fn tcp_keepidle(socket: impl AsFd) -> Result<Duration> {
            get(socket, Name::KeepAliveIdle).map(|value| Duration::from_secs(value.into()))
        }

        /// Sets `TCP_KEEPIDLE`.
        pub fn set_tcp_keepidle(socket: impl AsFd, value: Duration) -> Result<()> {
            set(socket, Name::KeepAliveIdle, seconds(value))
        }

        /// Returns `TCP_KEEPINTVL`.
        pub fn tcp_keepintvl(socket: impl AsFd) -> Result<Duration> {
            get(socket, Name::KeepAliveInterval).map(|value| Duration::from_secs(value.into()))
        }

        /// Sets `TCP_KEEPINTVL`.
        pub fn set_tcp_keepintvl(socket: impl AsFd, value: Duration) -> Result<()> {
            set(socket, Name::KeepAliveInterval, seconds(value))
        }

        /// Returns `TCP_KEEPCNT`.
        pub fn tcp_keepcnt(socket: impl AsFd) -> Result<u32> {
            get(socket, Name::KeepAliveCount)
        }

        /// Sets `TCP_KEEPCNT`.
        pub fn set_tcp_keepcnt(socket: impl AsFd, value: u32) -> Result<()> {
            set(socket, Name::KeepAliveCount, value)
        }

        /// Returns `IP_TTL`.
        pub fn ip_ttl(socket: impl AsFd) -> Result<u32> {
            get(socket, Name::TimeToLive)
        }

        /// Sets `IP_TTL`.
        pub fn set_ip_ttl(socket: impl AsFd, value: u32) -> Result<()> {
            set(socket, Name::TimeToLive, value)
        }

        /// Returns `IPV6_UNICAST_HOPS`.
        pub fn ipv6_unicast_hops(socket: impl AsFd) -> Result<u8> {
            let value = get(socket, Name::UnicastHops)?;
            Ok(u8::try_from(value).unwrap_or(u8::MAX))
        }

        /// Sets `IPV6_UNICAST_HOPS`.
        pub fn set_ipv6_unicast_hops(socket: impl AsFd, value: Option<u8>) -> Result<()> {
            // The system's default is asked for by a number that no hop limit is.
            set(socket, Name::UnicastHops, value.map_or(u32::MAX, u32::from))
        }

        /// Returns `SO_RCVBUF`.
        pub fn socket_recv_buffer_size(socket: impl AsFd) -> Result<usize> {
            Ok(get(socket, Name::ReceiveBuffer)? as usize)
        }

        /// Sets `SO_RCVBUF`.
        pub fn set_socket_recv_buffer_size(socket: impl AsFd, value: usize) -> Result<()> {
            set(socket, Name::ReceiveBuffer, bytes(value))
        }

        /// Returns `SO_SNDBUF`.
        pub fn socket_send_buffer_size(socket: impl AsFd) -> Result<usize> {
            Ok(get(socket, Name::SendBuffer)? as usize)
        }

        /// Sets `SO_SNDBUF`.
        pub fn set_socket_send_buffer_size(socket: impl AsFd, value: usize) -> Result<()> {
            set(socket, Name::SendBuffer, bytes(value))
        }
    }
}
