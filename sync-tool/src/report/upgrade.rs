//! What `report` tells of an upgrade.

use changes::api::ApiReport;
use changes::notes::{Drafts, Notes};
use changes::watch::Finding;
use semver::Version;
use serde::Serialize;

use super::RadarStep;

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
    /// What changed of the functions that the fork replaces, mirrors or patches.
    pub radar: Vec<RadarStep>,
    /// Why releases were not compared for that.
    pub radar_unknown: Vec<String>,
    /// The release notes of all releases in between.
    pub notes: Notes,
    /// Why notes are not known, by release.
    pub notes_unknown: Vec<String>,
    /// Texts to start from.
    pub drafts: Drafts,
}
