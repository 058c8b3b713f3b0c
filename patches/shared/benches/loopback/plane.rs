//! Where sockets are: on the loopback network or on the system's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use wash_wasi::sockets::loopback::{Network, Protocol};

pub type Shared = Arc<Mutex<Network>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    Virtual,
    System,
}

/// Returns the one network of all that is measured. Its ports go on from one
/// measurement to the next, as those of the system do, which keeps a port for
/// a while after its use.
pub fn network() -> Shared {
    static NETWORK: LazyLock<Shared> = LazyLock::new(Shared::default);
    Arc::clone(&NETWORK)
}

impl Plane {
    /// Returns where to bind what is to listen here.
    pub fn listen_at(self) -> SocketAddr {
        let ip = match self {
            Plane::Virtual => Ipv4Addr::LOCALHOST,
            Plane::System => Ipv4Addr::UNSPECIFIED,
        };
        SocketAddr::from((ip, 0))
    }

    /// Returns where to connect to what listens at `address` here.
    pub fn connect_to(self, network: &Shared, address: SocketAddr) -> SocketAddr {
        let port = address.port();
        if self == Plane::System {
            let mut network = network.lock().unwrap_or_else(PoisonError::into_inner);
            network.pass_through(Protocol::Tcp, [port]);
        }
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }
}
