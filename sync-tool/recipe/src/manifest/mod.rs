//! `manifest.toml`: what people write. Upstream, pin, rules, series, history.

mod coherence;
mod edit;
mod owned;
mod parse;
mod pattern;
mod radar;
mod renames;
mod support;
#[cfg(test)]
mod tests;
mod upstream_tests;

use std::ops::Range;
use std::sync::Arc;

pub use owned::{OwnedDir, OwnedFile};
pub use pattern::Pattern;
pub use radar::{RadarRow, RadarState};
pub use renames::DeclaredRename;
use semver::Version;
use serde::Serialize;
pub use support::{LongTerm, Support};
pub use upstream_tests::{ExpectedFailure, PROGRAMS, Tests};

use super::cargo_toml::Additions;
use super::tree::{Digest, TreePath};
use crate::error::{Fault, Location};
pub use crate::files::MANIFEST as FILE;
use crate::files::{CARGO_LOCK, CARGO_TOML};

/// A fork version and the upstream version it follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Versions {
    pub fork: Version,
    pub upstream: Version,
}

/// The files that the tool makes, whatever a rule says.
pub const GENERATED: [&str; 2] = [CARGO_TOML, CARGO_LOCK];

/// How the names of files end that editors, merges and systems leave behind.
const LEFT_BEHIND: [&str; 7] = ["~", ".swp", ".swo", ".bak", ".orig", ".rej", ".tmp"];

/// The directory, beside the vendored tree, for what is between old and new.
const WORK: &str = ".wash-wasi-sync";

/// The parsed manifest, with the text it came from.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The text, for places and edits.
    pub text: Arc<str>,
    /// The crate that is followed.
    pub upstream: Upstream,
    /// The crate that is made.
    pub fork: Fork,
    /// Names that are rewritten, in order.
    pub rewrites: Vec<Rewrite>,
    /// Names that upstream changed, ascending by its versions.
    pub renames: Vec<DeclaredRename>,
    /// Lines that are put at the head of files, in order.
    pub inserts: Vec<Insert>,
    /// What happens to which file; the last rule that matches wins.
    pub files: Vec<FileRule>,
    /// Fork-owned files that not every release has, or not at the same path.
    pub owned: Vec<OwnedFile>,
    /// Directories of fork-owned files that stand elsewhere in the crate.
    pub owned_dirs: Vec<OwnedDir>,
    /// What the fork's `Cargo.toml` gets beyond upstream's.
    pub cargo: Additions,
    /// Where the patches are, per base release, ascending.
    pub series: Vec<Series>,
    /// Which fork version was which upstream version, ascending by fork version.
    pub history: Vec<HistoryRow>,
    /// The documents that hold marked blocks.
    pub documents: Documents,
    /// How upstream's own tests are run on the fork.
    pub tests: Tests,
    /// What was decided about upstream's changes to what the fork stands in for.
    pub radar: Vec<RadarRow>,
}

/// `[upstream]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upstream {
    /// The crate's name in the registry.
    #[serde(rename = "crate")]
    pub name: String,
    /// The git repository's URL.
    pub repository: String,
    /// Where the crate lives in the repository.
    pub path: TreePath,
    /// The name of a release's tag, `{version}` standing for the version.
    pub tag: String,
    /// Which lines upstream supports, where the manifest says it.
    #[serde(skip)]
    pub support: Option<Support>,
}

/// `[fork]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Fork {
    #[serde(rename = "crate")]
    pub name: String,
    /// Where it is vendored, from the project's root.
    pub path: TreePath,
    /// Its version at the pin.
    #[serde(skip)]
    pub version: Version,
    /// The pin: the upstream release the fork is at.
    #[serde(skip)]
    pub pin: Version,
    pub authors: Vec<String>,
    pub description: String,
    pub repository: String,
    /// The directory of fork-owned files that do not depend on the release.
    pub owned: TreePath,
    /// The directory of the crate's `Cargo.lock` files.
    pub locks: TreePath,
    /// The directory of decisions about conflicts; no tree depends on it.
    #[serde(skip)]
    pub resolutions: TreePath,
    /// Whether this is the fork under upstream's own name.
    #[serde(skip)]
    pub exported: bool,
}

