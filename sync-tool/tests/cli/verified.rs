//! Verification with the real cargo: what passes, and what does not and changes nothing.

use super::*;

#[test]
fn a_dry_run_tells_whether_the_tree_would_compile() {
    let world = World::vendored();
    let before = world.tree();
    let dry = "upgrade --to 42 --dry-run --check";
    let ran = world.run(dry).done();
    assert!(ran.out.contains("check of all targets: passed"), "{ran}");
    assert_eq!(differing(&before, &world.tree()), Vec::<String>::new());
    assert!(!world.path("patches/v42.0.0").exists());
    // Its patches apply, and yet a target that no build has does not compile.
    let test = "patches/loopback/tests/loopback.rs";
    world.edit(test, "#[test]", "const ODD: u8 = 256;\n\n#[test]");
    let ran = world.refused(dry, 12);
    assert!(ran.err.contains("literal out of range for `u8`"), "{ran}");
    assert!(ran.err.contains("this was a dry run"), "{ran}");
    assert_eq!(differing(&before, &world.tree()), Vec::<String>::new());
    world.refused("upgrade --to 42 --check", 2);
}

#[test]
fn a_unit_test_that_fails_with_upstreams_crate_too_is_the_machines_doing() {
    let world = World::vendored();
    let with_tests = |version: &str, more: &str| {
        world.tag(version, |sources| {
            let path = sources.join("src/random.rs");
            let tests = format!(
                "#[cfg(test)]\nmod tests {{\n    #[test]\n    fn of_the_machine() {{\n        \
                 assert!(std::env::var_os(\"ODD_MACHINE\").is_none());\n    }}\n{more}}}\n"
            );
            let text = std::fs::read_to_string(&path).unwrap();
            git_world::write(&path, format!("{text}\n{tests}"));
        });
    };
    with_tests("41.0.1", "");
    // A test that is there with the fork's changes alone.
    let network = "patches/loopback/src/sockets/loopback/mod.rs";
    let text = world.read(network);
    let more = "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn of_the_network() {}\n}\n";
    world.write(network, format!("{text}{more}"));
    let vars = [("ODD_MACHINE", "yes")];
    let args = |to| ["upgrade", "--to", to, "--no-upstream-tests"];
    let ran = world.run_in(&world.root(), &vars, &args("41.0.1")).done();
    let said = "unit tests: passed, 2 tests, 1 failing with upstream's crate too";
    assert!(ran.out.contains(said), "{ran}");
    // What was built without the fork's changes is not taken for the fork the next time.
    let again = ["vendor", "--verify", "--no-upstream-tests"];
    let ran = world.run_in(&world.root(), &vars, &again).done();
    assert!(ran.out.contains(said), "{ran}");
    world.run("check").done();
    // What the fork's changes break is told, and that alone.
    with_tests(
        "41.0.2",
        "\n    #[test]\n    fn of_the_fork() {\n        \
         assert!(!include_str!(\"sockets/mod.rs\").contains(\"loopback\"));\n    }\n",
    );
    let ran = world
        .run_in(&world.root(), &vars, &args("41.0.2"))
        .ended(12);
    let failed = "the gate `unit` failed: 2 tests failed, 1 of them with upstream's crate too";
    assert!(ran.err.contains(failed), "{ran}");
    assert!(
        ran.err.contains("random::tests::of_the_fork` failed"),
        "{ran}"
    );
    assert!(!ran.err.contains("of_the_machine` failed"), "{ran}");
}

/// Writes rows of `expected-failures` into a world's manifest, in the place of others.
fn expect(world: &World, rows: &str) {
    let text = world.read("manifest.toml");
    let text = text.split("\n[tests]\n").next().unwrap();
    let rows = format!("{text}\n[tests]\nexpected-failures = [\n{rows}]\n");
    world.write("manifest.toml", rows);
}

