use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustix::io::Errno;

use super::super::address::is_host_only;
use super::super::{Network, Protocol, is_loopback, lock};

/// Which network an address is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    Loopback,
    System,
}

impl Destination {
    /// Returns where `remote` leads. Nothing that means the host's loopback ever
    /// leads to the system, but for what the network passes through.
    pub(super) fn of(network: &Arc<Mutex<Network>>, remote: SocketAddr) -> io::Result<Self> {
        let ip = remote.ip().to_canonical();
        let nobody = ip.is_unspecified() || remote.port() == 0;
        if nobody || is_host_only(remote) {
            return Err(Errno::INVAL.into());
        }
        if ip.is_ipv4() != remote.is_ipv4() {
            // No IPv6 socket here ever reaches IPv4.
            return Err(Errno::NETUNREACH.into());
        }
        if !is_loopback(ip) {
            return Ok(Destination::System);
        }
        let passed = lock(network).is_passed_through(Protocol::Udp, remote);
        Ok(match passed {
            true => Destination::System,
            false => Destination::Loopback,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_means_the_hosts_loopback_leads_to_the_system() {
        let network = Arc::<Mutex<Network>>::default();
        let of = |address: &str| Destination::of(&network, address.parse().unwrap()).ok();
        for address in ["127.0.0.1:1", "127.255.255.255:1", "[::1]:1"] {
            assert_eq!(of(address), Some(Destination::Loopback), "{address}");
        }
        for address in [
            "0.0.0.0:1",
            "127.0.0.1:0",
            "[::ffff:127.0.0.1]:1",
            "[::]:1",
            "[::ffff:0.0.0.0]:1",
            "[::127.0.0.1]:1",
            "[ff01::1]:1",
            "[ff02::1%1]:1",
            "[fe80::1%1]:1",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
        for address in [
            "192.0.2.1:1",
            "[2001:db8::1]:1",
            "[ff02::1%2]:1",
            "[fe80::1%2]:1",
            "224.0.0.1:1",
        ] {
            assert_eq!(of(address), Some(Destination::System), "{address}");
        }
        lock(&network).pass_through(Protocol::Udp, [53]);
        assert_eq!(of("127.0.0.1:53"), Some(Destination::System));
        assert_eq!(of("127.0.0.2:53"), Some(Destination::Loopback));
        assert_eq!(of("[::1]:54"), Some(Destination::Loopback));
    }
}
