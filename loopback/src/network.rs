use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak};

use super::address::{Endpoint, Family, Host};
use super::backlog::Backlog;
use super::mailbox::Mailbox;
use super::meter::Meter;
use super::ports::{Pair, Ports};
use super::portset::PortSet;
use super::{Error, Figures, Limits, lock};

/// An in-memory network of loopback addresses.
///
/// Contexts that share the `Arc` around it share the network: what one binds,
/// the others reach. It takes no port and no file descriptor of the host.
/// Its lock is only ever held for a few steps, never across a system call or
/// while anything waits.
///
/// A host may put another network in its place at any time. Sockets stay on the
/// one that they were bound or connected on, and give back to it what they hold.
#[derive(Debug, Default)]
pub struct Network {
    /// Leases refer to these, not to whatever stands in their network's place
    /// when they end.
    tables: Arc<Mutex<Tables>>,
}

/// What the sockets of one network have bound and connected.
#[derive(Debug, Default)]
pub(super) struct Tables {
    tcp: Families<Tcp>,
    udp: Families<Udp>,
    meter: Arc<Meter>,
    /// Whether this is no network at all, and everything the system's.
    #[cfg(test)]
    real: bool,
}

/// The networks of the two families, which know nothing of each other.
#[derive(Debug, Default)]
struct Families<T> {
    v4: T,
    v6: T,
}

impl<T> Families<T> {
    fn of(&mut self, family: Family) -> &mut T {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }
}

#[derive(Debug, Default)]
struct Tcp {
    ports: Ports,
    listeners: HashMap<(Host, u16), Weak<Backlog>>,
}

impl Tcp {
    /// Returns who listens at that address, or at all of them.
    fn listener(&self, host: Host, port: u16) -> Option<Arc<Backlog>> {
        let at = |host| self.listeners.get(&(host, port)).and_then(Weak::upgrade);
        at(host).or_else(|| at(Host::WILDCARD))
    }
}

#[derive(Debug, Default)]
struct Udp {
    ports: Ports,
    mailboxes: HashMap<(Host, u16), Weak<Mailbox>>,
}

/// The protocols, whose ports have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// The Transmission Control Protocol.
    Tcp,
    /// The User Datagram Protocol.
    Udp,
}

impl Network {
    /// Returns what the sockets of this network may use together.
    pub fn limits(&self) -> Limits {
        lock(&self.tables).meter.limits()
    }

    /// Sets what the sockets of this network may use together. What is in use
    /// stays; only new sockets, blocks and listeners are measured by it.
    pub fn set_limits(&mut self, limits: Limits) {
        lock(&self.tables).meter.set_limits(limits);
    }

    /// Returns what the network is doing, and has done so far.
    pub fn figures(&self) -> Figures {
        let tables = lock(&self.tables);
        let Tables {
            tcp, udp, meter, ..
        } = &*tables;
        let tcp = tcp.v4.ports.taken() + tcp.v6.ports.taken();
        let udp = udp.v4.ports.taken() + udp.v6.ports.taken();
        Figures {
            ports: tcp + udp,
            ..meter.figures()
        }
    }

    /// Leaves these ports of 127.0.0.1 and ::1 to the host's own loopback, in
    /// the place of all that were left to it before. None are at first.
    ///
    /// A socket that is bound to no loopback address and goes to such a port
    /// reaches what the host has there; none can be bound to it, at one of these
    /// addresses or at all. Those that are bound already stay so.
    pub fn pass_through(&mut self, protocol: Protocol, ports: impl IntoIterator<Item = u16>) {
        let ports = ports.into_iter().filter(|port| *port != 0);
        let ports = PortSet::from_iter(ports);
        let mut tables = lock(&self.tables);
        for family in [Family::V4, Family::V6] {
            tables.ports(protocol, family).reserve(ports.clone());
        }
    }

    /// Returns the tables of the network that is there now.
    pub(super) fn tables(network: &Mutex<Network>) -> Arc<Mutex<Tables>> {
        Arc::clone(&lock(network).tables)
    }

    /// Returns a network that leaves every address to the system, to compare
    /// ours with.
    #[cfg(test)]
    #[allow(dead_code, reason = "tests through the host use it")]
    pub(crate) fn real() -> Network {
        let network = Network::default();
        lock(&network.tables).real = true;
        network
    }
}

impl Tables {
    /// Returns whether a loopback address is left to the host.
    pub(super) fn is_passed_through(&mut self, protocol: Protocol, address: SocketAddr) -> bool {
        Endpoint::new(address).is_some_and(|to| {
            to.host.is_source() && self.ports(protocol, to.family).is_reserved(to.port)
        })
    }

    /// Returns whether everything is the system's.
    pub(super) fn is_real(&self) -> bool {
        #[cfg(test)]
        return self.real;
        #[cfg(not(test))]
        return false;
    }

    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    fn ports(&mut self, protocol: Protocol, family: Family) -> &mut Ports {
        match protocol {
            Protocol::Tcp => &mut self.tcp.of(family).ports,
            Protocol::Udp => &mut self.udp.of(family).ports,
        }
    }

