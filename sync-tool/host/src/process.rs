//! Runs external programs: one way for all of them, with locale and colour pinned.

mod group;
mod limited;

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use group::{Group, end_group};
pub use limited::Limited;
use recipe::address::masked;
use recipe::error::{Error, Result};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::{Environment, Host};

/// An external program to run, with everything that decides what it does.
#[derive(Debug, Clone)]
pub struct Call {
    program: OsString,
    args: Vec<OsString>,
    dir: Option<PathBuf>,
    surroundings: Option<Vec<(OsString, OsString)>>,
    env: Vec<(OsString, Option<OsString>)>,
    stdin: Vec<u8>,
    missing: String,
}

/// Which of a program's outputs a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a program did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained of.
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// Tells whether the program said that it succeeded.
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// Returns stderr as text.
    pub fn complaint(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim().to_owned()
    }
}

impl Call {
    /// Makes a call; `missing` is the next step where the program is not installed.
    pub fn new(program: impl AsRef<OsStr>, missing: impl Into<String>) -> Self {
        let mut call = Call {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            dir: None,
            surroundings: None,
            env: Vec::new(),
            stdin: Vec::new(),
            missing: missing.into(),
        };
        // What is read by a program must not depend on the user's language.
        call.set("LC_ALL", "C.UTF-8");
        call.set("LANGUAGE", "");
        call
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// Sets the directory the program runs in.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Takes the environment of the run in the place of the process's own; what
    /// the call sets itself still counts.
    pub fn within(mut self, env: &Environment) -> Self {
        let vars = env.vars().map(|(n, v)| (n.to_owned(), v.to_owned()));
        let mut vars: Vec<_> = vars.collect();
        if env.var("PATH").is_none() {
            // Without one, systems search directories of their own choice.
            vars.push(("PATH".into(), OsString::new()));
        }
        self.surroundings = Some(vars);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.set(name, value);
        self
    }

    /// Removes an environment variable.
    pub fn without_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), None));
        self
    }

    /// Gives the program its standard input; without this it reads nothing.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.env
            .push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
    }

    /// Returns the call as a user could type it.
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.args);
        words
            .map(|w| quoted(&masked(&w.to_string_lossy())))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        if let Some(vars) = &self.surroundings {
            command.env_clear().envs(vars.iter().map(|(n, v)| (n, v)));
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Runs the program to its end and gathers what it printed.
    ///
    /// # Errors
    ///
    /// Fails where the program cannot be started or the run is interrupted; a
    /// program that ends with failure is not an error here.
    pub fn run(self, host: &Host) -> Result<Outcome> {
        self.run_with(host, |_| {})
    }

    /// Runs the program and hands on each line of its stderr as it comes.
    ///
    /// # Errors
    ///
    /// As [`Call::run`].
    pub fn run_with(self, host: &Host, mut on_line: impl FnMut(&str)) -> Result<Outcome> {
        self.run_lines(host, |stream, line| {
            if stream == Stream::Stderr {
                on_line(line);
            }
        })
    }

    /// Runs the program and hands on each line of both of its streams as it comes.
    ///
    /// # Errors
    ///
    /// As [`Call::run`].
    pub fn run_lines(mut self, host: &Host, on_line: impl FnMut(Stream, &str)) -> Result<Outcome> {
        host.status.detail(&format!("running {}", self.line()));
        let stdin = std::mem::take(&mut self.stdin);
        host.run(async {
            let mut group = self.start()?;
            let result = group.drive(stdin, &RefCell::new(on_line)).await;
            result.map_err(|e| {
                Error::general(format!("cannot talk to `{}`: {e}", self.line())).caused_by(e)
            })
        })
    }

    fn start(&self) -> Result<Group> {
        Group::start(self.command()).map_err(|e| self.not_started(e))
    }

    fn not_started(&self, e: std::io::Error) -> Error {
        let name = self.program.to_string_lossy();
        if e.kind() == std::io::ErrorKind::NotFound && self.dir.as_ref().is_none_or(|d| d.is_dir())
        {
            return Error::general(format!("the program `{name}` is not installed"))
                .help(self.missing.clone())
                .caused_by(e);
        }
        Error::general(format!("cannot start `{name}`: {e}"))
            .help(format!(
                "see whether `{name}` is a program that this user may run"
            ))
            .caused_by(e)
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+{}^~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl Group {
    async fn drive(
        &mut self,
        stdin: Vec<u8>,
        on_line: &RefCell<impl FnMut(Stream, &str)>,
    ) -> std::io::Result<Outcome> {
        let input = self.child.stdin.take();
        let output = self.child.stdout.take();
        let errors = self.child.stderr.take();
        let feed = async {
            if let Some(mut pipe) = input {
                // A program may end without reading all of its input.
                let _ = pipe.write_all(&stdin).await;
            }
        };
        let gather = listen(output, Stream::Stdout, on_line);
        let complaints = listen(errors, Stream::Stderr, on_line);
        let ((), stdout, stderr) = tokio::join!(feed, gather, complaints);
        let status = self.child.wait().await?;
        self.ended = true;
        Ok(Outcome {
            status,
            stdout: stdout?,
            stderr: stderr?,
        })
    }
}

/// Gathers what comes from a pipe and hands on each line.
async fn listen(
    pipe: Option<impl AsyncRead + Unpin>,
    stream: Stream,
    on_line: &RefCell<impl FnMut(Stream, &str)>,
) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(pipe) = pipe else {
        return Ok(bytes);
    };
    let mut lines = BufReader::new(pipe);
    let mut start = 0;
    while lines.read_until(b'\n', &mut bytes).await? > 0 {
        let line = String::from_utf8_lossy(&bytes[start..]);
        on_line.borrow_mut()(stream, line.trim_end());
        start = bytes.len();
    }
    Ok(bytes)
}
