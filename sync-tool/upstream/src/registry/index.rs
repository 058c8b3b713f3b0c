//! The registry's index: paths, lines, `config.json`
//! (<https://doc.rust-lang.org/cargo/reference/registry-index.html>).

use std::sync::Arc;

use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::release::Listed;
use recipe::tree::Digest;
use semver::Version;
use serde::Deserialize;

/// The newest format of index lines that is read; as cargo does, newer lines are passed over.
const NEWEST_FORMAT: u32 = 2;

/// One release, as the index lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) listed: Listed,
    pub(super) checksum: Digest,
}

/// Returns the path of a crate's file below the index.
pub(super) fn path(name: &str) -> String {
    let name = name.to_lowercase();
    format!("{}/{name}", prefix(&name))
}

/// Returns the directories that a crate's file stands in.
fn prefix(name: &str) -> String {
    let first = |n: usize| name.chars().take(n).collect::<String>();
    match name.chars().count() {
        0..=2 => name.chars().count().to_string(),
        3 => format!("3/{}", first(1)),
        _ => format!(
            "{}/{}",
            first(2),
            name.chars().skip(2).take(2).collect::<String>()
        ),
    }
}

#[derive(Deserialize)]
struct IndexLine {
    name: String,
    vers: String,
    cksum: String,
    #[serde(default)]
    yanked: Option<bool>,
    #[serde(default)]
    rust_version: Option<String>,
    #[serde(default)]
    v: Option<u32>,
}

/// Reads a crate's file; the entries come in ascending order of their versions.
pub(super) fn parse(text: &[u8], name: &str, place: &str) -> Result<Vec<IndexEntry>> {
    let mut entries = Vec::new();
    let mut faults = Vec::new();
    let lines = text
        .split(|b| *b == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.trim_ascii().is_empty());
    for (number, line) in lines {
        match entry(line, name) {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => {}
            Err(what) => faults.push(fault(place, number + 1, line, &what)),
        }
    }
    if !faults.is_empty() {
        return Err(Error::faults(
            Kind::Upstream,
            format!("the index entry of `{name}` is malformed"),
            faults,
        )
        .help("check that the URL in cargo's configuration is a registry's index"));
    }
    entries.sort_by(|a, b| a.listed.version.cmp(&b.listed.version));
    Ok(entries)
}

fn entry(line: &[u8], name: &str) -> Result<Option<IndexEntry>, String> {
    let line: IndexLine = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    if line.v.is_some_and(|format| format > NEWEST_FORMAT) {
        return Ok(None);
    }
    if line.name != name {
        return Err(format!("it is about `{}`", line.name));
    }
    let version =
        Version::parse(&line.vers).map_err(|e| format!("`{}` is not a version: {e}", line.vers))?;
    let checksum = Digest::parse(&line.cksum)
        .ok_or_else(|| format!("`{}` is not a SHA-256 checksum", line.cksum))?;
    let listed = Listed {
        version,
        yanked: line.yanked.unwrap_or(false),
        rust_version: line.rust_version,
    };
    Ok(Some(IndexEntry { listed, checksum }))
}

/// Points at a line. Only the line is kept: an index file can have a megabyte.
fn fault(place: &str, number: usize, line: &[u8], what: &str) -> Fault {
    let line = String::from_utf8_lossy(line);
    let start: String = line.chars().take(60).collect();
    Fault::new(format!("line {number} (`{start}…`): {what}")).at(Location::file(place))
}

/// What a registry says of itself in `config.json`.
#[derive(Debug, Deserialize)]
pub(super) struct RegistryConfig {
    /// The template of a package's URL.
    pub(super) dl: String,
    /// Whether each request must say who asks.
    #[serde(default, rename = "auth-required")]
    pub(super) auth_required: bool,
}

impl RegistryConfig {
    pub(super) fn parse(text: &[u8], place: &str) -> Result<Self> {
        let config: RegistryConfig = serde_json::from_slice(text).map_err(|e| {
            let fault = match std::str::from_utf8(text) {
                Ok(text) => {
                    Fault::new(e.to_string()).at(Location::line(place, Arc::from(text), e.line()))
                }
                Err(_) => Fault::new("it is not UTF-8").at(Location::file(place)),
            };
            malformed(fault)
        })?;
        let known =
            reqwest::Url::parse(&config.dl).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
        if known {
            Ok(config)
        } else {
            Err(malformed(
                Fault::new(format!("`dl` is not an HTTP URL: `{}`", config.dl))
                    .at(Location::file(place)),
            ))
        }
    }

    pub(super) fn download(&self, name: &str, version: &Version, checksum: Digest) -> String {
        let marks = [
            ("{crate}", name.to_owned()),
            ("{version}", version.to_string()),
            ("{prefix}", prefix(name)),
            ("{lowerprefix}", prefix(&name.to_lowercase())),
            ("{sha256-checksum}", checksum.to_string()),
        ];
        if !marks.iter().any(|(mark, _)| self.dl.contains(mark)) {
            return format!(
                "{}/{name}/{version}/download",
                self.dl.trim_end_matches('/')
            );
        }
        marks.iter().fold(self.dl.clone(), |url, (mark, value)| {
            url.replace(mark, value)
        })
    }
}

fn malformed(fault: Fault) -> Error {
    Error::faults(
        Kind::Upstream,
        "the registry's config.json is malformed",
        vec![fault],
    )
    .help("check that the URL in cargo's configuration is a registry's index")
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