impl Fork {
    /// Returns the directory for what is between old and new, from the project's root.
    pub fn work_dir(&self) -> Option<TreePath> {
        let above = self.path.as_str().rsplit_once('/');
        let above = above.map_or(String::new(), |(above, _)| format!("{above}/"));
        TreePath::new(&format!("{above}{WORK}")).ok()
    }
}

/// `[[rewrite]]`: a name, bounded by words, and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rewrite {
    /// The name upstream uses.
    pub from: String,
    /// The name the fork uses.
    pub to: String,
    /// Whether it may match nothing.
    pub optional: bool,
    /// The rule's place in the manifest.
    #[serde(skip)]
    pub span: Range<usize>,
}

/// `[[insert]]`: an inner attribute at the head of files.
#[derive(Debug, Clone, Serialize)]
pub struct Insert {
    /// The files that it may go into.
    pub files: Vec<Pattern>,
    /// The keyword that a file's code has to hold, where given.
    pub when_contains: Option<String>,
    /// The line.
    pub text: String,
    /// Whether it may match nothing.
    pub optional: bool,
    /// The rule's place in the manifest.
    #[serde(skip)]
    pub span: Range<usize>,
}

/// What happens to an upstream file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Taken as it is, names rewritten.
    Direct,
    /// Also gets a stored patch, if the series has one for it.
    Patched,
    /// Made by the tool.
    Generated,
    /// Left out.
    Omitted,
    /// Not upstream's but ours: where new files of the vendored tree belong to us.
    Owned,
}

impl FileKind {
    pub(super) const ALL: [FileKind; 5] = [
        FileKind::Direct,
        FileKind::Patched,
        FileKind::Generated,
        FileKind::Omitted,
        FileKind::Owned,
    ];

    /// Returns the word of the manifest.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Direct => "direct",
            FileKind::Patched => "patched",
            FileKind::Generated => "generated",
            FileKind::Omitted => "omitted",
            FileKind::Owned => "owned",
        }
    }

    /// Returns the word for people, who are told that a file is patched where it has a
    /// patch: the kind says no more than that a series may have one.
    pub fn shown(self, has_patch: bool) -> &'static str {
        match self {
            FileKind::Patched if !has_patch => "protected",
            other => other.name(),
        }
    }
}

/// `[[files]]`: what happens to the files that match.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FileRule {
    pub paths: Vec<Pattern>,
    pub kind: FileKind,
    /// Whether a pattern may match nothing.
    pub optional: bool,
}

/// How many lines the patches of a series may change, where its row does not say.
pub const SERIES_LIMIT: usize = 30;

/// `[[series]]`: the patches that fit a release and those after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Series {
    /// The release that the patches were made against.
    pub base: Version,
    /// Their directory, from the project's root.
    pub patches: TreePath,
    /// How many lines the patches may change; the tree does not depend on it.
    #[serde(skip)]
    pub limit: usize,
    /// The row's place in the manifest.
    #[serde(skip)]
    pub span: Range<usize>,
}

/// `[[history]]`: a fork version and the upstream version it follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct HistoryRow {
    pub fork: Version,
    pub upstream: Version,
    /// What changed, in a few words.
    pub notes: String,
}

/// `[documents]`: the files that hold marked blocks, from the project's root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Documents {
    /// Those with the version table.
    pub versions: Vec<TreePath>,
    /// Those with the list of intentional differences.
    pub differences: Vec<TreePath>,
    /// Those with the table of tested releases.
    pub releases: Vec<TreePath>,
}

impl Documents {
    /// Returns all of them.
    pub fn all(&self) -> impl Iterator<Item = &TreePath> {
        let lists = [&self.versions, &self.differences, &self.releases];
        lists.into_iter().flatten()
    }
}

impl Manifest {
    /// Returns the digest of the rules: all that decides the tree's bytes for a
    /// release, and nothing that does not (comments, history, documents, decisions
    /// about upstream's changes, and how upstream's tests are run: a tree does not drift by what is known of it).
    pub fn rules_digest(&self) -> Digest {
        let rules = serde_json::json!({
            "upstream": self.upstream,
            "fork": self.fork,
            "version": self.fork.version.to_string(),
            "pin": self.fork.pin.to_string(),
            "rewrites": self.rewrites,
            "inserts": self.inserts,
            "files": self.files,
            "owned": self.owned,
            "owned-dirs": self.owned_dirs,
            "cargo": self.cargo,
            "series": self.series,
        });
        Digest::of(rules.to_string())
    }

