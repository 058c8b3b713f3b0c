//! What the radar finds between upstream's real releases.

use changes::radar::{Known, Mirror, Radar, RadarItem, Release};
use semver::Version;

use super::release;

const MIRRORS: &str =
    include_str!("../../../../patches/shared/tests/loopback_stand_ins/mirrors.toml");

fn step(from: &str, to: &str) -> Vec<RadarItem> {
    let mirrors = Mirror::parse(MIRRORS).expect("a table");
    let radar = Radar {
        mirrors: &mirrors,
        patches: &[],
        rows: &[],
        known: &Known::default(),
    };
    let versions = [from, to].map(|text| text.parse::<Version>().expect("a version"));
    let trees = [release(from), release(to)];
    let [old, new] = [0, 1].map(|at| Release {
        version: &versions[at],
        tree: &trees[at],
    });
    let found = radar.step(old, new);
    assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
    found.items
}

/// Finds an item by the lines that upstream's fix put in or took out.
fn finds(from: &str, to: &str, item: &str, lines: &[&str]) {
    let found = step(from, to);
    let names: Vec<&str> = found.iter().map(|one| one.item.as_str()).collect();
    let one = found.iter().find(|one| one.item == item);
    let one = one.unwrap_or_else(|| panic!("{to}: {item} is not in {names:?}"));
    for line in lines {
        let is_there = one.diff.lines().any(|told| {
            let (sign, text) = told.split_at_checked(1).unwrap_or_default();
            *line == format!("{sign}{}", text.trim())
        });
        assert!(is_there, "{to}: {item} lacks {line} in\n{}", one.diff);
    }
}

#[test]
fn implicit_binds_are_permitted_by_the_host_since_47() {
    let listen = [
        "+if !socket.is_bound() {",
        "+.bind_addr(&socket_resource, implicit_addr)",
    ];
    finds("46.0.3", "47.0.4", "WasiSockets::listen", &listen);
    let check = "+if !is_addr_allowed(store, implicit_addr, SocketAddrUse::UdpBind).await {";
    finds("46.0.3", "47.0.4", "WasiSockets::send", &[check]);
}

#[test]
fn destinations_of_datagrams_are_validated_since_47() {
    let check =
        "+if is_valid_remote_address(addr) && is_valid_address_family(addr.ip(), self.family)";
    finds("46.0.3", "47.0.4", "UdpSocket::send_p3", &[check]);
}

#[test]
fn addresses_are_reused_since_43() {
    let lines = [
        "-if let Err(err) = sockopt::set_socket_reuseaddr(&socket, local_address.port() > 0) {",
        "+_ = sockopt::set_socket_reuseaddr(&socket, true);",
    ];
    finds("42.0.2", "43.0.2", "sockets::tcp_bind", &lines);
}

#[test]
fn a_broken_connection_is_an_error_since_44() {
    let lines = [
        "-Err(err) if err.kind() == std::io::ErrorKind::BrokenPipe => {",
        "+| std::io::ErrorKind::ConnectionAborted => ErrorCode::ConnectionBroken,",
    ];
    finds(
        "43.0.2",
        "44.0.3",
        "SendStreamConsumer::poll_consume",
        &lines,
    );
}

#[test]
fn connecting_needs_both_permissions_since_48_0_8() {
    let lines = [
        "-.is_err()",
        "+self.permissions.check(addr, SocketAddrUse::UdpSend).await?;",
    ];
    finds("48.0.7", "48.0.8", "UdpSocket::connect", &lines);
}

#[test]
fn a_reset_connection_keeps_its_remote_address_since_50() {
    let lines = ["+} => Ok(*peer),", "+*peer = Some(addr);"];
    finds("49.0.5", "50.0.1", "TcpSocket::remote_address", &lines);
}

#[test]
fn releases_that_changed_nothing_of_it_are_silent() {
    for (from, to) in [
        ("40.0.4", "41.0.4"),
        ("44.0.3", "45.0.3"),
        ("45.0.3", "46.0.3"),
        ("48.0.0", "48.0.7"),
    ] {
        let names = step(from, to).into_iter().map(|one| one.item);
        assert_eq!(names.collect::<Vec<_>>(), Vec::<String>::new(), "{to}");
    }
}

#[test]
fn a_rewrite_is_told_by_what_it_continues() {
    let found = step("47.0.4", "48.0.8");
    let was = |item: &str| found.iter().find(|one| one.item == item)?.was.as_deref();
    assert_eq!(was("udp::bind"), Some("sockets::udp_bind"));
    assert_eq!(was("TcpSocket::bind"), Some("TcpSocket::start_bind"));
    assert!(found.len() < 35, "{} findings", found.len());
}
