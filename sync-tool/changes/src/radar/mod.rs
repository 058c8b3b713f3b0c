//! Upstream's changes to functions that the fork replaces, mirrors or patches.
//!
//! When upstream fixes such a function, every patch may still apply, and the fork
//! silently lacks the fix.

mod items;
mod mirrors;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use items::{Item, items_of};
pub use mirrors::Mirror;
use recipe::manifest::{RadarRow, RadarState};
use recipe::patch::{LineKind, Patch};
use recipe::tree::Tree;
use semver::Version;
use serde::Serialize;

/// How many lines of a difference are kept.
const MAX_DIFF_LINES: usize = 80;

/// A commit of upstream's that changed lines of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Commit {
    pub id: String,
    pub date: String,
    pub subject: String,
    pub pull_request: Option<u64>,
}

/// Why an item concerns the fork.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Concern {
    /// The fork's file, or upstream's file that a patch changes.
    pub by: String,
    /// What the fork's file does there.
    pub why: String,
}

/// A function or type that upstream changed at a step, and that concerns the fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RadarItem {
    /// The name: `Type::function`, and `file::function` outside of types.
    pub item: String,
    /// Where it was before; empty where the item is new.
    pub old_files: Vec<String>,
    /// Where it is now; empty where the item is gone.
    pub new_files: Vec<String>,
    /// Why it concerns the fork.
    pub concerns: Vec<Concern>,
    /// The difference of its text, a unified diff of bounded length.
    pub diff: String,
    /// Upstream's commits, where the caller knows them.
    pub commits: Vec<Commit>,
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
    /// The items, by name.
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
}

/// A release and its files, under upstream's own names.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Release<'a> {
    pub version: &'a Version,
    pub tree: &'a Tree,
}

/// The items of the files that differ, by file.
type Files<'a> = BTreeMap<&'a str, (&'a str, BTreeMap<String, Item>)>;

/// Where an item stands: its name, after the file where it is outside of types.
type Watched = BTreeMap<(String, String), BTreeSet<Concern>>;

impl Radar<'_> {
    /// Returns what upstream changed from one release to the next.
    pub fn step(&self, old: Release<'_>, new: Release<'_>) -> Findings {
        let mut unreadable = BTreeSet::new();
        let old_files = read(old.tree, new.tree, &mut unreadable);
        let new_files = read(new.tree, old.tree, &mut unreadable);
        let mut watched = self.mirrored();
        for files in [&old_files, &new_files] {
            self.add_patched(files, &mut watched);
        }
        let mut groups: BTreeMap<String, BTreeSet<Concern>> = BTreeMap::new();
        for files in [&old_files, &new_files] {
            for (path, (_, items)) in files {
                for name in items.keys() {
                    if let Some(concerns) = watched.get(&((*path).to_owned(), name.clone())) {
                        let group = groups.entry(key(path, name)).or_default();
                        group.extend(concerns.iter().cloned());
                    }
                }
            }
        }
        for files in [&old_files, &new_files] {
            add_types(files, &watched, &mut groups);
        }
        let found = groups.into_iter().filter_map(|(item, concerns)| {
            let before = placed(&old_files, &watched, &item);
            let after = placed(&new_files, &watched, &item);
            (code(&before) != code(&after)).then(|| {
                let concerns = concerns.into_iter().collect();
                self.finding(
                    item,
                    concerns,
                    (&before, &after),
                    (old.version, new.version),
                )
            })
        });
        Findings {
            items: found.collect(),
            unreadable: unreadable.into_iter().collect(),
        }
    }

    fn mirrored(&self) -> Watched {
        let mut watched = Watched::new();
        for mirror in self.mirrors {
            for (file, function) in &mirror.of {
                let concern = Concern {
                    by: mirror.by.clone(),
                    why: mirror.why.clone(),
                };
                let place = (file.clone(), function.clone());
                watched.entry(place).or_default().insert(concern);
            }
        }
        watched
    }

    /// Adds the items in which a patch changes lines.
    fn add_patched(&self, files: &Files<'_>, watched: &mut Watched) {
        for patch in self.patches {
            let Some((source, items)) = files.get(patch.path.as_str()) else {
                continue;
            };
            let lines = changed_lines(source, patch);
            for (name, item) in items {
                let is_in = |line: &usize| item.lines.iter().any(|range| range.contains(line));
                if lines.iter().any(is_in) {
                    let why = "a patch changes it".to_owned();
                    let concern = Concern {
                        by: patch.path.clone(),
                        why,
                    };
                    let place = (patch.path.clone(), name.clone());
                    watched.entry(place).or_default().insert(concern);
                }
            }
        }
    }

    fn finding(
        &self,
        item: String,
        concerns: Vec<Concern>,
        (before, after): (&[Placed<'_>], &[Placed<'_>]),
        (old, new): (&Version, &Version),
    ) -> RadarItem {
        let row = self
            .rows
            .iter()
            .find(|row| row.items.contains(&item) && *old < row.release && row.release <= *new);
        let files = |all: &[Placed<'_>]| all.iter().map(|p| p.path.to_owned()).collect();
        RadarItem {
            old_files: files(before),
            new_files: files(after),
            concerns,
            diff: diff(&text(before), &text(after)),
            commits: Vec::new(),
            is_security: row.and_then(|row| row.security).unwrap_or_default(),
            state: row.map_or(RadarState::Open, |row| row.state),
            reason: row.and_then(|row| row.reason.clone()),
            item,
        }
    }
}

impl RadarItem {
    /// Takes in upstream's commits, whose messages may name a vulnerability.
    pub fn add_commits(&mut self, commits: Vec<Commit>) {
        self.is_security |= commits.iter().any(|commit| names_advisory(&commit.subject));
        self.commits = commits;
    }
}

/// Tells whether a text, such as a commit's message, has the number of an advisory.
pub fn names_advisory(text: &str) -> bool {
    ["CVE-", "GHSA-", "RUSTSEC-"].iter().any(|start| {
        text.match_indices(start).any(|(at, _)| {
            text[at + start.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
        })
    })
}

/// Returns the rows' items that match no finding of the steps, each with its row. A row
/// outside of the releases that were compared, `from` left out, is not judged.
pub fn stale<'r>(
    rows: &'r [RadarRow],
    (from, to): (&Version, &Version),
    steps: &[(Version, Version, &[RadarItem])],
) -> Vec<(&'r RadarRow, &'r str)> {
    let rows = rows
        .iter()
        .filter(|row| *from < row.release && row.release <= *to);
    let each = rows.flat_map(|row| row.items.iter().map(move |item| (row, item.as_str())));
    each.filter(|(row, item)| {
        !steps.iter().any(|(old, new, found)| {
            *old < row.release && row.release <= *new && found.iter().any(|f| f.item == *item)
        })
    })
    .collect()
}

/// Reads the sources that the other tree has not with the same bytes.
fn read<'a>(tree: &'a Tree, other: &Tree, unreadable: &mut BTreeSet<String>) -> Files<'a> {
    let mut files = Files::new();
    for (path, file) in tree.iter() {
        let path = path.as_str();
        let is_source = path.starts_with("src/") && path.ends_with(".rs");
        let is_same = other.get(path).is_some_and(|o| o.bytes() == file.bytes());
        if !is_source || is_same {
            continue;
        }
        match file.text().and_then(|text| Some((text, items_of(text)?))) {
            Some(read) => _ = files.insert(path, read),
            None => _ = unreadable.insert(path.to_owned()),
        }
    }
    files
}

