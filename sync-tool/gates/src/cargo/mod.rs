//! Runs cargo: the gates on a made tree, and the making of its `Cargo.lock`.

mod gates;
mod lock;
mod machine;
mod rust;
mod tests;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use host::Host;
use host::process::{Call, Outcome};
pub use lock::UpstreamLock;
use recipe::address::masked_in;
use recipe::error::Error;
use semver::Version;
pub use tests::{TestBuild, TestPackage};

/// The next step where there is no cargo.
const INSTALL: &str = "install Rust with rustup (https://rustup.rs), or name the programs in the environment \
     variables CARGO and RUSTC";

/// Variables of the run that would change what cargo prints, or lead it elsewhere.
const MISLEADING: [&str; 5] = [
    "RUST_TEST_NOCAPTURE",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS",
    "CARGO_RESOLVER_LOCKFILE_PATH",
];

/// What is set for every command.
const PINNED: [(&str, &str); 4] = [
    ("CARGO_TERM_COLOR", "never"),
    ("CARGO_TERM_PROGRESS_WHEN", "never"),
    ("CARGO_TERM_QUIET", "false"),
    ("CARGO_TERM_VERBOSE", "false"),
];

/// What is set unless the user has: both cost disk, and gates are built once.
const DEFAULTS: [(&str, &str); 2] = [("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_INCREMENTAL", "0")];

/// Cargo, as the run has it.
pub struct Cargo<'a> {
    host: &'a Host,
    target_dir: PathBuf,
    toolchain: Option<String>,
    logs: Option<PathBuf>,
    offline: bool,
    rustc: OnceCell<Version>,
}

impl<'a> Cargo<'a> {
    /// Makes one that builds into a directory. `$CARGO` and `$RUSTC` are honoured,
    /// unless a toolchain is named: that one is rustup's (`cargo +name`).
    pub fn new(host: &'a Host, target_dir: PathBuf, toolchain: Option<String>) -> Self {
        Cargo {
            host,
            target_dir,
            toolchain,
            logs: None,
            offline: false,
            rustc: OnceCell::new(),
        }
    }

    /// Keeps the whole output of each gate in a directory, as `<key>.log`.
    pub fn log_to(mut self, dir: PathBuf) -> Self {
        self.logs = Some(dir);
        self
    }

    /// Returns the directory that has the output of its runs, where it is kept.
    pub fn logs(&self) -> Option<&Path> {
        self.logs.as_deref()
    }

    /// Has cargo use no network, nor the cargo that a build script may start.
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Makes a call of cargo.
    fn cargo(&self, dir: &Path) -> Call {
        self.tool("CARGO", "cargo", dir)
    }

    /// Makes a call of a program of the toolchain, which a variable may name.
    fn tool(&self, variable: &str, name: &str, dir: &Path) -> Call {
        let env = &self.host.env;
        let own = env.var(variable).filter(|_| self.toolchain.is_none());
        let program = own.map_or_else(|| name.into(), OsString::from);
        let mut call = Call::new(program, INSTALL).within(env).dir(dir);
        for name in MISLEADING {
            call = call.without_env(name);
        }
        for (name, value) in PINNED {
            call = call.env(name, value);
        }
        for (name, value) in DEFAULTS {
            if env.var(name).is_none() {
                call = call.env(name, value);
            }
        }
        if self.offline {
            call = call.env("CARGO_NET_OFFLINE", "true");
        }
        if let Some(toolchain) = &self.toolchain {
            // They would be taken in the place of the toolchain's own.
            for name in ["CARGO", "RUSTC", "RUSTDOC"] {
                call = call.without_env(name);
            }
            call = call.args([format!("+{toolchain}")]);
        }
        call
    }

    /// Tells whether rustup, and not cargo, complains: no gate was run then.
    fn is_no_toolchain(&self, complaint: &str) -> bool {
        let chosen = ["error: no such command: `+", "error: toolchain "];
        complaint.starts_with("error: rustup could not choose a version")
            || self.toolchain.is_some() && chosen.iter().any(|mark| complaint.starts_with(mark))
    }

    /// Explains why a program of the toolchain did not do its work.
    fn failed(&self, line: &str, outcome: &Outcome) -> Error {
        let complaint = outcome.complaint();
        let mut said: Vec<&str> = complaint
            .lines()
            .skip_while(|line| !line.starts_with("error"))
            .take_while(|line| !line.starts_with("Stack backtrace"))
            .map(str::trim)
            .filter(|line| !line.is_empty() && *line != "Caused by:")
            .collect();
        if said.is_empty() {
            said = complaint.lines().take(3).collect();
        }
        let said = masked_in(&said.join("; "));
        let message = said.strip_prefix("error: ").unwrap_or(&said);
        let error = Error::general(format!("`{line}` failed: {message}"));
        let Some(toolchain) = &self.toolchain else {
            return if said.contains("rustup could not choose") {
                error.help("rustup default stable")
            } else {
                error
            };
        };
        if said.contains("is not installed") {
            return error.help(format!("rustup toolchain install {toolchain}"));
        }
        if said.contains(&format!("+{toolchain}")) {
            return error.help(
                "only rustup's cargo can choose a toolchain: install rustup (https://rustup.rs), or leave out `--toolchain`",
            );
        }
        error
    }
}
