//! Which Rust there is, and whether it is new enough.

use recipe::error::{Error, Result};
use recipe::rust_version;
use semver::Version;

use super::Cargo;

impl Cargo<'_> {
    /// Returns the version of the compiler that cargo uses; asked once.
    ///
    /// # Errors
    ///
    /// Fails where there is no compiler, or it does not state its version.
    pub fn rustc_version(&self) -> Result<Version> {
        if let Some(version) = self.rustc.get() {
            return Ok(version.clone());
        }
        let dir = self.host.env.dir().to_owned();
        let call = self.tool("RUSTC", "rustc", &dir).args(["-vV"]);
        let line = call.line();
        let outcome = call.run(self.host)?;
        if !outcome.success() {
            return Err(self.failed(&line, &outcome));
        }
        let said = String::from_utf8_lossy(&outcome.stdout);
        let release = said
            .lines()
            .find_map(|line| line.strip_prefix("release: "))
            .and_then(|release| Version::parse(release.trim()).ok());
        let Some(version) = release else {
            return Err(
                Error::general(format!("`{line}` does not state its release"))
                    .help("see whether RUSTC names a Rust compiler"),
            );
        };
        Ok(self.rustc.get_or_init(|| version).clone())
    }

    /// Fails where the compiler is older than a crate, as messages call it, wants.
    ///
    /// # Errors
    ///
    /// Says which Rust is wanted, which there is, and how to get the other.
    pub fn check_rust(&self, name: &str, wanted: Option<&str>) -> Result<()> {
        let Some(wanted) = wanted else {
            return Ok(());
        };
        let least = rust_version::parse(wanted).ok_or_else(|| {
            Error::general(format!(
                "`rust-version = \"{wanted}\"` of {name} is not a version"
            ))
            .help("take another release, and report it to upstream")
        })?;
        let version = self.rustc_version()?;
        if rust_version::is_new_enough(&version, &least) {
            return Ok(());
        }
        let Version { major, minor, .. } = least;
        Err(Error::general(format!(
            "{name} needs Rust {wanted} or newer, and this is Rust {version}"
        ))
        .help(format!(
            "rustup toolchain install {major}.{minor}, then run the same command again with `--toolchain {major}.{minor}`"
        )))
    }
}
