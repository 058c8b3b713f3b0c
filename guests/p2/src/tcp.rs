//! TCP: a server that sends back what it gets, and its client.

use crate::address::{family, wasi};
use crate::ready;
use crate::wasi::io::poll::poll;
use crate::wasi::io::streams::{InputStream, OutputStream, StreamError};
use crate::wasi::sockets::instance_network::instance_network;
use crate::wasi::sockets::network::ErrorCode;
use crate::wasi::sockets::tcp::{ShutdownType, TcpSocket};
use crate::wasi::sockets::tcp_create_socket::create_tcp_socket;
use shared::{Arrivals, CHUNK, Fault, STREAM, at, pattern};
use std::net::SocketAddr;

/// Serves one connection.
pub fn serve(address: SocketAddr) -> Result<String, Fault> {
    let listener = listen(address)?;
    let (socket, input, output) = finish(&listener, "accept", TcpSocket::accept)?;
    let mut bytes = 0;
    while let Some(chunk) = read(&input)? {
        bytes += chunk.len();
        write(&output, &chunk)?;
    }
    socket
        .shutdown(ShutdownType::Send)
        .map_err(at("shutdown"))?;
    Ok(format!("{bytes} bytes sent back"))
}

/// Traps while a connection is served.
pub fn fall(address: SocketAddr) -> Result<String, Fault> {
    let listener = listen(address)?;
    let (_socket, input, _output) = finish(&listener, "accept", TcpSocket::accept)?;
    read(&input)?;
    std::process::abort()
}

fn listen(address: SocketAddr) -> Result<TcpSocket, Fault> {
    let network = instance_network();
    let listener = create_tcp_socket(family(address)).map_err(at("create"))?;
    listener
        .start_bind(&network, wasi(address))
        .map_err(at("start-bind"))?;
    finish(&listener, "finish-bind", TcpSocket::finish_bind)?;
    listener.start_listen().map_err(at("start-listen"))?;
    finish(&listener, "finish-listen", TcpSocket::finish_listen)?;
    ready()?;
    Ok(listener)
}

/// Sends the pattern, and compares what comes back.
pub fn call(address: SocketAddr) -> Result<String, Fault> {
    let socket = create_tcp_socket(family(address)).map_err(at("create"))?;
    socket
        .start_connect(&instance_network(), wasi(address))
        .map_err(at("start-connect"))?;
    let (input, output) = finish(&socket, "finish-connect", TcpSocket::finish_connect)?;
    let (readable, writable) = (input.subscribe(), output.subscribe());
    let (mut sent, mut arrivals) = (0, Arrivals::default());
    loop {
        // What was sent to its end is not waited for any more.
        let turns = match sent < STREAM {
            true => poll(&[&readable, &writable]),
            false => poll(&[&readable]),
        };
        if turns.contains(&1) {
            sent += send(&output, sent)?;
            if sent == STREAM {
                output.flush().map_err(at("flush"))?;
                socket
                    .shutdown(ShutdownType::Send)
                    .map_err(at("shutdown"))?;
            }
        }
        if turns.contains(&0) {
            match input.read(CHUNK as u64) {
                Ok(bytes) => arrivals.take(&bytes)?,
                Err(StreamError::Closed) => return arrivals.end(),
                Err(error) => return Err(at("read")(error)),
            }
        }
    }
}

/// Sends what may be sent now of the pattern from `from` on; returns how much.
fn send(output: &OutputStream, from: usize) -> Result<usize, Fault> {
    let granted = output.check_write().map_err(at("check-write"))? as usize;
    let length = granted.min(CHUNK).min(STREAM - from);
    output.write(&pattern(from, length)).map_err(at("write"))?;
    Ok(length)
}

/// Waits for some bytes; none are there at the end.
fn read(input: &InputStream) -> Result<Option<Vec<u8>>, Fault> {
    match input.blocking_read(CHUNK as u64) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(StreamError::Closed) => Ok(None),
        Err(error) => Err(at("read")(error)),
    }
}

/// Waits until all of it is written.
fn write(output: &OutputStream, mut bytes: &[u8]) -> Result<(), Fault> {
    let writable = output.subscribe();
    while !bytes.is_empty() {
        writable.block();
        let granted = output.check_write().map_err(at("check-write"))? as usize;
        let (now, later) = bytes.split_at(granted.min(bytes.len()));
        output.write(now).map_err(at("write"))?;
        bytes = later;
    }
    output.blocking_flush().map_err(at("flush"))
}

/// Waits until what was begun on a socket is done.
fn finish<T>(
    socket: &TcpSocket,
    what: &'static str,
    end: impl Fn(&TcpSocket) -> Result<T, ErrorCode>,
) -> Result<T, Fault> {
    let done = socket.subscribe();
    loop {
        match end(socket) {
            Err(ErrorCode::WouldBlock) => done.block(),
            other => return other.map_err(at(what)),
        }
    }
}
