//! What connections take that do nothing.

use super::measure::Verdicts;
use super::memory;
use super::p2::{End, Guest};
use super::plane::{Plane, Shared};
use super::speed::{self, runtime};

const CONNECTIONS: usize = 100_000;
/// To one listener go no more connections than there are ports to come from;
/// one that is gone still counts, as long as they live.
const EACH: usize = 25_000;
const TO_REACH: usize = 2_048;

pub struct Idle {
    pub guests: [Guest; 2],
    pub ends: Vec<[End; 2]>,
}

/// Makes connections between two guests on a network of theirs.
pub async fn connections(network: Shared, count: usize) -> Idle {
    let (mut client, mut server) = (Guest::new(&network), Guest::new(&network));
    let mut ends = Vec::with_capacity(count);
    while ends.len() < count {
        let (listener, address) = server.listener(Plane::Virtual, &network).await;
        for _ in 0..EACH.min(count - ends.len()) {
            let near = client.connect(address).await;
            ends.push([near, server.accept(listener).await]);
        }
    }
    let guests = [client, server];
    Idle { guests, ends }
}

fn descriptors() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}

/// Returns how many bytes of the process are in memory.
fn resident() -> Option<usize> {
    let figures = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = figures.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4_096)
}

pub fn run(verdicts: &mut Verdicts) {
    let runtime = runtime("current-thread");
    let (opened, before) = (descriptors(), resident());
    let (mut idle, bytes) =
        memory::held(|| speed::run(&runtime, connections(Shared::default(), CONNECTIONS)));
    // What the benchmark itself remembers of them is no part of it.
    let own = idle.ends.capacity() * size_of::<[End; 2]>();
    let each = (bytes - own) / CONNECTIONS;
    println!("\n{CONNECTIONS} idle connections, both ends and their table entries included\n");
    println!("{each} B each, of {TO_REACH}");
    if let (Some(before), Some(after)) = (before, resident()) {
        let each = after.saturating_sub(before + own) / CONNECTIONS;
        println!("{each} B each by what the process has in memory");
    }
    let more = opened
        .zip(descriptors())
        .map(|(before, after)| after - before);
    if let Some(more) = more {
        println!("{more} descriptors");
    }
    verdicts.add(format!("idle: {each} of {TO_REACH} B"), each <= TO_REACH);
    verdicts.add(
        format!("idle: {more:?} descriptors"),
        more.unwrap_or(0) == 0,
    );
    let [client, server] = &mut idle.guests;
    // They are alive.
    let [near, far] = idle.ends[CONNECTIONS - 1];
    runtime.block_on(async {
        client.write(near, b"awake").await;
        assert_eq!(server.read(far, 100).await, b"awake");
    });
}
