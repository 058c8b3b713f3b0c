//! Changes of the WIT that a crate has.

use std::collections::{BTreeMap, BTreeSet};

use recipe::merge::MAX_SIZE;
use recipe::tree::Tree;
use serde::Serialize;
use wit_parser::{PackageId, Resolve, SourceMap, UnresolvedPackageGroup, WorldItem, WorldKey};

use super::wit_text::{declaration, function_name, function_text, interface_name};
use super::{ChangeKind, Unread};

/// A change of one package, world, interface, type or function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WitChange {
    /// The directory that has the crate's `wit`, such as `p2`; empty where it is the crate's.
    pub plane: String,
    /// What it is of, such as `wasi:sockets/tcp@0.2.6 tcp-socket.start-bind`.
    pub name: String,
    /// What happened to it.
    pub change: ChangeKind,
    /// How the old release declares it; of a package, its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// How the new release declares it; of a package, its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// How many items that it contains share the change and are not listed.
    pub inside: usize,
}

/// The packages of a release.
#[derive(Debug, Default)]
pub(super) struct Wit {
    packages: BTreeMap<(String, String), Package>,
    pub(super) unread: Vec<Unread>,
}

#[derive(Debug, Default)]
struct Package {
    version: String,
    /// What is declared, by interface or world and name; the name of these two is empty.
    items: BTreeMap<(String, String), String>,
}

impl Wit {
    pub(super) fn of(tree: &Tree) -> Self {
        let mut wit = Wit::default();
        for (plane, packages) in sources(tree) {
            let mut groups = Vec::new();
            for (path, files) in packages {
                let mut map = SourceMap::new();
                for (path, text) in files {
                    match is_too_much(text) {
                        true => wit.unread(path, "is too large or nested too deep".to_owned()),
                        false => map.push_str(path, text),
                    }
                }
                match map.parse() {
                    Ok(group) => groups.push(group),
                    Err((map, error)) => {
                        let place = map.render_location(error.kind().span());
                        let (path, at) = place.split_once(':').unwrap_or((&*path, &*place));
                        wit.unread(path, format!("does not parse as WIT: {at}: {error}"));
                    }
                }
            }
            wit.read(&plane, groups);
        }
        wit
    }

    /// Reads the packages of one directory, which may use each other.
    fn read(&mut self, plane: &str, mut groups: Vec<UnresolvedPackageGroup>) {
        let mut resolve = Resolve::new();
        resolve.all_features = true;
        if groups.is_empty() {
            return;
        }
        let main = groups.remove(0);
        match resolve.push_groups(main, groups) {
            Ok(_) => {
                for (id, _) in resolve.packages.iter() {
                    let (name, package) = package(&resolve, id);
                    self.packages.insert((plane.to_owned(), name), package);
                }
            }
            Err(error) => {
                let reason = format!("its packages do not fit together: {error}");
                self.unread(&format!("{plane} WIT"), reason);
            }
        }
    }

    fn unread(&mut self, path: &str, reason: String) {
        let path = path.to_owned();
        self.unread.push(Unread { path, reason });
    }
}

/// Tells whether a text could exhaust the parser's stack or memory.
fn is_too_much(text: &str) -> bool {
    let mut depth = 0_usize;
    let too_deep = text.bytes().any(|byte| {
        match byte {
            b'<' | b'(' | b'{' => depth += 1,
            b'>' | b')' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_DEPTH
    });
    too_deep || text.len() > MAX_SIZE
}

/// How deep types may be nested.
const MAX_DEPTH: usize = 100;

type Sources<'a> = BTreeMap<String, BTreeMap<String, Vec<(&'a str, &'a str)>>>;

/// Returns the files by plane and package: those right below `wit` are one, each file of
/// `deps` is one, and each directory there.
fn sources(tree: &Tree) -> Sources<'_> {
    let mut sources = Sources::new();
    for (path, file) in tree.iter() {
        let path = path.as_str();
        let Some((above, inside)) = path
            .strip_suffix(".wit")
            .and_then(|stem| stem.split_once("wit/"))
        else {
            continue;
        };
        let (Some(text), true) = (file.text(), above.is_empty() || above.ends_with('/')) else {
            continue;
        };
        let plane = above
            .trim_end_matches('/')
            .trim_start_matches("src")
            .trim_start_matches('/');
        let package = match inside.strip_prefix("deps/") {
            Some(package) => format!("deps/{}", package.split('/').next().unwrap_or(package)),
            None => String::new(),
        };
        let packages = sources.entry(plane.to_owned()).or_default();
        packages.entry(package).or_default().push((path, text));
    }
    sources
}

