//! Which network an address is on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;

use rustix::io::Errno;

use super::address::is_host_only;
use super::{Network, Protocol, is_loopback, lock};

/// Which network an address is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    Loopback,
    System,
}

impl Destination {
    /// Returns where `remote` leads. Nothing that means the host's loopback ever
    /// leads to the system, but for what the network passes through.
    ///
    /// # Errors
    ///
    /// Those of Linux for an IPv6 socket that takes no IPv4 and for one that
    /// does not broadcast; `EINVAL` where there is nobody or the host itself.
    pub(super) fn of(
        network: &Mutex<Network>,
        protocol: Protocol,
        remote: SocketAddr,
    ) -> io::Result<Destination> {
        let ip = remote.ip().to_canonical();
        if ip.is_ipv4() != remote.is_ipv4() {
            return Err(Errno::NETUNREACH.into());
        }
        let nobody = ip.is_unspecified() || protocol == Protocol::Udp && remote.port() == 0;
        if nobody || is_host_only(remote) {
            return Err(Errno::INVAL.into());
        }
        if is_broadcast(ip) {
            return Err(match protocol {
                Protocol::Tcp => Errno::NETUNREACH.into(),
                Protocol::Udp => Errno::ACCESS.into(),
            });
        }
        if !is_loopback(ip) {
            return Ok(Destination::System);
        }
        let tables = Network::tables(network);
        let mut tables = lock(&tables);
        match tables.is_passed_through(protocol, remote) || tables.is_real() {
            true => Ok(Destination::System),
            false => Ok(Destination::Loopback),
        }
    }
}

/// Returns whether an address means all of its network, that of the loopback
/// addresses among them.
fn is_broadcast(ip: IpAddr) -> bool {
    ip == Ipv4Addr::BROADCAST || ip == Ipv4Addr::new(127, 255, 255, 255)
}

/// Compares an address with the family of a socket.
///
/// # Errors
///
/// `EAFNOSUPPORT` for an IPv6 address and an IPv4 socket, and `ipv4` the other way
/// round: there, what Linux gives depends on the operation.
pub(super) fn check_family(ipv6: bool, address: SocketAddr, ipv4: Errno) -> io::Result<()> {
    match (ipv6, address.is_ipv6()) {
        (false, true) => Err(Errno::AFNOSUPPORT.into()),
        (true, false) => Err(ipv4.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn nothing_that_means_the_hosts_loopback_leads_to_the_system() {
        let network = Arc::<Mutex<Network>>::default();
        let of =
            |address: &str| Destination::of(&network, Protocol::Udp, address.parse().unwrap()).ok();
        for address in ["127.0.0.1:1", "127.255.255.254:1", "[::1]:1"] {
            assert_eq!(of(address), Some(Destination::Loopback), "{address}");
        }
        for address in [
            "0.0.0.0:1",
            "127.0.0.1:0",
            "127.255.255.255:1",
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
