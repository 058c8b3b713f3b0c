//! How tests end: well, badly, as expected, not at all.

use crate::world::verdicts;

use super::*;

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
    { name = "process_stdin", reason = "mended upstream", until = "41.0.0" },
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
    shown!(ran.out, @"");
    let results: Vec<&str> = ran.err.lines().filter(|l| l.starts_with("FAIL ")).collect();
    assert_eq!(results.len(), 5, "{ran}");
    insta::assert_snapshot!(junit_of(&junit), @"");
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
    insta::assert_snapshot!(verdicts.join("\n"), @"");
}

/// Tells whether a process has ended; what it was sent may take a moment to come.
pub fn is_gone(pid: &str) -> bool {
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
