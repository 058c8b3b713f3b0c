//! An in-memory network of loopback addresses, shared by the components of
//! one workload.
//!
//! A host makes a [`Network`], puts it into an `Arc<Mutex<…>>` and gives that
//! to each context that is to share it, by `WasiCtxBuilder::loopback_network`.
//! Whoever locks it must let it go before guests run again: they wait for it on the
//! executor's thread.
//!
//! What is here knows nothing of WASI. It is the machinery that sockets are
//! made of, and lets the host itself take part in a network:
//!
//! * [`Binding`] holds a port, [`Listener`] accepts, [`Connecting`] connects,
//!   and [`Stream`] is one end of a connection;
//! * [`DatagramSocket`] sends and receives datagrams;
//! * [`Limits`] and [`Figures`] are for whoever runs it.
//!
//! Everything that a socket has taken is given back when it is dropped. All
//! of it can be polled from any task and thread; nothing here ever blocks. Of
//! the tasks that wait by a `poll_` function, these of each direction are woken:
//! the first, if nobody waited before it, the last three, and the last one whose
//! waker has no data. Any number can wait by a future.

use std::sync::{Mutex, MutexGuard, PoisonError};

mod address;
mod backlog;
mod connection;
mod datagram;
mod destination;
mod error;
mod flow;
mod listener;
mod mailbox;
mod meter;
mod network;
mod options;
pub(crate) mod os;
mod ports;
mod portset;
mod queue;
mod steps;
mod stream;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;
mod waiters;

pub use address::is_loopback;
pub use datagram::{DatagramSocket, Readable};
pub use error::Error;
pub use listener::{Accept, Connecting, Listener};
pub use meter::{Figures, Limits};
pub use network::{Binding, Network, Protocol};
pub use options::Options;
pub use stream::{Ready, Stream};
pub use tcp::{
    ConnectingTcpStream, LoopbackTcpSocket, NetworkTcpSocket, TcpListener, TcpSocket, TcpStream,
    UnspecifiedTcpSocket,
};
pub use udp::{LoopbackUdpSocket, NetworkUdpSocket, UdpSocket, UnspecifiedUdpSocket};

/// Locks a mutex, also one that was held by whoever panicked: a workload must
/// not lose its network because of one guest's host.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
