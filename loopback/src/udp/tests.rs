//! What the system's side of a socket tells the runtime.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::task::{Context, Waker};

use super::shared::send_now;

/// A full queue of the system is hard to come by with UDP on one machine. `tokio`
/// handles a socket of another family alike, and that of this one is soon full.
#[tokio::test]
async fn a_socket_that_cannot_send_is_not_writable() {
    let (near, far) = UnixDatagram::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let socket = UdpSocket::from(OwnedFd::from(near));
    let socket = tokio::net::UdpSocket::from_std(socket).unwrap();
    socket.writable().await.unwrap();
    let full = loop {
        if let Err(error) = send_now(&socket, b"x", None) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(socket.poll_send_ready(&mut cx).is_pending());
    // The system says when there is room.
    far.set_nonblocking(true).unwrap();
    while far.recv(&mut [0]).is_ok() {}
    socket.writable().await.unwrap();
    assert_eq!(send_now(&socket, b"x", None).unwrap(), 1);
}
