//! Programs that may crash, hang or print without end: what they leave is ended,
//! and no more of what they print is kept than people read.

use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{Call, Group, end_group};
use crate::error::{Error, Result};
use crate::ports::host::Host;

/// How many bytes of each stream are kept: the last ones.
const KEPT: usize = 1 << 20;

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
        host.run(async {
            let child = self.command().spawn().map_err(|e| self.not_started(e))?;
            let mut group = Group::of(child);
            let result = group.limited(limit).await;
            result.map_err(|e| {
                Error::general(format!("cannot talk to `{}`: {e}", self.line())).caused_by(e)
            })
        })
    }
}

impl Group {
    async fn limited(&mut self, limit: Duration) -> std::io::Result<Limited> {
        // It reads nothing: what is not there ends at once.
        drop(self.child.stdin.take());
        let leader = self.child.id();
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
            end_group(leader);
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
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
}
