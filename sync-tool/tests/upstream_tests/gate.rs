//! Upstream's tests as a gate of `upgrade` and `vendor --verify`.

use super::*;

/// Fails on the fork, and only there.
const FAILS: &str = "
#[test]
fn p2_udp_send() {
    assert!(!is_fork());
}
";

fn gate(world: &World) -> String {
    let lock = world.read("manifest.lock");
    let line = lock.lines().find(|line| line.starts_with("upstream-tests"));
    line.unwrap_or_default().to_owned()
}

#[test]
fn an_upgrade_runs_them_and_the_lock_tells() {
    let world = World::with("");
    let ran = world.run(&["upgrade", "--to", "42"]).ended(0);
    let verified = ran.out.split("Verified\n").nth(1).unwrap();
    shown!(verified, @r"
      build with p1, p2 and p3: passed ([time])
      build with p1 and p2: passed ([time])
      build with p0: passed ([time])
      build without features: passed ([time])
      unit tests: passed, 1 test ([time])
      doc tests: passed, 1 test ([time])
      the fork's tests: passed, 1 test ([time])
      upstream's tests: passed, 13 of 13 tests ([time])
    Wrote: manifest.lock, manifest.toml, patches/locks/42.0.0.lock
    Time: resolve [time], fetch [time], prepare [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    ");
    assert_eq!(gate(&world), "upstream-tests = \"passed, 13 of 13 tests\"");
    // The very same tree has passed, whether they are run again or not.
    world
        .run(&["vendor", "--verify", "--no-upstream-tests"])
        .ended(0);
    assert_eq!(gate(&world), "upstream-tests = \"passed, 13 of 13 tests\"");
    world.run(&["check"]).ended(0);
}

#[test]
fn a_failing_one_changes_nothing() {
    let world = World::with(FAILS);
    let before = world.read("manifest.lock");
    let ran = world.run(&["upgrade", "--to", "42"]).ended(12);
    let ran = ran.says(&[
        "1 of upstream's 7 tests fail on the fork",
        "all p2_udp_send (p1,p2): failed",
        // The staged tree is gone: what the test printed is all that is left of it.
        "assertion failed: !is_fork()",
        "nothing was changed",
    ]);
    drop(ran);
    assert_eq!(before, world.read("manifest.lock"));
    let ran = world
        .run(&["upgrade", "--to", "42", "--no-upstream-tests"])
        .ended(0);
    ran.says(&["upstream's tests were not run on the fork: --no-upstream-tests"]);
    assert_eq!(
        gate(&world),
        "upstream-tests = \"skipped: --no-upstream-tests\""
    );
    world
        .run(&["check"])
        .ended(0)
        .says(&["upstream's own tests did not run on the tree (skipped: --no-upstream-tests)"]);
    world.run(&["vendor", "--locked"]).ended(0);
}

#[test]
fn a_machine_that_cannot_build_them_upgrades_all_the_same() {
    let mut world = World::with("");
    let empty = world.dir("empty").display().to_string();
    world.rustc_says(&empty);
    world.run(&["upgrade", "--to", "42"]).ended(0).says(&[
        "warning: upstream's tests were not run on the fork: the targets wasm32-wasip1 and",
        "upstream's tests: skipped: the targets wasm32-wasip1 and",
    ]);
    assert!(gate(&world).starts_with("upstream-tests = \"skipped: the targets"));
}

#[test]
fn test_programs_that_cannot_be_reached_are_no_failure_of_the_tree() {
    // The crate's files are in the cache, those of the test programs never were.
    let world = World::with("");
    let ran = world
        .run(&["vendor", "--verify", "--offline"])
        .ended(0)
        .says(&["upstream's tests were not run on the fork:", "--offline"]);
    drop(ran);
    assert!(gate(&world).starts_with("upstream-tests = \"skipped: "));
    // Where they are what is asked for, it is one.
    world.run(&["test", "--offline"]).ended(13);
}
