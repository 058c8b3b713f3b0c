//! Changes of what a crate offers: Rust items, WIT, features, dependencies.
//!
//! Rust items are read from the sources alone. What macros make is not in there: what
//! `bindgen!` generates is known from its WIT, and from the methods of the implementations
//! of its traits.

mod compare;
mod declaration;
mod expand;
mod fork;
mod items;
mod manifest;
mod modules;
mod paths;
mod renames;
mod signature;
mod source;
#[cfg(test)]
mod tests;
mod uses;
mod wit;
mod wit_text;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use compare::{Change, ChangeKind, Declaration};
pub use fork::{ForkCode, ForkText};
use items::Items;
use manifest::CargoManifest;
pub use manifest::{ManifestChange, ManifestSubject};
use modules::Modules;
use paths::PublicPaths;
use recipe::cargo_toml::Inherited;
use recipe::listing::MAX_RECORDED;
use recipe::merge::{MAX_SIZE, read_rust};
use recipe::tree::{Digest, Tree};
use serde::Serialize;
pub use source::ItemKind;
use source::Scope;
use uses::Finder;
pub use uses::{Place, UsedChange};
use wit::Wit;
pub use wit::WitChange;

/// A file that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Unread {
    pub path: String,
    pub reason: String,
}

/// All that changed between two releases, each list at most as long as one for programs is
/// ([`recipe::listing::MAX_RECORDED`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ApiReport {
    /// The changes that the fork's own code uses, public or not.
    pub used: Vec<UsedChange>,
    /// The changes of public items.
    pub public: Vec<Change>,
    /// The changes of WIT.
    pub wit: Vec<WitChange>,
    /// The changes of features, dependencies and the Rust that is needed.
    pub manifest: Vec<ManifestChange>,
    /// The files that could not be read, of either release: their changes are missing.
    pub unread: Vec<Unread>,
    /// How many changes there are, listed or not.
    pub total: usize,
}

/// Compares two releases, and finds what the fork's own code uses of it.
pub fn report(old: &Api, new: &Api, fork: &ForkCode) -> ApiReport {
    let changes = old.changes(new);
    let mut unread = [&old.unread[..], &new.unread[..]].concat();
    unread.sort();
    unread.dedup();
    let mut report = ApiReport {
        used: changes.used(old, fork),
        public: changes.public(),
        total: 0,
        wit: changes.wit,
        manifest: changes.manifest,
        unread,
    };
    report.total = report.public.len() + report.wit.len() + report.manifest.len();
    report.used.truncate(MAX_RECORDED);
    for used in &mut report.used {
        used.places.truncate(MAX_RECORDED);
    }
    report.public.truncate(MAX_RECORDED);
    report.wit.truncate(MAX_RECORDED);
    report.manifest.truncate(MAX_RECORDED);
    report.unread.truncate(MAX_RECORDED);
    report
}

/// What the sources of one release declare.
#[derive(Debug)]
pub struct Api {
    sources: BTreeMap<String, (Digest, Arc<Scope>)>,
    items: Items,
    wit: Wit,
    manifest: CargoManifest,
    unread: Vec<Unread>,
}

/// The changes between two releases.
#[derive(Debug)]
pub struct Changes {
    rows: Vec<compare::Row>,
    wit: Vec<WitChange>,
    manifest: Vec<ManifestChange>,
}

impl Api {
    /// Reads the sources of a crate.
    pub fn of(tree: &Tree) -> Api {
        Api::read(tree, None)
    }

    /// Reads the sources of a crate; files that another release has as well are not parsed
    /// again.
    pub fn after(tree: &Tree, before: &Api) -> Api {
        Api::read(tree, Some(before))
    }

