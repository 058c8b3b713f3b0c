//! What a crate takes from its workspace, found in either of two texts.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, Table};

use super::dependency::{Dependency, DependencyTable, Purpose, Spec, workspace};
use super::error::{Error, Errors, Text};
use super::lints::{self, Lints};
use super::plain::Plain;
use super::reader::{Reader, Section, What};

/// Package fields whose value is a path; cargo puts the file at the crate's root.
const FILES: [&str; 2] = ["readme", "license-file"];

/// All that the crate's `Cargo.toml` leaves to the workspace, in one canonical
/// form: the same for one release, whichever text it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inherited {
    /// Upstream's version.
    pub version: String,
    /// The crate's edition.
    pub edition: String,
    /// The oldest Rust that builds it, where upstream tells.
    pub rust_version: Option<String>,
    /// The inherited fields of `[package]`.
    pub package: BTreeMap<String, Plain>,
    /// The dependencies, by table and name; `None` for one that is not published.
    pub dependencies: BTreeMap<DependencyTable, BTreeMap<String, Option<Dependency>>>,
    /// The lints.
    pub lints: Lints,
}

impl Inherited {
    /// Reads the crate's manifest and the workspace's, as they are in git.
    ///
    /// # Errors
    ///
    /// All of them together: keys that are missing, have the wrong type or no
    /// known meaning, and dependencies that the crate needs and nobody can get.
    pub fn from_workspace(member: &str, workspace_root: &str) -> Result<Inherited, Errors> {
        Inherited::read(member, (Text::Workspace, workspace_root))
    }

    /// Reads the crate's manifest and the one that cargo normalised when
    /// publishing, as they are in the package (`Cargo.toml.orig`, `Cargo.toml`).
    ///
    /// # Errors
    ///
    /// As [`Inherited::from_workspace`], and where the two are not of one release.
    pub fn from_published(member: &str, normalised: &str) -> Result<Inherited, Errors> {
        Inherited::read(member, (Text::Published, normalised))
    }

    fn read(member: &str, (text, other): (Text, &str)) -> Result<Inherited, Errors> {
        let (member, other) = both(parse(Text::Member, member), parse(text, other))?;
        let mut sources = Sources {
            member: member.as_table(),
            other: other.as_table(),
            text,
            of_member: Reader::default(),
            of_other: Reader::default(),
            errors: Vec::new(),
        };
        let inherited = sources.inherited();
        Errors::unless_any(sources.all_errors(), inherited)
    }
}

/// Parses a text.
pub(super) fn parse(text: Text, content: &str) -> Result<Document<&str>, Error> {
    Document::parse(content).map_err(|e| Error::NotToml {
        text,
        message: e.to_string().trim_end().to_owned(),
    })
}

fn both<A, B>(a: Result<A, Error>, b: Result<B, Error>) -> Result<(A, B), Errors> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(Errors([a.err(), b.err()].into_iter().flatten().collect())),
    }
}

/// The crate's manifest and the text that completes it.
struct Sources<'a> {
    member: &'a Table,
    other: &'a Table,
    text: Text,
    of_member: Reader,
    of_other: Reader,
    errors: Vec<Error>,
}

impl<'a> Sources<'a> {
    fn all_errors(self) -> Vec<Error> {
        let of_member = self
            .of_member
            .flaws
            .into_iter()
            .map(|f| Error::of_flaw(Text::Member, f));
        let of_other = self
            .of_other
            .flaws
            .into_iter()
            .map(|f| Error::of_flaw(self.text, f));
        let mut all: Vec<Error> = Vec::new();
        for error in of_member.chain(of_other).chain(self.errors) {
            if !all.contains(&error) {
                all.push(error);
            }
        }
        all
    }

