//! The workspace form: the fork as one more member of upstream's workspace.

use semver::{Version, VersionReq};
use toml_edit::{InlineTable, Item, TableLike, Value};

use super::dependencies::put_dev_dependency;
use super::{ForkPackage, Generator};
use crate::cargo_toml::additions::Additions;
use crate::cargo_toml::dependency::DependencySpec;
use crate::cargo_toml::edit::append;
use crate::cargo_toml::plain::{Style, array};
use crate::cargo_toml::{CANNOT_MAKE, parse};
use crate::error::{Result, no_faults};
use crate::reader::TomlFile;

/// Makes the fork's `Cargo.toml` for a place beside upstream's own crate, in
/// upstream's workspace: inheritance, dependencies by path, development
/// dependencies and test targets stay as upstream has them, the package is named
/// as the fork, and the fork's own targets and development dependencies are added.
///
/// Lints stay upstream's. Cargo allows none beside those of a workspace, and the
/// fork's, which its own gates check, are not made for upstream's tests.
///
/// `paths` are the files of upstream's crate.
///
/// # Errors
///
/// All of them together: texts that are not TOML, versions that are none, and
/// additions that upstream contradicts.
pub fn workspace_form(
    member: &str,
    root: &str,
    version: &Version,
    paths: &[&str],
    fork: &ForkPackage,
    additions: &Additions,
) -> Result<String> {
    let root = parse(TomlFile::Workspace, root)?;
    let mut generator = Generator::of(member)?;
    let targets = generator.targets_for(&version.to_string(), additions);
    generator.name(fork);
    generator.list_discovered(paths);
    generator.add_targets(&targets);
    generator.only_listed_targets();
    let shared = root.get("workspace").and_then(|w| w.get("dependencies"));
    let shared = shared.and_then(Item::as_table_like);
    for (name, added) in &additions.dev_dependencies {
        let shared = shared.and_then(|shared| shared.get(name));
        generator.add_beside_upstream(name, added, shared);
    }
    let text = generator.text(fork);
    no_faults(generator.reader.faults, CANNOT_MAKE)?;
    Ok(text)
}

impl Generator {
    /// Adds a dependency of the fork's tests. Where the workspace has one that
    /// serves, that is taken: upstream's lock has it already, in one version.
    fn add_beside_upstream(&mut self, name: &str, added: &DependencySpec, shared: Option<&Item>) {
        let theirs = self.document.get_mut("dev-dependencies");
        let theirs = theirs.and_then(Item::as_table_like_mut);
        if let Some(item) = theirs.and_then(|table| table.get_mut(name)) {
            // Upstream's tests have it too: what they say counts, and more is added.
            return add_missing(item, added);
        }
        let own = self.document.get("dependencies").and_then(|d| d.get(name));
        let value = match shared {
            Some(shared) if satisfies(name, shared, added) => {
                Some(with_features([("workspace", true.into())], added))
            }
            // In the version that the crate itself takes, if it does.
            _ if added.version.is_none() && own.is_some() => {
                own.map(|own| from_dependency(own, added))
            }
            _ => self
                .new_dependency(name, added)
                .map(|dependency| dependency.to_value(name)),
        };
        let Some(value) = value else {
            return;
        };
        put_dev_dependency(&mut self.document, name, value);
    }
}

/// Tells whether what the workspace has under a name is what an addition asks for.
fn satisfies(name: &str, shared: &Item, added: &DependencySpec) -> bool {
    let field = |key: &str| shared.as_table_like()?.get(key)?.as_str();
    let package = field("package").unwrap_or(name);
    if added.package.as_deref().unwrap_or(name) != package {
        return false;
    }
    let Some(ours) = &added.version else {
        return true;
    };
    let theirs = shared.as_str().or_else(|| field("version"));
    let least = theirs.and_then(minimum_version);
    let ours = VersionReq::parse(ours).ok();
    ours.zip(least)
        .is_some_and(|(ours, least)| ours.matches(&least))
}

/// Returns the lowest version that a requirement allows.
fn minimum_version(requirement: &str) -> Option<Version> {
    let first = requirement.split(',').next()?;
    let text = first.trim().trim_start_matches(['^', '~', '=', '>', ' ']);
    let missing = 2_usize.checked_sub(text.matches('.').count())?;
    Version::parse(&format!("{text}{}", ".0".repeat(missing))).ok()
}

/// Makes the value of a dependency, with the features that are added.
fn with_features<'k>(
    pairs: impl IntoIterator<Item = (&'k str, Value)>,
    added: &DependencySpec,
) -> Value {
    let mut table = InlineTable::from_iter(pairs);
    let of_workspace = table.contains_key("workspace");
    match added.default_features {
        // The workspace's are on or off for all; only on can be added.
        Some(false) if of_workspace => {}
        Some(on) => {
            table.insert("default-features", on.into());
        }
        None => {}
    }
    if !added.features.is_empty() {
        table.insert("features", array(&added.features, Style::Flat).into());
    }
    Value::InlineTable(table)
}

/// Makes a development dependency on what the crate itself depends on.
fn from_dependency(own: &Item, added: &DependencySpec) -> Value {
    let taken = ["workspace", "version", "path", "package"];
    let pairs = match own.as_str() {
        Some(version) => vec![("version", Value::from(version))],
        None => {
            let value = |key| own.as_table_like()?.get(key)?.as_value().cloned();
            let pairs = taken.into_iter();
            pairs
                .filter_map(|key| Some((key, value(key)?)))
                .map(|(key, mut value)| {
                    value.decor_mut().clear();
                    (key, value)
                })
                .collect()
        }
    };
    with_features(pairs, added)
}

/// Adds to a dependency the features that it lacks.
fn add_missing(item: &mut Item, added: &DependencySpec) {
    if let Some(version) = item.as_str() {
        let value = with_features([("version", Value::from(version))], added);
        *item = Item::Value(value);
        return;
    }
    if let Some(table) = item.as_table_like_mut() {
        if added.default_features == Some(true) {
            table.insert("default-features", Item::Value(true.into()));
        }
        add_features(table, &added.features);
    }
    if let Some(table) = item.as_inline_table_mut() {
        table.fmt();
    }
}

fn add_features(table: &mut dyn TableLike, features: &[String]) {
    if features.is_empty() {
        return;
    }
    let item = table.entry("features");
    let item = item.or_insert_with(|| Item::Value(array(&[], Style::Flat).into()));
    if let Some(present) = item.as_array_mut() {
        let has = |feature: &&String| present.iter().any(|p| p.as_str() == Some(feature.as_str()));
        let lacking: Vec<&str> = features
            .iter()
            .filter(|f| !has(f))
            .map(String::as_str)
            .collect();
        append(present, lacking);
    }
}
