//! Programs that get stuck, and the end of what a run has started.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::world::{Ran, World};

/// A shell's function by which a script and a child of its own sleep for good,
/// after it has said so in a file.
pub(crate) fn stuck(world: &World) -> String {
    let pids = pids(world).display().to_string();
    format!("stuck() {{ sleep 100000 & echo \"$$ $!\" > {pids}.new; mv {pids}.new {pids}; wait; }}")
}

fn pids(world: &World) -> PathBuf {
    world.path("pids")
}

/// A run that is stuck.
pub(crate) struct Stuck(Child);

impl Stuck {
    /// Starts a run, and waits until it is stuck.
    pub(crate) fn start(world: &World, args: &[&str]) -> Stuck {
        let mut command = world.command(args);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.expect("the program");
        while !pids(world).exists() {
            if child.try_wait().expect("a child").is_some() {
                panic!(
                    "never stuck: {:#?}",
                    Ran::from(child.wait_with_output().expect("output"))
                );
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Stuck(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Sends a signal to the program alone, as a terminal does that has nobody else
    /// in its foreground, and checks that all that it started ends with it.
    pub(crate) fn end(self, world: &World, signal: Signal) -> Ran {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, signal).expect("it runs");
        let ran = Ran::from(self.0.wait_with_output().expect("output"));
        let text = std::fs::read_to_string(pids(world)).expect("the stuck ones");
        std::fs::remove_file(pids(world)).expect("it goes");
        for pid in text.split_whitespace() {
            // What it was sent has come, but the system may take a moment.
            for _ in 0..20_000 {
                if !runs(pid) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            assert!(!runs(pid), "{pid} still runs");
        }
        ran
    }
}

fn runs(pid: &str) -> bool {
    if !Path::new("/proc/self/stat").exists() {
        let pid = pid.parse().ok().and_then(Pid::from_raw);
        return pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok());
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|s| !s.contains(") Z "))
}
