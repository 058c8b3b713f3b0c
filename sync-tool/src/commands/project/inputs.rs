//! Reads the project's inputs from the disk.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use host::disk;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::manifest::Manifest;
use recipe::series::Inputs;
use recipe::tree::{File, Tree, TreePath};
use recipe::{lock, manifest};

use super::project_path;

/// Fails where inputs would be read through links: they would not be the project's.
pub(super) fn not_linked(root: &Path, manifest: &Manifest) -> Result<()> {
    // From the root down to each, every directory once.
    let ways = manifest.input_dirs().flat_map(|dir| {
        let ends = dir.as_str().match_indices('/').map(|(end, _)| end);
        ends.chain([dir.as_str().len()])
            .map(|end| &dir.as_str()[..end])
    });
    let ways: BTreeSet<&str> = ways.collect();
    let linked = ways.into_iter().filter(|way| root.join(way).is_symlink());
    let faults: Vec<Fault> = linked
        .map(|way| {
            let fault = Fault::new("it is a symbolic link, and inputs are not read through links");
            let help = "put the directory itself in its place, or name the right one in";
            fault
                .at(Location::file(way))
                .help(format!("{help} {}", manifest::FILE))
        })
        .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => {
            let message = "the project's inputs cannot be read";
            Err(Error::faults(Kind::General, message, faults))
        }
    }
}

/// Reads the project's inputs, and returns them with every file that a run may replace.
pub(super) fn read_inputs(root: &Path, manifest: Manifest) -> Result<(Inputs, Tree)> {
    let files = RefCell::new(Tree::new());
    let read = |dir: &TreePath| {
        let path = dir.below(root);
        if !path.exists() {
            return Ok(Tree::new());
        }
        let tree = disk::read_inputs(&path)?;
        let below = |path: &TreePath| project_path(&format!("{dir}/{path}"));
        for (path, file) in tree.iter() {
            files.borrow_mut().insert(below(path)?, file.clone());
        }
        Ok(tree)
    };
    let inputs = Inputs::load(manifest, read)?;
    let mut files = files.into_inner();
    let documents = inputs.manifest.documents.all();
    let lock_path = project_path(lock::FILE)?;
    for path in documents.chain([&lock_path]) {
        if let Some(bytes) = optional(&path.below(root))? {
            files.insert(path.clone(), File::regular(bytes));
        }
    }
    let text = inputs.manifest.text.as_bytes();
    files.insert(project_path(manifest::FILE)?, File::regular(text));
    Ok((inputs, files))
}

fn optional(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", path, e)),
    }
}

/// Tells whether git has files of a directory of the project under version control.
pub(super) fn is_tracked(root: &Path, dir: &TreePath) -> bool {
    let tracked = || -> Option<bool> {
        let repository = git2::Repository::discover(root).ok()?;
        let top = repository.workdir()?.canonicalize().ok()?;
        let place = dir.below(&root.canonicalize().ok()?);
        let below = place.strip_prefix(top).ok()?.to_str()?.replace('\\', "/");
        let below = format!("{below}/");
        let index = repository.index().ok()?;
        Some(
            index
                .iter()
                .any(|file| file.path.starts_with(below.as_bytes())),
        )
    };
    tracked().unwrap_or(false)
}
