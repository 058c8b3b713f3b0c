//! A guest that begins operations on sockets where nothing happens, and cancels them:
//! its host must not grow by that, on whichever network they are.

use crate::guest::Guest;
use crate::host::{forget_peak, peak};
use crate::playing::Playing;
use crate::world::{World, nothing_held};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, PoisonError};
use wash_wasi::sockets::loopback::{Binding, Listener, Options, Protocol};
use wasmtime::{Error, Result};

/// What the guest's own store may take, in bytes. Of each operation that it gives up,
/// 300,000 of each sort, 162 bytes were kept once.
const MOST: u64 = 24 << 20;

/// Runs the guest against a server that never reads or writes.
pub async fn given_up(guest: &Guest, on_system: bool) -> Result<String> {
    let world = World {
        may_use_host: true,
        ..World::default()
    };
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (system, listener, address);
    if on_system {
        system = TcpListener::bind(free)?;
        address = system.local_addr()?;
        let mut network = world.network.lock().unwrap_or_else(PoisonError::into_inner);
        network.pass_through(Protocol::Tcp, [address.port()]);
    } else {
        let binding = Binding::new(&world.network, Protocol::Tcp, free)?;
        listener = Arc::new(Listener::new(binding, 1, Options::default())?);
        address = listener.local_addr();
    }
    let before = forget_peak()?;
    let role = if on_system {
        "gives-up-everywhere"
    } else {
        "gives-up"
    };
    let mut client = Playing::start(guest, role.to_owned(), &address.to_string(), &world);
    client.ready().await?;
    let said = client.end().await;
    client.stop().await;
    let grown = peak()?.saturating_sub(before);
    let said = said?;
    if grown > MOST {
        return Err(Error::msg(format!(
            "{said}; the host has grown by {grown} bytes"
        )));
    }
    if on_system {
        nothing_held(&world)?;
    }
    Ok(format!("{said}; the host has grown by {grown} bytes"))
}
