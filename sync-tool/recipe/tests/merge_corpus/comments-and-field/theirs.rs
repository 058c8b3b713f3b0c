//! Datagrams of a guest.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// The largest datagram that is received.
const MAX_DATAGRAM: usize = 65_535;

/// A datagram, and the address that it came from.
#[derive(Debug)]
pub struct Datagram {
    pub data: Vec<u8>,
    pub from: SocketAddr,
}

pub struct UdpSocket {
    inner: NativeSocket,
    remote: Option<SocketAddr>,
    received: u64,
}

impl UdpSocket {
    /// Receives one datagram; `None` where there is none now.
    pub fn receive(&mut self) -> io::Result<Option<Datagram>> {
        let mut buffer = vec![0; MAX_DATAGRAM];
        let (length, from) = match self.inner.try_recv_from(&mut buffer) {
            Ok(received) => received,
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(e) => return Err(e),
        };
        if let Some(remote) = self.remote {
            if remote != from {
                return Ok(None);
            }
        }
        buffer.truncate(length);
        self.received += 1;
        Ok(Some(Datagram { data: buffer, from }))
    }

    /// Sends one datagram, to the connected address where none is given.
    pub fn send(&mut self, data: &[u8], to: Option<SocketAddr>) -> io::Result<usize> {
        let address = match (to, self.remote) {
            (Some(to), _) => to,
            (None, Some(remote)) => remote,
            (None, None) => return Err(ErrorKind::NotConnected.into()),
        };
        let sent = self.inner.try_send_to(data, address)?;
        log_sent(sent, address);
        Ok(sent)
    }

    pub fn disconnect(&mut self) {
        self.remote = None;
        self.inner.disconnect();
        self.received = 0;
    }
}

fn log_sent(length: usize, address: SocketAddr) {
    tracing::trace!(length, %address, "sent a datagram");
}
