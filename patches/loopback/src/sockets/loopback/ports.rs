use std::collections::HashMap;

use super::Error;
use super::address::Host;
use super::portset::{EPHEMERAL, PortSet, first_free};

/// The ports of one protocol and one family, and who has them.
///
/// A port is taken in two ways. A *bound* one belongs to a socket at an
/// address, or at all of them. An *implicit* one was found for a connection
/// of a socket that was not bound, and is shared by connections that go to
/// different remote ends. No operation looks at more than a fixed number of
/// words, however many ports and sockets there are.
#[derive(Debug)]
pub(super) struct Ports {
    /// The bound ports of each address, the wildcard's among them.
    hosts: HashMap<Host, PortSet>,
    /// The ports that are bound at any address.
    bound: PortSet,
    /// The ports that are bound at any address or implicit.
    used: PortSet,
    /// How many sockets share each port.
    uses: HashMap<u16, Uses>,
    /// The local ports of the connections of each route.
    routes: HashMap<Route, PortSet>,
    /// Where the search for a free port goes on.
    cursor: u16,
    /// How many ports are taken, those of different addresses counted apart.
    taken: usize,
}

#[derive(Debug, Default)]
struct Uses {
    bound: u32,
    implicit: u32,
}

/// Where connections come from and go to; only their local ports differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Route {
    from: Host,
    host: Host,
    port: u16,
}

/// The two ends of a connection, as its connecting socket sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) from: (Host, u16),
    pub(super) to: (Host, u16),
}

impl Pair {
    fn route(self) -> Route {
        let (host, port) = self.to;
        Route {
            from: self.from.0,
            host,
            port,
        }
    }

    fn reversed(self) -> Pair {
        Pair {
            from: self.to,
            to: self.from,
        }
    }
}

impl Default for Ports {
    fn default() -> Self {
        Ports {
            hosts: HashMap::new(),
            bound: PortSet::default(),
            used: PortSet::default(),
            uses: HashMap::new(),
            routes: HashMap::new(),
            cursor: EPHEMERAL,
            taken: 0,
        }
    }
}

impl Ports {
    /// Counts the ports that are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Takes a port at an address, a free one where `port` is 0, and returns it.
    pub(super) fn bind(&mut self, host: Host, port: u16) -> Result<u16, Error> {
        let port = match port {
            0 => self.next_free(host).ok_or(Error::AddressInUse)?,
            _ if self.conflicts(host, port) => return Err(Error::AddressInUse),
            _ => port,
        };
        self.hosts.entry(host).or_default().insert(port);
        self.change(port, |uses| uses.bound += 1);
        self.taken += 1;
        Ok(port)
    }

    /// Gives back a port that [`Ports::bind`] gave.
    pub(super) fn unbind(&mut self, host: Host, port: u16) {
        if let Some(ports) = self.hosts.get_mut(&host) {
            ports.remove(port);
            if ports.is_empty() {
                self.hosts.remove(&host);
            }
        }
        self.change(port, |uses| uses.bound = uses.bound.saturating_sub(1));
        self.taken = self.taken.saturating_sub(1);
    }

    /// Takes the pair of a connection whose local end is bound.
    pub(super) fn connect(&mut self, pair: Pair) -> Result<(), Error> {
        if self.is_connected(pair) || self.is_connected(pair.reversed()) {
            return Err(Error::AddressNotAvailable);
        }
        self.routes
            .entry(pair.route())
            .or_default()
            .insert(pair.from.1);
        Ok(())
    }

