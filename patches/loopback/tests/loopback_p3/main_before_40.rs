//! The loopback network through the host's side of WASI P3, as it was before
//! release 40. What is tested is the same.

mod cancel;
mod checks;
mod host;
#[path = "../loopback_host/mod.rs"]
mod loopback_host;
#[path = "../loopback_udp/mod.rs"]
mod loopback_udp;
mod options;
#[path = "before_40.rs"]
mod release;
mod tcp;
mod udp;
