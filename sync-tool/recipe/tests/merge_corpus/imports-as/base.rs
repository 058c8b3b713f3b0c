use crate::sockets::{AddressUse, SocketsCtx};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;

/// The state of a TCP socket.
enum State {
    /// Created, nothing done yet.
    Default(Handle),
    Bound(Handle),
    Connected(Arc<TcpStream>),
    Closed,
}

/// A TCP socket of a guest.
pub struct TcpSocket {
    state: State,
    family: Family,
    hop_limit: u8,
}

impl TcpSocket {
    pub fn new(family: Family) -> io::Result<Self> {
        let handle = Handle::open(family)?;
        Ok(Self {
            state: State::Default(handle),
            family,
            hop_limit: 64,
        })
    }

    /// Binds the socket to a local address.
    pub fn bind(&mut self, local: SocketAddr) -> Result<(), ErrorCode> {
        let State::Default(handle) = &self.state else {
            return Err(ErrorCode::InvalidState);
        };
        check_family(self.family, &local)?;
        handle.bind(&local)?;
        self.state = State::Bound(handle.clone());
        Ok(())
    }

    /// Returns the address that the socket is bound to.
    pub fn local_address(&self) -> Result<SocketAddr, ErrorCode> {
        match &self.state {
            State::Default(_) => Err(ErrorCode::InvalidState),
            State::Bound(handle) => Ok(handle.local_addr()?),
            State::Connected(stream) => Ok(stream.local_addr()?),
            State::Closed => Err(ErrorCode::InvalidState),
        }
    }

    pub fn set_hop_limit(&mut self, value: u8) -> Result<(), ErrorCode> {
        if value == 0 {
            return Err(ErrorCode::InvalidArgument);
        }
        self.hop_limit = value;
        Ok(())
    }
}

impl Drop for TcpSocket {
    fn drop(&mut self) {
        self.state = State::Closed;
    }
}

fn check_family(family: Family, address: &SocketAddr) -> Result<(), ErrorCode> {
    let fits = match family {
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    };
    if fits {
        Ok(())
    } else {
        Err(ErrorCode::InvalidArgument)
    }
}
