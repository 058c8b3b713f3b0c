//! `[[radar]]`: what was decided about upstream's changes to functions the fork stands in for.

use std::collections::BTreeSet;
use std::ops::Range;

use semver::Version;
use serde::Serialize;

use crate::reader::{Reader, Section};

/// What the fork did about a change of upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RadarState {
    /// Nobody has decided, or work is left.
    Open,
    /// The fork has the change as well.
    Ported,
    /// The change does not concern the fork.
    NotApplicable,
}

/// One row: a decision about items that upstream changed with a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RadarRow {
    /// The items, as the report names them: `TcpSocket::start_bind`.
    pub items: Vec<String>,
    /// The release in which upstream changed them.
    pub release: Version,
    /// What was decided.
    pub state: RadarState,
    /// Why; always there where the change is not applicable.
    pub reason: Option<String>,
    /// Whether the change fixes a vulnerability, where known.
    pub security: Option<bool>,
    /// The row's place in the manifest.
    pub span: Range<usize>,
}

/// Reads all rows; an item may have one decision for a release.
pub(super) fn read(r: &mut Reader, root: &Section<'_>) -> Vec<RadarRow> {
    let rows = r.each(root, "radar", row);
    let mut seen = BTreeSet::new();
    for row in &rows {
        for item in &row.items {
            if !seen.insert((item, &row.release)) {
                let message = format!("`{item}` has two decisions for {}", row.release);
                r.fault(row.span.clone(), message, "keep one of them");
            }
        }
    }
    rows
}

fn row(r: &mut Reader, s: &Section<'_>) -> Option<RadarRow> {
    r.keys(s, &["items", "release", "state"], &["reason", "security"]);
    let items = r.strings(s, "items");
    if s.get("items").is_some() && (items.is_empty() || items.iter().any(|i| i.trim().is_empty())) {
        let help = "write it as [\"TcpSocket::start_bind\"]";
        r.fault(s.span_of("items"), "`items` does not name items", help);
    }
    let release = r.version(s, "release");
    let state = state(r, s);
    let reason = s.get("reason").and_then(|_| r.string(s, "reason"));
    let reason = reason.map(|text| text.trim().to_owned());
    let reason = reason.filter(|text| !text.is_empty());
    if state == Some(RadarState::NotApplicable) && reason.is_none() {
        let message = "the row has no reason";
        r.fault(
            s.span_of("state"),
            message,
            "add `reason = \"…\"`: why it does not concern the fork",
        );
    }
    Some(RadarRow {
        items,
        release: release?,
        state: state?,
        reason,
        security: r.bool(s, "security"),
        span: s.span.clone(),
    })
}

fn state(r: &mut Reader, s: &Section<'_>) -> Option<RadarState> {
    let word = r.string(s, "state")?;
    let state = match word.as_str() {
        "ported" => Some(RadarState::Ported),
        "not-applicable" => Some(RadarState::NotApplicable),
        "open" => Some(RadarState::Open),
        _ => None,
    };
    if state.is_none() {
        let message = format!("`{word}` is not a state");
        r.fault(
            s.span_of("state"),
            message,
            "write ported, not-applicable or open",
        );
    }
    state
}
