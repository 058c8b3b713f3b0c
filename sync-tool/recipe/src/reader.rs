//! Reads TOML key by key, and gathers every fault with its place and the next step.
//!
//! `serde` stops at the first fault of a text, and people who write a manifest want all.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use semver::Version;
use toml_edit::{Document, Item, Table, TableLike};

use crate::error::{Fault, Location};
use crate::files;
use crate::tree::TreePath;

/// One of the files that are read: who wrote it decides what the next step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TomlFile {
    /// `manifest.toml`.
    Manifest,
    /// The crate's `Cargo.toml` as in git.
    Member,
    /// The `Cargo.toml` at the root of upstream's workspace.
    Workspace,
    /// The `Cargo.toml` that cargo normalised when publishing.
    Published,
    /// The `Cargo.toml` that is being made.
    Generated,
}

impl fmt::Display for TomlFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TomlFile::Manifest => files::MANIFEST,
            TomlFile::Member => "the crate's Cargo.toml",
            TomlFile::Workspace => "the workspace's Cargo.toml",
            TomlFile::Published => "the published Cargo.toml",
            TomlFile::Generated => "the generated Cargo.toml",
        })
    }
}

/// The next step where the tool does not know how to handle upstream's file.
pub(crate) const REPORT: &str =
    "report it, naming the upstream version: the generator has to learn this form";
/// The next step where two files of upstream contradict each other.
pub(crate) const SAME_RELEASE: &str = "take both texts from the same release";

impl TomlFile {
    /// Parses a text.
    pub(crate) fn parse(self, text: &str) -> Result<Document<&str>, Fault> {
        Document::parse(text).map_err(|e| {
            let message = match self {
                TomlFile::Manifest => e.message().to_owned(),
                _ => format!("{self} is not TOML: {}", e.message()),
            };
            let place = match e.span() {
                Some(span) => Location::span(self.name(), Arc::from(text), span),
                None => Location::file(self.name()),
            };
            Fault::new(message).at(place).help(match self {
                TomlFile::Manifest => "fix the TOML at this place".to_owned(),
                TomlFile::Generated => REPORT.to_owned(),
                _ => self.compare(),
            })
        })
    }

    fn name(self) -> &'static str {
        match self {
            TomlFile::Manifest => files::MANIFEST,
            _ => files::CARGO_TOML,
        }
    }

    fn location(self, text: Arc<str>, span: Range<usize>) -> Location {
        match self {
            // What is missing has no place in a file of upstream's that would tell more.
            _ if self != TomlFile::Manifest && span == (0..0) => Location::file(self.name()),
            _ => Location::span(self.name(), text, span),
        }
    }

    /// Returns how messages say that something is in this file; a manifest's place is
    /// enough, but there are several files named `Cargo.toml`.
    fn inside(self) -> String {
        match self {
            TomlFile::Manifest => String::new(),
            _ => format!(" in {self}"),
        }
    }

    fn compare(self) -> String {
        format!("compare {self} with the upstream release; fetch it again if it differs")
    }

    fn help_mistyped(self, key: &str, expected: &str) -> String {
        match (self, expected) {
            (TomlFile::Manifest, "a string") => "put it in quotes".to_owned(),
            (TomlFile::Manifest, STRINGS) => "write it as [\"…\"]".to_owned(),
            (TomlFile::Manifest, "a table") => format!("write it as `[{key}]`"),
            (TomlFile::Manifest, TABLES) => format!("write each as `[[{key}]]`"),
            (TomlFile::Manifest, _) => format!("write {expected}"),
            _ => self.compare(),
        }
    }

    fn help_missing(self, key: &str) -> String {
        match self {
            TomlFile::Manifest => {
                let (_, name) = key.rsplit_once('.').unwrap_or(("", key));
                format!("add `{name} = …`")
            }
            TomlFile::Published => SAME_RELEASE.to_owned(),
            _ => "take the crate and its workspace from the same release".to_owned(),
        }
    }

    fn help_unknown(self, key: &str, known: &[&str]) -> String {
        let listed = known.join(", ");
        if self != TomlFile::Manifest {
            return format!("known here: {listed}; others need a change of the generator");
        }
        match similar::get_close_matches(key, known, 1, ALIKE).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {listed}"),
        }
    }
}

