//! The loopback network through the host's side of WASI P3, as it was in
//! release 39. What is tested is the same.

#[path = "release/calls_before_40.rs"]
mod calls;
#[path = "release/stores_since_39.rs"]
mod stores;
mod suite;
