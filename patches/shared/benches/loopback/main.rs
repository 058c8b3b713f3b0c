//! Measures the loopback network beside the system's own loopback, through the
//! host's side of WASI P2, in one run.
//!
//! What is measured goes by turns: once on the loopback network, once on the
//! system, as often as there are rounds. Each figure is the median of its
//! rounds, each ratio the median of the rounds' ratios, so that what else a
//! machine does weighs on both alike.
//!
//! The system is reached through the same contexts: what listens is bound to
//! 0.0.0.0, and the network leaves its port to the host.
//!
//! `cargo bench` runs all of it; words after `--` choose sections by their
//! names: `p2`, `idle`, `ports`, `flat`. `ROUNDS` sets the rounds, and `ROW`
//! chooses the rows of `p2` that have it in their names.

#[path = "../../tests/loopback_release/p2.rs"]
mod calls;
mod flat;
mod idle;
mod measure;
mod memory;
mod p2;
mod plane;
mod ports;
mod speed;

use wash_wasi as wash;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

fn main() {
    // What cargo adds is no section.
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|word| word == name);
    let mut reached = measure::Verdicts::default();
    if is_chosen("p2") {
        speed::p2(&mut reached);
    }
    if is_chosen("idle") {
        idle::run(&mut reached);
    }
    if is_chosen("ports") {
        ports::run();
    }
    if is_chosen("flat") {
        flat::run(&mut reached);
    }
    reached.print();
}
