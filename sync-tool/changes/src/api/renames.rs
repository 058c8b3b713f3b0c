//! Which item of one release is which of another, where paths changed.

use std::collections::{BTreeMap, BTreeSet};

use super::items::{Class, Item, Items, Key};

/// The paths of modules and types that moved, old to new.
#[derive(Debug, Default)]
pub(super) struct Renames(BTreeMap<String, String>);

/// The most items of one name among which a counterpart is looked for.
const MAX_ALIKE: usize = 50;

type Entry<'a> = (&'a Key, &'a Item);

impl Renames {
    /// Finds the modules, then the types, that have another path.
    pub(super) fn of(old: &Items, new: &Items) -> Self {
        let mut renames = Renames::default();
        for class in [Class::Module, Class::Type] {
            let found = renames.moved(class, old, new);
            renames.0.extend(found);
        }
        renames
    }

    fn moved(&self, class: Class, old: &Items, new: &Items) -> BTreeMap<String, String> {
        let gone = old.iter().filter(|(key, _)| {
            key.class == class && !new.contains_key(*key) && !new.contains_key(&self.key(key))
        });
        let added = new
            .iter()
            .filter(|(key, _)| key.class == class && !old.contains_key(*key));
        let mut by_name: BTreeMap<&str, Vec<Entry<'_>>> = BTreeMap::new();
        for (key, item) in added {
            by_name.entry(&item.name).or_default().push((key, item));
        }
        let (old_names, new_names) = (inside(old), inside(new));
        let none = BTreeSet::new();
        let mut pairs = Vec::new();
        for (key, item) in gone {
            let was = old_names.get(&key.path).unwrap_or(&none);
            let candidates = by_name.get(item.name.as_str()).into_iter().flatten();
            for (to, now) in candidates.take(MAX_ALIKE) {
                let is = new_names.get(&to.path).unwrap_or(&none);
                let (common, most) = (was.intersection(is).count(), was.len().max(is.len()));
                let is_alike = 2 * common >= most
                    || class == Class::Type && common > 0 && item.public == now.public;
                if item.kind == now.kind && is_alike {
                    pairs.push((
                        common * 1000 / most.max(1),
                        item.public == now.public,
                        key,
                        to,
                    ));
                }
            }
        }
        pairs.sort_by(|a, b| (b.0, b.1, a.2, a.3).cmp(&(a.0, a.1, b.2, b.3)));
        let (mut moved, mut taken) = (BTreeMap::new(), BTreeSet::new());
        for (_, _, key, to) in pairs {
            if !moved.contains_key(&key.path) && taken.insert(&to.path) {
                moved.insert(key.path.clone(), to.path.clone());
            }
        }
        moved
    }

    /// Returns the new path of an old one.
    fn path(&self, path: &str) -> Option<String> {
        let mut at = path.len();
        loop {
            let (above, rest) = path.split_at(at);
            if let Some(to) = self.0.get(above) {
                return Some(format!("{to}{rest}"));
            }
            at = above.rfind("::")?;
        }
    }

    /// Returns a text with the paths of the new release.
    pub(super) fn applied(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("crate::") {
            let (before, behind) = rest.split_at(at + "crate::".len());
            let is_of_path = |c: char| c == '_' || c == ':' || c.is_alphanumeric();
            let end = behind.find(|c| !is_of_path(c)).unwrap_or(behind.len());
            let (path, behind) = behind.split_at(end);
            out.push_str(before);
            out.push_str(&self.path(path).unwrap_or_else(|| path.to_owned()));
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    fn key(&self, key: &Key) -> Key {
        let path = match key
            .path
            .strip_prefix('<')
            .and_then(|path| path.split_once(" as "))
        {
            Some((of, rest)) => {
                let of = self.path(of).unwrap_or_else(|| of.to_owned());
                format!("<{of} as {}", self.applied(rest))
            }
            None => self.path(&key.path).unwrap_or_else(|| key.path.clone()),
        };
        Key {
            path,
            class: key.class,
            of: self.applied(&key.of),
        }
    }

    /// Tells whether an item has its new path because what it stands in moved.
    pub(super) fn explain(&self, old: &Key, new: &Key) -> bool {
        !self.0.contains_key(&old.path) && self.key(old) == *new
    }

    /// Returns the new key of each old item that is still there.
    pub(super) fn matched<'a>(&self, old: &'a Items, new: &'a Items) -> BTreeMap<&'a Key, &'a Key> {
        let mut matched = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for key in old.keys() {
            if let Some((to, _)) = new.get_key_value(key) {
                matched.insert(key, to);
                taken.insert(to);
            }
        }
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            if let Some((to, _)) = new.get_key_value(&self.key(key))
                && taken.insert(to)
            {
                matched.insert(key, to);
            }
        }
        let gone: Vec<Entry<'_>> = old
            .iter()
            .filter(|(key, _)| !matched.contains_key(key))
            .collect();
        let added: Vec<Entry<'_>> = new.iter().filter(|(key, _)| !taken.contains(key)).collect();
        matched.extend(self.moved_values(&gone, &added));
        matched
    }

