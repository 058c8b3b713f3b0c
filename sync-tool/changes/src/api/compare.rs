//! What changed between the items of two releases.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::expand::told_apart;
use super::items::{Class, Item, Items, Key};
use super::renames::Renames;
use super::source::ItemKind;

/// What happened to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is gone, or no longer public.
    Gone,
    /// It is the same item under another path, its signature perhaps another.
    Moved,
    /// Its signature is another.
    Changed,
    /// It is new, or public now.
    Added,
}

/// An item as one release declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declaration {
    /// The declaration without a body, on one line. Where two signatures are written alike
    /// and mean different types, their paths are written out.
    pub signature: String,
    /// The file, by its path in the crate.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// A change of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// What happened to it.
    pub change: ChangeKind,
    /// What it is, or was.
    pub item: ItemKind,
    /// Its path below the crate, as its users write it: the old one where there is one.
    pub path: String,
    /// The new path of an item that moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether users of the crate could or can reach it.
    pub public: bool,
    /// How the old release declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Declaration>,
    /// How the new release declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Declaration>,
    /// How many items that it contains share the change and are not listed.
    pub inside: usize,
}

/// A change, and the item that it is of.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) change: Change,
    pub(super) key: Key,
    pub(super) parent: Option<Key>,
    /// What code of the old release knows it by, and what it stands in, where that code may
    /// have to change.
    pub(super) known_as: Option<(Key, Option<Key>)>,
    /// Whether a row for the whole implementation stands for it.
    pub(super) is_in_block: bool,
}

/// Compares the items, public or not; each that differs is a row, in the order of paths.
pub(super) fn compare(old: &Items, new: &Items) -> Vec<Row> {
    let renames = Renames::of(old, new);
    let matched = renames.matched(old, new);
    let mut rows: Vec<Row> = Vec::new();
    let mut taken = BTreeSet::new();
    for (key, item) in old {
        let counterpart = matched.get(key).and_then(|to| new.get_key_value(*to));
        let Some((to, now)) = counterpart else {
            let mut row = row(ChangeKind::Gone, (key, item), Some(item), None);
            row.known_as = Some((key.clone(), item.parent.clone()));
            rows.push(row);
            continue;
        };
        taken.insert(to);
        let is_moved = to.path != key.path && !renames.explain(key, to);
        let is_changed = to.class != key.class
            || item.meaning != now.meaning && renames.applied(&item.meaning) != now.meaning;
        let kind = match (item.public, now.public) {
            (true, false) => ChangeKind::Gone,
            (false, true) => ChangeKind::Added,
            _ if is_moved => ChangeKind::Moved,
            _ if is_changed => ChangeKind::Changed,
            _ => continue,
        };
        // An item that is public now is known by its new path alone.
        let of = if kind == ChangeKind::Added {
            (to, now)
        } else {
            (key, item)
        };
        let mut row = row(kind, of, Some(item), Some(now));
        if is_moved || is_changed || kind == ChangeKind::Gone {
            row.known_as = Some((key.clone(), item.parent.clone()));
        }
        let has_other = to.path != row.key.path && kind != ChangeKind::Gone;
        row.change.to = has_other.then(|| path_of(to));
        if item.signature == now.signature && is_changed && to.class == key.class {
            let meaning = renames.applied(&item.meaning);
            let texts = [
                (&mut row.change.old, [&meaning, &now.meaning]),
                (&mut row.change.new, [&now.meaning, &meaning]),
            ];
            for (declaration, [own, other]) in texts {
                if let Some(declaration) = declaration {
                    declaration.signature = told_apart(&item.signature, own, other);
                }
            }
        }
        rows.push(row);
    }
    let added = new.iter().filter(|(key, _)| !taken.contains(key));
    rows.extend(added.map(|(key, item)| row(ChangeKind::Added, (key, item), None, Some(item))));
    add_blocks(&mut rows, old, new);
    rows.sort_by(|a, b| order(a).cmp(&order(b)));
    rows
}

/// Returns the path of an item; that of an implementation names type and trait.
pub(super) fn path_of(key: &Key) -> String {
    match key.class {
        Class::Impl => format!("<{} as {}>", key.path, key.of),
        _ => key.path.clone(),
    }
}

fn order(row: &Row) -> (&str, Class, &str, ChangeKind) {
    (&row.key.path, row.key.class, &row.key.of, row.change.change)
}

fn row(change: ChangeKind, of: (&Key, &Item), old: Option<&Item>, new: Option<&Item>) -> Row {
    let (key, item) = of;
    let declaration = |item: &Item| Declaration {
        signature: item.signature.clone(),
        file: item.file.clone(),
        line: item.line,
    };
    Row {
        change: Change {
            change,
            item: item.kind,
            path: path_of(key),
            to: None,
            public: old.is_some_and(|item| item.public) || new.is_some_and(|item| item.public),
            old: old.map(declaration),
            new: new.map(declaration),
            inside: 0,
        },
        key: key.clone(),
        parent: item.parent.clone(),
        known_as: None,
        is_in_block: false,
    }
}

/// Adds a row for each implementation of which several methods changed.
fn add_blocks(rows: &mut Vec<Row>, old: &Items, new: &Items) {
    let mut blocks: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if let Some(parent) = &row.parent
            && row.key.class == Class::ImplMember
            && row.change.change == ChangeKind::Changed
        {
            blocks.entry(parent.clone()).or_default().push(at);
        }
    }
    for (key, members) in blocks.into_iter().filter(|(_, members)| members.len() > 1) {
        let Some(item) = old.get(&key) else { continue };
        let mut block = row(ChangeKind::Changed, (&key, item), Some(item), new.get(&key));
        block.change.inside = members.len();
        rows.push(block);
        for at in members {
            rows[at].is_in_block = true;
        }
    }
}

/// Returns the changes of public items, those inside of an item that is new or gone as a
/// whole counted with it; and as one, the changed methods of one implementation.
pub(super) fn public(rows: &[Row]) -> Vec<Change> {
    let whole = |kind| matches!(kind, ChangeKind::Gone | ChangeKind::Added);
    let public = rows
        .iter()
        .filter(|row| row.change.public && !row.is_in_block);
    let public: Vec<&Row> = public.collect();
    let mut by_key = BTreeMap::new();
    for (at, row) in public.iter().enumerate() {
        if whole(row.change.change) {
            by_key.insert((row.change.change, &row.key), at);
        }
    }
    let above = |at: usize| {
        let row = public[at];
        let parent = row.parent.as_ref().filter(|_| whole(row.change.change))?;
        by_key
            .get(&(row.change.change, parent))
            .copied()
            .filter(|parent| *parent != at)
    };
    let mut inside: Vec<usize> = public.iter().map(|row| row.change.inside).collect();
    let mut listed = Vec::new();
    for at in 0..public.len() {
        // Parents lie one step up each; the bound holds for whatever a source says.
        let top = (0..64).try_fold(at, |at, _| above(at).ok_or(at));
        match top.unwrap_or_else(|top| top) {
            top if top == at => listed.push(at),
            top => inside[top] += 1,
        }
    }
    let changes = listed.into_iter().map(|at| Change {
        inside: inside[at],
        ..public[at].change.clone()
    });
    changes.collect()
}
