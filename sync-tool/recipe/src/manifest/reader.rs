//! Reads TOML tables and gathers every fault with its place.

use std::ops::Range;
use std::sync::Arc;

use semver::Version;
use toml_edit::{Item, TableLike};

use super::Pattern;
use crate::error::{Fault, Location};
use crate::tree::TreePath;

/// Gathers the faults of one TOML text.
pub(super) struct Reader {
    file: String,
    text: Arc<str>,
    pub(super) faults: Vec<Fault>,
}

/// A table, with the name it has in messages and its place.
#[derive(Clone)]
pub(super) struct Section<'a> {
    pub(super) table: &'a dyn TableLike,
    pub(super) name: String,
    pub(super) span: Range<usize>,
}

impl Reader {
    pub(super) fn new(file: &str, text: &Arc<str>) -> Self {
        Reader {
            file: file.to_owned(),
            text: Arc::clone(text),
            faults: Vec::new(),
        }
    }

    pub(super) fn fault(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = Location::span(self.file.clone(), Arc::clone(&self.text), span);
        self.faults.push(Fault::new(message).at(place).help(help));
    }

    /// Returns a table of the document that has to be there.
    pub(super) fn section<'a>(
        &mut self,
        root: &'a dyn TableLike,
        name: &str,
    ) -> Option<Section<'a>> {
        match root.get(name) {
            None => {
                self.fault(
                    0..0,
                    format!("the table `[{name}]` is missing"),
                    format!("add `[{name}]`"),
                );
                None
            }
            Some(item) => self.as_section(item, name.to_owned(), &format!("[{name}]")),
        }
    }

    /// Returns a table of the document; `None` where it is absent.
    pub(super) fn section_if_any<'a>(
        &mut self,
        root: &'a dyn TableLike,
        name: &str,
    ) -> Option<Section<'a>> {
        let item = root.get(name)?;
        self.as_section(item, name.to_owned(), &format!("[{name}]"))
    }

    /// Returns the tables of an array of tables; none where it is absent.
    pub(super) fn sections<'a>(&mut self, root: &'a dyn TableLike, name: &str) -> Vec<Section<'a>> {
        let Some(item) = root.get(name) else {
            return Vec::new();
        };
        let label = format!("[[{name}]]");
        if let Some(tables) = item.as_array_of_tables() {
            let section = |t: &'a toml_edit::Table| Section {
                table: t,
                name: label.clone(),
                span: t.span().unwrap_or(0..0),
            };
            return tables.iter().map(section).collect();
        }
        self.fault(
            span(item),
            format!("`{name}` is not a list of tables"),
            format!("write each as `[[{name}]]`"),
        );
        Vec::new()
    }

    /// Returns an item as a table: its key, and how messages name it.
    pub(super) fn as_section<'a>(
        &mut self,
        item: &'a Item,
        name: String,
        label: &str,
    ) -> Option<Section<'a>> {
        match item.as_table_like() {
            Some(table) => Some(Section {
                table,
                name: label.to_owned(),
                span: span(item),
            }),
            None => {
                self.fault(
                    span(item),
                    format!("`{name}` is not a table"),
                    format!("write it as `{label}`"),
                );
                None
            }
        }
    }

    /// Names every key of a table that is not known.
    pub(super) fn only(&mut self, table: &dyn TableLike, name: &str, known: &[&str]) {
        for (key, item) in table.iter() {
            if !known.contains(&key) {
                let at = table
                    .get_key_value(key)
                    .and_then(|(k, _)| k.span())
                    .unwrap_or_else(|| span(item));
                let near = known
                    .iter()
                    .min_by_key(|k| distance(k, key))
                    .filter(|k| distance(k, key) <= 2.min(key.len() / 2));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                self.fault(at, format!("unknown key `{key}` in {name}"), help);
            }
        }
    }

    pub(super) fn needed<'a>(&mut self, section: &Section<'a>, key: &str) -> Option<&'a Item> {
        let item = section.table.get(key);
        if item.is_none() {
            let message = format!("{} lacks `{key}`", section.name);
            self.fault(section.span.clone(), message, format!("add `{key} = …`"));
        }
        item
    }

    pub(super) fn string(
        &mut self,
        section: &Section<'_>,
        key: &str,
    ) -> Option<(String, Range<usize>)> {
        let item = self.needed(section, key)?;
        self.as_string(item, key)
    }

    pub(super) fn as_string(&mut self, item: &Item, key: &str) -> Option<(String, Range<usize>)> {
        match item.as_str() {
            Some(text) => Some((text.to_owned(), span(item))),
            None => {
                self.fault(
                    span(item),
                    format!("`{key}` is not a string"),
                    "put it in quotes",
                );
                None
            }
        }
    }

    pub(super) fn parsed<T: std::str::FromStr>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        what: &str,
    ) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let (text, at) = self.string(section, key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(e) => {
                self.fault(
                    at,
                    format!("`{key}` is not {what}: {e}"),
                    format!("write {what}"),
                );
                None
            }
        }
    }

    pub(super) fn version(&mut self, section: &Section<'_>, key: &str) -> Option<Version> {
        self.parsed(section, key, "a version such as 41.0.0")
    }

    /// Reads a number from 1 to `most`.
    pub(super) fn count(
        &mut self,
        section: &Section<'_>,
        key: &str,
        most: i64,
        help: &str,
    ) -> Option<u64> {
        let item = self.needed(section, key)?;
        let number = item.as_integer().filter(|n| (1..=most).contains(n));
        if number.is_none() {
            let message = format!("`{key}` is not a number from 1 to {most}");
            self.fault(span(item), message, help);
        }
        number.and_then(|n| n.try_into().ok())
    }

    pub(super) fn path(&mut self, section: &Section<'_>, key: &str) -> Option<TreePath> {
        let (text, at) = self.string(section, key)?;
        self.as_path(&text, at)
    }

    pub(super) fn path_or(
        &mut self,
        section: &Section<'_>,
        key: &str,
        default: &str,
    ) -> Option<TreePath> {
        if section.table.get(key).is_some() {
            self.path(section, key)
        } else {
            TreePath::new(default).ok()
        }
    }

    pub(super) fn as_path(&mut self, text: &str, at: Range<usize>) -> Option<TreePath> {
        match TreePath::new(text) {
            Ok(path) => Some(path),
            Err(e) => {
                self.fault(
                    at,
                    e.to_string(),
                    "name a path below the project's root, with `/` between its parts",
                );
                None
            }
        }
    }

    pub(super) fn bool(&mut self, section: &Section<'_>, key: &str) -> bool {
        match section.table.get(key) {
            None => false,
            Some(item) => item.as_bool().unwrap_or_else(|| {
                self.fault(
                    span(item),
                    format!("`{key}` is neither true nor false"),
                    "write true or false",
                );
                false
            }),
        }
    }

    /// Returns a list of strings; where it is absent, none, and a fault if it is needed.
    pub(super) fn strings(
        &mut self,
        section: &Section<'_>,
        key: &str,
        needed: bool,
    ) -> Vec<(String, Range<usize>)> {
        let item = if needed {
            self.needed(section, key)
        } else {
            section.table.get(key)
        };
        let Some(item) = item else { return Vec::new() };
        let Some(array) = item.as_array() else {
            self.fault(
                span(item),
                format!("`{key}` is not a list"),
                "write it as [\"…\"]",
            );
            return Vec::new();
        };
        let mut texts = Vec::new();
        for value in array {
            let at = value.span().unwrap_or_else(|| span(item));
            match value.as_str() {
                Some(text) => texts.push((text.to_owned(), at)),
                None => self.fault(
                    at,
                    format!("`{key}` holds something that is not a string"),
                    "put it in quotes",
                ),
            }
        }
        texts
    }

    pub(super) fn patterns(&mut self, section: &Section<'_>, key: &str) -> Vec<Pattern> {
        let texts = self.strings(section, key, true);
        texts
            .into_iter()
            .filter_map(|(text, at)| self.pattern(text, at, "crate"))
            .collect()
    }

    /// Returns patterns of paths from a root that is named, if the key is there.
    pub(super) fn patterns_if_any(
        &mut self,
        section: &Section<'_>,
        key: &str,
        root: &str,
    ) -> Option<Vec<Pattern>> {
        section.table.get(key)?;
        let texts = self.strings(section, key, false);
        let patterns = texts
            .into_iter()
            .filter_map(|(text, at)| self.pattern(text, at, root));
        Some(patterns.collect())
    }

    fn pattern(&mut self, text: String, at: Range<usize>, root: &str) -> Option<Pattern> {
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            let message = format!("the pattern `{text}` leaves the {root}");
            self.fault(
                at,
                message,
                format!("write it relative to the {root}'s root, without `..`"),
            );
            return None;
        }
        match Pattern::new(&text, at.clone()) {
            Ok(pattern) => Some(pattern),
            Err(e) => {
                let message = format!("`{text}` is not a glob: {}", e.kind());
                self.fault(
                    at,
                    message,
                    "`*` stays within a directory, `**` crosses them",
                );
                None
            }
        }
    }
}

pub(super) fn span(item: &Item) -> Range<usize> {
    item.span().unwrap_or(0..0)
}

/// Counts the single-character edits between two short keys.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut left_above = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let change = left_above + usize::from(ca != *cb);
            left_above = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(left_above + 1);
        }
    }
    row[b.len()]
}
