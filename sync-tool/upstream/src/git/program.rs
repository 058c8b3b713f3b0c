//! Runs the `git` program: one way for all of its commands, and one reading of
//! its error messages.

use std::error::Error as _;
use std::io;
use std::path::Path;

use host::Host;
use host::process::{Call, Outcome};
use host::status::Step;
use recipe::address::{Address, masked_in};
use recipe::error::Error;

use super::GitError;

/// The next step where there is no `git`.
const INSTALL: &str = "install git 2.29 or newer (`apt install git`, `dnf install git`, `brew install git`, or https://git-scm.com), \
     give the path of a local clone with `--upstream`, or take the registry with `--source registry`";

/// Variables that would lead git to another repository than ours.
const REMOVED_VARS: [&str; 14] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_CONFIG",
    "GIT_QUARANTINE_PATH",
];

/// Variables of the run that decide which program and which configuration is taken.
const PASSED_VARS: [&str; 5] = [
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
];

/// Settings for every command. A connection that is silent, or slower than 1000 bytes a
/// second, ends after 30 seconds; GIT_HTTP_LOW_SPEED_LIMIT of the user comes first.
const SETTINGS: [&str; 9] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.version=2",
    "advice.detachedHead=false",
    "color.ui=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
];

/// How ssh is run where the user has not said it: without questions nobody would
/// see, and not waiting for a host that says nothing.
const SSH: &str =
    "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=2";

pub(super) fn command(host: &Host, repository: &Path, args: &[&str]) -> Call {
    let mut call = Call::new("git", INSTALL);
    for name in REMOVED_VARS {
        call = call.without_env(name);
    }
    for name in PASSED_VARS {
        if let Some(value) = host.env.var(name) {
            call = call.env(name, value);
        }
    }
    // A question would wait for ever: nobody sees it. An object that is not
    // asked for is not fetched behind our back either.
    call = call
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1");
    let users = ["GIT_SSH", "GIT_SSH_COMMAND"]
        .iter()
        .any(|v| host.env.var(v).is_some())
        || git2::Config::open_default().is_ok_and(|c| c.get_entry("core.sshCommand").is_ok());
    if !users {
        call = call.env("GIT_SSH_COMMAND", SSH);
    }
    call.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
        .args(["--git-dir".as_ref(), repository.as_os_str()])
        .args(args)
}

/// Runs a command that talks to upstream, with a cache that is filled from it.
pub(super) fn run(
    host: &Host,
    call: Call,
    url: &Address,
    cache: &Path,
    act: &str,
) -> Result<Outcome, GitError> {
    let step = host.status.step(act);
    let outcome = call
        .run_with(host, |line| report(&*step, line))
        .map_err(not_run)?;
    if outcome.success() {
        return Ok(outcome);
    }
    Err(failed(&outcome, url, cache, act))
}

/// Hands on a progress line: what git does, and how far it is.
fn report(step: &dyn Step, line: &str) {
    let line = line
        .rsplit('\r')
        .find(|part| !part.trim().is_empty())
        .unwrap_or_default();
    let line = line.trim().strip_prefix("remote: ").unwrap_or(line.trim());
    let Some((what, rest)) = line.split_once(':').filter(|(_, rest)| rest.contains('%')) else {
        return;
    };
    step.at(what);
    let counts = rest
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    let counts = counts.and_then(|(counts, _)| counts.split_once('/'));
    if let Some((Ok(done), Ok(of))) = counts.map(|(done, of)| (done.parse(), of.parse())) {
        step.done(done, of);
    }
}

/// The cause of a failure, by the messages of git, curl and ssh. The first that fits counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GitFailure {
    Unreachable,
    Slow,
    Login,
    HostKey,
    Certificate,
    NoRepository,
    NoReference,
    DiskFull,
    Format,
    Owner,
    TooOld,
}

#[rustfmt::skip]
const MESSAGES: [(GitFailure, &[&str]); 12] = [
    (GitFailure::TooOld, &["unknown option"]),
    (GitFailure::Slow, &["operation too slow"]),
    (GitFailure::DiskFull, &["no space left on device", "disk quota exceeded"]),
    (GitFailure::NoReference, &["find remote ref"]),
    (GitFailure::Format, &["mismatched algorithms"]),
    (GitFailure::Owner, &["dubious ownership"]),
    // What a proxy refuses never reached the host.
    (GitFailure::Unreachable, &["from proxy after connect", "connect tunnel failed", "resolve proxy", "proxy connect aborted"]),
    (GitFailure::HostKey, &["host key verification failed"]),
    (GitFailure::Login, &[
        "authentication failed", "could not read username", "could not read password", "prompts disabled",
        "permission denied (", "permission denied, please", "returned error: 401", "returned error: 403", "invalid credentials", "access denied",
    ]),
    (GitFailure::Certificate, &["ssl certificate problem", "certificate verify", "certificate verification failed", "ssl peer certificate"]),
    (GitFailure::Unreachable, &[
        "could not resolve host", "resolving timed out", "name resolution", "name or service not known",
        "failed to connect", "connect to server", "could not connect", "unable to connect", "connection refused",
        "timed out", "network is unreachable", "network is down", "no route to host", "host is down",
        "connection reset", "connection was reset", "connection closed by", "unable to look up",
        "empty reply from server", "recv failure", "send failure", "unexpected eof", "early eof", "unexpected disconnect",
        "hung up unexpectedly", "returned error: 407", "returned error: 429",
        "returned error: 500", "returned error: 502", "returned error: 503", "returned error: 504",
    ]),
    (GitFailure::NoRepository, &[
        "does not appear to be a git repository", "repository not found", "' not found", "returned error: 404",
    ]),
];

