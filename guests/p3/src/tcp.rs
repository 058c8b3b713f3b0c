//! TCP: a server that sends back what it gets, and its client. Both give up whatever is
//! not done at once, and begin it again.

use crate::address::{family, wasi};
use crate::wasi::sockets::types::TcpSocket;
use crate::{cancel, ready, wit_stream};
use futures_util::future::{join, join3};
use shared::{Arrivals, CHUNK, Fault, STREAM, at, pattern};
use std::net::SocketAddr;
use wit_bindgen::rt::async_support::StreamReader;

/// Serves one connection.
pub async fn serve(address: SocketAddr) -> Result<String, Fault> {
    let listener = TcpSocket::create(family(address)).map_err(at("create"))?;
    listener.bind(wasi(address)).map_err(at("bind"))?;
    let mut connections = listener.listen().map_err(at("listen"))?;
    ready().await?;
    let accepted = cancel::read(&mut connections, 1).await;
    let socket = accepted
        .and_then(|mut sockets| sockets.pop())
        .ok_or("listen: ended")?;
    let (mut input, received) = socket.receive();
    let (mut writer, reader) = wit_stream::new();
    let copy = async {
        let mut bytes = 0;
        while let Some(chunk) = read(&mut input).await {
            bytes += chunk.len();
            cancel::write(&mut writer, chunk).await?;
        }
        drop(writer);
        Ok::<_, Fault>(bytes)
    };
    let sent = async { socket.send(reader).await };
    let (sent, bytes) = join(sent, copy).await;
    sent.map_err(at("send"))?;
    received.await.map_err(at("receive"))?;
    Ok(format!("{} bytes sent back", bytes?))
}

/// Traps while a connection is served.
pub async fn fall(address: SocketAddr) -> Result<String, Fault> {
    let listener = TcpSocket::create(family(address)).map_err(at("create"))?;
    listener.bind(wasi(address)).map_err(at("bind"))?;
    let mut connections = listener.listen().map_err(at("listen"))?;
    ready().await?;
    let socket = connections.next().await.ok_or("listen: ended")?;
    let (mut input, _received) = socket.receive();
    read(&mut input).await;
    std::process::abort()
}

/// Sends the pattern, and compares what comes back.
pub async fn call(address: SocketAddr) -> Result<String, Fault> {
    let socket = TcpSocket::create(family(address)).map_err(at("create"))?;
    socket.connect(wasi(address)).await.map_err(at("connect"))?;
    let (mut input, received) = socket.receive();
    let (mut writer, reader) = wit_stream::new();
    let write = async {
        for from in (0..STREAM).step_by(CHUNK) {
            let chunk = pattern(from, CHUNK.min(STREAM - from));
            cancel::write(&mut writer, chunk).await?;
        }
        drop(writer);
        Ok::<_, Fault>(())
    };
    let compare = async {
        let mut arrivals = Arrivals::default();
        while let Some(chunk) = read(&mut input).await {
            arrivals.take(&chunk)?;
        }
        arrivals.end()
    };
    let sent = async { socket.send(reader).await };
    let (sent, written, compared) = join3(sent, write, compare).await;
    sent.map_err(at("send"))?;
    written?;
    received.await.map_err(at("receive"))?;
    compared
}

/// Waits for some bytes; none are there at the end.
async fn read(input: &mut StreamReader<u8>) -> Option<Vec<u8>> {
    cancel::read(input, CHUNK).await
}
