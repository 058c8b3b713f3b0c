//! Named imports, for each of which a host has a context: clones of one are on
//! one network, and one by default is on none of the others.

mod loopback_host;

use std::sync::Arc;

use loopback_host::p2::at_once;
use loopback_host::{network, v4};
use wash_wasi::p2::bindings::named_imports::wasi::sockets as p2;
use wash_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use wash_wasi::p2::{Pollable as _, SocketError, TcpSocket};
use wash_wasi::p3::bindings::named_imports::wasi::sockets::types as p3;
use wash_wasi::p3::bindings::sockets::types as p3_types;
use wash_wasi::sockets::{
    WasiSocketsCtx, WasiSocketsCtxView, WasiSocketsNamed, WasiSocketsNamedView,
};
use wash_wasi::{NamedId, WasiCtxBuilder, WasiCtxNamedView};
use wasmtime::component::{Access, Accessor, Resource, ResourceTable};
use wasmtime::{AsContextMut as _, Config, Engine, Store};

const ALL: [NamedId; 4] = [NamedId(0), NamedId(1), NamedId(2), NamedId(3)];

struct State {
    table: ResourceTable,
    contexts: Vec<WasiSocketsCtx>,
}

impl State {
    /// Makes two clones of one context, another context, and one by default.
    fn new() -> State {
        let mut builder = WasiCtxBuilder::new();
        builder.inherit_network().allow_tcp(true).allow_udp(true);
        let mut other = builder.build();
        builder = WasiCtxBuilder::new();
        builder.inherit_network().allow_tcp(true).allow_udp(true);
        let mut one = builder.loopback_network(Arc::clone(&network())).build();
        State {
            table: ResourceTable::new(),
            contexts: vec![
                one.sockets().clone(),
                one.sockets().clone(),
                other.sockets().clone(),
                WasiSocketsCtx::default(),
            ],
        }
    }
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

async fn connect_p2(state: &mut State, id: NamedId, port: u16) -> Result<(), ErrorCode> {
    use p2::instance_network::Host as _;
    use p2::tcp::HostTcpSocket as _;
    use p2::tcp_create_socket::Host as _;

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
async fn clones_of_a_context_are_on_its_network_in_p2() {
    use p2::instance_network::Host as _;
    use p2::tcp::HostTcpSocket as _;
    use p2::tcp_create_socket::Host as _;

    let mut state = State::new();
    let [server, client, elsewhere, denied] = ALL;
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
    assert_eq!(connect_p2(&mut state, client, 80).await, Ok(()));
    let refused = connect_p2(&mut state, elsewhere, 80).await;
    assert_eq!(refused, Err(ErrorCode::ConnectionRefused));
    let refused = connect_p2(&mut state, denied, 80).await;
    assert_eq!(refused, Err(ErrorCode::AccessDenied));
}

type Named = WasiSocketsNamed<State>;
type Guest = Accessor<State, Named>;
type Failed = wash_wasi::p3::sockets::SocketError;

/// Returns the name of the error code.
fn name(error: Failed) -> String {
    let code = error.downcast().expect("the guest would have trapped");
    let name = format!("{code:?}");
    name.trim_start_matches("ErrorCode::").to_owned()
}

async fn connect_p3(guest: &Guest, id: NamedId, port: u16) -> Result<(), String> {
    use p3::{HostTcpSocket as _, HostTcpSocketWithStore as _};

    let family = p3_types::IpAddressFamily::Ipv4;
    let created = guest.with(|mut access| access.get().create(id, family));
    let socket = created.map_err(name)?;
    Named::connect(guest, id, socket, v4(port).into())
        .await
        .map_err(name)
}

/// Sends from an unbound socket.
async fn send_p3(guest: &Guest, id: NamedId, port: u16) -> Result<(), String> {
    use p3::{HostUdpSocket, HostUdpSocketWithStore as _};

    let family = p3_types::IpAddressFamily::Ipv4;
    let created = guest
        .with(|mut access| at_once(HostUdpSocket::create(&mut access.get(), id, family)).unwrap());
    let socket = created.map_err(name)?;
    let data = vec![u8::try_from(id.0).unwrap()];
    Named::send(guest, id, socket, data, Some(v4(port).into()))
        .await
        .map_err(name)
}

#[tokio::test]
async fn clones_of_a_context_are_on_its_network_in_p3() {
    use p3::{HostTcpSocket, HostTcpSocketWithStore, HostUdpSocket, HostUdpSocketWithStore};

    let mut config = Config::new();
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, State::new());
    let [server, client, elsewhere, denied] = ALL;
    let ran = store.run_concurrent(async |accessor| {
        let guest = &accessor.with_getter::<Named>(|state| WasiCtxNamedView(state));
        let family = p3_types::IpAddressFamily::Ipv4;
        let (listener, receiver) = guest.with(|mut access| {
            let mut view = access.get();
            let tcp = HostTcpSocket::create(&mut view, server, family).unwrap();
            let own = Resource::new_borrow(tcp.rep());
            let bound = HostTcpSocket::bind(&mut view, server, own, v4(80).into());
            at_once(bound).unwrap().unwrap();
            let udp = at_once(HostUdpSocket::create(&mut view, server, family)).unwrap();
            let udp = udp.unwrap();
            let own = Resource::new_borrow(udp.rep());
            let bound = HostUdpSocket::bind(&mut view, server, own, v4(80).into());
            at_once(bound).unwrap().unwrap();
            (tcp, udp)
        });
        let _incoming = guest.with(|mut access| {
            let getter = access.getter();
            let access = Access::<State, Named>::new(access.as_context_mut(), getter);
            let listens =
                <Named as HostTcpSocketWithStore<State>>::listen(access, server, listener);
            at_once(listens).unwrap().unwrap()
        });
        assert_eq!(connect_p3(guest, client, 80).await, Ok(()));
        let refused = Err("ConnectionRefused".to_owned());
        assert_eq!(connect_p3(guest, elsewhere, 80).await, refused);
        let refused = Err("AccessDenied".to_owned());
        assert_eq!(connect_p3(guest, denied, 80).await, refused);
        assert_eq!(send_p3(guest, denied, 80).await, refused);
        // Nobody hears that is on another network.
        assert_eq!(send_p3(guest, elsewhere, 80).await, Ok(()));
        assert_eq!(send_p3(guest, client, 80).await, Ok(()));
        let received = <Named as HostUdpSocketWithStore<State>>::receive(guest, server, receiver);
        assert_eq!(received.await.unwrap().0, [1]);
    });
    ran.await.unwrap();
}
