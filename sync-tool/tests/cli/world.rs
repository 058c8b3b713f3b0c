//! Upstream, a project, a user, and the binary that they run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::both::Both;
use super::git_world::{GitWorld, write};
use super::project::FILES;
use super::releases::{RELEASES, files};

/// Where the vendored tree is.
pub(crate) const TREE: &str = "vendor/wash-wasi";

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Every file below a directory, with its bytes.
pub(crate) type Seen = BTreeMap<String, Vec<u8>>;

/// A small world.
pub(crate) struct World {
    pub both: Both,
}

impl World {
    /// Makes upstream and the project; there is no vendored tree yet.
    pub(crate) fn new() -> Self {
        let git = GitWorld::empty();
        for release in RELEASES {
            publish(&git, release, |_| {});
        }
        let world = World {
            both: Both::of(git),
        };
        for (path, text) in FILES {
            world.write(path, text.replace("URL", &world.both.git.url()));
        }
        fs::create_dir_all(world.both.git.path("tmp")).unwrap();
        world
    }

    /// The same with the vendored tree of the pin.
    pub(crate) fn vendored() -> Self {
        let world = World::new();
        world.run("vendor").done();
        world
    }

    /// Tags a release more in git, after an edit of the crate's directory.
    pub(crate) fn tag(&self, version: &str, edit: impl FnOnce(&Path)) {
        publish(&self.both.git, version, |root| {
            edit(&root.join("crates/wasi"))
        });
    }

    /// Adds a release that has more files, or others, than those of its line; git
    /// and the registry have it.
    pub(crate) fn publish(&self, version: &str, more: &[(&str, &[u8])]) {
        publish(&self.both.git, version, |root| {
            for (path, bytes) in more {
                write(&root.join(path), bytes);
            }
        });
        let package = self.both.packaged_by_cargo(version);
        self.both.publish(&[(version, package)]);
    }

