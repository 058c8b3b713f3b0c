//! Where an export goes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use recipe::error::{Error, Result};
use recipe::lock::Lock;
use recipe::tree::{Tree, TreePath};

use super::super::context::Context;
use super::super::project::{Project, project_path};

/// The directory that an export is, or is to be.
pub(super) struct Destination {
    /// As the user gave it.
    pub shown: String,
    /// The directory that it is in.
    pub above: PathBuf,
    /// Its name there.
    name: TreePath,
    /// What is between old and new, beside it.
    pub work: TreePath,
}

impl Destination {
    /// Finds the directory.
    ///
    /// # Errors
    ///
    /// Fails where no tree can be put there: a file or a link stands there, or it would
    /// lie in the project's own files, or they in it.
    pub(super) fn of(context: &Context<'_>, project: &Project, dir: &Path) -> Result<Destination> {
        let shown = dir.display().to_string();
        let refused = |why: &str| {
            Error::general(format!("an export cannot go to {shown}: {why}"))
                .help("name another directory, outside of the project's own files")
        };
        let given = context.host.env.dir().join(dir);
        // Without a slash at the end, which would lead through a link.
        let given: PathBuf = given.components().collect();
        let real = match fs::symlink_metadata(&given) {
            Ok(there) if there.is_symlink() => {
                return Err(refused(
                    "it is a symbolic link, and nothing is written through links",
                ));
            }
            Ok(there) if !there.is_dir() => return Err(refused("it is not a directory")),
            Ok(_) => canonical(&given)?,
            Err(e) if e.kind() == ErrorKind::NotFound => {
                absent(&given)?.ok_or_else(|| refused("it leads up from what is not there"))?
            }
            Err(e) => return Err(Error::io("look at", &given, e)),
        };
        let root = canonical(&context.root)?;
        if root.starts_with(&real) {
            return Err(refused("the project is in it"));
        }
        // The directory is replaced as a whole: who stands in it would stand in nothing.
        if real.is_dir() && canonical(context.host.env.dir())?.starts_with(&real) {
            return Err(refused("the working directory is in it"));
        }
        if let Ok(below) = real.strip_prefix(&root) {
            let below = path(below)?;
            if let Some(place) = project.manifest().place_at(&below) {
                return Err(refused(&format!("it overlaps {place}")));
            }
            let top = top(&below);
            if project
                .manifest()
                .input_dirs()
                .any(|dir| self::top(dir) == top)
            {
                return Err(refused(&format!("{top} holds what the tree is made of")));
            }
        }
        let (Some(above), Some(name)) = (real.parent(), real.file_name()) else {
            return Err(refused("it is the root of a file system"));
        };
        let name = path(Path::new(name))?;
        Ok(Destination {
            work: project_path(&format!(".{name}.wash-wasi-sync"))?,
            above: above.to_path_buf(),
            name,
            shown,
        })
    }

    /// Returns the project as if the exported tree were its vendored one.
    ///
    /// # Errors
    ///
    /// Those of [`recipe::series::Inputs::as_upstream`].
    pub(super) fn project(&self, project: &Project) -> Result<Project> {
        let mut inputs = project.inputs.as_upstream()?;
        inputs.manifest.fork.path = self.name.clone();
        Ok(Project {
            root: self.above.clone(),
            files: Tree::new(),
            inputs,
            lock: project.lock.as_ref().and_then(Lock::of_export),
        })
    }

    /// Returns what a host adds to its `Cargo.toml`.
    pub(super) fn patch(&self, name: &str) -> String {
        let dir = self.name.below(&self.above);
        let dir = toml_edit::Value::from(dir.to_string_lossy().as_ref());
        format!(
            "[patch.crates-io]\n{name} = {{ path = {} }}\n",
            dir.to_string().trim()
        )
    }
}

fn top(path: &TreePath) -> &str {
    path.as_str().split('/').next().unwrap_or_default()
}

fn canonical(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .map_err(|e| Error::io("look at", path, e))
}

/// Returns a place that is not there yet, below the nearest directory that is; `None`
/// where the rest of the way leads up again.
fn absent(given: &Path) -> Result<Option<PathBuf>> {
    let there = given.ancestors().find(|dir| dir.exists()).unwrap_or(given);
    let rest = given.strip_prefix(there).unwrap_or(given);
    let leads_up = rest.components().any(|part| part == Component::ParentDir);
    Ok((!leads_up).then_some(canonical(there)?.join(rest)))
}

fn path(below: &Path) -> Result<TreePath> {
    let parts = below
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    project_path(&parts.collect::<Vec<_>>().join("/"))
}
