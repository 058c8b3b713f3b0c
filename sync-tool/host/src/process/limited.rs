//! Programs that may crash, hang or print without end: what they leave is ended,
//! and no more of what they print is kept than people read.

use std::cell::{Cell, RefCell};
use std::process::ExitStatus;
use std::time::Duration;

use recipe::error::{Error, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Call, Group, Outcome, Stream, end_group};
use crate::Host;

/// How many bytes of each stream are kept: the last ones.
const MAX_KEPT: usize = 1 << 20;

/// How long what a program has left behind may still hold its streams.
const GRACE: Duration = Duration::from_secs(2);

/// What a program did that had a limit.
#[derive(Debug, Clone)]
pub struct Limited {
    /// How it ended; `None` where it had to be ended.
    pub status: Option<ExitStatus>,
    /// The last of what it printed.
    pub stdout: String,
    /// The last of what it complained of.
    pub stderr: String,
    /// How long it ran.
    pub duration: Duration,
}

impl Call {
    /// Runs a program that must end within a time. Ended or not, nothing of its
    /// group runs when this returns.
    ///
    /// # Errors
    ///
    /// Fails where the program cannot be started or the run is interrupted. One that
    /// does not end in time is no error here.
    pub fn run_limited(self, host: &Host, limit: Duration) -> Result<Limited> {
        host.status.detail(&format!("running {}", self.line()));
        host.run(self.limited(limit))
    }

    /// Runs programs, some at a time, each as [`Call::run_limited`] does, and hands on
    /// what each did as it ends, with its place in the list.
    ///
    /// # Errors
    ///
    /// The first of a program's; the others are ended then.
    pub fn run_each(
        calls: Vec<Call>,
        host: &Host,
        limit: Duration,
        concurrency: usize,
        mut ended: impl FnMut(usize, Limited),
    ) -> Result<()> {
        host.run(async {
            let mut waiting = calls.into_iter().enumerate();
            // Dropped, it ends what runs.
            let mut running = JoinSet::new();
            loop {
                while running.len() < concurrency.max(1)
                    && let Some((i, call)) = waiting.next()
                {
                    host.status.detail(&format!("running {}", call.line()));
                    running.spawn(async move { (i, call.limited(limit).await) });
                }
                match running.join_next().await {
                    None => return Ok(()),
                    Some(Ok((i, limited))) => ended(i, limited?),
                    Some(Err(e)) => {
                        let message = format!("a program cannot be followed: {e}");
                        return Err(Error::general(message).caused_by(e));
                    }
                }
            }
        })
    }

    async fn limited(self, limit: Duration) -> Result<Limited> {
        let begun = Instant::now();
        let mut group = self.start()?;
        let result = group.limited(limit).await;
        let limited = result.map_err(|e| {
            Error::general(format!("cannot talk to `{}`: {e}", self.line())).caused_by(e)
        })?;
        Ok(Limited {
            duration: begun.elapsed(),
            ..limited
        })
    }
}

impl Call {
    /// Runs a program as [`Call::run_lines`] does, unless it is silent for a time: it
    /// is ended then, with its group, and there is no outcome.
    ///
    /// # Errors
    ///
    /// As [`Call::run_lines`].
    pub fn run_lines_within(
        self,
        host: &Host,
        silence: Duration,
        mut on_line: impl FnMut(Stream, &str),
    ) -> Result<Option<Outcome>> {
        host.status.detail(&format!("running {}", self.line()));
        host.run(async {
            let mut group = self.start()?;
            let heard = Cell::new(Instant::now());
            let on_line = RefCell::new(|stream, line: &str| {
                heard.set(Instant::now());
                on_line(stream, line);
            });
            let too_long = async {
                while heard.get().elapsed() < silence {
                    tokio::time::sleep_until(heard.get() + silence).await;
                }
            };
            tokio::select! {
                result = group.drive(Vec::new(), &on_line) => result.map(Some).map_err(|e| {
                    Error::general(format!("cannot talk to `{}`: {e}", self.line())).caused_by(e)
                }),
                () = too_long => Ok(None),
            }
        })
    }
}

