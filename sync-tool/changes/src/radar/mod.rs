//! Upstream's changes to functions that the fork replaces, mirrors or patches.
//!
//! When upstream fixes such a function, every patch may still apply, and the fork
//! silently lacks the fix.

mod items;
mod mirrors;
mod pairs;
mod side;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use items::Kind;
pub use mirrors::Mirror;
use pairs::{Pair, pair};
use recipe::manifest::{RadarRow, RadarState};
use recipe::patch::Patch;
use recipe::tree::Tree;
use regex::Regex;
use semver::Version;
use serde::Serialize;
pub use side::Known;
use side::{Found, PATCHED, Side, is_watched};

/// How many lines of a difference are kept.
const MAX_DIFF_LINES: usize = 120;
/// How many bytes of it, where lines are longer than people write them.
const MAX_DIFF_BYTES: usize = 20_000;

/// Why an item concerns the fork.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Concern {
    /// The fork's file, or upstream's file that a patch changes.
    pub by: String,
    /// What the fork's file does there.
    pub why: String,
}

/// Where an item stands in a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Place {
    /// The file.
    pub file: String,
    /// Its name there.
    pub name: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// A function or value that upstream changed at a step, and that concerns the fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RadarItem {
    /// The name: `Type::function`, and `file::function` outside of types.
    pub item: String,
    /// The name before, where that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Where it was before; empty where the item is new.
    pub old: Vec<Place>,
    /// Where it is now; empty where the item is gone.
    pub new: Vec<Place>,
    /// Why it concerns the fork.
    pub concerns: Vec<Concern>,
    /// The difference of its text, a unified diff of bounded length.
    pub diff: String,
    /// Whether the change is known to fix a vulnerability.
    pub is_security: bool,
    /// What was decided.
    pub state: RadarState,
    /// Why.
    pub reason: Option<String>,
}

/// What a step has.
#[derive(Debug, Default)]
pub struct Findings {
    /// The items, security first, then those that are open.
    pub items: Vec<RadarItem>,
    /// Files that do not lex or are nested too deep.
    pub unreadable: Vec<String>,
}

/// What concerns the fork.
#[derive(Debug)]
pub struct Radar<'a> {
    /// The functions that stand-ins mirror.
    pub mirrors: &'a [Mirror],
    /// The patches of all series; one counts where its hunks' old text stands.
    pub patches: &'a [&'a Patch],
    /// The decisions.
    pub rows: &'a [RadarRow],
    /// What the steps before have read.
    pub known: &'a Known,
}

/// A release and its files, under upstream's own names.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Release<'a> {
    pub version: &'a Version,
    pub tree: &'a Tree,
}

