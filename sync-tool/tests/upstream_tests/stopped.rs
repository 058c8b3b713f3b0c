//! Ctrl-C while tests run: exit code 130, and nobody left behind.

use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::*;
use crate::ends::is_gone;
use crate::world::Ran;

/// Says who it and its child are, and sleeps for good.
const STUCK: &str = "
#[test]
fn stuck() {
    let mut child = std::process::Command::new(\"sleep\").arg(\"100000\").spawn().unwrap();
    let path = std::env::var(\"PIDS\").unwrap();
    std::fs::write(format!(\"{path}.new\"), format!(\"{} {}\", std::process::id(), child.id())).unwrap();
    std::fs::rename(format!(\"{path}.new\"), path).unwrap();
    child.wait().unwrap();
}
";

/// Returns the signals that end a run: what Ctrl-C, a service manager, Ctrl-\\ and the
/// end of a terminal send. Below `nohup` the last is ignored, here as in the tool.
fn signals() -> Vec<Signal> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    let mut signals = vec![Signal::INT, Signal::TERM, Signal::QUIT];
    if ignored & 1 == 0 {
        signals.push(Signal::HUP);
    }
    signals
}

#[test]
fn an_interrupt_ends_the_tests_that_run() {
    for signal in signals() {
        let mut world = World::with(STUCK);
        let pids = world.dir("pids");
        world.var("PIDS", &pids.display().to_string());
        let mut command = world.command(&["test", "--filter", "stuck"]);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child: Child = child.unwrap();
        while !pids.exists() {
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            std::thread::sleep(Duration::from_millis(2));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap()).ended(130);
        assert!(ran.err.ends_with("error: interrupted\n"), "{ran}");
        assert_eq!(ran.out, "");
        for pid in std::fs::read_to_string(&pids).unwrap().split(' ') {
            assert!(is_gone(pid), "{pid} still runs");
        }
        let left = std::fs::read_dir(world.dir("tmp")).unwrap().count();
        assert_eq!(left, 0);
    }
}
