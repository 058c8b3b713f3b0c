//! Named imports, for each of which a host has a context: clones of one are on
//! one network.

mod loopback_host;

use std::sync::Arc;

use loopback_host::{network, v4};
use wash_wasi::p2::bindings::named_imports::wasi::sockets::instance_network::Host as _;
use wash_wasi::p2::bindings::named_imports::wasi::sockets::tcp::HostTcpSocket as _;
use wash_wasi::p2::bindings::named_imports::wasi::sockets::tcp_create_socket::Host as _;
use wash_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use wash_wasi::p2::{Pollable as _, SocketError, TcpSocket};
use wash_wasi::sockets::{WasiSocketsCtx, WasiSocketsCtxView, WasiSocketsNamedView};
use wash_wasi::{NamedId, WasiCtxBuilder, WasiCtxNamedView};
use wasmtime::component::{Resource, ResourceTable};

struct State {
    table: ResourceTable,
    contexts: Vec<WasiSocketsCtx>,
}

impl WasiSocketsNamedView for State {
    fn sockets(&mut self, id: NamedId) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView {
            table: &mut self.table,
            ctx: &mut self.contexts[id.0],
        }
    }
}

fn code(error: SocketError) -> ErrorCode {
    error.downcast().expect("the guest would have trapped")
}

async fn connect(state: &mut State, id: NamedId, port: u16) -> Result<(), ErrorCode> {
    let mut view = WasiCtxNamedView(state);
    let created = view.create_tcp_socket(id, IpAddressFamily::Ipv4);
    let socket = created.map_err(code)?.rep();
    let own = || Resource::<TcpSocket>::new_borrow(socket);
    let network = view.instance_network(id).unwrap();
    let started = view.start_connect(id, own(), network, v4(port).into());
    started.map_err(code)?;
    view.0.table.get_mut(&own()).unwrap().ready().await;
    view.finish_connect(id, own()).map_err(code)?;
    Ok(())
}

#[tokio::test]
async fn clones_of_a_context_are_on_its_network() {
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_network().allow_tcp(true);
    builder.loopback_network(Arc::clone(&network()));
    let mut context = builder.build();
    let one = context.sockets().clone();
    let mut other = WasiCtxBuilder::new();
    let mut other = other.inherit_network().allow_tcp(true).build();
    let mut state = State {
        table: ResourceTable::new(),
        contexts: vec![
            one.clone(),
            one,
            other.sockets().clone(),
            WasiSocketsCtx::default(),
        ],
    };
    let [server, client, elsewhere, denied] = [0, 1, 2, 3].map(NamedId);
    let mut view = WasiCtxNamedView(&mut state);
    let socket = view.create_tcp_socket(server, IpAddressFamily::Ipv4);
    let socket = socket.map_err(code).unwrap().rep();
    let own = || Resource::<TcpSocket>::new_borrow(socket);
    let network = view.instance_network(server).unwrap();
    let bound = view.start_bind(server, own(), network, v4(80).into());
    bound.await.map_err(code).unwrap();
    view.finish_bind(server, own()).map_err(code).unwrap();
    let listens = view.start_listen(server, own()).await;
    listens.map_err(code).unwrap();
    view.finish_listen(server, own()).map_err(code).unwrap();
    assert_eq!(connect(&mut state, client, 80).await, Ok(()));
    let refused = connect(&mut state, elsewhere, 80).await;
    assert_eq!(refused, Err(ErrorCode::ConnectionRefused));
    let refused = connect(&mut state, denied, 80).await;
    assert_eq!(refused, Err(ErrorCode::AccessDenied));
}
