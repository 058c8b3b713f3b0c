//! A program with everything that it starts: one group of processes, which ends with
//! the run, however that ends.

use std::io;
use std::process::Stdio;

use tokio::process::{Child, Command};

/// Waits for the end of its input, whose other end the run alone holds, and ends its
/// group: the run was killed then, and ended nothing itself.
#[cfg(unix)]
const WATCH: [&str; 2] = ["-c", "read _; kill -s KILL 0"];

/// A child and everything it starts; what still runs when this is dropped is ended.
pub(super) struct Group {
    pub(super) child: Child,
    /// The leader of the group; without a shell the child is that.
    watch: Option<Child>,
    pub(super) ended: bool,
}

impl Group {
    /// Starts a program in a group of its own: Ctrl-C reaches it through the run, with
    /// its children.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        // First, so that there is no moment in which nobody watches.
        let watch = watch();
        #[cfg(unix)]
        command.process_group(
            watch
                .as_ref()
                .and_then(Child::id)
                .map_or(0, u32::cast_signed),
        );
        command.kill_on_drop(true);
        Ok(Group {
            child: command.spawn()?,
            watch,
            ended: false,
        })
    }

    /// Returns the group's number, while the child runs.
    pub(super) fn id(&self) -> Option<u32> {
        self.watch.as_ref().unwrap_or(&self.child).id()
    }
}

#[cfg(unix)]
fn watch() -> Option<Child> {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(WATCH)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    shell.spawn().ok()
}

#[cfg(not(unix))]
fn watch() -> Option<Child> {
    None
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.ended {
            end_group(self.id());
        }
        if let Some(watch) = &mut self.watch {
            // Before its input closes: a program that has ended may leave something on purpose.
            let _ = watch.start_kill();
        }
    }
}

/// Ends every process of a group.
#[cfg_attr(not(unix), allow(unused_variables, reason = "there are no groups"))]
pub(super) fn end_group(id: Option<u32>) {
    #[cfg(unix)]
    if let Some(pid) = id.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}
