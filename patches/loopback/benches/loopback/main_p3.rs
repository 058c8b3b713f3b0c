//! Measures the loopback network beside the system's own, as `loopback` does,
//! through the host's side of WASI P3. No targets are set for that.
#![allow(dead_code, reason = "what is shared with P2 is more than is used here")]

mod measure;
mod p2;
mod p3;
mod plane;
mod speed;

use measure::compare;
use plane::Plane;
use speed::{CONNECT, ROUND_TRIP, RUNTIMES, TARGETS};

fn main() {
    speed::heading("WASI P3");
    for target in &TARGETS {
        for name in RUNTIMES {
            // A store and what runs in it stay in one task, on one thread.
            let runtime = speed::runtime(name);
            let one = |plane| {
                let runtime = &runtime;
                move |count| match target.what {
                    CONNECT => runtime.block_on(p3::connects(plane, count)),
                    ROUND_TRIP => runtime.block_on(p3::round_trips(plane, count)),
                    _ => runtime.block_on(p3::writes(plane, target.size, count)),
                }
            };
            let most = target.most.min(1 << 16);
            let compared = compare(most, one(Plane::Virtual), one(Plane::System));
            speed::line(target.what, name, compared, "", true);
        }
    }
}