impl Radar<'_> {
    /// Returns what upstream changed from one release to the next.
    pub fn step(&self, old: Release<'_>, new: Release<'_>) -> Findings {
        let trees = [old.tree, new.tree];
        let is_same = |path: &str| {
            let [old, new] = trees.map(|tree| tree.get(path).map(|file| file.bytes()));
            old == new
        };
        let paths = trees.into_iter().flat_map(|tree| tree.iter());
        let mut paths = paths.map(|(path, _)| path.as_str());
        if paths.all(|path| !is_watched(self.mirrors, self.patches, path) || is_same(path)) {
            return Findings::default();
        }
        let mut unreadable = BTreeSet::new();
        let concerning = (self.mirrors, self.patches);
        let mut sides =
            trees.map(|tree| Side::read(tree, concerning, (self.known, &mut unreadable)));
        let keys = sides
            .each_ref()
            .map(|side| side.watched().into_keys().collect::<Vec<_>>());
        if keys[0] != keys[1] {
            // What is gone may have moved to a file that nothing names.
            for (side, tree) in sides.iter_mut().zip(trees) {
                let is_wanted = |path: &str| path.starts_with("src/") && !is_same(path);
                side.add_files(tree, (self.known, &mut unreadable), is_wanted);
            }
        }
        let [before, after] = &sides;
        let watched = [before.watched(), after.watched()];
        let pairs = pair(watched, [before.others(), after.others()]);
        let changes = changes(pairs, &sides);
        let items = changes
            .into_iter()
            .map(|change| self.finding(change, (old.version, new.version)));
        let mut items: Vec<RadarItem> = items.collect();
        sort(&mut items, |item| item);
        let [before, _after] = sides;
        drop(before);
        self.known.forget();
        Findings {
            items,
            unreadable: unreadable.into_iter().collect(),
        }
    }

    fn finding(&self, change: Change<'_>, (old, new): (&Version, &Version)) -> RadarItem {
        let Change {
            item,
            was,
            concerns,
            found: [before, after],
        } = change;
        let rows = self.rows.iter().filter(|row| row.items.contains(&item));
        let rows = rows.filter(|row| *old < row.release && row.release <= *new);
        // Of several decisions the one that leaves work counts.
        let rows: Vec<&RadarRow> = rows.collect();
        let row = rows.iter().min_by_key(|row| row.state);
        RadarItem {
            was: was.filter(|was| *was != item),
            old: places(&before),
            new: places(&after),
            concerns: concerns.into_iter().collect(),
            diff: diff(&text(&before), &text(&after)),
            is_security: rows.iter().any(|row| row.security == Some(true)),
            state: row.map_or(RadarState::Open, |row| row.state),
            reason: row.and_then(|row| row.reason.clone()),
            item,
        }
    }
}

/// Something that changed, with its forms in both releases.
#[derive(Default)]
struct Change<'s> {
    item: String,
    was: Option<String>,
    found: [Vec<Found<'s>>; 2],
    concerns: BTreeSet<Concern>,
}

/// Returns what changed. Functions that are new or gone cannot be compared one by one: those
/// of a stand-in are one change, under its name.
fn changes<'s>(pairs: Vec<Pair<'s>>, [before, after]: &[Side<'_>; 2]) -> Vec<Change<'s>> {
    let renames = renames(&pairs);
    let is_changed: Vec<bool> = pairs
        .iter()
        .map(|pair| is_changed(pair, &renames))
        .collect();
    let mut changes = Vec::new();
    let mut rewritten: BTreeMap<Concern, Change<'s>> = BTreeMap::new();
    for (pair, _) in pairs
        .into_iter()
        .zip(is_changed)
        .filter(|(_, is_changed)| *is_changed)
    {
        let mut concerns = before.concerns_of(&pair.found[0]);
        concerns.extend(after.concerns_of(&pair.found[1]));
        match pair.keys {
            [Some(was), Some(item)] => changes.push(Change {
                item,
                was: Some(was),
                found: pair.found,
                concerns,
            }),
            _ => {
                let is_function = |one: &Found<'_>| one.item.kind == Kind::Function;
                let mirrored = concerns.iter().find(|one| one.why != PATCHED);
                let Some(concern) = mirrored.or(concerns.first()).cloned() else {
                    continue;
                };
                if !pair.found.iter().flatten().all(is_function) {
                    continue;
                }
                let change = rewritten.entry(concern).or_default();
                for (all, found) in change.found.iter_mut().zip(pair.found) {
                    all.extend(found);
                }
            }
        }
    }
    changes.extend(rewritten.into_iter().map(|(concern, change)| Change {
        item: format!("{} {}", concern.by, concern.why),
        concerns: [concern].into(),
        ..change
    }));
    changes
}

impl RadarItem {
    /// Tells whether somebody has to look at it.
    pub fn is_open(&self) -> bool {
        self.state == RadarState::Open
    }
}

/// Orders findings: vulnerabilities first, then what is open, then by name.
fn rank(item: &RadarItem) -> (bool, RadarState, &str) {
    (!item.is_security, item.state, &item.item)
}

/// Orders what has findings.
pub fn sort<T>(all: &mut [T], item: impl Fn(&T) -> &RadarItem) {
    all.sort_by(|a, b| rank(item(a)).cmp(&rank(item(b))));
}

/// Returns the code of each item of a source, to be compared with that at another commit;
/// nothing where the source does not lex.
pub fn codes(source: &str) -> BTreeMap<String, Vec<String>> {
    let items = items::items_of(source).unwrap_or_default();
    items
        .into_iter()
        .map(|(name, item)| (name, item.code))
        .collect()
}

/// Returns the numbers of advisories that a text has, such as a commit's message.
pub fn advisories(text: &str) -> BTreeSet<String> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        let numbers = r"\b(?:(?:CVE|RUSTSEC)-\d{4}-\d+|GHSA(?:-[0-9a-zA-Z]{4}){3})\b";
        Regex::new(numbers).expect("a sound expression")
    });
    let found = NUMBER.find_iter(text);
    found.map(|one| one.as_str().to_owned()).collect()
}

