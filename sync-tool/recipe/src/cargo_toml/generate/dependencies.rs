//! Dependencies: inheritance resolved, the fork's own united with upstream's.

use semver::VersionReq;
use toml_edit::{DocumentMut, Item, Table, Value};

use super::Generator;
use crate::cargo_toml::additions::Additions;
use crate::cargo_toml::dependency::{Dependency, DependencySpec, DependencyTable};
use crate::cargo_toml::edit::{end, replace};
use crate::cargo_toml::inherited::Inherited;
use crate::cargo_toml::{fault, unmatched};
use crate::error::Fault;

impl Generator {
    /// Writes every dependency as it is published, drops those that are not, and
    /// adds the fork's own.
    pub(super) fn resolve_dependencies(&mut self, inherited: &Inherited, additions: &Additions) {
        for table in DependencyTable::all(&self.document) {
            for name in table.names(&self.document) {
                let added = additions.dev_dependencies.get(&name);
                let added = added.filter(|_| table == DependencyTable::DEVELOPMENT);
                self.resolve_dependency(&table, &name, inherited, added);
            }
        }
        let upstream = inherited.dependencies.get(&DependencyTable::DEVELOPMENT);
        for (name, added) in &additions.dev_dependencies {
            if upstream.is_none_or(|upstream| !upstream.contains_key(name)) {
                self.add_dependency(inherited, name, added);
            }
        }
    }

    fn resolve_dependency(
        &mut self,
        table: &DependencyTable,
        name: &str,
        inherited: &Inherited,
        added: Option<&DependencySpec>,
    ) {
        let known = inherited
            .dependencies
            .get(table)
            .and_then(|table| table.get(name));
        let Some(known) = known else {
            self.reader
                .faults
                .push(unmatched(&format!("{table}.{name}")));
            return;
        };
        let dependency = match added {
            Some(added) => self.united(name, known.as_ref(), added),
            None => known.clone(),
        };
        if known.is_none() && added.is_none() {
            self.drop(table, name, "it is not published");
        }
        let Some(section) = table.get_mut(&mut self.document) else {
            return;
        };
        match (section.get_mut(name), &dependency) {
            (_, None) => {
                section.remove(name);
            }
            (Some(Item::Table(own)), Some(dependency)) if !own.is_dotted() => dependency.write(own),
            (_, Some(dependency)) => replace(section, name, dependency.to_value(name)),
        }
    }

    /// Adds a dependency that upstream's tests lack, in the version that the
    /// crate itself takes if it does.
    fn add_dependency(&mut self, inherited: &Inherited, name: &str, added: &DependencySpec) {
        let normal = inherited.dependencies.get(&DependencyTable::NORMAL);
        let normal = normal.and_then(|table| table.get(name)).cloned().flatten();
        // Which features the crate takes is said in its own table.
        let upstream = normal.map(|normal| Dependency {
            features: Vec::new(),
            ..normal
        });
        let Some(dependency) = self.united(name, upstream.as_ref(), added) else {
            return;
        };
        put_dev_dependency(&mut self.document, name, dependency.to_value(name));
    }

    fn united(
        &mut self,
        name: &str,
        upstream: Option<&Dependency>,
        added: &DependencySpec,
    ) -> Option<Dependency> {
        let Some(upstream) = upstream else {
            return self.new_dependency(name, added);
        };
        self.reader
            .faults
            .extend(disagreements(name, upstream, added));
        let mut dependency = Dependency {
            optional: false,
            ..upstream.clone()
        };
        // As between a crate and its workspace: on wins over off.
        dependency.default_features |= added.default_features == Some(true);
        dependency.unite(&added.features);
        Some(dependency)
    }

    pub(super) fn new_dependency(
        &mut self,
        name: &str,
        added: &DependencySpec,
    ) -> Option<Dependency> {
        let dependency = added.clone().resolved();
        if dependency.is_none() {
            let message = format!(
                "`cargo.dev-dependencies.{name}` has no version, and upstream does not depend on it"
            );
            let help = format!("add `version` to `{name}` in manifest.toml");
            self.reader.faults.push(fault(message, help));
        }
        dependency
    }
}

fn disagreements(name: &str, upstream: &Dependency, added: &DependencySpec) -> Vec<Fault> {
    let error = |what: &str, ours: &str, upstream: &str| {
        let message = format!(
            "`cargo.dev-dependencies.{name}` asks for {what} `{ours}`, upstream for `{upstream}`"
        );
        let help = format!("leave `{what}` out of `{name}` in manifest.toml to follow upstream");
        fault(message, help)
    };
    let version = added.version.as_deref();
    let version = version.filter(|ours| !same_requirement(ours, &upstream.version));
    let theirs = upstream.package.as_deref().unwrap_or(name);
    let package = added.package.as_deref().filter(|ours| *ours != theirs);
    let version = version.map(|ours| error("version", ours, &upstream.version));
    let package = package.map(|ours| error("package", ours, theirs));
    version.into_iter().chain(package).collect()
}

fn same_requirement(a: &str, b: &str) -> bool {
    match (VersionReq::parse(a), VersionReq::parse(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// Adds a development dependency, and the table of them where there is none.
pub(super) fn put_dev_dependency(document: &mut DocumentMut, name: &str, value: Value) {
    let position = end(document);
    let table = document.entry("dev-dependencies").or_insert_with(|| {
        let mut table = Table::new();
        table.set_position(Some(position));
        Item::Table(table)
    });
    if let Some(table) = table.as_table_like_mut() {
        table.insert(name, Item::Value(value));
    }
}
