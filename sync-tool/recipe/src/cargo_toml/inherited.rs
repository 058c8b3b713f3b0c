//! What a crate takes from its workspace, found in either of two texts.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Item, Table};

use super::dependency::{Dependency, DependencySpec, DependencyTable, Purpose, workspace};
use super::lints::{self, Lints};
use super::plain::Plain;
use super::{CANNOT_MAKE, cannot_make, fault, unmatched};
use crate::error::{Fault, Result, no_faults};
use crate::reader::{Reader, Section, TomlFile};

/// Package fields whose value is a path; cargo puts the file at the crate's root.
const FILES: [&str; 2] = ["readme", "license-file"];

/// All that the crate's `Cargo.toml` leaves to the workspace, in one canonical
/// form: the same for one release, whichever text it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Inherited {
    pub version: String,
    pub edition: String,
    /// The oldest Rust that builds it, where upstream tells.
    pub rust_version: Option<String>,
    /// The inherited fields of `[package]`.
    pub package: BTreeMap<String, Plain>,
    /// The dependencies, by table and name; `None` for one that is not published.
    pub dependencies: BTreeMap<DependencyTable, BTreeMap<String, Option<Dependency>>>,
    pub lints: Lints,
}

impl Inherited {
    /// Reads the crate's manifest and the workspace's, as they are in git.
    ///
    /// # Errors
    ///
    /// All of them together: keys that are missing, have the wrong type or no
    /// known meaning, and dependencies that the crate needs and nobody can get.
    pub fn from_workspace(member: &str, workspace_root: &str) -> Result<Inherited> {
        Inherited::read(member, TomlFile::Workspace, workspace_root)
    }

    /// Reads the crate's manifest and the one that cargo normalised when
    /// publishing, as they are in the package (`Cargo.toml.orig`, `Cargo.toml`).
    ///
    /// # Errors
    ///
    /// As [`Inherited::from_workspace`], and where the two are not of one release.
    pub fn from_published(member: &str, normalised: &str) -> Result<Inherited> {
        Inherited::read(member, TomlFile::Published, normalised)
    }

    fn read(member_text: &str, file: TomlFile, other_text: &str) -> Result<Inherited> {
        let texts = (TomlFile::Member.parse(member_text), file.parse(other_text));
        let (member, other) = match texts {
            (Ok(member), Ok(other)) => (member, other),
            (member, other) => {
                let faults = [member.err(), other.err()].into_iter().flatten();
                return Err(cannot_make(faults.collect()));
            }
        };
        let mut sources = Sources {
            member: member.as_table(),
            other: other.as_table(),
            file,
            of_member: Reader::new(TomlFile::Member, member_text.into()),
            of_other: Reader::new(file, other_text.into()),
            faults: Vec::new(),
        };
        let inherited = sources.inherited();
        no_faults(sources.all_faults(), CANNOT_MAKE)?;
        Ok(inherited)
    }
}

/// The crate's manifest and the text that completes it.
struct Sources<'a> {
    member: &'a Table,
    other: &'a Table,
    /// Which file completes it.
    file: TomlFile,
    of_member: Reader,
    of_other: Reader,
    /// What is wrong with the two together.
    faults: Vec<Fault>,
}

impl<'a> Sources<'a> {
    /// Returns every fault once: several tables may have read the same key of the workspace.
    fn all_faults(self) -> Vec<Fault> {
        let mut all = [self.of_member.faults, self.of_other.faults, self.faults].concat();
        let mut seen = BTreeSet::new();
        all.retain(|fault| seen.insert(fault.message.clone()));
        all
    }

