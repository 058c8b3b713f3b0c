//! A project that forks a small crate, with upstream in a git repository, and the
//! real program run on it with an environment that has nothing but what tests set.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::both::Both;
use super::files::{MANIFEST, PATCH_TEXT, module};
use super::git_world::{self, write};

/// The release that the project is at.
pub(crate) const OLD: &str = "38.0.1";
/// One for which the series of the old one serves as it is.
pub(crate) const NEXT: &str = "40.0.0";
/// One for which the series has to be merged.
pub(crate) const NEW: &str = "41.0.0";
/// One that contradicts the series.
pub(crate) const CONFLICTING: &str = "43.0.0";
/// Where the fork stands.
pub(crate) const TREE: &str = "vendor/fork";
/// What is between old and new.
pub(crate) const WORK: &str = "vendor/.wash-wasi-sync";
/// The project's directory; a name that is none for a shell.
pub(crate) const PROJECT: &str = "the project's größe";
/// The patch of the series.
pub(crate) const PATCH: &str = "patches/v38.0.1/src/sockets/mod.rs.patch";

/// The project's files, by path: what stands there, and its mode.
pub(crate) type State = BTreeMap<String, (Vec<u8>, u32)>;

/// A project and its upstream.
pub(crate) struct World {
    pub both: Both,
    room: tempfile::TempDir,
    vars: BTreeMap<String, String>,
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
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
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Checks that each part is said on stderr, whatever lines it is wrapped into.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Ran {
        let words = |text: &str| {
            let words = text.split(|c: char| c.is_whitespace() || "│×".contains(c));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            words.join(" ")
        };
        let said = words(&self.err);
        for part in parts {
            assert!(said.contains(&words(part)), "no `{part}` in {self:#?}");
        }
        self
    }
}

impl World {
    /// Makes upstream's repository and a project whose tree is that of [`OLD`].
    pub(crate) fn new() -> World {
        let world = World::unmade();
        world.run(&["vendor"]).ends(0);
        world
    }

    /// The same without a tree.
    pub(crate) fn unmade() -> World {
        let world = World {
            both: Both::new(),
            room: room(),
            vars: BTreeMap::new(),
        };
        for release in [OLD, NEXT, NEW, CONFLICTING] {
            world.release(release);
        }
        fs::create_dir(world.path("tmp")).expect("a directory");
        world.lay_out();
        world
    }

    fn lay_out(&self) {
        let block = |name: &str| {
            format!(
                "<!-- wash-wasi-sync: {name} (generated; edits are lost) -->\n\
                 <!-- wash-wasi-sync: end of {name} -->\n"
            )
        };
        self.write(
            "manifest.toml",
            MANIFEST.replace("URL", &self.both.git.url()),
        );
        self.write("README.md", format!("# Fork\n\n{}", block("versions")));
        self.write("docs/differences.md", block("differences"));
        self.write(PATCH, PATCH_TEXT);
        self.write("patches/loopback/src/sockets/loopback.rs", "//! Ours.\n");
        self.write("unrelated/notes.txt", "Not the tool's.\n");
    }

    /// Commits a release of upstream's and gives it its tag, again if it has one.
    pub(crate) fn release(&self, version: &str) {
        let git = &self.both.git;
        let own = [
            ("crates/wasi/src/sockets/mod.rs", module(version)),
            (
                "crates/wasi/src/lib.rs",
                format!("//! Version {version} of wasmtime_wasi.\npub mod sockets;\n"),
            ),
            (
                "crates/wasi/tests/all/main.rs",
                "use wasmtime_wasi::sockets;\nuse std::fmt;\n\nfn main() {}\n".to_owned(),
            ),
        ];
        for (path, text) in git_world::files(version).into_iter().chain(own) {
            write(&git.upstream().join(path), text);
        }
        let [old, new] =
            ["old", "new"].map(|n| git.upstream().join(format!("crates/wasi/src/{n}.rs")));
        let (there, gone) = if [OLD, NEXT].contains(&version) {
            (old, new)
        } else {
            (new, old)
        };
        write(&there, "// of some releases\n");
        // It may never have been there.
        let _ = fs::remove_file(gone);
        git.git(&["add", "--all"]);
        git.git(&["commit", "--quiet", "--allow-empty", "--message", version]);
        git.git(&["tag", "--force", &format!("v{version}")]);
    }