    /// Returns a table of the completing text, by the tables on the way to it.
    fn other(&mut self, path: &[&str]) -> Option<Section<'a>> {
        let root = Section::new(self.other, "");
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
            self.of_member
                .flaw("package.version".to_owned(), None, What::Missing);
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
        let root = Section::new(self.member, "");
        let Some(package) = self.of_member.below(&root, "package") else {
            self.of_member
                .flaw("package".to_owned(), None, What::Missing);
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
        self.of_member.only(&section, &["workspace"]);
        if !workspace(&mut self.of_member, &section) {
            return None;
        }
        let path: &[&str] = match self.text {
            Text::Published => &["package"],
            _ => &["workspace", "package"],
        };
        let value = self.other(path).and_then(|other| {
            let value = self.of_other.plain(&other, key);
            if other.table.get(key).is_none() {
                self.of_other.flaw(other.path(key), None, What::Missing);
            }
            value
        });
        Some((key.to_owned(), at_the_root(key, value?)))
    }

    /// Checks that a published text is of the same crate.
    fn same_name(&mut self, package: &Section<'a>) {
        let name = self.of_member.needed(package, "name");
        if self.text != Text::Published {
            return;
        }
        let published = self
            .other(&["package"])
            .and_then(|p| self.of_other.string(&p, "name"));
        if published != name {
            self.errors.push(Error::Unmatched {
                key: "package.name".to_owned(),
            });
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
        self.of_member
            .below(&Section::new(self.member, ""), "target");
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
        let flaws = self.flaws();
        let key = format!("{table}.{name}");
        let own = Spec::read(&mut self.of_member, item, &key);
        let published_for_sure = !own.workspace && own.version.is_some();
        let dependency = match self.text {
            Text::Published => self.published(table, name),
            _ => self.in_git(own, name),
        };
        let needed = table.purpose != Purpose::Development;
        // A flaw is reason enough: nothing more follows from it.
        if dependency.is_none() && self.flaws() == flaws {
            match self.text {
                Text::Published if needed || published_for_sure => {
                    self.errors.push(Error::Unmatched { key });
                }
                _ if needed => self.errors.push(Error::Unpublished { key }),
                _ => {}
            }
        }
        dependency
    }

    fn flaws(&self) -> usize {
        self.of_member.flaws.len() + self.of_other.flaws.len()
    }

    fn in_git(&mut self, own: Spec, name: &str) -> Option<Dependency> {
        if !own.workspace {
            return own.resolved();
        }
        let key = format!("workspace.dependencies.{name}");
        let section = self.other(&["workspace", "dependencies"]);
        match section.and_then(|section| section.table.get(name)) {
            Some(item) => own
                .over(Spec::read(&mut self.of_other, item, &key))
                .resolved(),
            None => {
                self.of_other.flaw(key, None, What::Missing);
                None
            }
        }
    }

    fn published(&mut self, table: &DependencyTable, name: &str) -> Option<Dependency> {
        let item = table.get(self.other)?.as_table_like()?.get(name)?;
        Spec::read(&mut self.of_other, item, &format!("{table}.{name}")).resolved()
    }

    /// Checks that a published text has no dependency that the crate's own lacks.
    fn no_others(&mut self, table: &DependencyTable, known: &BTreeMap<String, Option<Dependency>>) {
        if self.text != Text::Published {
            return;
        }
        let published = table.get(self.other).and_then(|item| item.as_table_like());
        let names = published
            .into_iter()
            .flat_map(|table| table.iter().map(|(name, _)| name));
        for name in names.filter(|name| !known.contains_key(*name)) {
            self.errors.push(Error::Unmatched {
                key: format!("{table}.{name}"),
            });
        }
    }

    fn lints(&mut self) -> Lints {
        let root = Section::new(self.member, "");
        let Some(own) = self.of_member.below(&root, "lints") else {
            return Lints::new();
        };
        if !own.table.contains_key("workspace") {
            return lints::read(&mut self.of_member, &own);
        }
        workspace(&mut self.of_member, &own);
        self.of_member.only(&own, &["workspace"]);
        let path: &[&str] = match self.text {
            Text::Published => &["lints"],
            _ => &["workspace", "lints"],
        };
        match self.other(path) {
            Some(section) => lints::read(&mut self.of_other, &section),
            None => {
                self.of_other.flaw(path.join("."), None, What::Missing);
                Lints::new()
            }
        }
    }
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
