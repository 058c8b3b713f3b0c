//! The manifests that are resolved on the way to the fork's lock.

use std::collections::BTreeSet;

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::Pins;

/// The tables that hold dependencies.
const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Returns the names of all packages that a manifest depends on.
pub fn packages(manifest: &DocumentMut) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each_dependency(manifest, &mut |key, item| {
        names.insert(package(key, item).to_owned());
    });
    names
}

/// Visits every dependency of a manifest, those of targets too.
pub(super) fn each_dependency<'m>(
    manifest: &'m DocumentMut,
    visit: &mut dyn FnMut(&'m str, &'m Item),
) {
    let mut tables = |table: &'m dyn TableLike| {
        for name in TABLES {
            let table = table.get(name).and_then(Item::as_table_like);
            for (key, item) in table.into_iter().flat_map(TableLike::iter) {
                visit(key, item);
            }
        }
    };
    tables(manifest.as_table());
    let targets = manifest.get("target").and_then(Item::as_table_like);
    for (_, target) in targets.into_iter().flat_map(TableLike::iter) {
        if let Some(target) = target.as_table_like() {
            tables(target);
        }
    }
}

/// Leaves in a manifest only dependencies on packages that upstream has, and adds
/// exact requirements for those that are pinned.
pub fn upstream_only(manifest: &mut DocumentMut, upstream: &BTreeSet<String>, pins: &Pins) {
    retain(manifest.as_table_mut(), upstream);
    let targets = manifest.get_mut("target").and_then(Item::as_table_like_mut);
    if let Some(targets) = targets {
        for (_, target) in targets.iter_mut() {
            if let Some(target) = target.as_table_like_mut() {
                retain(target, upstream);
            }
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

fn retain(table: &mut dyn TableLike, upstream: &BTreeSet<String>) {
    for name in TABLES {
        let Some(table) = table.get_mut(name).and_then(Item::as_table_like_mut) else {
            continue;
        };
        let added: Vec<String> = table
            .iter()
            .filter(|(key, item)| !upstream.contains(package(key, item)))
            .map(|(key, _)| key.to_owned())
            .collect();
        for key in added {
            table.remove(&key);
        }
    }
}

/// Returns the package that a dependency names.
pub(super) fn package<'i>(key: &'i str, item: &'i Item) -> &'i str {
    let renamed = item.as_table_like().and_then(|table| table.get("package"));
    renamed.and_then(Item::as_str).unwrap_or(key)
}
