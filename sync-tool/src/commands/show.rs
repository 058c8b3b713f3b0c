//! `show`: a pristine upstream file.

use super::context::Context;
use super::project::{Project, read_manifest};
use super::upgrade::{locked, resolve};
use crate::cli::ShowArgs;
use crate::core::report::ShowReport;
use crate::core::tree::{File, Tree};
use crate::error::{Error, Result};

/// How many names are offered where one is missing.
const OFFERED: usize = 3;

/// Runs the command.
///
/// # Errors
///
/// Where the release cannot be had or has no such file, with those of that name that it has.
pub fn run(context: &Context<'_>, args: &ShowArgs) -> Result<ShowReport> {
    let look = context.peek(&read_manifest(&context.root)?)?;
    let project = Project::load(&context.root, read_manifest(&context.root)?)?;
    drop(look);
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
        return Err(Error::general(message).help(near(&release.tree, &args.file)));
    };
    Ok(ShowReport {
        upstream: version,
        path,
        mode: format!("{:o}", file.mode().bits()),
        digest: file.digest(),
        text: File::text(file).map(str::to_owned),
    })
}

/// Returns what to try: files of the same name, else the top of the crate.
fn near(tree: &Tree, file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    let same = tree.paths().map(|path| path.as_str());
    let same = same.filter(|path| path.rsplit('/').next() == Some(name));
    let same: Vec<&str> = same.take(OFFERED).collect();
    if same.is_empty() {
        return "name it from the crate's root, such as `src/lib.rs`".to_owned();
    }
    format!("did you mean {}?", same.join(" or "))
}