    /// Pairs functions, constants and methods that have another path, by name.
    fn moved_values<'a>(&self, gone: &[Entry<'a>], added: &[Entry<'a>]) -> Vec<(&'a Key, &'a Key)> {
        let mut by_name: BTreeMap<(&str, bool), [Vec<Entry<'a>>; 2]> = BTreeMap::new();
        for (side, entries) in [gone, added].into_iter().enumerate() {
            for (key, item) in entries {
                let is_method = match key.class {
                    Class::Value | Class::Macro => false,
                    Class::Member | Class::ImplMember => true,
                    _ => continue,
                };
                let both = by_name.entry((&item.name, is_method)).or_default();
                both[side].push((*key, *item));
            }
        }
        let mut pairs = Vec::new();
        for ((_, is_method), [gone, added]) in by_name {
            if gone.len().max(added.len()) > MAX_ALIKE {
                continue;
            }
            let alike = |(key, item): &Entry<'a>, (to, now): &Entry<'a>| {
                let same = bare(&self.applied(&item.meaning)) == bare(&now.meaning);
                // Two sockets have methods of one name, each in a file of its own.
                let alone = |entries: &[Entry<'a>], file: &str| {
                    entries
                        .iter()
                        .filter(|(_, item)| item.file == *file)
                        .count()
                        == 1
                };
                let is_of_wit = item.public
                    && now.public
                    && item.file == now.file
                    && key.class == Class::ImplMember
                    && to.class == Class::ImplMember;
                same || is_of_wit && alone(&gone, &item.file) && alone(&added, &item.file)
                    || gone.len() == 1
                        && added.len() == 1
                        && (!is_method || item.file == now.file && owner(key) == owner(to))
            };
            let mut left: Vec<Entry<'a>> = added.clone();
            for entry in &gone {
                let mut found = left.iter().enumerate().filter(|(_, to)| alike(entry, to));
                // Where several could be it, none is known to be.
                if let (Some((at, _)), None) = (found.next(), found.next()) {
                    pairs.push((entry.0, left.remove(at).0));
                }
            }
        }
        pairs
    }
}

/// Returns the names of what is in each module and type.
fn inside(items: &Items) -> BTreeMap<&String, BTreeSet<&str>> {
    let mut names: BTreeMap<&String, BTreeSet<&str>> = BTreeMap::new();
    for item in items.values() {
        if let Some(parent) = &item.parent {
            names.entry(&parent.path).or_default().insert(&item.name);
        }
    }
    names
}

/// Returns a signature without what differs between a trait and a type: who may see it, and
/// whether it has a body.
fn bare(signature: &str) -> &str {
    let rest = match signature.strip_prefix("pub") {
        Some(rest) => match rest.strip_prefix('(') {
            Some(rest) => rest.split_once(") ").map_or(rest, |(_, rest)| rest),
            None => rest.trim_start(),
        },
        None => signature,
    };
    rest.strip_suffix(" { .. }").unwrap_or(rest)
}

/// Returns the type that a method is of, without its path.
fn owner(key: &Key) -> &str {
    let of = match key.path.strip_prefix('<') {
        Some(path) => path.split(" as ").next().unwrap_or(path),
        None => key.path.rsplit_once("::").map_or("", |(of, _)| of),
    };
    let of = of.split('<').next().unwrap_or(of);
    of.rsplit("::").next().unwrap_or(of)
}