    /// Makes a backlog reachable at `at`, which the caller has bound.
    pub(super) fn add_listener(&mut self, at: Endpoint, backlog: &Arc<Backlog>) {
        let listeners = &mut self.tcp.of(at.family).listeners;
        listeners.insert((at.host, at.port), Arc::downgrade(backlog));
    }

    pub(super) fn remove_listener(&mut self, at: Endpoint) {
        let listeners = &mut self.tcp.of(at.family).listeners;
        listeners.remove(&(at.host, at.port));
    }

    /// Makes a mailbox reachable at `at`, which the caller has bound.
    pub(super) fn add_mailbox(&mut self, at: Endpoint, mailbox: &Arc<Mailbox>) {
        let mailboxes = &mut self.udp.of(at.family).mailboxes;
        mailboxes.insert((at.host, at.port), Arc::downgrade(mailbox));
    }

    pub(super) fn remove_mailbox(&mut self, at: Endpoint) {
        let mailboxes = &mut self.udp.of(at.family).mailboxes;
        mailboxes.remove(&(at.host, at.port));
    }

    /// Finds who is bound to `to`, or else to all addresses at its port.
    pub(super) fn mailbox(&mut self, to: Endpoint) -> Option<Arc<Mailbox>> {
        let mailboxes = &self.udp.of(to.family).mailboxes;
        let at = |host| mailboxes.get(&(host, to.port)).and_then(Weak::upgrade);
        at(to.host).or_else(|| at(Host::WILDCARD))
    }

    /// Finds who listens at `to`, and takes the pair for a connection to it
    /// from the socket bound to `from`, or from one that is not bound.
    pub(super) fn route(
        &mut self,
        from: Option<Endpoint>,
        to: Endpoint,
    ) -> Result<(Arc<Backlog>, Ends), Error> {
        let family = to.family;
        if !to.host.is_reachable() || from.is_some_and(|from| from.family != family) {
            return Err(Error::AddressNotAvailable);
        }
        let tcp = self.tcp.of(family);
        let backlog = tcp.listener(to.host, to.port);
        let backlog = backlog.ok_or(Error::ConnectionRefused)?;
        let remote = (to.host, to.port);
        let pair = match from {
            None => tcp.ports.connect_from(Host::source(family), remote)?,
            Some(from) => {
                let from = (from.host.or_source(family), from.port);
                let pair = Pair { from, to: remote };
                tcp.ports.connect(pair)?;
                pair
            }
        };
        let implicit = from.is_none();
        let ends = Ends {
            family,
            pair,
            implicit,
        };
        Ok((backlog, ends))
    }
}

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    family: Family,
    pair: Pair,
    /// Whether the local port was found for this connection.
    implicit: bool,
}

impl Ends {
    /// Returns the address of the end that connected, then the other.
    pub(super) fn addresses(&self) -> [SocketAddr; 2] {
        [self.pair.from, self.pair.to].map(|(host, port)| {
            let family = self.family;
            Endpoint { family, host, port }.address()
        })
    }
}

/// A connection's hold on its two ends, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Lease {
    tables: Arc<Mutex<Tables>>,
    ends: Ends,
}

impl Lease {
    pub(super) fn new(tables: Arc<Mutex<Tables>>, ends: Ends) -> Lease {
        Lease { tables, ends }
    }

    pub(super) fn ends(&self) -> &Ends {
        &self.ends
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Ends {
            family,
            pair,
            implicit,
        } = self.ends;
        let mut tables = lock(&self.tables);
        tables.tcp.of(family).ports.disconnect(pair, implicit);
    }
}

/// A port at an address, or at all of a family, that is taken for as long as
/// this lives.
#[derive(Debug)]
pub struct Binding {
    tables: Arc<Mutex<Tables>>,
    protocol: Protocol,
    endpoint: Endpoint,
}

impl Binding {
    /// Takes a port of the network, a free one from 32768 on where that of
    /// `address` is 0.
    ///
    /// # Errors
    ///
    /// [`Error::AddressInUse`] if the port is taken, or none is free;
    /// [`Error::AddressNotAvailable`] if the address is neither a loopback
    /// address nor a wildcard; [`Error::LimitReached`].
    pub fn new(
        network: &Arc<Mutex<Network>>,
        protocol: Protocol,
        address: SocketAddr,
    ) -> Result<Binding, Error> {
        let mut endpoint = Endpoint::new(address).ok_or(Error::AddressNotAvailable)?;
        let tables = Network::tables(network);
        let mut locked = lock(&tables);
        locked.meter.open(1)?;
        let ports = locked.ports(protocol, endpoint.family);
        match ports.bind(endpoint.host, endpoint.port) {
            Ok(port) => endpoint.port = port,
            Err(error) => {
                locked.meter.close(1);
                return Err(error);
            }
        }
        drop(locked);
        Ok(Binding {
            tables,
            protocol,
            endpoint,
        })
    }

    /// Returns the address, with the port that was taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.endpoint.address()
    }

    pub(super) fn tables(&self) -> &Arc<Mutex<Tables>> {
        &self.tables
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        let Endpoint { family, host, port } = self.endpoint;
        let mut tables = lock(&self.tables);
        tables.ports(self.protocol, family).unbind(host, port);
        tables.meter.close(1);
    }
}
