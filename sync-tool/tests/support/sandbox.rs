//! A place for small crates, with the environment of the test and a status that is kept.

#![allow(dead_code, reason = "each test takes what it needs of it")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use host::{Environment, Host, Status, Step};

/// Variables by which the surrounding `cargo test` would lead another cargo astray.
const LEFT_OUT: [&str; 8] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_TARGET_DIR",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUST_TEST_",
];

/// A directory that goes away, and the environment of a run in it.
pub(crate) struct Sandbox {
    pub dir: tempfile::TempDir,
    vars: Vec<(OsString, OsString)>,
    pub told: Arc<Told>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let vars = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            !LEFT_OUT.iter().any(|left_out| name.starts_with(left_out))
        });
        Sandbox {
            dir: tempfile::tempdir().expect("a directory"),
            vars: vars.collect(),
            told: Arc::default(),
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Writes a file, and the directories it needs.
    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Writes a program that a shell runs.
    #[cfg(unix)]
    pub(crate) fn script(&self, path: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(path, &format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        path
    }

    /// Sets a variable.
    pub(crate) fn var(&mut self, name: &str, value: impl AsRef<Path>) {
        self.without(name);
        self.vars
            .push((name.into(), value.as_ref().as_os_str().to_owned()));
    }

    /// Removes a variable.
    pub(crate) fn without(&mut self, name: &str) {
        self.vars.retain(|(n, _)| n != name);
    }

    pub(crate) fn host(&self) -> Host {
        let env = Environment::new(self.dir.path(), self.vars.clone());
        Host::new(env, Arc::<Told>::clone(&self.told)).expect("a host")
    }
}

/// Keeps what ports tell.
#[derive(Default, Clone)]
pub(crate) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().expect("no poison").clone()
    }

    fn push(&self, line: &str) {
        self.0.lock().expect("no poison").push(line.to_owned());
    }
}

impl Status for Told {
    fn note(&self, line: &str) {
        self.push(line);
    }
    fn warn(&self, line: &str) {
        self.push(line);
    }
    fn detail(&self, line: &str) {
        self.push(line);
    }
    fn step(&self, name: &str) -> Box<dyn Step> {
        self.push(name);
        Box::new(self.clone())
    }
}

impl Step for Told {
    fn at(&self, what: &str) {
        self.push(what);
    }
    fn done(&self, done: u64, of: u64) {
        self.push(&format!("{done} of {of}"));
    }
}
