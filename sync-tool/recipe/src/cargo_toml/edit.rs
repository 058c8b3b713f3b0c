//! Edits of a parsed manifest that keep its order and comments.

use toml_edit::{Array, Item, RawString, Table, TableLike, Value};

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

/// Adds strings to a list, each on a line of its own if the one before it has one.
/// Comments stay with the strings that they stand behind.
pub fn append<'t>(list: &mut Array, texts: impl IntoIterator<Item = &'t str>) {
    for text in texts {
        push(list, text);
    }
}

fn push(list: &mut Array, text: &str) {
    let raw = |raw: Option<&RawString>| {
        raw.and_then(RawString::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (mut prefix, mut behind) = (String::new(), String::new());
    if let Some(last) = list.iter_mut().last() {
        let before = raw(last.decor().prefix());
        prefix = match before.rsplit_once('\n') {
            Some((_, indent)) => format!("\n{indent}"),
            None => " ".to_owned(),
        };
        behind = raw(last.decor().suffix());
        last.decor_mut().set_suffix("");
    }
    let trailing = raw(Some(list.trailing()));
    let end = if list.trailing_comma() {
        &trailing
    } else {
        &behind
    };
    let (comment, rest) = match end.split_once('\n') {
        Some((comment, rest)) if comment.contains('#') => (comment.to_owned(), format!("\n{rest}")),
        _ => (String::new(), end.clone()),
    };
    let mut new = Value::from(text);
    new.decor_mut().set_prefix(comment + &prefix);
    if list.trailing_comma() {
        list.set_trailing(rest);
    } else {
        new.decor_mut().set_suffix(rest);
    }
    list.push_formatted(new);
}
