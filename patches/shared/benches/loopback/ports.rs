//! What it takes to find a free port, the more of them are taken.

use std::net::SocketAddr;
use std::time::Instant;

use super::measure::median;
use super::p2::{Guest, Socket};
use super::plane::{Plane, Shared};
use super::speed::runtime;

/// How many ports there are to choose from.
const PORTS: usize = 32_768;
const FILLED: [usize; 7] = [0, 25, 50, 75, 90, 99, 100];
const ROUNDS: usize = 9;
const TIMES: u32 = 500;

pub fn run() {
    println!("\nTo bind to port 0 and drop the socket, as ports fill\n");
    println!("| ports taken | loopback network | system, without WASI |");
    println!("| --- | ---: | ---: |");
    let network = Shared::default();
    let mut guest = Guest::new(&network);
    let mut taken: Vec<Socket> = Vec::new();
    let mut system: Vec<_> = Vec::new();
    let runtime = runtime("current-thread");
    for percent in FILLED {
        // One is left free.
        let wanted = (PORTS * percent / 100).min(PORTS - 1);
        let times = runtime.block_on(async {
            while taken.len() < wanted {
                let socket = guest.tcp();
                guest.bind(socket, Plane::Virtual.listen_at()).await;
                taken.push(socket);
            }
            let mut times = Vec::new();
            for _ in 0..ROUNDS {
                let start = Instant::now();
                for _ in 0..TIMES {
                    let socket = guest.tcp();
                    guest.bind(socket, Plane::Virtual.listen_at()).await;
                    guest.drop_socket(socket);
                }
                times.push(nanoseconds(start));
            }
            times
        });
        let beside = match on_system(&mut system, percent) {
            Some(nanoseconds) => format!("{nanoseconds:.0}"),
            None => "no more to be had".to_owned(),
        };
        println!("| {percent} % | {:.0} | {beside} |", median(times));
    }
}

fn nanoseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES)
}

/// Does the same with the system's ports, as many as it has and lets us have.
fn on_system(taken: &mut Vec<std::net::TcpListener>, percent: usize) -> Option<f64> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut range = range.split_whitespace().map(str::parse::<usize>);
    let (Some(Ok(first)), Some(Ok(last))) = (range.next(), range.next()) else {
        return None;
    };
    let ports = 1 + last - first;
    let bind = || std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).ok();
    // The others on this machine need some, too.
    while taken.len() < (ports * percent / 100).min(ports - 200) {
        taken.push(bind()?);
    }
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..TIMES {
            bind()?;
        }
        times.push(nanoseconds(start));
    }
    Some(median(times))
}