/// How alike two keys are at least, of 1, where one may have been meant for the other.
const ALIKE: f32 = 0.7;
const STRINGS: &str = "a list of strings";
pub(crate) const TABLES: &str = "a list of tables";

/// A table, with the name it has in messages and its place.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    pub(crate) table: &'a dyn TableLike,
    /// The keys that lead to it, joined by dots; empty for the root.
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
}

impl<'a> Section<'a> {
    pub(crate) fn root(table: &'a Table) -> Self {
        Section {
            table,
            name: String::new(),
            span: 0..0,
        }
    }

    /// Returns the full name of a key of this table.
    pub(crate) fn key(&self, key: &str) -> String {
        match self.name.as_str() {
            "" => key.to_owned(),
            name => format!("{name}.{key}"),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Item> {
        self.table.get(key)
    }

    /// Returns the place of a key's value, or that of the table where it has none.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        let item = self.get(key).and_then(Item::span);
        item.unwrap_or_else(|| self.span.clone())
    }
}

/// Reads one text and gathers its faults.
pub(crate) struct Reader {
    file: TomlFile,
    text: Arc<str>,
    pub(crate) faults: Vec<Fault>,
}

impl Reader {
    pub(crate) fn new(file: TomlFile, text: Arc<str>) -> Self {
        Reader {
            file,
            text,
            faults: Vec::new(),
        }
    }

    pub(crate) fn fault(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = self.file.location(Arc::clone(&self.text), span);
        self.faults.push(Fault::new(message).at(place).help(help));
    }

    pub(crate) fn mistyped(&mut self, key: &str, span: Range<usize>, expected: &str) {
        let message = format!("`{key}`{} is not {expected}", self.file.inside());
        self.fault(span, message, self.file.help_mistyped(key, expected));
    }

    pub(crate) fn missing(&mut self, key: &str, span: Range<usize>) {
        let message = format!("`{key}` is missing{}", self.file.inside());
        self.fault(span, message, self.file.help_missing(key));
    }

    /// Finds the keys of a table that are missing, and those that are not known.
    pub(crate) fn keys(&mut self, section: &Section<'_>, required: &[&str], optional: &[&str]) {
        let known = [required, optional].concat();
        for (key, item) in section.table.iter().filter(|(key, _)| !known.contains(key)) {
            let written = section.table.get_key_value(key);
            let span = written.and_then(|(key, _)| key.span()).or(item.span());
            let message = format!("unknown key `{}`{}", section.key(key), self.file.inside());
            let help = self.file.help_unknown(key, &known);
            self.fault(span.unwrap_or_default(), message, help);
        }
        for key in required.iter().filter(|key| section.get(key).is_none()) {
            self.missing(&section.key(key), section.span.clone());
        }
    }

