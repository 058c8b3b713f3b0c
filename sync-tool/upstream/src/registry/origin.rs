//! Where crates.io's packages come from, by cargo's source replacement
//! (<https://doc.rust-lang.org/cargo/reference/source-replacement.html>).

use std::path::{Path, PathBuf};

use recipe::address::masked;
use recipe::error::{Error, Result};

use super::config::Config;

/// The index of crates.io by the sparse protocol.
const CRATES_IO: &str = "https://index.crates.io/";
/// The names that the same registry has by the git protocol, and in cargo's lock files.
const CRATES_IO_GIT: [&str; 2] = [
    "https://github.com/rust-lang/crates.io-index",
    "https://github.com/rust-lang/crates.io-index.git",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Sparse(SparseRegistry),
    /// A directory of packages with an index (`local-registry`).
    Local(PathBuf),
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct SparseRegistry {
    /// The index's URL, with a slash at its end.
    pub(super) url: String,
    /// The registry's name, for `cargo login`.
    pub(super) name: Option<String>,
    /// What to say who asks.
    pub(super) token: Option<String>,
}

impl std::fmt::Debug for SparseRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "…");
        f.debug_struct("SparseRegistry")
            .field("url", &masked(&self.url))
            .field("name", &self.name)
            .field("token", &token)
            .finish()
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Sparse(sparse) => f.write_str(&masked(&sparse.url)),
            Origin::Local(dir) => dir.display().fmt(f),
        }
    }
}

impl Origin {
    /// Follows the replacements of crates.io to their end.
    pub(super) fn of_crates_io(config: &Config) -> Result<Self> {
        let mut chain = vec!["crates-io"];
        loop {
            let name = chain[chain.len() - 1];
            let key = ["source", name, "replace-with"];
            let Some(next) = config.text_of_files(&key)? else {
                return Origin::of(config, name, &chain);
            };
            let circle = chain.contains(&next);
            chain.push(next);
            if circle {
                return Err(Error::general(format!(
                    "cargo's sources replace each other in a circle: {}",
                    chain.join(" → ")
                ))
                .help(format!("end the circle in {}", config.file_of(&key))));
            }
        }
    }

    fn of(config: &Config, name: &str, chain: &[&str]) -> Result<Self> {
        let key = |what| ["source", name, what];
        let local = config.path_of_files(&key("local-registry"))?;
        let directory = config.path_of_files(&key("directory"))?;
        let registry = config.text_of_files(&key("registry"))?;
        let git = config.text_of_files(&key("git"))?;
        let paths = [&local, &directory].into_iter().flatten().count();
        let urls = [&registry, &git].into_iter().flatten().count();
        if paths + urls > 1 {
            return Err(Error::general(format!("cargo's source `{name}` is defined in more than one way"))
                .help("leave one of `registry`, `local-registry`, `directory` and `git` in cargo's configuration"));
        }
        if let Some(dir) = directory {
            return Err(directory_source(name, &dir));
        }
        if let Some(dir) = local {
            return Ok(Origin::Local(dir));
        }
        let index = match (registry, git) {
            (Some(url), _) => Some(url),
            (None, Some(url)) => return Err(git_index(name, url)),
            (None, None) if name == "crates-io" => Some(CRATES_IO),
            (None, None) => config.text(&["registries", name, "index"])?,
        };
        match index {
            Some(url) => SparseRegistry::new(config, name, url).map(Origin::Sparse),
            None => Err(undefined(config, name, chain)),
        }
    }
}

fn undefined(config: &Config, name: &str, chain: &[&str]) -> Error {
    let by = chain.iter().rev().nth(1).copied().unwrap_or(name);
    let place = config.file_of(&["source", by, "replace-with"]);
    Error::general(format!(
        "cargo's source `{name}`, which replaces `{by}`, is not defined"
    ))
    .help(format!("define `[source.{name}]` in {place}"))
}

impl SparseRegistry {
    fn new(config: &Config, name: &str, index: &str) -> Result<Self> {
        let url = index.strip_prefix("sparse+").map(str::to_owned);
        let url = match url {
            Some(url) => url,
            None if index == CRATES_IO || CRATES_IO_GIT.contains(&index) => CRATES_IO.to_owned(),
            None => return Err(git_index(name, index)),
        };
        let parsed = reqwest::Url::parse(&url)
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https"));
        if parsed.is_none() {
            return Err(Error::general(format!(
                "the index of cargo's source `{name}` is malformed: `{}`",
                masked(index)
            ))
            .help("give it as `sparse+https://host/path/`"));
        }
        let url = if url.ends_with('/') {
            url
        } else {
            format!("{url}/")
        };
        let name = registry_name(config, name, &url)?;
        let token = match &name {
            Some(name) => config
                .text(&["registries", name, "token"])?
                .map(str::to_owned),
            None => None,
        };
        Ok(SparseRegistry { url, name, token })
    }
}

/// Returns the name under `[registries]` of the registry with an index.
fn registry_name(config: &Config, source: &str, url: &str) -> Result<Option<String>> {
    if config.text(&["registries", source, "index"])?.is_some() {
        return Ok(Some(source.to_owned()));
    }
    for name in config.names("registries") {
        let index = config
            .text(&["registries", name, "index"])?
            .and_then(|i| i.strip_prefix("sparse+"));
        if index.is_some_and(|i| i.trim_end_matches('/') == url.trim_end_matches('/')) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// A directory has the one release of each crate that a project was vendored with, so
/// that there is nothing to upgrade to in it.
fn directory_source(name: &str, dir: &Path) -> Error {
    let dir = dir.display();
    Error::upstream(format!(
        "cargo's source `{name}` is a directory of vendored packages, which is not read here: {dir}"
    ))
    .help("take upstream from git: `--source git`, or `--upstream` with the path of a clone")
    .help("or replace crates.io by a registry or a `local-registry` in cargo's configuration")
}

fn git_index(name: &str, url: &str) -> Error {
    Error::general(format!("cargo's source `{name}` has an index in git, which is not read here: {}", masked(url)))
        .help("use the registry's sparse index (`registry = \"sparse+https://…/\"` in cargo's configuration)")
        .help("or take upstream from git: `--source git`")
}

#[cfg(test)]
#[path = "origin_tests.rs"]
mod tests;
