//! What concerns the fork in one of the two releases, and where it stands.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use recipe::patch::{LineKind, Patch};
use recipe::tree::{Digest, Tree};

use super::items::{Item, Items, Kind, items_of};
use super::{Concern, Mirror};

/// Why a function with a patch concerns the fork.
pub(super) const PATCHED: &str = "a patch changes it";

/// What was read of the release before: most files are the same in the next one.
#[derive(Debug, Default)]
pub struct Known(RefCell<BTreeMap<Digest, Rc<Items>>>);

impl Known {
    fn items_of(&self, text: &str) -> Option<Rc<Items>> {
        let digest = Digest::of(text);
        if let Some(items) = self.0.borrow().get(&digest) {
            return Some(Rc::clone(items));
        }
        let items = Rc::new(items_of(text)?);
        self.0.borrow_mut().insert(digest, Rc::clone(&items));
        Some(items)
    }

    /// Drops what nobody holds any more.
    pub(super) fn forget(&self) {
        self.0
            .borrow_mut()
            .retain(|_, items| Rc::strong_count(items) > 1);
    }
}

/// The read files of a release, each with its text.
pub(super) struct Side<'a> {
    pub files: BTreeMap<&'a str, (&'a str, Rc<Items>)>,
    /// Why an item concerns the fork, by its file and name.
    pub concerns: BTreeMap<(String, String), BTreeSet<Concern>>,
}

/// An item where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'s> {
    pub path: &'s str,
    pub name: &'s str,
    pub source: &'s str,
    pub item: &'s Item,
}

impl<'a> Side<'a> {
    /// Reads the files that mirrors and patches name.
    pub(super) fn read(
        tree: &'a Tree,
        (mirrors, patches): (&[Mirror], &[&Patch]),
        (known, unreadable): (&Known, &mut BTreeSet<String>),
    ) -> Side<'a> {
        let mut side = Side {
            files: BTreeMap::new(),
            concerns: BTreeMap::new(),
        };
        side.add_files(tree, (known, unreadable), |path| {
            is_watched(mirrors, patches, path)
        });
        for mirror in mirrors {
            for place in &mirror.of {
                side.concern(place.clone(), &mirror.by, &mirror.why);
            }
        }
        for patch in patches {
            side.add_patched(patch);
        }
        side.add_named();
        side
    }

    pub(super) fn add_files(
        &mut self,
        tree: &'a Tree,
        (known, unreadable): (&Known, &mut BTreeSet<String>),
        is_wanted: impl Fn(&str) -> bool,
    ) {
        for (path, file) in tree.iter() {
            let path = path.as_str();
            if !path.ends_with(".rs") || self.files.contains_key(path) || !is_wanted(path) {
                continue;
            }
            match file
                .text()
                .and_then(|text| Some((text, known.items_of(text)?)))
            {
                Some(read) => _ = self.files.insert(path, read),
                None => _ = unreadable.insert(path.to_owned()),
            }
        }
    }

    fn concern(&mut self, place: (String, String), by: &str, why: &str) {
        let concern = Concern {
            by: by.to_owned(),
            why: why.to_owned(),
        };
        self.concerns.entry(place).or_default().insert(concern);
    }

    /// Adds the functions in which a patch changes lines.
    fn add_patched(&mut self, patch: &Patch) {
        let Some((source, items)) = self.files.get(patch.path.as_str()) else {
            return;
        };
        let changes = changed_lines(source, patch);
        let is_in = |item: &Item| {
            let is_within = |(first, last): &(usize, usize)| {
                let mut lines = item.lines.iter();
                lines.any(|one| one.contains(first) && one.contains(last))
            };
            item.kind == Kind::Function && changes.iter().any(is_within)
        };
        let names = items.iter().filter(|(_, item)| is_in(item));
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.concern((patch.path.clone(), name), &patch.path, PATCHED);
        }
    }

    /// Adds the constants and public enums of these files that such a function names, and
    /// the defaults of types: they may change what an unchanged function does.
    fn add_named(&mut self) {
        let mut named: BTreeMap<&str, BTreeSet<&Concern>> = BTreeMap::new();
        for ((path, name), concerns) in &self.concerns {
            let item = self.files.get(path.as_str());
            let item = item.and_then(|(_, items)| items.get(name));
            for name in item.map(Item::names).unwrap_or_default() {
                named.entry(name).or_default().extend(concerns);
            }
        }
        let mut all = Vec::new();
        for (path, (_, items)) in &self.files {
            for (name, item) in items.iter() {
                let of = match item.kind {
                    Kind::Function => name.strip_suffix("::default"),
                    Kind::Enum { is_public } => is_public.then_some(name.as_str()),
                    Kind::Value => Some(name.rsplit("::").next().unwrap_or(name)),
                };
                if let Some(concerns) = of.and_then(|of| named.get(of)) {
                    let concerns: BTreeSet<Concern> =
                        concerns.iter().map(|one| (*one).clone()).collect();
                    all.push((((*path).to_owned(), name.clone()), concerns));
                }
            }
        }
        for (place, concerns) in all {
            self.concerns.entry(place).or_default().extend(concerns);
        }
    }

    /// Returns the items that concern the fork, by their keys.
    pub(super) fn watched(&self) -> BTreeMap<String, Vec<Found<'_>>> {
        self.by_key(true)
    }

    /// Returns all other functions that were read, by their keys.
    pub(super) fn others(&self) -> BTreeMap<String, Vec<Found<'_>>> {
        self.by_key(false)
    }

    fn by_key(&self, watched: bool) -> BTreeMap<String, Vec<Found<'_>>> {
        let mut found: BTreeMap<String, Vec<Found<'_>>> = BTreeMap::new();
        for (path, (source, items)) in &self.files {
            for (name, item) in items.iter() {
                let place = ((*path).to_owned(), name.clone());
                if self.concerns.contains_key(&place) == watched
                    && (watched || item.kind == Kind::Function)
                {
                    found.entry(key(path, name)).or_default().push(Found {
                        path,
                        name,
                        source,
                        item,
                    });
                }
            }
        }
        found
    }

    pub(super) fn concerns_of(&self, found: &[Found<'_>]) -> BTreeSet<Concern> {
        let places = found
            .iter()
            .map(|one| (one.path.to_owned(), one.name.to_owned()));
        let concerns = places.filter_map(|place| self.concerns.get(&place));
        concerns.flatten().cloned().collect()
    }
}

