//! The project on disk: manifest, lock, patches, vendored tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::core::drift::{self, Drift, What};
use crate::core::lock::{self, Lock};
use crate::core::manifest::{self, Manifest};
use crate::core::series::{Inputs, Stored};
use crate::core::tree::{Entries, File, Tree, TreePath};
use crate::error::{Error, Fault, Kind, Place, Result};
use crate::ports::disk;

/// The project as it was read.
pub struct Project {
    /// Its directory.
    pub root: PathBuf,
    /// What people wrote.
    pub inputs: Inputs,
    /// What the vendored tree was made of; `None` where there is no lock.
    pub lock: Option<Lock>,
    /// The lock's text.
    pub lock_text: Option<String>,
}

/// Files of the project that a change writes, `None` for one that it removes.
pub type Files = BTreeMap<TreePath, Option<Vec<u8>>>;

/// What stands where the vendored tree belongs.
#[derive(Debug, Clone, Default)]
pub struct Vendored {
    /// The files; `None` where there is no directory.
    pub entries: Option<Entries>,
    /// What is not as locked.
    pub edits: Vec<Drift>,
    /// Whether there is no lock, so that nobody can tell edits apart.
    pub unlocked: bool,
}

/// Reads the manifest of a project.
///
/// # Errors
///
/// Fails where it is not there or has faults, with all of them.
pub fn read_manifest(root: &Path) -> Result<Manifest> {
    let path = root.join(manifest::FILE);
    let text = fs::read_to_string(&path).map_err(|e| match e.kind() {
        ErrorKind::InvalidData => Error::general(format!("{} is not UTF-8", path.display())),
        ErrorKind::NotFound => {
            Error::io("read", &path, e).help("name the project's directory with `--project`")
        }
        _ => Error::io("read", &path, e),
    })?;
    Manifest::parse(text)
}

impl Project {
    /// Reads a project whose manifest was read.
    ///
    /// # Errors
    ///
    /// Fails with all faults of the stored patches and files, or those of the lock.
    pub fn load(root: &Path, manifest: Manifest) -> Result<Project> {
        not_linked(root, &manifest)?;
        let inputs = Inputs::load(manifest, |dir| read_dir(root, dir))?;
        let lock_text = optional_text(&root.join(lock::FILE))?;
        let lock = lock_text.as_deref().map(Lock::parse).transpose()?;
        lock.as_ref()
            .map_or(Ok(()), |lock| lock.is_of(&inputs.manifest))?;
        Ok(Project {
            root: root.to_owned(),
            inputs,
            lock,
            lock_text,
        })
    }

    /// Reads the inputs as they will be once these files are written or removed.
    ///
    /// # Errors
    ///
    /// Fails where the disk does; those of [`Manifest::parse`] and [`Inputs::load`].
    pub fn inputs_with(&self, files: &Files) -> Result<Inputs> {
        let text = files
            .iter()
            .find(|(path, _)| path.as_str() == manifest::FILE);
        let manifest = match text.and_then(|(_, bytes)| bytes.as_deref()) {
            Some(bytes) => Manifest::parse(String::from_utf8_lossy(bytes))?,
            None => self.manifest().clone(),
        };
        Inputs::load(manifest, |dir| {
            let mut tree = read_dir(&self.root, dir)?;
            for (path, bytes) in files {
                let inner = path.as_str().strip_prefix(dir.as_str());
                let Some(inner) = inner.and_then(|inner| inner.strip_prefix('/')) else {
                    continue;
                };
                let inner = TreePath::new(inner).map_err(|e| Error::general(e.to_string()))?;
                match bytes {
                    Some(bytes) => tree.insert(inner, File::regular(bytes.as_slice())),
                    None => tree.remove(inner.as_str()),
                };
            }
            Ok(tree)
        })
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.inputs.manifest
    }

    /// Returns where the vendored tree is.
    pub fn tree_dir(&self) -> PathBuf {
        self.manifest().fork.path.below(&self.root)
    }

    /// Returns the lock.
    ///
    /// # Errors
    ///
    /// Fails where there is none.
    pub fn locked(&self) -> Result<&Lock> {
        self.lock.as_ref().ok_or_else(|| {
            Error::general(format!("there is no {}", lock::FILE)).help(
                "restore it from version control, or make the tree with `wash-wasi-sync vendor`",
            )
        })
    }

