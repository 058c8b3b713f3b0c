//! Changes between real releases of upstream, compared with what a reader of the differences
//! of the two tags finds.

mod support;

use changes::api::{Api, Change, Changes, ForkCode, ForkText};
use support::release;

fn changes(old: &str, new: &str) -> Changes {
    let (old, new) = (release(old), release(new));
    let old = Api::of(&old);
    let new = Api::after(&new, &old);
    assert_eq!((old.unread(), new.unread()), (&[][..], &[][..]));
    old.changes(&new)
}

/// Returns a change in one line, the paths of modules that WIT makes cut short.
fn line(change: &Change) -> String {
    let kind = format!("{:?}", change.change).to_lowercase();
    let to = change
        .to
        .as_ref()
        .map_or(String::new(), |to| format!(" -> {to}"));
    let inside = match change.inside {
        0 => String::new(),
        inside => format!(" ({inside})"),
    };
    format!("{kind} {}{to}{inside}", change.path)
        .replace("crate::p2::bindings::", "p2:")
        .replace("crate::p3::bindings::", "p3:")
}

fn public(changes: &Changes) -> Vec<String> {
    changes.public().iter().map(line).collect()
}

fn wit(changes: &Changes) -> Vec<String> {
    let rows = changes.wit().iter().map(|row| {
        let kind = format!("{:?}", row.change).to_lowercase();
        format!("{} {kind} {}", row.plane, row.name)
    });
    rows.collect()
}

fn manifest(changes: &Changes) -> Vec<String> {
    let rows = changes.manifest().iter();
    let rows = rows.filter(|row| !row.name.contains("dev-dependencies"));
    let rows = rows.map(|row| {
        format!(
            "{} {}",
            format!("{:?}", row.change).to_lowercase(),
            row.name
        )
    });
    rows.collect()
}

#[test]
fn from_40_to_41() {
    let changes = changes("40.0.4", "41.0.0");
    assert_eq!(
        public(&changes),
        [
            "moved <clocks::WasiClocksCtxView as p3:clocks::wall_clock::Host>::get_resolution -> <clocks::WasiClocksCtxView as p3:clocks::system_clock::Host>::get_resolution",
            "moved <clocks::WasiClocksCtxView as p3:clocks::wall_clock::Host>::now -> <clocks::WasiClocksCtxView as p3:clocks::system_clock::Host>::now",
            "changed <p2::bindings::clocks::wall_clock::Datetime as TryFrom<cap_std::time::SystemTime>>::Error",
            "gone WasiCtxBuilder::max_random_size",
            "added clocks::DatetimeError (5)",
            "changed <clocks::WasiClocks as p3:clocks::monotonic_clock::HostWithStore> (2)",
            "changed <clocks::WasiClocksCtxView as p3:clocks::monotonic_clock::Host> (2)",
            "added <clocks::WasiClocksCtxView as p3:clocks::system_clock::Host>",
            "added <clocks::WasiClocksCtxView as p3:clocks::types::Host>",
            "gone <clocks::WasiClocksCtxView as p3:clocks::wall_clock::Host>",
            "added <p2::bindings::filesystem::types::ErrorCode as From<crate::clocks::DatetimeError>>",
            "gone <p3::bindings::clocks::wall_clock::Datetime as TryFrom<cap_std::time::SystemTime>> (1)",
            "gone random::DEFAULT_MAX_SIZE",
        ]
    );
    // The directories of P2's packages became single files, which changed nothing in them.
    let wit = wit(&changes);
    assert_eq!(wit.iter().find(|row| !row.starts_with("p3 ")), None);
    let versions = wit.iter().filter(|row| !row.contains('/'));
    let packages = ["cli", "clocks", "filesystem", "random", "sockets"];
    let packages = packages.map(|name| format!("p3 changed wasi:{name}"));
    assert_eq!(versions.cloned().collect::<Vec<_>>(), packages);
    let sockets = wit.iter().filter(|row| row.contains("wasi:sockets/"));
    assert_eq!(
        sockets.collect::<Vec<_>>(),
        [
            "p3 gone wasi:sockets/imports@0.3.0-rc-2025-09-16 world import wasi:clocks/monotonic-clock",
            "p3 changed wasi:sockets/types@0.3.0-rc-2026-01-06 duration",
        ]
    );
    assert!(
        wit.iter()
            .any(|row| row == "p3 added wasi:clocks/system-clock@0.3.0-rc-2026-01-06")
    );
    assert_eq!(manifest(&changes), [""; 0]);
}

