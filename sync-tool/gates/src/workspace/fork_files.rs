//! The fork's directory in the workspace: the vendored tree, byte for byte, with
//! `Cargo.toml` in workspace form.

use std::path::Path;

use host::disk::Found;
use host::{disk, failpoint};
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::make::{CARGO_LOCK, CARGO_TOML};
use recipe::tree::{Entries, File, Tree, TreePath};

use super::files;

/// The files that the fork has in the workspace.
pub(super) struct ForkFiles(Tree);

impl ForkFiles {
    /// Takes all of a tree but cargo's own files, and a `Cargo.toml`.
    pub(super) fn of(tree: &Tree, cargo_toml: &str) -> Result<Self> {
        let path = TreePath::new(CARGO_TOML).map_err(|e| Error::general(e.to_string()))?;
        let mut files = tree.clone();
        // The workspace has a lock, for all of its members.
        files.remove(CARGO_LOCK);
        files.insert(path, File::regular(cargo_toml.as_bytes()));
        Ok(ForkFiles(files))
    }

    /// Makes a directory hold exactly these files. Those that are as they should be
    /// are not touched: cargo goes by their times.
    pub(super) fn install(&self, dir: &Path) -> Result<()> {
        files::remove_unless_dir(dir)?;
        let found = disk::read_entries(dir)?.unwrap_or_default();
        let wanted = self.0.entries();
        for name in unwanted(&found, &wanted) {
            files::remove(&dir.join(name))?;
        }
        // A directory may have stood where a file goes, and the other way round.
        for (path, file) in self.0.iter() {
            if found.entries.0.get(path) != wanted.0.get(path) {
                files::write(&path.below(dir), file.bytes(), file.mode())?;
                failpoint::hit("workspace.member-written");
            }
        }
        self.check(dir, &wanted)
    }

    /// Reads the directory again: what is built has to be what is vendored.
    fn check(&self, dir: &Path, wanted: &Entries) -> Result<()> {
        let found = disk::read_entries(dir)?.unwrap_or_default();
        let differing = wanted
            .0
            .iter()
            .filter(|(path, entry)| found.entries.0.get(*path) != Some(*entry))
            .map(|(path, _)| path.to_string());
        let names: Vec<String> = differing.chain(unwanted(&found, wanted)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let fault = |name: &String| {
            Fault::new("it is not as it was written a moment ago")
                .at(Location::file(dir.join(name).display().to_string()))
        };
        let message = "the fork's files in upstream's workspace are not those that are vendored";
        let faults = names.iter().map(fault).collect();
        Err(Error::faults(Kind::General, message, faults)
            .help("see what else writes there, then run the same command again"))
    }
}

/// Returns what is in a directory and in no tree.
fn unwanted(found: &Found, wanted: &Entries) -> Vec<String> {
    let files = found.entries.0.keys();
    let files = files
        .filter(|path| !wanted.0.contains_key(*path))
        .map(TreePath::to_string);
    let strays = found.strays.iter().map(|(name, _)| name.clone());
    files.chain(strays).collect()
}
