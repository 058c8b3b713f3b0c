//! Tests of the network through the host's interface, with what tests alone can use.

#[path = "../../../../tests/loopback_release/p2.rs"]
mod calls;
mod model;
mod ops;
#[path = "../../../../tests/loopback_host/p2.rs"]
#[allow(dead_code, reason = "the tests of the crate use the rest")]
mod p2;

use std::sync::{Arc, Mutex};

/// By this name the tests of the crate know what they test.
use crate as wash;
use crate::p2::bindings::sockets::network::ErrorCode;
use crate::sockets::loopback::{Network, TcpSocket};
use p2::Host;

/// Its time is short in unit tests. As on Linux, a connect that nobody makes place for
/// is not waited for without end.
#[tokio::test]
async fn a_connect_to_a_full_backlog_is_given_up_in_the_end() {
    let network = Arc::<Mutex<Network>>::default();
    let mut socket = TcpSocket::new(&network, false);
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let to = listener.local_addr().unwrap();
    let mut host = Host::new(&network);
    host.connected(to).await.unwrap();
    let waits = host.tcp(false);
    assert_eq!(host.connect(waits, to).await, Err(ErrorCode::Timeout));
}