#[test]
fn from_41_to_42() {
    let changes = changes("41.0.0", "42.0.2");
    // `anyhow::Error` became `wasmtime::Error` in all that WIT makes of the host.
    let (of_wit, rows): (Vec<_>, Vec<_>) = public(&changes)
        .into_iter()
        .partition(|row| row.contains(" as p") && !row.contains("TryFrom"));
    assert_eq!(
        rows,
        [
            "changed <types::Filetype as TryFrom<p2:filesystem::types::DescriptorType>>::Error",
            "changed TrappableError::downcast",
            "changed TrappableError::trap",
            "added WasiCtxBuilder::max_random_size",
            "changed WasiCtxBuilder::preopened_dir",
            "changed p0::add_to_linker_async",
            "changed p0::add_to_linker_sync",
            "changed p1::add_to_linker_async",
            "changed p1::add_to_linker_sync",
            "changed p2::add_to_linker_async",
            "changed p2::add_to_linker_proxy_interfaces_async",
            "changed p2::add_to_linker_proxy_interfaces_sync",
            "changed p2::add_to_linker_sync",
            "changed p2::add_to_linker_with_options_async",
            "changed p2::add_to_linker_with_options_sync",
            "changed p3::cli::add_to_linker_with_options",
            "added random::DEFAULT_MAX_SIZE",
        ]
    );
    assert!(
        of_wit.iter().all(|row| row.starts_with("changed ")),
        "{of_wit:?}"
    );
    let sockets = of_wit.iter().filter(|row| row.contains(" as p2:sockets::"));
    assert_eq!(
        sockets.collect::<Vec<_>>(),
        [
            "changed <sockets::WasiSocketsCtxView as p2:sockets::instance_network::Host>::instance_network",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::ip_name_lookup::Host>::resolve_addresses",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::network::HostNetwork>::drop",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::ip_name_lookup::HostResolveAddressStream> (3)",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::network::Host> (2)",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::tcp::HostTcpSocket> (4)",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::udp::HostIncomingDatagramStream> (2)",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::udp::HostOutgoingDatagramStream> (2)",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::udp::HostUdpSocket> (3)",
        ]
    );
    assert_eq!(wit(&changes), [""; 0]);
    assert_eq!(manifest(&changes), ["gone anyhow"]);
}

#[test]
fn from_47_to_48() {
    let changes = changes("47.0.4", "48.0.0");
    assert_eq!(
        public(&changes),
        [
            "changed <sockets::WasiSocketsCtxView as p2:sockets::tcp_create_socket::Host>::create_tcp_socket",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::udp_create_socket::Host>::create_udp_socket",
            "changed <sockets::WasiSocketsCtxView as p3:sockets::types::HostUdpSocket>::create",
            "gone DirPerms",
            "gone FilePerms",
            "added FsPerms",
            "changed SystemTimeSpec",
            "changed WasiCtxBuilder::preopened_dir",
            "changed clocks::HostWallClock::now",
            "changed clocks::HostWallClock::resolution",
            "changed clocks::MonotonicClock::new",
            "changed <clocks::WallClock as crate::clocks::HostWallClock> (2)",
            "changed clocks::WallClock::new",
            "changed filesystem::Dir::dir",
            "gone filesystem::Dir::file_perms",
            "changed filesystem::Dir::new",
            "changed filesystem::Dir::perms",
            "gone filesystem::DirPerms (2)",
            "changed filesystem::File::file",
            "changed filesystem::File::new",
            "changed filesystem::File::perms",
            "gone filesystem::FilePerms (2)",
            "added filesystem::FsPerms (8)",
            "gone p2::Network::check_socket_addr",
            "added <p2::SocketError as From<crate::sockets::ErrorCode>>",
            "added p2::TcpSocket (1)",
            "added p2::UdpSocket (1)",
            "gone <p2::bindings::clocks::wall_clock::Datetime as TryFrom<cap_std::time::SystemTime>> (1)",
            "added <p2::bindings::clocks::wall_clock::Datetime as TryFrom<std::time::SystemTime>> (1)",
            "added <p2::bindings::sockets::network::ErrorCode as From<crate::sockets::ErrorCode>>",
            "added <p3::bindings::filesystem::types::DescriptorType as From<cap_primitives::fs::FileType>>",
            "gone <p3::bindings::filesystem::types::DescriptorType as From<cap_std::fs::FileType>>",
            "added <p3::bindings::sockets::types::ErrorCode as From<crate::sockets::ErrorCode>>",
            "added <p3::sockets::SocketError as From<crate::sockets::ErrorCode>>",
            "added sockets::ErrorCode (24)",
            "added sockets::SocketAddrUse::TcpAccept",
            "added sockets::SocketAddrUse::TcpListen",
            "gone sockets::SocketAddrUse::UdpConnect",
            "gone sockets::SocketAddrUse::UdpOutgoingDatagram",
            "added sockets::SocketAddrUse::UdpReceive",
            "added sockets::SocketAddrUse::UdpSend",
            "gone <sockets::TcpSocket as wasmtime_wasi_io::poll::Pollable>",
            "gone <sockets::UdpSocket as wasmtime_wasi_io::poll::Pollable>",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::tcp::HostTcpSocket> (29)",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::udp::HostOutgoingDatagramStream> (2)",
            "changed <sockets::WasiSocketsCtxView as p2:sockets::udp::HostUdpSocket> (14)",
            "changed <sockets::WasiSocketsCtxView as p2:sync::sockets::udp::HostUdpSocket> (14)",
            "added <sockets::WasiSocketsCtxView as p2:sync::sockets::udp_create_socket::Host> (1)",
            "added <std::net::Shutdown as From<p2:sockets::tcp::ShutdownType>> (1)",
        ]
    );
    assert_eq!(wit(&changes), [""; 0]);
    assert_eq!(
        manifest(&changes),
        [
            "gone cap-fs-ext",
            "added cap-fs-ext-avoid-using-this",
            "added cap-primitives",
            "gone cap-std",
            "gone cfg-if",
            "gone io-lifetimes",
        ]
    );
}

