//! What of a `Cargo.toml` decides the gates.

use std::collections::BTreeSet;

use recipe::error::{Error, Fault, Kind, Location, Result};
use toml_edit::{Item, TableLike};

/// What of a crate's `Cargo.toml` decides its gates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrateManifest {
    /// The crate's name.
    pub name: String,
    /// The oldest Rust it says it builds with: two or three numbers.
    pub rust_version: Option<String>,
    /// The names of its features.
    pub features: BTreeSet<String>,
    /// The names of its `[[test]]` targets, in order.
    pub tests: Vec<String>,
    /// The names of its `[[example]]` targets, in order.
    pub examples: Vec<String>,
    /// The names of its `[[bench]]` targets, in order.
    pub benches: Vec<String>,
    /// Whether it is its own workspace, so that no outer one takes it up.
    pub own_workspace: bool,
}

impl CrateManifest {
    /// Reads the text of a `Cargo.toml` in which nothing is inherited.
    ///
    /// # Errors
    ///
    /// Fails where the text is not TOML or has no package name.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let document = toml_edit::Document::parse(text).map_err(|e| unreadable(file, text, &e))?;
        let package = document.get("package").and_then(Item::as_table_like);
        let field = |key: &str| {
            let value = package.and_then(|package| package.get(key));
            value.and_then(Item::as_str).map(str::to_owned)
        };
        let name = field("name").ok_or_else(|| {
            let fault = Fault::new("`package.name` is missing").at(Location::file(file));
            Error::faults(
                Kind::General,
                format!("{file} is not a package"),
                vec![fault],
            )
        })?;
        Ok(CrateManifest {
            name,
            rust_version: field("rust-version"),
            features: keys(document.get("features").and_then(Item::as_table_like)),
            tests: names(document.get("test")),
            examples: names(document.get("example")),
            benches: names(document.get("bench")),
            own_workspace: document.contains_key("workspace"),
        })
    }
}

fn unreadable(file: &str, text: &str, e: &toml_edit::TomlError) -> Error {
    let place = match e.span() {
        Some(span) => Location::span(file, text.into(), span),
        None => Location::file(file),
    };
    let fault = Fault::new(e.message().to_owned()).at(place);
    Error::faults(Kind::General, format!("{file} is not TOML"), vec![fault])
}

fn keys(table: Option<&dyn TableLike>) -> BTreeSet<String> {
    let keys = table.into_iter().flat_map(TableLike::iter);
    keys.map(|(key, _)| key.to_owned()).collect()
}

fn names(targets: Option<&Item>) -> Vec<String> {
    let Some(targets) = targets else {
        return Vec::new();
    };
    let tables: Box<dyn Iterator<Item = Option<&str>>> = match targets {
        Item::ArrayOfTables(tables) => Box::new(
            tables
                .iter()
                .map(|table| table.get("name").and_then(Item::as_str)),
        ),
        other => {
            let values = other.as_array().into_iter().flat_map(|array| array.iter());
            let inline = values.filter_map(|value| value.as_inline_table());
            Box::new(inline.map(|table| table.get("name").and_then(|name| name.as_str())))
        }
    };
    tables.flatten().map(str::to_owned).collect()
}
