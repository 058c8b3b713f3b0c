//! Which upstream file is taken in which way.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{FILE, FileKind, Manifest};
use super::tree::{Tree, TreePath};
use crate::error::{Fault, Location, Result, no_faults};

/// The kind of each upstream file, by the manifest's rules.
#[derive(Debug, Clone)]
pub struct Plan(BTreeMap<TreePath, FileKind>);

impl Plan {
    /// Finds the rule of each file of an upstream release. `patched` are the files that
    /// stored patches change: where upstream lacks one, that is what a patch of it tells.
    ///
    /// # Errors
    ///
    /// All together: files that no rule names, files of upstream's where the
    /// fork has its own, patterns that match nothing, and files that are not UTF-8
    /// where a rule names them and needs text.
    pub fn of(manifest: &Manifest, upstream: &Tree, patched: &BTreeSet<TreePath>) -> Result<Plan> {
        let mut faults = Vec::new();
        let mut kinds = BTreeMap::new();
        for path in upstream.paths() {
            match manifest.kind_of(path) {
                Some(FileKind::Owned) => faults.push(where_owned(manifest, path)),
                Some(kind) => {
                    kinds.insert(path.clone(), kind);
                }
                None => faults.push(no_rule(path)),
            }
        }
        faults.extend(stale(manifest, upstream, patched));
        faults.extend(not_text(manifest, upstream, &kinds));
        let message = format!("the rules of {FILE} do not fit this upstream release");
        no_faults(faults, message)?;
        Ok(Plan(kinds))
    }

    /// Returns how a file is taken; `None` for one that upstream does not have.
    pub fn kind(&self, path: &str) -> Option<FileKind> {
        self.0.get(path).copied()
    }

    /// Returns the files of upstream that reach the fork with upstream's text.
    pub fn taken(&self) -> impl Iterator<Item = &TreePath> {
        let taken = |kind: &FileKind| matches!(kind, FileKind::Direct | FileKind::Patched);
        self.0
            .iter()
            .filter(move |(_, kind)| taken(kind))
            .map(|(path, _)| path)
    }
}

fn no_rule(path: &TreePath) -> Fault {
    Fault::new(format!("no rule says what happens to upstream's `{path}`"))
        .at(Location::file(FILE))
        .help(format!(
            "add it to a `[[files]]` rule: paths = [\"{path}\"], kind = \"direct\""
        ))
}

fn where_owned(manifest: &Manifest, path: &TreePath) -> Fault {
    let message = format!("upstream has `{path}`, where the fork has files of its own");
    let rules = manifest.files.iter().rev();
    let span = rules
        .flat_map(|rule| &rule.paths)
        .find(|pattern| pattern.matches(path))
        .map(|pattern| pattern.span.clone());
    let place = span.map_or_else(|| Location::file(FILE), |span| manifest.place(&span));
    Fault::new(message)
        .at(place)
        .help("move the fork's files elsewhere, or name upstream's file in a later rule")
}

/// Finds patterns that match nothing, unless they may, or stand for the fork's own files.
fn stale<'m>(
    manifest: &'m Manifest,
    upstream: &'m Tree,
    patched: &'m BTreeSet<TreePath>,
) -> impl Iterator<Item = Fault> + 'm {
    let rules = manifest.files.iter();
    let rules = rules.filter(|rule| !rule.optional && rule.kind != FileKind::Owned);
    let patterns = rules.flat_map(|rule| &rule.paths);
    let is_patched = |text: &str| patched.iter().any(|path| path.as_str() == text);
    let patterns = patterns.filter(move |pattern| !is_patched(&pattern.text));
    let stale = patterns.filter(|pattern| !upstream.paths().any(|path| pattern.matches(path)));
    stale.map(|pattern| {
        Fault::new(format!("`{}` matches no upstream file", pattern.text))
            .at(manifest.place(&pattern.span))
            .help("remove it, or say `optional = true` in its rule")
    })
}

