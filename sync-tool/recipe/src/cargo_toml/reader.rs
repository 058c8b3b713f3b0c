//! Reads single keys of TOML tables and gathers every flaw.

use std::ops::Range;

use toml_edit::{Item, TableLike};

use super::plain::Plain;

/// A key whose value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParseError {
    /// The key with the tables above it, joined by dots.
    pub(super) key: String,
    /// The bytes of the key or value, where the text is known.
    pub(super) span: Option<Range<usize>>,
    pub(super) what: What,
}

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// The value has another type than the one named here.
    Type(&'static str),
    /// The key has no meaning; these have.
    Unknown(&'static [&'static str]),
    /// The key has to be there.
    Missing,
}

/// Gathers the flaws of one text.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) flaws: Vec<ParseError>,
}

/// A table and the name it has in messages.
#[derive(Clone)]
pub(super) struct Section<'a> {
    pub(super) table: &'a dyn TableLike,
    pub(super) name: String,
    pub(super) span: Option<Range<usize>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(table: &'a dyn TableLike, name: impl Into<String>) -> Self {
        let name = name.into();
        Section {
            table,
            name,
            span: None,
        }
    }

    /// Tells where the table stands.
    pub(super) fn at(self, span: Option<Range<usize>>) -> Self {
        Section { span, ..self }
    }

    /// Returns the full name of a key of this table.
    pub(super) fn path(&self, key: &str) -> String {
        if self.name.is_empty() {
            return key.to_owned();
        }
        format!("{}.{key}", self.name)
    }
}

impl Reader {
    pub(super) fn flaw(&mut self, key: String, span: Option<Range<usize>>, what: What) {
        self.flaws.push(ParseError { key, span, what });
    }

    /// Returns an item as a table.
    pub(super) fn section<'a>(&mut self, item: &'a Item, name: String) -> Option<Section<'a>> {
        match item.as_table_like() {
            Some(table) => Some(Section::new(table, name).at(item.span())),
            None => {
                self.flaw(name, item.span(), What::Type("a table"));
                None
            }
        }
    }

    /// Returns a table below another; `None` where it is absent.
    pub(super) fn below<'a>(&mut self, section: &Section<'a>, key: &str) -> Option<Section<'a>> {
        self.section(section.table.get(key)?, section.path(key))
    }

    /// Names every key of a table that is not known.
    pub(super) fn only(&mut self, section: &Section<'_>, known: &'static [&'static str]) {
        for (key, item) in section.table.iter() {
            if !known.contains(&key) {
                let named = section.table.get_key_value(key);
                let span = named
                    .and_then(|(key, _)| key.span())
                    .or_else(|| item.span());
                self.flaw(section.path(key), span, What::Unknown(known));
            }
        }
    }

    /// Returns a string that has to be there.
    pub(super) fn needed(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        if section.table.get(key).is_none() {
            self.flaw(section.path(key), section.span.clone(), What::Missing);
        }
        self.string(section, key)
    }

    pub(super) fn string(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        self.read(section, key, "a string", |item| {
            item.as_str().map(str::to_owned)
        })
    }

    pub(super) fn bool(&mut self, section: &Section<'_>, key: &str) -> Option<bool> {
        self.read(section, key, "true or false", Item::as_bool)
    }

    pub(super) fn integer(&mut self, section: &Section<'_>, key: &str) -> Option<i64> {
        self.read(section, key, "a whole number", Item::as_integer)
    }

    /// Returns a list of strings; an empty one where it is absent.
    pub(super) fn strings(&mut self, section: &Section<'_>, key: &str) -> Vec<String> {
        self.read(section, key, "a list of strings", |item| {
            match Plain::of(item)? {
                Plain::List(texts) => Some(texts),
                _ => None,
            }
        })
        .unwrap_or_default()
    }

    /// Returns a value of any of the plain shapes.
    pub(super) fn plain(&mut self, section: &Section<'_>, key: &str) -> Option<Plain> {
        self.read(section, key, Plain::SHAPES, Plain::of)
    }

    fn read<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        expected: &'static str,
        get: impl Fn(&Item) -> Option<T>,
    ) -> Option<T> {
        let item = section.table.get(key)?;
        let value = get(item);
        if value.is_none() {
            self.flaw(section.path(key), item.span(), What::Type(expected));
        }
        value
    }
}
