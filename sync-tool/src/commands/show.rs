//! `show`: a pristine upstream file.

use recipe::error::{Error, Result};
use recipe::tree::{File, TreePath};

use super::context::{Access, Context};
use super::release::{locked, resolve};
use crate::cli::ShowArgs;
use crate::report::ShowReport;

/// How many names are offered where one is missing.
const OFFERED: usize = 3;
/// How much of two paths must be the same for one to be offered, of 1.
const ALIKE: f32 = 0.75;

/// Runs the command.
///
/// # Errors
///
/// Where the release is unavailable or has no such file, with those of that name that it has.
pub(super) fn run(context: &Context<'_>, args: &ShowArgs) -> Result<ShowReport> {
    let (read_lock, project) = context.open(Access::ReadBesideWriter)?;
    drop(read_lock);
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let version = match &args.at {
        Some(wanted) => resolve(&upstream, wanted)?,
        None => project.manifest().fork.pin.clone(),
    };
    let release = upstream.release(&version, locked(project.lock.as_ref(), &version))?;
    let found = release
        .tree
        .paths()
        .find(|path| path.as_str() == args.file)
        .cloned();
    let Some((path, file)) = found.and_then(|p| Some((p.clone(), release.tree.get(p.as_str())?)))
    else {
        let message = format!("upstream {version} has no file `{}`", args.file);
        return Err(Error::general(message).help(near(release.tree.paths(), &args.file)));
    };
    Ok(ShowReport {
        upstream: version,
        path,
        mode: format!("{:o}", file.mode().bits()),
        digest: file.digest(),
        text: File::text(file).map(str::to_owned),
    })
}

/// Returns what to try: files of the same name, else those whose paths are alike.
pub(super) fn near<'t>(paths: impl Iterator<Item = &'t TreePath>, file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    let paths: Vec<&str> = paths.map(TreePath::as_str).collect();
    let same = paths.iter().copied();
    let same = same.filter(|path| path.rsplit('/').next() == Some(name));
    let mut near: Vec<&str> = same.take(OFFERED).collect();
    if near.is_empty() {
        near = similar::get_close_matches(file, &paths, OFFERED, ALIKE);
    }
    if near.is_empty() {
        return "name it from the crate's root, such as `src/lib.rs`".to_owned();
    }
    format!("did you mean {}?", near.join(" or "))
}
