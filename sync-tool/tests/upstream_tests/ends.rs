//! How tests end: well, badly, as expected, not at all.

use super::*;
use crate::world::verdicts;

/// Tests that end in every way, most of them on the fork alone. The one that hangs
/// leaves a child behind, which must end with it, and says which one that is.
const ALL_WAYS: &str = r#"
#[test]
fn fails_on_the_fork() {
    println!("what it printed: Address already in use (os error 98)");
    assert!(!is_fork(), "the fork is another");
}

#[test]
fn fails_everywhere() {
    panic!("Network is unreachable (os error 101)");
}

#[test]
fn aborts_on_the_fork() {
    eprintln!("its last words");
    if is_fork() {
        std::process::abort();
    }
}

#[test]
fn leaves_early_on_the_fork() {
    if is_fork() {
        std::process::exit(0);
    }
}

#[test]
fn hangs_on_the_fork() {
    if is_fork() {
        let mut child = std::process::Command::new("sleep").arg("100000").spawn().unwrap();
        std::fs::write(std::env::var("PIDS").unwrap(), child.id().to_string()).unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn leaves_a_child() {
    let child = std::process::Command::new("sleep").arg("100000").spawn().unwrap();
    std::fs::write(std::env::var("LEFT").unwrap(), child.id().to_string()).unwrap();
}

#[test]
fn known_to_fail() {
    assert!(!is_fork());
}

#[test]
fn passes_again() {}

#[cfg(feature = "p3")]
mod p3_only {
    #[test]
    fn p3_http_is_not_run() {}
}
"#;

const ROWS: &str = r#"    { name = "known_to_fail", reason = "the fork differs here" },
    { name = "all passes_again", reason = "it failed once" },
    { name = "process_stdin", reason = "fixed upstream", until = "41.0.0" },
"#;

#[test]
fn every_end_is_told_apart_and_nothing_is_left_behind() {
    let mut world = World::with(ALL_WAYS);
    world.expect(ROWS);
    for name in ["PIDS", "LEFT"] {
        let path = world.dir(name).display().to_string();
        world.var(name, &path);
    }
    let junit = world.dir("junit.xml").display().to_string();
    let line = [
        "test",
        "--features",
        "p1,p2",
        "--time-limit",
        "10",
        "--junit",
        &junit,
    ];
    let ran = world.run(&line).ended(12);
    for name in ["PIDS", "LEFT"] {
        let pid = std::fs::read_to_string(world.dir(name)).unwrap();
        assert!(is_gone(&pid), "{name}: {pid} still runs");
    }
    shown!(ran.out, @r"
    FAILED all aborts_on_the_fork (p1,p2): signal 6 (SIGABRT)
        running 1 test
        its last words

    machine all fails_everywhere (p1,p2): failed, and with upstream's own crate too
        likely: the machine has no route to an outside address; a default route is enough, nothing is sent far

    FAILED all fails_on_the_fork (p1,p2): failed
        likely: a port is taken: by another program, or by a socket that did not give it back; run the test alone with `--filter`; if it fails there too, the loopback network keeps a port
        running 1 test
        what it printed: Address already in use (os error 98)
        test fails_on_the_fork ... FAILED

        failures:

        failures:
            fails_on_the_fork

        test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 11 filtered out; finished in [time]
        thread 'fails_on_the_fork' ([id]) panicked at crates/wash-wasi/tests/all/main.rs:34:5:
        the fork is another

    FAILED all hangs_on_the_fork (p1,p2): no end within 10 s
        running 1 test

    expected failure all known_to_fail (p1,p2): the fork differs here

    FAILED all leaves_early_on_the_fork (p1,p2): ended without telling a result
        running 1 test

    unexpected pass all passes_again (p1,p2): expected to fail (it failed once): remove it from manifest.toml:47:5

    stale manifest.toml:48:5: `process_stdin` was expected to fail before 41.0.0, and this is 41.0.0; correct it, or remove the row

    With p1,p2: 6 of 6 parts built in [time], tested in [time]
                         passed   failed unexpected expected  machine  ignored
      p1                      1        0          0        0        0        0
      p2                      1        0          0        0        0        1
      p2 sockets              1        0          0        0        0        0
      unit                    1        0          0        0        0        0
      doc                     1        0          0        0        0        0
      other                   2        4          1        1        1        0
      the fork's own          1        0          0        0        0        0
      all                     8        4          1        1        1        1
      upstream's own crate on 5 failed tests: 1 failed there too
    7 of 14 tests of upstream 41.0.0 pass on 1.0.0, and 1 of 1 of its own
    Time: fetch [time], workspace [time], test [time]
    ");
    let results: Vec<&str> = ran.err.lines().filter(|l| l.starts_with("FAIL ")).collect();
    assert_eq!(results.len(), 5, "{ran}");
    insta::assert_snapshot!(junit_of(&junit), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="upstream 41.0.0 on 1.0.0" tests="17" skipped="3" failures="6" errors="0">
        <testsuite name="unit (p1,p2)" tests="1" skipped="0" errors="0" failures="0">
            <testcase name="tests::it_knows_what_it_is" classname="unit (p1,p2)"/>
        </testsuite>
        <testsuite name="all (p1,p2)" tests="12" skipped="3" errors="0" failures="5">
            <testcase name="aborts_on_the_fork" classname="all (p1,p2)">
                <failure message="signal 6 (SIGABRT)" type="failed"/>
            </testcase>
            <testcase name="fails_everywhere" classname="all (p1,p2)">
                <skipped message="failed; with upstream&apos;s own crate too"/>
            </testcase>
            <testcase name="fails_on_the_fork" classname="all (p1,p2)">
                <failure message="failed" type="failed"/>
            </testcase>
            <testcase name="hangs_on_the_fork" classname="all (p1,p2)">
                <failure message="no end within 10 s" type="failed"/>
            </testcase>
            <testcase name="known_to_fail" classname="all (p1,p2)">
                <skipped message="expected to fail: the fork differs here"/>
            </testcase>
            <testcase name="leaves_a_child" classname="all (p1,p2)"/>
            <testcase name="leaves_early_on_the_fork" classname="all (p1,p2)">
                <failure message="ended without telling a result" type="failed"/>
            </testcase>
            <testcase name="p1::p1_guest_runs" classname="all (p1,p2)"/>
            <testcase name="p2::p2_cli_terminal" classname="all (p1,p2)">
                <skipped message="ignored"/>
            </testcase>
            <testcase name="p2::p2_random" classname="all (p1,p2)"/>
            <testcase name="p2::p2_tcp_bind" classname="all (p1,p2)"/>
            <testcase name="passes_again" classname="all (p1,p2)">
                <failure message="it passes, and is expected to fail: it failed once" type="unexpected pass"/>
            </testcase>
        </testsuite>
        <testsuite name="loopback (p1,p2)" tests="1" skipped="0" errors="0" failures="0">
            <testcase name="it_is_the_fork" classname="loopback (p1,p2)"/>
        </testsuite>
        <testsuite name="process_stdin (p1,p2)" tests="1" skipped="0" errors="0" failures="0">
            <testcase name="process_stdin" classname="process_stdin (p1,p2)"/>
        </testsuite>
        <testsuite name="doc (p1,p2)" tests="1" skipped="0" errors="0" failures="0">
            <testcase name="crates/wash-wasi/src/lib.rs - is_fork (line 5)" classname="doc (p1,p2)"/>
        </testsuite>
        <testsuite name="expected failures" tests="1" skipped="0" errors="0" failures="1">
            <testcase name="process_stdin">
                <failure message="`process_stdin` was expected to fail before 41.0.0, and this is 41.0.0" type="stale">manifest.toml:48:5: `process_stdin` was expected to fail before 41.0.0, and this is 41.0.0; correct it, or remove the row</failure>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
    // The same again, for machines. Nothing is built: it is all there.
    let json = world
        .run(&[&line[..], &["--format", "json"]].concat())
        .ended(12)
        .json();
    let set = &json["sets"][0];
    assert_eq!(set["build"]["built"], 0, "{set:#}");
    assert!(set["build"]["fresh"].as_u64() > Some(0), "{set:#}");
    let verdicts: Vec<String> = verdicts(&json)
        .into_iter()
        .map(|(test, verdict)| format!("{verdict} {test}"))
        .collect();
    insta::assert_snapshot!(verdicts.join("\n"), @r"
    failed [other] all aborts_on_the_fork
    machine [other] all fails_everywhere
    failed [other] all fails_on_the_fork
    failed [other] all hangs_on_the_fork
    expected-failure [other] all known_to_fail
    passed [other] all leaves_a_child
    failed [other] all leaves_early_on_the_fork
    passed [p1] all p1::p1_guest_runs
    ignored [p2] all p2::p2_cli_terminal
    passed [p2] all p2::p2_random
    passed [p2-sockets] all p2::p2_tcp_bind
    unexpected-pass [other] all passes_again
    passed [doc] doc crates/wash-wasi/src/lib.rs - is_fork (line 5)
    passed [own] loopback it_is_the_fork
    passed [other] process_stdin process_stdin
    passed [unit] unit tests::it_knows_what_it_is
    ");
}

/// Tells whether a process has ended; what it was sent may take a moment to come.
pub(crate) fn is_gone(pid: &str) -> bool {
    let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
    let runs = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        match stat {
            Ok(stat) => !stat.contains(") Z "),
            Err(_) => {
                !std::path::Path::new("/proc/self/stat").exists()
                    && rustix::process::test_kill_process(pid).is_ok()
            }
        }
    };
    (0..20_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        !runs()
    })
}

/// Returns a JUnit file without what differs from run to run.
fn junit_of(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let without = |name: &str, text: &str| {
        let begin = format!(" {name}=\"");
        let mut parts = text.split(&begin);
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |all, part| all + part.split_once('"').unwrap().1)
    };
    let text = ["time", "timestamp", "uuid"]
        .iter()
        .fold(text, |text, name| without(name, &text));
    let lines = text.lines().filter(|line| {
        let line = line.trim_start();
        line.starts_with('<') && !line.starts_with("<system-out") && !line.contains("</system-out>")
    });
    lines.collect::<Vec<_>>().join("\n")
}
