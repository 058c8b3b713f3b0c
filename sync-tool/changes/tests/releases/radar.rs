//! What the radar finds between upstream's real releases.

use changes::radar::{Findings, Mirror, Radar, Release};
use semver::Version;

use super::release;

const MIRRORS: &str = include_str!("../../../../patches/shared/tests/loopback_stand_ins/mirrors.toml");

fn step(from: &str, to: &str) -> Findings {
    let mirrors = Mirror::parse(MIRRORS).expect("a table");
    let radar = Radar {
        mirrors: &mirrors,
        patches: &[],
        rows: &[],
    };
    let versions = [from, to].map(|text| text.parse::<Version>().expect("a version"));
    let trees = [release(from), release(to)];
    let [old, new] = [0, 1].map(|at| Release {
        version: &versions[at],
        tree: &trees[at],
    });
    let begin = std::time::Instant::now();
    let found = radar.step(old, new);
    let names: Vec<_> = found.items.iter().map(|found| found.item.as_str()).collect();
    println!("{from} -> {to}: {} in {:?}: {}", names.len(), begin.elapsed(), names.join(" "));
    found
}

#[test]
fn steps() {
    let all = ["38.0.4", "39.0.2", "40.0.4", "41.0.0", "42.0.2", "43.0.2", "44.0.3", "45.0.3",
        "46.0.3", "47.0.4", "48.0.0", "48.0.8", "49.0.5", "50.0.1"];
    for pair in all.windows(2) {
        let found = step(pair[0], pair[1]);
        if std::env::var_os("RADAR_DIFF").is_some() {
            for f in found.items { println!("== {} {}\n{}", pair[1], f.item, f.diff); }
        }
    }
}
