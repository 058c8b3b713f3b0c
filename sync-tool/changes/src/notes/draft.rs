//! Drafts of what a project writes about an upgrade; a person goes over them.

use std::fmt::Write as _;
use std::sync::LazyLock;

use recipe::listing::{MAX_LISTED, joined};
use recipe::text::{code_span, line, markdown};
use regex::Regex;
use semver::Version;
use serde::Serialize;

use super::{Item, Notes, ReleaseNotes, Topic};
use crate::watch::{Change, Finding, NameChange};

/// The most phrases of a history note, which is one line of a table.
const MAX_PHRASES: usize = 6;
/// The most names that a line of the changelog tells of one finding.
const MAX_NAMES: usize = 5;

/// How much of upstream's public interface changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiCounts {
    /// Items that are new.
    pub added: usize,
    /// Items that are gone.
    pub gone: usize,
    /// Items with another signature.
    pub changed: usize,
    /// Those of all of them that the fork uses, as texts for people.
    pub used: Vec<String>,
}

/// Texts to start from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Drafts {
    /// One line, for `notes` of a `[[history]]` row of the manifest.
    pub history_note: String,
    /// Markdown in the form of Keep a Changelog, for the fork's users.
    pub changelog: String,
}

/// Returns drafts about an upgrade of the fork from one upstream release to another.
pub fn drafts(
    fork: &str,
    [from, to]: [&Version; 2],
    findings: &[Finding],
    api: &ApiCounts,
    notes: &Notes,
) -> Drafts {
    Drafts {
        history_note: history_note(findings, notes),
        changelog: changelog(fork, [from, to], findings, api, notes),
    }
}

fn history_note(findings: &[Finding], notes: &Notes) -> String {
    let mut phrases: Vec<String> = findings
        .iter()
        .map(|finding| finding.note.clone())
        .collect();
    if let Some(more) = phrases
        .len()
        .checked_sub(MAX_PHRASES)
        .filter(|more| *more > 0)
    {
        phrases.truncate(MAX_PHRASES);
        phrases.push(format!("other changes of the watch list ({more})"));
    }
    phrases.extend(minimum_rust(notes).map(|rust| format!("Rust {rust}")));
    match concerning(notes, "Security").len() {
        0 => {}
        1 => phrases.push("1 security fix".to_owned()),
        many => phrases.push(format!("{many} security fixes")),
    }
    line(&phrases.join("; ")).into_owned()
}

fn changelog(
    fork: &str,
    [from, to]: [&Version; 2],
    findings: &[Finding],
    api: &ApiCounts,
    notes: &Notes,
) -> String {
    let head = format!("## [{}] - unreleased\n\n", markdown(fork));
    let mut text = format!("{head}From upstream's {from} to {to}.\n");
    let of_notes = |section| concerning(notes, section);
    section(&mut text, "Security", of_notes("Security"));
    section(&mut text, "Added", of_notes("Added"));
    let mut changed: Vec<String> = Vec::new();
    changed.extend(minimum_rust(notes).map(|rust| format!("needs Rust {rust}")));
    changed.extend(findings.iter().map(described));
    changed.extend(counted(api));
    changed.extend(of_notes("Changed"));
    section(&mut text, "Changed", changed);
    for name in ["Deprecated", "Removed", "Fixed"] {
        section(&mut text, name, of_notes(name));
    }
    if !notes.missing.is_empty() {
        let names = notes.missing.iter().map(|missing| &missing.version);
        let names = joined(names, notes.missing.len());
        write!(text, "\nWithout the release notes of {names}.\n").expect("a string takes all");
    }
    text
}

fn section(text: &mut String, name: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let mut add = |args: std::fmt::Arguments<'_>| text.write_fmt(args).expect("a string takes all");
    add(format_args!("\n### {name}\n\n"));
    for line in lines.iter().take(MAX_LISTED) {
        add(format_args!("- {line}\n"));
    }
    if let Some(more) = lines.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        add(format_args!("- and {more} more\n"));
    }
}