    /// Returns the kind of a path by the last rule that matches, and that rule's place.
    pub fn kind_of(&self, path: &TreePath) -> Option<FileKind> {
        rule_for(&self.files, path).map(|(rule, _)| rule.kind)
    }

    /// Tells why a file cannot be the fork's own, if it cannot: such files need a rule
    /// of kind `owned`, and what is left behind by an editor needs one that names it.
    pub fn not_owned(&self, path: &TreePath) -> Option<Fault> {
        let name = path.as_str().rsplit('/').next().unwrap_or_default();
        let is_left_behind =
            name.starts_with(['.', '#']) || LEFT_BEHIND.iter().any(|end| name.ends_with(end));
        if GENERATED.contains(&path.as_str()) {
            return Some(Fault::new("the tool generates it").help("remove it"));
        }
        match rule_for(&self.files, path) {
            Some((rule, _)) if rule.kind == FileKind::Owned => {
                let is_named = rule.paths.iter().any(|pattern| pattern.text == path.as_str());
                (is_left_behind && !is_named).then(|| {
                    Fault::new("it looks like what an editor or the system left behind").help(
                        format!("remove it, or name it without wildcards in an `owned` rule of {FILE}"),
                    )
                })
            }
            _ => Some(Fault::new("no rule says that such a file is the fork's").help(format!(
                "move it below one of the `owned` paths of {FILE}, add a rule of that kind, or remove it"
            ))),
        }
    }

    /// Returns the releases of upstream that are named: pin, series and history.
    pub fn releases(&self) -> impl Iterator<Item = &Version> {
        let bases = self.series.iter().map(|series| &series.base);
        let rows = self.history.iter().map(|row| &row.upstream);
        bases.chain(rows).chain([&self.fork.pin])
    }

    /// Returns the fork version that the history has for an upstream version.
    pub fn fork_version_of(&self, upstream: &Version) -> Option<&Version> {
        self.history
            .iter()
            .rev()
            .find(|row| row.upstream == *upstream)
            .map(|row| &row.fork)
    }

    /// Returns the version after the highest one of the history: its last
    /// pre-release number plus one, or the patch number where it is no pre-release.
    pub fn next_fork_version(&self) -> Version {
        let highest = self
            .history
            .iter()
            .map(|row| &row.fork)
            .chain([&self.fork.version])
            .max();
        highest.map_or_else(|| self.fork.version.clone(), after)
    }

    /// Returns the place of a span of the manifest.
    pub fn place(&self, span: &Range<usize>) -> Location {
        Location::span(FILE, Arc::clone(&self.text), span.clone())
    }
}

/// Returns the rule that decides about a path, the last that matches, with its pattern.
fn rule_for<'r>(rules: &'r [FileRule], path: &TreePath) -> Option<(&'r FileRule, &'r Pattern)> {
    rules.iter().rev().find_map(|rule| {
        let pattern = rule.paths.iter().find(|pattern| pattern.matches(path))?;
        Some((rule, pattern))
    })
}

fn after(version: &Version) -> Version {
    let mut next = version.clone();
    let Version {
        pre, patch, minor, ..
    } = version;
    let (stem, last) = match pre.rsplit_once('.') {
        Some((stem, last)) => (format!("{stem}."), last),
        None => (String::new(), pre.as_str()),
    };
    let number = last.parse::<u64>().ok().and_then(|n| n.checked_add(1));
    let text = match number {
        Some(number) => format!("{stem}{number}"),
        // More parts make a pre-release higher.
        None => format!("{pre}.1"),
    };
    if pre.is_empty() {
        (next.minor, next.patch) = match patch.checked_add(1) {
            Some(patch) => (*minor, patch),
            None => (minor.saturating_add(1), 0),
        };
    } else if let Ok(pre) = semver::Prerelease::new(&text) {
        // A text made of a valid pre-release and a number is one again.
        next.pre = pre;
    }
    next
}
