//! The table of what the fork's stand-ins mirror.

use toml_edit::{DocumentMut, Item, Table};

/// One entry: a file of the fork's, and upstream's functions that it mirrors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The fork's file.
    pub by: String,
    /// What it does there.
    pub why: String,
    /// Upstream's functions, each after its file; which there are depends on the release.
    pub of: Vec<(String, String)>,
}

impl Mirror {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Vec<Mirror>, String> {
        let document: DocumentMut = text.parse().map_err(|e| format!("it is not TOML: {e}"))?;
        let tables = document.get("mirror").and_then(Item::as_array_of_tables);
        let tables = tables.ok_or("it has no `[[mirror]]`")?;
        tables
            .iter()
            .enumerate()
            .map(|(at, table)| mirror(at + 1, table))
            .collect()
    }
}

fn mirror(number: usize, table: &Table) -> Result<Mirror, String> {
    let faulty =
        |key: &str| format!("`{key}` of `[[mirror]]` {number} is missing or has another form");
    let text = |key: &str| {
        let text = table.get(key).and_then(Item::as_str);
        text.map(str::to_owned).ok_or_else(|| faulty(key))
    };
    let of = table
        .get("of")
        .and_then(Item::as_array)
        .ok_or_else(|| faulty("of"))?;
    let of = of.iter().map(|place| {
        let (file, function) = place.as_str()?.split_once(' ')?;
        Some((file.to_owned(), function.to_owned()))
    });
    Ok(Mirror {
        by: text("by")?,
        why: text("why")?,
        of: of.collect::<Option<_>>().ok_or_else(|| faulty("of"))?,
    })
}