    fn read(tree: &Tree, before: Option<&Api>) -> Api {
        let mut api = Api {
            sources: BTreeMap::new(),
            items: Items::new(),
            wit: Wit::of(tree),
            manifest: CargoManifest::default(),
            unread: Vec::new(),
        };
        if let Some(text) = tree.get("Cargo.toml").and_then(|file| file.text()) {
            api.manifest = CargoManifest::of(text);
        }
        api.parse(tree, before);
        let (modules, paths) = api.linked();
        let items = items::collect(&modules, &paths);
        let is_there = |path: &String| api.unread.iter().any(|unread| unread.path == *path);
        let missing = modules.missing.iter();
        let missing = missing.filter(|module| !module.candidates.iter().any(is_there));
        let missing = missing.map(|module| Unread {
            path: module.file.clone(),
            reason: format!(
                "line {}: there is no `{}`, or it includes itself",
                module.line,
                module.candidates.join("` or `")
            ),
        });
        let missing: Vec<Unread> = missing.collect();
        api.unread.extend(missing);
        api.unread.append(&mut api.wit.unread);
        api.unread.extend(api.manifest.unread.take());
        api.unread.sort();
        api.items = items;
        api
    }

    fn parse(&mut self, tree: &Tree, before: Option<&Api>) {
        let mut new = Vec::new();
        for (path, file) in tree.iter() {
            let path = path.as_str();
            if !(path.starts_with("src/") && path.ends_with(".rs")) {
                continue;
            }
            let digest = file.digest();
            let known = before.and_then(|api| api.sources.get(path));
            if let Some((_, scope)) = known.filter(|(known, _)| *known == digest) {
                self.sources
                    .insert(path.to_owned(), (digest, Arc::clone(scope)));
                continue;
            }
            let mut unread = |reason: &str| {
                let (path, reason) = (path.to_owned(), reason.to_owned());
                self.unread.push(Unread { path, reason });
            };
            match file.text() {
                None => unread("is not UTF-8"),
                Some(text) if text.len() > MAX_SIZE => unread("is larger than 2 MiB"),
                Some(text) => new.push((path, digest, text)),
            }
        }
        let texts: Vec<&str> = new.iter().map(|(_, _, text)| *text).collect();
        for ((path, digest, _), read) in new.into_iter().zip(read_rust(&texts, source::read)) {
            match read {
                Ok(scope) => {
                    _ = self
                        .sources
                        .insert(path.to_owned(), (digest, Arc::new(scope)))
                }
                Err(error) => self.unread.push(Unread {
                    path: path.to_owned(),
                    reason: format!("does not parse as Rust: {error}"),
                }),
            }
        }
    }

    /// Fills in what the crate's `Cargo.toml` leaves to its workspace.
    #[must_use]
    pub fn inheriting(mut self, inherited: &Inherited) -> Api {
        self.manifest.complete(inherited);
        self
    }

    /// Returns the modules, and where users find what is in them.
    fn linked(&self) -> (Modules<'_>, PublicPaths) {
        let files = self.sources.iter();
        let files = files
            .map(|(path, (_, scope))| (path.as_str(), &**scope))
            .collect();
        let modules = Modules::of(ROOT, &files);
        let paths = PublicPaths::of(&modules);
        (modules, paths)
    }

    /// Returns the files that could not be read: what they declare is missing.
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// Compares with a later release.
    pub fn changes(&self, new: &Api) -> Changes {
        Changes {
            rows: compare::compare(&self.items, &new.items),
            wit: wit::compare(&self.wit, &new.wit),
            manifest: manifest::compare(&self.manifest, &new.manifest),
        }
    }
}

impl Changes {
    /// Returns the changes of public items, in the order of their paths. What an item
    /// contains that is new or gone as a whole is counted with it.
    pub fn public(&self) -> Vec<Change> {
        compare::public(&self.rows)
    }

    /// Returns the changes that the fork's own code uses, public or not, with the places;
    /// `old` is the release that the changes are from.
    pub fn used(&self, old: &Api, fork: &ForkCode) -> Vec<UsedChange> {
        let (modules, paths) = old.linked();
        Finder::new(&modules, &paths, &old.items, &self.rows, fork).find(&self.rows)
    }

    /// Returns the changes of WIT, in the order of planes and names.
    pub fn wit(&self) -> &[WitChange] {
        &self.wit
    }

    /// Returns the changes of features and dependencies.
    pub fn manifest(&self) -> &[ManifestChange] {
        &self.manifest
    }
}

const ROOT: &str = "src/lib.rs";
