//! Where an upstream repository is: a path that is read in place, or a URL.

use std::path::{Path, PathBuf};

use host::Environment;
use recipe::address::Address;
use recipe::error::{Error, Result};

/// The URL schemes that git itself speaks.
const SCHEMES: [&str; 7] = ["https", "http", "ssh", "git", "file", "git+ssh", "ssh+git"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RepositoryLocation {
    /// A clone, bare repository, worktree or checkout on this machine.
    Local(PathBuf),
    /// What the `git` program fetches from.
    Remote(Address),
}

impl RepositoryLocation {
    /// Reads what a user or a manifest says; a relative path begins at `dir`.
    pub(super) fn parse(address: &Address, env: &Environment, dir: &Path) -> Result<Self> {
        let text = address.secret();
        let refused = |why: &str| {
            Error::general(format!("`{address}` is not an upstream repository: {why}"))
                .help("give a URL, as https://github.com/bytecodealliance/wasmtime, or the path of a clone")
        };
        if text.is_empty() || text.starts_with('-') || text.contains(char::is_control) {
            return Err(refused("it is neither a URL nor a path"));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
                return Err(refused(&format!("git does not speak `{scheme}`")));
            }
            if rest.trim_matches('/').is_empty() {
                return Err(refused("it names no repository"));
            }
            return Ok(RepositoryLocation::Remote(address.clone()));
        }
        if text.split('/').next().is_some_and(|t| t.contains("::")) {
            return Err(refused("it names a remote helper"));
        }
        if is_ssh_short(text) {
            return Ok(RepositoryLocation::Remote(address.clone()));
        }
        Ok(RepositoryLocation::Local(expanded(text, env, dir)))
    }
}

/// Tells whether a text is ssh's short form: a colon before any slash, which is no drive.
fn is_ssh_short(text: &str) -> bool {
    let Some((host, _)) = text.split_once(':') else {
        return false;
    };
    host.len() > 1 && !host.contains(['/', '\\'])
}

/// Returns the path that is meant, `~/` standing for the user's home.
fn expanded(text: &str, env: &Environment, dir: &Path) -> PathBuf {
    let below_home = match text.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix('/'),
        None => None,
    };
    match (below_home, env.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => dir.join(text),
    }
}

/// Returns a name for a directory: what a person would recognise, without secrets.
pub(super) fn readable(url: &Address) -> String {
    let shown = url.to_string();
    let bare = shown.split_once("://").map_or(&*shown, |(_, rest)| rest);
    let bare = bare.rsplit_once('@').map_or(bare, |(_, host)| host);
    let bare = bare.trim_matches('/');
    let bare = bare.strip_suffix(".git").unwrap_or(bare);
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: Vec<char> = bare.chars().map(safe).collect();
    name[name.len().saturating_sub(48)..].iter().collect()
}

#[cfg(test)]
#[path = "location_tests.rs"]
mod tests;