#[test]
fn failures_are_expected_of_unit_tests_doc_tests_and_the_forks_own() {
    let world = World::vendored();
    world.tag("41.0.1", |sources| {
        let path = sources.join("src/random.rs");
        let text = std::fs::read_to_string(&path).unwrap();
        let more = "\n/// Is odd.\n///\n/// ```\n/// panic!();\n/// ```\npub fn odd() {}\n\n\
                    #[cfg(test)]\nmod tests {\n    #[test]\n    fn of_the_fork() {\n        \
                    assert!(!include_str!(\"sockets/mod.rs\").contains(\"loopback\"));\n    }\n}\n";
        git_world::write(&path, format!("{text}{more}"));
    });
    let own = "patches/loopback/tests/loopback.rs";
    let text = world.read(own);
    world.write(
        own,
        format!("{text}\n#[test]\nfn later() {{\n    panic!();\n}}\n"),
    );
    let upgrade = "upgrade --to 41.0.1 --no-upstream-tests";
    let rows = "    { name = \"unit random::tests::of_the_fork\", reason = \"the fork differs\" },\n    \
                { name = \"doc src/random.rs - random::odd\", reason = \"odd\" },\n    \
                { name = \"later\", reason = \"not yet\", until = \"42.0.0\" },\n";
    expect(&world, rows);
    let ran = world.run(upgrade).done();
    for gate in ["unit tests", "doc tests", "the fork's tests"] {
        let said = format!("{gate}: passed, 1 test, 1 expected to fail");
        assert!(ran.out.contains(&said), "{said}\n{ran}");
        // Nothing was asked of upstream's crate.
        assert!(!ran.err.contains("with upstream's crate"), "{ran}");
    }
    world.run("check").done();
    // Rows that do not hold are told, all at once. A name without a target may be that of
    // a test which these gates do not have.
    let more = "    { name = \"there_is_a_version\", reason = \"of another\" },\n    \
                { name = \"unit tests::there_is_a_version\", reason = \"it failed once\" },\n    \
                { name = \"loopback gone\", reason = \"gone\" },\n    \
                { name = \"over\", reason = \"over\", until = \"41.0.0\" },\n";
    expect(&world, &format!("{rows}{more}"));
    let ran = world.refused("vendor --verify --no-upstream-tests", 12);
    for said in [
        "1 gate failed",
        "unit tests: 1 test failed, 1 of them as expected, 1 test passed against expectation",
        "unit tests::there_is_a_version (p1,p2,p3) passes, and is expected to fail",
        "remove it from the expected failures",
        "`loopback gone` is expected to fail, and no test has that name",
        "`over` was expected to fail before 41.0.0, and this is 41.0.1",
    ] {
        assert!(ran.err.contains(said), "{said}\n{ran}");
    }
    assert!(!ran.err.contains("`there_is_a_version`"), "{ran}");
}

