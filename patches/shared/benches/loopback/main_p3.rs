//! Measures the loopback network beside the system's own, as `loopback` does,
//! through the host's side of WASI P3. No targets are set for that.
#![allow(dead_code, reason = "what is shared with P2 is more than is used here")]

#[path = "../../tests/loopback_p3/suite/host/last.rs"]
mod last;
mod measure;
mod p2;
mod p3;
mod plane;
mod speed;

/// How the host is called in this release.
#[path = "../../tests/loopback_release"]
mod release {
    use wash_wasi as wash;

    pub mod p2;
    pub mod p3;
    pub mod p3_listen;
    pub mod p3_send;
    pub mod p3_store;
}

#[allow(unused_imports, reason = "sending needs it from release 43 on")]
use last::Last;
use measure::compare;
use p3::{State, at_once};
use plane::Plane;
use release::p2 as calls;
use speed::{Kind, RUNTIMES, TARGETS};

fn main() {
    speed::heading("WASI P3");
    let is_new = |kind| !matches!(kind, Kind::Connect { before: 1.. });
    for target in TARGETS.iter().filter(|target| is_new(target.kind)) {
        for name in RUNTIMES {
            // A store and what runs in it stay in one task, on one thread.
            let runtime = speed::runtime(name);
            let one = |plane| {
                let runtime = &runtime;
                move |count| match target.kind {
                    Kind::Connect { .. } => runtime.block_on(p3::connects(plane, count)),
                    Kind::RoundTrip => runtime.block_on(p3::round_trips(plane, count)),
                    Kind::Write(size) => runtime.block_on(p3::writes(plane, size, count)),
                }
            };
            let often = target.often.clone();
            let compared = compare(often, one(Plane::Virtual), one(Plane::System));
            speed::line(target.what, name, compared, None);
        }
    }
}
