//! What a host is asked for each use in release 47.
#![allow(dead_code, reason = "each test uses a part of it")]

/// Whether sockets can be made where a host says nothing of it.
pub const CREATED_BY_DEFAULT: bool = true;

/// Whether a socket whose connect was denied is of no more use.
pub const DENIED_CONNECT_CLOSES: bool = false;
/// Whether a host of P3 looks at the address that a datagram is sent to.
pub const UDP_SEND_IS_CHECKED: bool = true;

pub const TCP_LISTEN: &[&str] = &[];
pub const TCP_ACCEPT: &[&str] = &[];
/// Of a socket that is not bound.
pub const TCP_CONNECT: &[&str] = &["TcpConnect"];
pub const UDP_CONNECT: &[&str] = &["UdpConnect"];
/// Each of what a host has to deny for a connect to be denied: parts of names.
pub const UDP_CONNECT_DENIED_BY: &[&str] = &["UdpConnect"];
pub const UDP_SEND: &[&str] = &["UdpOutgoingDatagram"];
/// To the peer, which is not named again.
pub const UDP_SEND_CONNECTED: &[&str] = &[];
/// Of a socket that is not bound.
pub const UDP_SEND_UNBOUND: &[&str] = &["UdpOutgoingDatagram", "UdpBind"];
pub const UDP_RECEIVE: &[&str] = &[];
