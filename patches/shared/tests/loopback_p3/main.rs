//! The loopback network through the host's side of WASI P3. How that is called
//! depends on the release; what is tested is the same.

#[path = "../loopback_release"]
mod release {
    pub mod p3;
    pub mod p3_listen;
    pub mod p3_send;
    pub mod p3_store;
}
mod suite;

use suite::host::State;
#[allow(unused_imports, reason = "sending needs it from release 43 on")]
use suite::host::last::Last;
#[allow(unused_imports, reason = "listening needs it from release 40 on")]
use suite::loopback_host::calls;
use suite::loopback_host::p2::at_once;
