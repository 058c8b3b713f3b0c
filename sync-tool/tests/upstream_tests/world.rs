//! Upstream, a project, a user, and the binary that they run.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use super::files::{MANIFEST, PROJECT, RELEASES, upstream};
use super::git_world::{GitWorld, write};

/// What a run came to.
pub(crate) struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

pub(crate) struct World {
    git: GitWorld,
    vars: BTreeMap<String, String>,
}

impl World {
    /// Makes a project whose tree is vendored, of an upstream with more tests in
    /// `tests/all`.
    pub(crate) fn with(tests: &str) -> Self {
        let world = World {
            git: GitWorld::empty(),
            vars: BTreeMap::new(),
        };
        for release in RELEASES {
            for (path, text) in upstream(release, tests) {
                write(&world.git.upstream().join(path), text);
            }
            world.git.git(&["add", "--all"]);
            world.git.git(&["commit", "--quiet", "--message", release]);
            world.git.git(&["tag", &format!("v{release}")]);
        }
        world.write("manifest.toml", MANIFEST.replace("URL", &world.git.url()));
        for (path, text) in PROJECT {
            world.write(path, text);
        }
        fs::create_dir_all(world.dir("tmp")).unwrap();
        world.with_targets().made()
    }

    fn made(self) -> Self {
        self.run(&["vendor"]).ended(0);
        self
    }

    /// Has the compiler say that it has the targets of guests, whatever this machine
    /// has: no guest of these tests is compiled to them.
    fn with_targets(mut self) -> Self {
        for target in ["wasm32-wasip1", "wasm32-unknown-unknown"] {
            let std = format!("sysroot/lib/rustlib/{target}/lib/libstd-0.rlib");
            write(&self.dir(&std), "");
        }
        self.rustc_says(&self.dir("sysroot").display().to_string());
        self
    }

    /// Has the compiler name another directory as its own.
    pub(crate) fn rustc_says(&mut self, sysroot: &str) {
        let script = format!(
            "#!/bin/sh\nif [ \"$*\" = '--print sysroot' ]; then echo '{sysroot}'; exit; fi\nexec rustc \"$@\"\n"
        );
        let rustc = self.program("rustc", &script);
        self.var("RUSTC", &rustc);
    }

    /// Writes a program beside the project, and returns its path.
    pub(crate) fn program(&self, path: &str, script: &str) -> String {
        let path = self.dir(path);
        write(&path, script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// Moves the release that is followed to a commit with another file: as if it had
    /// always been there.
    pub(crate) fn upstream_has(&self, path: &str, text: &str) {
        write(&self.git.upstream().join(path), text);
        let tag = format!("v{}", RELEASES[0]);
        let files = upstream(RELEASES[0], "");
        for (path, text) in files {
            write(&self.git.upstream().join(path), text);
        }
        self.git.git(&["add", "--all"]);
        self.git.git(&["commit", "--quiet", "--message", "again"]);
        self.git.git(&["tag", "--force", &tag]);
        for gone in [
            "xdg",
            "project/other",
            "project/manifest.lock",
            "project/vendor",
        ] {
            let _ = fs::remove_dir_all(self.dir(gone));
            let _ = fs::remove_file(self.dir(gone));
        }
        self.run(&["vendor"]).ended(0);
    }

    pub(crate) fn var(&mut self, name: &str, value: &str) {
        self.vars.insert(name.to_owned(), value.to_owned());
    }

    /// Returns a path beside the project.
    pub(crate) fn dir(&self, path: &str) -> PathBuf {
        self.git.path(path)
    }

    /// Returns a path of the project.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.git.path("project").join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        write(&self.path(path), text);
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Adds rows to the expected failures.
    pub(crate) fn expect(&self, rows: &str) {
        let text = self.read("manifest.toml");
        self.write(
            "manifest.toml",
            format!("{text}expected-failures = [\n{rows}]\n"),
        );
    }

    /// Makes a call of the tool in the project, with nothing of the test's own environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let keep = |name| std::env::var_os(name).map(|value| (name, value));
        let rustup = std::env::home_dir().map(|home| home.join(".rustup").into_os_string());
        let kept = [keep("PATH"), keep("RUSTUP_TOOLCHAIN")];
        let mut command = Command::new(env!("CARGO_BIN_EXE_wash-wasi-sync"));
        command
            .args(args)
            .current_dir(self.path(""))
            .env_clear()
            .envs(rustup.map(|home| ("RUSTUP_HOME", home)))
            .envs(keep("RUSTUP_HOME"))
            .envs(kept.into_iter().flatten())
            .env("HOME", self.dir("home"))
            .env("TMPDIR", self.dir("tmp"))
            .env("XDG_CACHE_HOME", self.dir("xdg"))
            .env("CARGO_HOME", self.dir("cargo-home"))
            // The registry is asked what it has; here there is none.
            .env("CARGO_NET_OFFLINE", "true")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(&self.vars);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

impl Ran {
    /// Checks how the run ended.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Returns the only document on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n{self}"))
    }

    /// Checks that each part is said, on either stream, whatever lines it is wrapped into.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        let words = |text: &str| {
            let words = text.split(|c: char| c.is_whitespace() || "│×".contains(c));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            words.join(" ")
        };
        let said = words(&format!("{}\n{}", self.err, self.out));
        for part in parts {
            assert!(said.contains(&words(part)), "no `{part}` in\n{self}");
        }
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit {:?}\n{}--- stderr\n{}",
            self.code, self.out, self.err
        )
    }
}

/// Returns the verdicts of a run's JSON, by target and name.
pub(crate) fn verdicts(document: &Value) -> BTreeMap<String, String> {
    let sets = document["sets"].as_array().unwrap().iter();
    let tests = sets.flat_map(|set| set["tests"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    tests
        .map(|test| {
            let name = format!("{} {}", text(&test["target"]), text(&test["name"]));
            let verdict = format!("{} [{}]", text(&test["verdict"]), text(&test["group"]));
            (name, verdict)
        })
        .collect()
}

/// Compares what is shown to people, with what differs from run to run made even.
macro_rules! shown {
    ($text:expr, @$snapshot:literal) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"file:///\S*?/upstream\b", "[upstream]");
        settings.add_filter(r"/\S*?/project\b", "[project]");
        settings.add_filter(r"/\S*?/xdg\b", "[cache]");
        settings.add_filter(r"\b\d+ ms\b|\b\d+\.\d s\b|\b\d+ min \d+ s\b", "[time]");
        settings.add_filter(r"thread '([^']+)' \(\d+\)", "thread '$1' ([id])");
        settings.add_filter(r"(?m)^ *note: run with `RUST_BACKTRACE=1`.*\n", "");
        settings.add_filter(r"finished in \d+\.\d+s", "finished in [time]");
        settings.bind(|| insta::assert_snapshot!($text, @$snapshot));
    }};
}
pub(crate) use shown;
