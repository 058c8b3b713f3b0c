//! What the radar tells: upstream's changes to what the fork stands in for.

use std::collections::BTreeSet;

use changes::radar::{RadarItem, sort};
use recipe::release::SourceKind;
use semver::Version;
use serde::Serialize;
use upstream::git::Commit;

/// What upstream changed from one release to the next.
#[derive(Debug, Clone, Serialize)]
pub struct RadarStep {
    /// The earlier release.
    pub from: Version,
    /// The later one.
    pub to: Version,
    /// What changed, vulnerabilities first, then what is open.
    pub items: Vec<RadarFinding>,
    /// Files that could not be read as Rust.
    pub unreadable: Vec<String>,
    /// Why upstream's commits are not known, where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commits_unknown: Option<String>,
}

/// An item, and what upstream says of the change.
#[derive(Debug, Clone, Serialize)]
pub struct RadarFinding {
    #[serde(flatten)]
    #[expect(missing_docs, reason = "the type says it")]
    pub item: RadarItem,
    /// The commits that changed it, the newest first.
    pub commits: Vec<Commit>,
    /// The advisories that their messages name.
    pub advisories: BTreeSet<String>,
}

impl RadarStep {
    /// Returns the items that nobody has decided about.
    pub fn open(&self) -> impl Iterator<Item = &RadarFinding> {
        self.items.iter().filter(|one| one.item.is_open())
    }

    /// Orders the items again, where more is known of them.
    pub fn sort(&mut self) {
        sort(&mut self.items, |one| &one.item);
    }
}

/// What `check --radar` found.
#[derive(Debug, Clone, Serialize)]
pub struct RadarReport {
    /// The fork's first release of upstream.
    pub from: Version,
    /// The pin.
    pub to: Version,
    /// Where upstream was taken from.
    pub source: SourceKind,
    /// The releases in between, ascending.
    pub steps: Vec<RadarStep>,
    /// Decisions about what did not change.
    pub stale: Vec<StaleDecision>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

/// A decision about an item that upstream did not change at that release.
#[derive(Debug, Clone, Serialize)]
pub struct StaleDecision {
    /// The item.
    pub item: String,
    /// The release that the row names.
    pub release: Version,
    /// The row's line in the manifest, counted from 1.
    pub line: Option<usize>,
}

impl RadarReport {
    /// Returns all open items, each with its release.
    pub fn open(&self) -> impl Iterator<Item = (&Version, &RadarFinding)> {
        let steps = self.steps.iter();
        steps.flat_map(|step| step.open().map(|one| (&step.to, one)))
    }

    /// Returns how many open items fix a vulnerability.
    pub fn open_security(&self) -> usize {
        self.open().filter(|(_, one)| one.item.is_security).count()
    }
}