#[test]
fn bind_of_p3_moves_between_the_traits_of_a_socket_in_40() {
    let of_40 = public(&changes("39.0.1", "40.0.4"));
    for socket in ["Tcp", "Udp"] {
        let with_store = format!(
            "moved <sockets::WasiSockets as p3:sockets::types::Host{socket}SocketWithStore>::bind -> <sockets::WasiSocketsCtxView as p3:sockets::types::Host{socket}Socket>::bind"
        );
        assert!(of_40.contains(&with_store), "{of_40:#?}");
    }
}

#[test]
fn patches_of_one_line_change_little() {
    let of_47 = changes("47.0.0", "47.0.4");
    assert_eq!(public(&of_47), [""; 0]);
    assert_eq!(wit(&of_47), [""; 0]);
    // cap-std's primitives became a part of the crate in 48.0.3.
    assert_eq!(
        public(&changes("48.0.0", "48.0.8")),
        [
            "changed SystemTimeSpec",
            "gone <T as wasi_unstable::WasiUnstable>",
            "added <p1::WasiP1Ctx as wasi_unstable::WasiUnstable>",
            "gone <p3::bindings::filesystem::types::DescriptorType as From<cap_primitives::fs::FileType>>",
        ]
    );
}

#[test]
fn all_files_of_the_oldest_and_the_newest_release_are_read() {
    changes("38.0.4", "50.0.1");
}

#[test]
fn what_the_fork_s_code_uses_is_found() {
    let text = |path: &str, code: &str| ForkText {
        path: format!("patches/{path}"),
        crate_path: path.to_owned(),
        code: code.to_owned(),
    };
    let code = [
        text(
            "src/sockets/own.rs",
            "use super::util::udp_socket;\nuse tokio::net::TcpSocket;\nfn f(s: TcpSocket) { udp_socket(family); s.start_listen() }",
        ),
        text(
            "src/p2/tcp.rs",
            "match Self::try_write_portable(&self.stream, &mut bytes) {",
        ),
        text(
            "tests/a.rs",
            "use wash_wasi::sockets::SocketAddrUse as Use;\nfn f(asked: Use) -> bool {\n match asked {\n Use::UdpConnect => true, } }",
        ),
    ];
    let fork = ForkCode::of(&code, &["wasmtime_wasi", "wash_wasi"]);
    let old = Api::of(&release("47.0.4"));
    let changes = old.changes(&Api::of(&release("48.0.0")));
    let used = changes.used(&old, &fork).into_iter().map(|used| {
        let places = used
            .places
            .iter()
            .map(|place| format!("{}:{}", place.path, place.line));
        format!(
            "{} @ {}",
            line(&used.change),
            places.collect::<Vec<_>>().join(" ")
        )
    });
    let used: Vec<String> = used.collect();
    assert_eq!(
        used,
        [
            "gone p2::tcp::TcpReader::stream @ patches/src/p2/tcp.rs:1",
            "gone p2::tcp::TcpWriter::stream @ patches/src/p2/tcp.rs:1",
            "gone p2::tcp::TcpWriter::try_write_portable @ patches/src/p2/tcp.rs:1",
            "added sockets::SocketAddrUse::TcpAccept @ patches/tests/a.rs:4",
            "added sockets::SocketAddrUse::TcpListen @ patches/tests/a.rs:4",
            "gone sockets::SocketAddrUse::UdpConnect @ patches/tests/a.rs:4",
            "added sockets::SocketAddrUse::UdpReceive @ patches/tests/a.rs:4",
            "added sockets::SocketAddrUse::UdpSend @ patches/tests/a.rs:4",
            "gone sockets::util @ patches/src/sockets/own.rs:1",
            "gone sockets::util::udp_socket @ patches/src/sockets/own.rs:1 patches/src/sockets/own.rs:3",
        ]
    );
}