impl Group {
    async fn limited(&mut self, limit: Duration) -> std::io::Result<Limited> {
        // It reads nothing: what is not there ends at once.
        drop(self.child.stdin.take());
        let id = self.id();
        let mut printed = (Vec::new(), Vec::new());
        let (stdout, stderr) = (self.child.stdout.take(), self.child.stderr.take());
        let status = {
            let gather = async {
                tokio::try_join!(keep(stdout, &mut printed.0), keep(stderr, &mut printed.1))
            };
            tokio::pin!(gather);
            let mut gathered = false;
            let status = tokio::time::timeout(limit, async {
                loop {
                    tokio::select! {
                        status = self.child.wait() => break status,
                        read = &mut gather, if !gathered => {
                            read?;
                            gathered = true;
                        }
                    }
                }
            });
            let status = status.await.ok().transpose()?;
            // Also what outlives its leader: a test leaves nothing behind.
            end_group(id);
            self.ended = status.is_some();
            if !gathered && let Ok(read) = tokio::time::timeout(GRACE, gather).await {
                read?;
            }
            status
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Limited {
            status,
            stdout: text(printed.0),
            stderr: text(printed.1),
            duration: Duration::ZERO,
        })
    }
}

/// Reads a pipe to its end and keeps the last of it.
async fn keep(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) -> std::io::Result<()> {
    let Some(mut pipe) = pipe else {
        return Ok(());
    };
    let mut part = vec![0; 16 << 10];
    loop {
        let count = pipe.read(&mut part).await?;
        if count == 0 {
            return Ok(());
        }
        kept.extend_from_slice(&part[..count]);
        if kept.len() > 2 * MAX_KEPT {
            kept.drain(..kept.len() - MAX_KEPT);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Environment, Silent};

    const SOON: Duration = Duration::from_millis(300);
    const NEVER: Duration = Duration::from_secs(100_000);

    fn host() -> Host {
        let vars = std::env::vars_os().filter(|(name, _)| name == "PATH");
        Host::new(Environment::new("/", vars), Arc::new(Silent)).expect("a host")
    }

    fn shell(script: &str) -> Call {
        Call::new("sh", "install a shell").args(["-c", script])
    }

    #[test]
    fn of_what_is_printed_without_end_the_last_is_kept() {
        let script = "echo first; while :; do echo 0123456789012345678901234567890123456789; done";
        let limited = shell(script).run_limited(&host(), SOON).unwrap();
        assert!(limited.status.is_none());
        assert!(limited.stdout.len() <= 2 * MAX_KEPT + (16 << 10));
        assert!(limited.stdout.contains("0123456789"));
    }

    #[test]
    fn what_a_program_leaves_is_ended_and_its_own_end_counts() {
        let script = "sleep 100000 & echo $!; exit 3";
        let limited = shell(script).run_limited(&host(), NEVER).unwrap();
        assert_eq!(limited.status.and_then(|status| status.code()), Some(3));
        let child = limited.stdout.trim().parse().unwrap();
        let child = rustix::process::Pid::from_raw(child).unwrap();
        let is_there = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.as_raw_nonzero()));
            stat.map_or_else(
                |_| {
                    !std::path::Path::new("/proc/self").exists()
                        && rustix::process::test_kill_process(child).is_ok()
                },
                |stat| !stat.contains(") Z "),
            )
        };
        while is_there() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn each_of_many_is_told_with_its_place_in_the_list() {
        let calls = (0..7).map(|n| shell(&format!("exit {n}"))).collect();
        let mut codes = vec![None; 7];
        let told = |i: usize, limited: Limited| codes[i] = limited.status.and_then(|s| s.code());
        Call::run_each(calls, &host(), NEVER, 3, told).unwrap();
        assert_eq!(codes, (0..7).map(Some).collect::<Vec<_>>());
        let missing = vec![shell("sleep 100000"), Call::new("/no/such/program", "none")];
        assert!(Call::run_each(missing, &host(), NEVER, 2, |_, _| {}).is_err());
    }

    #[test]
    fn a_program_that_is_silent_too_long_is_ended() {
        let mut lines = Vec::new();
        let heard = |_: Stream, line: &str| lines.push(line.to_owned());
        let silent = shell("echo a; sleep 100000").run_lines_within(&host(), SOON, heard);
        assert!(silent.unwrap().is_none());
        assert_eq!(lines, ["a"]);
        let done = shell("exit 4").run_lines_within(&host(), NEVER, |_, _| {});
        assert_eq!(done.unwrap().unwrap().status.code(), Some(4));
    }
}
