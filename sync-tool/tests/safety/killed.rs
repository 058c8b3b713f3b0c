//! Runs that are killed: what the next run finds is the old state or the new one.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::world::{NEW, OLD, Ran, State, WORK, World};

/// What the next run says of a killed one that had decided nothing.
const OLD_KEPT: &str = "the project is as it was before that run";
/// What it says of one whose change it has finished.
const NEW_FINISHED: &str = "the project is as that run made it";
pub(crate) const UPGRADE: [&str; 4] = ["upgrade", "--no-verify", "--to", NEW];
const KILLS: u32 = 200;
/// How many runs are measured, to spread the kills over the slowest.
const MEASURED: u32 = 5;

/// What the next run found.
struct Found {
    is_new: bool,
    /// Whether it had something to end, and said so.
    told: bool,
}

/// The project before and after a command.
pub(crate) struct States {
    args: &'static [&'static str],
    pub old: State,
    pub new: State,
    /// What `check` ends with in the old state.
    old_code: i32,
}

impl States {
    /// Checks that the project is as it was or as it was to be, that the next run
    /// says which, that it is well, and that the same upgrade then succeeds.
    fn check(&self, world: &World, at: &str) -> Found {
        let said = world.run(&["status", "--offline"]).ends(0);
        let state = world.state();
        let is_new = state == self.new;
        if !is_new {
            assert_eq!(differing(&state, &self.old), [""; 0], "at {at}");
        }
        let told = self.says_which(&said, is_new, at);
        let checked = world.run(&["check"]);
        let code = if is_new { 0 } else { self.old_code };
        assert_eq!(checked.code, Some(code), "at {at}: {checked:#?}");
        assert!(
            !checked.err.contains("earlier run"),
            "at {at}: {checked:#?}"
        );
        Found { is_new, told }
    }

    /// Returns whether anything had to be ended, which is then said rightly.
    fn says_which(&self, said: &Ran, is_new: bool, at: &str) -> bool {
        let [old, new] = [OLD_KEPT, NEW_FINISHED].map(|part| said.err.contains(part));
        let wrong = if is_new { old } else { new };
        assert!(!wrong, "at {at}: {said:#?}");
        let pinned = |state: &State| {
            let manifest = String::from_utf8(state["manifest.toml"].0.clone()).unwrap();
            let line = manifest.lines().find(|line| line.starts_with("version = "));
            line.unwrap().split('"').nth(1).unwrap().to_owned()
        };
        let to = pinned(if is_new { &self.new } else { &self.old });
        assert!(said.out.contains(&to), "at {at}: no {to} in {said:#?}");
        old || new
    }

    fn again(&self, world: &World, at: &str) {
        let again = world.run(self.args);
        assert_eq!(again.code, Some(0), "at {at}: {again:#?}");
        assert_eq!(differing(&world.state(), &self.new), [""; 0], "at {at}");
        let left: Vec<_> = world
            .left()
            .into_iter()
            .filter(|n| !n.starts_with('/'))
            .collect();
        assert_eq!(left, [""; 0], "at {at}");
    }
}

/// Returns the names of what is not the same in both.
pub(crate) fn differing(one: &State, other: &State) -> Vec<String> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differing = names.into_iter().filter(|n| one.get(*n) != other.get(*n));
    differing.cloned().collect()
}

/// Makes a world whose cargo answers at once, with that many files more in its
/// tree, and what an upgrade makes of it.
pub(crate) fn world(files: usize) -> (World, tempfile::TempDir, States) {
    let mut world = World::unmade();
    for n in 0..files {
        let path = format!("crates/wasi/src/many/{n}.rs");
        crate::git_world::write(&world.both.git.upstream().join(path), format!("// {n}\n"));
    }
    for release in [OLD, NEW] {
        world.release(release);
    }
    // The lock of a crate without dependencies needs no resolving, only its name.
    let cargo = world.script(
        "cargo",
        "for a; do case $p in --manifest-path) d=${a%/*};; esac; p=$a; done\n\
         sed -i s/wasmtime-wasi/wash-wasi/ \"$d/Cargo.lock\"",
    );
    world.var("CARGO", cargo);
    world.run(&["vendor"]).ends(0);
    // The upgrade is to fetch and format anew.
    std::fs::remove_dir_all(world.path("cache")).unwrap();
    let before = world.copy();
    let old = world.state();
    world.run(&UPGRADE).ends(0);
    let new = world.state();
    let gone = differing(&old, &new);
    for changed in [
        "manifest.lock",
        "manifest.toml",
        "README.md",
        "vendor/fork/src/new.rs",
    ] {
        assert!(gone.iter().any(|n| n == changed), "{gone:?}");
    }
    let states = States {
        args: &UPGRADE,
        old,
        new,
        old_code: 0,
    };
    (world, before, states)
}