/// Finds files that are not UTF-8 where a rule names one and needs text. Those that
/// only match a wildcard are copied.
fn not_text<'m>(
    manifest: &'m Manifest,
    upstream: &'m Tree,
    kinds: &'m BTreeMap<TreePath, FileKind>,
) -> impl Iterator<Item = Fault> + 'm {
    let inserts = manifest.inserts.iter().flat_map(|rule| &rule.files);
    let inserts = inserts.map(|pattern| (pattern, "nothing can be inserted"));
    let patched = manifest.files.iter();
    let patched = patched.filter(|rule| rule.kind == FileKind::Patched);
    let patched = patched.flat_map(|rule| &rule.paths);
    let patched = patched.filter(|p| kinds.get(p.text.as_str()) == Some(&FileKind::Patched));
    let patched = patched.map(|pattern| (pattern, "it cannot be patched"));
    let named = inserts.chain(patched);
    let binary = named.filter(|(p, _)| upstream.get(&p.text).is_some_and(|f| f.text().is_none()));
    binary.map(|(pattern, so)| {
        Fault::new(format!("`{}` is not UTF-8, so {so}", pattern.text))
            .at(manifest.place(&pattern.span))
            .help("remove it from this rule; as a `direct` file it is copied")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{manifest_with, tree};

    #[test]
    fn the_last_rule_that_matches_wins() {
        let manifest = manifest_with(
            "[[files]]\npaths = [\"src/**\"]\nkind = \"direct\"\n\
             [[files]]\npaths = [\"src/a.rs\"]\nkind = \"patched\"\n",
        );
        let plan = Plan::of(
            &manifest,
            &tree(&[("src/a.rs", ""), ("src/b.rs", "")]),
            &BTreeSet::new(),
        )
        .unwrap();
        assert_eq!(plan.kind("src/a.rs"), Some(FileKind::Patched));
        assert_eq!(plan.kind("src/b.rs"), Some(FileKind::Direct));
        assert_eq!(plan.kind("src/c.rs"), None);
    }

    #[test]
    fn what_is_not_utf_8_is_a_fault_where_a_rule_names_it_and_needs_text() {
        let manifest = manifest_with(
            "[[insert]]\nfiles = [\"src/**\", \"src/a.bin\"]\ntext = \"#![a]\"\n\
             [[files]]\npaths = [\"**\", \"d.bin\"]\nkind = \"direct\"\n\
             [[files]]\npaths = [\"src/*.bin\", \"b.bin\", \"c.bin\"]\nkind = \"patched\"\n\
             [[files]]\npaths = [\"c*\"]\nkind = \"omitted\"\n",
        );
        let names = ["src/a.bin", "src/e.bin", "b.bin", "c.bin", "d.bin"];
        let file = crate::tree::File::regular([0xff]);
        let upstream = names.map(|name| (crate::testing::path(name), file.clone()));
        let error =
            Plan::of(&manifest, &upstream.into_iter().collect(), &BTreeSet::new()).unwrap_err();
        let faults = error.all_faults().iter();
        let told = faults.map(|f| format!("{} {}\n", f.place.as_ref().unwrap(), f.message));
        insta::assert_snapshot!(told.collect::<String>(), @"
        manifest.toml:17:20 `src/a.bin` is not UTF-8, so nothing can be inserted
        manifest.toml:23:23 `b.bin` is not UTF-8, so it cannot be patched
        ");
    }

    #[test]
    fn all_faults_come_together() {
        let manifest = manifest_with(
            "[[files]]\npaths = [\"src/**\", \"wit/**\"]\nkind = \"direct\"\n\
             [[files]]\npaths = [\"src/ours/**\"]\nkind = \"owned\"\n\
             [[files]]\npaths = [\"old/**\"]\nkind = \"omitted\"\noptional = true\n",
        );
        let files = [("src/a.rs", ""), ("src/ours/b.rs", ""), ("new.rs", "")];
        let error = Plan::of(&manifest, &tree(&files), &BTreeSet::new()).unwrap_err();
        let faults = error.all_faults().iter().map(|f| f.message.as_str());
        let gone = "[[files]]\npaths = [\"gone.rs\"]\nkind = \"patched\"\n";
        let patched = BTreeSet::from([TreePath::new("gone.rs").unwrap()]);
        assert!(Plan::of(&manifest_with(gone), &Tree::new(), &patched).is_ok());
        assert!(Plan::of(&manifest_with(gone), &Tree::new(), &BTreeSet::new()).is_err());
        insta::assert_snapshot!(faults.collect::<Vec<_>>().join("\n"), @r"
        no rule says what happens to upstream's `new.rs`
        upstream has `src/ours/b.rs`, where the fork has files of its own
        `wit/**` matches no upstream file
        ");
        assert!(
            error
                .all_faults()
                .iter()
                .all(|f| f.place.is_some() && f.help.is_some())
        );
    }
}
