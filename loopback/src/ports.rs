use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use super::Error;
use super::address::Host;
use super::portset::{EPHEMERAL, PortSet, first_free};

/// The ports of one protocol and one family, and who has them.
///
/// A port is taken in two ways. A *bound* one belongs to a socket at an
/// address, or at all of them. An *implicit* one was found for a connection
/// of a socket that was not bound, and is shared by connections that go to
/// different remote ends. A port whose listener or bound client is gone is not
/// taken, but while connections of it live their pairs are: such a port is
/// given out last, as with Linux, for fewer connections are left to it. No
/// operation looks at more than a fixed number of words, however many ports
/// and sockets there are.
#[derive(Debug)]
pub(super) struct Ports {
    /// The bound ports of each address, the wildcard's among them.
    hosts: HashMap<Host, PortSet>,
    /// The ports that are bound at any address.
    bound: PortSet,
    /// The ports that are implicit.
    implicit: PortSet,
    /// The ports at which connections end, but for implicit ones.
    connected: PortSet,
    /// The ports that unbound sockets reach on another network: nobody is bound
    /// to them at the address that those have, nor at all addresses.
    reserved: PortSet,
    /// The ports that are in any of these ways in use.
    used: PortSet,
    /// Who shares each port.
    uses: HashMap<u16, Uses>,
    /// The local ports of the connections of each route. Those of sockets
    /// that are bound stand under both directions.
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
    /// The routes that lead here.
    routes: u32,
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
        // Keys that nobody can foresee; networks that began at the same port
        // would be in each other's way where they bind on the system too.
        let random = RandomState::new().build_hasher().finish();
        Ports::starting_at(EPHEMERAL | (random & 0x7fff) as u16)
    }
}

impl Ports {
    /// Makes a table that looks for free ports from `port` on.
    pub(super) fn starting_at(port: u16) -> Ports {
        Ports {
            hosts: HashMap::new(),
            bound: PortSet::default(),
            implicit: PortSet::default(),
            connected: PortSet::default(),
            reserved: PortSet::default(),
            used: PortSet::default(),
            uses: HashMap::new(),
            routes: HashMap::new(),
            cursor: port,
            taken: 0,
        }
    }

    /// Counts the ports that are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Sets which ports are reserved. Those that are taken stay so.
    pub(super) fn reserve(&mut self, ports: PortSet) {
        self.reserved = ports;
    }

    pub(super) fn is_reserved(&self, port: u16) -> bool {
        self.reserved.contains(port)
    }

