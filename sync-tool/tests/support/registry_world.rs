//! A registry with a few releases, a cargo home that leads to it, and a cache.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use host::{Environment, Host, Silent, Status, Step};
use recipe::Result;
use recipe::tree::{Digest, TreePath};
use semver::Version;
use upstream::SourceOptions;
use upstream::registry::Registry;

use super::server::{Reply, Server};

pub(crate) const CRATE: &str = "wasmtime-wasi";
pub(crate) const INDEX: &str = "/index/wa/sm/wasmtime-wasi";
pub(crate) const CONFIG: &str = "/index/config.json";
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Keeps what a run tells.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<String>>);

impl Told {
    /// Returns the lines that were told so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().expect("lock").clone()
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
    fn detail(&self, _: &str) {}
    fn step(&self, _: &str) -> Box<dyn Step> {
        Box::new(Silent)
    }
}

/// A registry and a user of it.
pub(crate) struct World {
    pub dir: tempfile::TempDir,
    pub server: Server,
    pub told: Arc<Told>,
    vars: Vec<(String, String)>,
}

impl World {
    /// Makes a registry that lists and has versions; one with `!` is yanked.
    pub(crate) fn with(versions: &[&str]) -> Self {
        World::at(Server::start(), versions)
    }

    /// The same at a server that is there already.
    pub(crate) fn at(server: Server, versions: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let world = World {
            dir,
            server,
            told: Arc::default(),
            vars: Vec::new(),
        };
        world.configure(&format!("sparse+{}", world.server.url("/index/")));
        world.server.on(
            CONFIG,
            [Reply::body(format!(
                r#"{{"dl":"{}"}}"#,
                world.server.url("/dl")
            ))],
        );
        world
            .server
            .on(INDEX, [Reply::body(index_of(versions)).etag("\"1\"")]);
        for version in versions.iter().map(|v| v.trim_end_matches('!')) {
            world
                .server
                .on(&download(version), [Reply::body(package(version))]);
        }
        world
    }

    /// Has crates.io replaced by another registry.
    pub(crate) fn configure(&self, registry: &str) {
        self.config(&format!("[source.crates-io]\nreplace-with = \"ours\"\n[source.ours]\nregistry = \"{registry}\"\n"));
    }

    /// Writes cargo's configuration.
    pub(crate) fn config(&self, text: &str) {
        write(&self.path("cargo-home/config.toml"), text);
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Sets a variable in the user's environment.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the surroundings of a run: an environment that has nothing but what tests set.
    pub(crate) fn host(&self) -> Host {
        let home = (
            "CARGO_HOME".to_owned(),
            self.path("cargo-home").to_string_lossy().into_owned(),
        );
        let vars = self
            .vars
            .iter()
            .cloned()
            .chain([home])
            .map(|(n, v)| (OsString::from(n), OsString::from(v)));
        Host::new(
            Environment::new(self.dir.path(), vars),
            Arc::<Told>::clone(&self.told),
        )
        .expect("a host")
    }

    pub(crate) fn options(&self) -> SourceOptions {
        let path = TreePath::new("crates/wasi").expect("a path");
        SourceOptions::new(CRATE, path, self.path("cache"), self.path("project"))
    }

    /// Does something with the registry in a run of its own.
    pub(crate) fn run<T>(&self, act: impl FnOnce(&Registry<'_>) -> Result<T>) -> Result<T> {
        let host = self.host();
        act(&Registry::new(&host, &self.options())?.with_backoff(Duration::ZERO))
    }

    /// The same without the network.
    pub(crate) fn run_offline<T>(&self, act: impl FnOnce(&Registry<'_>) -> Result<T>) -> Result<T> {
        let host = self.host();
        let options = SourceOptions {
            offline: true,
            ..self.options()
        };
        act(&Registry::new(&host, &options)?.with_backoff(Duration::ZERO))
    }

    /// Returns the files in the tool's cache with an ending.
    pub(crate) fn cached(&self, ending: &str) -> Vec<PathBuf> {
        let files = walkdir::WalkDir::new(self.path("cache"))
            .into_iter()
            .filter_map(|f| Some(f.ok()?.into_path()));
        files
            .filter(|f| f.to_string_lossy().ends_with(ending))
            .collect()
    }
}

pub(crate) fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

pub(crate) fn download(version: &str) -> String {
    format!("/dl/{CRATE}/{version}/download")
}

pub(crate) fn checksum(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

/// Returns the index file for versions; one with `!` is yanked.
pub(crate) fn index_of(versions: &[&str]) -> String {
    versions
        .iter()
        .map(|v| (v.trim_end_matches('!'), v.ends_with('!')))
        .map(|(v, yanked)| {
            let cksum = checksum(&package(v));
            format!(r#"{{"name":"{CRATE}","vers":"{v}","deps":[],"cksum":"{cksum}","features":{{}},"yanked":{yanked},"rust_version":"1.90"}}"#) + "\n"
        })
        .collect()
}

/// Returns the files of a package as cargo makes it, without the directory before them.
pub(crate) fn files(version: &str) -> Vec<(&'static str, Vec<u8>)> {
    // Noise, so that a package has some thousand bytes that do not shrink.
    let noise: String = (0..400)
        .map(|n| format!("// {}\n", checksum(format!("{version}{n}").as_bytes())))
        .collect();
    vec![
        (
            ".cargo_vcs_info.json",
            format!(r#"{{"git":{{"sha1":"{COMMIT}"}},"path_in_vcs":"crates/wasi"}}"#).into_bytes(),
        ),
        ("Cargo.lock", b"version = 4\n".to_vec()),
        (
            "Cargo.toml",
            format!("[package]\nname = \"{CRATE}\"\nversion = \"{version}\"\n").into_bytes(),
        ),
        (
            "Cargo.toml.orig",
            format!("[package]\nname = \"{CRATE}\"\nversion.workspace = true\n").into_bytes(),
        ),
        ("src/lib.rs", noise.into_bytes()),
    ]
}

/// Returns a package as cargo makes it, the same bytes each time.
pub(crate) fn package(version: &str) -> Vec<u8> {
    packed(version, files(version))
}

/// Packs files as cargo does.
pub(crate) fn packed(version: &str, files: Vec<(&'static str, Vec<u8>)>) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{CRATE}-{version}/{path}"), &bytes[..])
            .expect("memory");
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar.into_inner().expect("memory"))
        .expect("memory");
    gzip.finish().expect("memory")
}

pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, bytes).expect("a file");
}
