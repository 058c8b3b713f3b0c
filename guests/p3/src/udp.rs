//! UDP: a server that sends each datagram back, and its client.

use crate::address::{family, wasi};
use crate::ready;
use crate::wasi::sockets::types::UdpSocket;
use shared::{DATAGRAMS, Fault, at, beside, pattern, returned};
use std::net::SocketAddr;

/// Sends as many datagrams back as the client sends.
pub async fn serve(address: SocketAddr) -> Result<String, Fault> {
    let socket = UdpSocket::create(family(address)).map_err(at("create"))?;
    socket.bind(wasi(address)).map_err(at("bind"))?;
    ready().await?;
    for _ in DATAGRAMS {
        let (data, from) = socket.receive().await.map_err(at("receive"))?;
        socket.send(data, Some(from)).await.map_err(at("send"))?;
    }
    Ok(format!("{} datagrams sent back", DATAGRAMS.len()))
}

/// Sends datagrams over a connected socket, and compares what comes back.
pub async fn call(address: SocketAddr) -> Result<String, Fault> {
    let socket = UdpSocket::create(family(address)).map_err(at("create"))?;
    socket.bind(wasi(beside(address))).map_err(at("bind"))?;
    socket.connect(wasi(address)).map_err(at("connect"))?;
    for size in DATAGRAMS {
        socket
            .send(pattern(size, size), None)
            .await
            .map_err(at("send"))?;
        returned(size, &socket.receive().await.map_err(at("receive"))?.0)?;
    }
    Ok(format!("{} datagrams came back", DATAGRAMS.len()))
}
