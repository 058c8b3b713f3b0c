//! What upstream changed, as chapters: for the page, for Markdown and for a terminal.

use changes::api::{Change, ChangeKind, ManifestChange, ManifestSubject, UsedChange, WitChange};
use changes::notes::{Item, MissingReason, Topic};
use changes::watch::{self, Finding, NameChange};
use page::{Chapter, Entry};
use recipe::listing::joined;

use super::radar;
use crate::report::UpgradeReport;

/// Writes a report's chapters, those first that concern the fork most.
pub fn chapters(report: &UpgradeReport) -> Vec<Chapter> {
    let api = &report.api;
    let unread = api.unread.iter();
    let unread = unread.map(|one| format!("`{}` ({})", one.path, one.reason));
    let unread: Vec<String> = unread.collect();
    let lacking = match unread.is_empty() {
        true => String::new(),
        false => format!(" Not compared: {}.", joined(&unread, unread.len())),
    };
    vec![
        chapter(
            "Interfaces that the fork uses",
            format!("Found by name in the patches and the fork's own code.{lacking}"),
            api.used.iter().map(used),
        ),
        chapter(
            "Watch list",
            "Kinds of change that needed a person at earlier upgrades.".to_owned(),
            report.watch.iter().map(watched),
        ),
        chapter(
            "Radar",
            radar::lead(&report.radar, &report.radar_unknown),
            radar::entries(&report.radar),
        ),
        chapter(
            "Release notes",
            notes_lead(report),
            report.notes.releases.iter().flat_map(|release| {
                let items = release.items.iter();
                items.map(move |item| noted(&release.version.to_string(), item))
            }),
        ),
        chapter(
            "Public items",
            "From the sources; what macros generate is not in there.".to_owned(),
            api.public.iter().map(changed),
        ),
        chapter("WIT", String::new(), api.wit.iter().map(wit)),
        chapter(
            "Features, dependencies and Rust",
            String::new(),
            api.manifest.iter().map(manifest),
        ),
        chapter("Drafts", "To start from.".to_owned(), drafts(report)),
    ]
}

fn chapter(title: &str, lead: String, entries: impl Iterator<Item = Entry>) -> Chapter {
    let entries: Vec<Entry> = entries.collect();
    let lead = match entries.is_empty() {
        true => format!("Nothing. {lead}"),
        false => lead,
    };
    Chapter {
        title: title.to_owned(),
        lead: lead.trim().to_owned(),
        entries,
    }
}

const fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Gone => "gone",
        ChangeKind::Moved => "moved",
        ChangeKind::Changed => "changed",
        ChangeKind::Added => "new",
    }
}

fn changed(change: &Change) -> Entry {
    let to = change.to.as_ref().map(|to| format!(", now `{to}`"));
    let inside = match change.inside {
        0 => String::new(),
        1 => ", with 1 item in it".to_owned(),
        more => format!(", with {more} items in it"),
    };
    let declared = [("before", &change.old), ("after", &change.new)];
    let declared = declared
        .into_iter()
        .filter_map(|(name, one)| Some((name, one.as_ref()?)));
    let (mut code, mut places) = (Vec::new(), Vec::new());
    for (name, one) in declared {
        code.push((name.to_owned(), one.signature.clone()));
        places.push(format!("{name} in `{}` line {}", one.file, one.line));
    }
    if let [(_, one), (_, two)] = &code[..]
        && one == two
    {
        code.truncate(1);
    }
    Entry {
        tag: Some(kind(change.change).to_owned()),
        text: format!("`{}`{}{inside}", change.path, to.unwrap_or_default()),
        code,
        details: vec![places.join(", ")],
        ..Entry::default()
    }
}

/// How many places of a use are named.
const MAX_PLACES: usize = 5;

fn used(used: &UsedChange) -> Entry {
    let places = used.places.iter();
    let places = places.map(|place| format!("`{}` line {}", place.path, place.line));
    let mut places: Vec<String> = places.collect();
    let count = places.len();
    places.truncate(MAX_PLACES);
    let mut entry = changed(&used.change);
    entry.is_urgent = used.change.change != ChangeKind::Added;
    let used = format!("used in {}", joined(&places, count));
    entry.details.insert(0, used);
    entry
}

