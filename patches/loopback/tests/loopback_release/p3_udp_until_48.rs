//! How a UDP socket of WASI P3 is made before release 48.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{Accessor, Resource};

use wash_wasi::p3::bindings::sockets::types::{HostUdpSocket, IpAddressFamily};
use wash_wasi::p3::sockets::SocketResult;
use wash_wasi::sockets::{UdpSocket, WasiSockets};

use crate::State;

pub fn create(
    guest: &Accessor<State, WasiSockets>,
    family: IpAddressFamily,
) -> SocketResult<Resource<UdpSocket>> {
    guest.with(|mut access| HostUdpSocket::create(&mut access.get(), family))
}