    /// Takes a port at an address, a free one where `port` is 0, and returns it.
    pub(super) fn bind(&mut self, host: Host, port: u16) -> Result<u16, Error> {
        let port = match port {
            0 => self.next_free(host).ok_or(Error::AddressInUse)?,
            _ if self.taken_at(host).iter().any(|set| set.contains(port)) => {
                return Err(Error::AddressInUse);
            }
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
        // Unlike an implicit end, either of these can be bound by others soon.
        for pair in [pair, pair.reversed()] {
            let route = self.routes.entry(pair.route()).or_default();
            let is_new = route.is_empty();
            route.insert(pair.from.1);
            self.count_route(pair, is_new);
        }
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
        let is_new = route.is_empty();
        // Ports that nobody has bound will do nearly always; only where none
        // is left are those of other addresses considered.
        let at = |host| self.hosts.get(&host).unwrap_or(PortSet::EMPTY);
        let found = first_free(&[route, &self.bound, &self.connected], self.cursor).or_else(|| {
            let sets = [route, at(from), at(Host::WILDCARD)];
            first_free(&sets, self.cursor)
        });
        let Some(port) = found else {
            if is_new {
                self.routes.remove(&pair.route());
            }
            return Err(Error::AddressNotAvailable);
        };
        route.insert(port);
        pair.from.1 = port;
        self.count_route(pair, is_new);
        self.advance(port);
        self.taken += usize::from(self.change(port, |uses| uses.implicit += 1));
        Ok(pair)
    }

    /// Gives back a pair, and the local port if it was found for it.
    pub(super) fn disconnect(&mut self, pair: Pair, implicit: bool) {
        self.leave(pair);
        if implicit {
            let port = pair.from.1;
            let ended = self.change(port, |uses| uses.implicit = uses.implicit.saturating_sub(1));
            self.taken = self.taken.saturating_sub(usize::from(ended));
        } else {
            self.leave(pair.reversed());
        }
    }

    fn leave(&mut self, pair: Pair) {
        let route = pair.route();
        if let Some(ports) = self.routes.get_mut(&route) {
            ports.remove(pair.from.1);
            if ports.is_empty() {
                self.routes.remove(&route);
                self.change(route.port, |uses| {
                    uses.routes = uses.routes.saturating_sub(1)
                });
            }
        }
    }

    /// Counts the route of a pair where that `is_new`.
    fn count_route(&mut self, pair: Pair, is_new: bool) {
        if is_new {
            self.change(pair.to.1, |uses| uses.routes += 1);
        }
    }

    fn is_connected(&self, pair: Pair) -> bool {
        let route = self.routes.get(&pair.route());
        route.is_some_and(|ports| ports.contains(pair.from.1))
    }

    fn at(&self, host: Host) -> &PortSet {
        self.hosts.get(&host).unwrap_or(PortSet::EMPTY)
    }

    /// Returns the sets of the ports that nobody can be given at that address.
    fn taken_at(&self, host: Host) -> [&PortSet; 4] {
        let [implicit, reserved] = match host.is_wildcard() || host.is_source() {
            true => [&self.implicit, &self.reserved],
            // Implicit ports are all at one address.
            false => [PortSet::EMPTY; 2],
        };
        match host.is_wildcard() {
            true => [&self.bound, PortSet::EMPTY, implicit, reserved],
            false => [self.at(host), self.at(Host::WILDCARD), implicit, reserved],
        }
    }

    /// Finds a port that can be given at that address, if possible one that
    /// nobody has anywhere, and moves the cursor behind it.
    fn next_free(&mut self, host: Host) -> Option<u16> {
        let [one, other, implicit, reserved] = self.taken_at(host);
        let port = first_free(&[&self.used, reserved], self.cursor)
            .or_else(|| {
                let sets = [one, other, implicit, reserved, &self.connected];
                first_free(&sets, self.cursor)
            })
            .or_else(|| first_free(&[one, other, implicit, reserved], self.cursor))?;
        self.advance(port);
        Some(port)
    }

    fn advance(&mut self, port: u16) {
        self.cursor = port.checked_add(1).unwrap_or(EPHEMERAL);
    }

    /// Returns whether nothing is taken, nor anything left of what was.
    #[cfg(test)]
    pub(super) fn is_unused(&self) -> bool {
        let sets = [&self.bound, &self.implicit, &self.connected, &self.used];
        let maps = self.hosts.is_empty() && self.uses.is_empty() && self.routes.is_empty();
        sets.iter().all(|set| set.is_empty()) && maps && self.taken == 0
    }

    /// Changes who shares a port and keeps the sets in step. Returns whether
    /// its implicit use began or ended.
    fn change(&mut self, port: u16, change: impl FnOnce(&mut Uses)) -> bool {
        let uses = self.uses.entry(port).or_default();
        let before = [uses.bound > 0, uses.implicit > 0, uses.routes > 0];
        change(uses);
        let after = [uses.bound > 0, uses.implicit > 0, uses.routes > 0];
        let used = |by: [bool; 3]| by.contains(&true);
        set(&mut self.bound, port, before[0], after[0]);
        set(&mut self.implicit, port, before[1], after[1]);
        set(&mut self.connected, port, before[2], after[2]);
        set(&mut self.used, port, used(before), used(after));
        if !used(after) {
            self.uses.remove(&port);
        }
        before[1] != after[1]
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
