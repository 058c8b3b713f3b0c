//! What the radar found, as entries of a chapter.

use page::Entry;
use recipe::listing::joined;
use recipe::manifest::RadarState;

use crate::report::{RadarFinding, RadarStep};

/// Writes what upstream changed of the functions that concern the fork.
pub(super) fn entries(steps: &[RadarStep]) -> impl Iterator<Item = Entry> {
    steps.iter().flat_map(|step| {
        let version = step.to.to_string();
        step.items.iter().map(move |one| entry(&version, one))
    })
}

/// Says what the entries are, and what is not known of them.
pub(super) fn lead(steps: &[RadarStep], unknown: &[String]) -> String {
    let mut lead = vec![
        "Functions that the fork replaces, mirrors or patches, where upstream changed more than \
         names; what was decided is in `[[radar]]` of the manifest."
            .to_owned(),
    ];
    if let Some(why) = steps.iter().find_map(|step| step.commits_unknown.as_ref()) {
        lead.push(format!(
            "Commits and their advisories are not known: {why}."
        ));
    }
    let unread: Vec<&String> = steps.iter().flat_map(|step| &step.unreadable).collect();
    if !unread.is_empty() {
        lead.push(format!(
            "Not readable as Rust: {}.",
            joined(&unread, unread.len())
        ));
    }
    lead.extend(unknown.iter().map(|why| format!("Note: {why}.")));
    lead.join(" ")
}

const fn state(state: RadarState) -> &'static str {
    match state {
        RadarState::Open => "open",
        RadarState::Ported => "ported",
        RadarState::NotApplicable => "not applicable",
    }
}

/// How many concerns and places of an item are told.
const MAX_TOLD: usize = 3;

pub(super) fn entry(version: &str, one: &RadarFinding) -> Entry {
    let item = &one.item;
    let security = match item.is_security {
        true => "security, ",
        false => "",
    };
    let was = item.was.as_ref().map(|was| format!(", was `{was}`"));
    let concerns = item.concerns.iter().take(MAX_TOLD);
    let concerns = concerns.map(|one| format!("`{}` {}", one.by, one.why));
    let concerns: Vec<String> = concerns.collect();
    let (when, places) = match item.new.is_empty() {
        true => ("was in", &item.old),
        false => ("in", &item.new),
    };
    let shown = places.iter().take(MAX_TOLD);
    let shown: Vec<String> = shown
        .map(|place| format!("`{}` line {}", place.file, place.line))
        .collect();
    let mut details: Vec<String> = item.reason.iter().cloned().collect();
    details.push(format!("{when} {}", joined(&shown, places.len())));
    details.push(format!(
        "concerns {}",
        joined(&concerns, item.concerns.len())
    ));
    details.extend(one.commits.iter().map(|commit| {
        let id = commit.id.get(..10).unwrap_or(&commit.id);
        format!("{id} of {}: {}", commit.date, commit.subject)
    }));
    if !one.advisories.is_empty() {
        details.push(joined(&one.advisories, one.advisories.len()));
    }
    let numbers = one.commits.iter().filter_map(|commit| commit.pull_request);
    Entry {
        tag: Some(format!("{security}{}", state(item.state))),
        is_urgent: item.is_open(),
        text: format!("`{}`{} ({version})", item.item, was.unwrap_or_default()),
        details,
        diff: Some(item.diff.clone()),
        pull_requests: numbers.collect(),
        ..Entry::default()
    }
}
