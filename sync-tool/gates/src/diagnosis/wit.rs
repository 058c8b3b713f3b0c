//! What WIT files define: packages, and types of interfaces.

use std::collections::BTreeMap;

use recipe::tree::{Tree, TreePath};

/// The words that begin the definition of a type.
const TYPES: [&str; 6] = ["enum", "variant", "record", "flags", "resource", "type"];

/// A type of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WitType {
    /// The package without its version: `wasi:sockets`.
    pub(super) package: String,
    /// The interface.
    pub(super) interface: String,
    /// The type.
    pub(super) name: String,
    /// The file.
    pub(super) file: TreePath,
    /// The line, counted from 1.
    pub(super) line: usize,
}

impl WitType {
    /// Returns it as `bindgen!` names it: `wasi:sockets/network.error-code`.
    pub(super) fn path(&self) -> String {
        format!("{}/{}.{}", self.package, self.interface, self.name)
    }

    /// Returns file and line as text.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// A package, with its version where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    /// The name: `wasi:clocks@0.2.6`.
    pub(super) name: String,
    /// The file that says so.
    pub(super) file: TreePath,
    /// The interfaces and worlds of that file.
    pub(super) has: Vec<String>,
}

/// Returns what a package is called without its version.
pub(super) fn bare(package: &str) -> &str {
    package.split('@').next().unwrap_or(package)
}

/// Returns the WIT files of a tree.
pub(super) fn files(tree: &Tree) -> impl Iterator<Item = (&TreePath, &str)> {
    let files = tree
        .iter()
        .filter(|(path, _)| path.as_str().ends_with(".wit"));
    files.filter_map(|(path, file)| Some((path, file.text()?)))
}

/// Returns the packages, once for every file that names its own.
pub(super) fn packages(tree: &Tree) -> Vec<Package> {
    let each = files(tree).filter_map(|(file, text)| {
        let name = text.lines().find_map(package_of)?;
        let has = text
            .lines()
            .filter_map(|line| defined(line, "interface").or_else(|| defined(line, "world")));
        Some(Package {
            name: name.to_owned(),
            file: file.clone(),
            has: has.map(str::to_owned).collect(),
        })
    });
    each.collect()
}

/// Returns the types. A file that names no package is of that of its directory.
pub(super) fn types(tree: &Tree) -> Vec<WitType> {
    let of_dir: BTreeMap<String, String> = packages(tree)
        .into_iter()
        .map(|p| (dir_of(&p.file), p.name))
        .collect();
    let mut all = Vec::new();
    for (file, text) in files(tree) {
        let own = text.lines().find_map(package_of);
        let package = own.or_else(|| of_dir.get(&dir_of(file)).map(String::as_str));
        let mut interface = None;
        for (line, number) in text.lines().zip(1..) {
            interface = defined(line, "interface").or(interface);
            let name = TYPES.iter().find_map(|word| defined(line, word));
            if let (Some(name), Some(interface), Some(package)) = (name, interface, package) {
                all.push(WitType {
                    package: bare(package).to_owned(),
                    interface: interface.to_owned(),
                    name: name.to_owned(),
                    file: file.clone(),
                    line: number,
                });
            }
        }
    }
    all
}

fn dir_of(file: &TreePath) -> String {
    let dir = file.as_str().rsplit_once('/');
    dir.map_or_else(String::new, |(dir, _)| dir.to_owned())
}

fn package_of(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("package ")?;
    Some(name.trim_end_matches(['{', ';', ' ']))
}

/// Returns the name that a line defines with a word.
fn defined<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let rest = line.trim_start().strip_prefix(word)?.strip_prefix(' ')?;
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '%';
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].trim_start_matches('%'))
}