    /// Returns a table of the completing text, by the tables on the way to it.
    fn other(&mut self, path: &[&str]) -> Option<Section<'a>> {
        let root = Section::root(self.other);
        path.iter()
            .try_fold(root, |section, key| self.of_other.below(&section, key))
    }

    fn inherited(&mut self) -> Inherited {
        let package = self.package();
        let field = |key: &str| match package.get(key) {
            Some(Plain::Text(text)) => Some(text.clone()),
            _ => None,
        };
        if field("version").is_none() {
            self.of_member.missing("package.version", 0..0);
        }
        Inherited {
            version: field("version").unwrap_or_default(),
            // Cargo's own default.
            edition: field("edition").unwrap_or_else(|| "2015".to_owned()),
            rust_version: field("rust-version"),
            dependencies: self.dependencies(),
            lints: self.lints(),
            package: self.only_inherited(package),
        }
    }

    /// Returns the fields of `[package]` that are inherited, and those that are
    /// needed here in any case.
    fn package(&mut self) -> BTreeMap<String, Plain> {
        let root = Section::root(self.member);
        let Some(package) = self.of_member.below(&root, "package") else {
            self.of_member.missing("package", 0..0);
            return BTreeMap::new();
        };
        self.same_name(&package);
        let mut fields = BTreeMap::new();
        for (key, item) in package.table.iter() {
            if item.is_table_like() && key != "metadata" {
                fields.extend(self.inherited_field(&package, key));
            } else if ["version", "edition", "rust-version"].contains(&key) {
                let value = self.of_member.string(&package, key).map(Plain::Text);
                fields.extend(value.map(|value| (key.to_owned(), value)));
            }
        }
        fields
    }

    fn inherited_field(&mut self, package: &Section<'a>, key: &str) -> Option<(String, Plain)> {
        let section = self.of_member.below(package, key)?;
        self.of_member.keys(&section, &[], &["workspace"]);
        if !workspace(&mut self.of_member, &section) {
            return None;
        }
        let path: &[&str] = match self.file {
            TomlFile::Published => &["package"],
            _ => &["workspace", "package"],
        };
        let value = self.other(path).and_then(|other| {
            if other.get(key).is_none() {
                self.of_other.missing(&other.key(key), 0..0);
            }
            Plain::read(&mut self.of_other, &other, key)
        });
        Some((key.to_owned(), at_the_root(key, value?)))
    }

    /// Checks that a published text is of the same crate.
    fn same_name(&mut self, package: &Section<'a>) {
        if package.get("name").is_none() {
            self.of_member.missing("package.name", 0..0);
        }
        let name = self.of_member.string(package, "name");
        if self.file != TomlFile::Published {
            return;
        }
        let published = self
            .other(&["package"])
            .and_then(|p| self.of_other.string(&p, "name"));
        if published != name {
            self.faults.push(unmatched("package.name"));
        }
    }

    fn only_inherited(&self, mut fields: BTreeMap<String, Plain>) -> BTreeMap<String, Plain> {
        let package = self.member.get("package");
        fields.retain(|key, _| {
            package
                .and_then(|p| p.get(key))
                .is_some_and(|i| i.is_table_like())
        });
        fields
    }

    fn dependencies(&mut self) -> BTreeMap<DependencyTable, BTreeMap<String, Option<Dependency>>> {
        let mut all = BTreeMap::new();
        // Names what is no table; what is one, is read below.
        self.of_member.below(&Section::root(self.member), "target");
        for table in DependencyTable::all(self.member) {
            let Some(item) = table.get(self.member) else {
                continue;
            };
            let Some(section) = self.of_member.section(item, table.to_string()) else {
                continue;
            };
            let mut dependencies = BTreeMap::new();
            for (name, item) in section.table.iter() {
                let dependency = self.dependency(&table, name, item);
                dependencies.insert(name.to_owned(), dependency);
            }
            self.no_others(&table, &dependencies);
            all.insert(table, dependencies);
        }
        all
    }

    fn dependency(
        &mut self,
        table: &DependencyTable,
        name: &str,
        item: &Item,
    ) -> Option<Dependency> {
        let before = self.misread();
        let key = format!("{table}.{name}");
        let own = DependencySpec::read(&mut self.of_member, item, &key);
        let published_for_sure = !own.workspace && own.version.is_some();
        let dependency = match self.file {
            TomlFile::Published => self.published(table, name),
            _ => self.in_git(own, name),
        };
        let needed = table.purpose != Purpose::Development;
        // What was misread is a fault already: nothing more follows from it.
        if dependency.is_none() && self.misread() == before {
            match self.file {
                TomlFile::Published if needed || published_for_sure => {
                    self.faults.push(unmatched(&key));
                }
                _ if needed => self.faults.push(unpublished(&key)),
                _ => {}
            }
        }
        dependency
    }

    fn misread(&self) -> usize {
        self.of_member.faults.len() + self.of_other.faults.len()
    }

    fn in_git(&mut self, own: DependencySpec, name: &str) -> Option<Dependency> {
        if !own.workspace {
            return own.resolved();
        }
        let key = format!("workspace.dependencies.{name}");
        let shared = self.other(&["workspace", "dependencies"]);
        let Some(item) = shared.and_then(|shared| shared.get(name)) else {
            self.of_other.missing(&key, 0..0);
            return None;
        };
        let shared = DependencySpec::read(&mut self.of_other, item, &key);
        own.over(shared).resolved()
    }

    fn published(&mut self, table: &DependencyTable, name: &str) -> Option<Dependency> {
        let item = table.get(self.other)?.as_table_like()?.get(name)?;
        DependencySpec::read(&mut self.of_other, item, &format!("{table}.{name}")).resolved()
    }

    /// Checks that a published text has no dependency that the crate's own lacks.
    fn no_others(&mut self, table: &DependencyTable, known: &BTreeMap<String, Option<Dependency>>) {
        if self.file != TomlFile::Published {
            return;
        }
        let published = table.get(self.other).and_then(|item| item.as_table_like());
        let names = published
            .into_iter()
            .flat_map(|table| table.iter().map(|(name, _)| name));
        for name in names.filter(|name| !known.contains_key(*name)) {
            self.faults.push(unmatched(&format!("{table}.{name}")));
        }
    }

    fn lints(&mut self) -> Lints {
        let root = Section::root(self.member);
        let Some(own) = self.of_member.below(&root, "lints") else {
            return Lints::new();
        };
        if !own.table.contains_key("workspace") {
            return lints::read(&mut self.of_member, &own);
        }
        workspace(&mut self.of_member, &own);
        self.of_member.keys(&own, &[], &["workspace"]);
        let path: &[&str] = match self.file {
            TomlFile::Published => &["lints"],
            _ => &["workspace", "lints"],
        };
        match self.other(path) {
            Some(section) => lints::read(&mut self.of_other, &section),
            None => {
                self.of_other.missing(&path.join("."), 0..0);
                Lints::new()
            }
        }
    }
}

fn unpublished(key: &str) -> Fault {
    let message = format!(
        "`{key}` has no version: it is not published, and the crate does not build without it"
    );
    fault(message, "choose a release whose package is published")
}

/// Returns a field as the crate's package has it: cargo copies a workspace's
/// readme and licence file to the crate's root.
fn at_the_root(key: &str, value: Plain) -> Plain {
    match value {
        Plain::Text(path) if FILES.contains(&key) => {
            Plain::Text(path.rsplit('/').next().unwrap_or(&path).to_owned())
        }
        other => other,
    }
}
