//! The loopback network through the host's side of WASI P3, as it is from
//! release 40 on.

#[path = "release/calls_since_40.rs"]
mod calls;
#[path = "release/stores_since_39.rs"]
mod stores;
mod suite;