#[test]
fn a_verified_upgrade_passes_and_the_lock_tells() {
    let world = World::vendored();
    let ran = world.run("upgrade --to 42 --no-upstream-tests").done();
    let verified = ran.out.split("Verified\n").nth(1).unwrap();
    shown!(verified, @r"
      build with p1, p2 and p3: passed ([time])
      build with p1 and p2: passed ([time])
      build with p0: passed ([time])
      build without features: passed ([time])
      unit tests: passed, 1 test ([time])
      doc tests: passed, 1 test ([time])
      the fork's tests: passed, 1 test ([time])
      upstream's tests: skipped: --no-upstream-tests
    Wrote: README.md, docs/differences.md, manifest.lock, manifest.toml, patches/locks/42.0.0.lock, patches/v42.0.0/README.md, patches/v42.0.0/files/src/sockets/loopback/ports.rs, patches/v42.0.0/src/sockets/mod.rs.patch, patches/v42.0.0/src/sockets/tcp.rs.patch
    Time: resolve [time], fetch [time], prepare [time], fetch [time], prepare [time], merge [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    ");
    let lock = world.read("manifest.lock");
    let gates = lock.split("[gates]").nth(1).unwrap();
    shown!(gates.split("[inputs]").next().unwrap(), @r#"
    build-no-features = "passed"
    build-p0 = "passed"
    build-p1-p2 = "passed"
    build-p1-p2-p3 = "passed"
    doc = "passed, 1 test"
    fork-tests = "passed, 1 test"
    unit = "passed, 1 test"
    upstream-tests = "skipped: --no-upstream-tests"
    "#);
    shown!(world.run("check"), @r"
    exit 0
    The sync is correct. vendor/wash-wasi at 2.0.0-rc.7 is upstream 42.0.0 with the fork's changes, as locked: 14 files, digest [digest]
    Intentional differences from upstream:
      src/sockets/mod.rs: the loopback is asked before the host
        components of one workload talk without the host's network
      src/sockets/tcp.rs: a socket knows whether it is of the loopback
        the host must not be asked for what only the loopback has
    note: upstream's own tests did not run on the tree (skipped: --no-upstream-tests); to run them: `wash-wasi-sync vendor --verify`, with upstream from git
    ");
    // What passed is not forgotten where the very same tree is made again.
    world.run("vendor").done();
    assert_eq!(lock, world.read("manifest.lock"));
    // A version that another lock was made for is no reason not to build.
    let args = [
        "upgrade",
        "--to",
        "42",
        "--no-upstream-tests",
        "--fork-version",
        "3.0.0",
    ];
    world.run_args(&args).done();
    world.run("check").done();
}

#[test]
fn a_failing_test_changes_nothing() {
    let world = World::vendored();
    world.edit(
        "patches/loopback/tests/loopback.rs",
        "!host.is_loopback()",
        "host.is_loopback()",
    );
    let before = world.see();
    shown!(world.run("upgrade --to 42 --html ../page.html"), @r"
    exit 12
    --- stderr
    listing the tags of [upstream]
    fetching v42.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    making the crate's Cargo.lock
    build with p1, p2 and p3
    build with p1, p2 and p3: passed
    build with p1 and p2
    build with p1 and p2: passed
    build with p0
    build with p0: passed
    build without features
    build without features: passed
    unit tests
    unit tests: passed, 1 test
    doc tests
    doc tests: passed, 1 test
    the fork's tests
    the fork's tests: failed: 1 test failed
    error: the gate `fork-tests` failed: 1 test failed
      the test `both_networks_connect` failed
    help: the whole output is in [project]/vendor/.wash-wasi-sync/logs/fork-tests.log
    help: the pinned tree is untouched, and the upgrade is open: correct what was merged (`wash-wasi-sync conflicts` lists it), `wash-wasi-sync resolve`, then `wash-wasi-sync continue`
    help: or give it up: `wash-wasi-sync abort`
    ");
    // The tree was merged, so what is wrong may be the merge: it can be reviewed and corrected.
    assert!(world.read("../page.html").contains("src/sockets/mod.rs"));
    let merged = "vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs";
    world.edit(merged, "/// Connects", "/// Really connects");
    world.run("resolve").done();
    world.edit(
        "patches/loopback/tests/loopback.rs",
        "host.is_loopback()",
        "!host.is_loopback()",
    );
    world.run("continue").done();
    assert!(
        world
            .read("vendor/wash-wasi/src/sockets/mod.rs")
            .contains("Really connects")
    );
    assert_ne!(differing(&before, &world.see()), Vec::<String>::new());
}

#[test]
fn what_does_not_build_changes_nothing() {
    let world = World::vendored();
    world.edit(
        "patches/loopback/src/sockets/loopback/mod.rs",
        "ports::FIRST",
        "ports::LAST",
    );
    shown!(world.refused("upgrade --to 38.0.4", 12), @r"
    exit 12
    --- stderr
    fetching v38.0.4 of [upstream]
    fetching 6 files of [upstream]
    formatting
    making the crate's Cargo.lock
    build with p1, p2 and p3
    build with p1, p2 and p3: failed: it does not compile (1 error)
    build with p1 and p2
    build with p1 and p2: failed: it does not compile (1 error)
    build with p0
    build with p0: failed: it does not compile (1 error)
    build without features
    build without features: failed: it does not compile (1 error)
    error: 4 gates failed
      build with p1, p2 and p3: it does not compile (1 error)
        help: the whole output is in [project]/vendor/.wash-wasi-sync/logs/build-p1-p2-p3.log
      error[E0425]: cannot find value `LAST` in module `ports`
       --> src/sockets/loopback/mod.rs:9:21
        |
      9 |     (port >= ports::LAST).then(|| {
        |                     ^^^^ not found in `ports`
      build with p1 and p2: it does not compile (1 error)
        help: the whole output is in [project]/vendor/.wash-wasi-sync/logs/build-p1-p2.log
      build with p0: it does not compile (1 error)
        help: the whole output is in [project]/vendor/.wash-wasi-sync/logs/build-p0.log
      build without features: it does not compile (1 error)
        help: the whole output is in [project]/vendor/.wash-wasi-sync/logs/build-no-features.log
    help: to edit the tree, put it in place unverified (`upgrade --no-verify`, or `vendor`); `wash-wasi-sync refresh` keeps the edits
    help: nothing was changed; fix it, then run the same command again
    ");
    let error = world.refused("vendor --verify --format json", 12).error();
    assert_eq!(error["kind"], "verification");
    assert_eq!(error["faults"].as_array().unwrap().len(), 5);
}
