//! The project on disk: manifest, lock, patches, vendored tree.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::core::drift::{self, Drift, What};
use crate::core::lock::{self, Lock};
use crate::core::manifest::{self, Manifest};
use crate::core::series::{Inputs, Stored};
use crate::core::tree::{Entries, Tree, TreePath};
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

/// What stands where the vendored tree belongs.
#[derive(Debug, Clone, Default)]
pub struct Vendored {
    /// The files; `None` where there is no directory.
    pub entries: Option<Entries>,
    /// What is not as locked.
    pub edits: Vec<Drift>,
    /// What is behind some of that, with the next step.
    pub causes: Vec<Fault>,
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
        ErrorKind::InvalidData => Error::general(format!("{} is not UTF-8", path.display()))
            .help("restore it from version control, or save it as UTF-8"),
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
        let read = |dir: &TreePath| {
            let path = dir.below(root);
            if path.exists() {
                disk::read_tree(&path)
            } else {
                Ok(Tree::new())
            }
        };
        let inputs = Inputs::load(manifest, read)?;
        let lock_text = optional_text(&root.join(lock::FILE))?;
        let lock = lock_text.as_deref().map(Lock::parse).transpose()?;
        Ok(Project {
            root: root.to_owned(),
            inputs,
            lock,
            lock_text,
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

    /// Fails where the vendored tree is of another release than the pin.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], with both releases and the next steps.
    pub fn is_of_the_pin(&self) -> Result<()> {
        let pin = &self.manifest().fork.pin;
        let Some(of) = self.lock.as_ref().map(|lock| &lock.upstream.version) else {
            return Ok(());
        };
        if of == pin {
            return Ok(());
        }
        let message = format!(
            "the vendored tree is of upstream {of}, and {} pins {pin}",
            manifest::FILE
        );
        Err(Error::new(Kind::Drift, message)
            .help(format!(
                "make the tree of the pin: `wash-wasi-sync upgrade --to v{pin}`"
            ))
            .help(format!(
                "or pin the tree's release again: `upstream = \"{of}\"` in `[fork]`"
            )))
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
        let edits = self.edits(expected, &found.entries);
        let (mut edits, causes) = drift::together(&self.manifest().fork.path, edits);
        edits.extend(found.strays.into_iter().map(|(path, _)| Drift {
            path,
            what: What::Stray,
            kind: None,
        }));
        Ok(Vendored {
            entries: Some(found.entries),
            edits,
            causes,
            unlocked: self.lock.is_none(),
        })
    }

    /// Compares what stands in the vendored tree with what should.
    pub fn edits(&self, expected: &Entries, found: &Entries) -> Vec<Drift> {
        let drift = |(path, what): (TreePath, What)| {
            let bytes = || fs::read(path.below(&self.tree_dir())).ok();
            let was = expected.0.get(&path).filter(|_| what == What::Changed);
            let is_converted =
                was.is_some_and(|was| bytes().is_some_and(|b| drift::is_converted(&b, was.digest)));
            Drift {
                kind: self.manifest().kind_of(&path),
                path: match is_converted {
                    true => format!("{}/{path}", self.manifest().fork.path),
                    false => path.as_str().to_owned(),
                },
                what: if is_converted { What::LineEnds } else { what },
            }
        };
        drift::between(expected, found)
            .into_iter()
            .map(drift)
            .collect()
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

    /// Fails where git converted the tree: nothing of it can be stored as it stands.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], with the cause and the next step.
    pub fn not_converted(&self) -> Result<()> {
        if self.causes.is_empty() {
            return Ok(());
        }
        let message = "the vendored tree is not as locked";
        Err(Error::faults(Kind::Drift, message, self.causes.clone()))
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
        let others = self.edits.iter().filter(|e| e.what != What::LineEnds);
        let others: Vec<Fault> = others.map(fault).collect();
        if others.is_empty() {
            return self.not_converted();
        }
        let message = "the vendored tree has edits that would be lost";
        let faults = [others, self.causes.clone()].concat();
        Err(Error::faults(Kind::Drift, message, faults)
            .help("to keep them: `wash-wasi-sync refresh`")
            .help("to drop them: the same command with `--discard-edits`"))
    }
}

fn optional_text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", path, e)),
    }
}
