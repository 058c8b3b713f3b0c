//! Which names differ between two releases.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use recipe::text::line;
use recipe::tree::{File, Tree, TreePath};
use regex::{Captures, Regex};

use super::entry::{Change, Entry, Subject};
use super::source::Source;
use super::{MAX_PLACES, NameChange, Place, Places};

/// The longest name or value that is shown, in characters.
const MAX_TEXT: usize = 200;

/// The names that a rule found, and where.
pub(super) type Names = BTreeMap<String, Vec<Place>>;

/// Two releases, of which each file is read at most once.
pub(super) struct Trees<'t> {
    old: Release<'t>,
    new: Release<'t>,
    /// Files that are the same in both.
    same: Release<'t>,
}

/// Files of a release, each of which is lexed at most once.
pub(super) struct Release<'t> {
    files: Vec<(&'t TreePath, &'t File)>,
    sources: HashMap<&'t str, Source>,
}

impl<'t> Trees<'t> {
    pub(super) fn new(old: &'t Tree, new: &'t Tree) -> Self {
        let is_same = |(path, file): &(&TreePath, &File), other: &Tree| {
            other
                .get(path.as_str())
                .is_some_and(|o| o.bytes() == file.bytes())
        };
        let (same, changed) = new.iter().partition(|file| is_same(file, old));
        let before = old.iter().filter(|file| !is_same(file, new)).collect();
        Self {
            old: Release::of(before),
            new: Release::of(changed),
            same: Release::of(same),
        }
    }

    /// Returns how the names of an entry differ, in their order.
    pub(super) fn changes(&mut self, entry: &Entry) -> Vec<NameChange> {
        let mut old = self.old.names(entry);
        let mut new = self.new.names(entry);
        if differences(&old, &new).next().is_none() {
            return Vec::new();
        }
        // What a changed file lost or gained may stand in a file that did not change.
        for (name, places) in self.same.names(entry) {
            for side in [&mut old, &mut new] {
                let all = side.entry(name.clone()).or_default();
                all.extend(places.iter().cloned());
                all.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
            }
        }
        let fires = |(_, change): &(&String, Change)| entry.fires_on.contains(change);
        let shown = differences(&old, &new)
            .filter(fires)
            .map(|(name, change)| NameChange {
                change,
                name: shown(name),
                old: places(old.get(name)),
                new: places(new.get(name)),
            });
        shown.collect()
    }
}

impl<'t> Release<'t> {
    pub(super) fn of(files: Vec<(&'t TreePath, &'t File)>) -> Self {
        Self {
            files,
            sources: HashMap::new(),
        }
    }

    pub(super) fn names(&mut self, entry: &Entry) -> Names {
        let mut names = Names::new();
        for (path, file) in &self.files {
            let path_text = path.as_str();
            if !entry.files.is_match(path_text) || entry.except.is_match(path_text) {
                continue;
            }
            match (entry.subject, file.text()) {
                (Subject::Path, _) => collect(entry, path, path_text, None, None, &mut names),
                (Subject::Text, Some(text)) => {
                    collect(entry, path, text, Some(0), None, &mut names)
                }
                (Subject::Code, Some(text)) => {
                    let source = self.sources.entry(path.as_str());
                    let source = source.or_insert_with(|| Source::new(text));
                    in_code(entry, path, source, &mut names);
                }
                (_, None) => {}
            }
        }
        names
    }
}

fn in_code(entry: &Entry, path: &TreePath, source: &Source, names: &mut Names) {
    let Some(inside) = &entry.inside else {
        return collect(entry, path, &source.code, Some(0), None, names);
    };
    let (mut line, mut counted) = (0, 0);
    for head in inside.captures_iter(&source.code) {
        let open = head.get_match().end().checked_sub(1);
        let Some(group) = open.and_then(|open| source.group(open)) else {
            continue;
        };
        line += source.code[counted..group.start].matches('\n').count();
        counted = group.start;
        let head = Some((inside, &head));
        collect(entry, path, &source.code[group], Some(line), head, names);
    }
}

/// Adds what the pattern finds in a text that begins behind some lines; a path has none.
fn collect(
    entry: &Entry,
    path: &TreePath,
    text: &str,
    lines_before: Option<usize>,
    head: Option<Found<'_, '_>>,
    names: &mut Names,
) {
    let mut line = lines_before.map(|lines| lines + 1);
    let mut counted = 0;
    for found in entry.pattern.captures_iter(text) {
        let at = found.get_match().start();
        if let Some(line) = &mut line {
            *line += text[counted..at].matches('\n').count();
        }
        counted = at;
        add(path, line, head, (&entry.pattern, &found), names);
    }
}

/// What an expression captured.
type Found<'f, 't> = (&'f Regex, &'f Captures<'t>);

fn add(
    path: &TreePath,
    line: Option<usize>,
    head: Option<Found<'_, '_>>,
    found: Found<'_, '_>,
    names: &mut Names,
) {
    let group = |wanted: &str| {
        let each = head.into_iter().chain([found]);
        let each = each.flat_map(|found| groups(found, wanted));
        joined(each.flat_map(str::split_whitespace))
    };
    let mut name = group("name");
    if name.is_empty() {
        name = joined(found.1.get_match().as_str().split_whitespace());
    }
    names.entry(name).or_default().push(Place {
        path: path.clone(),
        line,
        value: group("value"),
    });
}

/// Returns what the groups captured whose names begin so: `value`, `value2`.
fn groups<'t>((regex, captures): Found<'_, 't>, wanted: &str) -> Vec<&'t str> {
    let names = regex.capture_names().flatten();
    let wanted = names.filter(|name| name.starts_with(wanted));
    let captured = wanted.filter_map(|name| captures.name(name));
    captured.map(|group| group.as_str()).collect()
}

/// Joins words with one space each, and none inside of brackets, where rustfmt breaks lines;
/// the marks of a comment's next lines are no words.
fn joined<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut text = String::new();
    for word in words.filter(|word| *word != "///") {
        let glued = text.is_empty()
            || text.ends_with(['(', '[', '<'])
            || word.starts_with([')', ']', '>', ',']);
        if !glued {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Returns each name that differs, and how; twice where both values and number do.
fn differences<'n>(old: &'n Names, new: &'n Names) -> impl Iterator<Item = (&'n String, Change)> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names.into_iter().flat_map(|name| {
        let changes = match (old.get(name), new.get(name)) {
            (None, _) => [Some(Change::Added), None],
            (_, None) => [Some(Change::Gone), None],
            (Some(old), Some(new)) => [
                (values(old) != values(new)).then_some(Change::Changed),
                (old.len() != new.len()).then_some(Change::Count),
            ],
        };
        changes
            .into_iter()
            .flatten()
            .map(move |change| (name, change))
    })
}

fn values(places: &[Place]) -> BTreeSet<&str> {
    places.iter().map(|place| place.value.as_str()).collect()
}

fn places(all: Option<&Vec<Place>>) -> Places {
    let all = all.map_or(&[][..], Vec::as_slice);
    let listed = all.iter().take(MAX_PLACES).map(|place| Place {
        value: shown(&place.value),
        ..place.clone()
    });
    Places {
        listed: listed.collect(),
        total: all.len(),
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", line(&text[..end])),
        None => line(text).into_owned(),
    }
}
