//! Runs the `git` program: one way for all of its commands, and one reading of
//! what it complains of.

use std::error::Error as _;
use std::io;
use std::path::Path;

use host::Host;
use host::process::{Call, Outcome};
use host::status::Step;
use recipe::address::{Address, masked_in};
use recipe::error::{Error, Result};

use super::Failure;

/// What is said where there is no `git`.
const INSTALL: &str = "install git 2.29 or newer (`apt install git`, `dnf install git`, `brew install git`, or https://git-scm.com), \
     give the path of a local clone with `--upstream`, or take the registry with `--source registry`";

/// Variables that would lead git to another repository than ours.
const MISLEADING: [&str; 14] = [
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
const LEADING: [&str; 5] = [
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

/// Makes a git command on a repository.
pub(super) fn command(host: &Host, repository: &Path, args: &[&str]) -> Call {
    let mut call = Call::new("git", INSTALL);
    for name in MISLEADING {
        call = call.without_env(name);
    }
    for name in LEADING {
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
///
/// # Errors
///
/// [`Complaint`] where git says that it failed; the run's own errors inside it.
pub(super) fn talk(
    host: &Host,
    call: Call,
    url: &Address,
    cache: &Path,
    act: &str,
) -> Result<Outcome, Complaint> {
    let step = host.status.step(act);
    let outcome = call
        .run_with(host, |line| report(&*step, line))
        .map_err(Complaint::not_run)?;
    if outcome.success() {
        return Ok(outcome);
    }
    Err(Complaint::of(&outcome, url, cache, act))
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

/// Why git failed.
#[derive(Debug)]
pub(super) enum Complaint {
    /// The host cannot be reached.
    Unreachable(Error),
    /// The host answers, and says that it has no such reference.
    NoReference(Error),
    /// It is clear what is wrong, and trying in another way would not help.
    Clear(Error),
    /// It may be the repository that is fetched into, or something the server does not do.
    Doubtful(Error),
    /// There is no such program.
    NoProgram(Error),
    /// The program could not be run, or the run was interrupted.
    Own(Error),
}

/// What a complaint says, by the texts of git, curl and ssh. The first that fits counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
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
const TEXTS: [(Sort, &[&str]); 12] = [
    (Sort::TooOld, &["unknown option"]),
    (Sort::Slow, &["operation too slow"]),
    (Sort::DiskFull, &["no space left on device", "disk quota exceeded"]),
    (Sort::NoReference, &["find remote ref"]),
    (Sort::Format, &["mismatched algorithms"]),
    (Sort::Owner, &["dubious ownership"]),
    // What a proxy refuses never reached the host.
    (Sort::Unreachable, &["from proxy after connect", "connect tunnel failed", "resolve proxy", "proxy connect aborted"]),
    (Sort::HostKey, &["host key verification failed"]),
    (Sort::Login, &[
        "authentication failed", "could not read username", "could not read password", "prompts disabled",
        "permission denied (", "permission denied, please", "returned error: 401", "returned error: 403", "invalid credentials", "access denied",
    ]),
    (Sort::Certificate, &["ssl certificate problem", "certificate verify", "certificate verification failed", "ssl peer certificate"]),
    (Sort::Unreachable, &[
        "could not resolve host", "resolving timed out", "name resolution", "name or service not known",
        "failed to connect", "connect to server", "could not connect", "unable to connect", "connection refused",
        "timed out", "network is unreachable", "network is down", "no route to host", "host is down",
        "connection reset", "connection was reset", "connection closed by", "unable to look up",
        "empty reply from server", "recv failure", "send failure", "unexpected eof", "early eof", "unexpected disconnect",
        "hung up unexpectedly", "returned error: 407", "returned error: 429",
        "returned error: 500", "returned error: 502", "returned error: 503", "returned error: 504",
    ]),
    (Sort::NoRepository, &[
        "does not appear to be a git repository", "repository not found", "' not found", "returned error: 404",
    ]),
];

impl Sort {
    fn of(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let fits = |(_, texts): &&(Sort, &[&str])| texts.iter().any(|t| text.contains(t));
        TEXTS.iter().find(fits).map(|(sort, _)| *sort)
    }

    /// Returns the next step.
    fn help(self, url: &Address) -> String {
        match self {
            Sort::Unreachable => "check the network and git's `http.proxy`, or take upstream from the registry: `--source registry`".to_owned(),
            Sort::Slow => "try again later, take upstream from the registry (`--source registry`), or, on a line that is as slow, set GIT_HTTP_LOW_SPEED_LIMIT to the bytes per second that it reaches".to_owned(),
            Sort::Login => format!(
                "give git what it needs to log in without asking (a credential helper, a key in the ssh agent), so that `git ls-remote {url}` works; a repository that does not exist looks the same"
            ),
            Sort::HostKey => format!("run `git ls-remote {url}` once by hand and confirm the host's key"),
            Sort::Certificate => "if a proxy signs with a certificate of its own, name it in git's `http.sslCAInfo`".to_owned(),
            Sort::NoRepository => "correct `repository` below `[upstream]` in manifest.toml, or give another with `--upstream`".to_owned(),
            Sort::NoReference => "list the releases that it has".to_owned(),
            Sort::DiskFull => "free some space, then run the same command again".to_owned(),
            Sort::Format => "give a repository with SHA-1 ids, or take the registry: `--source registry`".to_owned(),
            Sort::TooOld => INSTALL.to_owned(),
            Sort::Owner => "allow it as git says, or give the repository's path instead of its URL".to_owned(),
        }
    }
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        match complaint {
            Complaint::Unreachable(e) => Failure::Unreachable(e),
            Complaint::NoProgram(e) => Failure::NoProgram(e),
            Complaint::NoReference(e)
            | Complaint::Clear(e)
            | Complaint::Doubtful(e)
            | Complaint::Own(e) => Failure::Other(e),
        }
    }
}

impl Complaint {
    fn not_run(error: Error) -> Self {
        let cause = error.source().and_then(|e| e.downcast_ref::<io::Error>());
        match cause.map(io::Error::kind) {
            Some(io::ErrorKind::NotFound) => Complaint::NoProgram(error),
            _ => Complaint::Own(error),
        }
    }

    fn of(outcome: &Outcome, url: &Address, cache: &Path, act: &str) -> Self {
        let said = masked_in(&said(&outcome.complaint()).replace(url.secret(), &url.to_string()));
        let sort = Sort::of(&said);
        let said = match said.as_str() {
            "" => format!("git ended with {}", outcome.status),
            said => said.to_owned(),
        };
        let error = match sort {
            Some(Sort::DiskFull) => {
                Error::general(format!("{act} into {}: {said}", cache.display()))
            }
            _ => Error::upstream(format!("{act}: {said}")),
        };
        let Some(sort) = sort else {
            return Complaint::Doubtful(error);
        };
        let error = error.help(sort.help(url));
        match sort {
            Sort::Unreachable | Sort::Slow => Complaint::Unreachable(error),
            Sort::NoReference => Complaint::NoReference(error),
            _ => Complaint::Clear(error),
        }
    }
}

/// Tells whether a line says only how far git is.
fn is_progress(line: &str) -> bool {
    let ended = ["remote: Enumerating objects:", "remote: Total "];
    line.contains('%') || ended.iter().any(|start| line.starts_with(start))
}

/// Returns the lines that say what went wrong: no progress, no general advice.
fn said(stderr: &str) -> String {
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