impl GitFailure {
    fn of(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let fits = |(_, texts): &&(GitFailure, &[&str])| texts.iter().any(|t| text.contains(t));
        MESSAGES.iter().find(fits).map(|(cause, _)| *cause)
    }

    fn help(self, url: &Address) -> String {
        match self {
            GitFailure::Unreachable => "check the network and git's `http.proxy`, or take upstream from the registry: `--source registry`".to_owned(),
            GitFailure::Slow => "try again later, take upstream from the registry (`--source registry`), or, on a line that is as slow, set GIT_HTTP_LOW_SPEED_LIMIT to the bytes per second that it reaches".to_owned(),
            GitFailure::Login => format!(
                "give git what it needs to log in without asking (a credential helper, a key in the ssh agent), so that `git ls-remote {url}` works; a repository that does not exist looks the same"
            ),
            GitFailure::HostKey => format!("run `git ls-remote {url}` once by hand and confirm the host's key"),
            GitFailure::Certificate => "if a proxy signs with a certificate of its own, name it in git's `http.sslCAInfo`".to_owned(),
            GitFailure::NoRepository => "correct `repository` below `[upstream]` in manifest.toml, or give another with `--upstream`".to_owned(),
            GitFailure::NoReference => "list the releases that it has".to_owned(),
            GitFailure::DiskFull => "free some space, then run the same command again".to_owned(),
            GitFailure::Format => "give a repository with SHA-1 ids, or take the registry: `--source registry`".to_owned(),
            GitFailure::TooOld => INSTALL.to_owned(),
            GitFailure::Owner => "allow it as git says, or give the repository's path instead of its URL".to_owned(),
        }
    }
}

/// Converts the error of a program that could not be run, or was interrupted.
fn not_run(error: Error) -> GitError {
    let cause = error.source().and_then(|e| e.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::NotFound) => GitError::NoProgram(error),
        _ => GitError::Other(error),
    }
}

fn failed(outcome: &Outcome, url: &Address, cache: &Path, act: &str) -> GitError {
    let message = message_of(&outcome.complaint()).replace(url.secret(), &url.to_string());
    let message = masked_in(&message);
    let cause = GitFailure::of(&message);
    let message = match message.as_str() {
        "" => format!("git ended with {}", outcome.status),
        message => message.to_owned(),
    };
    let error = match cause {
        Some(GitFailure::DiskFull) => {
            Error::general(format!("{act} into {}: {message}", cache.display()))
        }
        _ => Error::upstream(format!("{act}: {message}")),
    };
    let Some(cause) = cause else {
        return GitError::Unrecognised(error);
    };
    let error = error.help(cause.help(url));
    match cause {
        GitFailure::Unreachable | GitFailure::Slow => GitError::Unreachable(error),
        GitFailure::NoReference => GitError::NoReference(error),
        _ => GitError::Other(error),
    }
}

/// Tells whether a line says only how far git is.
fn is_progress(line: &str) -> bool {
    let ended = ["remote: Enumerating objects:", "remote: Total "];
    line.contains('%') || ended.iter().any(|start| line.starts_with(start))
}

/// Returns the lines that say what went wrong: no progress, no general advice.
pub(super) fn message_of(stderr: &str) -> String {
    const ADVICE: [&str; 4] = [
        "Please make sure you have the correct access rights",
        "and the repository exists.",
        "warning:",
        "hint:",
    ];
    let lines = stderr
        .lines()
        .map(|line| line.rsplit('\r').next().unwrap_or_default().trim());
    let lines: Vec<&str> = lines
        .take_while(|line| !line.starts_with("usage:"))
        .filter(|line| !line.is_empty() && !is_progress(line))
        .filter(|line| !ADVICE.iter().any(|a| line.starts_with(a)))
        .map(|line| line.strip_prefix("fatal: ").unwrap_or(line))
        .collect();
    lines[lines.len().saturating_sub(6)..].join("; ")
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
