//! Models of what waits and wakes in the loopback network.
//!
//! Each is run in all orders of its threads' steps, but for those that need more changes
//! of thread at points where it could go on than the model's bound. A wake-up that is
//! lost shows as a deadlock, an unordered use of a cell as a data race.
//!
//! An argument names the models to run, by a part of their names.

#[path = "../src/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the models use a part")]
mod loopback;
mod models;
#[path = "../runtime.rs"]
#[allow(dead_code, reason = "the models use a part")]
mod runtime;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let chosen = models::ALL
        .iter()
        .filter(|(name, ..)| name.contains(&wanted));
    let mut count = 0;
    for (name, preemptions, model) in chosen {
        count += 1;
        let (started, runs) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = *preemptions;
        builder.max_branches = 10_000;
        let counter = Arc::clone(&runs);
        builder.check(move || {
            counter.fetch_add(1, Relaxed);
            model();
        });
        let (runs, took) = (runs.load(Relaxed), started.elapsed());
        println!("{name}: {runs} runs in {:.1} s", took.as_secs_f32());
    }
    assert!(count > 0, "no model has `{wanted}` in its name");
}
