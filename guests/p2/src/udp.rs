//! UDP: a server that sends each datagram back, and its client.

use crate::address::{family, wasi};
use crate::ready;
use crate::wasi::sockets::instance_network::instance_network;
use crate::wasi::sockets::network::{ErrorCode, IpSocketAddress};
use crate::wasi::sockets::udp::{
    IncomingDatagram, IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket,
};
use crate::wasi::sockets::udp_create_socket::create_udp_socket;
use shared::{DATAGRAMS, Fault, at, beside, pattern, returned};
use std::net::SocketAddr;

/// Sends as many datagrams back as the client sends.
pub fn serve(address: SocketAddr) -> Result<String, Fault> {
    let socket = bound(address)?;
    let (input, output) = socket.stream(None).map_err(at("stream"))?;
    ready()?;
    for _ in DATAGRAMS {
        let datagram = receive(&input)?;
        send(&output, datagram.data, Some(datagram.remote_address))?;
    }
    Ok(format!("{} datagrams sent back", DATAGRAMS.len()))
}

/// Sends datagrams over a connected socket, and compares what comes back.
pub fn call(address: SocketAddr) -> Result<String, Fault> {
    let socket = bound(beside(address))?;
    let (input, output) = socket.stream(Some(wasi(address))).map_err(at("stream"))?;
    for size in DATAGRAMS {
        send(&output, pattern(size, size), None)?;
        returned(size, &receive(&input)?.data)?;
    }
    Ok(format!("{} datagrams came back", DATAGRAMS.len()))
}

fn bound(address: SocketAddr) -> Result<UdpSocket, Fault> {
    let socket = create_udp_socket(family(address)).map_err(at("create"))?;
    socket
        .start_bind(&instance_network(), wasi(address))
        .map_err(at("start-bind"))?;
    loop {
        match socket.finish_bind() {
            Ok(()) => return Ok(socket),
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            Err(error) => return Err(at("finish-bind")(error)),
        }
    }
}

fn receive(input: &IncomingDatagramStream) -> Result<IncomingDatagram, Fault> {
    loop {
        if let Some(datagram) = input.receive(1).map_err(at("receive"))?.pop() {
            return Ok(datagram);
        }
        input.subscribe().block();
    }
}

fn send(
    output: &OutgoingDatagramStream,
    data: Vec<u8>,
    remote_address: Option<IpSocketAddress>,
) -> Result<(), Fault> {
    while output.check_send().map_err(at("check-send"))? == 0 {
        output.subscribe().block();
    }
    let datagram = OutgoingDatagram {
        data,
        remote_address,
    };
    match output.send(&[datagram]).map_err(at("send"))? {
        1 => Ok(()),
        none => Err(format!("send: {none} of one datagram were taken")),
    }
}
