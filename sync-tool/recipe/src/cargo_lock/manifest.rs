//! The manifests that are resolved on the way to the fork's lock.

use std::collections::BTreeSet;

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::Pins;
use crate::cargo_toml::DependencyTable;

/// Returns the names of all packages that a manifest depends on.
pub fn packages(manifest: &Table) -> BTreeSet<String> {
    let dependencies = dependencies(manifest);
    dependencies
        .map(|(key, item)| package(key, item).to_owned())
        .collect()
}

/// Returns every dependency of a manifest, those of targets too.
pub(super) fn dependencies(manifest: &Table) -> impl Iterator<Item = (&str, &Item)> {
    let tables = DependencyTable::all(manifest).into_iter();
    let tables = tables.filter_map(|table| table.get(manifest)?.as_table_like());
    tables.flat_map(TableLike::iter)
}

/// Leaves in a manifest only dependencies on packages that upstream has, and adds
/// exact requirements for those that are pinned.
pub fn upstream_only(manifest: &mut DocumentMut, upstream: &BTreeSet<String>, pins: &Pins) {
    for table in DependencyTable::all(manifest) {
        let Some(table) = table.get_mut(manifest) else {
            continue;
        };
        let is_added = |(key, item): &(&str, &Item)| !upstream.contains(package(key, item));
        let added: Vec<String> = table
            .iter()
            .filter(is_added)
            .map(|(key, _)| key.to_owned())
            .collect();
        for key in added {
            table.remove(&key);
        }
    }
    if pins.is_empty() {
        return;
    }
    let dependencies = manifest
        .entry("dependencies")
        .or_insert_with(|| Item::Table(Table::new()));
    let Some(dependencies) = dependencies.as_table_like_mut() else {
        return;
    };
    for (name, version) in pins {
        let mut pin = InlineTable::new();
        pin.insert("package", Value::from(name));
        pin.insert("version", Value::from(format!("={version}")));
        pin.insert("default-features", Value::from(false));
        dependencies.insert(&format!("pinned-{name}"), Item::Value(pin.into()));
    }
}

/// Returns the package that a dependency names.
pub(super) fn package<'i>(key: &'i str, item: &'i Item) -> &'i str {
    let renamed = item.as_table_like().and_then(|table| table.get("package"));
    renamed.and_then(Item::as_str).unwrap_or(key)
}
