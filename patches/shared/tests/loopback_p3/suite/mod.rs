//! The tests, the same for all releases.

mod cancel;
mod checks;
mod fair;
pub mod host;
#[path = "../../loopback_host/mod.rs"]
pub mod loopback_host;
#[path = "../../loopback_udp/mod.rs"]
mod loopback_udp;
mod options;
mod reach;
mod tcp;
mod udp;
