//! Which entries of the watch list fire between upstream's real releases.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use changes::watch::{Finding, WatchList};
use support::release;

/// The newest patch of each line from the baseline on, and the patches of 48 that changed much.
const RELEASES: [&str; 15] = [
    "38.0.4", "39.0.2", "40.0.4", "41.0.0", "42.0.2", "43.0.2", "44.0.3", "45.0.3", "46.0.3",
    "47.0.4", "48.0.0", "48.0.3", "48.0.8", "49.0.5", "50.0.1",
];

fn steps() -> impl Iterator<Item = (&'static str, Vec<Finding>)> {
    RELEASES.windows(2).map(|step| {
        let (old, new) = (release(step[0]), release(step[1]));
        (step[1], WatchList::builtin().findings(&old, &new))
    })
}

#[test]
fn each_entry_fires_where_it_happened_and_nowhere_else() {
    let mut fired: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (release, findings) in steps() {
        for finding in findings {
            if std::env::var_os("SHOW").is_some() {
                println!("== {release} {} {}", finding.id, finding.total);
                for c in &finding.changes {
                    let show = |p: &changes::watch::Places| p.listed.iter().map(|p| format!("{}:{:?} {}", p.path, p.line, p.value)).collect::<Vec<_>>();
                    println!("   {:?} {} {:?} => {:?}", c.change, c.name, show(&c.old), show(&c.new));
                }
            }
            fired.insert((finding.id, release), finding.total);
        }
    }
    let mut matrix = String::new();
    for id in WatchList::builtin().ids() {
        write!(matrix, "{id:20}").expect("a string");
        for release in &RELEASES[1..] {
            let cell = fired.get(&(id.to_owned(), *release));
            let cell = cell.map_or_else(|| ".".to_owned(), usize::to_string);
            write!(matrix, "{cell:>7}").expect("a string");
        }
        matrix.push('\n');
    }
    println!("{matrix}");
}
