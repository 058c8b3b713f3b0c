//! The project on disk: manifest, lock, patches, vendored tree.

mod inputs;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use host::{disk, failpoint};
use recipe::drift::{Drift, DriftKind};
use recipe::error::{Error, Kind, Result};
use recipe::line_ends;
use recipe::lock::Lock;
use recipe::manifest::Manifest;
use recipe::series::{Inputs, StoredSeries};
use recipe::tree::{Entries, File, Tree, TreePath};
use recipe::{drift, lock, manifest};

use self::inputs::{is_tracked, not_linked, read_inputs};
use super::context::work_dir;
use super::vendored::Vendored;
use crate::stage;
use crate::stage::Change;

/// The project as it was read.
pub(super) struct Project {
    /// Its directory.
    pub root: PathBuf,
    /// Its files as they were read: manifest, lock, patches, documents. What is
    /// made of them replaces these and no others.
    pub files: Tree,
    /// What people wrote.
    pub inputs: Inputs,
    /// What the vendored tree was made of; `None` where there is no lock.
    pub lock: Option<Lock>,
}

/// Files of the project that a change writes, `None` for one that it removes.
pub(super) type Files = BTreeMap<TreePath, Option<Vec<u8>>>;

/// Reads the manifest of a project.
///
/// # Errors
///
/// Fails where it is not there or has faults, with all of them.
pub(super) fn read_manifest(root: &Path) -> Result<Manifest> {
    let path = root.join(manifest::FILE);
    let text = fs::read_to_string(&path).map_err(|e| match e.kind() {
        ErrorKind::InvalidData => Error::general(format!("{} is not UTF-8", path.display()))
            .help("restore it from version control, or save it as UTF-8"),
        // Nothing is in the way there: it is not where the user meant.
        ErrorKind::NotADirectory => {
            Error::general(format!("{} is not a directory", root.display()))
                .help("name the project's directory with `--project`")
        }
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
    pub(super) fn load(root: &Path, manifest: Manifest) -> Result<Project> {
        not_linked(root, &manifest)?;
        let (inputs, files) = read_inputs(root, manifest)?;
        failpoint::hit("project.read");
        let project = Project {
            root: root.to_owned(),
            lock: None,
            inputs,
            files,
        };
        let lock = project.text(lock::FILE)?.map(Lock::parse).transpose()?;
        lock.as_ref()
            .map_or(Ok(()), |lock| lock.is_of(project.manifest()))?;
        Ok(Project { lock, ..project })
    }

    /// Returns the text of a file of the project, `None` where it was not there.
    ///
    /// # Errors
    ///
    /// Fails where it is not UTF-8.
    pub(super) fn text(&self, path: &str) -> Result<Option<&str>> {
        let Some(file) = self.files.get(path) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(file.bytes()).map_err(|e| {
            let e = io::Error::new(ErrorKind::InvalidData, e);
            Error::io("read", &self.root.join(path), e)
        });
        text.map(Some)
    }

    /// Tells whether a path of the project is one of its files, or below one of the
    /// directories that a run reads or writes.
    pub(super) fn owns(&self, path: &str) -> bool {
        let manifest = self.manifest();
        let work = manifest.fork.work_dir();
        let dirs = manifest
            .input_dirs()
            .chain([&manifest.fork.path])
            .chain(&work);
        let mut dirs = dirs.map(TreePath::as_str);
        let is_below = |dir: &str| {
            path.strip_prefix(dir)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.files.get(path).is_some() || dirs.any(is_below)
    }

    /// Returns the change that writes or removes files, in place of those that were read.
    pub(super) fn change(&self, files: Files) -> Change {
        Change {
            files,
            read: self.files.entries(),
            ..Change::default()
        }
    }

    /// Reads the project's files again, as they are on disk now.
    ///
    /// # Errors
    ///
    /// Those of [`Project::load`].
    pub(super) fn read_again(&self) -> Result<Project> {
        let (inputs, files) = read_inputs(&self.root, read_manifest(&self.root)?)?;
        Ok(Project {
            root: self.root.clone(),
            inputs,
            lock: None,
            files,
        })
    }

    /// Returns the inputs as they will be once these files are written or removed.
    ///
    /// # Errors
    ///
    /// Fails where the disk does; those of [`Manifest::parse`] and [`Inputs::load`].
    pub(super) fn inputs_with(&self, files: &Files) -> Result<Inputs> {
        let text = files
            .iter()
            .find(|(path, _)| path.as_str() == manifest::FILE);
        let manifest = match text.and_then(|(_, bytes)| bytes.as_deref()) {
            Some(bytes) => Manifest::parse(String::from_utf8_lossy(bytes))?,
            None => self.manifest().clone(),
        };
        let mut all = self.files.clone();
        for (path, bytes) in files {
            match bytes {
                Some(bytes) => all.insert(path.clone(), File::regular(bytes.as_slice())),
                None => all.remove(path.as_str()),
            };
        }
        Inputs::load(manifest, |dir| {
            let prefix = format!("{dir}/");
            let inner = all.iter().filter_map(|(path, file)| {
                let inner = path.as_str().strip_prefix(&prefix)?;
                Some(project_path(inner).map(|inner| (inner, file.clone())))
            });
            inner.collect()
        })
    }

    /// Returns the manifest.
    pub(super) fn manifest(&self) -> &Manifest {
        &self.inputs.manifest
    }

    /// Returns where the vendored tree is.
    pub(super) fn tree_dir(&self) -> PathBuf {
        self.manifest().fork.path.below(&self.root)
    }

    /// Returns the lock.
    ///
    /// # Errors
    ///
    /// Fails where there is none.
    pub(super) fn locked(&self) -> Result<&Lock> {
        self.lock.as_ref().ok_or_else(|| {
            Error::general(format!("there is no {}", lock::FILE)).help(
                "restore it from version control, or make the tree with `wash-wasi-sync vendor`",
            )
        })
    }

    /// Returns the series that the locked tree was made with.
    pub(super) fn series_in_use(&self) -> Option<&StoredSeries> {
        let base = self.lock.as_ref()?.tree.series.as_ref()?;
        self.inputs.series_of(base)
    }

    /// Fails where the vendored tree is of another release than the pin.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], with both releases and the next steps.
    pub(super) fn is_of_the_pin(&self) -> Result<()> {
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

    /// Fails where git converted inputs since they were locked: a tree made of them
    /// would be another on this machine alone.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], with the cause and the next step.
    pub(super) fn not_converted(&self) -> Result<()> {
        let Some(lock) = &self.lock else {
            return Ok(());
        };
        let mut inputs = drift::of_inputs(lock, &self.inputs);
        inputs.retain(|one| one.what == DriftKind::LineEnds);
        let (_, causes) = drift::group_converted(self.manifest(), inputs);
        match causes.is_empty() {
            true => Ok(()),
            false => {
                let message = "the project's inputs are not as locked";
                Err(Error::faults(Kind::Drift, message, causes))
            }
        }
    }

    /// Looks at what stands where the vendored tree belongs.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub(super) fn vendored(&self) -> Result<Vendored> {
        let found = disk::read_entries(&self.tree_dir())?;
        failpoint::hit("tree.read");
        let Some(found) = found else {
            return Ok(Vendored::default());
        };
        let nothing = Entries::default();
        let expected = self.lock.as_ref().map_or(&nothing, |lock| &lock.files);
        let there = expected
            .0
            .keys()
            .filter(|path| found.entries.0.contains_key(*path));
        let is_as_locked = |(path, entry)| found.entries.0.get(path) == Some(entry);
        let is_other = !found.entries.0.is_empty()
            && there.count() * 2 < expected.0.len()
            && !expected.0.iter().any(is_as_locked);
        // A lock that is gone is to be restored first.
        let is_of_another = |lock: &Lock| lock.tree.digest != found.entries.digest();
        if self.lock.as_ref().is_some_and(is_of_another)
            && stage::is_as_placed(&self.root, &work_dir(self.manifest())?, &found)
        {
            return Ok(Vendored::of_another_lock(
                found,
                self.manifest().fork.path.as_str(),
            ));
        }
        let edits = self.edits(expected, &found.entries);
        let (mut edits, causes) = drift::group_converted(self.manifest(), edits);
        edits.extend(found.strays.iter().map(|(path, _)| Drift {
            path: path.clone(),
            what: DriftKind::Stray,
            kind: None,
        }));
        Ok(Vendored {
            found: Some(found),
            edits,
            causes,
            unlocked: self.lock.is_none(),
            is_other,
        })
    }

    /// Fails where the lock came from elsewhere, as by a pull, and the tree is edited: what
    /// changed in between cannot be distinguished from edits, and would be taken back.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], with the ways on.
    pub(super) fn lock_is_of_here(&self, vendored: &Vendored) -> Result<()> {
        let work = work_dir(self.manifest())?;
        let is_from_elsewhere =
            |lock: &Lock| stage::is_from_elsewhere(&self.root, &work, &lock.files);
        let dir = &self.manifest().fork.path;
        if !vendored.is_edited()
            || !self.lock.as_ref().is_some_and(is_from_elsewhere)
            // Git has brought the tree as well.
            || is_tracked(&self.root, dir)
        {
            return Ok(());
        }
        let message = format!("the lock is of a tree that was not made here, and {dir} is edited");
        Err(Error::new(Kind::Drift, message)
            .help("what came with the lock, as by a pull, cannot be distinguished from the edits, and `refresh` would take it back")
            .help("check out the commit that the tree was made from, `wash-wasi-sync refresh` and commit there, then merge")
            .help("or copy the edits, `wash-wasi-sync vendor --discard-edits`, and make them again"))
    }

    /// Compares what stands in the vendored tree with what should.
    pub(super) fn edits(&self, expected: &Entries, found: &Entries) -> Vec<Drift> {
        let drift = |(path, what): (TreePath, DriftKind)| {
            let bytes = || fs::read(path.below(&self.tree_dir())).ok();
            let was = expected.0.get(&path).filter(|_| what == DriftKind::Changed);
            let is_converted = was.is_some_and(|was| {
                bytes().is_some_and(|b| line_ends::is_converted(&b, was.digest))
            });
            Drift {
                kind: self.manifest().kind_of(&path),
                path: match is_converted {
                    true => format!("{}/{path}", self.manifest().fork.path),
                    false => path.as_str().to_owned(),
                },
                what: if is_converted {
                    DriftKind::LineEnds
                } else {
                    what
                },
            }
        };
        drift::compare(expected, found)
            .into_iter()
            .map(drift)
            .collect()
    }

    /// Reads the vendored tree.
    ///
    /// # Errors
    ///
    /// Fails where it is not there, or holds what no tree can.
    pub(super) fn vendored_tree(&self) -> Result<Tree> {
        let dir = self.tree_dir();
        if dir.exists() {
            let tree = disk::read_tree(&dir)?;
            failpoint::hit("tree.read");
            return Ok(tree);
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
    pub(super) fn document(&self, path: &TreePath) -> Result<&str> {
        self.text(path.as_str())?.ok_or_else(|| {
            Error::general(format!(
                "{path} is listed in {}, but not there",
                manifest::FILE
            ))
            .help("restore it, or remove it from `[documents]`")
        })
    }
}

/// Makes a path of the project.
///
/// # Errors
///
/// Fails where no tree can have it.
pub(super) fn project_path(name: &str) -> Result<TreePath> {
    TreePath::new(name).map_err(|e| Error::general(e.to_string()))
}
