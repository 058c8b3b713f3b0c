//! A git repository with a few releases of a small workspace, and a user of it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use host::{Environment, Host, Silent, Status, Step};
use recipe::Result;
use recipe::tree::TreePath;
use semver::Version;
use upstream::SourceOptions;
use upstream::git::Git;

pub(crate) const CRATE: &str = "wasmtime-wasi";
/// The releases that have tags; the second tag is an object of its own.
pub(crate) const RELEASES: [&str; 3] = ["38.0.1", "40.0.0", "41.0.0"];
/// The newest of them.
pub(crate) const V: &str = "41.0.0";
/// The file that nobody needs, and which is large.
pub(crate) const LARGE: &str = "crates/other/large.bin";

/// Keeps what a run tells.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<String>>, Mutex<Vec<String>>);

impl Told {
    /// Returns the lines that were told so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().expect("lock").clone()
    }

    /// Returns the lines that only `-v` shows.
    #[allow(dead_code, reason = "not every test looks at them")]
    pub(crate) fn details(&self) -> Vec<String> {
        self.1.lock().expect("lock").clone()
    }

    /// Tells whether one of the lines has a part.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.lines().iter().any(|line| line.contains(part))
    }

    fn tell(&self, line: &str) {
        self.0.lock().expect("lock").push(line.to_owned());
    }
}

impl Status for Told {
    fn note(&self, line: &str) {
        self.tell(line);
    }
    fn warn(&self, line: &str) {
        self.tell(line);
    }
    fn detail(&self, line: &str) {
        self.1.lock().expect("lock").push(line.to_owned());
    }
    fn step(&self, _: &str) -> Box<dyn Step> {
        Box::new(Silent)
    }
}

/// A repository and a user of it.
pub(crate) struct GitWorld {
    pub dir: tempfile::TempDir,
    pub told: Arc<Told>,
    vars: Vec<(String, String)>,
}

impl GitWorld {
    /// Makes a repository without a commit, which filters what it sends.
    pub(crate) fn empty() -> Self {
        let world = GitWorld {
            dir: tempfile::tempdir().expect("a directory"),
            told: Arc::default(),
            vars: Vec::new(),
        };
        fs::create_dir(world.upstream()).expect("a directory");
        world.git(&["init", "--quiet", "--initial-branch=main"]);
        world.git(&["config", "uploadpack.allowFilter", "true"]);
        world
    }

    /// Makes a repository with the releases.
    pub(crate) fn new() -> Self {
        let world = GitWorld::empty();
        for release in RELEASES {
            world.commit(release);
            match release {
                "40.0.0" => world.git(&["tag", "--annotate", "--message=40", "v40.0.0"]),
                _ => world.git(&["tag", &format!("v{release}")]),
            };
        }
        // Of no release, but with a version that looks like one.
        world.commit("42.0.0");
        world.git(&["tag", "dev"]);
        world.record(&world.path("requests"));
        world
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn upstream(&self) -> PathBuf {
        self.path("upstream")
    }

    /// Returns the URL under which the repository is fetched from.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.upstream().display())
    }

