//! A small project for the tests of the transaction: an old state, a new one, and
//! a look at everything there is outside of the work directory.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use host::{Interrupt, disk};
use recipe::Result;
use recipe::tree::{File, Mode, Tree, TreePath};
use wash_wasi_sync::stage::{Change, WriteLock};

pub(crate) const WORK: &str = "vendor/.wash-wasi-sync";
pub(crate) const TREE: &str = "vendor/wash-wasi";

pub(crate) fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

/// Everything in a project but the work directory: files with their bytes and
/// whether they can be executed, directories with nothing.
pub(crate) type Seen = BTreeMap<String, Option<(Vec<u8>, bool)>>;

pub(crate) fn see(root: &Path) -> Seen {
    let mut seen = Seen::new();
    for entry in walkdir::WalkDir::new(root).min_depth(1) {
        let entry = entry.unwrap();
        let name = entry.path().strip_prefix(root).unwrap();
        let name = name.to_str().unwrap().to_owned();
        if name == WORK || name.starts_with(&format!("{WORK}/")) {
            continue;
        }
        let what = entry.file_type().is_file().then(|| {
            let bytes = fs::read(entry.path()).unwrap();
            (bytes, executable(&entry.metadata().unwrap()))
        });
        seen.insert(name, what);
    }
    seen
}

#[cfg(unix)]
fn executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn executable(_: &fs::Metadata) -> bool {
    false
}

pub(crate) fn write(root: &Path, path: &str, text: &str) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, text).unwrap();
}

/// What a run does in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Story {
    /// Replaces the tree and files, with files that become directories and back.
    Upgrade,
    /// Makes the tree where there is none.
    First,
    /// Changes files of the project only.
    Files,
}

impl Story {
    pub(crate) const ALL: [Story; 3] = [Story::Upgrade, Story::First, Story::Files];

    pub(crate) fn named(name: &str) -> Story {
        let found = Story::ALL.into_iter().find(|s| format!("{s:?}") == name);
        found.unwrap_or_else(|| panic!("no story {name}"))
    }

    /// Makes the old state.
    pub(crate) fn set_up(self, root: &Path) {
        write(root, "manifest.toml", "upstream = 41");
        write(root, "docs/guide.md", "old guide");
        write(root, "patches/v41/src/lib.rs.patch", "old patch");
        write(root, "patches/v41/becomes-file/x", "x");
        write(root, "patches/becomes-directory", "file");
        write(root, "patches/shared/same", "same");
        write(root, "unrelated/notes", "not ours");
        write(root, "vendor/README.md", "how to make it");
        if self == Story::Upgrade {
            write(root, &format!("{TREE}/Cargo.toml"), "old");
            write(root, &format!("{TREE}/src/gone/a.rs"), "gone");
            write(root, &format!("{TREE}/src/file.rs"), "was a file");
            write(root, &format!("{TREE}/target/debug/build"), "built");
        }
    }

    /// Runs from the stage to the commit.
    pub(crate) fn run(self, root: &Path) -> Result<()> {
        let turn = WriteLock::take(root, &path(WORK), "the test's run")?;
        let interrupt = Interrupt::fixed(false);
        let change = self.change(root);
        let committed = match self {
            Story::Files => turn.commit_files(change),
            _ => turn.stage(&tree(), &interrupt)?.commit(change),
        }?;
        assert_eq!(committed.kept, [""; 0]);
        Ok(())
    }

    /// Reads what is there, and returns what takes its place.
    pub(crate) fn change(self, root: &Path) -> Change {
        let read = |path: &TreePath| {
            let bytes = fs::read(path.below(root)).ok()?;
            Some((path.clone(), File::regular(bytes)))
        };
        let files = files();
        let found = disk::read_entries(&root.join(TREE)).unwrap();
        Change {
            destination: (self != Story::Files).then(|| path(TREE)),
            expected: found.unwrap_or_default(),
            read: files.keys().filter_map(read).collect::<Tree>().entries(),
            files,
        }
    }
}

pub(crate) fn tree() -> Tree {
    let file = |text: &str, mode| File::new(text.as_bytes().to_vec(), mode);
    [
        ("Cargo.toml", file("new", Mode::Regular)),
        (
            "src/file.rs/inner.rs",
            file("now a directory", Mode::Regular),
        ),
        ("src/gone", file("now a file", Mode::Regular)),
        ("run.sh", file("#!/bin/sh", Mode::Executable)),
    ]
    .into_iter()
    .map(|(name, file)| (path(name), file))
    .collect()
}

pub(crate) fn files() -> BTreeMap<TreePath, Option<Vec<u8>>> {
    [
        ("manifest.toml", Some("upstream = 48")),
        ("manifest.lock", Some("locked")),
        ("docs/guide.md", Some("new guide")),
        ("docs/never-there.md", None),
        ("patches/v41/src/lib.rs.patch", None),
        ("patches/v41/becomes-file/x", None),
        ("patches/v41/becomes-file", Some("a file now")),
        ("patches/becomes-directory", None),
        ("patches/becomes-directory/a/b", Some("deep")),
        ("patches/v48/src/lib.rs.patch", Some("new patch")),
        ("patches/shared/same", Some("same")),
    ]
    .into_iter()
    .map(|(name, text)| (path(name), text.map(|t| t.as_bytes().to_vec())))
    .collect()
}