/// Returns how long an upgrade takes here and now. Nothing is asserted of it.
fn duration(world: &World, before: &std::path::Path) -> Duration {
    world.restore(before);
    let start = Instant::now();
    world.run(&UPGRADE).ends(0);
    start.elapsed()
}

/// Gives numbers that look like chance, the same in each run.
pub(crate) struct Seeded(pub u64);

impl Seeded {
    /// Returns a number from 0 to 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % 1000) as f64 / 1000.0
    }
}

#[test]
fn two_hundred_kills_leave_old_or_new() {
    // With files enough for kills to fall between the first and the last.
    let (world, before, states) = world(80);
    let whole = (0..MEASURED).map(|_| duration(&world, before.path()));
    let whole = whole.max().unwrap();
    // Who gets to the stage has fetched and formatted already.
    world.restore(before.path());
    world.run(&[&UPGRADE[..], &["--dry-run"]].concat()).ends(0);
    let cached = world.copy();
    let mut seeded = Seeded(0x2545_f491_4f6c_dd1d);
    let (mut old, mut new, mut told) = (0, 0, 0);
    for kill in 0..KILLS {
        // Every moment of a run has its turn, each a little off. Half of the kills
        // fall into the part that matters most: from the stage on.
        let part = (f64::from(kill / 2) + seeded.next()) / f64::from(KILLS / 2);
        let from_stage = kill % 2 == 1;
        world.restore(if from_stage {
            cached.path()
        } else {
            before.path()
        });
        let moment = whole.mul_f64(if from_stage { part / 10.0 } else { part });
        kill_at(&world, from_stage, moment);
        let at = format!("kill {kill}");
        let found = states.check(&world, &at);
        told += u32::from(found.told);
        match found.is_new {
            true => new += 1,
            false => old += 1,
        }
        if kill % 20 == 0 {
            states.again(&world, &at);
        }
    }
    assert_eq!(old + new, KILLS);
    eprintln!("{KILLS} kills over {whole:?}: {old} times old, {new} times new, {told} times amid");
}

/// Starts an upgrade and kills it some time after its start, or after it has begun
/// to stage, unless it has ended by then.
fn kill_at(world: &World, from_stage: bool, moment: Duration) {
    let mut command = world.command(&UPGRADE);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    let stage = world.project().join(WORK).join("stage");
    while from_stage && !stage.exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(feature = "failpoints")]
pub(crate) mod at_points {
    use std::collections::BTreeMap;
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;
    use crate::world::{CONFLICTING, NEXT};

    pub(crate) type Point = (String, usize);

    /// Runs to the end and returns the points that were passed, in order.
    fn points(world: &World, args: &[&str], code: i32) -> Vec<Point> {
        points_without(world, args, code, "")
    }

    /// The same without something that not every system has.
    pub(crate) fn points_without(
        world: &World,
        args: &[&str],
        code: i32,
        what: &str,
    ) -> Vec<Point> {
        let log = world.path("points");
        // There is none before the first run.
        let _ = std::fs::remove_file(&log);
        let mut command = world.command(args);
        let ran = command
            .env("WASH_WASI_SYNC_FAIL_LOG", &log)
            .env("WASH_WASI_SYNC_WITHOUT", what)
            .output()
            .unwrap();
        Ran::from(ran).ends(code);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let names = std::fs::read_to_string(&log).unwrap();
        let points = names.lines().map(|name| {
            let count = counts.entry(name.to_owned()).or_default();
            *count += 1;
            (name.to_owned(), *count)
        });
        points.collect()
    }

    fn die_at(world: &World, args: &[&str], (name, nth): &Point) {
        let mut command = world.command(args);
        let fail = command.env("WASH_WASI_SYNC_FAIL", format!("{name}:{nth}"));
        let output = fail.output().unwrap();
        assert_eq!(output.status.signal(), Some(6), "{name}:{nth}: {output:?}");
    }

    #[test]
    fn an_upgrade_killed_at_any_point_is_old_or_new() {
        let (world, before, states) = world(0);
        world.restore(before.path());
        let points = points(&world, &UPGRADE, 0);
        let [staged, sealed, done] = ["stage.made", "journal.sealed", "journal.removed"]
            .map(|point| points.iter().position(|(name, _)| name == point).unwrap());
        for part in [
            "git-cache.",
            "rustfmt-cache.",
            "stage.",
            "times.",
            "commit.",
            "swap.",
        ] {
            assert!(
                points.iter().any(|(name, _)| name.starts_with(part)),
                "{points:?}"
            );
        }
        for (index, point) in points.iter().enumerate() {
            world.restore(before.path());
            die_at(&world, &UPGRADE, point);
            let at = format!("{point:?}");
            let found = states.check(&world, &at);
            assert_eq!(found.is_new, index >= sealed, "at {at}");
            // Before there is a stage and after all is done there is nothing to end.
            let is_amid = (staged..done).contains(&index);
            assert_eq!(found.told, is_amid, "at {at}");
            states.again(&world, &at);
        }
        eprintln!(
            "killed at {} points, {sealed} of them before it was decided",
            points.len()
        );
    }

