//! Files that a crate's manifest names outside of the crate.

use toml_edit::Item;

use super::{CANNOT_MAKE, fault, parse};
use crate::error::{Result, no_faults};
use crate::reader::TomlFile;
use crate::tree::joined;

/// Checks that all files of a crate's manifest are the crate's: those that its package
/// and its targets name, but for the test targets that are left out.
///
/// # Errors
///
/// All files that are outside of the crate together, or a text that is not TOML.
pub fn check_paths(member: &str, left_out_tests: &[String]) -> Result<()> {
    let document = parse(TomlFile::Member, member)?;
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
        let message = format!("`{key}` is `{path}`, which is outside of the crate");
        Some(fault(message, match key.starts_with("test.") {
            true => "add the test to `omit-tests` of `[cargo]` in manifest.toml",
            false => "take a release that has the file in the crate's directory, and report it upstream",
        }))
    });
    no_faults(outside.collect(), CANNOT_MAKE)
}
