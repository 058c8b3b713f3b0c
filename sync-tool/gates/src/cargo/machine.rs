//! What this machine has for building upstream's tests.

use std::path::{Path, PathBuf};

use recipe::error::{Error, Result};

use super::Cargo;
use crate::preflight::{Machine, TARGETS};

impl Cargo<'_> {
    /// Looks at the toolchain and the disk that builds use.
    ///
    /// # Errors
    ///
    /// Fails where there is no compiler, or it does not state where it stands.
    pub fn machine(&self) -> Result<Machine> {
        let libraries = self
            .sysroot(self.host.env.dir())?
            .join("lib")
            .join("rustlib");
        // The standard library, not only the directory: rustup leaves some behind.
        let has = |target: &&&str| !has_std(&libraries.join(target).join("lib"));
        let lacking = TARGETS.iter().filter(has).map(|t| (*t).to_owned());
        Ok(Machine {
            rustc: self.rustc_version()?,
            toolchain: self.toolchain.clone(),
            lacking: lacking.collect(),
            place: self.target_dir.display().to_string(),
            free: free(&self.target_dir),
            built: self.target_dir.join("debug").join("deps").is_dir(),
        })
    }

    /// Returns the toolchain that rustup chooses in a directory. A compiler that
    /// `RUSTC` names says nothing of rustup's cargo.
    pub(super) fn rustups_toolchain(&self, dir: &Path) -> Option<PathBuf> {
        if self.host.env.var("RUSTC").is_some() {
            return None;
        }
        let sysroot = self.sysroot(dir).ok()?;
        sysroot.join("bin").is_dir().then_some(sysroot)
    }

    /// Returns the directory of the toolchain that the compiler in a directory belongs to.
    pub(super) fn sysroot(&self, dir: &Path) -> Result<PathBuf> {
        let call = self.tool("RUSTC", "rustc", dir);
        let call = call.args(["--print", "sysroot"]);
        let line = call.line();
        let outcome = call.run(self.host)?;
        if !outcome.success() {
            return Err(self.failed(&line, &outcome));
        }
        let said = String::from_utf8_lossy(&outcome.stdout).trim().to_owned();
        if said.is_empty() {
            return Err(
                Error::general(format!("`{line}` does not state where the toolchain is"))
                    .help("see whether RUSTC names a Rust compiler"),
            );
        }
        Ok(PathBuf::from(said))
    }
}

/// Tells whether a directory of a target's libraries has the standard one.
fn has_std(dir: &Path) -> bool {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.any(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
}

/// Returns the bytes that are free where a directory is, or will be.
#[cfg(unix)]
fn free(dir: &Path) -> Option<u64> {
    let there = dir.ancestors().find(|above| above.exists())?;
    let found = rustix::fs::statvfs(there).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn free(_dir: &Path) -> Option<u64> {
    None
}
