//! What the radar finds between upstream's real releases.

use changes::radar::{Mirror, Radar, Release};
use semver::Version;

use super::release;

const MIRRORS: &str =
    include_str!("../../../../patches/shared/tests/loopback_stand_ins/mirrors.toml");

fn step(from: &str, to: &str) -> Vec<String> {
    let mirrors = Mirror::parse(MIRRORS).expect("a table");
    let radar = Radar {
        mirrors: &mirrors,
        patches: &[],
        rows: &[],
    };
    let versions = [from, to].map(|text| text.parse::<Version>().expect("a version"));
    let trees = [release(from), release(to)];
    let [old, new] = [0, 1].map(|at| Release {
        version: &versions[at],
        tree: &trees[at],
    });
    let found = radar.step(old, new);
    assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
    found.items.into_iter().map(|found| found.item).collect()
}

#[test]
fn fixes_are_found_and_steps_without_any_are_silent() {
    for (from, to, item) in [
        ("42.0.2", "43.0.2", "sockets::tcp_bind"),
        ("46.0.3", "47.0.4", "TcpSocket::start_listen"),
        ("46.0.3", "47.0.4", "UdpSocket::send_p3"),
        ("48.0.0", "48.0.8", "UdpSocket::connect"),
        ("49.0.5", "50.0.1", "TcpSocket::remote_address"),
    ] {
        let found = step(from, to);
        assert!(
            found.iter().any(|f| f == item),
            "{to}: {item} is not in {found:?}"
        );
    }
    for (from, to) in [
        ("38.0.4", "39.0.2"),
        ("44.0.3", "45.0.3"),
        ("45.0.3", "46.0.3"),
    ] {
        assert_eq!(step(from, to), Vec::<String>::new(), "{to}");
    }
}
