//! `forecast`: what upgrades to the next releases would come to.

use serde_json::Value;

use super::world::Ran;
use super::*;

/// Returns what is printed, without the version of the Rust here.
fn told(ran: &Ran) -> String {
    let text = ran.to_string();
    let (head, rest) = text.split_once("Rust here: ").unwrap();
    let (_, rest) = rest.split_once(')').unwrap();
    format!("{head}Rust here){rest}")
}

#[test]
fn each_release_has_a_row_and_nothing_is_written() {
    let world = World::vendored();
    let before = world.see();
    shown!(told(&world.run("forecast --to 43")), @r"
    exit 11
    Forecast from upstream 41.0.0 (Rust here)
      release   fit                changed lines files          Rust needed
      42.0.0    merged (38.0.1)    13            +0 −0 ~4       1.85
        src/sockets/mod.rs merges (lines 2)
      43.0.0    conflicts (38.0.1)               +0 −0 ~4       1.85
        src/sockets/mod.rs conflicts in 1 place: fn connect
        1 open radar item: sockets::connect
    for more: `wash-wasi-sync report --from 41.0.0 --to 43.0.0`
    --- stderr
    listing the tags of [upstream]
    fetching v42.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    fetching v43.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    formatting
    ");
    world.same_as(&before);
    let json = world.run("forecast --to 44 --format json").ended(11).json();
    let rows = json["rows"].as_array().unwrap();
    let versions: Vec<&Value> = rows.iter().map(|row| &row["upstream"]).collect();
    assert_eq!(versions, ["42.0.0", "43.0.0", "44.0.0"]);
    let gone = &rows[2];
    assert_eq!(gone["fit"], "conflicts", "{gone}");
    assert_eq!(gone["protected"][0]["what"], "gone", "{gone}");
    assert_eq!(gone["files"]["patched"]["gone"], 1, "{gone}");
    world.run("forecast --to 42").done();
    // A release whose files no rule names is told, and the others are told all the same.
    let json = world.run("forecast --format json").done().json();
    assert_eq!(json["rows"][3]["fit"], "unknown", "{json}");
    world.run("forecast --from 38.0.1 --to 41 --every").done();
}

#[test]
fn what_is_no_later_release_is_refused() {
    let world = World::new();
    shown!(world.run("forecast --from 43 --to 41"), @r"
    exit 2
    --- stderr
    listing the tags of [upstream]
    error: 41.0.0 comes before 43.0.0: a forecast looks ahead
    help: give the earlier one first: `--from 41.0.0 --to 43.0.0`
    ");
    shown!(world.run("forecast --to 99.0.0"), @r"
    exit 13
    --- stderr
    listing the tags of [upstream]
    fetching v99.0.0 of [upstream]
    reading the registry's index
    error: [upstream] has no tag v99.0.0
    help: of those that it has, nearest are v45.0.0, v44.0.0, v43.0.0
    ");
    shown!(world.run("forecast --to main"), @r"
    exit 2
    --- stderr
    listing the tags of [upstream]
    error: `main` is no release, and branches are read from a clone alone
    help: give a release, such as v41.0.0, 41 or latest
    help: or clone upstream, `git clone --bare URL DIR`, and give `--upstream DIR`
    ");
    shown!(told(&world.run("forecast --from 44.0.0 --to 44.0.0")), @r"
    exit 0
    Forecast from upstream 44.0.0 (Rust here)
      there is no later release
    --- stderr
    listing the tags of [upstream]
    fetching v44.0.0 of [upstream]
    fetching 13 files of [upstream]
    formatting
    ");
}

#[test]
fn a_branch_is_looked_at_and_the_first_bad_commit_found() {
    let world = World::new();
    world.tag("46.0.0", |_| {});
    let git = &world.both.git;
    git.git(&["branch", "next"]);
    let clone = git.upstream().display().to_string();
    let line = format!("forecast --to next --bisect --upstream {clone} --format json");
    let json = world.run(&line).done().json();
    let rows = json["rows"].as_array().unwrap();
    let last = rows.last().unwrap();
    assert_eq!(
        (&last["upstream"], &last["reference"]),
        (&"46.0.0".into(), &"next".into())
    );
    assert_eq!(last["commit"], git.git(&["rev-parse", "next"]).trim());
    let broken = json["broken"].as_array().unwrap();
    let subjects: Vec<(&Value, &Value)> = broken
        .iter()
        .map(|one| (&one["path"], &one["commit"]["subject"]))
        .collect();
    assert_eq!(
        subjects,
        [
            (&"src/sockets/mod.rs".into(), &"42.0.0".into()),
            (&"src/sockets/tcp.rs".into(), &"44.0.0".into()),
        ]
    );
    let ran = world
        .run(&format!("forecast --to no-such --upstream {clone}"))
        .ended(13);
    assert!(ran.err.contains("`no-such` of"), "{ran}");
    let ran = world.run("forecast --to 42 --bisect").done();
    assert!(
        ran.out.contains("give its path, `--upstream PATH`"),
        "{ran}"
    );
}

#[test]
fn candidates_are_told_of_where_they_are_asked_for() {
    let world = World::new();
    let candidate = "46.0.0-rc.1";
    world.tag(candidate, |_| {});
    let package = |version| world.both.packaged_by_cargo(version);
    let packages = ["41.0.0", "42.0.0"].map(|version| (version, package(version)));
    let mut packages = packages.to_vec();
    packages.push(("46.0.0-rc.1!", package(candidate)));
    world.both.publish(&packages);
    let last = |line: &str| {
        let json = world.run(line).json();
        json["rows"].as_array().unwrap().last().unwrap().clone()
    };
    let plain = last("forecast --source registry --format json");
    assert_eq!(plain["upstream"], "42.0.0");
    let pre = last("forecast --source registry --pre --format json");
    assert_eq!(
        (&pre["upstream"], &pre["yanked"]),
        (&"46.0.0-rc.1".into(), &true.into())
    );
    assert_ne!(pre["fit"], "unknown", "{pre}");
}
