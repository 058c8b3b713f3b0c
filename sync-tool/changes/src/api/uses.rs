//! Which changes the fork's own code uses, and where.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::compare::{Change, ChangeKind, Row, path_of};
use super::expand::Expander;
use super::fork::{Behind, ForkCode, ForkFile, Form, PathUse};
use super::items::{Class, Items, Key};
use super::modules::{Modules, Target};
use super::paths::PublicPaths;

/// A place in the fork's own code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, by its path in the project.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// A change that the fork's own code uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsedChange {
    /// The change: of a public item, or of one that code in the crate can reach.
    #[serde(flatten)]
    pub change: Change,
    /// Where the fork uses it, or what the change makes incomplete: an implementation of
    /// the trait, a match of the enum, a value of the struct.
    pub places: Vec<Place>,
}

/// What was looked up on the way to what a name means: a file, and a path in there.
type Seen = BTreeSet<(String, Vec<String>)>;

/// How many names of a path are looked at: no code that people write has more.
const MAX_NAMES: usize = 16;

/// How many imports and modules are followed to what a name means.
const MAX_STEPS: usize = 200;

pub(super) struct Finder<'a> {
    modules: &'a Modules<'a>,
    expander: Expander<'a>,
    fork: &'a ForkCode,
    /// The fork's files by module.
    by_module: BTreeMap<&'a [String], &'a ForkFile>,
    rows: Index<'a>,
    /// How often each name of a member occurs in the old release.
    names: BTreeMap<&'a str, usize>,
    /// The types that each of upstream's files is about.
    types: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// The changes by what code calls the items.
#[derive(Debug, Default)]
struct Index<'a> {
    by_path: BTreeMap<&'a str, Vec<usize>>,
    /// By type or trait, and name.
    members: BTreeMap<(&'a str, &'a str), Vec<usize>>,
    by_name: BTreeMap<&'a str, Vec<usize>>,
    /// What is added to types and traits, by these.
    added: BTreeMap<&'a str, Vec<usize>>,
    owners: BTreeMap<usize, &'a str>,
    /// The last names of all these.
    names: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    fn of(rows: &'a [Row], old: &'a Items) -> Self {
        let mut index = Index::default();
        for (at, row) in rows.iter().enumerate() {
            let Some((key, parent)) = &row.known_as else {
                let parent = row.parent.as_ref().filter(|_| is_member(&row.key));
                if let Some(parent) = parent.filter(|parent| old.contains_key(*parent)) {
                    index.added.entry(&parent.path).or_default().push(at);
                    index.names.insert(name_of_path(&parent.path));
                }
                continue;
            };
            if is_member(key) {
                let name = name_of(key);
                let owner = owner_of(key, parent.as_ref());
                index.members.entry((owner, name)).or_default().push(at);
                index.names.insert(name_of_path(owner));
                index.owners.insert(at, owner);
                index.by_name.entry(name).or_default().push(at);
            } else if key.class != Class::Impl {
                index.by_path.entry(&key.path).or_default().push(at);
                index.names.insert(name_of(key));
            }
        }
        index
    }
}

fn is_member(key: &Key) -> bool {
    matches!(
        key.class,
        Class::Member | Class::ImplMember | Class::Field | Class::Variant
    )
}

/// Returns the path of the type or trait that code has to name for a member.
fn owner_of<'a>(key: &'a Key, parent: Option<&'a Key>) -> &'a str {
    match (key.class, parent) {
        // One type implements many traits that macros make of WIT: code that calls their
        // methods has to name the trait.
        (Class::ImplMember, Some(parent)) if parent.of.starts_with("crate::") => {
            trait_path(&parent.of)
        }
        (_, Some(parent)) => &parent.path,
        _ => key.path.rsplit_once("::").map_or("", |(owner, _)| owner),
    }
}

fn name_of(key: &Key) -> &str {
    name_of_path(&key.path)
}