    /// Runs an upgrade that is refused from either source, with or without writing,
    /// and returns what is told of it each time alike.
    pub(crate) fn refused_by_both(&self, version: &str, code: i32) -> Value {
        let told = ["git", "registry"].map(|source| {
            let [dry, wet] = ["--dry-run", "--no-verify"].map(|how| {
                let line = format!("upgrade --to {version} --source {source} --format json {how}");
                self.refused(&line, code).error()
            });
            assert_eq!(dry, wet, "{source}");
            dry
        });
        assert_eq!(told[0], told[1]);
        told[0].clone()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.both.git.path("project")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        write(&self.path(path), bytes);
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Replaces a text that stands in a file.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
        self.write(path, text.replacen(from, to, 1));
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    /// Returns all of the project, but for what cargo built and said, and the
    /// tool's own memory of who runs and of times on disk.
    pub(crate) fn see(&self) -> Seen {
        const LEFT_OUT: [&str; 5] = [
            "target/",
            "vendor/.wash-wasi-sync/lock",
            "vendor/.wash-wasi-sync/logs/",
            "vendor/.wash-wasi-sync/placed",
            "vendor/.wash-wasi-sync/times.json",
        ];
        let mut seen = see(&self.root());
        seen.retain(|path, _| LEFT_OUT.iter().all(|out| !path.starts_with(out)));
        seen
    }

    /// Returns the vendored tree.
    pub(crate) fn tree(&self) -> Seen {
        see(&self.path(TREE))
    }

    /// Runs the tool in the project.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.run_args(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// The same with arguments that hold blanks.
    pub(crate) fn run_args(&self, args: &[&str]) -> Ran {
        self.run_in(&self.root(), &[], args)
    }

    /// The same from another directory, with more variables.
    pub(crate) fn run_in(&self, dir: &Path, vars: &[(&str, &str)], args: &[&str]) -> Ran {
        let git = &self.both.git;
        let keep = |name| std::env::var_os(name).map(|value| (name, value));
        let rustup = std::env::home_dir().map(|home| home.join(".rustup").into_os_string());
        let kept = [keep("PATH"), keep("RUSTUP_TOOLCHAIN")];
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_wash-wasi-sync"))
            .args(args)
            .current_dir(dir)
            .env_clear()
            .envs(rustup.map(|home| ("RUSTUP_HOME", home)))
            .envs(keep("RUSTUP_HOME"))
            .envs(kept.into_iter().flatten())
            .env("HOME", git.path("home"))
            .env("TMPDIR", git.path("tmp"))
            .env("XDG_CACHE_HOME", git.path("xdg"))
            .env("CARGO_HOME", git.path("cargo-home"))
            .env("GIT_CONFIG_GLOBAL", git.path("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(vars.iter().copied())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Checks that a run ends with a code and changes nothing in the project.
    pub(crate) fn refused(&self, line: &str, code: i32) -> Ran {
        let before = self.see();
        let ran = self.run(line);
        assert_eq!(ran.code, code, "{line}\n{ran}");
        self.same_as(&before);
        ran
    }

    /// Checks that nothing in the project has changed.
    pub(crate) fn same_as(&self, before: &Seen) {
        assert_eq!(differing(before, &self.see()), Vec::<String>::new());
    }
}

impl Ran {
    /// Checks that the run succeeded.
    pub(crate) fn done(self) -> Self {
        self.ended(0)
    }

    /// Checks how the run ended.
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Returns the only document on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n{self}"))
    }

    /// Returns the error that is the only document on stdout; people read it too.
    pub(crate) fn error(&self) -> Value {
        assert!(self.err.contains("error: "), "{self}");
        self.json()["error"].take()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n{}", self.code, self.out)?;
        if !self.err.is_empty() {
            write!(f, "--- stderr\n{}", self.err)?;
        }
        Ok(())
    }
}

/// Commits and tags a release: its files, after an edit of the repository, and no others.
fn publish(git: &GitWorld, version: &str, edit: impl FnOnce(&Path)) {
    if git.upstream().join("Cargo.toml").exists() {
        git.git(&["rm", "-r", "--quiet", "."]);
    }
    for (path, text) in files(version) {
        write(&git.upstream().join(path), text);
    }
    edit(&git.upstream());
    git.git(&["add", "--all"]);
    git.git(&["commit", "--quiet", "--message", version]);
    git.git(&["tag", &format!("v{version}")]);
}

/// Returns every file below a directory.
pub(crate) fn see(root: &Path) -> Seen {
    let entries = walkdir::WalkDir::new(root).into_iter();
    let files = entries
        .map(Result::unwrap)
        .filter(|entry| !entry.file_type().is_dir());
    files
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap();
            let path = path.to_str().unwrap().to_owned();
            (path, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Returns the files that two directories do not have alike.
pub(crate) fn differing(one: &Seen, other: &Seen) -> Vec<String> {
    let mut paths: Vec<&String> = one.keys().chain(other.keys()).collect();
    paths.sort();
    paths.dedup();
    let differ = paths.into_iter().filter(|p| one.get(*p) != other.get(*p));
    differ.cloned().collect()
}

/// Compares what is shown to people, with what differs from run to run made even.
macro_rules! shown {
    ($ran:expr, @$snapshot:literal) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"file:///\S*?/upstream", "[upstream]");
        settings.add_filter(r"/\S*?/project\b", "[project]");
        settings.add_filter(r"/\S*?/hosts\b", "[hosts]");
        settings.add_filter(r"127\.0\.0\.1:\d+", "[registry]");
        settings.add_filter(r"\b[0-9a-f]{40,64}\b", "[digest]");
        settings.add_filter(r"\b(digest|commit) [0-9a-f]{12}\b", "$1 [digest]");
        settings.add_filter(r"\b\d+ ms\b|\b\d+\.\d s\b|\b\d+ min \d+ s\b", "[time]");
        settings.bind(|| insta::assert_snapshot!($ran.to_string(), @$snapshot));
    }};
}
pub(crate) use shown;