/// Returns the items of rows that match no finding of the step to their release, each with its
/// row. Rows for releases that were not compared are not judged.
pub fn stale<'r>(
    rows: &'r [RadarRow],
    steps: &[(Version, Vec<RadarItem>)],
) -> Vec<(&'r RadarRow, &'r str)> {
    let each = rows
        .iter()
        .flat_map(|row| row.items.iter().map(move |item| (row, item.as_str())));
    let is_stale = |(row, item): &(&RadarRow, &str)| {
        let step = steps.iter().find(|(release, _)| *release == row.release);
        step.is_some_and(|(_, found)| !found.iter().any(|one| one.item == *item))
    };
    each.filter(is_stale).collect()
}

/// Returns the names of functions that are under another one now.
fn renames(pairs: &[Pair<'_>]) -> BTreeMap<String, String> {
    fn last(key: &str) -> &str {
        key.rsplit("::").next().unwrap_or(key)
    }
    let names = pairs.iter().filter_map(|pair| {
        let [old, new] = pair.keys.each_ref().map(|key| key.as_deref().map(last));
        Some((old?, new?))
    });
    let names = names.filter(|(old, new)| old != new);
    names
        .map(|(old, new)| (old.to_owned(), new.to_owned()))
        .collect()
}

/// Tells whether more than names changed.
fn is_changed(pair: &Pair<'_>, renames: &BTreeMap<String, String>) -> bool {
    let [mut old, mut new] = pair.found.each_ref().map(|found| {
        let codes = found.iter().map(|one| &one.item.code);
        codes.collect::<Vec<_>>()
    });
    old.sort_unstable();
    new.sort_unstable();
    let [old, new] = [old, new].map(|codes| codes.into_iter().flatten().collect::<Vec<_>>());
    let is_same = |(old, new): (&&String, &&String)| old == new || renames.get(*old) == Some(new);
    old.len() != new.len() || !old.iter().zip(&new).all(is_same)
}

fn places(found: &[Found<'_>]) -> Vec<Place> {
    let places = found.iter().map(|one| Place {
        file: one.path.to_owned(),
        name: one.name.to_owned(),
        line: one.item.lines.first().map_or(0, |lines| lines.start) + 1,
    });
    places.collect()
}

fn text(found: &[Found<'_>]) -> String {
    found.iter().map(|one| one.item.text(one.source)).collect()
}

fn diff(old: &str, new: &str) -> String {
    let all = similar::TextDiff::from_lines(old, new);
    let text = all.unified_diff().context_radius(3).to_string();
    let mut lines: Vec<&str> = text.lines().collect();
    let left_out = lines.len().saturating_sub(MAX_DIFF_LINES);
    lines.truncate(MAX_DIFF_LINES);
    let mut text = lines.join("\n");
    text.truncate(text.floor_char_boundary(MAX_DIFF_BYTES));
    if left_out > 0 {
        text.push_str(&format!("\n… {left_out} more lines"));
    }
    text
}