    /// Commits a version of the workspace.
    pub(crate) fn commit(&self, version: &str) -> String {
        for (path, text) in files(version) {
            write(&self.upstream().join(path), text);
        }
        self.git(&["add", "--all"]);
        self.git(&["update-index", "--chmod=+x", "crates/wasi/tests/run.sh"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", version]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Returns the commit of a release.
    pub(crate) fn commit_of(&self, version: &str) -> String {
        self.git(&["rev-parse", &format!("v{version}^{{commit}}")])
    }

    /// Moves a release's tag to a commit with other content.
    pub(crate) fn move_tag(&self, version: &str) -> String {
        write(
            &self.upstream().join("crates/wasi/src/moved.rs"),
            "// moved\n",
        );
        let commit = self.commit(version);
        self.git(&["tag", "--force", &format!("v{version}")]);
        commit
    }

    /// Runs git in the upstream repository.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.upstream(), args)
    }

    /// Runs git in a directory, and returns what it prints.
    pub(crate) fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let output = self.try_git(dir, args);
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let printed = String::from_utf8(output.stdout).expect("text");
        printed.trim_end().to_owned()
    }

    /// Runs git in a directory, with no configuration of the machine's.
    pub(crate) fn try_git(&self, dir: &Path, args: &[&str]) -> Output {
        let who = ["AUTHOR", "COMMITTER"].into_iter().flat_map(|who| {
            [
                (format!("GIT_{who}_NAME"), "Up"),
                (format!("GIT_{who}_EMAIL"), "up@example.org"),
                (format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z"),
            ]
        });
        Command::new("git")
            .args(args)
            .current_dir(dir)
            .env("HOME", self.dir.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(who)
            .output()
            .expect("git")
    }

    /// Sets a variable in the user's environment.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has the user's git reach the repository through a script, `$@` being
    /// what `git upload-pack` gets.
    pub(crate) fn serve_by(&self, script: &str) {
        let path = self.path("upload-pack");
        write(&path, format!("#!/bin/sh\n{script}\n"));
        let config = format!(
            "[remote \"origin\"]\n\tuploadpack = sh {}\n\tproxy =\n",
            path.display()
        );
        write(&self.path("gitconfig"), config);
    }

    /// Has what the repository sends, and what is asked of it, kept in a directory.
    pub(crate) fn record(&self, dir: &Path) {
        let dir = dir.display();
        self.serve_by(&format!(
            "mkdir -p {dir}; echo asked >> {dir}/asked\n\
             export GIT_TRACE_PACKET={dir}/packets\n\
             git upload-pack \"$@\" | tee -a {dir}/sent"
        ));
    }

    /// Returns how often the repository was reached.
    pub(crate) fn times_asked(&self) -> usize {
        let asked = fs::read_to_string(self.path("requests/asked"));
        asked.map_or(0, |text| text.lines().count())
    }

    /// Returns how many of the requests were for objects.
    pub(crate) fn times_fetched(&self) -> usize {
        let packets = fs::read_to_string(self.path("requests/packets")).unwrap_or_default();
        let fetches = |line: &&str| line.contains("upload-pack< command=fetch");
        packets.lines().filter(fetches).count()
    }

    /// Makes the surroundings of a run: an environment that has nothing but what tests set.
    pub(crate) fn host(&self) -> Host {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let own = [
            ("HOME", text(self.path("home"))),
            ("CARGO_HOME", text(self.path("cargo-home"))),
            ("GIT_CONFIG_GLOBAL", text(self.path("gitconfig"))),
            ("PATH", std::env::var("PATH").expect("a search path")),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let vars = own.into_iter().chain(self.vars.iter().cloned());
        let vars = vars.map(|(n, v)| (OsString::from(n), OsString::from(v)));
        let env = Environment::new(self.dir.path(), vars);
        Host::new(env, Arc::<Told>::clone(&self.told)).expect("a host")
    }

    /// Returns options for a repository, given as a user gives it.
    pub(crate) fn options(&self, upstream: &str) -> SourceOptions {
        let path = TreePath::new("crates/wasi").expect("a path");
        SourceOptions {
            upstream: Some(upstream.to_owned().into()),
            ..SourceOptions::new(CRATE, path, self.path("cache"), self.dir.path())
        }
    }

    /// Does something with a repository in a run of its own.
    pub(crate) fn run<T>(
        &self,
        upstream: &str,
        act: impl FnOnce(&Git<'_>) -> Result<T>,
    ) -> Result<T> {
        let host = self.host();
        act(&Git::new(&host, &self.options(upstream))?)
    }

    /// The same without the network.
    pub(crate) fn run_offline<T>(
        &self,
        upstream: &str,
        act: impl FnOnce(&Git<'_>) -> Result<T>,
    ) -> Result<T> {
        let host = self.host();
        let options = SourceOptions {
            offline: true,
            ..self.options(upstream)
        };
        act(&Git::new(&host, &options)?)
    }

    /// Returns what stands in the directory of the tool's git caches, but for lock files.
    pub(crate) fn caches(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("cache/git")) else {
            return Vec::new();
        };
        let paths = entries.map(|e| e.expect("an entry").path());
        paths
            .filter(|p| p.extension().is_none_or(|e| e != "lock"))
            .collect()
    }

    /// Returns the tool's only git cache.
    pub(crate) fn cache(&self) -> PathBuf {
        match &self.caches()[..] {
            [only] => only.clone(),
            other => panic!("there is not one cache: {other:?}"),
        }
    }
}

/// Returns the files of the workspace at a version.
pub(crate) fn files(version: &str) -> Vec<(&'static str, String)> {
    // Noise, which does not shrink.
    let noise: String = (0..4000)
        .map(|n| recipe::tree::Digest::of(format!("{version}{n}")).to_string())
        .collect();
    vec![
        (
            "Cargo.toml",
            format!(
                "[workspace]\nresolver = \"3\"\nmembers = [\"crates/wasi\"]\n\n\
                 [workspace.package]\nversion = \"{version}\"\nedition = \"2024\"\n"
            ),
        ),
        (
            "Cargo.lock",
            format!("version = 4\n\n[[package]]\nname = \"{CRATE}\"\nversion = \"{version}\"\n"),
        ),
        ("README.md", "The workspace.\n".to_owned()),
        (LARGE, noise),
        (
            "crates/wasi/Cargo.toml",
            format!(
                "[package]\nname = \"{CRATE}\"\nversion.workspace = true\nedition.workspace = true\n\
                 description = \"d\"\nlicense = \"MIT\"\n\
                 include = [\"src/**/*\", \"README.md\", \"wit/**/*\", \"tests/*\"]\n"
            ),
        ),
        ("crates/wasi/README.md", "The crate.\n".to_owned()),
        (
            "crates/wasi/src/lib.rs",
            format!("//! Version {version}.\npub mod sockets;\n"),
        ),
        ("crates/wasi/src/sockets/mod.rs", "// sockets\n".to_owned()),
        ("crates/wasi/tests/all/main.rs", "fn main() {}\n".to_owned()),
        ("crates/wasi/tests/run.sh", "#!/bin/sh\n".to_owned()),
        (
            "crates/wasi/wit/world.wit",
            format!("package a:b@{version};\n"),
        ),
        ("crates/wasi/notes.txt", "Not in the package.\n".to_owned()),
    ]
}

pub(crate) fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, bytes).expect("a file");
}
