//! Files that a crate's manifest names outside of the crate.

use toml_edit::Item;

use super::error::{Error, Errors, Text};
use super::inherited::parse;
use crate::tree::joined;

/// Checks that all files of a crate's manifest are the crate's: those that its package
/// and its targets name, but for the test targets that are left out.
///
/// # Errors
///
/// All files that are outside of the crate; [`Error::NotToml`].
pub fn check_paths(member: &str, left_out_tests: &[String]) -> Result<(), Errors> {
    let document = parse(Text::Member, member).map_err(|e| Errors(vec![e]))?;
    let package = ["build", "readme", "license-file"].map(|key| {
        let item = document.get("package").and_then(|table| table.get(key));
        (format!("package.{key}"), item)
    });
    let lib = document.get("lib").and_then(|lib| lib.get("path"));
    let targets = ["bin", "test", "bench", "example"].map(|kind| {
        let targets = document.get(kind).and_then(Item::as_array_of_tables);
        let named = targets.into_iter().flatten().map(|target| {
            let name = target.get("name").and_then(Item::as_str);
            (name.unwrap_or_default().to_owned(), target.get("path"))
        });
        let named = named.filter(|(name, _)| kind != "test" || !left_out_tests.contains(name));
        let named = named.map(|(name, item)| (format!("{kind}.{name}.path"), item));
        named.collect::<Vec<_>>()
    });
    let all = package.into_iter().chain([("lib.path".to_owned(), lib)]);
    let outside = all.chain(targets.into_iter().flatten());
    let outside = outside.filter_map(|(key, item)| {
        let path = item?.as_str().filter(|path| joined("", path).is_none())?;
        let path = path.to_owned();
        Some(Error::Outside { key, path })
    });
    Errors::unless_any(outside.collect(), ())
}