fn name_of_path(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Returns the path of a trait in the crate, without its parameters.
fn trait_path(of: &str) -> &str {
    let path = of.split('<').next().unwrap_or(of);
    path.trim_start_matches("crate::")
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        modules: &'a Modules<'a>,
        paths: &'a PublicPaths,
        old: &'a Items,
        rows: &'a [Row],
        fork: &'a ForkCode,
    ) -> Self {
        let (mut names, mut types) = (BTreeMap::new(), BTreeMap::new());
        for (key, item) in old {
            if matches!(key.class, Class::Member | Class::ImplMember | Class::Field) {
                *names.entry(item.name.as_str()).or_default() += 1;
            }
            let of: &mut BTreeSet<&str> = types.entry(item.file.as_str()).or_default();
            match key.class {
                Class::Type => _ = of.insert(key.path.as_str()),
                Class::Member | Class::Field => {
                    of.extend(item.parent.as_ref().map(|parent| parent.path.as_str()));
                }
                Class::Impl => of.extend([key.path.as_str(), trait_path(&key.of)]),
                _ => {}
            }
        }
        let modules_of = fork
            .files
            .iter()
            .filter_map(|file| Some((file.module.as_deref()?, file)));
        Finder {
            modules,
            expander: Expander::new(modules, paths),
            fork,
            by_module: modules_of.collect(),
            rows: Index::of(rows, old),
            names,
            types,
        }
    }

    /// Returns the changes that are used, in the order of their paths.
    pub(super) fn find(&self, rows: &[Row]) -> Vec<UsedChange> {
        let mut places: BTreeMap<usize, BTreeSet<Place>> = BTreeMap::new();
        for file in &self.fork.files {
            for (at, line) in self.of_file(file, rows) {
                let path = file.path.clone();
                places.entry(at).or_default().insert(Place { path, line });
            }
        }
        let blocks = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.key.class == Class::Impl);
        let blocks: BTreeMap<&Key, usize> = blocks.map(|(at, row)| (&row.key, at)).collect();
        let mut by_row: BTreeMap<usize, BTreeSet<Place>> = BTreeMap::new();
        for (at, places) in places {
            let block = rows[at].parent.as_ref().filter(|_| rows[at].is_in_block);
            let block = block.and_then(|parent| blocks.get(parent)).copied();
            by_row
                .entry(block.unwrap_or(at))
                .or_default()
                .extend(places);
        }
        let used = by_row.into_iter().map(|(at, places)| UsedChange {
            change: known_change(&rows[at]),
            places: places.into_iter().collect(),
        });
        let mut used: Vec<UsedChange> = used.collect();
        used.sort_by(|a, b| (&a.change.path, a.change.item).cmp(&(&b.change.path, b.change.item)));
        used
    }

    /// Returns the rows that a file uses, each with a line.
    fn of_file(&self, file: &ForkFile, rows: &[Row]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut touched: BTreeSet<String> = BTreeSet::new();
        let of_file = self
            .types
            .get(file.crate_path.as_str())
            .into_iter()
            .flatten();
        touched.extend(of_file.map(|path| (*path).to_owned()));
        let mut known: BTreeMap<&[String], Option<Target>> = BTreeMap::new();
        let paths = file.uses.iter().filter(|path| path.form == Form::Path);
        for path in paths {
            for end in 1..=path.names.len().min(MAX_NAMES) {
                let names = &path.names[..end];
                if !self.may_matter(file, names) {
                    continue;
                }
                let look_up = || self.resolve(file, names, &mut Seen::new());
                let Some(target) = known.entry(names).or_insert_with(look_up) else {
                    continue;
                };
                let (of, members) = self.known_as(target);
                let (owner, member) = match (&*target, members.first()) {
                    (_, Some(member)) => (of.as_str(), Some(member.as_str())),
                    (Target::Path(_), None) => of
                        .rsplit_once("::")
                        .map_or((&*of, None), |(owner, name)| (owner, Some(name))),
                    _ => (of.as_str(), None),
                };
                let of_member = member.and_then(|member| self.rows.members.get(&(owner, member)));
                let of_it = self
                    .rows
                    .by_path
                    .get(of.as_str())
                    .filter(|_| members.is_empty());
                let both = of_member.into_iter().chain(of_it).flatten();
                found.extend(both.map(|at| (*at, path.line)));
                if end == path.names.len() {
                    let added = self.rows.added.get(of.as_str()).into_iter().flatten();
                    let added = added.filter(|at| is_incomplete(path, members, &rows[**at]));
                    found.extend(added.map(|at| (*at, path.line)));
                }
                touched.insert(of);
            }
        }
        for path in &file.uses {
            let name = match path.form {
                Form::Member => &path.names[0],
                Form::Path if path.names[0] == "Self" && path.names.len() > 1 => &path.names[1],
                Form::Path => continue,
            };
            let rows_of_name = self.rows.by_name.get(name.as_str()).into_iter().flatten();
            let of_it = rows_of_name.filter(|at| self.is_of(**at, name, file, &touched, rows));
            found.extend(of_it.map(|at| (*at, path.line)));
        }
        found
    }

    /// Tells whether a path has a name that a change is of, or an import's other name for one.
    fn may_matter(&self, file: &ForkFile, names: &[String]) -> bool {
        let imported = names.first().and_then(|first| file.imports.get(first));
        let mut names = names.iter().chain(imported.into_iter().flatten());
        names.any(|name| self.rows.names.contains(name.as_str()))
    }

    /// Returns the path by which the old release knows an item, and the names in it.
    fn known_as<'t>(&self, target: &'t Target) -> (String, &'t [String]) {
        match target {
            Target::Module(id) => (self.expander.module_path(*id), &[]),
            Target::Item(id, members) => (self.expander.item_path(*id), members),
            Target::Path(names) => {
                let path = names.join("::");
                (path.trim_start_matches("crate::").to_owned(), &[])
            }
        }
    }

    /// Tells whether a name behind a dot is the member that a row is of: its type or trait
    /// occurs in the file, or the name is rare.
    fn is_of(
        &self,
        at: usize,
        name: &str,
        file: &ForkFile,
        touched: &BTreeSet<String>,
        rows: &[Row],
    ) -> bool {
        if file.module.is_none() && !rows[at].change.public {
            return false;
        }
        let owner = self.rows.owners.get(&at);
        let is_rare = name.contains('_')
            && self.names.get(name) == Some(&1)
            && !self.fork.declared.contains(name);
        is_rare || owner.is_some_and(|owner| touched.contains(*owner))
    }

    /// Returns what a path means in one of the fork's files, where it is upstream's.
    fn resolve(&self, file: &ForkFile, names: &[String], seen: &mut Seen) -> Option<Target> {
        let (first, rest) = names.split_first()?;
        if seen.len() > MAX_STEPS || !seen.insert((file.path.clone(), names.to_vec())) {
            return None;
        }
        let is_in_crate = file.module.is_some();
        match first.as_str() {
            "crate" if is_in_crate => return self.absolute(rest.to_vec(), seen),
            name if self.fork.crate_names.iter().any(|known| known == name) => {
                return self.absolute(rest.to_vec(), seen);
            }
            "self" | "super" => {
                let mut path = file.module.clone()?;
                let ups = names.iter().take_while(|name| *name == "super").count();
                path.truncate(path.len().checked_sub(ups)?);
                let rest = names
                    .iter()
                    .skip_while(|name| *name == "super" || *name == "self");
                path.extend(rest.cloned());
                return self.absolute(path, seen);
            }
            _ => {}
        }
        if file.declared.contains(first) {
            return None;
        }
        if let Some(path) = file.imports.get(first)
            && path != names
        {
            let path = [&path[..], rest].concat();
            // `use a::b as a`: what is called `a` in the import is not what it makes.
            return match path.first() == Some(first) {
                true => None,
                false => self.resolve(file, &path, seen),
            };
        }
        let module = file
            .module
            .as_ref()
            .map(|path| path.iter().map(String::as_str).collect::<Vec<_>>());
        if let Some(id) = module.and_then(|path| self.modules.find(&path)) {
            let target = self.modules.resolve(id, names);
            if is_known(&target) {
                return Some(target);
            }
        }
        file.globs.iter().find_map(|glob| {
            let path = [&glob[..], names].concat();
            self.resolve(file, &path, seen).filter(is_known)
        })
    }

    /// Returns what a path from the crate's root means: through the fork's own modules, or
    /// upstream's.
    fn absolute(&self, path: Vec<String>, seen: &mut Seen) -> Option<Target> {
        for end in (1..path.len()).rev() {
            let (module, rest) = path.split_at(end);
            let names: Vec<&str> = module.iter().map(String::as_str).collect();
            if let Some(file) = self.by_module.get(module)
                && self.modules.find(&names).is_none()
            {
                return self.resolve(file, rest, seen);
            }
        }
        let path = [&["crate".to_owned()], &path[..]].concat();
        (path.len() > 1).then(|| self.modules.resolve(0, &path))
    }
}

