//! Makes the fork's manifest from upstream's.

mod dependencies;
mod targets;
mod workspace_form;

use semver::Version;
pub use targets::unlisted_tests;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};
pub use workspace_form::workspace_form;

use super::additions::Additions;
use super::edit::{comment, end, put_before, replace};
use super::inherited::Inherited;
use super::plain::{array, broken_if_long};
use super::{CANNOT_MAKE, Dropped, ForkPackage, Generated, fault, lints, parse};
use crate::error::{Result, no_faults};
use crate::reader::{REPORT, Reader, TomlFile};

/// Makes the fork's `Cargo.toml`, for a crate that is its own workspace.
///
/// Upstream's order and comments stay; inheritance is resolved, the package is
/// named as the fork, what is not published is left out, additions are added.
///
/// # Errors
///
/// All of them together: versions that are none, additions that upstream
/// contradicts, and forms of inheritance that are not known.
pub fn generate(
    member: &str,
    inherited: &Inherited,
    fork: &ForkPackage,
    additions: &Additions,
) -> Result<Generated> {
    let mut generator = Generator::of(member)?;
    let targets = generator.targets_for(&inherited.version, additions);
    generator.resolve_package(inherited);
    generator.name(fork);
    generator.resolve_dependencies(inherited, additions);
    generator.set_lints(inherited, additions);
    generator.leave_out_tests(&additions.left_out_tests);
    generator.add_targets(&targets);
    generator.only_listed_targets();
    generator.include(&targets);
    generator.make_own_workspace();
    generator.tell_what_is_left_out(&fork.unpublished_note);
    generator.nothing_inherits();
    generator.finish(inherited, fork)
}

/// The manifest while it is being made.
struct Generator {
    document: DocumentMut,
    dropped: Vec<Dropped>,
    /// Gathers the faults.
    reader: Reader,
}

impl Generator {
    fn of(member: &str) -> Result<Self> {
        Ok(Generator {
            document: parse(TomlFile::Member, member)?.into_mut(),
            dropped: Vec::new(),
            reader: Reader::new(TomlFile::Member, member.into()),
        })
    }

    fn version(&mut self, key: &str, text: &str) -> Option<Version> {
        let version = Version::parse(text);
        if let Err(e) = &version {
            let message = format!("`{key}` is `{text}`, which is not a version: {e}");
            self.reader
                .faults
                .push(fault(message, "write a version such as 2.0.0-rc.6"));
        }
        version.ok()
    }

    fn package(&mut self) -> Option<&mut dyn TableLike> {
        let package = self
            .document
            .get_mut("package")
            .and_then(Item::as_table_like_mut);
        if package.is_none() {
            self.reader.missing("package", 0..0);
        }
        package
    }

    fn resolve_package(&mut self, inherited: &Inherited) {
        let Some(package) = self.package() else {
            return;
        };
        for (key, plain) in &inherited.package {
            replace(package, key, plain.to_value(key));
        }
        // It would name upstream's workspace.
        package.remove("workspace");
    }

    fn name(&mut self, fork: &ForkPackage) {
        self.version("fork.version", &fork.version);
        let Some(package) = self.package() else {
            return;
        };
        let authors = broken_if_long("authors", |style| array(&fork.authors, style).into());
        let fields = [
            ("name", Value::from(&fork.name)),
            ("version", Value::from(&fork.version)),
            ("authors", authors),
            ("description", Value::from(&fork.description)),
            ("repository", Value::from(&fork.repository)),
        ];
        for (key, value) in fields {
            replace(package, key, value);
        }
    }

    fn drop(&mut self, table: impl ToString, name: &str, why: &'static str) {
        let (table, name) = (table.to_string(), name.to_owned());
        self.dropped.push(Dropped { table, name, why });
    }

