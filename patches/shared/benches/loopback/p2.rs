//! A guest of WASI P2, as its host sees it: what it calls are the functions
//! that a component's imports lead to.

use std::net::SocketAddr;
use std::sync::Arc;

use wash_wasi::p2::bindings::sockets::instance_network::Host as _;
use wash_wasi::p2::bindings::sockets::network::{IpAddressFamily, Network};
use wash_wasi::p2::bindings::sockets::tcp::HostTcpSocket;
use wash_wasi::p2::bindings::sockets::tcp_create_socket::Host as _;
use wash_wasi::p2::{DynInputStream, DynOutputStream, Pollable};
use wash_wasi::sockets::WasiSocketsCtxView;
use wash_wasi::{WasiCtx, WasiCtxBuilder};
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi_io::bindings::wasi::io::streams::{HostInputStream, HostOutputStream};

use super::calls::{self, TcpSocket};
use super::plane::{Plane, Shared};

pub struct Guest {
    ctx: WasiCtx,
    table: ResourceTable,
    network: u32,
}

/// A socket that is not connected, by its number in the table.
#[derive(Debug, Clone, Copy)]
pub struct Socket(u32);

/// One end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct End {
    socket: u32,
    input: u32,
    output: u32,
}

fn socket(number: u32) -> Resource<TcpSocket> {
    Resource::new_borrow(number)
}

impl Guest {
    pub fn new(network: &Shared) -> Guest {
        let mut builder = WasiCtxBuilder::new();
        builder.inherit_network().allow_tcp(true);
        builder.loopback_network(Arc::clone(network));
        let mut guest = Guest {
            ctx: builder.build(),
            table: ResourceTable::new(),
            network: 0,
        };
        guest.network = guest.view().instance_network().unwrap().rep();
        guest
    }

    fn view(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView {
            ctx: self.ctx.sockets(),
            table: &mut self.table,
        }
    }

    fn network(&self) -> Resource<Network> {
        Resource::new_borrow(self.network)
    }

    pub fn tcp(&mut self) -> Socket {
        let socket = self.view().create_tcp_socket(IpAddressFamily::Ipv4);
        Socket(socket.unwrap().rep())
    }

    pub async fn bind(&mut self, bound: Socket, address: SocketAddr) {
        let network = self.network();
        let mut view = self.view();
        let started = view.start_bind(socket(bound.0), network, address.into());
        started.await.unwrap();
        view.finish_bind(socket(bound.0)).unwrap();
    }

    /// Returns what listens on that plane, and where to connect to it.
    pub async fn listener(&mut self, plane: Plane, network: &Shared) -> (Socket, SocketAddr) {
        let listener = self.tcp();
        self.bind(listener, plane.listen_at()).await;
        let mut view = self.view();
        let started = calls::start_listen(&mut view, socket(listener.0));
        started.await.unwrap();
        view.finish_listen(socket(listener.0)).unwrap();
        let address = view.local_address(socket(listener.0)).unwrap();
        (listener, plane.connect_to(network, address.into()))
    }

    async fn ready(&mut self, waiting: u32) {
        self.table.get_mut(&socket(waiting)).unwrap().ready().await;
    }

    pub async fn connect(&mut self, to: SocketAddr) -> End {
        let connecting = self.tcp().0;
        let network = self.network();
        let mut view = self.view();
        let started = calls::start_connect(&mut view, socket(connecting), network, to.into());
        started.await.unwrap();
        self.ready(connecting).await;
        let connected = self.view().finish_connect(socket(connecting));
        let (input, output) = connected.unwrap();
        End {
            socket: connecting,
            input: input.rep(),
            output: output.rep(),
        }
    }

    pub async fn accept(&mut self, listener: Socket) -> End {
        self.ready(listener.0).await;
        let accepted = self.view().accept(socket(listener.0));
        let (socket, input, output) = accepted.unwrap();
        End {
            socket: socket.rep(),
            input: input.rep(),
            output: output.rep(),
        }
    }

    pub async fn close(&mut self, end: End) {
        let input = Resource::<DynInputStream>::new_own(end.input);
        let output = Resource::<DynOutputStream>::new_own(end.output);
        HostInputStream::drop(&mut self.table, input).await.unwrap();
        HostOutputStream::drop(&mut self.table, output)
            .await
            .unwrap();
        self.drop_socket(Socket(end.socket));
    }

    pub fn drop_socket(&mut self, dropped: Socket) {
        let own = Resource::new_own(dropped.0);
        HostTcpSocket::drop(&mut self.view(), own).unwrap();
    }

    /// Reads at least one byte.
    pub async fn read(&mut self, end: End, most: u64) -> Vec<u8> {
        let input = Resource::<DynInputStream>::new_borrow(end.input);
        self.table.blocking_read(input, most).await.unwrap()
    }

    /// Waits until writing is possible, and writes a copy, as when it is taken
    /// out of a guest's memory.
    pub async fn write(&mut self, end: End, bytes: &[u8]) {
        let output = || Resource::<DynOutputStream>::new_borrow(end.output);
        while self.table.check_write(output()).unwrap() == 0 {
            self.table.get_mut(&output()).unwrap().ready().await;
        }
        self.table.write(output(), bytes.to_vec()).unwrap();
    }
}
