//! Makes the crate's `Cargo.lock`.

#[cfg(unix)]
use std::io::Write as _;
use std::path::{Path, PathBuf};

use host::Environment;
use host::status::Step;
use recipe::cargo_lock;
use recipe::cargo_lock::{CargoLock, Pins};
use recipe::error::{Error, Result};
use recipe::listing::joined;
use recipe::tree::Tree;
use toml_edit::DocumentMut;
use upstream::registry::config::Config;

use super::Cargo;

/// How often pins are added before it is plain that cargo and the seed disagree.
/// Upstream's crates ask for each other in exact versions, so two rounds are usual.
const ROUNDS: usize = 8;

/// What cargo says when the registry cannot be reached.
const UNREACHED: [&str; 6] = [
    "Could not resolve host",
    "Could not connect",
    "Failed to connect",
    "failed to connect",
    "spurious network error",
    "you may want to run without the offline flag",
];

/// Upstream's lock for a release: the package's own, or its workspace's.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamLock<'t> {
    /// The name of upstream's crate.
    pub package: &'t str,
    /// The text of the lock.
    pub text: &'t str,
}

impl Cargo<'_> {
    /// Makes the `Cargo.lock` of a crate: upstream's versions where the seed has
    /// them, the newest that fit for what the fork adds, nothing else. Whether the
    /// seed is the package's lock or the workspace's makes no difference.
    ///
    /// `files` is the crate's tree; its sources are not read, they only have to be there.
    /// Of cargo's configuration around the project only that counts which says how
    /// registries are reached: a `[patch]` must not decide what the fork is made of.
    ///
    /// # Errors
    ///
    /// Fails where the seed is not a lock of that crate, where the registry cannot
    /// be reached, and where cargo finds no versions that fit.
    pub fn make_lock(
        &self,
        project: &Path,
        manifest: &str,
        seed: Option<UpstreamLock<'_>>,
        files: &Tree,
    ) -> Result<String> {
        let step = self.host.status.step("making the crate's Cargo.lock");
        let dir = host::disk::temporary()?;
        let draft = ScratchCrate {
            cargo: self,
            home: neutral_home(&self.host.env, project, dir.path())?,
            toolchain: self.rustups_toolchain(project),
            dir: &dir.path().join("crate"),
            step: &*step,
        };
        draft.lay_out(files)?;
        let document: DocumentMut = manifest.parse().map_err(|e: toml_edit::TomlError| {
            Error::general(format!("Cargo.toml is not TOML: {}", e.message())).caused_by(e)
        })?;
        let lock = match seed {
            Some(seed) => Some(draft.upstream_part(&document, seed)?),
            None => None,
        };
        let made = draft.resolve(manifest, lock.as_deref())?;
        // A lock that a locked build would refuse must not get further than here.
        draft.cargo_update(&["--locked"])?;
        if let Some(lock) = lock {
            self.tell_moved(&lock, &made)?;
        }
        Ok(made)
    }

    /// Tells which of upstream's versions could not stay beside what the fork adds.
    fn tell_moved(&self, upstream: &str, made: &str) -> Result<()> {
        let moved = CargoLock::parse(upstream)
            .and_then(|lock| Ok(lock.moved(&CargoLock::parse(made)?)))
            .map_err(|e| Error::general(format!("cargo's lock cannot be read: {e}")))?;
        for moved in moved {
            self.host.status.note(&format!(
                "{} moves from upstream's {} to {}: what the fork adds needs it",
                moved.name, moved.from, moved.to
            ));
        }
        Ok(())
    }
}

/// The copy of a crate in which cargo resolves.
struct ScratchCrate<'d> {
    cargo: &'d Cargo<'d>,
    home: Option<PathBuf>,
    toolchain: Option<PathBuf>,
    dir: &'d Path,
    step: &'d dyn Step,
}