fn watched(finding: &Finding) -> Entry {
    let names: Vec<String> = finding.changes.iter().map(name_change).collect();
    let listed = names.len().min(MAX_NAMES);
    Entry {
        tag: Some(finding.id.clone()),
        text: finding.title.clone(),
        details: vec![
            joined(&names[..listed], finding.total),
            finding.action.clone(),
        ],
        ..Entry::default()
    }
}

/// How many names of a finding are told.
const MAX_NAMES: usize = 12;

fn name_change(one: &NameChange) -> String {
    let how = match one.change {
        watch::Change::Added => "new",
        watch::Change::Gone => "gone",
        watch::Change::Changed => "changed",
        watch::Change::Count => "at more or fewer places",
    };
    format!("`{}` {how}", one.name)
}

fn topic(topic: Topic) -> &'static str {
    match topic {
        Topic::Security => "security",
        Topic::Sockets => "sockets",
        Topic::Wasi => "WASI",
        Topic::ComponentModel => "component model",
        Topic::MinimumRust => "Rust",
    }
}

fn noted(version: &str, item: &Item) -> Entry {
    Entry {
        tag: item.topics.first().map(|first| topic(*first).to_owned()),
        is_urgent: item.topics.first() == Some(&Topic::Security),
        text: format!("{version}: {}", item.text),
        pull_requests: item.pull_requests.clone(),
        ..Entry::default()
    }
}

fn notes_lead(report: &UpgradeReport) -> String {
    let why = |reason| match reason {
        MissingReason::NoSection => "no text tells of it",
        MissingReason::Unreleased => "written before the release",
        MissingReason::Empty => "empty",
    };
    let missing = report.notes.missing.iter();
    let missing = missing.map(|one| format!("{} ({})", one.version, why(one.reason)));
    let missing: Vec<String> = missing.collect();
    let mut lead = Vec::new();
    if !report.notes_unknown.is_empty() {
        let unknown = &report.notes_unknown;
        lead.push(format!("Not read: {}.", joined(unknown, unknown.len())));
    }
    if !missing.is_empty() {
        lead.push(format!("Missing: {}.", joined(&missing, missing.len())));
    }
    let faults = report.notes.faults.iter();
    let faults: Vec<String> = faults
        .map(|(name, fault)| format!("{name}: {fault}"))
        .collect();
    if !faults.is_empty() {
        lead.push(format!("Faulty: {}.", joined(&faults, faults.len())));
    }
    lead.join(" ")
}

fn wit(change: &WitChange) -> Entry {
    let plane = match change.plane.as_str() {
        "" => String::new(),
        plane => format!("{plane}: "),
    };
    sides(
        kind(change.change),
        format!("{plane}`{}`", change.name),
        [&change.old, &change.new],
    )
}

const fn subject(subject: ManifestSubject) -> &'static str {
    match subject {
        ManifestSubject::RustVersion => "minimum Rust",
        ManifestSubject::Feature => "feature",
        ManifestSubject::DefaultFeature => "default feature",
        ManifestSubject::Dependency => "dependency",
    }
}

fn manifest(change: &ManifestChange) -> Entry {
    sides(
        kind(change.change),
        format!("{} `{}`", subject(change.subject), change.name),
        [&change.old, &change.new],
    )
}

fn sides(tag: &str, text: String, sides: [&Option<String>; 2]) -> Entry {
    let names = ["before", "after"].into_iter().zip(sides);
    let code = names.filter_map(|(name, side)| Some((name.to_owned(), side.clone()?)));
    Entry {
        tag: Some(tag.to_owned()),
        text,
        code: code.collect(),
        ..Entry::default()
    }
}

fn drafts(report: &UpgradeReport) -> impl Iterator<Item = Entry> {
    let note = Entry {
        text: "The note of the version table, for `upgrade --notes`".to_owned(),
        code: vec![("note".to_owned(), report.drafts.history_note.clone())],
        ..Entry::default()
    };
    let lines = report.drafts.changelog.lines();
    let changelog = Entry {
        text: "The entry of the changelog".to_owned(),
        details: lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
        ..Entry::default()
    };
    [note, changelog].into_iter()
}
