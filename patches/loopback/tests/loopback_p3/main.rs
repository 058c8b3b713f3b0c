//! The loopback network through the host's side of WASI P3, as it is from
//! release 40 on.

mod cancel;
mod checks;
mod host;
#[path = "../loopback_host/mod.rs"]
mod loopback_host;
#[path = "../loopback_udp/mod.rs"]
mod loopback_udp;
mod options;
#[path = "since_40.rs"]
mod release;
mod tcp;
mod udp;