impl ScratchCrate<'_> {
    /// Puts what cargo looks for when it reads a manifest: targets, and packages by path.
    fn lay_out(&self, files: &Tree) -> Result<()> {
        self.write("src/lib.rs".as_ref(), "")?;
        for (path, file) in files.iter() {
            let name = path.as_str();
            if name.ends_with("/Cargo.toml") {
                let text = file.text().unwrap_or_default();
                self.write(name.as_ref(), text)?;
            } else if name.ends_with(".rs") {
                self.write(name.as_ref(), "")?;
            }
        }
        Ok(())
    }

    fn write(&self, name: &Path, text: &str) -> Result<()> {
        let path = self.dir.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| Error::io("make", parent, e))?;
        }
        std::fs::write(&path, text).map_err(|e| Error::io("write", &path, e))
    }

    /// Returns the lock of what upstream asks for, each of its own crates in the
    /// version of that release.
    fn upstream_part(&self, manifest: &DocumentMut, seed: UpstreamLock<'_>) -> Result<String> {
        let bad = |e: cargo_lock::CargoLockError| {
            Error::general(format!("upstream's lock cannot be used: {e}"))
                .help("report it, with the release and the source (git or registry)")
        };
        let text = cargo_lock::in_our_format(seed.text);
        let theirs = CargoLock::parse(&text).map_err(bad)?;
        let root = theirs.own(seed.package).map_err(bad)?;
        let mut pins = theirs.first_pins(root, &cargo_lock::packages(manifest));
        let only = |pins: &Pins| {
            let mut manifest = manifest.clone();
            cargo_lock::upstream_only(&mut manifest, &root.dependencies, pins);
            manifest.to_string()
        };
        for _ in 0..ROUNDS {
            // From the seed each time: what a stray version wanted must not stay.
            let made = self.resolve(&only(&pins), Some(&text))?;
            let strayed = theirs.strayed(&CargoLock::parse(&made).map_err(bad)?);
            if strayed.is_empty() {
                return self.resolve(&only(&Pins::new()), Some(&made));
            }
            pins.extend(strayed);
        }
        Err(Error::general(format!(
            "cargo does not keep the versions of upstream's own crates: {}",
            joined(pins.keys(), pins.len())
        ))
        .help("report it, with the release"))
    }

    /// Resolves a manifest, keeping what the lock has, and returns the new lock.
    fn resolve(&self, manifest: &str, lock: Option<&str>) -> Result<String> {
        self.write("Cargo.toml".as_ref(), manifest)?;
        let path = self.dir.join("Cargo.lock");
        match lock {
            Some(lock) => self.write("Cargo.lock".as_ref(), lock)?,
            None => match std::fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", &path, e));
                }
                _ => {}
            },
        }
        self.cargo_update(&[])?;
        std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))
    }

    /// Has cargo bring the lock in line with the manifest, and change nothing else.
    /// That downloads no package, only what the registry says about some.
    fn cargo_update(&self, args: &[&str]) -> Result<()> {
        let manifest = self.dir.join("Cargo.toml");
        // Cargo looks for its configuration, and rustup for a toolchain, upwards of here.
        let root = self.dir.ancestors().last().unwrap_or(self.dir);
        let mut call = self.cargo.cargo(root);
        if let Some(home) = &self.home {
            call = call.env("CARGO_HOME", home);
        }
        if let Some(toolchain) = &self.toolchain {
            call = call.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        let call = call
            .args(["update", "--workspace"])
            .args(args)
            .args(["--manifest-path".as_ref(), manifest.as_os_str()]);
        let outcome = call.run_with(self.cargo.host, |line| self.step.at(line.trim()))?;
        if outcome.success() {
            return Ok(());
        }
        let error = self.cargo.failed("cargo update --workspace", &outcome);
        let complaint = outcome.complaint();
        if UNREACHED.iter().any(|mark| complaint.contains(mark)) {
            return Err(error
                .context("the registry cannot be reached")
                .help("see to the network (or cargo's proxy and source settings), then run the same command again"));
        }
        Err(error)
    }
}

/// Makes a home for cargo with the user's caches, and of the configuration only what
/// says how registries are reached.
#[cfg(unix)]
fn neutral_home(env: &Environment, project: &Path, dir: &Path) -> Result<Option<PathBuf>> {
    let home = dir.join("home");
    std::fs::create_dir(&home).map_err(|e| Error::io("make", &home, e))?;
    let theirs = env.cargo_home();
    if let Some(theirs) = &theirs {
        // What cargo downloads stays in the user's home, where it has none yet, too.
        let registry = theirs.join("registry");
        std::fs::create_dir_all(&registry).map_err(|e| Error::io("make", &registry, e))?;
    }
    let theirs = theirs.and_then(|home| std::fs::read_dir(home).ok());
    for entry in theirs.into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_read = |stem: &str| name.to_string_lossy().starts_with(stem);
        if !is_read("config") && !is_read("credentials") {
            let link = home.join(&name);
            std::os::unix::fs::symlink(entry.path(), &link)
                .map_err(|e| Error::io("make", &link, e))?;
        }
    }
    let config = home.join("config.toml");
    let text = Config::read(env, project)?.of_registries()?;
    // It may have tokens and passwords.
    let private = std::os::unix::fs::OpenOptionsExt::mode(&mut std::fs::OpenOptions::new(), 0o600)
        .write(true)
        .create_new(true)
        .open(&config);
    private
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| Error::io("write", &config, e))?;
    Ok(Some(home))
}

/// Links to directories need rights of their own here: the user's home stays, and
/// what its configuration brings into a lock is refused by name.
#[cfg(not(unix))]
fn neutral_home(_: &Environment, _: &Path, _: &Path) -> Result<Option<PathBuf>> {
    Ok(None)
}