fn package(resolve: &Resolve, id: PackageId) -> (String, Package) {
    let package = &resolve.packages[id];
    let name = format!("{}:{}", package.name.namespace, package.name.name);
    let version = package.name.version.as_ref();
    let mut read = Package {
        version: version.map(ToString::to_string).unwrap_or_default(),
        items: BTreeMap::new(),
    };
    for (name, id) in &package.interfaces {
        let interface = &resolve.interfaces[*id];
        let mut add = |item: &str, text: String| {
            read.items.insert((name.clone(), item.to_owned()), text);
        };
        add("", format!("interface {name}"));
        for (item, id) in &interface.types {
            add(item, declaration(resolve, item, *id));
        }
        for function in interface.functions.values() {
            add(
                &function_name(&function.name),
                function_text(resolve, function),
            );
        }
    }
    for (name, id) in &package.worlds {
        let world = &resolve.worlds[*id];
        let mut add = |item: &str, text: String| {
            read.items
                .insert((format!("world {name}"), item.to_owned()), text);
        };
        add("", format!("world {name}"));
        for (word, items) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in items {
                let name = match key {
                    WorldKey::Name(name) => name.clone(),
                    WorldKey::Interface(id) => interface_name(resolve, *id),
                };
                let text = match item {
                    WorldItem::Function(function) => function_text(resolve, function),
                    WorldItem::Type { id, .. } => declaration(resolve, &name, *id),
                    WorldItem::Interface { .. } => format!("{word} {name}"),
                };
                add(&format!("{word} {name}"), text);
            }
        }
    }
    (name, read)
}

/// Compares the packages of two releases; a new version of a package is one change, and
/// what changed in it are others.
pub(super) fn compare(old: &Wit, new: &Wit) -> Vec<WitChange> {
    let mut changes = Vec::new();
    let names: BTreeSet<_> = old.packages.keys().chain(new.packages.keys()).collect();
    for name in names {
        let (plane, package) = name;
        let change =
            |name: String, change, old: Option<&String>, new: Option<&String>, inside| WitChange {
                plane: plane.clone(),
                name,
                change,
                old: old.cloned(),
                new: new.cloned(),
                inside,
            };
        match (old.packages.get(name), new.packages.get(name)) {
            (Some(was), None) => {
                let (version, inside) = (Some(&was.version), was.items.len());
                changes.push(change(
                    package.clone(),
                    ChangeKind::Gone,
                    version,
                    None,
                    inside,
                ));
            }
            (None, Some(is)) => {
                let (version, inside) = (Some(&is.version), is.items.len());
                changes.push(change(
                    package.clone(),
                    ChangeKind::Added,
                    None,
                    version,
                    inside,
                ));
            }
            (Some(was), Some(is)) => {
                if was.version != is.version {
                    let (old, new) = (Some(&was.version), Some(&is.version));
                    changes.push(change(package.clone(), ChangeKind::Changed, old, new, 0));
                }
                for (item, kind, inside) in differences(was, is) {
                    let (old, new) = (was.items.get(item), is.items.get(item));
                    let version = if kind == ChangeKind::Gone {
                        &was.version
                    } else {
                        &is.version
                    };
                    changes.push(change(
                        full_name(package, version, item),
                        kind,
                        old,
                        new,
                        inside,
                    ));
                }
            }
            (None, None) => {}
        }
    }
    changes.sort();
    changes
}

fn full_name(package: &str, version: &str, (of, item): &(String, String)) -> String {
    let version = match version {
        "" => String::new(),
        version => format!("@{version}"),
    };
    let name = match of.strip_prefix("world ") {
        Some(world) => format!("{package}/{world}{version} world"),
        None => format!("{package}/{of}{version}"),
    };
    format!("{name} {item}").trim_end().to_owned()
}

/// Returns what differs; of an interface that is new or gone, how much it contains.
fn differences<'a>(
    old: &'a Package,
    new: &'a Package,
) -> Vec<(&'a (String, String), ChangeKind, usize)> {
    let names: BTreeSet<&(String, String)> = old.items.keys().chain(new.items.keys()).collect();
    let mut found = Vec::new();
    for name in names {
        let head = (name.0.clone(), String::new());
        let (was, is) = (old.items.get(name), new.items.get(name));
        let kind = match (was, is) {
            (Some(was), Some(is)) if was == is => continue,
            (Some(_), Some(_)) => ChangeKind::Changed,
            (Some(_), None) => ChangeKind::Gone,
            _ => ChangeKind::Added,
        };
        let side = if kind == ChangeKind::Gone { new } else { old };
        let is_whole = kind != ChangeKind::Changed && !side.items.contains_key(&head);
        let inside = match (is_whole, name.1.as_str()) {
            (true, "") => {
                let whole = if kind == ChangeKind::Gone { old } else { new };
                whole
                    .items
                    .keys()
                    .filter(|(of, item)| *of == name.0 && !item.is_empty())
                    .count()
            }
            (true, _) => continue,
            _ => 0,
        };
        found.push((name, kind, inside));
    }
    found
}
