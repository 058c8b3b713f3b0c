//! Test functions that upstream's macros ask for and a tree lacks, and the patches
//! that add them.
//!
//! Upstream has one guest program for a test function, and `foreach_p2!` and the like
//! assert that a function of each program's name exists in the file that calls them.

mod kind;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use kind::{BUILD_SCRIPT, Kinds, PROGRAMS};
use recipe::patch::{Difference, Patch};
use recipe::tree::{File, Tree, TreePath};
use serde::Serialize;

/// Where upstream's tests are, in the crate.
pub const TESTS: &str = "tests/all/";

/// The head of the patches that are offered.
const CHANGE: &str = "Stubs stand for tests of guests that are run elsewhere.";
const REASON: &str = "A macro of upstream's asks for a function of each guest's name.";

/// A test function that a macro asks for and a file lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Missing {
    /// The file that it belongs in.
    pub file: TreePath,
    /// Its name, which is that of the guest program.
    pub name: String,
    /// The macro that asks for it: `foreach_p2!`.
    pub asked_by: String,
}

/// A patch that adds what is missing from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offered {
    /// The file.
    pub file: TreePath,
    /// The names that it adds.
    pub names: Vec<String>,
    /// The patch, as a series stores it.
    pub patch: String,
}

impl Offered {
    /// Returns how to take it, into a series whose directory is given.
    pub fn how(&self, series: &str) -> String {
        let Offered { file, .. } = self;
        format!(
            "save it as `{series}/{file}.patch` and give {file} a `[[files]]` rule with \
             `kind = \"patched\"`; or write the stubs into the vendored file and run \
             `wash-wasi-sync refresh --as-patch {file} --change \"{CHANGE}\" --reason \"{REASON}\"`"
        )
    }
}

/// Returns the test functions that a tree lacks, by the names of upstream's guest
/// programs (the Rust files of [`PROGRAMS`], without `.rs`).
///
/// A file that does not parse as Rust has none to miss.
pub fn missing(programs: &[impl AsRef<str>], kinds: &Kinds, tree: &Tree) -> Vec<Missing> {
    let mut all = Vec::new();
    for (path, text) in sources(tree) {
        let Some(file) = Source::parse(text) else {
            continue;
        };
        for program in programs.iter().map(AsRef::as_ref) {
            let Some(kind) = kinds.of(program) else {
                continue;
            };
            let name = format!("foreach_{kind}");
            if file.asks.contains(&name) && !file.defines.contains(program) {
                all.push(Missing {
                    file: path.clone(),
                    name: program.to_owned(),
                    asked_by: format!("{name}!"),
                });
            }
        }
    }
    all.sort();
    all
}

/// Returns the file of tests that a path ends in, as a compiler names it from
/// whatever directory it runs in.
pub fn file_of(tree: &Tree, named: &str) -> Option<TreePath> {
    let named = format!("/{named}");
    let ends = |path: &&TreePath| named.ends_with(&format!("/{path}"));
    sources(tree).map(|(path, _)| path).find(ends).cloned()
}

/// Makes the patches that add stubs for what is missing, one a file; they apply
/// to the tree's files as they are.
pub fn patches(missing: &[Missing], prepared: &Tree) -> Vec<Offered> {
    let mut files: BTreeMap<&TreePath, BTreeSet<&str>> = BTreeMap::new();
    for Missing { file, name, .. } in missing {
        files.entry(file).or_default().insert(name);
    }
    let offered = files.into_iter().filter_map(|(file, names)| {
        let base = prepared.get(file.as_str()).and_then(File::text)?;
        let new = with_stubs(base, names.iter().copied());
        let differences = vec![Difference::new(CHANGE, REASON)];
        let patch = Patch::between(file.as_str(), base, &new, differences).ok()??;
        Some(Offered {
            file: file.clone(),
            names: names.into_iter().map(str::to_owned).collect(),
            patch: patch.render(),
        })
    });
    offered.collect()
}

/// Adds stubs at the end of a file, in the form that upstream's own have.
fn with_stubs<'n>(base: &str, names: impl Iterator<Item = &'n str>) -> String {
    let mut text = base.trim_end_matches('\n').to_owned();
    text.push('\n');
    for name in names {
        let place = kind::tested_in(name);
        text.push_str(&format!(
            "\n#[expect(\n    dead_code,\n    \
             reason = \"tested in the {place} crate, satisfying foreach_api! macro\"\n)]\n\
             fn {name}() {{}}\n"
        ));
    }
    text
}

fn sources(tree: &Tree) -> impl Iterator<Item = (&TreePath, &str)> {
    let tests = tree
        .iter()
        .filter(|(path, _)| path.as_str().starts_with(TESTS) && path.as_str().ends_with(".rs"));
    tests.filter_map(|(path, file)| Some((path, file.text()?)))
}

/// What matters of a file of tests.
struct Source {
    /// The macros it calls to assert names: `foreach_p2`.
    asks: Vec<String>,
    /// The names at its top.
    defines: BTreeSet<String>,
}

impl Source {
    fn parse(text: &str) -> Option<Self> {
        let mut source = Source {
            asks: Vec::new(),
            defines: BTreeSet::new(),
        };
        for item in syn::parse_file(text).ok()?.items {
            match item {
                syn::Item::Macro(call) => {
                    let name = call.mac.path.segments.last();
                    let name = name.map(|segment| segment.ident.to_string());
                    source
                        .asks
                        .extend(name.filter(|name| name.starts_with("foreach_")));
                }
                syn::Item::Fn(item) => {
                    source.defines.insert(item.sig.ident.to_string());
                }
                syn::Item::Use(item) => {
                    let names = names_of(&item.tree).into_iter();
                    source.defines.extend(names.map(ToString::to_string));
                }
                _ => {}
            }
        }
        Some(source)
    }
}

/// Returns the names that a `use` brings.
pub(crate) fn names_of(tree: &syn::UseTree) -> Vec<&syn::Ident> {
    match tree {
        syn::UseTree::Path(path) => names_of(&path.tree),
        syn::UseTree::Name(name) => vec![&name.ident],
        syn::UseTree::Rename(rename) => vec![&rename.rename],
        syn::UseTree::Group(group) => group.items.iter().flat_map(names_of).collect(),
        _ => Vec::new(),
    }
}
