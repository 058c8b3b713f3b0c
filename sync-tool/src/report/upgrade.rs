//! What `report` tells of an upgrade.

use changes::api::{ManifestChange, Unread, UsedChange, WitChange};
use changes::notes::{Drafts, Notes};
use changes::watch::Finding;
use semver::Version;
use serde::Serialize;

/// What upstream changed between two releases, and what of it concerns the fork.
#[derive(Debug, Clone, Serialize)]
pub struct UpgradeReport {
    /// The earlier release.
    pub from: Version,
    /// The later one.
    pub to: Version,
    /// Changes of what the crate offers.
    pub api: ApiReport,
    /// The entries of the watch list that concern the upgrade.
    pub watch: Vec<Finding>,
    /// The release notes of all releases in between.
    pub notes: Notes,
    /// Why notes are not known, by release.
    pub notes_unknown: Vec<String>,
    /// Texts to start from.
    pub drafts: Drafts,
}

/// Changes of what a crate offers.
#[derive(Debug, Clone, Serialize)]
pub struct ApiReport {
    /// Those that the fork's own code uses, public or not, with the places.
    pub used: Vec<UsedChange>,
    /// Those of public items.
    pub public: Vec<changes::api::Change>,
    /// Those of WIT packages.
    pub wit: Vec<WitChange>,
    /// Those of features, dependencies and the minimum Rust.
    pub manifest: Vec<ManifestChange>,
    /// The files that could not be read: what they declare is not compared.
    pub unread: Vec<Unread>,
}
