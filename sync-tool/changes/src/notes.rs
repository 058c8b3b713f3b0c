//! Upstream's release notes: the texts of `RELEASES.md`, as each release has them.

mod draft;
mod parse;
mod topic;

use std::collections::BTreeMap;

use semver::Version;
use serde::Serialize;

pub use draft::{ApiCounts, Drafts, drafts};
pub use parse::{Fault, Parsed, parse};
pub use topic::Topic;

/// The most items of a release that are kept; its `total` counts all.
pub const MAX_ITEMS: usize = 200;
/// The longest text of an item, in characters.
pub const MAX_TEXT: usize = 2_000;
/// The most links of an item, and the most pull requests.
pub const MAX_LINKS: usize = 20;

/// The notes of one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReleaseNotes {
    /// The release.
    pub version: Version,
    /// `2026-08-20`; `None` where the text says that it is not released, or has no date.
    pub date: Option<String>,
    /// At most [`MAX_ITEMS`], security first, then in the order of [`Topic`] and of the text.
    pub items: Vec<Item>,
    /// How many items there are.
    pub total: usize,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Item {
    /// The heading above it, as `Changed`; empty where there is none.
    pub section: String,
    /// One line of plain text without control characters, code in backticks. Whatever looks
    /// like HTML is text: whoever shows it escapes it.
    pub text: String,
    /// Pull requests of upstream's that it links to.
    pub pull_requests: Vec<u64>,
    /// Other links, by HTTP alone.
    pub links: Vec<Link>,
    /// What it concerns, most urgent first; empty where it is nothing that is looked for.
    pub topics: Vec<Topic>,
}

/// A link of a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Link {
    /// What is shown, on one line.
    pub text: String,
    /// Where it leads, beginning with `http://` or `https://`.
    pub url: String,
}

/// The notes of all releases of a range, and what is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notes {
    /// The oldest release first.
    pub releases: Vec<ReleaseNotes>,
    /// Releases whose notes are not known, the oldest first.
    pub missing: Vec<Missing>,
    /// Faults of the texts, by the names that they were given with.
    pub faults: Vec<(String, Fault)>,
}

/// A release whose notes are not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Missing {
    /// The release.
    pub version: Version,
    /// Why they are not known.
    pub reason: MissingReason,
}

/// Why a release's notes are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingReason {
    /// No text has a section for it.
    NoSection,
    /// Its section was written before the release, and has no items.
    Unreleased,
    /// Its section has a date, and no items.
    Empty,
}

/// Returns the notes of all releases after one up to another.
///
/// `texts` are names and contents of `RELEASES.md` files: at each tag it holds its own
/// release line. `released` are the releases that are known to exist; one of them that no
/// text tells of is missing. A section that stands in several texts is taken once, from the
/// one that has its date.
pub fn notes_between(
    texts: &[(&str, &str)],
    released: &[Version],
    from: &Version,
    to: &Version,
) -> Notes {
    let mut sections: BTreeMap<Version, ReleaseNotes> = BTreeMap::new();
    let mut notes = Notes::default();
    let in_range = |version: &Version| from < version && version <= to;
    for (name, text) in texts {
        let parsed = parse(text);
        let faults = parsed.faults.into_iter();
        notes
            .faults
            .extend(faults.map(|fault| ((*name).to_owned(), fault)));
        for section in parsed.releases.into_iter().filter(|s| in_range(&s.version)) {
            let better = |known: &ReleaseNotes| rank(&section) > rank(known);
            if sections.get(&section.version).is_none_or(better) {
                sections.insert(section.version.clone(), section);
            }
        }
    }
    let unknown = released.iter().filter(|version| in_range(version));
    let unknown = unknown
        .filter(|version| !sections.contains_key(*version))
        .cloned();
    let mut missing: BTreeMap<Version, MissingReason> = unknown
        .map(|version| (version, MissingReason::NoSection))
        .collect();
    for section in sections.into_values() {
        match (section.total, &section.date) {
            (0, None) => _ = missing.insert(section.version, MissingReason::Unreleased),
            (0, Some(_)) => _ = missing.insert(section.version, MissingReason::Empty),
            _ => notes.releases.push(section),
        }
    }
    let missing = missing.into_iter();
    notes.missing = missing
        .map(|(version, reason)| Missing { version, reason })
        .collect();
    notes
}

/// How much a section tells: one with a date is not a draft any more.
fn rank(section: &ReleaseNotes) -> (bool, usize) {
    (section.date.is_some(), section.total)
}
