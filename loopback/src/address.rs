use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Returns whether `ip` belongs to the loopback network: 127.0.0.0/8 and ::1,
/// the former also where it is mapped into IPv6.
pub fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// The number that Linux, macOS and Windows give their loopback interface.
const LOOPBACK_INTERFACE: u32 = 1;

/// Returns whether an address that is no loopback address means the host itself
/// nevertheless: no socket may reach it there. Systems understand some of them
/// in different ways.
pub(super) fn is_host_only(address: SocketAddr) -> bool {
    let (ip, interface) = match address {
        SocketAddr::V4(_) => return false,
        SocketAddr::V6(address) => (*address.ip(), address.scope_id()),
    };
    let compatible = ip.to_ipv4().filter(|_| ip.to_ipv4_mapped().is_none());
    let embedded = compatible.is_some_and(|ip| ip.is_loopback());
    let scoped = ip.is_unicast_link_local() || ip.is_multicast();
    let interface_local = ip.is_multicast() && ip.segments()[0] & 0x000f == 1;
    // What macOS takes where no interface is named.
    let of_macos = cfg!(target_vendor = "apple")
        && interface == 0
        && ip == Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    embedded || interface_local || of_macos || scoped && interface == LOOPBACK_INTERFACE
}

/// The two families, which never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Family {
    V4,
    V6,
}

/// An address within its family, in the four bytes that tell loopback
/// addresses apart: an IPv4 address as a number, 1 for `::1`, 0 for a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Host(pub(super) u32);

impl Host {
    /// Stands for every address of the family.
    pub(super) const WILDCARD: Host = Host(0);

    pub(super) fn is_wildcard(self) -> bool {
        self == Host::WILDCARD
    }

    /// 127.255.255.255, to which nothing can be sent.
    const BROADCAST: Host = Host(0x7fff_ffff);

    /// Returns whether a socket can reach this address.
    pub(super) fn is_reachable(self) -> bool {
        !self.is_wildcard() && self != Host::BROADCAST
    }

    const SOURCE_V4: Host = Host(Ipv4Addr::LOCALHOST.to_bits());
    const SOURCE_V6: Host = Host(1);

    /// Returns the address from which an unbound socket reaches the network.
    /// Linux takes 127.0.0.1 towards 127.0.0.2 too.
    pub(super) fn source(family: Family) -> Host {
        match family {
            Family::V4 => Host::SOURCE_V4,
            Family::V6 => Host::SOURCE_V6,
        }
    }

    /// Returns the address that peers see of a socket bound to this one.
    pub(super) fn or_source(self, family: Family) -> Host {
        match self.is_reachable() {
            true => self,
            false => Host::source(family),
        }
    }

    /// Returns whether unbound sockets have this address.
    pub(super) fn is_source(self) -> bool {
        self == Host::SOURCE_V4 || self == Host::SOURCE_V6
    }
}

/// What a socket can be bound to: an address with a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Endpoint {
    pub(super) family: Family,
    pub(super) host: Host,
    pub(super) port: u16,
}

impl Endpoint {
    /// Returns the endpoint for a loopback or wildcard address; none for others.
    pub(super) fn new(address: SocketAddr) -> Option<Endpoint> {
        let port = address.port();
        let (family, host) = match address.ip().to_canonical() {
            IpAddr::V4(ip) if ip.is_loopback() || ip.is_unspecified() => {
                (Family::V4, Host(ip.to_bits()))
            }
            IpAddr::V6(ip) if ip.is_loopback() => (Family::V6, Host(1)),
            IpAddr::V6(ip) if ip.is_unspecified() => (Family::V6, Host::WILDCARD),
            _ => return None,
        };
        Some(Endpoint { family, host, port })
    }

    /// Returns the address as the rest of the world writes it.
    pub(super) fn address(self) -> SocketAddr {
        let ip = match self.family {
            Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(self.host.0)),
            Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(self.host.0.into())),
        };
        SocketAddr::new(ip, self.port)
    }
}
