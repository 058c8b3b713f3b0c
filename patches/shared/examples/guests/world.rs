//! A loopback network, and the look at the host while guests use it.

use crate::host::sockets_of_the_host;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use wash_wasi::sockets::loopback::{Figures, Network};
use wasmtime::{Error, Result};

pub type Shared = Arc<Mutex<Network>>;

/// A network, and how often the host was looked at while it was in use.
#[derive(Clone, Default)]
pub struct World {
    pub network: Shared,
    pub looks: Arc<AtomicU64>,
    /// Whether sockets of the host are what is to be.
    pub may_use_host: bool,
}

impl World {
    pub fn figures(&self) -> Figures {
        let network = self.network.lock();
        network.unwrap_or_else(PoisonError::into_inner).figures()
    }
}

/// Looks at the host at each turn of a guest.
pub async fn watched(world: World, run: impl Future<Output = Result<bool>>) -> Result<bool> {
    let mut run = pin!(run);
    poll_fn(|context| {
        let polled = run.as_mut().poll(context);
        let found = sockets_of_the_host()?;
        if !found.is_empty() && !world.may_use_host {
            return Err(Error::msg(format!("on the host: {}", found.join("; ")))).into();
        }
        if world.figures().sockets > 0 {
            world.looks.fetch_add(1, Relaxed);
        }
        polled
    })
    .await
}

/// Says whether everything went back when the stores were dropped.
pub fn nothing_held(world: &World) -> Result<()> {
    let figures = world.figures();
    match (figures.sockets, figures.ports, figures.bytes_held) {
        (0, 0, 0) => Ok(()),
        _ => Err(Error::msg(format!("still held: {figures:?}"))),
    }
}
