//! Which tests are run.

use super::*;

#[test]
fn all_pass_with_both_feature_sets() {
    let world = World::with("");
    let ran = world.run(&["test"]).ended(0);
    shown!(ran.out, @r"
    With p1,p2: 6 of 6 parts built in [time], tested in [time]
                         passed  ignored
      p1                      1        0
      p2                      1        1
      p2 sockets              1        0
      unit                    1        0
      doc                     1        0
      other                   1        0
      the fork's own          1        0
      all                     7        1
    With p1,p2,p3: 5 of 6 parts built in [time], tested in [time]
                         passed  ignored
      p1                      1        0
      p2                      1        1
      p2 sockets              1        0
      p3 sockets              1        0
      unit                    1        0
      doc                     1        0
      other                   1        0
      the fork's own          1        0
      all                     8        1
    13 of 13 tests of upstream 41.0.0 pass on 1.0.0, and 2 of 2 of its own
    Time: fetch [time], workspace [time], test [time]
    ");
    // Results come as tests end, in no order; what is done comes in one.
    let (mut passed, steps): (Vec<&str>, Vec<&str>) =
        ran.err.lines().partition(|line| line.starts_with("pass "));
    passed.sort_unstable();
    let steps: Vec<&str> = steps
        .into_iter()
        .filter(|l| !l.starts_with("fetching"))
        .collect();
    shown!(steps.join("\n"), @r"
    laying out upstream's workspace
    building the tests of wash-wasi with p1,p2
    running tests with p1,p2
    ignored all p2::p2_cli_terminal
    running the doc tests of wash-wasi
    building the tests of wash-wasi with p1,p2,p3
    running tests with p1,p2,p3
    ignored all p2::p2_cli_terminal
    running the doc tests of wash-wasi
    ");
    shown!(passed.join("\n"), @r"
    pass all p1::p1_guest_runs
    pass all p1::p1_guest_runs
    pass all p2::p2_random
    pass all p2::p2_random
    pass all p2::p2_tcp_bind
    pass all p2::p2_tcp_bind
    pass all p3::p3_sockets_udp_connect
    pass doc crates/wash-wasi/src/lib.rs - is_fork (line 5)
    pass doc crates/wash-wasi/src/lib.rs - is_fork (line 5)
    pass loopback it_is_the_fork
    pass loopback it_is_the_fork
    pass process_stdin process_stdin
    pass process_stdin process_stdin
    pass unit tests::it_knows_what_it_is
    pass unit tests::it_knows_what_it_is
    ");
    // Nothing of it is recorded, and nothing built a second time.
    assert!(
        world
            .read("manifest.lock")
            .contains("upstream-tests = \"skipped")
    );
    let again = world.run(&["test", "--filter", "p3_"]).ended(0);
    shown!(again.out, @r"
    With p1,p2: nothing to build in [time], tested in [time]
                         passed
      all                     0
    With p1,p2,p3: nothing to build in [time], tested in [time]
                         passed
      p3 sockets              1
      all                     1
    1 of 1 tests of upstream 41.0.0 pass on 1.0.0
      only tests with `p3_` in their names ran
    Time: fetch [time], workspace [time], test [time]
    ");
}

#[test]
fn what_is_not_there_is_no_success() {
    let world = World::with("");
    let filter = ["test", "--filter", "p4_"];
    world
        .run(&filter)
        .ended(2)
        .says(&["no test has `p4_` in its name", "leave out `--filter`"]);
    world
        .run(&["test", "--features", "p1", "--filter", "doc"])
        .ended(0)
        .says(&[
            "pass doc crates/wash-wasi/src/lib.rs - is_fork",
            "1 of 1 tests",
        ]);
    let features = ["test", "--features", "p1,p4,p5"];
    world
        .run(&features)
        .ended(2)
        .says(&["no feature `p4`, `p5`", "it has default, p0, p1, p2, p3"]);
    world.expect("    { name = \"p2_gone\", reason = \"gone\" },\n");
    let ran = world.run(&["test"]).ended(12);
    ran.says(&[
        "stale manifest.toml:",
        "`p2_gone` is expected to fail, and no test has that name; correct it, or remove the row",
    ]);
    // A part of the tests says nothing of the others.
    world.run(&["test", "--filter", "p2_"]).ended(0);
    world.run(&["test", "--features", "p1,p2"]).ended(0);
}

#[test]
fn an_edited_tree_is_tested_and_called_so() {
    let world = World::with("");
    let lib = world.read("vendor/wash-wasi/src/lib.rs");
    world.write(
        "vendor/wash-wasi/src/lib.rs",
        lib.replace("!env!", "true || env!"),
    );
    let ran = world.run(&["test", "--filter", "p1_", "--features", ""]);
    let ran = ran
        .ended(0)
        .says(&["vendor/wash-wasi is not as locked (1 file)"]);
    drop(ran);
    std::fs::remove_dir_all(world.path("vendor/wash-wasi")).unwrap();
    world
        .run(&["test"])
        .ended(10)
        .says(&["there is no vendored tree", "wash-wasi-sync vendor"]);
}
