//! An upstream release, as either source gives it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use semver::Version;
use serde::Serialize;

use super::tree::Tree;

/// Where a release came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A git repository.
    Git,
    /// The package registry.
    Registry,
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SourceKind::Git => "git",
            SourceKind::Registry => "registry",
        })
    }
}

/// What gives meaning to the crate manifest's `workspace = true`.
#[derive(Debug, Clone)]
pub enum Workspace {
    /// The text of the workspace's `Cargo.toml` (git).
    Root(String),
    /// The text of the `Cargo.toml` that cargo normalised when publishing (registry).
    Published(String),
}

/// One upstream release: the crate's files as in the tagged tree.
#[derive(Debug, Clone)]
pub struct Release {
    /// The version of the crate.
    pub version: Version,
    /// The commit it was made from, 40 hexadecimal digits, where the source tells.
    pub commit: Option<String>,
    /// The registry's SHA-256 checksum of the package, where known.
    pub checksum: Option<String>,
    /// Where it came from.
    pub source: SourceKind,
    /// The crate's files, `Cargo.toml` as in git, cargo's own metadata left out.
    pub tree: Tree,
    /// What `workspace = true` means in `Cargo.toml`.
    pub workspace: Workspace,
    /// The `Cargo.lock` that the source has for this release.
    pub cargo_lock: Option<String>,
}

/// A release that a source lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listed {
    /// The version.
    pub version: Version,
    /// Whether the registry withdrew it; git knows no such thing.
    pub yanked: bool,
    /// The oldest Rust it builds with, where the source tells.
    pub rust_version: Option<String>,
}

/// What the user asks for with `--to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionRequest {
    /// The newest release that is not yanked and not a pre-release.
    Latest,
    /// The newest release of a line: `41` or `41.0`.
    Line {
        /// The major version.
        major: u64,
        /// The minor version, where given.
        minor: Option<u64>,
    },
    /// Exactly this one.
    Exact(Version),
}

/// A text that is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version: give one as v41.0.0, 41.0.0, 41 or latest")]
pub struct NotAVersion(String);

impl FromStr for VersionRequest {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        if text == "latest" {
            return Ok(VersionRequest::Latest);
        }
        let bad = || NotAVersion(text.to_owned());
        let bare = text.strip_prefix('v').unwrap_or(text);
        // Upstream's releases have no build metadata, and two that differ in it alone are
        // one version to cargo.
        if let Ok(version) = Version::parse(bare)
            && version.build.is_empty()
        {
            return Ok(VersionRequest::Exact(version));
        }
        let number = |part: &str| -> Result<u64, NotAVersion> {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            let canonical = part == "0" || !part.starts_with('0');
            if digits && canonical {
                part.parse().map_err(|_| bad())
            } else {
                Err(bad())
            }
        };
        match bare.split('.').collect::<Vec<_>>()[..] {
            [major] => Ok(VersionRequest::Line {
                major: number(major)?,
                minor: None,
            }),
            [major, minor] => Ok(VersionRequest::Line {
                major: number(major)?,
                minor: Some(number(minor)?),
            }),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for VersionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionRequest::Latest => f.write_str("latest"),
            VersionRequest::Line { major, minor: None } => write!(f, "{major}"),
            VersionRequest::Line {
                major,
                minor: Some(minor),
            } => write!(f, "{major}.{minor}"),
            VersionRequest::Exact(version) => write!(f, "v{version}"),
        }
    }
}

impl VersionRequest {
    /// Returns the release that is meant, among those a source lists.
    ///
    /// A yanked release is never taken for a line or for `latest`; a
    /// pre-release only when it is named exactly.
    pub fn choose<'a>(&self, listed: &'a [Listed]) -> Option<&'a Listed> {
        let open = |l: &&Listed| !l.yanked && l.version.pre.is_empty();
        match self {
            VersionRequest::Exact(version) => listed.iter().find(|l| l.version == *version),
            VersionRequest::Latest => listed.iter().filter(open).max_by_key(|l| &l.version),
            VersionRequest::Line { .. } => listed
                .iter()
                .filter(open)
                .filter(|l| self.covers(&l.version))
                .max_by_key(|l| &l.version),
        }
    }

    /// Tells whether a version is of the line, or the one that is meant.
    pub fn covers(&self, version: &Version) -> bool {
        match self {
            VersionRequest::Latest => true,
            VersionRequest::Exact(exact) => exact == version,
            VersionRequest::Line { major, minor } => {
                version.major == *major && minor.is_none_or(|m| version.minor == m)
            }
        }
    }
}