    #[test]
    fn a_refresh_killed_at_any_point_is_old_or_new() {
        let world = World::new();
        let edited = format!("{}/src/sockets/mod.rs", crate::world::TREE);
        world.edit(
            &edited,
            "pub mod loopback;",
            "pub mod loopback;\npub mod more;",
        );
        let owned = format!("{}/src/sockets/loopback.rs", crate::world::TREE);
        world.edit(&owned, "Ours", "All ours");
        let (before, old) = (world.copy(), world.state());
        world.run(&["check"]).ends(10);
        let points = points(&world, &["refresh"], 0);
        let states = States {
            args: &["refresh"],
            old,
            new: world.state(),
            old_code: 10,
        };
        assert!(differing(&states.old, &states.new).len() >= 3);
        let [staged, sealed, done] = ["stage.made", "journal.sealed", "journal.removed"]
            .map(|point| points.iter().position(|(name, _)| name == point).unwrap());
        for (index, point) in points.iter().enumerate() {
            world.restore(before.path());
            die_at(&world, &["refresh"], point);
            let at = format!("{point:?}");
            let found = states.check(&world, &at);
            assert_eq!(found.is_new, index >= sealed, "at {at}");
            // Before there is a stage and after all is done there is nothing to end.
            let is_amid = (staged..done).contains(&index);
            assert_eq!(found.told, is_amid, "at {at}");
            states.again(&world, &at);
        }
    }

    #[test]
    fn a_download_killed_at_any_point_is_old_or_new() {
        let (world, before, states) = world(0);
        let package = world.both.packaged_by_cargo(NEXT);
        world.both.publish(&[(NEXT, package)]);
        let args = [
            "upgrade",
            "--no-verify",
            "--source",
            "registry",
            "--to",
            NEXT,
        ];
        world.restore(before.path());
        let points = points(&world, &args, 0);
        let points = points
            .iter()
            .filter(|(name, _)| name.starts_with("registry-cache."));
        let mut killed = 0;
        for point in points {
            world.restore(before.path());
            die_at(&world, &args, point);
            assert!(!states.check(&world, &format!("{point:?}")).is_new);
            world.run(&args).ends(0);
            world.run(&["check"]).ends(0);
            killed += 1;
        }
        assert!(killed >= 4, "{killed}");
    }

    /// Runs a command that is killed at each point, and again, and then what ends the
    /// upgrade: what was decided before is still there, and the end is the same.
    fn killed_everywhere(world: &World, args: &[&str], code: i32, end: &dyn Fn(&World)) -> usize {
        let before = world.copy();
        let old = world.state();
        let points = points(world, args, code);
        let after = world.state();
        end(world);
        let new = world.state();
        for point in &points {
            world.restore(before.path());
            die_at(world, args, point);
            let at = format!("{args:?} at {point:?}");
            world.run(&["status", "--offline"]).ends(0);
            let state = world.state();
            assert!(
                state == old || state == after,
                "{at}: {:?}",
                differing(&state, &old)
            );
            let again = world.run(args);
            // What was in place already is not done twice.
            let is_done = matches!(again.code, Some(1 | 11));
            assert!(again.code == Some(code) || is_done, "{at}: {again:#?}");
            end(world);
            assert_eq!(differing(&world.state(), &new), [""; 0], "{at}");
            world.run(&["check"]).ends(0);
        }
        world.restore(before.path());
        points.len()
    }

    #[test]
    fn an_open_upgrade_killed_at_any_point_keeps_what_was_decided() {
        let (world, ..) = world(0);
        let open = world.project().join(WORK).join("conflicts/state.json");
        let upgrade = ["upgrade", "--no-verify", "--to", CONFLICTING];
        let resolve = ["resolve", "src/sockets/mod.rs", "--theirs"];
        let end = |world: &World| {
            if open.exists() {
                world.run(&resolve).ends(0);
                world.run(&["continue", "--no-verify"]).ends(0);
            }
        };
        let mut killed = killed_everywhere(&world, &upgrade, 11, &end);
        world.run(&upgrade).ends(11);
        killed += killed_everywhere(&world, &resolve, 0, &end);
        world.run(&resolve).ends(0);
        let go_on = |world: &World| {
            if open.exists() {
                world.run(&["continue", "--no-verify"]).ends(0);
            }
        };
        killed += killed_everywhere(&world, &["continue"], 0, &go_on);
        let sent = world.path("sent").display().to_string();
        world.run(&["conflicts", "export", &sent]).ends(0);
        killed += killed_everywhere(&world, &["abort"], 0, &|_| {});
        world.run(&["abort"]).ends(0);
        killed += killed_everywhere(&world, &["conflicts", "import", &sent], 0, &go_on);
        assert!(killed >= 40, "{killed}");
    }
}
