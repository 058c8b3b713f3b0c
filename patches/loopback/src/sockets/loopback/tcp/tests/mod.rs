#[path = "../../../../../tests/loopback_release/p2.rs"]
mod calls;
mod model;
mod ops;
#[path = "../../../../../tests/loopback_host/p2.rs"]
#[allow(dead_code, reason = "the tests of the crate use the rest")]
mod p2;
mod planes;

/// By this name the tests of the crate know what they test.
use crate as wash;
