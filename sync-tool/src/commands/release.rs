//! Which release a command is about: by its name, by the lock, by the compiler here.

use gates::cargo::Cargo;
use recipe::error::{Error, Kind, Result};
use recipe::lock::Lock;
use recipe::manifest::Manifest;
use recipe::release::{Listed, VersionRequest, newest_of_lines};
use semver::Version;
use upstream::{Locked, Upstream};

use super::pipeline::PreparedRelease;

/// How a command that stays at the pin takes another release, up to its version.
pub(super) const UPGRADE: &str = "`wash-wasi-sync upgrade --to";

/// Fails where the compiler is older than a release wants, before anything is made.
/// `again` says how to take another release, up to its version.
///
/// # Errors
///
/// Names the newest release that it builds, where upstream tells that.
pub(super) fn builds_here(
    cargo: &Cargo<'_>,
    upstream: &Upstream<'_>,
    manifest: &Manifest,
    ready: &PreparedRelease,
    again: &str,
) -> Result<()> {
    let name = format!("{} {}", manifest.upstream.name, ready.release.version);
    match cargo.check_rust(&name, ready.inherited.rust_version.as_deref()) {
        Ok(()) => Ok(()),
        Err(error) => Err(with_newest(error, upstream, &cargo.rustc_version()?, again)),
    }
}

/// Adds to the error of a compiler that is too old which release it builds.
pub(super) fn with_newest(
    error: Error,
    upstream: &Upstream<'_>,
    rustc: &Version,
    again: &str,
) -> Error {
    let found = match upstream.newest_for(rustc) {
        Ok(found) => found,
        Err(e) if e.kind() == Kind::Interrupted => return e,
        Err(e) => {
            return error.help(format!(
                "which release Rust {rustc} builds is not known: {e}"
            ));
        }
    };
    let error = error.help(match found.newest {
        Some(version) => {
            format!("or take the newest release that Rust {rustc} builds: {again} v{version}`")
        }
        None => format!("no release of upstream says that Rust {rustc} builds it"),
    });
    match found.unknown {
        Some(unknown) => error.help(unknown),
        None => error,
    }
}

/// Finds the release that is meant.
///
/// # Errors
///
/// Where upstream cannot be asked, or has none, with the nearest that it has.
pub(super) fn resolve(upstream: &Upstream<'_>, wanted: &VersionRequest) -> Result<Version> {
    if let VersionRequest::Exact(version) = wanted {
        return Ok(version.clone());
    }
    let listed = upstream.list()?;
    let newer = upstream.newer_in_registry(std::slice::from_ref(wanted), &listed)?;
    let newer = (!newer.is_empty()).then(|| upstream.from_registry(&newer));
    let none_chosen = || {
        let error = none_chosen(wanted, &listed);
        upstream.fetch_tags().into_iter().fold(error, Error::help)
    };
    match (wanted.choose(&listed), newer) {
        (Some(listed), newer) => {
            newer.into_iter().for_each(|newer| upstream.warn(&newer));
            Ok(listed.version.clone())
        }
        (None, None) => Err(none_chosen()),
        (None, Some(newer)) => Err(none_chosen().help(newer)),
    }
}

/// Says why none of the listed releases is the one that is meant.
fn none_chosen(wanted: &VersionRequest, listed: &[Listed]) -> Error {
    let of_line: Vec<String> = listed
        .iter()
        .filter(|l| wanted.covers(&l.version))
        .map(|l| format!("v{}", l.version))
        .collect();
    let lines = newest_of_lines(listed, 0);
    let lines = lines.iter().rev().take(5).map(|v| v.major.to_string());
    let lines: Vec<String> = lines.collect();
    let others = match lines[..] {
        [] => "no other line has a release that is not yanked".to_owned(),
        _ => format!("the newest lines it has: {}", lines.join(", ")),
    };
    let is_pre = |l: &&Listed| wanted.covers(&l.version) && !l.yanked;
    if let Some(last) = listed.iter().rfind(is_pre) {
        let message = format!(
            "upstream has no release of {wanted}, but pre-releases: {}",
            of_line.join(", ")
        );
        return Error::upstream(message).help(format!(
            "to take one all the same, name it: `--to v{}`",
            last.version
        ));
    }
    if listed.is_empty() {
        return Error::upstream("upstream lists no release").help(
            "see whether `[upstream]` in manifest.toml names the right repository, crate and tag",
        );
    }
    if of_line.is_empty() {
        return Error::upstream(format!("upstream has no release of the line {wanted}"))
            .help(others);
    }
    let message = format!(
        "upstream has yanked every release of {wanted}: {}",
        of_line.join(", ")
    );
    Error::upstream(message).help(others)
}

/// Returns what the lock has of a release; nothing for another one.
pub(super) fn locked<'l>(lock: Option<&'l Lock>, version: &Version) -> Locked<'l> {
    let lock = lock.filter(|lock| lock.upstream.version == *version);
    Locked {
        commit: lock.and_then(|lock| lock.upstream.commit.as_deref()),
        checksum: lock.and_then(|lock| lock.upstream.checksum.as_deref()),
        digest: lock.map(|lock| lock.upstream.digest),
    }
}
