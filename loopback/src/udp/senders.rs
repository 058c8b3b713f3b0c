use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use super::super::destination::Destination;
use super::super::is_loopback;

/// How many senders are remembered.
const REMEMBERED: usize = 64;

/// The loopback addresses of which a socket on both networks has last heard from
/// the host's own: there, an answer goes to the host. The latest are last.
#[derive(Debug, Default)]
pub(super) struct Senders(VecDeque<(IpAddr, u16)>);

impl Senders {
    /// Notes on which side a datagram came.
    pub(super) fn note(&mut self, from: SocketAddr, side: Destination) {
        if !is_loopback(from.ip()) {
            return;
        }
        if let Some(at) = self.position(from) {
            self.0.remove(at);
        }
        if side == Destination::System {
            if self.0.len() == REMEMBERED {
                self.0.pop_front();
            }
            self.0.push_back((from.ip(), from.port()));
        }
    }

    pub(super) fn contains(&self, address: SocketAddr) -> bool {
        self.position(address).is_some()
    }

    fn position(&self, of: SocketAddr) -> Option<usize> {
        let of = (of.ip(), of.port());
        self.0.iter().rposition(|sender| *sender == of)
    }
}