/// Tells whether a mirror or a patch names a file.
pub(super) fn is_watched(mirrors: &[Mirror], patches: &[&Patch], path: &str) -> bool {
    let mut mirrored = mirrors.iter().flat_map(|mirror| &mirror.of);
    mirrored.any(|(file, _)| file == path) || patches.iter().any(|patch| patch.path == path)
}

/// Returns the stable name of an item: one outside of types is told apart by the name of
/// its file, but those of `util.rs` went to `mod.rs` with their names.
pub(super) fn key(path: &str, name: &str) -> String {
    if name.contains("::") || name.starts_with(char::is_uppercase) {
        return name.to_owned();
    }
    let stem = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let stem = stem.trim_end_matches("/util");
    format!("{}::{name}", stem.rsplit('/').next().unwrap_or(stem))
}

/// Returns the lines between which a patch puts or removes some, counted from 0. Each is found
/// by as many lines around it as still stand there, where they stand once.
fn changed_lines(source: &str, patch: &Patch) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let mut changed = Vec::new();
    for hunk in &patch.hunks {
        let old: Vec<&str> = hunk.old_lines().collect();
        let mut at: usize = 0;
        for line in &hunk.lines {
            match line.kind {
                LineKind::Context => at += 1,
                LineKind::Added => changed.extend(find(&lines, &old, (at.saturating_sub(1), at))),
                LineKind::Removed => {
                    changed.extend(find(&lines, &old, (at, at)));
                    at += 1;
                }
            }
        }
    }
    changed
}

/// Finds lines of a hunk's old text.
fn find(lines: &[&str], old: &[&str], (first, last): (usize, usize)) -> Option<(usize, usize)> {
    (1..=3).rev().find_map(|context| {
        let from = first.saturating_sub(context);
        let part = old.get(from..(last + context + 1).min(old.len()))?;
        let windows = lines.windows(part.len().max(1)).enumerate();
        let mut found = windows.filter(|(_, window)| *window == part);
        let (at, _) = found.next()?;
        let is_unique = found.next().is_none();
        is_unique.then_some((at + first - from, at + last - from))
    })
}
