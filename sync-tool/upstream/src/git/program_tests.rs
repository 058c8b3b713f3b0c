use std::ffi::OsString;
use std::sync::{Arc, Mutex};

use host::Environment;
use host::status::Silent;

use super::super::location::RepositoryLocation;
use super::*;

const SECRET: &str = "https://u:secret@example.org/a/b";

fn url() -> Address {
    let env = Environment::new("/", []);
    match RepositoryLocation::parse(&SECRET.parse().unwrap(), &env, Path::new("/")) {
        Ok(RepositoryLocation::Remote(url)) => url,
        other => panic!("{other:?}"),
    }
}

fn host(vars: &[(&str, &str)]) -> Host {
    let vars = vars
        .iter()
        .map(|(n, v)| (OsString::from(n), OsString::from(v)));
    Host::new(Environment::new("/", vars), Arc::new(Silent)).unwrap()
}

/// Returns the error of a program that fails with a message.
fn failure(stderr: &str) -> GitError {
    let script = "printf '%s\\n' \"$1\" >&2; exit 128";
    let call = Call::new("sh", "").args(["-c", script, "sh", stderr]);
    run(&host(&[]), call, &url(), Path::new("cache"), "fetching").unwrap_err()
}

/// What git 2.39 to 2.47, curl and OpenSSH say.
const MESSAGES_SEEN: [(GitFailure, &str); 23] = [
    (
        GitFailure::TooOld,
        "error: unknown option `no-write-fetch-head'\nusage: git fetch\n   or: git fetch\n\n    -v\n    -q\n    -a\n    -f",
    ),
    (
        GitFailure::Unreachable,
        "fatal: unable to access 'https://e/': Could not resolve host: e",
    ),
    (
        GitFailure::Unreachable,
        "fatal: unable to access 'https://127.0.0.1:9/': Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server",
    ),
    (
        GitFailure::Unreachable,
        "fatal: unable to connect to 127.0.0.1:\n127.0.0.1[0: 127.0.0.1]: errno=Connection refused",
    ),
    (
        GitFailure::Unreachable,
        "ssh: connect to host e port 22: Connection timed out\nfatal: Could not read from remote repository.",
    ),
    (
        GitFailure::Unreachable,
        "ssh: Could not resolve hostname e: Temporary failure in name resolution",
    ),
    (
        GitFailure::Slow,
        "error: RPC failed; curl 28 Operation too slow. Less than 1000 bytes/sec transferred the last 30 seconds",
    ),
    (
        GitFailure::Unreachable,
        "fatal: unable to access 'https://e/': Received HTTP code 403 from proxy after CONNECT",
    ),
    (
        GitFailure::Unreachable,
        "fatal: unable to access 'https://e/': CONNECT tunnel failed, response 403",
    ),
    (
        GitFailure::Unreachable,
        "fatal: unable to access 'https://e/': The requested URL returned error: 503",
    ),
    (
        GitFailure::Unreachable,
        "error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly\nfatal: early EOF",
    ),
    (
        GitFailure::NoReference,
        "fatal: couldn't find remote ref refs/tags/v38.0.0",
    ),
    (
        GitFailure::Login,
        "fatal: could not read Username for 'https://e': terminal prompts disabled",
    ),
    (
        GitFailure::Login,
        "remote: Invalid username or password.\nfatal: Authentication failed for 'https://e/'",
    ),
    (
        GitFailure::Login,
        "git@e: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    ),
    (
        GitFailure::Login,
        "fatal: unable to access 'https://e/': The requested URL returned error: 403",
    ),
    (
        GitFailure::HostKey,
        "Host key verification failed.\nfatal: Could not read from remote repository.",
    ),
    (
        GitFailure::Certificate,
        "fatal: unable to access 'https://e/': SSL certificate problem: unable to get local issuer certificate",
    ),
    (
        GitFailure::NoRepository,
        "fatal: repository 'https://e/a/' not found",
    ),
    (
        GitFailure::NoRepository,
        "fatal: '/a' does not appear to be a git repository",
    ),
    (
        GitFailure::DiskFull,
        "error: unable to write file: No space left on device",
    ),
    (
        GitFailure::Format,
        "fatal: mismatched algorithms: client sha1; server sha256",
    ),
    (
        GitFailure::Owner,
        "fatal: detected dubious ownership in repository at '/a'",
    ),
];

#[test]
fn what_git_says_is_told_apart() {
    for (cause, text) in MESSAGES_SEEN {
        assert_eq!(GitFailure::of(&message_of(text)), Some(cause), "{text}");
    }
    for text in [
        "fatal: remote error: upload-pack: not our ref 0123",
        "error: Server does not allow request for unadvertised object 0123",
        "fatal: bad object HEAD",
        "",
    ] {
        assert_eq!(GitFailure::of(&message_of(text)), None, "{text}");
    }
}

#[test]
fn an_error_has_the_next_step_and_no_secret() {
    for (cause, text) in MESSAGES_SEEN {
        let (error, fits) = match failure(text) {
            GitError::Unreachable(e) => (
                e,
                [GitFailure::Unreachable, GitFailure::Slow].contains(&cause),
            ),
            GitError::NoReference(e) => (e, cause == GitFailure::NoReference),
            GitError::Other(e) => (e, true),
            other => panic!("{other:?}"),
        };
        assert!(fits, "{text}");
        assert!(!error.hints().is_empty(), "{error}");
    }
    let full = failure("No space left on device");
    assert!(matches!(full, GitError::Other(e) if e.kind() == recipe::Kind::General));
    let GitError::Other(error) = failure(&format!("fatal: repository '{SECRET}' not found")) else {
        panic!("it is clear what is wrong");
    };
    assert_eq!(
        error.message(),
        "fetching: repository 'https://***@example.org/a/b' not found"
    );
    assert!(matches!(failure("huh"), GitError::Unrecognised(e) if e.message() == "fetching: huh"));
    let silent = failure("");
    assert!(
        matches!(&silent, GitError::Unrecognised(e) if e.message().contains("128")),
        "{silent:?}"
    );
}

#[test]
fn progress_and_general_advice_are_not_what_is_said() {
    let text = "warning: filtering not recognized by server, ignoring\n\
        remote: Counting objects:  50% (1/2)\rremote: Counting objects: 100% (2/2), done.\n\
        hint: try again\nfatal: one\n\nfatal: two\n\
        Please make sure you have the correct access rights\nand the repository exists.\n";
    assert_eq!(message_of(text), "one; two");
    let many: Vec<String> = (0..9).map(|n| format!("line {n}")).collect();
    assert_eq!(message_of(&many.join("\n")), many[3..].join("; "));
}

#[test]
fn a_program_that_is_not_there_is_told_apart() {
    let host = host(&[("PATH", "/nowhere")]);
    let call = command(&host, Path::new("/repository"), &["version"]);
    let GitError::NoProgram(error) =
        run(&host, call, &url(), Path::new("cache"), "asking").unwrap_err()
    else {
        panic!("there is no git there");
    };
    assert!(error.hints()[0].contains("install git"), "{error:?}");
}

#[test]
fn nothing_of_the_surroundings_leads_to_another_repository() {
    let call = command(&host(&[]), Path::new("/repository"), &["rev-parse"]);
    let line = call.line();
    assert!(line.contains("--git-dir /repository rev-parse"), "{line}");
    assert!(line.contains("core.hooksPath=/dev/null"), "{line}");
    let shown = format!("{call:?}");
    for name in REMOVED_VARS {
        assert!(shown.contains(&format!("(\"{name}\", None)")), "{name}");
    }
    assert!(shown.contains("(\"GIT_TERMINAL_PROMPT\", Some(\"0\"))"));
    assert!(shown.contains("BatchMode=yes"));
    let own = command(&host(&[("GIT_SSH_COMMAND", "mine")]), Path::new("/r"), &[]);
    assert!(!format!("{own:?}").contains("BatchMode"));
}

/// Keeps what a step tells.
struct RecordingStep(Arc<Mutex<Vec<String>>>);

impl Step for RecordingStep {
    fn at(&self, what: &str) {
        self.0.lock().unwrap().push(what.to_owned());
    }
    fn done(&self, done: u64, of: u64) {
        self.0.lock().unwrap().push(format!("{done} of {of}"));
    }
}

#[test]
fn progress_is_handed_on() {
    let told = Arc::default();
    let step = RecordingStep(Arc::clone(&told));
    for line in [
        "remote: Enumerating objects: 5, done.",
        "remote: Counting objects:  50% (1/2)\rremote: Counting objects: 100% (2/2), done.",
        "Receiving objects:  10% (7/70), 1.00 MiB | 2.00 MiB/s\r",
        "fatal: no",
    ] {
        report(&step, line);
    }
    assert_eq!(
        *told.lock().unwrap(),
        ["Counting objects", "2 of 2", "Receiving objects", "7 of 70"]
    );
}