/// Returns the newest release of each line from a lowest one on, ascending, as
/// [`VersionRequest::choose`] does.
pub fn newest_of_lines(listed: &[Listed], lowest: u64) -> Vec<Version> {
    let lines: BTreeSet<u64> = listed.iter().map(|l| l.version.major).collect();
    let newest = lines.range(lowest..).filter_map(|major| {
        let (major, minor) = (*major, None);
        VersionRequest::Line { major, minor }.choose(listed)
    });
    newest.map(|listed| listed.version.clone()).collect()
}

/// How many releases are offered where one is missing.
const OFFERED: usize = 3;

/// Says what to take where a release is missing or yanked: the newest of its line and the
/// nearest, by the names that a source gives them; `None` where nothing is listed.
pub fn offer(
    listed: &[Listed],
    missing: &Version,
    name: impl Fn(&Version) -> String,
) -> Option<String> {
    let near: Vec<String> = nearest(listed, missing).into_iter().map(&name).collect();
    if near.is_empty() {
        return None;
    }
    let (major, minor) = (missing.major, None);
    let newest = VersionRequest::Line { major, minor }.choose(listed);
    let newest =
        newest.map(|l| format!("the newest of the line {major} is {}; ", name(&l.version)));
    let nearest = near.join(", ");
    Some(format!(
        "{}nearest are {nearest}",
        newest.unwrap_or_default()
    ))
}

/// Returns the listed versions nearest to one that is missing, nearest first.
fn nearest<'a>(listed: &'a [Listed], missing: &Version) -> Vec<&'a Version> {
    let distance = |v: &Version| {
        (
            v.major.abs_diff(missing.major),
            v.minor.abs_diff(missing.minor),
            v.patch.abs_diff(missing.patch),
        )
    };
    let open = listed.iter().filter(|l| !l.yanked);
    let mut versions: Vec<&Version> = open.map(|l| &l.version).collect();
    versions.sort_by_key(|v| (distance(v), (*v).clone()));
    versions.truncate(OFFERED);
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(versions: &[&str]) -> Vec<Listed> {
        versions
            .iter()
            .map(|v| {
                let (v, yanked) = v.strip_suffix('!').map_or((*v, false), |v| (v, true));
                Listed {
                    version: v.parse().unwrap(),
                    yanked,
                    rust_version: None,
                }
            })
            .collect()
    }

    #[test]
    fn versions_are_read_as_people_write_them() {
        assert_eq!(
            "v41.0.0".parse(),
            Ok(VersionRequest::Exact(Version::new(41, 0, 0)))
        );
        assert_eq!(
            "41.0.0".parse(),
            Ok(VersionRequest::Exact(Version::new(41, 0, 0)))
        );
        assert_eq!(
            "41".parse(),
            Ok(VersionRequest::Line {
                major: 41,
                minor: None
            })
        );
        assert_eq!(
            "v41.0".parse(),
            Ok(VersionRequest::Line {
                major: 41,
                minor: Some(0)
            })
        );
        assert_eq!("latest".parse(), Ok(VersionRequest::Latest));
        for bad in [
            "",
            "v",
            "forty",
            "41.",
            "41.x",
            "041",
            "1.2.3.4",
            "41 0",
            "-1",
            "99999999999999999999",
            "41.0.0+x",
        ] {
            assert!(bad.parse::<VersionRequest>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_line_is_its_newest_release_that_stands() {
        let all = listed(&["38.0.0", "38.0.4", "38.0.5!", "39.0.0-rc.1", "38.0.10"]);
        let pick = |w: &str| {
            w.parse::<VersionRequest>()
                .unwrap()
                .choose(&all)
                .map(|l| l.version.to_string())
        };
        assert_eq!(pick("38").as_deref(), Some("38.0.10"));
        assert_eq!(pick("latest").as_deref(), Some("38.0.10"));
        assert_eq!(pick("39"), None);
        assert_eq!(pick("39.0.0-rc.1").as_deref(), Some("39.0.0-rc.1"));
        assert_eq!(pick("38.0.5").as_deref(), Some("38.0.5"));
    }

    #[test]
    fn the_newest_of_the_line_and_the_nearest_are_offered() {
        let all = listed(&["37.0.9", "38.0.1", "38.0.2", "38.0.9", "38.0.10!", "39.0.0"]);
        let offered = |missing| offer(&all, &missing, |v| format!("v{v}"));
        assert_eq!(
            offered(Version::new(38, 0, 0)).as_deref(),
            Some("the newest of the line 38 is v38.0.9; nearest are v38.0.1, v38.0.2, v38.0.9")
        );
        assert_eq!(
            offered(Version::new(40, 0, 0)).as_deref(),
            Some("nearest are v39.0.0, v38.0.1, v38.0.2")
        );
        assert_eq!(offer(&[], &Version::new(1, 0, 0), Version::to_string), None);
    }
}