    /// Returns a path beside the project, where caches and temporary files are too.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.room.path().join(path)
    }

    /// Returns the project's directory.
    pub(crate) fn project(&self) -> PathBuf {
        self.path(PROJECT)
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        write(&self.project().join(path), bytes);
    }

    /// Reads a file of the project.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.project().join(path)).expect("a file")
    }

    /// Replaces a part of a file of the project.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "no `{from}` in {path}");
        self.write(path, text.replace(from, to));
    }

    /// Writes a program that a shell runs, and returns its path.
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        let path = self.path(&format!("bin/{name}"));
        write(&path, format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path.to_string_lossy().into_owned()
    }

    /// Sets a variable in the program's environment.
    pub(crate) fn var(&mut self, name: &str, value: impl Into<String>) {
        self.vars.insert(name.to_owned(), value.into());
    }

    /// Sets no such variable any more.
    pub(crate) fn unset(&mut self, name: &str) {
        self.vars.remove(name);
    }

    /// Runs the program in the project.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().expect("the program").into()
    }

    /// Runs the program, which fails and changes nothing.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str], code: i32) -> Ran {
        let before = self.state();
        let ran = self.run(args).ends(code);
        assert_eq!(self.state(), before);
        assert_eq!(self.left(), [""; 0]);
        ran
    }

    /// Makes the call of the program.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_by(&[], args)
    }

    /// Makes the call of the program by another one, which gets it as last arguments.
    pub(crate) fn command_by(&self, by: &[&str], args: &[&str]) -> Command {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let toolchain = Path::new(env!("CARGO")).parent().expect("a directory");
        let path = std::env::var("PATH").expect("a search path");
        let git = &self.both.git;
        let own = [
            ("HOME", text(self.path("home"))),
            ("XDG_CACHE_HOME", text(self.path("cache"))),
            ("TMPDIR", text(self.path("tmp"))),
            ("CARGO_HOME", text(git.path("cargo-home"))),
            ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("PATH", format!("{}:{path}", toolchain.display())),
            ("RUST_BACKTRACE", "0".to_owned()),
        ];
        let line = [by, &[env!("CARGO_BIN_EXE_wash-wasi-sync")], args].concat();
        let mut command = Command::new(line[0]);
        command
            .args(&line[1..])
            .current_dir(self.project())
            .env_clear()
            .envs(own)
            .envs(&self.vars)
            .stdin(Stdio::null());
        command
    }

    /// Returns everything in the project but what is between old and new.
    pub(crate) fn state(&self) -> State {
        state(&self.project())
    }

    /// Returns what is left of earlier runs between old and new, but for what may stay.
    pub(crate) fn left(&self) -> Vec<String> {
        let names = fs::read_dir(self.project().join(WORK))
            .into_iter()
            .flatten();
        let names = names.map(|e| {
            e.expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        });
        let stays = ["lock", "placed", "times.json", "logs", "conflicts"];
        let mut left: Vec<String> = names.filter(|n| !stays.contains(&n.as_str())).collect();
        let temporary = fs::read_dir(self.path("tmp")).expect("a directory");
        left.extend(temporary.map(|e| e.expect("an entry").path().display().to_string()));
        left
    }

    /// Makes the project, the caches and the temporary files those of a copy.
    pub(crate) fn restore(&self, copy: &Path) {
        for name in [PROJECT, "cache", "tmp"] {
            let there = self.path(name);
            if there.exists() {
                fs::remove_dir_all(&there).expect("it goes");
            }
            if copy.join(name).exists() {
                copy_all(&copy.join(name), &there);
            }
        }
    }

    /// Copies the project, the caches and the temporary files.
    pub(crate) fn copy(&self) -> tempfile::TempDir {
        let copy = room();
        for name in [PROJECT, "cache", "tmp"] {
            if self.path(name).exists() {
                copy_all(&self.path(name), &copy.path().join(name));
            }
        }
        copy
    }
}

/// Makes a directory in memory where there is such a place: kills need no disk.
fn room() -> tempfile::TempDir {
    let made = tempfile::tempdir_in("/dev/shm");
    made.or_else(|_| tempfile::tempdir()).expect("a directory")
}

fn copy_all(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("an entry");
        let place = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(place).expect("a directory");
        } else {
            fs::copy(entry.path(), place).expect("a file");
        }
    }
}

fn state(project: &Path) -> State {
    let walk = walkdir::WalkDir::new(project).into_iter();
    let walk = walk.filter_entry(|e| e.path() != project.join(WORK));
    let mut state = State::new();
    for entry in walk {
        let entry = entry.expect("an entry");
        let name = entry
            .path()
            .strip_prefix(project)
            .expect("below")
            .display()
            .to_string();
        let mode = entry.metadata().expect("metadata").permissions().mode();
        let bytes = match entry.file_type() {
            kind if kind.is_dir() => continue,
            kind if kind.is_symlink() => {
                let target = fs::read_link(entry.path()).expect("a link");
                target.to_string_lossy().into_owned().into_bytes()
            }
            _ => fs::read(entry.path()).expect("a file"),
        };
        state.insert(name, (bytes, mode));
    }
    state
}