    /// Returns an item as a table.
    pub(crate) fn section<'a>(&mut self, item: &'a Item, name: String) -> Option<Section<'a>> {
        let span = span(item);
        let Some(table) = item.as_table_like() else {
            self.mistyped(&name, span, "a table");
            return None;
        };
        Some(Section { table, name, span })
    }

    /// Returns a table below another, if it is there.
    pub(crate) fn below<'a>(&mut self, section: &Section<'a>, key: &str) -> Option<Section<'a>> {
        self.section(section.get(key)?, section.key(key))
    }

    /// Returns the tables of a list, written as `[[…]]` or inline; none where it is absent.
    pub(crate) fn sections<'a>(&mut self, section: &Section<'a>, key: &str) -> Vec<Section<'a>> {
        let Some(item) = section.get(key) else {
            return Vec::new();
        };
        let name = section.key(key);
        let one = |table: &'a dyn TableLike, span: Option<Range<usize>>| Section {
            table,
            name: name.clone(),
            span: span.unwrap_or_default(),
        };
        if let Some(tables) = item.as_array_of_tables() {
            return tables.iter().map(|t| one(t, t.span())).collect();
        }
        let Some(array) = item.as_array() else {
            self.mistyped(&name, span(item), TABLES);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for value in array {
            match value.as_inline_table() {
                Some(table) => sections.push(one(table, value.span())),
                None => self.mistyped(&name, value.span().unwrap_or_default(), TABLES),
            }
        }
        sections
    }

    /// Returns what each table of a list says.
    pub(crate) fn each<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        mut one: impl FnMut(&mut Reader, &Section<'_>) -> Option<T>,
    ) -> Vec<T> {
        let sections = self.sections(section, key).into_iter();
        sections.filter_map(|section| one(self, &section)).collect()
    }

    /// Returns a value, if it is there; another type than the expected one is a fault.
    pub(crate) fn read<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        expected: &str,
        get: impl Fn(&Item) -> Option<T>,
    ) -> Option<T> {
        let item = section.get(key)?;
        let value = get(item);
        if value.is_none() {
            self.mistyped(&section.key(key), span(item), expected);
        }
        value
    }

    pub(crate) fn string(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        self.read(section, key, "a string", |item| {
            item.as_str().map(str::to_owned)
        })
    }

    pub(crate) fn bool(&mut self, section: &Section<'_>, key: &str) -> Option<bool> {
        self.read(section, key, "true or false", Item::as_bool)
    }

    pub(crate) fn integer(&mut self, section: &Section<'_>, key: &str) -> Option<i64> {
        self.read(section, key, "a whole number", Item::as_integer)
    }

    /// Reads a number from 1 to `most`, if it is there.
    pub(crate) fn count(
        &mut self,
        section: &Section<'_>,
        key: &str,
        most: u64,
        help: &str,
    ) -> Option<u64> {
        let number = section.get(key)?.as_integer();
        let number = number.and_then(|number| u64::try_from(number).ok());
        let number = number.filter(|number| (1..=most).contains(number));
        if number.is_none() {
            let key_name = section.key(key);
            let message = format!("`{key_name}` is not a number from 1 to {most}");
            self.fault(section.span_of(key), message, help);
        }
        number
    }

    /// Returns a list of strings, each with its place; an empty one where it is absent.
    pub(crate) fn texts(
        &mut self,
        section: &Section<'_>,
        key: &str,
    ) -> Vec<(String, Range<usize>)> {
        let array = self.read(section, key, STRINGS, |item| item.as_array().cloned());
        let mut texts = Vec::new();
        for value in array.iter().flatten() {
            let span = value.span().unwrap_or_else(|| section.span_of(key));
            match value.as_str() {
                Some(text) => texts.push((text.to_owned(), span)),
                None => self.mistyped(&section.key(key), span, STRINGS),
            }
        }
        texts
    }

    pub(crate) fn strings(&mut self, section: &Section<'_>, key: &str) -> Vec<String> {
        let texts = self.texts(section, key).into_iter();
        texts.map(|(text, _)| text).collect()
    }

    /// Returns a string as what it says.
    pub(crate) fn parsed<T: FromStr<Err: fmt::Display>>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        expected: &str,
    ) -> Option<T> {
        let parsed = self.string(section, key)?.parse();
        let refused = |e| format!("`{}` is not {expected}: {e}", section.key(key));
        match parsed.map_err(refused) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(section.span_of(key), message, format!("write {expected}"));
                None
            }
        }
    }

    pub(crate) fn version(&mut self, section: &Section<'_>, key: &str) -> Option<Version> {
        self.parsed(section, key, "a version such as 41.0.0")
    }

    pub(crate) fn path(&mut self, section: &Section<'_>, key: &str) -> Option<TreePath> {
        let text = self.string(section, key)?;
        self.tree_path(&text, section.span_of(key))
    }

    pub(crate) fn paths(&mut self, section: &Section<'_>, key: &str) -> Vec<TreePath> {
        let texts = self.texts(section, key).into_iter();
        texts
            .filter_map(|(text, span)| self.tree_path(&text, span))
            .collect()
    }

    fn tree_path(&mut self, text: &str, span: Range<usize>) -> Option<TreePath> {
        let path = TreePath::new(text);
        if let Err(e) = &path {
            let help = "name a relative path without `..`, with `/` between its parts";
            self.fault(span, e.to_string(), help);
        }
        path.ok()
    }
}

fn span(item: &Item) -> Range<usize> {
    item.span().unwrap_or_default()
}