/// Tells whether a path leads into the crate, or to something that it imports.
fn is_known(target: &Target) -> bool {
    match target {
        Target::Module(_) | Target::Item(..) => true,
        Target::Path(names) => names.first().is_some_and(|first| first == "crate"),
    }
}

/// Returns a change as code of the old release knows it: what is public now, and has another
/// path, moved.
fn known_change(row: &Row) -> Change {
    let change = row.change.clone();
    match &row.known_as {
        Some((key, _)) if change.change == ChangeKind::Added => Change {
            change: if key.path == row.key.path {
                ChangeKind::Changed
            } else {
                ChangeKind::Moved
            },
            to: (key.path != row.key.path).then(|| change.path.clone()),
            path: path_of(key),
            ..change
        },
        _ => change,
    }
}

/// Tells whether what is added makes code incomplete that has the path of what it is added to.
fn is_incomplete(path: &PathUse, members: &[String], row: &Row) -> bool {
    let signature = row.change.new.as_ref().map_or("", |new| &new.signature);
    match row.key.class {
        Class::Variant => !members.is_empty() && path.behind == Behind::Pattern,
        Class::Field => members.is_empty() && path.behind == Behind::Fields,
        _ => path.behind == Behind::Implemented && !signature.ends_with("{ .. }"),
    }
}
