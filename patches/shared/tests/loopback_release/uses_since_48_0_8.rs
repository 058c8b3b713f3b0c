//! What a host is asked for each use from releases 48.0.8, 49.0.5 and 50.0.1 on.
#![allow(dead_code, reason = "each test uses a part of it")]

/// Whether sockets can be made where a host says nothing of it.
pub const CREATED_BY_DEFAULT: bool = false;

/// Whether a socket whose connect was denied is of no more use.
pub const DENIED_CONNECT_CLOSES: bool = true;
/// Whether a host of P3 looks at the address that a datagram is sent to.
pub const UDP_SEND_IS_CHECKED: bool = true;

pub const TCP_LISTEN: &[&str] = &["TcpListen"];
pub const TCP_ACCEPT: &[&str] = &["TcpAccept"];
/// Of a socket that is not bound.
pub const TCP_CONNECT: &[&str] = &["TcpBind", "TcpConnect"];
pub const UDP_CONNECT: &[&str] = &["UdpSend", "UdpReceive"];
/// Each of what a host has to deny for a connect to be denied: parts of names.
pub const UDP_CONNECT_DENIED_BY: &[&str] = &["UdpSend", "UdpReceive"];
pub const UDP_SEND: &[&str] = &["UdpSend"];
/// To the peer, which is not named again.
pub const UDP_SEND_CONNECTED: &[&str] = &["UdpSend"];
/// Of a socket that is not bound.
pub const UDP_SEND_UNBOUND: &[&str] = &["UdpBind", "UdpSend"];
pub const UDP_RECEIVE: &[&str] = &["UdpReceive"];
