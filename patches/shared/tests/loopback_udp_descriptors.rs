//! What UDP sockets take of the system. There is one test only, because it
//! counts what the whole process has.
#![cfg(target_os = "linux")]

mod loopback_udp;

use loopback_udp::p2::Host;
use loopback_udp::{address, all_v4, network, v4, v6};

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test]
async fn descriptors_are_made_when_the_system_is_needed() {
    let network = network();
    let mut host = Host::new(&network);
    let before = descriptors();
    let mut sockets = Vec::new();
    for at in [v4(0), v6(0)] {
        for _ in 0..50 {
            sockets.push(host.udp(at.is_ipv6()));
            let mut socket = host.bound(at).await;
            let own = host.local(&socket).unwrap();
            host.stream(&mut socket, Some(own)).await.unwrap();
            host.send(&socket, b"x", None).await.unwrap();
            sockets.push(socket);
        }
    }
    assert_eq!(descriptors(), before);
    let both = host.bound(all_v4(0)).await;
    assert_eq!(descriptors(), before + 1);
    // A bind that fails leaves none.
    let failed = host.udp(false);
    assert!(host.bind(&failed, address("192.0.2.0:0")).await.is_err());
    assert_eq!(descriptors(), before + 1);
    host.close(both).await;
    drop(host);
    assert_eq!(descriptors(), before);
}