/// Returns the notes of a section that a host of the fork would notice. A fix that went to
/// several release lines is told once.
fn concerning(notes: &Notes, section: &str) -> Vec<String> {
    let mut found: Vec<(&Item, Vec<&Version>)> = Vec::new();
    for (release, item) in all_items(notes) {
        if changelog_section(item) != Some(section) {
            continue;
        }
        let same = |(known, _): &&mut (&Item, _)| known.text == item.text;
        match found.iter_mut().find(same) {
            Some((_, releases)) => releases.push(&release.version),
            None => found.push((item, vec![&release.version])),
        }
    }
    let lines = found.iter().map(|(item, releases)| {
        let links = item
            .links
            .iter()
            .filter(|link| !item.text.contains(&link.text));
        let links: String = links
            .map(|link| format!(" {}", markdown(&link.text)))
            .collect();
        let text = item.text.trim_end_matches('.');
        let releases = joined(releases.iter().take(MAX_NAMES), releases.len());
        format!("{}{links} (upstream's {releases})", markdown(text))
    });
    lines.collect()
}

/// Returns under which heading a note stands; `None` where it does not concern the fork's users.
fn changelog_section(item: &Item) -> Option<&'static str> {
    let concerns = |topic| item.topics.contains(&topic);
    if concerns(Topic::Security) {
        return Some("Security");
    }
    // The minimum Rust has a line of its own.
    if concerns(Topic::MinimumRust) || !(concerns(Topic::Sockets) || concerns(Topic::Wasi)) {
        return None;
    }
    let known = ["Added", "Deprecated", "Removed", "Fixed"];
    let known = known
        .into_iter()
        .find(|name| item.section.eq_ignore_ascii_case(name));
    Some(known.unwrap_or("Changed"))
}

fn described(finding: &Finding) -> String {
    let of = |wanted: Change| {
        let is_so = |change: &&NameChange| change.change == wanted;
        let all: Vec<&NameChange> = finding.changes.iter().filter(is_so).collect();
        let names = all
            .iter()
            .take(MAX_NAMES)
            .map(|change| code_span(&change.name));
        (!all.is_empty()).then(|| joined(names, all.len()))
    };
    let parts = [
        ("new", of(Change::Added)),
        ("gone", of(Change::Gone)),
        ("changed", of(Change::Changed)),
        ("more or fewer", of(Change::Count)),
    ];
    let parts = parts
        .into_iter()
        .filter_map(|(what, names)| Some(format!("{what}: {}", names?)));
    let parts: Vec<String> = parts.collect();
    format!(
        "{}: {}",
        finding.title.trim_end_matches('.'),
        parts.join("; ")
    )
}

fn counted(api: &ApiCounts) -> Option<String> {
    let ApiCounts {
        added,
        gone,
        changed,
        used,
    } = api;
    if added + gone + changed == 0 {
        return None;
    }
    let used = match used.len() {
        0 => "; the fork uses none of them".to_owned(),
        total => {
            let names = used.iter().take(MAX_NAMES).map(|name| code_span(name));
            format!("; of these the fork uses {}", joined(names, total))
        }
    };
    Some(format!(
        "public items: {added} new, {gone} gone, {changed} changed{used}"
    ))
}

/// Returns the newest Rust that a note asks for.
fn minimum_rust(notes: &Notes) -> Option<String> {
    static RUST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b1\.\d+(?:\.\d+)?\b").expect("a sound expression"));
    let asking = all_items(notes).filter(|(_, item)| item.topics.contains(&Topic::MinimumRust));
    let named = asking.filter_map(|(_, item)| RUST.find_iter(&item.text).last());
    named.last().map(|rust| rust.as_str().to_owned())
}

fn all_items(notes: &Notes) -> impl Iterator<Item = (&ReleaseNotes, &Item)> {
    let releases = notes.releases.iter();
    releases.flat_map(|release| release.items.iter().map(move |item| (release, item)))
}
