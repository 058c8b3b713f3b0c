//! Where the content of a file stands that a later tree no longer has.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::tree::{File, Tree, TreePath};

/// The fewest letters and digits of a line that tells one file from another: what is
/// shorter, such as a brace or `Ok(())`, stands everywhere.
const MIN_LETTERS: usize = 8;
/// The fewest such lines of a file that is looked for.
const MIN_LINES: usize = 3;

/// The file that has at least half of the lines of one that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedTo {
    /// Its path.
    pub path: TreePath,
    /// How many different lines of the other it has, and had not before.
    pub lines: usize,
    /// How many the other had.
    pub of: usize,
}

impl fmt::Display for MovedTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MovedTo { path, lines, of } = self;
        write!(f, "now mostly in {path} ({lines} of {of} lines)")
    }
}

/// The lines that the files of a tree gained against an older one, with their files.
pub struct AddedLines<'t>(HashMap<&'t str, Vec<&'t TreePath>>);

impl<'t> AddedLines<'t> {
    /// Looks for them in all files that are not as they were. Indentation does not count,
    /// for a module may be nested now.
    pub fn between(old: &'t Tree, new: &'t Tree) -> Self {
        let mut files: HashMap<&str, Vec<&TreePath>> = HashMap::new();
        for (path, file) in new.iter() {
            let before = old.get(path.as_str());
            if before == Some(file) {
                continue;
            }
            let text = |file: Option<&'t File>| file.and_then(File::text).unwrap_or_default();
            let mut seen: HashSet<&str> = distinctive_lines(text(before)).collect();
            for line in distinctive_lines(text(Some(file))) {
                if seen.insert(line) {
                    files.entry(line).or_default().push(path);
                }
            }
        }
        AddedLines(files)
    }

    /// Finds the file that most of the lines of a text went to. What is found says where
    /// to look; nothing is merged by it.
    pub fn most_of(&self, gone: &str) -> Option<MovedTo> {
        let wanted: HashSet<&str> = distinctive_lines(gone).collect();
        if wanted.len() < MIN_LINES {
            return None;
        }
        let mut counts: BTreeMap<&TreePath, usize> = BTreeMap::new();
        let files = wanted.iter().filter_map(|line| self.0.get(line));
        for path in files.flatten() {
            *counts.entry(path).or_default() += 1;
        }
        let (path, lines) = counts.into_iter().max_by_key(|(_, lines)| *lines)?;
        (lines * 2 >= wanted.len()).then(|| MovedTo {
            path: path.clone(),
            lines,
            of: wanted.len(),
        })
    }
}

fn distinctive_lines(text: &str) -> impl Iterator<Item = &str> {
    let is_distinctive = |line: &&str| {
        let letters = line.chars().filter(|c| c.is_alphanumeric());
        letters.count() >= MIN_LETTERS
    };
    text.lines().map(str::trim).filter(is_distinctive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tree;

    const GONE: &str = "fn first_of_all() {\n    body_of_it();\n}\nfn second_of_all() {}\n";

    fn found(old: &[(&str, &str)], new: &[(&str, &str)]) -> Option<String> {
        let (old, new) = (tree(old), tree(new));
        let found = AddedLines::between(&old, &new).most_of(GONE);
        found.map(|found| found.to_string())
    }

    #[test]
    fn a_file_that_has_most_of_its_lines_now_is_named() {
        let nested = format!("mod a {{\n{}}}\n", GONE.replace("\nfn", "\n    fn"));
        assert_eq!(
            found(
                &[("b.rs", "")],
                &[("a.rs", "fn second_of_all() {}"), ("b.rs", &nested)]
            ),
            Some("now mostly in b.rs (3 of 3 lines)".to_owned())
        );
        let half = "fn first_of_all() {\nbody_of_it();\n";
        assert_eq!(
            found(&[], &[("new.rs", half)]),
            Some("now mostly in new.rs (2 of 3 lines)".to_owned())
        );
    }

    #[test]
    fn what_was_there_before_or_is_little_or_stands_everywhere_is_no_sign() {
        assert_eq!(found(&[("b.rs", GONE)], &[("b.rs", GONE)]), None);
        assert_eq!(found(&[], &[("b.rs", "fn second_of_all() {}\n")]), None);
        let (old, new) = (
            tree(&[]),
            tree(&[("b.rs", "}\nOk(())\nfn lonely_line() {}\n")]),
        );
        let gained = AddedLines::between(&old, &new);
        assert_eq!(gained.most_of("}\nOk(())\nfn lonely_line() {}\n"), None);
        assert_eq!(gained.most_of(""), None);
    }
}
