//! Edits of a parsed manifest that keep its order and comments.

use toml_edit::{Array, Item, Table, TableLike, Value};

/// Sets a key's value; where the key is there, its place and the comments
/// before and behind it stay.
pub(super) fn replace(table: &mut dyn TableLike, key: &str, mut value: Value) {
    let Some((mut key_mut, item)) = table.get_key_value_mut(key) else {
        table.insert(key, Item::Value(value));
        return;
    };
    match &*item {
        Item::Value(old) => *value.decor_mut() = old.decor().clone(),
        Item::Table(dotted) if dotted.is_dotted() => {
            // The comments of `a.b = c` hang on `b` and `c`.
            let first = dotted
                .iter()
                .next()
                .and_then(|(inner, _)| dotted.get_key_value(inner));
            if let Some((inner, old)) = first {
                *key_mut.leaf_decor_mut() = inner.leaf_decor().clone();
                if let Some(old) = old.as_value() {
                    *value.decor_mut() = old.decor().clone();
                }
            }
        }
        _ => {}
    }
    *item = Item::Value(value);
}

/// Returns the first position behind all tables of a document.
pub(super) fn end(table: &Table) -> isize {
    let below = table.iter().map(|(_, item)| match item {
        Item::Table(table) => end(table),
        Item::ArrayOfTables(tables) => tables.iter().map(end).max().unwrap_or(0),
        _ => 0,
    });
    let own = table.position().map_or(0, |position| position + 1);
    below.max().unwrap_or(0).max(own)
}

/// Returns lines as a block of comments, each ending in a newline.
pub(super) fn comment<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let line = |line: &str| match line.trim_end() {
        "" => "#\n".to_owned(),
        text => format!("# {text}\n"),
    };
    lines.into_iter().map(line).collect()
}

/// Puts comments directly before a table's header, behind those already there.
pub(super) fn put_before(table: &mut Table, comment: &str) {
    let decor = table.decor_mut();
    let before = decor
        .prefix()
        .and_then(|prefix| prefix.as_str())
        .unwrap_or("\n");
    let both = format!("{before}{comment}");
    decor.set_prefix(both);
}

/// Adds strings to a list; where the list has an entry a line, so have they.
pub fn append(array: &mut Array, texts: Vec<String>) {
    let before = array
        .iter()
        .last()
        .and_then(|last| last.decor().prefix()?.as_str());
    let line = before.and_then(|before| Some(before[before.rfind('\n')?..].to_owned()));
    for text in texts {
        let mut value = Value::from(text);
        if let Some(line) = &line {
            value.decor_mut().set_prefix(line);
        }
        array.push_formatted(value);
    }
}