    /// Takes a pair for a connection whose local end is not bound: a local
    /// port that no connection of the same route has.
    pub(super) fn connect_from(&mut self, from: Host, to: (Host, u16)) -> Result<Pair, Error> {
        let mut pair = Pair {
            from: (from, 0),
            to,
        };
        let route = self.routes.entry(pair.route()).or_default();
        // Ports that nobody has bound will do nearly always; only where none
        // is left are those of other addresses considered.
        let at = |host| self.hosts.get(&host).unwrap_or(PortSet::EMPTY);
        let found = first_free(&[route, &self.bound], self.cursor).or_else(|| {
            let sets = [route, at(from), at(Host::WILDCARD)];
            first_free(&sets, self.cursor)
        });
        let Some(port) = found else {
            if route.is_empty() {
                self.routes.remove(&pair.route());
            }
            return Err(Error::AddressNotAvailable);
        };
        route.insert(port);
        pair.from.1 = port;
        self.advance(port);
        self.taken += usize::from(self.change(port, |uses| uses.implicit += 1));
        Ok(pair)
    }

    /// Gives back a pair, and the local port if it was found for it.
    pub(super) fn disconnect(&mut self, pair: Pair, implicit: bool) {
        let port = pair.from.1;
        if let Some(ports) = self.routes.get_mut(&pair.route()) {
            ports.remove(port);
            if ports.is_empty() {
                self.routes.remove(&pair.route());
            }
        }
        if implicit {
            let ended = self.change(port, |uses| uses.implicit = uses.implicit.saturating_sub(1));
            self.taken = self.taken.saturating_sub(usize::from(ended));
        }
    }

    fn is_connected(&self, pair: Pair) -> bool {
        let route = self.routes.get(&pair.route());
        route.is_some_and(|ports| ports.contains(pair.from.1))
    }

    fn at(&self, host: Host) -> &PortSet {
        self.hosts.get(&host).unwrap_or(PortSet::EMPTY)
    }

    /// Returns whether somebody has the port at that address.
    fn conflicts(&self, host: Host, port: u16) -> bool {
        let Some(uses) = self.uses.get(&port) else {
            return false;
        };
        if host.is_wildcard() {
            return true;
        }
        // Implicit ports are all at one address.
        let implicit = uses.implicit > 0 && host.is_source();
        implicit || self.at(host).contains(port) || self.at(Host::WILDCARD).contains(port)
    }

    /// Finds a port that is not bound at that address, if possible one that
    /// nobody has anywhere, and moves the cursor behind it.
    fn next_free(&mut self, host: Host) -> Option<u16> {
        let unused = first_free(&[&self.used], self.cursor);
        let port = unused.or_else(|| match host.is_wildcard() {
            true => first_free(&[&self.bound], self.cursor),
            false => first_free(&[self.at(host), self.at(Host::WILDCARD)], self.cursor),
        })?;
        self.advance(port);
        Some(port)
    }

    fn advance(&mut self, port: u16) {
        self.cursor = port.checked_add(1).unwrap_or(EPHEMERAL);
    }

    /// Returns whether nothing is taken, nor anything left of what was.
    #[cfg(test)]
    pub(super) fn is_unused(&self) -> bool {
        let sets = self.bound.is_empty() && self.used.is_empty();
        let maps = self.hosts.is_empty() && self.uses.is_empty() && self.routes.is_empty();
        sets && maps && self.taken == 0
    }

    /// Changes who shares a port and keeps the sets in step. Returns whether
    /// its implicit use began or ended.
    fn change(&mut self, port: u16, change: impl FnOnce(&mut Uses)) -> bool {
        let uses = self.uses.entry(port).or_default();
        let before = (uses.bound > 0, uses.implicit > 0);
        change(uses);
        let after = (uses.bound > 0, uses.implicit > 0);
        set(&mut self.bound, port, before.0, after.0);
        set(
            &mut self.used,
            port,
            before != (false, false),
            after != (false, false),
        );
        if after == (false, false) {
            self.uses.remove(&port);
        }
        before.1 != after.1
    }
}

/// Makes a port a member or not, where that changes.
fn set(ports: &mut PortSet, port: u16, before: bool, after: bool) {
    match (before, after) {
        (false, true) => ports.insert(port),
        (true, false) => ports.remove(port),
        _ => {}
    }
}
