//! Operations on sockets where nothing happens: each is begun, and cancelled, very often.

use crate::address::{family, wasi};
use crate::cancel::at_once;
use crate::wasi::sockets::types::TcpSocket;
use crate::{ready, wit_stream};
use futures_util::future::join;
use shared::{CHUNK, Fault, GIVEN_UP, at, beside};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use wit_bindgen::rt::async_support::{StreamReader, StreamResult, StreamWriter};

/// Connects to a server that neither reads nor writes, and gives up whatever it begins.
pub async fn give_up(server: SocketAddr, everywhere: bool) -> Result<String, Fault> {
    let socket = TcpSocket::create(family(server)).map_err(at("create"))?;
    socket.connect(wasi(server)).await.map_err(at("connect"))?;
    let (mut input, _received) = socket.receive();
    let (mut output, data) = wit_stream::new();
    let local = match everywhere {
        true => (Ipv4Addr::UNSPECIFIED, 0).into(),
        false => beside(server),
    };
    let work = async move {
        fill(&mut output).await?;
        ready().await?;
        for _ in 0..GIVEN_UP {
            write(&mut output).await?;
        }
        for _ in 0..GIVEN_UP {
            read(&mut input, "read").await?;
        }
        accepts(local).await?;
        drop(output);
        Ok::<_, Fault>(format!("{GIVEN_UP} of each given up"))
    };
    let sent = async { socket.send(data).await };
    let (sent, said) = join(sent, work).await;
    sent.map_err(at("send"))?;
    said
}

async fn accepts(local: SocketAddr) -> Result<(), Fault> {
    let listener = TcpSocket::create(family(local)).map_err(at("create"))?;
    listener.bind(wasi(local)).map_err(at("bind"))?;
    let mut connections = listener.listen().map_err(at("listen"))?;
    for _ in 0..GIVEN_UP {
        read(&mut connections, "accept").await?;
    }
    Ok(())
}

/// Begins a read that has to wait, and cancels it.
async fn read<T: 'static>(input: &mut StreamReader<T>, what: &str) -> Result<(), Fault> {
    let mut read = pin!(input.read(Vec::with_capacity(1)));
    if at_once(read.as_mut()).await.is_none() && read.cancel().0 == StreamResult::Cancelled {
        return Ok(());
    }
    Err(format!("{what}: it has not waited"))
}

/// Begins a write that has to wait, and cancels it.
async fn write(output: &mut StreamWriter<u8>) -> Result<(), Fault> {
    let mut write = pin!(output.write(vec![0]));
    if at_once(write.as_mut()).await.is_none() && write.cancel().0 == StreamResult::Cancelled {
        return Ok(());
    }
    Err("write: it has not waited".to_owned())
}

/// Writes until nothing more is taken.
async fn fill(output: &mut StreamWriter<u8>) -> Result<(), Fault> {
    loop {
        let mut write = pin!(output.write(vec![0; CHUNK]));
        if at_once(write.as_mut()).await.is_none() && write.cancel().0 == StreamResult::Cancelled {
            return Ok(());
        }
    }
}