    /// Returns the series that the locked tree was made with.
    pub fn series_in_use(&self) -> Option<&Stored> {
        let base = self.lock.as_ref()?.tree.series.as_ref()?;
        self.inputs.series_of(base)
    }

    /// Looks at what stands where the vendored tree belongs.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub fn vendored(&self) -> Result<Vendored> {
        let Some(found) = disk::read_entries(&self.tree_dir())? else {
            return Ok(Vendored::default());
        };
        let nothing = Entries::default();
        let expected = self.lock.as_ref().map_or(&nothing, |lock| &lock.files);
        let mut edits: Vec<Drift> = drift::between(expected, &found.entries)
            .into_iter()
            .map(|(path, what)| Drift {
                kind: self.manifest().kind_of(&path),
                path: path.as_str().to_owned(),
                what,
            })
            .collect();
        edits.extend(found.strays.into_iter().map(|(path, _)| Drift {
            path,
            what: What::Stray,
            kind: None,
        }));
        Ok(Vendored {
            entries: Some(found.entries),
            edits,
            unlocked: self.lock.is_none(),
        })
    }

    /// Reads the vendored tree.
    ///
    /// # Errors
    ///
    /// Fails where it is not there, or holds what no tree can.
    pub fn vendored_tree(&self) -> Result<Tree> {
        let dir = self.tree_dir();
        if dir.exists() {
            return disk::read_tree(&dir);
        }
        let path = &self.manifest().fork.path;
        Err(
            Error::general(format!("there is no vendored tree in {path}"))
                .help("make it: `wash-wasi-sync vendor`"),
        )
    }

    /// Reads a document of the project.
    ///
    /// # Errors
    ///
    /// Fails where it is not there.
    pub fn document(&self, path: &TreePath) -> Result<String> {
        let file = path.below(&self.root);
        optional_text(&file)?.ok_or_else(|| {
            Error::general(format!(
                "{path} is listed in {}, but not there",
                manifest::FILE
            ))
            .help("restore it, or remove it from `[documents]`")
        })
    }
}

impl Vendored {
    /// Returns what must still stand there when the tree is replaced; `None` where
    /// that includes what no tree can hold, and the user gave it up.
    pub fn expected(&self) -> Option<Entries> {
        let strays = self.edits.iter().any(|edit| edit.what == What::Stray);
        (!strays).then(|| self.entries.clone().unwrap_or_default())
    }

    /// Fails where the tree has edits that would be lost.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], naming each edit, and how to keep or drop them.
    pub fn no_edits(&self, manifest: &Manifest, discard: bool) -> Result<()> {
        if self.edits.is_empty() || discard {
            return Ok(());
        }
        if self.unlocked {
            let (path, lock) = (&manifest.fork.path, lock::FILE);
            let message = format!(
                "there is no {lock}, so nobody can tell whether the tree in {path} has edits that would be lost"
            );
            return Err(Error::new(Kind::Drift, message)
                .help(format!("restore {lock} from version control"))
                .help("or, to keep edits it may have: `wash-wasi-sync refresh`")
                .help("or, to make the tree anew: the same command with `--discard-edits`"));
        }
        let fault = |edit: &Drift| {
            let path = format!("{}/{}", manifest.fork.path, edit.path);
            Fault::new(edit.what.told()).at(Place::file(path))
        };
        let message = "the vendored tree has edits that would be lost";
        let faults = self.edits.iter().map(fault).collect();
        Err(Error::faults(Kind::Drift, message, faults)
            .help("to keep them: `wash-wasi-sync refresh`")
            .help("to drop them: the same command with `--discard-edits`"))
    }
}

/// Fails where inputs would be read through links: they would not be the project's.
fn not_linked(root: &Path, manifest: &Manifest) -> Result<()> {
    let series = manifest.series.iter().map(|series| &series.patches);
    let dirs = [&manifest.fork.owned, &manifest.fork.locks]
        .into_iter()
        .chain(series);
    // From the root down to each, every directory once.
    let ways = dirs.flat_map(|dir| {
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
                .at(Place::file(way))
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

/// Reads a directory of the project; one that is not there is empty.
fn read_dir(root: &Path, dir: &TreePath) -> Result<Tree> {
    let path = dir.below(root);
    match path.exists() {
        true => disk::read_tree(&path),
        false => Ok(Tree::new()),
    }
}

fn optional_text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", path, e)),
    }
}