    fn set_lints(&mut self, inherited: &Inherited, additions: &Additions) {
        let mut all = inherited.lints.clone();
        lints::unite(&mut all, &additions.lints);
        let (position, decor) = match self.document.remove("lints") {
            Some(Item::Table(old)) if old.position().is_some() => {
                (old.position(), Some(old.decor().clone()))
            }
            _ => (Some(end(&self.document)), None),
        };
        let mut table = lints::to_table(&all);
        for (_, item) in table.iter_mut() {
            if let Some(tool) = item.as_table_mut() {
                tool.set_position(position);
            }
        }
        let first = table
            .iter_mut()
            .next()
            .and_then(|(_, item)| item.as_table_mut());
        if let (Some(first), Some(decor)) = (first, decor) {
            *first.decor_mut() = decor;
        }
        self.document.insert("lints", Item::Table(table));
    }

    fn make_own_workspace(&mut self) {
        if self.document.contains_key("workspace") {
            return;
        }
        let mut table = Table::new();
        table.set_position(Some(end(&self.document)));
        self.document.insert("workspace", Item::Table(table));
    }

    /// Puts a comment where the development dependencies were left out.
    fn tell_what_is_left_out(&mut self, note: &str) {
        if self.dropped.is_empty() {
            return;
        }
        let (tests, dependencies): (Vec<&Dropped>, Vec<&Dropped>) = self
            .dropped
            .iter()
            .partition(|dropped| dropped.table == "test");
        let mut lines = Vec::new();
        for (what, dropped) in [
            ("Not published, so left out", dependencies),
            ("Left out test targets", tests),
        ] {
            let names: Vec<&str> = dropped
                .iter()
                .map(|dropped| dropped.name.as_str())
                .collect();
            if !names.is_empty() {
                lines.push(format!("{what}: {}.", names.join(", ")));
            }
        }
        let text = comment(lines.iter().map(String::as_str).chain(note.lines()));
        let headers = ["dev-dependencies", "workspace"];
        let header = headers.into_iter().find(|key| {
            let table = self.document.get(key).and_then(Item::as_table);
            table.is_some_and(|table| !table.is_implicit())
        });
        if let Some(table) = header.and_then(|key| self.document[key].as_table_mut()) {
            put_before(table, &text);
        }
    }

    /// Finds inheritance in tables that are not known to have it.
    fn nothing_inherits(&mut self) {
        let mut found = Vec::new();
        for (key, item) in self.document.iter().filter(|(key, _)| *key != "workspace") {
            inheriting(key, item, &mut found);
        }
        self.reader.faults.extend(found.into_iter().map(|key| {
            let message = format!("`{key}` inherits from the workspace in a way that is not known");
            fault(message, REPORT)
        }));
    }

    fn finish(mut self, inherited: &Inherited, fork: &ForkPackage) -> Result<Generated> {
        let text = self.text(fork);
        no_faults(self.reader.faults, CANNOT_MAKE)?;
        Ok(Generated {
            text,
            dropped: self.dropped,
            rust_version: inherited.rust_version.clone(),
            edition: inherited.edition.clone(),
        })
    }

    /// Returns the text, which has to be TOML.
    fn text(&mut self, fork: &ForkPackage) -> String {
        let notice = comment(fork.notice.iter().flat_map(|text| text.lines()));
        let body = self.document.to_string();
        let gap = if notice.is_empty() { "" } else { "\n" };
        let text = format!("{notice}{gap}{}\n", body.trim_matches('\n'));
        // A note may hold characters that TOML has no place for.
        self.reader
            .faults
            .extend(TomlFile::Generated.parse(&text).err());
        text
    }
}

fn inheriting(key: &str, item: &Item, found: &mut Vec<String>) {
    // Metadata belongs to other tools.
    let Some(table) = item.as_table_like().filter(|_| key != "package.metadata") else {
        return;
    };
    if table.get("workspace").and_then(Item::as_bool) == Some(true) {
        found.push(key.to_owned());
    }
    table
        .iter()
        .for_each(|(below, item)| inheriting(&format!("{key}.{below}"), item, found));
}
