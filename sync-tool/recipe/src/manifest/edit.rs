//! Edits of the manifest's text that keep its comments and order.

use semver::Version;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::{FileKind, HistoryRow, Manifest, SERIES_LIMIT};
use crate::cargo_toml::edit::append;
use crate::error::{Error, Result};
use crate::tree::TreePath;

impl Manifest {
    fn edited(&self, edit: impl FnOnce(&mut DocumentMut)) -> Result<Manifest> {
        let mut document: DocumentMut = self.text.parse().map_err(|e: toml_edit::TomlError| {
            Error::general("the manifest cannot be edited").caused_by(e)
        })?;
        edit(&mut document);
        let text = document.to_string();
        // The editor writes LF only.
        let is_crlf = self.text.matches('\n').count() == self.text.matches("\r\n").count();
        Manifest::parse(if is_crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        })
    }

    /// Returns the manifest with another pin.
    ///
    /// # Errors
    ///
    /// Those of [`Manifest::parse`], should the result have faults.
    pub fn with_pin(&self, upstream: &Version, fork: &Version) -> Result<Manifest> {
        self.edited(|document| {
            set(&mut document["fork"]["version"], fork);
            set(&mut document["fork"]["upstream"], upstream);
        })
    }

    /// Returns the manifest with a row of history more, or with the row of that
    /// fork version replaced.
    ///
    /// # Errors
    ///
    /// As [`Manifest::with_pin`].
    pub fn with_history(&self, row: &HistoryRow) -> Result<Manifest> {
        self.edited(|document| {
            let fork = row.fork.to_string();
            let tables = tables(document, "history");
            let old = tables
                .iter_mut()
                .find(|t| t.get("fork").and_then(Item::as_str) == Some(&fork));
            match old {
                Some(table) => {
                    set(&mut table["upstream"], &row.upstream);
                    set(&mut table["notes"], &row.notes);
                }
                None => {
                    let mut table = Table::new();
                    table["fork"] = value(fork);
                    table["upstream"] = value(row.upstream.to_string());
                    table["notes"] = value(row.notes.clone());
                    push_after_last(tables, table);
                }
            }
        })
    }

    /// Returns the manifest with a series more, of which the patches may change so many
    /// lines.
    ///
    /// # Errors
    ///
    /// As [`Manifest::with_pin`].
    pub fn with_series(
        &self,
        base: &Version,
        patches: &TreePath,
        limit: usize,
    ) -> Result<Manifest> {
        self.edited(|document| {
            let mut table = Table::new();
            table["base"] = value(base.to_string());
            table["patches"] = value(patches.as_str());
            if limit != SERIES_LIMIT {
                table["limit"] = value(i64::try_from(limit).unwrap_or(i64::MAX));
            }
            push_after_last(tables(document, "series"), table);
        })
    }

    /// Returns the manifest with a path more among those that are patched: in the
    /// last rule of that kind or, where a later rule would win, in one of its own.
    ///
    /// # Errors
    ///
    /// As [`Manifest::with_pin`].
    pub fn with_patched(&self, path: &TreePath) -> Result<Manifest> {
        let is_patched = |manifest: &Manifest| manifest.kind_of(path) == Some(FileKind::Patched);
        if is_patched(self) {
            return Ok(self.clone());
        }
        let wider = self.edited(|document| {
            let rules = tables(document, "files").iter_mut();
            let last = rules.filter(|t| t.get("kind").and_then(Item::as_str) == Some("patched"));
            let paths = last.last().and_then(|rule| rule.get_mut("paths"));
            if let Some(paths) = paths.and_then(Item::as_array_mut) {
                append(paths, [path.as_str()]);
            }
        })?;
        if is_patched(&wider) {
            return Ok(wider);
        }
        self.edited(|document| {
            let mut rule = Table::new();
            rule["paths"] = value(Array::from_iter([path.as_str()]));
            rule["kind"] = value(FileKind::Patched.name());
            push_after_last(tables(document, "files"), rule);
        })
    }
}

/// Replaces a value and keeps the comment behind it.
fn set(item: &mut Item, new: &impl ToString) {
    let decor = item.as_value().map(|v| v.decor().clone());
    *item = value(new.to_string());
    if let (Some(decor), Some(value)) = (decor, item.as_value_mut()) {
        *value.decor_mut() = decor;
    }
}

fn tables<'a>(document: &'a mut DocumentMut, name: &str) -> &'a mut ArrayOfTables {
    let item = document
        .entry(name)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if !item.is_array_of_tables() {
        // A list of inline tables says the same.
        let tables = std::mem::take(item).into_array_of_tables();
        *item = Item::ArrayOfTables(tables.unwrap_or_default());
    }
    match item {
        Item::ArrayOfTables(tables) => tables,
        // Just made one.
        _ => unreachable!("the item was made a list of tables"),
    }
}

fn push_after_last(tables: &mut ArrayOfTables, mut table: Table) {
    // Without a position a new table would be printed before its siblings' neighbours.
    if let Some(position) = tables.iter().last().and_then(Table::position) {
        table.set_position(Some(position));
    }
    table.decor_mut().set_prefix("\n");
    tables.push(table);
}
