//! How a UDP socket of WASI P3 is made from release 48 on.
#![allow(dead_code, reason = "each target uses a part of it")]

use wasmtime::component::{Accessor, Resource};

use wash_wasi::p3::bindings::sockets::types::{HostUdpSocket, IpAddressFamily};
use wash_wasi::p3::sockets::SocketResult;
use wash_wasi::sockets::{UdpSocket, WasiSockets};

use crate::State;
use crate::at_once;

pub fn create(
    guest: &Accessor<State, WasiSockets>,
    family: IpAddressFamily,
) -> SocketResult<Resource<UdpSocket>> {
    guest.with(|mut access| {
        let mut view = access.get();
        let created = at_once(HostUdpSocket::create(&mut view, family));
        created.expect("making one does not wait")
    })
}
