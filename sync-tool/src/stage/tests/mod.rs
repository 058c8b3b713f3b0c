//! A project with a tree and a few files, and what runs do to it.

mod commit;
mod random;
mod recover;
mod refuse;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use host::disk;
use recipe::tree::File;
use tempfile::TempDir;

use super::*;

const WORK: &str = "vendor/.wash-wasi-sync";
const TREE: &str = "vendor/wash-wasi";

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let file = |(name, text): &(&str, &str)| (path(name), File::regular(text.as_bytes()));
    files.iter().map(file).collect()
}

fn go() -> Interrupt {
    Interrupt::fixed(false)
}

/// What was read of a tree.
fn found(tree: &Tree) -> Found {
    Found {
        entries: tree.entries(),
        strays: Vec::new(),
    }
}

/// Checks that a change is in place, and that nothing had come in between.
#[track_caller]
fn done(committed: Result<Committed>) {
    let committed = committed.unwrap();
    assert_eq!(committed.kept, [""; 0]);
    assert!(committed.waste.is_none(), "{:?}", committed.waste);
}

struct Project(TempDir);

impl Project {
    /// Makes a project with files; those below the tree's path make the old tree.
    fn with(files: &[(&str, &str)]) -> Self {
        let project = Project(tempfile::tempdir().unwrap());
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn place(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let place = self.place(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }

    fn write_lock(&self) -> WriteLock {
        WriteLock::take(self.root(), &path(WORK), "a test, since now").unwrap()
    }

    /// Returns all names and texts outside of the work directory; directories end in `/`.
    fn see(&self) -> BTreeMap<String, String> {
        let mut seen = BTreeMap::new();
        for entry in walkdir::WalkDir::new(self.root()).min_depth(1) {
            let entry = entry.unwrap();
            let name = entry.path().strip_prefix(self.root()).unwrap();
            let name = name.to_str().unwrap().to_owned();
            if name == WORK || name.starts_with(&format!("{WORK}/")) {
                continue;
            }
            if entry.file_type().is_file() {
                seen.insert(name, fs::read_to_string(entry.path()).unwrap());
            } else {
                seen.insert(format!("{name}/"), String::new());
            }
        }
        seen
    }

    /// Returns the names in the work directory.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.place(WORK)).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    /// A change of the tree and of files, in place of what is there now.
    fn change(&self, files: &[(&str, Option<&str>)]) -> Change {
        Change {
            destination: Some(path(TREE)),
            expected: disk::read_entries(&self.place(TREE))
                .ok()
                .flatten()
                .unwrap_or_default(),
            ..self.files_only(files)
        }
    }

    fn files_only(&self, files: &[(&str, Option<&str>)]) -> Change {
        let file =
            |(name, text): &(&str, Option<&str>)| (path(name), text.map(|t| t.as_bytes().to_vec()));
        let read = |(name, _): &(&str, Option<&str>)| {
            let bytes = fs::read(self.place(name)).ok()?;
            Some((path(name), File::regular(bytes)))
        };
        Change {
            files: files.iter().map(file).collect(),
            read: files.iter().filter_map(read).collect::<Tree>().entries(),
            ..Change::default()
        }
    }
}
