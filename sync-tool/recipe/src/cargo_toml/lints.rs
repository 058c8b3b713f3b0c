//! Lint levels in one canonical form.

use std::collections::BTreeMap;

use serde::Serialize;
use toml_edit::{InlineTable, Item, Table, Value};

use super::plain::{Plain, Style, array, broken_if_long};
use crate::reader::{Reader, Section};

/// The tools whose lints cargo knows.
const TOOLS: &[&str] = &["rust", "clippy", "rustdoc", "cargo"];

/// The levels of a lint.
const LEVELS: [&str; 4] = ["allow", "warn", "deny", "forbid"];

/// The lints of a crate, by tool and name.
pub type Lints = BTreeMap<String, BTreeMap<String, Lint>>;

/// The setting of one lint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// `allow`, `warn`, `deny` or `forbid`.
    pub level: String,
    /// Which of two settings wins, the higher one; 0 where none is written.
    pub priority: i64,
    /// The lint's own settings.
    pub config: BTreeMap<String, Plain>,
}

impl Lint {
    fn read(reader: &mut Reader, item: &Item, key: String) -> Option<Lint> {
        if let Some(level) = item.as_str() {
            let lint = Lint {
                level: level.to_owned(),
                priority: 0,
                config: BTreeMap::new(),
            };
            return lint.checked(reader, item, key);
        }
        let Some(table) = item.as_table_like() else {
            let span = item.span().unwrap_or_default();
            reader.mistyped(&key, span, "a level or a table");
            return None;
        };
        let section = Section {
            table,
            name: key,
            span: item.span().unwrap_or_default(),
        };
        if section.get("level").is_none() {
            reader.missing(&section.key("level"), section.span.clone());
        }
        let level = reader.string(&section, "level");
        let priority = reader.integer(&section, "priority").unwrap_or(0);
        let own = table
            .iter()
            .map(|(key, _)| key)
            .filter(|key| !["level", "priority"].contains(key));
        let config =
            own.filter_map(|key| Some((key.to_owned(), Plain::read(reader, &section, key)?)));
        let config = config.collect();
        Lint {
            level: level?,
            priority,
            config,
        }
        .checked(reader, item, section.key("level"))
    }

    fn checked(self, reader: &mut Reader, item: &Item, key: String) -> Option<Lint> {
        if LEVELS.contains(&self.level.as_str()) {
            return Some(self);
        }
        let span = item.span().unwrap_or_default();
        reader.mistyped(&key, span, "one of allow, warn, deny, forbid");
        None
    }

    fn to_value(&self, key: &str) -> Value {
        if self.priority == 0 && self.config.is_empty() {
            return Value::from(&self.level);
        }
        broken_if_long(key, |style| Value::InlineTable(self.to_table(style)))
    }

    fn to_table(&self, style: Style) -> InlineTable {
        let mut table = InlineTable::new();
        table.insert("level", Value::from(&self.level));
        if self.priority != 0 {
            table.insert("priority", self.priority.into());
        }
        for (key, plain) in &self.config {
            let value = match plain {
                Plain::List(texts) => array(texts, style).into(),
                other => other.to_value(key),
            };
            table.insert(key, value);
        }
        table
    }
}

/// Reads the tables below `[lints]`.
pub(super) fn read(reader: &mut Reader, section: &Section<'_>) -> Lints {
    reader.keys(section, &[], TOOLS);
    let mut lints = Lints::new();
    for tool in TOOLS {
        let Some(tools) = reader.below(section, tool) else {
            continue;
        };
        let named = tools.table.iter().filter_map(|(name, item)| {
            Some((name.to_owned(), Lint::read(reader, item, tools.key(name))?))
        });
        lints.insert((*tool).to_owned(), named.collect());
    }
    lints
}

/// Puts added lints over upstream's.
pub(super) fn unite(lints: &mut Lints, added: &Lints) {
    for (tool, added) in added {
        let lints = lints.entry(tool.clone()).or_default();
        for (name, lint) in added {
            // rustc takes `unused-lifetimes` and `unused_lifetimes` for the same lint.
            lints.retain(|other, _| other.replace('-', "_") != name.replace('-', "_"));
            lints.insert(name.clone(), lint.clone());
        }
    }
}

/// Makes the tables below `[lints]`.
pub(super) fn to_table(lints: &Lints) -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    for (tool, lints) in lints.iter().filter(|(_, lints)| !lints.is_empty()) {
        let mut tools = Table::new();
        for (name, lint) in lints {
            tools.insert(name, Item::Value(lint.to_value(name)));
        }
        table.insert(tool, Item::Table(tools));
    }
    table
}