/// Adds the types that a watched item names, with their defaults: a variant or a default
/// may change what an unchanged function does.
fn add_types(
    files: &Files<'_>,
    watched: &Watched,
    groups: &mut BTreeMap<String, BTreeSet<Concern>>,
) {
    let mut named: BTreeMap<&str, BTreeSet<&Concern>> = BTreeMap::new();
    for ((path, name), concerns) in watched {
        let item = files
            .get(path.as_str())
            .and_then(|(_, items)| items.get(name));
        for name in item.map(Item::names).unwrap_or_default() {
            named.entry(name).or_default().extend(concerns);
        }
    }
    for (path, (_, items)) in files {
        for (name, item) in items {
            let of_type = match name.strip_suffix("::default") {
                Some(of) => of,
                None if item.is_function => continue,
                None => name,
            };
            if let Some(concerns) = named.get(of_type) {
                let group = groups.entry(key(path, name)).or_default();
                group.extend(concerns.iter().map(|c| (*c).clone()));
            }
        }
    }
}

/// An item at its place.
struct Placed<'a> {
    path: &'a str,
    source: &'a str,
    item: &'a Item,
}

/// Finds an item where it is watched, or else in all files that differ, so that one that
/// only moved is the same.
fn placed<'a>(files: &'a Files<'_>, watched: &Watched, item: &str) -> Vec<Placed<'a>> {
    let is_watched =
        |path: &str, name: &str| watched.contains_key(&(path.to_owned(), name.to_owned()));
    let each = files.iter().flat_map(|(path, (source, items))| {
        let of_key = items.iter().filter(|(name, _)| key(path, name) == item);
        of_key.map(|(name, item)| (is_watched(path, name), Placed { path, source, item }))
    });
    let (at_place, elsewhere): (Vec<_>, Vec<_>) = each.partition(|(is_watched, _)| *is_watched);
    let found = if at_place.is_empty() {
        elsewhere
    } else {
        at_place
    };
    found.into_iter().map(|(_, placed)| placed).collect()
}

fn code<'a>(placed: &[Placed<'a>]) -> Vec<&'a [String]> {
    let mut code: Vec<_> = placed.iter().map(|p| &p.item.code[..]).collect();
    code.sort_unstable();
    code
}

fn text(placed: &[Placed<'_>]) -> String {
    placed.iter().map(|p| p.item.text(p.source)).collect()
}

/// Returns the stable name of an item: one outside of types is told apart by the name of
/// its file, but those of `util.rs` went to `mod.rs` with their names.
fn key(path: &str, name: &str) -> String {
    if name.contains("::") || name.starts_with(char::is_uppercase) {
        return name.to_owned();
    }
    let stem = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let stem = stem.trim_end_matches("/util");
    format!("{}::{name}", stem.rsplit('/').next().unwrap_or(stem))
}

/// Returns the lines, counted from 0, that a patch removes or puts its own lines beside.
fn changed_lines(source: &str, patch: &Patch) -> Vec<usize> {
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let mut changed = Vec::new();
    for hunk in &patch.hunks {
        let old: Vec<&str> = hunk.old_lines().collect();
        let found = lines.windows(old.len().max(1)).position(|part| part == old);
        let Some(mut at) = found else { continue };
        for line in &hunk.lines {
            match line.kind {
                LineKind::Context => at += 1,
                LineKind::Added => changed.push(at),
                LineKind::Removed => {
                    changed.push(at);
                    at += 1;
                }
            }
        }
    }
    changed
}

fn diff(old: &str, new: &str) -> String {
    let all = similar::TextDiff::from_lines(old, new);
    let text = all.unified_diff().context_radius(3).to_string();
    let mut lines: Vec<&str> = text.lines().collect();
    let left_out = lines.len().saturating_sub(MAX_DIFF_LINES);
    lines.truncate(MAX_DIFF_LINES);
    let mut text = lines.join("\n");
    if left_out > 0 {
        text.push_str(&format!("\n… {left_out} more lines"));
    }
    text
}
